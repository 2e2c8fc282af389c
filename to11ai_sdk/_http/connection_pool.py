"""Keeps connections alive, as a handler for urllib's opener; imported by the first call of a process."""

from __future__ import annotations

import _socket
import http.client
import os
import socket
import urllib.request

from .deadline_socket import DeadlineSocket, connect, seconds_until
from .exchange import Reply, monotonic
from .process_safety import from_handler
from .response_parser import Response, content, plain_reply

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Mapping
    from typing import Any

    from .exchange import HttpAttempt

MAX_IDLE = 32
"""The most idle connections kept for later calls."""
MAX_IDLE_S = 50.0
"""Seconds after which an idle connection is not used again: middleboxes drop them silently."""

REFUSED_TUNNEL = "Tunnel connection failed: "
"""The start of ``http.client``'s message when a proxy refuses a tunnel; the status follows."""

_COOPERATIVE = ("gevent", "eventlet")
"""Packages with real socket classes of their own."""


class Unsent(Exception):  # noqa: N818 - a fact about the request; the error is its cause
    """Nothing was sent; ``final`` means that a retry is useless."""

    def __init__(self, *, final: bool) -> None:
        super().__init__()
        self.final: bool = final


class Call(urllib.request.Request):
    """A request of the opener; ``handed`` once it reached our handler."""

    _tunnel_host: str | None
    handed: bool = False
    response: Any = None

    def __init__(self, attempt: HttpAttempt) -> None:
        super().__init__(attempt.url, attempt.body, dict(attempt.headers), method=attempt.method)
        self.attempt: HttpAttempt = attempt

    def fields(self) -> dict[str, str]:
        fields = {name.lower(): value for name, value in self.header_items()}
        fields.pop("proxy-authorization", None)
        return fields


class Connection:
    """Extends the connections of ``http.client`` by a deadline and a test whether an idle one is usable."""

    response_class: Any = Response
    wire: DeadlineSocket
    sock: Any
    host: str
    port: int
    deadline: float = 0.0
    idle_since: float = 0.0
    key: object = None
    context: ssl.SSLContext | None = None
    _tunnel_host: str | None

    def connect(self) -> None:
        try:
            self.sock = self.wire = DeadlineSocket(connect(self.host, self.port, self.deadline), self.deadline)
            if self._tunnel_host:
                self._tunnel()  # type: ignore[attr-defined]
        except (OSError, http.client.HTTPException) as exc:
            raise Unsent(final=str(exc).startswith(f"{REFUSED_TUNNEL}4")) from exc
        if self.context:
            self._handshake(self.context)

    def _handshake(self, context: ssl.SSLContext) -> None:
        try:
            self.wire.secure(context, self._tunnel_host or self.host)
            # A new buffer: bytes from the proxy were not sent within TLS.
            self.sock = self.wire = DeadlineSocket(self.wire.sock, self.deadline)
        except OSError as exc:
            raise Unsent(final=not isinstance(exc, TimeoutError)) from exc

    def is_reusable(self) -> bool:
        return not self.wire.has_unread_data()

    def abort(self) -> None:
        self.sock = None
        if hasattr(self, "wire"):
            self.wire.sock.close()


_kinds: dict[Any, Any] = {}


def _kind(call: Call) -> Any:
    # Looked up each time, because test tools replace it for a while.
    base = http.client.HTTPSConnection if call.type == "https" else http.client.HTTPConnection
    sockets: Any = socket.socket
    real = isinstance(sockets, type) and (
        issubclass(sockets, _socket.socket) or sockets.__module__.partition(".")[0] in _COOPERATIVE
    )
    if base.__module__ != "http.client" or not real:
        return base
    if base not in _kinds:
        _kinds[base] = type(base.__name__, (Connection, base), {})
    return _kinds[base]


class KeepAliveHandler(urllib.request.AbstractHTTPHandler):
    """Opens URLs for an opener over keep-alive connections.

    Threads share a list without a lock: appending and popping are atomic. ``context`` makes the TLS context when it is
    first needed; ``given`` is the caller's own.
    """

    def __init__(self, context: Callable[[], ssl.SSLContext], given: ssl.SSLContext | None) -> None:
        super().__init__()
        self._context = context
        self._given = given
        self._idle: list[Connection] = []

    http_request: Any = urllib.request.AbstractHTTPHandler.do_request_
    https_request: Any = urllib.request.AbstractHTTPHandler.do_request_

    def https_open(self, req: Call) -> Any:
        req.handed = True
        req.response = self._send(req)
        return req.response

    http_open = https_open

    def _send(self, req: Call) -> Any:
        kind = _kind(req)
        if not issubclass(kind, Connection):
            return _converse(self._plain(kind, req), req)
        key, started = _key(req), monotonic()
        used = self._take(key, started) if req.attempt.safe else None
        if used is not None:
            used.wire.start(req.attempt.deadline)
            try:
                return _converse(used, req)
            except (OSError, http.client.HTTPException) as exc:
                silent = isinstance(exc, TimeoutError) and not used.wire.received
                if silent:
                    # What dropped this connection dropped the other idle ones, too.
                    self._drop(started)
                # Otherwise the server closed it just before the request.
                if silent or used.wire.received or isinstance(exc, TimeoutError) or from_handler(exc):
                    raise
        return _converse(self._new(kind, key, req), req)

    def open_through(self, opener: urllib.request.OpenerDirector, call: Call) -> Any:
        """Return the response to a call; a tracer around the opener cannot fail it."""
        try:
            return opener.open(call)
        except BaseException as exc:
            # If it wraps nothing, it is not a tracer but a test's replacement.
            traced = hasattr(opener.open, "__wrapped__") and (call.response is not None or not call.handed)
            if not traced or not isinstance(exc, Exception) or from_handler(exc):
                if call.response is not None:
                    _close(call.response.connection)
                raise
        plain: Any = type(opener).open
        while hasattr(plain, "__wrapped__"):
            plain = plain.__wrapped__
        return call.response or plain(opener, call)

    def connect(self, req: Call) -> None:
        """Open a connection for the next request, unless a test tool replaces the network."""
        kind = _kind(req)
        if issubclass(kind, Connection):
            connection = self._new(kind, _key(req), req)
            try:
                connection.connect()
            except BaseException:
                connection.abort()
                raise
            self._keep(connection)

    def _new(self, kind: Any, key: object, req: Call) -> Any:
        connection: Any = kind.__new__(kind)
        # Not HTTPSConnection's own constructor, which would load the trust store again.
        http.client.HTTPConnection.__init__(connection, req.host)
        connection.key, connection.deadline = key, req.attempt.deadline
        connection.context = self._context() if req.type == "https" else None
        return _through_proxy(connection, req)

    def _plain(self, kind: Any, req: Call) -> Any:
        options: dict[str, Any] = {"context": self._given} if req.type == "https" and self._given else {}
        return _through_proxy(kind(req.host, timeout=seconds_until(req.attempt.deadline), **options), req)

    def _take(self, key: object, now: float) -> Connection | None:
        while connection := self._pop():
            if connection.key == key and now - connection.idle_since < MAX_IDLE_S and connection.is_reusable():
                return connection
            connection.abort()
        return None

    def finish(self, response: Any, limit: int) -> Reply:
        """Return the whole reply; keep the connection if possible."""
        connection: Any = response.connection
        try:
            if not isinstance(response, Response):  # from a test tool
                reply = plain_reply(response, limit)
                _close(connection)
                return reply
            body = content(response, limit)
        except BaseException:
            _close(connection)
            raise
        # http.client has dropped the socket if the reply closes the connection.
        if connection.sock and response.isclosed():
            self._keep(connection)
        else:
            connection.abort()
        return Reply(response.status, response.headers, body, response.reason)

    def _keep(self, connection: Connection) -> None:
        connection.idle_since = monotonic()
        self._idle.append(connection)
        surplus = self._pop(0) if len(self._idle) > MAX_IDLE else None
        if surplus:
            surplus.abort()

    def _drop(self, before: float) -> None:
        for _ in range(len(self._idle)):
            if connection := self._pop(0):
                if connection.idle_since > before:
                    self._idle.append(connection)
                else:
                    connection.abort()

    def close(self) -> None:
        while connection := self._pop():
            connection.abort()

    def _pop(self, index: int = -1) -> Connection | None:
        try:
            return self._idle.pop(index)
        except (AttributeError, IndexError):  # taken by another thread, or the constructor failed
            return None

    def __del__(self) -> None:
        self.close()


def _key(req: Call) -> tuple[object, ...]:
    # After a fork the connections belong to the parent. While a test tool replaces the network, those from before are
    # not used, nor the other way round.
    real = (http.client.HTTPConnection, socket.socket, getattr(socket.socket, "connect", None), socket.getaddrinfo)
    return (req.type, req.host, req._tunnel_host, os.getpid(), *real)  # pyright: ignore[reportPrivateUsage]


def _through_proxy(connection: Any, req: Call) -> Any:
    if req._tunnel_host:  # pyright: ignore[reportPrivateUsage]
        credentials = req.headers.get("Proxy-authorization")
        connection.set_tunnel(
            req._tunnel_host,  # pyright: ignore[reportPrivateUsage]
            headers={"Proxy-Authorization": credentials} if credentials else {},
        )
    return connection


def _converse(connection: Any, req: Call) -> Any:
    fields = req.fields()
    try:
        connection.request(req.get_method(), req.selector, req.data, fields)
        # None if a test tool replaces the network.
        wire: DeadlineSocket | None = getattr(connection, "wire", None)
        if wire:
            _flush(wire, fields)
        req.attempt.work()
        if wire:
            wire.deadline = req.attempt.deadline
        response = connection.getresponse()
    except BaseException:
        _close(connection)
        raise
    response.connection = connection
    return response


def _close(connection: Any) -> None:
    getattr(connection, "abort", connection.close)()


def _flush(wire: DeadlineSocket, fields: Mapping[str, str]) -> None:
    wire.unsent = one_of_each(wire.unsent, fields)
    try:
        wire.flush()
    except TimeoutError:
        raise
    except OSError as exc:
        if from_handler(exc):
            raise
        # There may still be a reply, such as 413. If not, reading raises.


def one_of_each(request: bytes, handed: Mapping[str, str]) -> bytes:
    """Return a request with one header of each name.

    Tracers add headers in many places, and two of one name would be invalid. The one added closest to the network is
    kept; those in ``handed``, given to ``http.client``, have the lowest precedence.
    """
    head, end, body = request.partition(b"\r\n\r\n")
    first, *lines = head.replace(b"\r\n\t", b" ").split(b"\r\n")
    if len({line[: line.find(b":")].lower() for line in lines}) == len(lines):
        return b"\r\n".join((first, *lines)) + end + body
    outer = {f"{name.lower()}: {value}".encode("latin-1") for name, value in handed.items()}
    fields = [(line.partition(b":")[0].lower(), line) for line in lines]
    fields.sort(key=lambda field: field[0] + field[1][len(field[0]) :] not in outer)
    return b"\r\n".join((first, *dict(fields).values())) + end + body
