"""Stores the records of the gateway: uploaded files, cached replies, and spans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    SELECT rowid FROM gateway_replies ORDER BY kept_at DESC, rowid DESC LIMIT -1 OFFSET :most
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


def drop_old_replies(tx: Transaction, oldest: float, most: int) -> int:
    """Delete the replies kept at or before a time, and the oldest beyond ``most``; return how many."""
    return tx.run(_DROP, oldest=oldest, most=most)


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
      FROM gateway_traces ORDER BY sequence LIMIT :number)
"""


def span_totals(tx: Transaction, number: int = -1) -> Row:
    """Return how many the oldest spans are, by default all, how many bytes of callers they have, and the last one."""
    return tx.one(_TOTALS, number=number) or {}


def drop_spans(tx: Transaction, last: int) -> None:
    """Delete the spans up to this one."""
    tx.run("DELETE FROM gateway_traces WHERE sequence <= :last", last=last)
