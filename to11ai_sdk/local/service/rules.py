"""Manages routing rules and their versions, and finds the providers that a rule names.

A rule is created with its first version, or by the owner of the local to11.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ...json_types import is_array, is_object
from ..problems import Problem, invalid
from ..rules.snapshots import check_snapshot
from ..store import Row, environments, rules
from . import checks
from .environments import find as find_environment
from .session import DeferredWork
from .views import RULE_VERSION, view

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..store import Row
    from .session import Session


def find(session: Session, rule_id: str) -> Row:
    """Return a rule of the project."""
    row = rules.rule(session.tx, session.project_id, rule_id)
    if row is None:
        raise Problem(
            404,
            "RULE_NOT_FOUND",
            f"the project has no rule {rule_id!r}; it is created with its first version",
            {"ruleId": rule_id, "error": "rule_not_found"},
        )
    return row


def ensure(session: Session, rule_id: str) -> None:
    """Create a rule unless it exists."""
    if not rule_id.strip() or len(rule_id) > 200 or not rule_id.isprintable():
        raise invalid("the id of a rule is 1 to 200 printable characters", field="ruleId")
    if rules.rule(session.tx, session.project_id, rule_id) is None:
        row = {"project_id": session.project_id, "id": rule_id, "created_at": session.now}
        session.tx.insert("rules", row)


def find_version(session: Session, rule_id: str, version_id: str) -> Row:
    """Return a version of this rule; a version of another rule is not found."""
    row = rules.version(session.tx, session.project_id, rule_id, version_id)
    if row is None:
        raise Problem(
            404,
            "RULE_VERSION_NOT_FOUND",
            f"the rule {rule_id!r} has no version with the id {version_id!r}",
            {"ruleId": rule_id, "versionId": version_id},
        )
    return row


def limit_of(limit: int | None) -> int:
    """Return how many rows a list shows: 50 by default, at most 200."""
    return checks.number("limit", 50 if limit is None else limit, 1, 200)


def create_version(
    session: Session, *, rule_id: str, snapshot: Mapping[str, Any], description: str | None = None
) -> DeferredWork:
    """Answer ``POST /routing/rules/{ruleId}/versions``."""
    return DeferredWork(partial(check_snapshot, snapshot), partial(_write, rule_id, snapshot, description))


def _write(rule_id: str, snapshot: Mapping[str, Any], description: str | None, session: Session) -> dict[str, Any]:
    ensure(session, rule_id)
    row: Row = {
        "id": session.new_id("rv"),
        "project_id": session.project_id,
        "rule_id": rule_id,
        "version": rules.next_version(session.tx, session.project_id, rule_id),
        "snapshot_json": snapshot,
        "description": description or None,
        "created_by": session.actor_id,
        "created_at": session.now,
    }
    session.tx.insert("rule_versions", row)
    return view(row, RULE_VERSION)


def list_versions(
    session: Session, *, rule_id: str, cursor: int | None = None, limit: int | None = None
) -> list[dict[str, Any]]:
    """Answer ``GET /routing/rules/{ruleId}/versions``: versions numbered below the cursor, newest first."""
    find(session, rule_id)
    rows = rules.versions(session.tx, session.project_id, rule_id, cursor=cursor, limit=limit_of(limit))
    return [view(row, RULE_VERSION) for row in rows]


def get_version(session: Session, *, rule_id: str, version_id: str) -> dict[str, Any]:
    """Answer ``GET /routing/rules/{ruleId}/versions/{versionId}``."""
    find(session, rule_id)
    return view(find_version(session, rule_id, version_id), RULE_VERSION)


def named_providers(snapshot: Any) -> Iterator[tuple[str, str | None]]:
    """Yield each provider that a snapshot names, and the environment named with it, if any."""
    if is_object(snapshot):
        if isinstance(snapshot.get("providerId"), str):
            yield snapshot["providerId"], snapshot.get("envSlug")
        for key, value in snapshot.items():
            if key not in ("params", "when"):
                yield from named_providers(value)
    elif is_array(snapshot):
        for item in snapshot:
            yield from named_providers(item)


def check_providers_active(session: Session, environment: Row, snapshot: Any, rule_id: str) -> None:
    """Refuse a release to an environment in which a provider of the snapshot is switched off.

    A provider with an ``envSlug`` must be active in that environment instead.
    """
    for provider_id, env_slug in named_providers(snapshot):
        home = environment if env_slug in (None, environment["slug"]) else find_environment(session, str(env_slug))
        if provider_id in environments.switched_off(session.tx, home["id"]):
            raise Problem(
                422,
                "ENV_NOT_ENABLED_FOR_PROVIDER",
                f"the provider {provider_id!r} is not active in the environment {home['slug']!r}",
                {"ruleId": rule_id, "envSlug": home["slug"], "providerId": provider_id},
            )
