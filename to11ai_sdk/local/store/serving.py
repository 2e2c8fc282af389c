"""What serves an environment: the releases in force, and the versions they serve."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .database import Row, Transaction

_SERVING = """
SELECT r.rule_id, r.id AS release_id, v.id AS version_id, v.snapshot_json,
       coalesce(json_extract(share.value, '$.weight'), 100) AS weight
FROM rule_releases AS r LEFT JOIN json_each(r.weights) AS share
JOIN rule_versions AS v ON v.id = coalesce(r.version_id, json_extract(share.value, '$.versionId'))
WHERE r.project_id = :project_id AND r.environment_id = :environment_id
  AND r.approval_status = 'committed' AND r.active_to IS NULL
ORDER BY r.rule_id, share.key
"""


def versions(tx: Transaction, project_id: str, environment_id: str) -> list[Row]:
    """Each version that serves an environment, with its share of its release as a percentage."""
    return tx.all(_SERVING, project_id=project_id, environment_id=environment_id)
