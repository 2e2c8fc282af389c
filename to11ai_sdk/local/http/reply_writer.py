"""Writes replies to the connection of a client (RFC 9112): head, framing and body."""

from __future__ import annotations

from email.utils import formatdate
from http import HTTPStatus
from time import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .application import HttpReply, Pauses, Streaming

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
BEGINNING = b"HTTP/1.1 "
"""The first bytes of any reply."""

_REASONS = {status.value: status.phrase for status in HTTPStatus}
_BODILESS = {*range(100, 200), HTTPStatus.NO_CONTENT.value, HTTPStatus.NOT_MODIFIED.value}
"""Statuses whose replies end with their head (RFC 9112 section 6.3)."""
_JOINED = 65_536
"""A longer body is sent by itself, because copying it would take longer than another system call."""


class UnsendableError(ValueError):
    """A reply with a header that HTTP cannot send; nothing of it was sent."""


class ReplyContext(NamedTuple):
    """What a request decides about its reply.

    Attributes:
        method: HTTP method.
        is_old: whether the client is of HTTP/1.0 and reads no chunks.
        is_last: whether the connection ends with the reply.
    """

    method: str
    is_old: bool = False
    is_last: bool = False


def send(connection: socket.socket, context: ReplyContext, reply: HttpReply) -> bool:
    """Send a reply, and return whether the connection can be used for another request.

    Args:
        connection: the socket of the client.
        context: what the request decides about the reply.
        reply: the reply.

    Raises:
        OSError: the client has disconnected, or the stream broke: only closing the connection shows that.
        UnsendableError: a header has a line end in it, or characters outside of Latin-1.
    """
    names = {name.lower(): value for name, value in reply.headers.items()}
    is_last = context.is_last or names.get("connection", "").lower() == "close"
    has_body = context.method != "HEAD" and reply.status not in _BODILESS
    lines = ["Connection: close"] if is_last and "connection" not in names else []
    frame = _whole
    if isinstance(reply.body, bytes):
        is_known = has_body or (context.method == "HEAD" and reply.body != b"")
        if is_known and "content-length" not in names:
            lines.append(f"Content-Length: {len(reply.body)}")
        _send_bytes(connection, _head(reply, lines), reply.body if has_body else b"")
        return not is_last
    if has_body and not context.is_old and "content-length" not in names:
        lines.append("Transfer-Encoding: chunked")
        frame = _chunk
    outbox = _Outbox(connection, _head(reply, lines), reply.pauses)
    if has_body:
        outbox.send(reply.body, frame)
    else:
        outbox.flush()
    return not is_last


def _send_bytes(connection: socket.socket, head: bytes, body: bytes) -> None:
    if len(body) <= _JOINED:
        connection.sendall(head + body)
    else:
        connection.sendall(head)
        connection.sendall(body)


class _Outbox:
    """What is to be sent of a stream: what is ready is sent together, before the stream waits for more."""

    def __init__(self, connection: socket.socket, head: bytes, pauses: Pauses | None) -> None:
        self._connection = connection
        self._waiting = bytearray(head)
        self._limit = 0 if pauses is None else _JOINED
        if pauses is not None:
            pauses.before = self.flush

    def send(self, body: Streaming, frame: Callable[[bytes], bytes]) -> None:
        try:
            for part in filter(None, body):
                self._waiting += frame(part)
                if len(self._waiting) > self._limit:
                    self.flush()
            self._waiting += frame(b"")
        finally:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            waiting, self._waiting = self._waiting, bytearray()
            self._connection.sendall(waiting)


def _chunk(part: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(part), part)


def _whole(part: bytes) -> bytes:
    return part


def _head(reply: HttpReply, more: list[str]) -> bytes:
    lines = [
        f"HTTP/1.1 {reply.status} {_REASONS.get(reply.status, 'Unknown')}",
        "Server: to11-local",
        _date(int(time())),
        *[f"{name}: {value}" for name, value in reply.headers.items()],
        *more,
    ]
    text = "\r\n".join(lines)
    if text.count("\n") != len(lines) - 1 or text.count("\r") != len(lines) - 1:
        raise UnsendableError("a header of the reply has a line end in it")
    try:
        return text.encode("latin-1") + b"\r\n\r\n"
    except UnicodeEncodeError as exc:
        raise UnsendableError("a header of the reply has characters outside of Latin-1") from exc


_dates: dict[int, str] = {}


def _date(now: int) -> str:
    """Return the header ``Date``, written once a second."""
    line = _dates.get(now)
    if line is None:
        line = f"Date: {formatdate(now, usegmt=True)}"
        _dates.clear()
        _dates[now] = line
    return line
