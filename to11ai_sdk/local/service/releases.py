"""Manages releases: the timeline of a rule in an environment. Entries are only added; the last one serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..problems import Problem
from ..rules.snapshots import check_weights
from ..store import Row, rules
from . import rules as rule_service
from .environments import find as find_environment
from .environments import open_for_change
from .rules import check_providers_active, find_version, limit_of
from .views import RULE_RELEASE, view

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .session import Session

Content = dict[str, Any]
"""The content of a release: strategy, version_id, weights."""


def _invalid(message: str, **details: Any) -> Problem:
    return Problem(400, "INVALID_RELEASE", message, details)


def _not_found(message: str, **details: Any) -> Problem:
    return Problem(404, "RELEASE_NOT_FOUND", message, details)


def _content(strategy: str, version_id: str | None, weights: Sequence[Mapping[str, Any]] | None) -> Content:
    if strategy == "single":
        if version_id is None or weights is not None:
            raise _invalid("a single release needs versionId and no weights", strategy=strategy)
        return {"strategy": strategy, "version_id": version_id, "weights": None}
    if strategy != "weighted":
        raise _invalid("strategy must be single or weighted", strategy=strategy)
    if weights is None or version_id is not None:
        raise _invalid("a weighted release needs weights and no versionId", strategy=strategy)
    check_weights(weights)
    shares = [{"versionId": share["versionId"], "weight": share["weight"]} for share in weights]
    return {"strategy": strategy, "version_id": None, "weights": shares}


def _version_ids(content: Mapping[str, Any]) -> set[str]:
    if content["weights"] is None:
        return {content["version_id"]}
    return {share["versionId"] for share in content["weights"]}


def _check_servable(session: Session, rule_id: str, environment: Row, content: Content) -> None:
    for version_id in sorted(_version_ids(content)):
        version = find_version(session, rule_id, version_id)
        check_providers_active(session, environment, version["snapshot_json"], rule_id)


def _open_environment(session: Session, rule_id: str, env_slug: str) -> Row:
    """Return the environment if a release to it is possible now."""
    rule_service.find(session, rule_id)
    environment = open_for_change(session, env_slug)
    waiting = _latest(session, rule_id, environment, "pending")
    if waiting is not None:
        raise Problem(
            409,
            "RELEASE_PENDING_APPROVAL",
            f"the release {waiting['id']!r} waits for approval; approve or reject it first",
            {"ruleId": rule_id, "envSlug": environment["slug"], "releaseId": waiting["id"]},
        )
    return environment


def _latest(session: Session, rule_id: str, environment: Row, status: str) -> Row | None:
    rows = rules.releases(
        session.tx, session.project_id, rule_id, environment_id=environment["id"], status=status, limit=1
    )
    return rows[0] if rows else None


def _change_kind(prior: Row | None, content: Content) -> str:
    if prior is None:
        return "release_initial"
    weighted = prior["active_to"] is None and prior["weights"] is not None and content["weights"] is not None
    if weighted and _version_ids(prior) == _version_ids(content) and _shares(prior) != _shares(content):
        return "release_weight_changed"
    return "release_promoted"


def _shares(content: Mapping[str, Any]) -> dict[str, int]:
    return {share["versionId"]: share["weight"] for share in content["weights"]}


def _append(
    session: Session,
    rule_id: str,
    environment: Row,
    content: Content,
    change_kind: str,
    reason: str | None,
    **more: Any,
) -> dict[str, Any]:
    """Add an entry: it serves from now on, unless it needs approval first."""
    prior = _latest(session, rule_id, environment, "committed")
    row: Row = {
        "id": session.new_id("rr"),
        "project_id": session.project_id,
        "rule_id": rule_id,
        "environment_id": environment["id"],
        "actor_id": session.actor_id,
        "actor_type": "api_key",
        **content,
        "change_kind": change_kind,
        "prior_release_id": prior["id"] if prior else None,
        "reason": reason or None,
        "approval_status": "committed",
        "active_from": session.now,
        "created_at": session.now,
        **more,
    }
    if row["approval_status"] == "committed":
        rules.close(session.tx, environment, session.now, rule_id)
    session.tx.insert("rule_releases", row)
    return _shown(session, row["id"])


def _shown(session: Session, release_id: str) -> dict[str, Any]:
    return view(rules.release(session.tx, session.project_id, release_id) or {}, RULE_RELEASE)


def set_release(
    session: Session,
    *,
    rule_id: str,
    env_slug: str,
    strategy: str,
    version_id: str | None = None,
    weights: Sequence[Mapping[str, Any]] | None = None,
    reason: str | None = None,
) -> dict[str, Any]:
    """Answer ``PUT /routing/rules/{ruleId}/releases/{envSlug}``."""
    environment = _open_environment(session, rule_id, env_slug)
    content = _content(strategy, version_id, weights)
    _check_servable(session, rule_id, environment, content)
    change_kind = _change_kind(_latest(session, rule_id, environment, "committed"), content)
    waits: dict[str, Any] = {}
    if environment["requires_approval"]:
        waits = {
            "approval_status": "pending",
            "approval_requested_by": session.actor_id,
            "approval_requested_at": session.now,
            "active_from": None,
        }
    return _append(session, rule_id, environment, content, change_kind, reason, **waits)


def rollback(
    session: Session, *, rule_id: str, env_slug: str, reason: str, target_release_id: str | None = None
) -> dict[str, Any]:
    """Answer ``POST /routing/rules/{ruleId}/releases/{envSlug}/rollback``: no approval needed."""
    environment = _open_environment(session, rule_id, env_slug)
    if not reason.strip():
        raise _invalid("a rollback needs a reason", field="reason")
    target = _target(session, rule_id, environment, target_release_id)
    content = {name: target[name] for name in ("strategy", "version_id", "weights")}
    _check_servable(session, rule_id, environment, content)
    return _append(session, rule_id, environment, content, "release_rolled_back", reason)


def _target(session: Session, rule_id: str, environment: Row, target_release_id: str | None) -> Row:
    """Return the release to serve again: the requested one, else the one that served before the present one."""
    if target_release_id is None:
        last = _latest(session, rule_id, environment, "committed")
        if last is not None and last["active_to"] is not None:
            return last
        target_release_id = last["prior_release_id"] if last else None
    if target_release_id is None:
        raise _not_found(
            f"nothing was released to {environment['slug']!r} before", ruleId=rule_id, envSlug=environment["slug"]
        )
    target = rules.release(session.tx, session.project_id, target_release_id)
    at_home = target is not None and (target["rule_id"], target["environment_id"]) == (rule_id, environment["id"])
    if target is None or not at_home or target["approval_status"] != "committed":
        raise _not_found(
            f"{target_release_id!r} is not a release of this rule that served {environment['slug']!r}",
            ruleId=rule_id,
            envSlug=environment["slug"],
            releaseId=target_release_id,
        )
    return target


def list_all(
    session: Session,
    *,
    rule_id: str,
    env_slug: str | None = None,
    cursor: str | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Answer ``GET .../releases`` and ``GET .../releases/{envSlug}``: releases older than the cursor, newest first."""
    rule_service.find(session, rule_id)
    rows = rules.releases(
        session.tx,
        session.project_id,
        rule_id,
        environment_id=None if env_slug is None else find_environment(session, env_slug)["id"],
        before=None if cursor is None else _place(session, rule_id, cursor),
        limit=limit_of(limit),
    )
    return [view(row, RULE_RELEASE) for row in rows]


def _place(session: Session, rule_id: str, cursor: str) -> int:
    row = rules.release(session.tx, session.project_id, cursor)
    if row is None or row["rule_id"] != rule_id:
        raise Problem(400, "INVALID_CURSOR", f"{cursor!r} is not a release of this rule", {"cursor": cursor})
    return int(row["sequence"])


def review(session: Session, release_id: str, *, approve: bool) -> dict[str, Any]:
    """Approve a pending release, so that it serves from now on, or reject it."""
    row = rules.release(session.tx, session.project_id, release_id)
    if row is None or row["approval_status"] != "pending":
        raise _not_found(f"{release_id!r} is not a release that waits for approval", releaseId=release_id)
    changes = {"approval_status": "rejected", "rejected_by": session.actor_id, "rejected_at": session.now}
    if approve:
        environment = {"project_id": session.project_id, "id": row["environment_id"]}
        rules.close(session.tx, environment, session.now, row["rule_id"])
        changes = {
            "approval_status": "committed",
            "approved_by": session.actor_id,
            "approved_at": session.now,
            "active_from": session.now,
        }
    session.tx.update("rule_releases", {"id": release_id}, changes)
    return _shown(session, release_id)
