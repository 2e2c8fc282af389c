"""The replies that the gateway keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .database import Row, Transaction

_DROP = """
DELETE FROM gateway_replies WHERE kept_at <= :oldest OR rowid IN (
    SELECT rowid FROM gateway_replies ORDER BY kept_at DESC, rowid DESC LIMIT -1 OFFSET :most
)
"""


def find(tx: Transaction, project_id: str, environment_id: str, digest: str) -> Row | None:
    """A reply, by the digest of its request."""
    return tx.one(
        """SELECT * FROM gateway_replies
        WHERE project_id = :project_id AND environment_id = :environment_id AND digest = :digest""",
        project_id=project_id,
        environment_id=environment_id,
        digest=digest,
    )


def keep(tx: Transaction, row: Row) -> None:
    """Write a reply, in place of the one before."""
    tx.run(
        """DELETE FROM gateway_replies
        WHERE project_id = :project_id AND environment_id = :environment_id AND digest = :digest""",
        project_id=row["project_id"],
        environment_id=row["environment_id"],
        digest=row["digest"],
    )
    tx.insert("gateway_replies", row)


def drop_old(tx: Transaction, oldest: float, most: int) -> int:
    """Forget the replies kept at that time or before, and the oldest of more than ``most``; returns how many."""
    return tx.run(_DROP, oldest=oldest, most=most)
