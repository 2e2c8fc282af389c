"""Wraps a socket so that every wait ends at a deadline, and buffers received data."""

from __future__ import annotations

import http.client
import io
import select
import socket
from errno import EINTR

from .exchange import monotonic
from .process_safety import from_handler, in_openssl

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Any, Literal

MAX_HEAD = 256 * 1024
"""The most bytes before a body."""

MAX_LATE = 32
"""The most reads after the deadline, of data that arrived before it."""

_LONGEST_POLL_MS = 2**31 - 1


class DeadlineSocket(io.RawIOBase):
    """A socket whose every wait ends at ``deadline``; ``HTTPConnection`` uses it like a socket."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock: socket.socket = sock
        self.unsent: bytes = b""
        self.start(deadline)
        self._idle = False
        # One for all replies, so that surplus bytes after a reply are noticed.
        self._reader = _ReplyStream(self)

    def start(self, deadline: float) -> None:
        self.deadline = deadline
        self.received: int = 0
        self.late: int = 0
        self.bytes_allowed: float = float(MAX_HEAD)
        self._idle = False

    def left(self) -> float:
        return seconds_until(self.deadline)

    def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Make the TLS handshake with a host before the deadline."""
        if context.wrap_socket.__module__ != "ssl":
            # Foreign contexts, such as truststore's, check the certificate when the socket is wrapped.
            self.sock.settimeout(self.left())
            self.sock = context.wrap_socket(self.sock, server_hostname=host)
        else:
            self.sock.settimeout(0)
            # Given text, it loads the IDNA codec first.
            name = host.encode("ascii")
            with in_openssl.lock:
                self.sock = tls = context.wrap_socket(self.sock, server_hostname=name, do_handshake_on_connect=False)
            while wants := _step(tls):
                _ready(tls, self.left(), writing=wants == "write")

    def sendall(self, data: bytes) -> None:
        """Collect data; :meth:`flush` sends head and body together."""
        self.unsent += data

    def flush(self) -> None:
        """Send the collected data before the deadline."""
        data, self.unsent = self.unsent, b""
        if data:
            self.sock.settimeout(self.left())
            self.sock.sendall(data)

    def makefile(self, mode: str) -> _ReplyStream:
        return self._reader

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Receive available data; wait for it until the deadline."""
        if self._idle:
            return None
        self.flush()
        count = self._receive(buffer)
        if count == 0 and self.received and self.bytes_allowed != float("inf"):
            # http.client takes a partial head for a whole one.
            raise http.client.IncompleteRead(b"")
        self.received += count
        self.bytes_allowed -= count
        if self.bytes_allowed < 0:
            raise http.client.HTTPException(f"more than {MAX_HEAD} bytes of headers")
        return count

    def _receive(self, buffer: Any) -> int:
        left = max(self.deadline - monotonic(), 0)
        while True:
            self.late += not left
            if self.late > MAX_LATE:
                raise TimeoutError("timed out")
            self.sock.settimeout(left)
            try:
                return self.sock.recv_into(buffer)
            except OSError as exc:
                if exc.errno == EINTR:  # from a signal handler; io.BufferedReader would take it for the system's
                    raise TimeoutError from exc
                if from_handler(exc) or not (_would_wait(exc) or isinstance(exc, TimeoutError)):
                    raise
                if not left:
                    raise TimeoutError("timed out") from None
            # Past the deadline, read what has arrived: this process may have been stopped.
            left = 0

    def close(self) -> None:
        """Do nothing: ``http.client`` calls this before the body of a last reply."""

    # Not a Python method: an exception of a signal handler within a finalizer is lost.
    __del__: Any = bool

    def has_unread_data(self) -> bool:
        """Return whether bytes are left over from the last exchange, or arrived since."""
        self._idle = True
        if self._reader.peek(1):
            return True
        return has_data(self.sock)


def has_data(sock: socket.socket) -> bool:
    """Return whether an idle socket has data, an end or an error to read; makes it non-blocking."""
    if not (_ready(sock, 0) or _pending(sock)):
        return False
    # What has arrived may be TLS's session tickets, with nothing to read.
    sock.settimeout(0)
    try:
        sock.recv(1)
    except OSError as exc:
        if from_handler(exc):
            raise
        return not _would_wait(exc)
    return True


def _pending(sock: Any) -> int:
    # Bytes that TLS has already decrypted no longer show on the socket.
    pending: Callable[[], int] | None = getattr(sock, "pending", None)
    return pending() if pending else 0


def _would_wait(exc: OSError) -> bool:
    # By name, so that plain HTTP does not load ssl.
    return isinstance(exc, BlockingIOError) or type(exc).__name__ == "SSLWantReadError"


class _ReplyStream(io.BufferedReader):
    """A stream that stays open when ``HTTPResponse`` closes it at the end of each reply."""

    __del__: Any = bool

    def close(self) -> None:
        pass


def seconds_until(deadline: float) -> float:
    """Return the seconds until a time of :func:`exchange.monotonic`; ``TimeoutError`` if it has passed."""
    seconds = deadline - monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    return seconds


def _step(tls: ssl.SSLSocket) -> Literal["read", "write"] | None:
    """Make one step of a handshake; return the event it waits for, if it is not done."""
    from ssl import SSLWantReadError, SSLWantWriteError

    try:
        with in_openssl.lock:
            tls.do_handshake()
    except SSLWantReadError:
        return "read"
    except SSLWantWriteError:  # pragma: no cover - only a full send buffer, and a handshake fits
        return "write"
    return None


def _ready(sock: socket.socket, seconds: float, *, writing: bool = False) -> bool:
    """Wait some seconds until a socket is readable or writable; return whether it is."""
    if not hasattr(select, "poll"):  # pragma: no cover - Windows
        return any(select.select([] if writing else [sock], [sock] if writing else [], [], seconds))
    poll = select.poll()
    poll.register(sock, select.POLLOUT if writing else select.POLLIN)
    return bool(poll.poll(min(seconds * 1000, _LONGEST_POLL_MS)))


def connect(host: str, port: int, deadline: float) -> socket.socket:
    """Return a socket to the first address of a host that answers before the deadline."""
    # Given text, it loads the IDNA codec first; the host is ASCII by now.
    addresses = socket.getaddrinfo(host.encode("ascii"), port, 0, socket.SOCK_STREAM)
    error: OSError = OSError("the host has no address")
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        try:
            seconds = seconds_until(deadline) / (len(addresses) - index)
            return _connect(socket.socket(family, kind, protocol), address, seconds)
        except OSError as exc:
            if from_handler(exc):
                raise
            error = exc
    raise error


def _connect(sock: socket.socket, address: Any, seconds: float) -> socket.socket:
    try:
        sock.settimeout(seconds)
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock
    except BaseException:
        sock.close()
        raise
