"""Keeps the connections to a provider for later calls."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from ...bounds import MAX_IDLE_UPSTREAM

if TYPE_CHECKING:
    from .connection import UpstreamConnection


class KeptConnections:
    """The idle connections to one provider, the latest used last.

    Appending to a list and popping from it are atomic, so threads share one without a lock.
    """

    def __init__(self) -> None:
        self._idle: list[UpstreamConnection] = []
        self._process = os.getpid()
        self._is_open = True

    def take(self) -> UpstreamConnection | None:
        """Return a connection that can take a request, ``None`` if there is none."""
        if self._process != os.getpid():
            # After a fork they belong to the parent process.
            self._process = os.getpid()
            self.drop()
        now = time.monotonic()
        while connection := self._pop():
            if now < connection.expires_at and connection.is_usable():
                return connection
            connection.close()
        return None

    def keep(self, connection: UpstreamConnection) -> None:
        """Keep a connection for a later call, and close those that are too old or too many."""
        self._idle.append(connection)
        now = time.monotonic()
        while self._idle and (len(self._idle) > MAX_IDLE_UPSTREAM or self._idle[0].expires_at < now):
            if oldest := self._pop(0):
                oldest.close()
        if not self._is_open:
            self.drop()

    def drop(self) -> None:
        """Close all that are idle."""
        while connection := self._pop():
            connection.close()

    def close(self) -> None:
        """Close all that are idle, and keep no others."""
        self._is_open = False
        self.drop()

    def __del__(self) -> None:
        self.drop()

    def _pop(self, index: int = -1) -> UpstreamConnection | None:
        try:
            return self._idle.pop(index)
        except IndexError:  # taken by another thread
            return None
