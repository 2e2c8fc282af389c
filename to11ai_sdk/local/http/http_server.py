"""Serves HTTP in threads of this process, one for each connection, and stops cleanly."""

from __future__ import annotations

import selectors
import socket
from threading import Thread
from typing import TYPE_CHECKING

from .. import bounds, descriptors
from ..problems import Problem
from . import thread_turns
from .address import LOOPBACK
from .client_connection import ClientConnection
from .connection_threads import ConnectionThreads
from .connection_watch import ConnectionWatch
from .listener import Listener

if TYPE_CHECKING:
    from collections.abc import Callable

    from .address import ListeningAddress
    from .application import Application

_GRACE_S = 5.0


class Server:
    """Listens on an address.

    Args:
        application_for: returns the application that answers a path.
        port: the port, 0 for a free one.
        address: the address, by default the loopback address.

    Raises:
        OSError: this machine does not have the address, or the process may not use the port.
        PortTakenError: another program listens there.
    """

    def __init__(
        self, application_for: Callable[[str], Application], port: int, address: ListeningAddress = LOOPBACK
    ) -> None:
        descriptors.raise_limit()
        self._application_for = application_for
        self._listener = Listener(address, port)
        self.url: str = address.url(self._listener.port)
        self._open: set[ClientConnection] = set()
        self._threads = ConnectionThreads(self._serve)
        self._watch = ConnectionWatch(lambda: list(self._open))
        self._stop_signal, self._stop_listener = socket.socketpair()
        self._thread = Thread(target=self._accept_until_stopped, name="to11-local", daemon=True)

    def start(self) -> None:
        """Serve in the background."""
        self._watch.start()
        self._thread.start()

    def stop(self) -> None:
        """Finish the requests in progress, close every connection and end every thread."""
        self._stop_signal.close()
        self._thread.join()
        self._watch.stop()
        self._threads.end()
        self._hang_up(socket.SHUT_RD)
        self._hang_up(socket.SHUT_RDWR)

    def _accept_until_stopped(self) -> None:
        with selectors.DefaultSelector() as selector, self._stop_listener:
            selector.register(self._listener.socket, selectors.EVENT_READ)
            selector.register(self._stop_listener, selectors.EVENT_READ)
            while all(key.fileobj is not self._stop_listener for key, _ in selector.select()):
                if (sock := self._listener.accept()) is not None:
                    self._admit(sock)
        self._listener.close()

    def _admit(self, sock: socket.socket) -> None:
        """Serve a connection in a thread of its own."""
        if len(self._open) >= bounds.MAX_CONNECTIONS:
            message = f"the local to11 has {bounds.MAX_CONNECTIONS} open connections already; close some"
            self._listener.refuse(sock, Problem(503, "TOO_MANY_CONNECTIONS", message))
            return
        connection = ClientConnection(sock, self._application_for)
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

    def _hang_up(self, how: int) -> None:
        """Shut down each connection, for reading or both ways, and wait for all their threads."""
        for connection in list(self._open):
            connection.shutdown(how)
        self._threads.join(_GRACE_S)
