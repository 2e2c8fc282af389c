"""Notices clients that disconnect while their reply is still being made."""

from __future__ import annotations

import selectors
import socket
from contextlib import contextmanager, suppress
from threading import Lock, Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_WAKE = b"\0"


class Disconnects:
    """Watches connections of clients in one thread, which starts with the first of them."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._bell, self._ear = socket.socketpair()
        self._ear.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._lock = Lock()
        self._gone: dict[socket.socket, Callable[[], None]] = {}
        self._thread: Thread | None = None
        self._open = True

    @contextmanager
    def watching(self, connection: socket.socket, gone: Callable[[], None]) -> Generator[None]:
        """Call ``gone`` from another thread if the client disconnects within the block."""
        with self._lock:
            self._gone[connection] = gone
            self._thread = self._thread or self._started()
            watched = self._open and self._register(connection)
        self._ring()
        try:
            yield
        finally:
            with self._lock:
                self._gone.pop(connection, None)
                if watched:
                    self._forget(connection)

    def close(self) -> None:
        """Stop watching; no callback runs after that."""
        with self._lock:
            self._open = False
            self._gone.clear()
        self._ring()
        if self._thread:
            self._thread.join()
        self._selector.close()
        self._bell.close()
        self._ear.close()

    def _started(self) -> Thread:
        thread = Thread(target=self._run, name="to11-local-disconnects", daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        while self._open:
            for key, _ in self._selector.select():
                if key.fileobj is self._ear:
                    with suppress(BlockingIOError):
                        self._ear.recv(4096)
                elif isinstance(key.fileobj, socket.socket):
                    self._look(key.fileobj)

    def _look(self, connection: socket.socket) -> None:
        # Readable data is reported once: bytes that a client sends early belong to the next request.
        with self._lock:
            self._forget(connection)
            gone = self._gone.get(connection) if _has_ended(connection) else None
        if gone:
            gone()

    def _register(self, connection: socket.socket) -> bool:
        try:
            self._selector.register(connection, selectors.EVENT_READ)
        except (OSError, ValueError):
            return False
        return True

    def _forget(self, connection: socket.socket) -> None:
        with suppress(KeyError, OSError, RuntimeError, ValueError):
            self._selector.unregister(connection)

    def _ring(self) -> None:
        with suppress(OSError):
            self._bell.send(_WAKE)


def _has_ended(connection: socket.socket) -> bool:
    try:
        return not connection.recv(1, socket.MSG_PEEK | getattr(socket, "MSG_DONTWAIT", 0))
    except BlockingIOError:
        return False
    except OSError:
        return True
