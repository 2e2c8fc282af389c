"""Routing rules and their versions: a rule comes to be with its first version, or when the local server is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..problems import Problem, invalid
from ..rules.snapshots import check_snapshot
from ..store import Row, rules
from . import checks
from .views import RULE_VERSION, view

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .session import Session


def find(session: Session, rule_id: str) -> Row:
    """A rule of the project."""
    row = rules.rule(session.tx, session.project_id, rule_id)
    if row is None:
        raise Problem(
            404,
            "RULE_NOT_FOUND",
            f"the project has no rule {rule_id!r}; post its first version to make it",
            {"ruleId": rule_id, "error": "rule_not_found"},
        )
    return row


def ensure(session: Session, rule_id: str) -> None:
    """Make a rule unless it is there."""
    if not rule_id.strip() or len(rule_id) > 200 or not rule_id.isprintable():
        raise invalid("the id of a rule is 1 to 200 printable characters", field="ruleId")
    if rules.rule(session.tx, session.project_id, rule_id) is None:
        row = {"project_id": session.project_id, "id": rule_id, "created_at": session.now}
        session.tx.insert("rules", row)


def find_version(session: Session, rule_id: str, version_id: str) -> Row:
    """A version of this rule; one of another rule is not found."""
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
    """How many rows a list shows: 50 unless told, at most 200."""
    return checks.number("limit", 50 if limit is None else limit, 1, 200)


def create_version(
    session: Session, *, rule_id: str, snapshot: Mapping[str, Any], description: str | None = None
) -> dict[str, Any]:
    """``POST /routing/rules/{ruleId}/versions``."""
    check_snapshot(snapshot)
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
    """``GET /routing/rules/{ruleId}/versions``: those numbered below the cursor, newest first."""
    find(session, rule_id)
    rows = rules.versions(session.tx, session.project_id, rule_id, cursor=cursor, limit=limit_of(limit))
    return [view(row, RULE_VERSION) for row in rows]


def get_version(session: Session, *, rule_id: str, version_id: str) -> dict[str, Any]:
    """``GET /routing/rules/{ruleId}/versions/{versionId}``."""
    find(session, rule_id)
    return view(find_version(session, rule_id, version_id), RULE_VERSION)
