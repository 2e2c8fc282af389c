"""Takes the connections that the supervisor hands to a worker, in the place of a listening socket."""

from __future__ import annotations

import logging
from threading import Event
from typing import TYPE_CHECKING

from .. import descriptors
from ..http.address import LOOPBACK
from ..http.listener import Listener
from .channel import ASK, CONNECTION, HURRY

if TYPE_CHECKING:
    import socket

    from .channel import WorkerEnd

_log = logging.getLogger(__name__)


class HandedConnections(Listener):
    """The connections from the supervisor.

    Args:
        channel: the worker's end of the channel.
        port: the port on which the supervisor listens.
    """

    def __init__(self, channel: WorkerEnd, port: int) -> None:
        super().__init__(LOOPBACK, port, channel.socket)
        self._channel = channel
        self._is_over = Event()
        self.is_hurried: bool = False

    def accept(self) -> socket.socket | None:
        """Return the next connection, ``None`` if there is none to serve.

        Raises:
            EOFError: no more will come.
        """
        self._give_spare()  # a connection that comes when there is no file for it is lost
        received = self._channel.receive()
        if received is None:
            self._take_spare()
            return None
        if received.word == CONNECTION:
            return self._served(received.connection)
        self._take_spare()
        if received.word != ASK:
            self.is_hurried = received.word == HURRY
            self._is_over.set()
            raise EOFError
        self._channel.answer()
        return None

    def _served(self, connection: socket.socket | None) -> socket.socket | None:
        """Return a connection that came, unless it took the last file of this process."""
        if self._take_spare():
            return connection
        if connection is None:  # another thread took the file
            _log.warning("a connection was lost: this process has too many open files")
        else:
            self.refuse(connection, descriptors.out_of_files())
        self._take_spare()
        return None

    def wait(self) -> None:
        """Wait until no more will come."""
        self._is_over.wait()

    def must_hurry(self) -> bool:
        """Return whether the supervisor wants the worker to end now."""
        received = None if self.is_hurried else self._channel.receive()
        self.is_hurried = self.is_hurried or (received is not None and received.word == HURRY)
        return self.is_hurried

    def close(self) -> None:
        """Take no more connections; the channel stays open as long as the process, whose end it shows."""
        self._give_spare()
