"""Accepts connections; without a file for one more it still says why."""

from __future__ import annotations

import errno
import logging
import os
import socket
import struct
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from .. import bounds, descriptors
from . import reply_writer
from .reply_envelope import error_reply

if TYPE_CHECKING:
    from typing import IO

    from ..problems import Problem
    from .address import ListeningAddress

_log = logging.getLogger(__name__)
BACKLOG = 4096
"""How many connections wait to be accepted, if the system allows it; the others try again after a second."""
_ACCEPTS_BLOCKING = sys.platform == "linux"
"""Whether an accepted socket blocks, although the listening one does not."""
_REFUSAL_S = 0.02
_PAUSE_S = 0.05
_LOG_PAUSE_S = 10.0


class PortTakenError(OSError):
    """Another program listens on the port."""


class Listener:
    """The listening socket.

    Args:
        address: the address.
        port: the port, 0 for a free one.
        source: a socket from which connections come instead, of a process that listens on the port.

    Raises:
        OSError: this machine does not have the address, or the process may not use the port.
        PortTakenError: another program listens there.
    """

    def __init__(self, address: ListeningAddress, port: int, source: socket.socket | None = None) -> None:
        self.socket: socket.socket = _listen(address, port) if source is None else source
        self.port: int = self.socket.getsockname()[1] if source is None else port
        self._spare: IO[bytes] | None = _spare()
        self._logged: dict[str, float] = {}

    def close(self) -> None:
        """Stop listening."""
        self.socket.close()
        self._give_spare()

    def accept(self) -> socket.socket | None:
        """Return the next connection, ``None`` if there is none to serve."""
        try:
            return _prepared(self.socket.accept()[0])
        except OSError as exc:  # the client has already disconnected
            if descriptors.is_out_of_files(exc):
                self._accept_with_spare()
            return None

    def refuse(self, sock: socket.socket, problem: Problem) -> None:
        """Answer a connection that cannot be served, and close it."""
        self._log_once(problem)
        with sock, suppress(OSError):
            sock.settimeout(_REFUSAL_S)
            # Closing with an unread request would reset the connection, and the client might lose the reply.
            with suppress(TimeoutError):
                sock.recv(65_536)
            reply_writer.send(sock, reply_writer.ReplyContext("GET", is_last=True), error_reply(problem))
            sock.shutdown(socket.SHUT_WR)

    def _accept_with_spare(self) -> None:
        """Give the reserved file to the next connection, for the time of its refusal."""
        self._give_spare()
        try:
            self.refuse(self.socket.accept()[0], descriptors.out_of_files())
        except OSError:  # another thread took the file; the client is served later
            self._log_once(descriptors.out_of_files())
            time.sleep(_PAUSE_S)
        self._take_spare()

    def _take_spare(self) -> bool:
        """Reserve a file; return whether there is one."""
        with suppress(OSError):
            self._spare = self._spare or _spare()
        return self._spare is not None

    def _give_spare(self) -> None:
        if self._spare is not None:
            self._spare.close()
            self._spare = None

    def _log_once(self, problem: Problem) -> None:
        """Log a refusal, each kind once in a while."""
        now = time.monotonic()
        if now - self._logged.get(problem.code, -_LOG_PAUSE_S) >= _LOG_PAUSE_S:
            self._logged[problem.code] = now
            _log.warning("connections are refused with %s: %s", problem.status, problem.message)


def _spare() -> IO[bytes]:
    return open(os.devnull, "rb")


def _listen(address: ListeningAddress, port: int) -> socket.socket:
    listener = socket.socket(address.family)
    if os.name == "posix":  # on other systems this would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        if address.family == socket.AF_INET6 and address.is_any and socket.has_dualstack_ipv6():
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listener.bind((str(address.ip), port))
        listener.listen(BACKLOG)
    except OSError as exc:
        listener.close()
        if exc.errno == errno.EADDRINUSE:
            raise PortTakenError(exc.errno, f"port {port} is taken; choose another one, or 0 for any free one") from exc
        raise OSError(exc.errno, f"cannot listen on {address.name}, port {port}: {exc.strerror}") from exc
    listener.setblocking(False)
    return listener


def _prepared(sock: socket.socket) -> socket.socket:
    if not _ACCEPTS_BLOCKING or sock.gettimeout() is not None:
        sock.settimeout(None)
    # Otherwise the parts of a stream would wait for the acknowledgement of those before.
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if os.name == "posix":
        with suppress(OSError):  # not every system has a limit of this form
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, struct.pack("ll", int(bounds.SEND_TIMEOUT_S), 0))
    return sock
