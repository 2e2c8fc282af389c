"""Keeps the connections to a provider for later calls."""

from __future__ import annotations

import os
import time
from threading import Lock
from typing import TYPE_CHECKING

from ...bounds import MAX_IDLE_UPSTREAM, MAX_IDLE_UPSTREAM_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from .connection import UpstreamConnection


class KeptConnections:
    """The idle connections to one provider.

    Args:
        clock: returns the seconds of a clock that never goes back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._idle: list[tuple[UpstreamConnection, float]] = []
        self._process = os.getpid()
        self._is_open = True

    def take(self) -> UpstreamConnection | None:
        """Return a connection that can take a request, the latest used first; ``None`` if there is none."""
        if self._process != os.getpid():
            # After a fork they belong to the parent process.
            self._process = os.getpid()
            self.drop()
        while self._idle:
            with self._lock:
                connection, until = self._idle.pop() if self._idle else (None, 0.0)
            if connection is not None:
                if self._clock() < until and connection.is_usable():
                    return connection
                connection.close()
        return None

    def keep(self, connection: UpstreamConnection, promised_s: float) -> None:
        """Keep a connection for a later call, and close those that are too old or too many.

        Args:
            connection: the connection.
            promised_s: seconds for which the provider keeps it, too.
        """
        now = self._clock()
        with self._lock:
            self._idle.append((connection, now + min(promised_s, MAX_IDLE_UPSTREAM_S)))
            surplus: list[UpstreamConnection] = []
            while self._idle and (self._idle[0][1] <= now or len(self._idle) > MAX_IDLE_UPSTREAM or not self._is_open):
                surplus.append(self._idle.pop(0)[0])
        for each in surplus:
            each.close()

    def drop(self) -> None:
        """Close all that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection, _ in idle:
            connection.close()

    def close(self) -> None:
        """Close all that are idle, and keep no others."""
        self._is_open = False
        self.drop()

    def __del__(self) -> None:
        self.drop()
