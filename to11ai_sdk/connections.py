"""Handlers for urllib's opener that keep connections alive.

Imported with the first call of a process: it brings ``urllib.request``, ``http.client`` and, for HTTPS, ``ssl``.
"""

from __future__ import annotations

import http.client
import os
import urllib.request
from time import monotonic

from .replies import Response, content
from .sockets import DeadlineSocket, connected

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Any

MAX_IDLE = 32
"""Connections that wait for the next call."""
MAX_IDLE_S = 50.0
"""Seconds after which a waiting connection is not used again: middleboxes forget them without a word."""

REFUSED_TUNNEL = "Tunnel connection failed: "
"""How ``http.client`` begins to say that a proxy refused; the status follows."""


class Unsent(Exception):  # noqa: N818 - a fact about the request, not an error of its own; the cause is chained
    """The request never left, because no connection came about; ``final`` says that trying again is no use."""

    def __init__(self, *, final: bool) -> None:
        super().__init__()
        self.final: bool = final


class Connection(http.client.HTTPConnection):
    """A connection to one origin, perhaps through a proxy's tunnel."""

    response_class: Any = Response
    wire: DeadlineSocket
    sock: Any
    _tunnel_host: str | None

    def __init__(self, key: tuple[str, str | None, int], context: ssl.SSLContext | None) -> None:
        self.default_port = 443 if context else 80
        super().__init__(key[0])
        self.key: tuple[str, str | None, int] = key
        self.idle_since: float = 0.0
        self._context = context

    def open(self, deadline: float) -> None:
        """Connect, and shake hands if it is TLS, before the deadline."""
        try:
            self.sock = self.wire = DeadlineSocket(connected(self.host, self.port, deadline), deadline)
            if self._tunnel_host:
                self._tunnel()  # type: ignore[attr-defined]
        except (OSError, http.client.HTTPException) as exc:
            raise Unsent(final=str(exc).startswith(f"{REFUSED_TUNNEL}4")) from exc
        if self._context:
            self._shake_hands(self._context, deadline)

    def _shake_hands(self, context: ssl.SSLContext, deadline: float) -> None:
        try:
            self.wire.secure(context, self._tunnel_host or self.host)
            # Anew, so that nothing a proxy said before counts as said within.
            self.sock = self.wire = DeadlineSocket(self.wire.sock, deadline)
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
    _tunnel_host: str | None


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

    http_request: Any = urllib.request.AbstractHTTPHandler.do_request_
    https_request: Any = urllib.request.AbstractHTTPHandler.do_request_

    def http_open(self, req: Call) -> Response:
        """Send the request and read the head of the reply."""
        return self._open(req, None)

    def https_open(self, req: Call) -> Response:
        """The same over TLS."""
        return self._open(req, self._context())

    def _open(self, req: Call, context: ssl.SSLContext | None) -> Response:
        # After a fork the connections are the parent's; closing a copy does not disturb it.
        key = (req.host, req._tunnel_host, os.getpid())  # pyright: ignore[reportPrivateUsage]
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
        while connection := self._pop():
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
        if connection.sock and response.isclosed():
            connection.idle_since = monotonic()
            self._idle.append(connection)
            surplus = self._pop(0) if len(self._idle) > MAX_IDLE else None
        else:
            surplus = connection
        if surplus:
            surplus.shut()
        return body

    def close(self) -> None:
        """Close the connections that wait."""
        while connection := self._pop():
            connection.shut()

    def _pop(self, index: int = -1) -> Connection | None:
        try:
            return self._idle.pop(index)
        except IndexError:  # taken by another thread, maybe
            return None

    def __del__(self) -> None:
        self.close()


def _connect(connection: Connection, req: Call) -> Connection:
    if req._tunnel_host:  # pyright: ignore[reportPrivateUsage]
        credentials = req.headers.get("Proxy-authorization")
        connection.set_tunnel(
            req._tunnel_host,  # pyright: ignore[reportPrivateUsage]
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
        _push(connection.wire)
        req.meanwhile()
        response: Response = connection.getresponse()  # type: ignore[assignment]
    except BaseException:
        connection.shut()
        raise
    connection.wire.allowance = float("inf")
    response.connection = connection
    return response


def _push(wire: DeadlineSocket) -> None:
    try:
        wire.push()
    except TimeoutError:
        raise
    except OSError:
        # Closed before it was sent whole: there may be an answer all the same, such as 413. If not, reading says so.
        pass
