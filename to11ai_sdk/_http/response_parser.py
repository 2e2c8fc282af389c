"""Reading an HTTP reply by the letter of RFC 9112 and within bounds, where ``http.client`` is lenient."""

from __future__ import annotations

import http.client
import sys
import zlib

from .deadline_socket import MAX_HEAD
from .exchange import Reply
from .process_safety import handler_error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_INTERIM = 20
"""Interim replies (1xx) that are skipped before the answer (RFC 9110 section 15.2)."""
MAX_FIELDS = 100
"""Header lines of one reply."""
MAX_DIGITS = 32
"""Digits of a Content-Length; ``int`` refuses thousands."""

_HEX = frozenset(b"0123456789abcdefABCDEF")
_GZIP = ("gzip", "x-gzip")
_PIECE = 64 * 1024
_LINE = 64 * 1024


class Response(http.client.HTTPResponse):
    """A reply, read by the letter of RFC 9112 where ``http.client`` is lenient.

    Its ``headers`` are a plain dictionary of lower-case names: the e-mail parser of ``http.client`` is the slowest part
    of a call.
    """

    status: Any
    code: Any
    version: Any
    headers: Any
    msg: Any
    chunked: Any
    chunk_left: Any
    length: Any
    will_close: Any
    reason: Any
    fp: Any = None
    connection: Any
    """The connection it came on; set once the head is read."""

    def begin(self) -> None:
        """Read the head of the reply."""
        interim, (version, self.status, reason) = self._final_status()
        if not version.startswith("HTTP/1."):
            raise http.client.UnknownProtocol(version)
        self.code = self.status
        self.reason = reason.strip()
        self.version = 10 if version == "HTTP/1.0" else 11
        self.headers = self.msg = _fields(self.fp)
        self.chunked, self.chunk_left = self._is_chunked(), None
        self.length = self._length()
        self.will_close = bool(
            interim
            or (self.chunked and "content-length" in self.headers)
            or (not self.chunked and self.length is None)
            or self._check_close()  # type: ignore[attr-defined]
        )

    def _final_status(self) -> tuple[int, Any]:
        for interim in range(MAX_INTERIM + 1):
            line: Any = self._read_status()  # type: ignore[attr-defined]
            if line[1] >= 200:
                return interim, line  # pyright: ignore[reportUnknownVariableType]
            if line[1] == 101:
                raise http.client.HTTPException("101 Switching Protocols, which was not asked for")
            _fields(self.fp)
        raise http.client.HTTPException(f"more than {MAX_INTERIM} interim replies")

    def _is_chunked(self) -> bool:
        coding = self.headers.get("transfer-encoding", "").lower()
        if coding not in ("", "chunked"):
            raise http.client.HTTPException("an unknown Transfer-Encoding")
        # These end with their head, whatever it says (RFC 9112 section 6.3).
        return bool(coding) and self.status not in (204, 304)

    def _length(self) -> int | None:
        # A repeated field is one list of values (RFC 9110 section 5.2); they must agree.
        values = {value.strip() for value in self.headers.get("content-length", "0").split(",")}
        digits = values.pop()
        if values or not (digits.isascii() and digits.isdigit()) or len(digits) > MAX_DIGITS:
            raise http.client.HTTPException("an invalid Content-Length")
        if self.status in (204, 304):
            return 0
        return int(digits) if "content-length" in self.headers and not self.chunked else None

    def _get_chunk_left(self) -> Any:
        # Not that of http.client, which takes any ValueError, a signal handler's too, for a broken chunk.
        if not self.chunk_left:
            if self.chunk_left == 0 and self._safe_read(2) != b"\r\n":  # type: ignore[attr-defined]
                raise http.client.HTTPException("an invalid chunk, longer than its size")
            self.chunk_left = self._read_next_chunk_size() or None
            if self.chunk_left is None:
                self._read_and_discard_trailer()
                self._close_conn()  # type: ignore[attr-defined]
        return self.chunk_left

    def _read_and_discard_trailer(self) -> None:
        self.connection.wire.allowance = MAX_HEAD
        _fields(self.fp)

    def _read_next_chunk_size(self) -> int:
        line = self.fp.readline(_LINE)
        if not line.endswith(b"\n") and len(line) < _LINE:
            raise http.client.IncompleteRead(b"")
        digits = line.split(b";", 1)[0].strip()
        if not digits or len(digits) > 16 or not _HEX.issuperset(digits):
            raise http.client.HTTPException("an invalid chunk size")
        return int(digits, 16)


def _fields(stream: Any) -> dict[str, str]:
    """The header fields up to the empty line, by lower-case name; repeated ones are joined by a comma."""
    fields: dict[str, str] = {}
    name = ""
    for _ in range(MAX_FIELDS + 1):
        line = stream.readline(_LINE + 1)
        if line in (b"\r\n", b"\n"):
            return fields
        if len(line) > _LINE:
            raise http.client.LineTooLong("header line")
        if line[:1] in (b" ", b"\t") and fields:  # the value goes on (RFC 9112 section 5.2)
            fields[name] += " " + line.decode("latin-1").strip()
            continue
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or not name or name != name.strip():
            raise http.client.HTTPException("an invalid header line")
        name, value = name.lower(), value.strip()
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    raise http.client.HTTPException(f"more than {MAX_FIELDS} headers")


def content(response: Response, limit: int) -> bytes | None:
    """The whole body, decompressed; ``None`` if it is over the limit, which is checked before memory is taken.

    ``None`` also for an error whose body is broken: its status says more than its body.

    Raises:
        OSError: the connection broke or the deadline passed.
        http.client.HTTPException: the body ended early or is badly framed.
        zlib.error: the compressed body is broken.
    """
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
    """Return the reply of a response that a test tool made, with nothing but the attributes that all of them have."""
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
    while piece := response.read(_PIECE):
        body += piece
        if len(body) > limit:
            return None
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    return bytes(body)


def _unzipped(body: bytes, limit: int) -> bytes | None:
    # Nobody asked for compression, but some proxies do not care.
    unzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    plain = unzip.decompress(body, limit + 1)
    if len(plain) > limit:
        return None
    if not unzip.eof or unzip.unused_data:
        raise zlib.error("it is truncated, or more follows")
    return plain
