"""Defines a store, whatever engine is under it, and opens the one that a place names."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from contextlib import AbstractContextManager

    from .transaction import Transaction


class Store(ABC):
    """The database of a local to11."""

    @property
    @abstractmethod
    def version(self) -> int:
        """A number that changes with every commit to the tables of the platform, by another process, too.

        Traces, files and cached replies of the gateway do not change it. Data that is kept with the version that was
        read before it is valid as long as the version is the same. A change of another process may be noticed a moment
        later; one of this process is noticed at once.

        Raises:
            StorageProblem: the database cannot be read.
        """

    def fresh_version(self) -> int:
        """Return :attr:`version` as it is now, with every commit of other processes.

        Raises:
            StorageProblem: the database cannot be read.
        """
        return self.version

    @abstractmethod
    def transaction(self, *, write: bool = True) -> AbstractContextManager[Transaction]:
        """Begin a transaction; it is committed at the end, or rolled back if an exception leaves the block.

        Only one writes at a time, of all processes. One that reads sees the data as they were when it began.

        Raises:
            StorageProblem: the database cannot be read or written now.
        """

    @abstractmethod
    def records(self, wait_s: float | None = None) -> AbstractContextManager[Transaction]:
        """Begin a transaction that writes records of the gateway only, which leaves :attr:`version` as it is.

        Args:
            wait_s: how long it waits for other writes, by default ``bounds.STORAGE_WAIT_S``.

        Raises:
            StorageProblem: the database cannot be written now.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the database."""


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
