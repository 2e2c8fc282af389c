"""Keeps the connections that read a data file while another one writes it."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from threading import Lock, Semaphore
from typing import TYPE_CHECKING

from .. import bounds
from .data_file import open_reader
from .transaction import Transaction

if TYPE_CHECKING:
    import os
    from collections.abc import Generator

    from .data_file import FilePlace


class Readers:
    """Connections that read a data file; each is used by one thread at a time.

    Args:
        path: the data file.
        place: its place.
    """

    def __init__(self, path: str | os.PathLike[str], place: FilePlace) -> None:
        self._path = path
        self._place = place
        self._turns = Semaphore(bounds.MAX_READERS)
        self._idle: list[sqlite3.Connection] = []
        self._lock = Lock()
        self._is_open = True
        self._watch = open_reader(path)
        self._watching = Lock()
        self._seen: int | None = None
        self._version = 0

    @contextmanager
    def reading(self) -> Generator[Transaction]:
        """Begin a transaction that only reads, from one state of the file."""
        with self._turns:
            connection = self._take()
            try:
                connection.execute("BEGIN")
                yield Transaction(connection)
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                self._put_back(connection)

    def version(self) -> int:
        """Return how many rows of the platform's tables were written in the whole life of the file."""
        with self._watching:
            # The pragma notices any commit of another connection, and is cheaper than a query.
            (seen,) = self._watch.execute("PRAGMA data_version").fetchone()
            if seen != self._seen:
                (self._version,) = self._watch.execute("SELECT value FROM platform_changes").fetchone()
                self._seen = seen
            return self._version

    def close(self) -> None:
        """Close the connections, those in use as soon as they are put back."""
        with self._lock:
            self._is_open = False
            while self._idle:
                self._idle.pop().close()
        with self._watching:
            self._watch.close()

    def _take(self) -> sqlite3.Connection:
        with self._lock:
            if not self._is_open:
                raise sqlite3.ProgrammingError("the database is closed")
            if self._idle:
                return self._idle.pop()
        self._place.check()
        return open_reader(self._path)

    def _put_back(self, connection: sqlite3.Connection) -> None:
        with self._lock:
            if self._is_open:
                self._idle.append(connection)
            else:
                connection.close()
