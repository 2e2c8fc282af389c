"""Runs transactions on a PostgreSQL database: only one server writes at a time, and reads do not wait for it."""

from __future__ import annotations

import math
import time
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from ... import bounds
from ..database import Store
from ..storage_problems import ProblemLog
from . import migration
from .connections import Connections
from .place import PostgresPlace
from .problems import busy, problem_of, uncertain
from .transaction import PostgresTransaction
from .version import Version

if TYPE_CHECKING:
    from collections.abc import Generator

# Who reads holds nobody up, so it may pause: an export may be read slowly.
_READ = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL idle_in_transaction_session_timeout = 0"
_UNSYNCED = "SET LOCAL synchronous_commit = off; "
_PLATFORM, _RECORDS = "platform", "records"


class PostgresStore(Store):
    """A schema of a PostgreSQL database.

    A transaction that writes holds a lock of the whole schema, so that the rules see no change of another server
    between a check and its change, as in a data file. Records of the gateway have a lock of their own.

    Args:
        url: the URL of the database.

    Raises:
        DataFileError: it cannot be used.
    """

    def __init__(self, url: str) -> None:
        self._place = PostgresPlace.of(url)
        migration.migrate(self._place)
        self._problems = ProblemLog()
        self._connections = Connections(self._place)
        # Those who wait for a lock here need no connection meanwhile.
        self._locks = {_PLATFORM: Lock(), _RECORDS: Lock()}
        self._version = Version(self._connections)

    @property
    def is_lasting(self) -> bool:
        """See :attr:`Store.is_lasting`."""
        return True

    @property
    def version(self) -> int:
        """See :attr:`Store.version`."""
        with self._explained():
            return self._version.read(bounds.VERSION_AGE_S)

    def fresh_version(self) -> int:
        """See :meth:`Store.fresh_version`."""
        with self._explained():
            return self._version.read(0.0)

    @contextmanager
    def transaction(self, *, write: bool = True) -> Generator[PostgresTransaction]:
        """See :meth:`Store.transaction`."""
        if write:
            try:
                with self._explained(), self._alone(_PLATFORM, bounds.STORAGE_WAIT_S) as tx:
                    yield tx
            finally:
                # Not before the commit: another thread could read the version in between.
                self._version.forget()
            return
        with self._explained():
            connection = self._connections.begin(_READ)
            try:
                yield PostgresTransaction(connection)
            finally:
                self._connections.end(connection)

    @contextmanager
    def records(self, wait_s: float | None = None, *, synced: bool = True) -> Generator[PostgresTransaction]:
        """See :meth:`Store.records`."""
        wait_s = bounds.STORAGE_WAIT_S if wait_s is None else wait_s
        with self._explained(), self._alone(_RECORDS, wait_s, synced=synced) as tx:
            yield tx

    def close(self) -> None:
        """Close the connections."""
        self._connections.close()

    @contextmanager
    def _alone(self, lock: str, wait_s: float, *, synced: bool = True) -> Generator[PostgresTransaction]:
        """Begin a transaction that no other one with this lock overlaps, in any server."""
        deadline = time.monotonic() + wait_s
        if not self._locks[lock].acquire(timeout=wait_s):
            raise busy()
        try:
            connection = self._connections.begin(_begin(lock, deadline - time.monotonic(), synced=synced))
            try:
                yield PostgresTransaction(connection)
                _commit(connection)
            finally:
                self._connections.end(connection)
        finally:
            self._locks[lock].release()

    @contextmanager
    def _explained(self) -> Generator[None]:
        try:
            yield
        except psycopg.Error as exc:
            problem = problem_of(exc)
            if problem is None:
                raise
            self._problems.add(problem, exc)
            raise problem from exc


def _begin(lock: str, wait_s: float, *, synced: bool) -> str:
    """Return what begins a transaction with a lock: one trip to the server."""
    wait_ms = max(1, math.ceil(wait_s * 1000))
    return (
        f"BEGIN; SET LOCAL lock_timeout = {wait_ms}; {'' if synced else _UNSYNCED}"
        f"SELECT pg_advisory_xact_lock({migration.lock_number(lock)}, hashtext(current_schema()))"
    )


def _commit(connection: psycopg.Connection[Any]) -> None:
    if connection.info.transaction_status == TransactionStatus.INERROR:
        raise RuntimeError("a statement failed, so its transaction cannot be committed")
    try:
        connection.execute("COMMIT", prepare=False)
    except psycopg.OperationalError as exc:
        if connection.closed:
            raise uncertain() from exc
        raise
