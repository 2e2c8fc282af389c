"""Stores the records of the gateway: uploaded files, cached replies, and spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .transaction import Row, Transaction

_HEAD = "SELECT id, filename, purpose, size, created_at, expires_at"
_LIVE = "project_id = :project_id AND provider_id = :provider_id AND (expires_at IS NULL OR expires_at > :now)"


def list_files(tx: Transaction, project_id: str, provider_id: str, now: float) -> list[Row]:
    """Return the files of a project at a provider, oldest first, without their content."""
    sql = f"{_HEAD} FROM gateway_files WHERE {_LIVE} ORDER BY sequence"
    return tx.all(sql, project_id=project_id, provider_id=provider_id, now=now)


def find_file(tx: Transaction, project_id: str, provider_id: str, file_id: str, now: float) -> Row | None:
    """Return a file with its content."""
    sql = f"{_HEAD}, content FROM gateway_files WHERE {_LIVE} AND id = :file_id"
    return tx.one(sql, project_id=project_id, provider_id=provider_id, file_id=file_id, now=now)


def file_totals(tx: Transaction, project_id: str) -> tuple[int, int]:
    """Return how many files a project has, and how many bytes they have together."""
    sql = "SELECT count(*) AS number, coalesce(sum(size), 0) AS size FROM gateway_files WHERE project_id = :project_id"
    row = tx.one(sql, project_id=project_id) or {}
    return row["number"], row["size"]


def has_expired_files(tx: Transaction, now: float) -> bool:
    """Return whether any file has expired."""
    return tx.one("SELECT 1 FROM gateway_files WHERE expires_at <= :now LIMIT 1", now=now) is not None


def drop_expired_files(tx: Transaction, now: float) -> None:
    """Delete the files that have expired, of all projects."""
    tx.run("DELETE FROM gateway_files WHERE expires_at <= :now", now=now)


def delete_file(tx: Transaction, project_id: str, provider_id: str, file_id: str) -> bool:
    """Delete a file; return whether there was one."""
    sql = """DELETE FROM gateway_files
    WHERE project_id = :project_id AND provider_id = :provider_id AND id = :file_id"""
    return tx.run(sql, project_id=project_id, provider_id=provider_id, file_id=file_id) > 0


_DROP = """
DELETE FROM gateway_replies WHERE kept_at <= :oldest OR rowid IN (
    SELECT rowid FROM gateway_replies ORDER BY kept_at DESC, rowid DESC LIMIT 1000000000 OFFSET :most
)
"""
_DROP_LARGE = """
DELETE FROM gateway_replies WHERE rowid IN (
    SELECT rowid FROM (
        SELECT rowid, sum(length(body)) OVER (ORDER BY kept_at DESC, rowid DESC) AS bytes FROM gateway_replies
    ) AS sized WHERE bytes > :most_bytes
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


def drop_old_replies(tx: Transaction, oldest: float, most: int) -> None:
    """Delete the replies kept at or before a time, and the oldest beyond ``most``."""
    tx.run(_DROP, oldest=oldest, most=most)


def drop_replies_over(tx: Transaction, most_bytes: int) -> None:
    """Delete the oldest replies whose bodies do not fit into this many bytes. Reads all of them."""
    tx.run(_DROP_LARGE, most_bytes=most_bytes)


def add_spans(tx: Transaction, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write spans, each as the values of these columns."""
    places = ", ".join("?" for _ in columns)
    tx.run_many(f"INSERT INTO gateway_traces ({', '.join(columns)}) VALUES ({places})", rows)  # noqa: S608


def newest_spans(tx: Transaction, project_id: str, limit: int) -> list[Row]:
    """Return the spans of a project, newest first."""
    return tx.all(
        "SELECT * FROM gateway_traces WHERE project_id = :project_id ORDER BY sequence DESC LIMIT :limit",
        project_id=project_id,
        limit=limit,
    )


def clear_spans(tx: Transaction, project_id: str) -> int:
    """Delete the spans of a project; return how many there were."""
    return tx.run("DELETE FROM gateway_traces WHERE project_id = :project_id", project_id=project_id)


_TOTALS = """
SELECT count(*) AS number, max(sequence) AS last,
       coalesce(sum(length(CAST(texts AS BLOB))), 0) AS size
FROM (SELECT sequence, coalesce(request_id, '') || coalesce(model, '') || coalesce(upstream_model, '') || prompt_labels
             || coalesce(prompt_id, '') || coalesce(session_id, '') || coalesce(conversation_id, '')
             || coalesce(user_id, '') AS texts
      FROM gateway_traces ORDER BY sequence LIMIT :number) AS oldest
"""


def span_totals(tx: Transaction, number: int = 2**62) -> Row:
    """Return how many the oldest spans are, by default all, how many bytes of callers they have, and the last one."""
    return tx.one(_TOTALS, number=number) or {}


def drop_spans(tx: Transaction, last: int) -> None:
    """Delete the spans up to this one."""
    tx.run("DELETE FROM gateway_traces WHERE sequence <= :last", last=last)
