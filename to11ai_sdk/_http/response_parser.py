"""Reads an HTTP reply strictly by RFC 9112 and within limits, where ``http.client`` is lenient."""

from __future__ import annotations

import http.client
import sys
import zlib

from .deadline_socket import MAX_HEAD
from .exchange import Reply
from .process_safety import handler_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

MAX_INTERIM = 20
"""The most interim replies (1xx) to skip before the final one (RFC 9110 section 15.2)."""
MAX_FIELDS = 100
"""The most header lines of one reply."""
MAX_DIGITS = 32
"""The most digits of a Content-Length."""

_HEX = frozenset(b"0123456789abcdefABCDEF")
_GZIP = ("gzip", "x-gzip")
_PIECE = 64 * 1024
_LINE = 64 * 1024
MAX_LATE_CHUNKS = 1000
"""The most chunks read after the deadline, of data that arrived before it."""


class Response(http.client.HTTPResponse):
    """The head of a reply; a subclass for tools that inspect responses.

    ``headers`` are a plain dictionary of lower-case names: the e-mail parser of ``http.client`` is slow.
    """

    headers: Any
    msg: Any
    fp: Any = None
    length: Any
    connection: Any
    """The connection that the reply came on; set once the head is read."""
    __del__: Any = bool  # as in DeadlineSocket

    def begin(self) -> None:
        """Read the head of the reply."""
        interim, version = self._skip_interim()
        if not version.startswith("HTTP/1."):
            raise http.client.UnknownProtocol(version)
        self.code: int = self.status
        self.version = 10 if version == "HTTP/1.0" else 11
        self.headers = self.msg = _fields(self.fp)
        self.chunked = is_chunked(self.status, self.headers)
        self.length = content_length(self.status, self.headers, chunked=self.chunked)
        self.will_close = bool(
            interim
            or (self.chunked and "content-length" in self.headers)
            or (not self.chunked and self.length is None)
            or not is_persistent(self.version, self.headers)
        )
        self.fp.raw.bytes_allowed = float("inf")

    def _skip_interim(self) -> tuple[int, str]:
        """Read up to the final status line; return the number of interim replies, and the version."""
        for interim in range(MAX_INTERIM + 1):
            version, self.status, self.reason = _status_line(self.fp)
            if self.status >= 200:
                return interim, version
            if self.status == 101:
                raise http.client.HTTPException("101 Switching Protocols, which was not asked for")
            _fields(self.fp)
        raise http.client.HTTPException(f"more than {MAX_INTERIM} interim replies")


def _status_line(stream: Any) -> tuple[str, int, str]:
    line = stream.readline(_LINE + 1).decode("latin-1")
    if len(line) > _LINE:
        raise http.client.LineTooLong("status line")
    if not line:
        raise http.client.RemoteDisconnected("Remote end closed connection without response")
    version, status, reason = [*line.split(None, 2), "", "", ""][:3]
    if not (version.startswith("HTTP/") and status.isdecimal() and 100 <= int(status) <= 999):
        raise http.client.BadStatusLine(line)
    return version, int(status), reason.strip()


def _fields(stream: Any) -> dict[str, str]:
    """Read header fields by lower-case name; repeated ones are joined by a comma."""
    fields: dict[str, str] = {}
    name = ""
    for _ in range(MAX_FIELDS + 1):
        line = stream.readline(_LINE + 1)
        if line in (b"\r\n", b"\n"):
            return fields
        if len(line) > _LINE:
            raise http.client.LineTooLong("header line")
        if line[:1] in (b" ", b"\t") and fields:  # the value continues (RFC 9112 section 5.2)
            fields[name] += " " + line.decode("latin-1").strip()
            continue
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name or name != name.strip():
            raise http.client.HTTPException("an invalid header line")
        name, value = name.lower(), value.strip()
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    raise http.client.HTTPException(f"more than {MAX_FIELDS} headers")


def is_chunked(status: int, headers: dict[str, str]) -> bool:
    """Return whether a body is chunked; raises ``HTTPException`` for any other Transfer-Encoding."""
    coding = headers.get("transfer-encoding", "").lower()
    if coding not in ("", "chunked"):
        raise http.client.HTTPException("an unknown Transfer-Encoding")
    # These have no body, whatever the head says (RFC 9112 section 6.3).
    return bool(coding) and status not in (204, 304)


def content_length(status: int, headers: dict[str, str], *, chunked: bool) -> int | None:
    """Return the length of a body if the head says it; raises ``HTTPException`` if it is ambiguous."""
    # A repeated field is one list of values (RFC 9110 section 5.2); they must agree.
    values = {value.strip() for value in headers.get("content-length", "0").split(",")}
    digits = values.pop()
    if values or not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_DIGITS:
        raise http.client.HTTPException("an invalid Content-Length")
    if status in (204, 304):
        return 0
    return int(digits) if "content-length" in headers and not chunked else None


def is_persistent(version: int, headers: dict[str, str]) -> bool:
    """Return whether the connection stays open (RFC 9112 section 9.3; for HTTP/1.0 its appendix C.2.2)."""
    connection = headers.get("connection", "").lower()
    if version == 11 or "close" in connection:
        return "close" not in connection
    return "keep-alive" in connection or bool(headers.get("keep-alive"))


def _pieces(response: Response) -> Iterator[bytes]:
    """Yield the body, and close the response at its end."""
    stream, left = response.fp, response.length
    if response.chunked:
        late = 0
        while size := _chunk_size(stream):
            late += bool(stream.raw.late)
            if late > MAX_LATE_CHUNKS:
                raise TimeoutError("timed out")
            while size > _PIECE:
                yield _exactly(stream, _PIECE)
                size -= _PIECE
            piece = _exactly(stream, size + 2)
            if piece[-2:] != b"\r\n":
                raise http.client.HTTPException("an invalid chunk, longer than its size")
            yield piece[:-2]
        stream.raw.bytes_allowed = MAX_HEAD
        _fields(stream)
    elif left is None:
        while piece := stream.read(_PIECE):
            yield piece
    else:
        while left:
            piece = _exactly(stream, min(left, _PIECE))
            left -= len(piece)
            yield piece
    response.close()


def _exactly(stream: Any, size: int) -> bytes:
    piece: bytes = stream.read(size)
    if len(piece) < size:
        raise http.client.IncompleteRead(b"", size - len(piece))
    return piece


def _chunk_size(stream: Any) -> int:
    line = stream.readline(_LINE)
    if not line.endswith(b"\n") and len(line) < _LINE:
        raise http.client.IncompleteRead(b"")
    digits = line.split(b";", 1)[0].strip()
    if not digits or len(digits) > 16 or not _HEX.issuperset(digits):
        raise http.client.HTTPException("an invalid chunk size")
    return int(digits, 16)


def content(response: Response, limit: int) -> bytes | None:
    """Return the whole body, decompressed; ``None`` if it is over the limit, or an error's and broken."""
    outer = sys.exc_info()[1]
    try:
        body = _body(response, limit)
        zipped = response.headers.get("content-encoding", "").lower() in _GZIP
        return _unzipped(body, limit) if zipped and body is not None else body
    except (OSError, http.client.HTTPException, zlib.error) as exc:
        if response.status < 300 or handler_error(exc, outer):
            raise
        return None


def plain_reply(response: Any, limit: int) -> Reply:
    """Return the reply of a response made by a test tool."""
    headers: dict[str, str] = {}
    for name, value in response.headers.items():
        name = name.lower()
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    body = response.read()
    if headers.get("content-encoding", "").lower() in _GZIP:
        body = _unzipped(body, limit)
    return Reply(response.status, headers, body if body is None or len(body) <= limit else None, response.reason or "")


def _body(response: Response, limit: int) -> bytes | None:
    if response.length is not None and response.length > limit:
        return None
    body = bytearray()
    for piece in _pieces(response):
        body += piece
        if len(body) > limit:
            return None
    return bytes(body)


def _unzipped(body: bytes, limit: int) -> bytes | None:
    # Compression was not requested, but some proxies compress anyway.
    unzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    plain = unzip.decompress(body, limit + 1)
    if len(plain) > limit:
        return None
    if not unzip.eof or unzip.unused_data:
        raise zlib.error("it is truncated, or more follows")
    return plain
