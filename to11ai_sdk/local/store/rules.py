"""Stores routing rules, their versions, and their releases, including those that serve an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .transaction import Row, Transaction

_RELEASE = """
SELECT rule_releases.*, environments.slug AS env_slug
FROM rule_releases JOIN environments ON environments.id = rule_releases.environment_id
"""
_TIMELINE = """
WHERE rule_releases.project_id = :project_id AND rule_id = :rule_id
  AND (:environment_id IS NULL OR environment_id = :environment_id)
  AND (:status IS NULL OR approval_status = :status)
  AND (:before IS NULL OR sequence < :before)
ORDER BY sequence DESC LIMIT :limit
"""
_VERSIONS = """
SELECT * FROM rule_versions
WHERE project_id = :project_id AND rule_id = :rule_id AND (:cursor IS NULL OR version < :cursor)
ORDER BY version DESC LIMIT :limit
"""
_CLOSE = """
UPDATE rule_releases SET active_to = :now
WHERE environment_id = :environment_id AND (:rule_id IS NULL OR rule_id = :rule_id)
  AND approval_status = 'committed' AND active_to IS NULL
"""
_REJECT = """
UPDATE rule_releases SET approval_status = 'rejected', rejected_by = :actor_id, rejected_at = :now
WHERE environment_id = :environment_id AND approval_status = 'pending'
"""


def rule(tx: Transaction, project_id: str, rule_id: str) -> Row | None:
    """Return a rule of a project."""
    return tx.one(
        "SELECT * FROM rules WHERE project_id = :project_id AND id = :rule_id", project_id=project_id, rule_id=rule_id
    )


def versions(tx: Transaction, project_id: str, rule_id: str, *, cursor: int | None, limit: int) -> list[Row]:
    """Return versions of a rule numbered below the cursor, newest first."""
    return tx.all(_VERSIONS, project_id=project_id, rule_id=rule_id, cursor=cursor, limit=limit)


def version(tx: Transaction, project_id: str, rule_id: str, version_id: str) -> Row | None:
    """Return a version of a rule, by its id."""
    return tx.one(
        "SELECT * FROM rule_versions WHERE project_id = :project_id AND rule_id = :rule_id AND id = :version_id",
        project_id=project_id,
        rule_id=rule_id,
        version_id=version_id,
    )


def next_version(tx: Transaction, project_id: str, rule_id: str) -> int:
    """Return the number of the next version of a rule."""
    newest = versions(tx, project_id, rule_id, cursor=None, limit=1)
    return newest[0]["version"] + 1 if newest else 1


def releases(
    tx: Transaction,
    project_id: str,
    rule_id: str,
    *,
    environment_id: str | None = None,
    status: str | None = None,
    before: int | None = None,
    limit: int = 1,
) -> list[Row]:
    """Return the timeline of a rule, newest first."""
    filters: dict[str, Any] = {"environment_id": environment_id, "status": status, "before": before}
    return tx.all(_RELEASE + _TIMELINE, project_id=project_id, rule_id=rule_id, limit=limit, **filters)


def release(tx: Transaction, project_id: str, release_id: str) -> Row | None:
    """Return a release, by its id."""
    return tx.one(
        _RELEASE + "WHERE rule_releases.project_id = :project_id AND rule_releases.id = :release_id",
        project_id=project_id,
        release_id=release_id,
    )


def close(tx: Transaction, environment_id: str, now: str, rule_id: str | None = None) -> int:
    """End the serving release of one rule or of all rules in an environment; return how many ended."""
    return tx.run(_CLOSE, environment_id=environment_id, rule_id=rule_id, now=now)


def reject_pending(tx: Transaction, environment_id: str, actor_id: str, now: str) -> int:
    """Reject the pending releases of an environment."""
    return tx.run(_REJECT, environment_id=environment_id, actor_id=actor_id, now=now)


_SERVING = """
SELECT r.rule_id, r.id AS release_id, v.id AS version_id, v.snapshot_json,
       coalesce(json_extract(share.value, '$.weight'), 100) AS weight
FROM rule_releases AS r LEFT JOIN json_each(r.weights) AS share
JOIN rule_versions AS v ON v.id = coalesce(r.version_id, json_extract(share.value, '$.versionId'))
WHERE r.project_id = :project_id AND r.environment_id = :environment_id
  AND r.approval_status = 'committed' AND r.active_to IS NULL
ORDER BY r.rule_id, share.key
"""


def serving_versions(tx: Transaction, project_id: str, environment_id: str) -> list[Row]:
    """Return each version that serves an environment, with its percentage of its release."""
    return tx.all(_SERVING, project_id=project_id, environment_id=environment_id)
