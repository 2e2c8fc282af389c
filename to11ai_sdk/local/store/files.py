"""The files that were uploaded through the gateway and are kept here."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .database import Row, Transaction

_HEADS = """
SELECT id, filename, purpose, size, created_at, expires_at FROM gateway_files
WHERE project_id = :project_id AND provider_id = :provider_id ORDER BY sequence
"""
_ONE = "WHERE project_id = :project_id AND provider_id = :provider_id AND id = :file_id"


def all_of(tx: Transaction, project_id: str, provider_id: str) -> list[Row]:
    """The files of a project at a provider, oldest first, without their content."""
    return tx.all(_HEADS, project_id=project_id, provider_id=provider_id)


def one(tx: Transaction, project_id: str, provider_id: str, file_id: str) -> Row | None:
    """A file with its content."""
    sql = f"SELECT id, filename, purpose, size, created_at, expires_at, content FROM gateway_files {_ONE}"  # noqa: S608
    return tx.one(sql, project_id=project_id, provider_id=provider_id, file_id=file_id)


def delete(tx: Transaction, project_id: str, provider_id: str, file_id: str) -> bool:
    """Drop a file; whether there was one."""
    sql = f"DELETE FROM gateway_files {_ONE}"  # noqa: S608
    return tx.run(sql, project_id=project_id, provider_id=provider_id, file_id=file_id) > 0
