"""Provides the threads that serve connections, one for each; an idle thread serves the next connection."""

from __future__ import annotations

import time
from collections import deque
from queue import Empty, SimpleQueue
from threading import Thread, current_thread
from typing import TYPE_CHECKING, TypeAlias

from .. import bounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from .client_connection import ClientConnection

    Inbox: TypeAlias = SimpleQueue[ClientConnection | None]


class ConnectionThreads:
    """The threads of a server: to start one takes longer than an instant reply.

    Args:
        serve: serves a connection until it is closed.
    """

    def __init__(self, serve: Callable[[ClientConnection], None]) -> None:
        self._serve = serve
        self._threads: set[Thread] = set()
        self._idle: deque[Inbox] = deque()
        self._is_ending = False

    def serve(self, connection: ClientConnection) -> None:
        """Serve a connection in a thread of its own.

        Raises:
            RuntimeError: this machine cannot start another thread.
        """
        try:
            inbox = self._idle.pop()
        except IndexError:
            self._start(connection)
        else:
            inbox.put(connection)

    def end(self) -> None:
        """Let each thread end as soon as it has no connection to serve."""
        self._is_ending = True
        self._end_idle()

    def join(self, wait_s: float) -> None:
        """Wait until all threads have ended, but no longer than some seconds."""
        end = time.monotonic() + wait_s
        for thread in list(self._threads):
            thread.join(max(0.0, end - time.monotonic()))

    def _start(self, connection: ClientConnection) -> None:
        inbox: Inbox = SimpleQueue()
        inbox.put(connection)
        thread = Thread(target=self._run, args=(inbox,), name="to11-local-connection", daemon=True)
        self._threads.add(thread)
        try:
            thread.start()
        except RuntimeError:
            self._threads.discard(thread)
            raise

    def _run(self, inbox: Inbox) -> None:
        try:
            while self._serve_next(inbox):
                self._idle.append(inbox)
                if self._is_ending or len(self._idle) > bounds.MAX_IDLE_THREADS:
                    self._end_idle(keep=0 if self._is_ending else bounds.MAX_IDLE_THREADS)
        finally:
            self._threads.discard(current_thread())

    def _serve_next(self, inbox: Inbox) -> bool:
        """Serve the next connection; return false if there is none."""
        try:
            connection = inbox.get(timeout=bounds.IDLE_THREAD_S)
        except Empty:
            try:
                self._idle.remove(inbox)
            except ValueError:  # it was chosen at this moment
                connection = inbox.get()
            else:
                return False
        if connection is None:
            return False
        self._serve(connection)
        return True

    def _end_idle(self, keep: int = 0) -> None:
        """End the threads that have been idle for longest."""
        while len(self._idle) > keep:
            try:
                self._idle.popleft().put(None)
            except IndexError:  # another thread was faster
                return
