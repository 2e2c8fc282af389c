"""Stores routing rules, their versions, and their releases, including those that serve an environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .transaction import Row, Transaction

_RELEASE = """
SELECT rule_releases.*, environments.slug AS env_slug
FROM rule_releases JOIN environments ON environments.id = rule_releases.environment_id
"""
_VERSIONS = "SELECT * FROM rule_versions WHERE project_id = :project_id AND rule_id = :rule_id"
_CLOSE = """
UPDATE rule_releases SET active_to = :now
WHERE project_id = :project_id AND environment_id = :environment_id
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


def ids(tx: Transaction, project_id: str, limit: int, offset: int) -> list[str]:
    """Return ids of rules of a project, in order."""
    sql = "SELECT id FROM rules WHERE project_id = :project_id ORDER BY id LIMIT :limit OFFSET :offset"
    return [row["id"] for row in tx.all(sql, project_id=project_id, limit=limit, offset=offset)]


def versions(tx: Transaction, project_id: str, rule_id: str, *, cursor: int | None, limit: int) -> list[Row]:
    """Return versions of a rule numbered below the cursor, newest first."""
    below = "" if cursor is None else " AND version < :cursor"
    sql = f"{_VERSIONS}{below} ORDER BY version DESC LIMIT :limit"
    return tx.all(sql, project_id=project_id, rule_id=rule_id, cursor=cursor, limit=limit)


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
    conditions = {
        "environment_id = :environment_id": environment_id,
        "approval_status = :status": status,
        "sequence < :before": before,
    }
    given = [condition for condition, value in conditions.items() if value is not None]
    rule = ["rule_releases.project_id = :project_id", "rule_id = :rule_id"]
    sql = f"{_RELEASE} WHERE {' AND '.join(rule + given)} ORDER BY sequence DESC LIMIT :limit"
    values = {"environment_id": environment_id, "status": status, "before": before, "limit": limit}
    return tx.all(sql, project_id=project_id, rule_id=rule_id, **values)


def release(tx: Transaction, project_id: str, release_id: str) -> Row | None:
    """Return a release, by its id."""
    return tx.one(
        _RELEASE + "WHERE rule_releases.project_id = :project_id AND rule_releases.id = :release_id",
        project_id=project_id,
        release_id=release_id,
    )


def close(tx: Transaction, environment: Row, now: str, rule_id: str | None = None) -> int:
    """End the serving release of one rule or of all rules in an environment; return how many ended."""
    sql = _CLOSE if rule_id is None else f"{_CLOSE} AND rule_id = :rule_id"
    values = {"project_id": environment["project_id"], "environment_id": environment["id"]}
    return tx.run(sql, **values, rule_id=rule_id, now=now)


def reject_pending(tx: Transaction, environment_id: str, actor_id: str, now: str) -> int:
    """Reject the pending releases of an environment."""
    return tx.run(_REJECT, environment_id=environment_id, actor_id=actor_id, now=now)


_SERVING = """
SELECT r.rule_id, r.id AS release_id, v.id AS version_id, v.snapshot_json,
       coalesce(CAST(json_extract(share.value, '$.weight') AS REAL), 100) AS weight
FROM rule_releases AS r LEFT JOIN json_each(r.weights) AS share ON TRUE
JOIN rule_versions AS v ON v.id = coalesce(r.version_id, json_extract(share.value, '$.versionId'))
WHERE r.project_id = :project_id AND r.environment_id = :environment_id
  AND r.approval_status = 'committed' AND r.active_to IS NULL
ORDER BY r.rule_id, share.key
"""


def serving_versions(tx: Transaction, project_id: str, environment_id: str) -> list[Row]:
    """Return each version that serves an environment, with its percentage of its release."""
    return tx.all(_SERVING, project_id=project_id, environment_id=environment_id)
