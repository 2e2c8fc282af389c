"""Stores the records of the gateway: uploaded files, cached replies, and spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .transaction import Row, Transaction

_HEADS = """
SELECT id, filename, purpose, size, created_at, expires_at FROM gateway_files
WHERE project_id = :project_id AND provider_id = :provider_id ORDER BY sequence
"""
_ONE = "WHERE project_id = :project_id AND provider_id = :provider_id AND id = :file_id"


def list_files(tx: Transaction, project_id: str, provider_id: str) -> list[Row]:
    """Return the files of a project at a provider, oldest first, without their content."""
    return tx.all(_HEADS, project_id=project_id, provider_id=provider_id)


def find_file(tx: Transaction, project_id: str, provider_id: str, file_id: str) -> Row | None:
    """Return a file with its content."""
    sql = f"SELECT id, filename, purpose, size, created_at, expires_at, content FROM gateway_files {_ONE}"  # noqa: S608
    return tx.one(sql, project_id=project_id, provider_id=provider_id, file_id=file_id)


def delete_file(tx: Transaction, project_id: str, provider_id: str, file_id: str) -> bool:
    """Delete a file; return whether there was one."""
    sql = f"DELETE FROM gateway_files {_ONE}"  # noqa: S608
    return tx.run(sql, project_id=project_id, provider_id=provider_id, file_id=file_id) > 0


_DROP = """
DELETE FROM gateway_replies WHERE kept_at <= :oldest OR rowid IN (
    SELECT rowid FROM (
        SELECT rowid, row_number() OVER newest AS place, sum(length(body)) OVER newest AS bytes
        FROM gateway_replies WINDOW newest AS (ORDER BY kept_at DESC, rowid DESC)
    ) WHERE place > :most OR bytes > :most_bytes
)
"""


def find_reply(tx: Transaction, project_id: str, environment_id: str, digest: str) -> Row | None:
    """Return a cached reply by the digest of its request."""
    return tx.one(
        """SELECT * FROM gateway_replies
        WHERE project_id = :project_id AND environment_id = :environment_id AND digest = :digest""",
        project_id=project_id,
        environment_id=environment_id,
        digest=digest,
    )


def keep_reply(tx: Transaction, row: Row) -> None:
    """Write a reply, replacing an older one."""
    tx.run(
        """DELETE FROM gateway_replies
        WHERE project_id = :project_id AND environment_id = :environment_id AND digest = :digest""",
        project_id=row["project_id"],
        environment_id=row["environment_id"],
        digest=row["digest"],
    )
    tx.insert("gateway_replies", row)


def drop_old_replies(tx: Transaction, oldest: float, most: int, most_bytes: int) -> int:
    """Delete the replies kept at or before a time, and the oldest beyond a number or bytes; return how many."""
    return tx.run(_DROP, oldest=oldest, most=most, most_bytes=most_bytes)


def add_span(tx: Transaction, row: Row) -> None:
    """Write a span."""
    tx.insert("gateway_traces", row)


def newest_spans(tx: Transaction, project_id: str, limit: int) -> list[Row]:
    """Return the spans of a project, newest first."""
    return tx.all(
        "SELECT * FROM gateway_traces WHERE project_id = :project_id ORDER BY sequence DESC LIMIT :limit",
        project_id=project_id,
        limit=limit,
    )
