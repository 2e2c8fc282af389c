"""Keeps the connections to a PostgreSQL database; each is used by one thread at a time."""

from __future__ import annotations

import time
from threading import Event, Lock, Semaphore
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.pq import TransactionStatus

from ... import bounds
from .problems import busy, may_pass

if TYPE_CHECKING:
    from .place import PostgresPlace

    Connection = psycopg.Connection[Any]


class Connections:
    """Connections that are made when they are needed, and again when the server has ended them.

    Args:
        place: the database.
    """

    def __init__(self, place: PostgresPlace) -> None:
        self._place = place
        self._turns = Semaphore(bounds.MAX_STORE_CONNECTIONS)
        self._idle: list[Connection] = []
        self._lock = Lock()
        self._closing = Event()

    def begin(self, statement: str) -> Connection:
        """Return a connection on which this statement was run, which begins a transaction or is one.

        An idle connection may have ended with a restart of the server. As nothing was done on it, another one is taken.

        Raises:
            StorageProblem: too many threads use a connection.
        """
        if not self._turns.acquire(timeout=bounds.STORAGE_WAIT_S):
            raise busy()
        try:
            while True:
                connection, is_new = self._take()
                try:
                    connection.execute(statement.encode(), prepare=False)
                    return connection
                except BaseException:
                    self._keep(connection)
                    if is_new or not connection.closed:
                        raise
        except BaseException:
            self._turns.release()
            raise

    def end(self, connection: Connection) -> None:
        """Take a connection back; a transaction that was not committed is rolled back."""
        self._keep(connection)
        self._turns.release()

    def close(self) -> None:
        """Close the connections, those in use as soon as they are taken back."""
        self._closing.set()
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> tuple[Connection, bool]:
        """Return a connection, and whether it is new; wait a moment for a server that starts or is full."""
        deadline = time.monotonic() + bounds.RESTART_WAIT_S
        while True:
            with self._lock:
                if self._idle:
                    return self._idle.pop(), False
            if self._closing.is_set():
                raise psycopg.InterfaceError("the database is closed")
            try:
                return self._place.connect(), True
            except psycopg.OperationalError as exc:
                if not may_pass(exc) or time.monotonic() > deadline or self._closing.wait(0.05):
                    raise

    def _keep(self, connection: Connection) -> None:
        try:
            if not connection.closed and connection.info.transaction_status != TransactionStatus.IDLE:
                connection.execute("ROLLBACK", prepare=False)
        except psycopg.Error:
            connection.close()
        with self._lock:
            if not connection.closed and not self._closing.is_set():
                self._idle.append(connection)
                return
        connection.close()
