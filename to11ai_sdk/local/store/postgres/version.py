"""Remembers the version of the data, so that a call of the gateway need not ask PostgreSQL for it each time."""

from __future__ import annotations

import math
import time
from threading import Lock
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from .connections import Connections


class Version:
    """How many changes of the platform's tables were made in the whole life of the database.

    Args:
        connections: the connections to it.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._reading = Lock()
        self._value = 0
        self._read_at = -math.inf
        self._forgotten_at = -math.inf
        self._failed_at = -math.inf

    def forget(self) -> None:
        """Forget what was read before: this process has changed the data."""
        self._forgotten_at = time.monotonic()

    def read(self, age_s: float) -> int:
        """Return the version as it is, or as it was so many seconds ago at most.

        Raises:
            psycopg.Error: it could not be read, now or by another thread since this one asked.
        """
        asked_at = time.monotonic()
        if self._is_known(asked_at - age_s):
            return self._value
        with self._reading:
            # Another thread may have read it meanwhile, or waited in vain: they must not do that one after the other.
            if not self._is_known(asked_at - age_s):
                if self._failed_at >= asked_at:
                    raise psycopg.OperationalError("another thread could not read the version")
                self._read()
            return self._value

    def _is_known(self, since: float) -> bool:
        return self._read_at >= since and self._read_at > self._forgotten_at

    def _read(self) -> None:
        begun_at = time.monotonic()
        try:
            self._value, self._read_at = self._asked(), begun_at
        except BaseException:
            self._failed_at = time.monotonic()
            raise

    def _asked(self) -> int:
        connection = self._connections.begin("SELECT 1")
        try:
            row = connection.execute("SELECT value FROM platform_changes").fetchone()
            return int(row[0] if row else 0)
        finally:
            self._connections.end(connection)
