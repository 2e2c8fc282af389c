"""Defines ``UpstreamProvider``: a real server, OpenAI, Anthropic or a compatible one."""

from __future__ import annotations

import http.client
import socket
import ssl
from contextlib import suppress
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from ..provider import UnreachableError, UpstreamReply, UpstreamRequest
from .codings import unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CHUNK = 65_536
_ASCII = "".join(map(chr, range(0x21, 0x7F)))
_VERSION = "2023-06-01"


class UpstreamProvider:
    """Sends requests to a server.

    Args:
        dialect: ``"openai"``, ``"anthropic"``, ``"cohere"`` or ``"native"``.
        base_url: ``http://`` or ``https://`` with the path below which the endpoints are, such as
            ``https://api.openai.com/v1``.
        context: TLS settings, by default with the system's authorities.

    Raises:
        ValueError: ``base_url`` is not such a URL.
    """

    def __init__(self, *, dialect: str, base_url: str, context: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError(f"base_url must look like https://api.openai.com/v1, not {base_url!r}")
        self.dialect = dialect
        self._tls = parts.scheme == "https"
        self._host = parts.hostname
        self._port = parts.port
        self._root = parts.path.rstrip("/")
        self._context = context or (ssl.create_default_context() if self._tls else None)

    def send(self, request: UpstreamRequest) -> UpstreamReply:
        """Send a request and wait for the head of its reply.

        Raises:
            UnreachableError: no connection, no answer within the timeout, or none that is HTTP.
        """
        connection = self._connection(request.timeout_s)
        opened: socket.socket | None = None
        try:
            opened = _connected(connection)
            response = self._sent(connection, request)
        except (OSError, http.client.HTTPException) as exc:
            connection.close()
            raise UnreachableError(_reason(exc, request.timeout_s), was_connected=opened is not None) from exc
        except BaseException:
            connection.close()
            raise
        headers = {name.lower(): value for name, value in response.getheaders()}
        return UpstreamReply(response.status, headers, ArrivingBody(opened, response, request.timeout_s))

    def _connection(self, timeout_s: float) -> http.client.HTTPConnection:
        if not self._tls:
            return http.client.HTTPConnection(self._host, self._port, timeout=timeout_s)
        return http.client.HTTPSConnection(self._host, self._port, timeout=timeout_s, context=self._context)

    def _sent(self, connection: http.client.HTTPConnection, request: UpstreamRequest) -> http.client.HTTPResponse:
        headers = {**request.headers, **self._credential(request)}
        # The path is unchanged from the caller; non-ASCII characters in it were sent as bytes.
        path = quote(self._root + request.path, safe=_ASCII, encoding="latin-1")
        connection.putrequest(request.method, path, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value)
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            connection.putheader("content-length", str(len(request.body)))
        connection.endheaders(request.body or None)
        return connection.getresponse()

    def _credential(self, request: UpstreamRequest) -> Mapping[str, str]:
        if self.dialect != "anthropic":
            return {"authorization": f"Bearer {request.credential}"} if request.credential else {}
        version = {} if "anthropic-version" in request.headers else {"anthropic-version": _VERSION}
        return {**version, "x-api-key": request.credential} if request.credential else version


class ArrivingBody:
    """The body of a reply as it arrives; call ``abort`` from any thread, ``close`` from the reading one."""

    def __init__(self, opened: socket.socket, response: http.client.HTTPResponse, timeout_s: float) -> None:
        self._socket = opened
        self._response = response
        self._timeout_s = timeout_s
        self._chunks = unpacked(response.headers.get("content-encoding", ""), self._arriving())

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        return next(self._chunks)

    def _arriving(self) -> Iterator[bytes]:
        while chunk := self._read():
            yield chunk
        broke_off = bool(self._response.length)
        self.close()
        if broke_off:
            raise UnreachableError("the connection broke before the end of the reply")

    def _read(self) -> bytes:
        try:
            return self._response.read1(_CHUNK)
        except (OSError, ValueError, http.client.HTTPException) as exc:
            self.close()
            raise UnreachableError(_reason(exc, self._timeout_s)) from exc

    def abort(self) -> None:
        """End the connection; a waiting reader gets an error."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._response.close()
        self._socket.close()


def _connected(connection: http.client.HTTPConnection) -> socket.socket:
    connection.connect()
    # The connection drops its socket if the reply says that it closes.
    opened: socket.socket = connection.sock
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return opened


def _reason(exc: Exception, timeout_s: float) -> str:
    if isinstance(exc, TimeoutError):
        return f"no answer within {timeout_s:g} s"
    if isinstance(exc, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(exc, socket.gaierror):
        return "its name is not known"
    if isinstance(exc, ssl.SSLError):
        return "the TLS handshake failed"
    return "the connection broke"
