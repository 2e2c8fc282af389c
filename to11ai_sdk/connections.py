"""Handlers for urllib's opener that keep connections alive and end every wait at a deadline.

Imported with the first call of a process: it brings ``urllib.request``, ``http.client`` and, for HTTPS, ``ssl``.
"""

from __future__ import annotations

import http.client
import io
import os
import select
import socket
import urllib.request
from time import monotonic

from .replies import Response, content

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Any

MAX_HEAD = 256 * 1024
"""Bytes of status line and headers that are read, interim replies included."""
MAX_IDLE = 32
"""Connections that wait for the next call."""
MAX_IDLE_S = 50.0
"""Seconds after which a waiting connection is not used again: middleboxes forget them without a word."""


class Unsent(Exception):  # noqa: N818 - a fact about the request, not an error of its own; the cause is chained
    """The request never left, because no connection came about; ``final`` says that trying again is no use."""

    def __init__(self, *, final: bool) -> None:
        super().__init__()
        self.final = final


class DeadlineSocket(io.RawIOBase):
    """A socket whose every wait ends at ``deadline``; ``HTTPConnection`` takes it for the socket itself.

    Attributes:
        sock: the socket.
        deadline: time of :func:`time.monotonic` at which the present exchange ends.
        heard: bytes received in the present exchange.
        allowance: bytes that may still be received.
    """

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self.sock = sock
        self._unsent = b""
        self.start(deadline)
        self._resting = False
        # One buffer for all replies of the connection, so that bytes beyond a reply cannot get lost, and show.
        self._reader = _Reader(self)

    def start(self, deadline: float) -> None:
        """Begin an exchange."""
        self.deadline = deadline
        self.heard = 0
        self.allowance = float(MAX_HEAD)
        self._resting = False

    def left(self) -> float:
        """Seconds until the deadline; ``TimeoutError`` when it has passed."""
        return seconds_until(self.deadline)

    def sendall(self, data: bytes) -> None:
        """Take what is to be sent, so that head and body travel as one; :meth:`push` sends it."""
        self._unsent += data

    def push(self) -> None:
        """Send what was taken, before the deadline."""
        data, self._unsent = self._unsent, b""
        if data:
            self.sock.settimeout(self.left())
            self.sock.sendall(data)

    def makefile(self, mode: str) -> _Reader:
        """The stream of replies."""
        return self._reader

    def readable(self) -> bool:
        """It is: asked by the buffer over it."""
        return True

    def readinto(self, buffer: Any) -> int | None:
        """Receive what is there, waiting for it until the deadline."""
        if self._resting:
            return None
        self.push()
        self.sock.settimeout(self.left())
        count = self.sock.recv_into(buffer)
        self.heard += count
        self.allowance -= count
        if self.allowance < 0:
            raise http.client.HTTPException(f"more than {MAX_HEAD} bytes of headers")
        return count

    def close(self) -> None:
        """Nothing: ``http.client`` closes it after the head of a last reply, with the body still to come."""

    def spent(self) -> bool:
        """Whether bytes are left over from the exchange, or something arrived since: nothing for the next one."""
        self._resting = True
        return bool(self._reader.peek(1)) or _readable(self.sock)


class _Reader(io.BufferedReader):
    """``HTTPResponse`` closes its stream at the end of each reply; the connection goes on."""

    def close(self) -> None:
        pass


def seconds_until(deadline: float) -> float:
    """Seconds until a time of :func:`time.monotonic`; ``TimeoutError`` when it has passed."""
    seconds = deadline - monotonic()
    if seconds <= 0:
        raise TimeoutError("timed out")
    return seconds


def _readable(sock: socket.socket) -> bool:
    if not hasattr(select, "poll"):  # pragma: no cover - Windows
        return bool(select.select([sock], [], [], 0)[0])
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    return bool(poll.poll(0))


class Connection(http.client.HTTPConnection):
    """A connection to one origin, perhaps through a proxy's tunnel."""

    response_class = Response
    wire: DeadlineSocket
    _tunnel_host: str | None

    def __init__(self, key: tuple[str, str | None], context: ssl.SSLContext | None) -> None:
        self.default_port = 443 if context else 80
        super().__init__(key[0])
        self.key = key
        self.idle_since = 0.0
        self._context = context

    def open(self, deadline: float) -> None:
        """Connect, and shake hands if it is TLS, before the deadline."""
        try:
            self.sock = self.wire = DeadlineSocket(_open_socket(self.host, self.port, deadline), deadline)
            if self._tunnel_host:
                self._tunnel()  # type: ignore[attr-defined]
        except (OSError, http.client.HTTPException) as exc:
            raise Unsent(final=False) from exc
        if self._context:
            self._shake_hands(self._context, deadline)

    def _shake_hands(self, context: ssl.SSLContext, deadline: float) -> None:
        try:
            self.wire.sock.settimeout(self.wire.left())
            host = self._tunnel_host or self.host
            self.sock = self.wire = DeadlineSocket(context.wrap_socket(self.wire.sock, server_hostname=host), deadline)
        except OSError as exc:
            raise Unsent(final=not isinstance(exc, TimeoutError)) from exc

    def quiet(self) -> bool:
        """Whether the other side has said nothing since its reply, not even that it closes."""
        return not self.wire.spent()

    def shut(self) -> None:
        """Close for good, whatever state the exchange is in."""
        self.sock = None
        if hasattr(self, "wire"):
            self.wire.sock.close()


def _open_socket(host: str, port: int, deadline: float) -> socket.socket:
    # Given text, getaddrinfo loads the IDNA codec first; the host is ASCII by now.
    addresses = socket.getaddrinfo(host.encode("ascii"), port, 0, socket.SOCK_STREAM)
    failure: OSError = OSError("the host has no address")
    for index, (family, kind, protocol, _, address) in enumerate(addresses):
        sock = socket.socket(family, kind, protocol)
        try:
            sock.settimeout(seconds_until(deadline) / (len(addresses) - index))
            sock.connect(address)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return sock
        except BaseException as exc:
            sock.close()
            if not isinstance(exc, OSError):
                raise
            failure = exc
    raise failure


class Call(urllib.request.Request):
    """A request of the opener, and what the connection needs to know of it.

    Attributes:
        deadline: time of :func:`time.monotonic` at which the exchange ends.
        safe: whether it may be sent on a connection that has served before: the server may just have closed it, and
            then nobody knows whether the request was processed.
        meanwhile: what to do while the server thinks.
    """

    deadline: float
    safe: bool
    meanwhile: Callable[[], object]


class KeepAliveHandler(urllib.request.AbstractHTTPHandler):
    """Opens ``http`` and ``https`` for an opener over connections that are kept.

    Appending to a list and popping from it are atomic, so threads share one without a lock.

    Args:
        context: makes the TLS context, when one is first needed.
    """

    def __init__(self, context: Callable[[], ssl.SSLContext]) -> None:
        super().__init__()
        self._context = context
        self._idle: list[Connection] = []
        self._pid = os.getpid()

    http_request = https_request = urllib.request.AbstractHTTPHandler.do_request_

    def http_open(self, req: Call) -> Response:
        """Send the request and read the head of the reply."""
        return self._open(req, None)

    def https_open(self, req: Call) -> Response:
        """The same over TLS."""
        return self._open(req, self._context())

    def _open(self, req: Call, context: ssl.SSLContext | None) -> Response:
        key = (req.host, req._tunnel_host)  # type: ignore[attr-defined]
        used = self._take(key, req.deadline) if req.safe else None
        if used is not None:
            try:
                return _converse(used, req)
            except (OSError, http.client.HTTPException) as exc:
                # Closed between the look at it and the request: as good as never taken.
                if used.wire.heard or isinstance(exc, TimeoutError):
                    raise
        return _converse(_connect(Connection(key, context), req), req)

    def _take(self, key: object, deadline: float) -> Connection | None:
        if self._pid != os.getpid():
            # After a fork the connections are the parent's; closing this copy does not disturb it.
            self._pid = os.getpid()
            self.close()
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # taken by another thread
                break
            if connection.key == key and monotonic() - connection.idle_since < MAX_IDLE_S and connection.quiet():
                connection.wire.start(deadline)
                return connection
            connection.shut()
        return None

    def finish(self, response: Response, limit: int) -> bytes | None:
        """The body of a reply, ``None`` if it is over the limit; keeps the connection if it is good for another."""
        connection: Connection = response.connection
        try:
            body = content(response, limit)
        except BaseException:
            connection.shut()
            raise
        # http.client has let go of the socket if the reply said that the connection ends with it.
        if connection.sock and response.isclosed() and len(self._idle) < MAX_IDLE and connection.quiet():
            connection.idle_since = monotonic()
            self._idle.append(connection)
        else:
            connection.shut()
        return body

    def close(self) -> None:
        """Close the connections that wait."""
        while self._idle:
            self._idle.pop().shut()

    def __del__(self) -> None:
        self.close()


def _connect(connection: Connection, req: Call) -> Connection:
    if req._tunnel_host:  # type: ignore[attr-defined]
        credentials = req.headers.get("Proxy-authorization")
        connection.set_tunnel(
            req._tunnel_host,  # type: ignore[attr-defined]
            headers={"Proxy-Authorization": credentials} if credentials else {},
        )
    try:
        connection.open(req.deadline)
    except BaseException:
        connection.shut()
        raise
    return connection


def _converse(connection: Connection, req: Call) -> Response:
    headers = {name: value for name, value in req.header_items() if name != "Proxy-authorization"}
    try:
        connection.request(req.get_method(), req.selector, req.data, headers)
        connection.wire.push()
        req.meanwhile()
        response: Response = connection.getresponse()  # type: ignore[assignment]
    except BaseException:
        connection.shut()
        raise
    connection.wire.allowance = float("inf")
    response.connection = connection
    return response
