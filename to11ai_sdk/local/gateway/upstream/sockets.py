"""Opens the sockets to providers, and lets another thread end the wait for one."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from ...descriptors import is_out_of_files
from .limited_socket import connect

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable


class Address(NamedTuple):
    """The address of a provider.

    Attributes:
        host: its name or IP address.
        port: its port.
        context: its TLS settings, ``None`` for plain HTTP.
    """

    host: str
    port: int
    context: ssl.SSLContext | None


class OutOfFilesError(Exception):
    """The process, or this machine, may open no more files and sockets."""


class Wait:
    """The wait for a provider; ``end`` ends it from any thread.

    Attributes:
        has_ended: whether it was ended.
    """

    __slots__ = ("_lock", "_socket", "has_ended")

    def __init__(self) -> None:
        self.has_ended: bool = False
        self._lock = Lock()
        self._socket: socket.socket | None = None

    def on(self, used: socket.socket | None) -> None:
        """Wait on this socket from now on; on none once the exchange is over."""
        with self._lock:
            self._socket = used
            if self.has_ended:
                self._shut()

    def end(self) -> None:
        """Shut down the socket, if there is one: whoever waits on it gets an error."""
        with self._lock:
            self.has_ended = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):
                # Not the method of TLS sockets, which changes what the waiting thread is using.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def open_socket(address: Address, timeout_s: float, wait: Wait) -> socket.socket:
    """Return a socket to the first host at an address that answers, after the TLS handshake.

    Raises:
        OSError: none answers within the timeout, or the wait has ended.
        OutOfFilesError: no more sockets can be opened.
    """
    try:
        opened = _connected(address, timeout_s, wait)
    except OSError as exc:
        if _is_out_of_sockets(exc):
            raise OutOfFilesError from exc
        raise
    return opened if address.context is None else _secured(opened, address.context, address.host, timeout_s, wait)


def _connected(address: Address, timeout_s: float, wait: Wait) -> socket.socket:
    failure = OSError("the host has no address")
    for family, place in _places(address.host, address.port):
        if wait.has_ended:
            break
        opened = socket.socket(family, socket.SOCK_STREAM)
        try:
            wait.on(opened)
            connect(opened, place, timeout_s)
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return opened
        except OSError as exc:
            wait.on(None)
            opened.close()
            failure = exc
    raise failure


def _places(host: str, port: int) -> Iterable[tuple[int, Any]]:
    """Return the family and place of each address of a host."""
    with suppress(OSError, ValueError):
        socket.inet_pton(socket.AF_INET, host)
        return ((socket.AF_INET, (host, port)),)  # there is nothing to look up, and each look-up costs a turn
    return ((found[0], found[4]) for found in socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))


def _secured(opened: socket.socket, context: ssl.SSLContext, host: str, timeout_s: float, wait: Wait) -> socket.socket:
    """Return the socket after the TLS handshake; it is closed if that fails."""
    secure = opened
    try:
        # The wait takes over the new socket before the handshake, which may take long.
        secure = context.wrap_socket(opened, server_hostname=host, do_handshake_on_connect=False)
        wait.on(secure)
        secure.settimeout(timeout_s)
        secure.do_handshake()
        return secure
    except BaseException:
        wait.on(None)
        secure.close()
        raise


def _is_out_of_sockets(exc: OSError) -> bool:
    if not isinstance(exc, socket.gaierror):
        return is_out_of_files(exc)
    # A resolver that can open no socket only says that it found nothing.
    try:
        socket.socket().close()
    except OSError as own:
        return is_out_of_files(own)
    return False
