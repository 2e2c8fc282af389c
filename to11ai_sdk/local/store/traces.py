"""The spans of the gateway."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .database import Row, Transaction


def add(tx: Transaction, row: Row) -> None:
    """Write a span."""
    tx.insert("gateway_traces", row)


def newest(tx: Transaction, project_id: str, limit: int) -> list[Row]:
    """The spans of a project, newest first."""
    return tx.all(
        "SELECT * FROM gateway_traces WHERE project_id = :project_id ORDER BY sequence DESC LIMIT :limit",
        project_id=project_id,
        limit=limit,
    )
