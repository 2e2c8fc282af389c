"""Defines ``UpstreamProvider``: a real server, OpenAI, Anthropic or a compatible one."""

from __future__ import annotations

import logging
import socket
import ssl
import time
from collections import deque
from contextlib import suppress
from http.client import HTTPException
from itertools import islice
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ... import bounds
from .. import gateway_problem
from ..provider import UnreachableError, UpstreamReply, UpstreamRequest
from .codings import unpacked
from .connection import UpstreamConnection
from .kept_connections import KeptConnections
from .request_head import host_header, request_head
from .sockets import Address, OutOfFilesError, Wait, open_socket

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from .reply_head import Head

_log = logging.getLogger(__name__)
_VERSION = "2023-06-01"
_NO_WAY = "no connection could be made"
_BROKE_OFF = "the connection broke before the end of the reply"
_END_PIECES = 8
"""As many pieces, with the waits between them, may end a body after its last event."""
_SAFE = ("GET", "HEAD", "OPTIONS")


class UpstreamProvider:
    """Sends requests to a server, over connections that it keeps.

    Args:
        dialect: ``"openai"``, ``"anthropic"``, ``"cohere"`` or ``"native"``.
        base_url: ``http://`` or ``https://`` with the path below which the endpoints are, such as
            ``https://api.openai.com/v1``.
        context: TLS settings, by default with the system's authorities.
        clock: returns the seconds of a clock that never goes back.

    Raises:
        ValueError: ``base_url`` is not such a URL.
    """

    def __init__(
        self,
        *,
        dialect: str,
        base_url: str,
        context: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"base_url must look like https://api.openai.com/v1, not {base_url!r}")
        self.dialect = dialect
        is_tls = parts.scheme == "https"
        made = (context or ssl.create_default_context()) if is_tls else None
        self._address = Address(parts.hostname, parts.port or (443 if is_tls else 80), made)
        self._host = host_header(parts.hostname, parts.port)
        self._root = parts.path.rstrip("/")
        self._kept = KeptConnections(clock)

    def close(self) -> None:
        """Close the idle connections."""
        self._kept.close()

    def send(self, request: UpstreamRequest) -> UpstreamReply:
        """Send a request and wait for the head of its reply.

        Raises:
            UnreachableError: no connection, no answer within the timeout, or none that is HTTP.
            GatewayProblem: 503 if no more sockets can be opened.
        """
        wait = Wait()
        head = request_head(request, self._root, self._own_headers(request))
        with request.hang_up.ending(wait.end):
            connection, answered = self._asked(request, head, wait)
        body = ArrivingBody(self._kept, connection, answered, request, wait)
        return UpstreamReply(answered.status, answered.headers, body, announces_waits=True)

    def _asked(self, request: UpstreamRequest, head: bytes, wait: Wait) -> tuple[UpstreamConnection, Head]:
        kept = self._kept.take()
        if kept is not None:
            try:
                return kept, _exchanged(kept, request, head, wait)
            except UnreachableError as exc:
                if kept.has_answered or wait.has_ended:
                    raise
                # Whatever ended this connection has ended the other idle ones, too.
                self._kept.drop()
                if request.method not in _SAFE or isinstance(exc.__cause__, TimeoutError):
                    raise
        connection = self._opened(request, wait)
        return connection, _exchanged(connection, request, head, wait)

    def _opened(self, request: UpstreamRequest, wait: Wait) -> UpstreamConnection:
        try:
            return UpstreamConnection(open_socket(self._address, request.timeout_s, wait))
        except OutOfFilesError as exc:
            _log.error("no connection to %s: this process may open no more files", self._host)
            raise gateway_problem.out_of_files() from exc
        except ssl.SSLError as exc:
            raise UnreachableError("the TLS handshake failed", was_connected=False) from exc
        except (OSError, ValueError) as exc:
            raise UnreachableError(_reason(exc, request.timeout_s, _NO_WAY), was_connected=False) from exc

    def _own_headers(self, request: UpstreamRequest) -> Mapping[str, str]:
        own = {"host": self._host}
        if self.dialect != "anthropic":
            return {**own, "authorization": f"Bearer {request.credential}"} if request.credential else own
        if "anthropic-version" not in request.headers:
            own["anthropic-version"] = _VERSION
        return {**own, "x-api-key": request.credential} if request.credential else own


class ArrivingBody:
    """The body of a reply as it arrives; call ``close`` from the reading thread.

    Args:
        kept: takes the connection once the body was read to its end.
        connection: the connection that the body arrives on.
        head: the head of the reply.
        request: the request.
        wait: the wait for the provider.
    """

    def __init__(
        self, kept: KeptConnections, connection: UpstreamConnection, head: Head, request: UpstreamRequest, wait: Wait
    ) -> None:
        self._kept = kept
        self._connection = connection
        self._head = head
        self._request = request
        self._wait = wait
        self._is_over = False
        coding = head.headers.get("content-encoding", "")
        whole = connection.whole(head)
        if whole is not None:
            self._finish()
        pieces = self._arriving() if whole is None else iter((whole,) if whole else ())
        self._chunks = unpacked(coding, pieces) if coding else pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._chunks

    def __next__(self) -> bytes:
        return next(self._chunks)

    def close(self) -> None:
        """Close the connection, unless all of the body has arrived."""
        if not self._is_over:
            self._finish()

    def finish(self) -> None:
        """Wait a moment for the end of a body of which nothing more is wanted, so that its connection can be kept."""
        if not self._is_over:
            self._connection.limit(bounds.STREAM_END_S)
            with suppress(UnreachableError):
                deque(islice(self._chunks, _END_PIECES), maxlen=0)
        self.close()

    def _arriving(self) -> Iterator[bytes]:
        try:
            with self._request.hang_up.ending(self._wait.end):
                yield from self._connection.body(self._head)
        except (OSError, HTTPException) as exc:
            self.close()
            raise UnreachableError(_reason(exc, self._request.timeout_s)) from exc
        self._finish()
        if self._wait.has_ended:  # that may have looked like the end of the body
            raise UnreachableError("the caller has hung up")

    def _finish(self) -> None:
        """Keep the connection for the next call, if both sides can."""
        self._is_over = True
        self._wait.on(None)
        kept_s = self._connection.kept_s(self._head)
        if kept_s > 0 and not self._wait.has_ended:
            self._kept.keep(self._connection, kept_s)
        else:
            self._connection.end()


def _exchanged(connection: UpstreamConnection, request: UpstreamRequest, head: bytes, wait: Wait) -> Head:
    """Send a request, and return the head of the reply.

    Raises:
        UnreachableError: there was none; the connection is closed.
    """
    wait.on(connection.socket)
    failure: OSError | None = None
    try:
        try:
            connection.ask(head, request.body, request.timeout_s)
        except ConnectionError as exc:
            failure = exc  # a provider may refuse a request before it has read everything
        return connection.head(has_body=request.method != "HEAD")
    except (OSError, HTTPException) as exc:
        wait.on(None)
        connection.end()
        raise UnreachableError(_reason(failure or exc, request.timeout_s)) from exc


def _reason(exc: Exception, timeout_s: float, otherwise: str = _BROKE_OFF) -> str:
    if isinstance(exc, TimeoutError):
        return f"no answer within {timeout_s:g} s"
    if isinstance(exc, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(exc, socket.gaierror):
        return "its name is not known"
    if isinstance(exc, HTTPException) and str(exc):
        return f"its reply is not HTTP: {exc}"
    return otherwise
