"""Serves HTTP in threads of this process, one for each connection, and stops cleanly."""

from __future__ import annotations

import selectors
import socket
import time
from contextlib import suppress
from itertools import islice
from threading import Thread
from typing import TYPE_CHECKING

from .. import bounds, descriptors
from ..problems import Problem
from . import thread_turns
from .address import LOOPBACK
from .client_connection import ClientConnection
from .connection_threads import ConnectionThreads
from .connection_watch import ConnectionWatch
from .listener import BACKLOG, Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from .address import ListeningAddress
    from .application import Application

_GRACE_S = 5.0
_LOOK_S = 0.02


class Server:
    """Listens on an address.

    Args:
        application_for: returns the application that answers a path.
        port: the port, 0 for a free one.
        address: the address, by default the loopback address.
        listener: where connections come from, by default a socket that listens on the port.

    Raises:
        OSError: this machine does not have the address, or the process may not use the port.
        PortTakenError: another program listens there.

    Attributes:
        url: its URL.
        is_draining: whether it takes no new connections, and ends those that are open with their next reply.
    """

    def __init__(
        self,
        application_for: Callable[[str], Application],
        port: int,
        address: ListeningAddress = LOOPBACK,
        listener: Listener | None = None,
    ) -> None:
        descriptors.raise_limit()
        self._application_for = application_for
        self._listener = listener or Listener(address, port)
        self.url: str = address.url(self._listener.port)
        self.is_draining: bool = False
        self._open: set[ClientConnection] = set()
        self._threads = ConnectionThreads(self._serve)
        self._watch = ConnectionWatch(lambda: list(self._open))
        self._stop_signal, self._stop_listener = socket.socketpair()
        self._thread = Thread(target=self._accept_until_stopped, name="to11-local", daemon=True)

    def start(self) -> None:
        """Serve in the background."""
        self._watch.start()
        self._thread.start()

    def drain(self, wait_s: float, must_hurry: Callable[[], bool]) -> None:
        """Take no new connection, and wait until no request is in progress; those open are still answered until then.

        Args:
            wait_s: the longest wait.
            must_hurry: returns whether to wait no longer.
        """
        self.is_draining = True
        for connection in list(self._open):
            connection.refuse_long_work()
        self._stop_accepting()
        end = time.monotonic() + wait_s
        while time.monotonic() < end and not must_hurry() and any(each.is_busy for each in list(self._open)):
            time.sleep(_LOOK_S)

    def stop(self) -> None:
        """Finish the requests in progress, close every connection and end every thread."""
        self._stop_accepting()
        self._watch.stop()
        self._threads.end()
        self._leave(ClientConnection.stop)
        self._leave(ClientConnection.end)

    def _accept_until_stopped(self) -> None:
        with selectors.DefaultSelector() as selector, self._stop_listener:
            selector.register(self._listener.socket, selectors.EVENT_READ)
            selector.register(self._stop_listener, selectors.EVENT_READ)
            while all(key.fileobj is not self._stop_listener for key, _ in selector.select()):
                if not self._accept():
                    selector.unregister(self._listener.socket)
            # Those that connected before are not turned away.
            with suppress(EOFError):
                for sock in islice(iter(self._listener.accept, None), BACKLOG):
                    self._admit(sock)
        self._listener.close()

    def _accept(self) -> bool:
        """Serve the next connection, if there is one; return whether more may come."""
        try:
            sock = self._listener.accept()
        except EOFError:
            return False
        if sock is not None:
            self._admit(sock)
        return True

    def _stop_accepting(self) -> None:
        self._stop_signal.close()
        self._thread.join()

    def _admit(self, sock: socket.socket) -> None:
        """Serve a connection in a thread of its own."""
        if len(self._open) >= bounds.MAX_CONNECTIONS:
            message = f"the local to11 has {bounds.MAX_CONNECTIONS} open connections already; close some"
            self._listener.refuse(sock, Problem(503, "TOO_MANY_CONNECTIONS", message))
            return
        connection = ClientConnection(sock, self._application_for, lambda: self.is_draining)
        self._open.add(connection)
        thread_turns.adapt(len(self._open))
        try:
            self._threads.serve(connection)
        except RuntimeError:
            self._open.discard(connection)
            message = "this machine cannot start another thread: close some connections, or other programs"
            self._listener.refuse(sock, Problem(503, "OUT_OF_THREADS", message))
        self._watch.wake()

    def _serve(self, connection: ClientConnection) -> None:
        try:
            connection.serve()
        finally:
            self._open.discard(connection)
            thread_turns.adapt(len(self._open))

    def _leave(self, act: Callable[[ClientConnection], None]) -> None:
        """Do this with each connection, and wait for all their threads."""
        for connection in list(self._open):
            act(connection)
        self._threads.join(_GRACE_S)
