"""Stores the state of a local to11 in one database; the only layer that contains SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .data_file import DataFileError
from .database import Store
from .read_cache import ReadCache
from .storage_problems import StorageProblem
from .transaction import Row, Transaction

if TYPE_CHECKING:
    import os

__all__ = ["DataFileError", "ReadCache", "Row", "StorageProblem", "Store", "Transaction", "open_store"]


def open_store(data: str | os.PathLike[str] | None = None) -> Store:
    """Open the database at a place; it is created or upgraded if need be.

    Args:
        data: the path of a SQLite file, the URL of a PostgreSQL database, or ``None`` to keep everything in memory.

    Raises:
        DataFileError: it cannot be used.
        ImportError: the library for PostgreSQL is not installed.
    """
    if isinstance(data, str) and data.startswith(("postgresql://", "postgres://")):
        return _postgres(data)
    if isinstance(data, str) and "://" in data:  # it may contain a password
        raise DataFileError("a store is the path of a SQLite file, without sqlite:///, or a postgresql:// URL")
    from .sqlite_store import SqliteStore

    return SqliteStore(data)


def _postgres(url: str) -> Store:
    try:
        from .postgres.store import PostgresStore
    except ImportError as exc:
        if exc.name is None or exc.name.partition(".")[0] != "psycopg":
            raise
        raise ImportError("PostgreSQL needs psycopg: pip install 'to11ai-sdk[local,postgres]'", name=exc.name) from exc
    return PostgresStore(url)
