"""Runs transactions on a SQLite database: writes one at a time, and reads that do not wait for them."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import contextmanager
from threading import Event, Lock
from typing import TYPE_CHECKING

from .. import bounds
from .data_file import FilePlace, open_writer
from .database import Store
from .readers import Readers
from .storage_problems import ProblemLog, busy, is_busy, problem_of
from .transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Generator


class SqliteStore(Store):
    """A data file, or a database in memory.

    A data file is in WAL mode: one connection writes, others read without waiting for it, each read transaction from
    one state of the file. In memory there is one connection: no transaction there waits for a disk or another
    program, and SQLite's only ways to share memory between connections lock it as a whole, too, but cost more.

    Args:
        path: the data file, created if it does not exist; ``None`` keeps everything in memory.

    Raises:
        DataFileError: the file cannot be opened, or is not a data file of this version.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        # The process may change its folder, and readers open the file later.
        path = self._path = None if path is None else os.path.abspath(path)
        self._lock = Lock()
        self._closing = Event()
        self._problems = ProblemLog()
        self._writes = 0
        self._writer = open_writer(path)
        try:
            self._place = FilePlace(path)
            self._readers = None if path is None else Readers(path, self._place)
        except BaseException:
            self._writer.close()
            raise

    @property
    def is_lasting(self) -> bool:
        """See :attr:`Store.is_lasting`."""
        return self._path is not None

    @property
    def version(self) -> int:
        """See :attr:`Store.version`; here every change is noticed at once."""
        if self._readers is None:
            return self._writes
        with self._explained():
            return self._readers.version()

    @contextmanager
    def transaction(self, *, write: bool = True) -> Generator[Transaction]:
        """See :meth:`Store.transaction`."""
        with self._explained():
            if self._readers is not None and not write:
                with self._readers.reading() as tx:
                    yield tx
                return
            with self._alone("BEGIN IMMEDIATE" if write else "BEGIN") as tx:
                before = self._writer.total_changes
                yield tx
                # In memory no other process writes, so counting is enough.
                self._writes += self._writer.total_changes != before

    @contextmanager
    def records(self, wait_s: float | None = None, *, synced: bool = True) -> Generator[Transaction]:
        """See :meth:`Store.records`."""
        with self._explained(), self._alone("BEGIN IMMEDIATE", wait_s, synced=synced) as tx:
            yield tx

    def check(self) -> None:
        """See :meth:`Store.check`; the data file must be in its place, too."""
        with self._explained():
            self._place.check()
            super().check()

    def close(self) -> None:
        """Close the database; leaves a complete file without a write-ahead log next to it."""
        self._closing.set()
        with self._lock:
            if self._readers is not None:
                self._readers.close()
            self._writer.close()

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except sqlite3.DatabaseError as exc:
            problem = problem_of(exc, self._path)
            if problem is None:
                raise
            self._problems.add(problem, exc)
            raise problem from exc

    @contextmanager
    def _alone(self, begin: str, wait_s: float | None = None, *, synced: bool = True) -> Generator[Transaction]:
        """Begin a transaction on the connection that writes."""
        wait_s = bounds.STORAGE_WAIT_S if wait_s is None else wait_s
        deadline = time.monotonic() + wait_s
        if not self._lock.acquire(timeout=wait_s):
            raise busy()
        try:
            if self._closing.is_set():
                raise busy()
            self._place.check()
            with self._syncing(synced):
                self._patiently(begin, deadline)
                try:
                    yield Transaction(self._writer)
                    self._patiently("COMMIT", time.monotonic() + bounds.STORAGE_WAIT_S)
                except BaseException:
                    if self._writer.in_transaction:
                        self._writer.execute("ROLLBACK")
                    raise
        finally:
            self._lock.release()

    @contextmanager
    def _syncing(self, synced: bool) -> Generator[None]:
        """Let commits wait for the disk or not; the next one that does waits for those before it, too."""
        if synced:
            yield
            return
        self._writer.execute("PRAGMA synchronous = NORMAL")
        try:
            yield
        finally:
            self._writer.execute("PRAGMA synchronous = FULL")

    def _patiently(self, statement: str, deadline: float) -> None:
        """Run a statement, again and again while another program holds the file, but not past the deadline."""
        pause = 0.001
        while True:
            try:
                self._writer.execute(statement)
                return
            except sqlite3.OperationalError as exc:
                if not is_busy(exc) or time.monotonic() + pause > deadline or self._closing.wait(pause):
                    raise
            pause = min(2 * pause, 0.05)
