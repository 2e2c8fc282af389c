"""Reading an HTTP reply by the letter of RFC 9112 and within bounds, where ``http.client`` is lenient."""

from __future__ import annotations

import http.client
import zlib

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_INTERIM = 20
"""Interim replies (1xx) that are skipped before the answer (RFC 9110 section 15.2)."""

_HEX = frozenset(b"0123456789abcdefABCDEF")
_PIECE = 64 * 1024
_LINE = 4096


class Response(http.client.HTTPResponse):
    """A reply, read by the letter of RFC 9112 where ``http.client`` is lenient."""

    chunk_left: Any
    connection: Any
    """The connection it came on; set once the head is read."""

    def _read_status(self) -> Any:
        for interim in range(MAX_INTERIM + 1):
            line: Any = super()._read_status()  # type: ignore[misc]
            if line[1] >= 200:
                self._interim = interim
                return line  # pyright: ignore[reportUnknownVariableType]
            if line[1] == 101:
                raise http.client.HTTPException("101 Switching Protocols, which was not asked for")
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException(f"more than {MAX_INTERIM} interim replies")

    def begin(self) -> None:
        """Read the head of the reply."""
        super().begin()
        coding = self.headers.get("transfer-encoding")
        lengths = {value.strip() for value in self.headers.get_all("content-length", [])}
        if self.headers.get_payload():
            raise http.client.HTTPException("a header line without a colon")
        if coding and not self.chunked:
            raise http.client.HTTPException("an unknown Transfer-Encoding")
        if any(not (value.isascii() and value.isdigit()) for value in lengths) or len(lengths) > 1:
            raise http.client.HTTPException("an invalid Content-Length")
        if lengths and self.length is None and not self.chunked:
            raise http.client.HTTPException("an invalid Content-Length, too long to be a number")
        if self._interim or (self.chunked and lengths):
            self.will_close = True

    def _get_chunk_left(self) -> Any:
        if self.chunk_left == 0:
            if self._safe_read(2) != b"\r\n":  # type: ignore[attr-defined]
                raise http.client.HTTPException("an invalid chunk, longer than its size")
            self.chunk_left = None
        return super()._get_chunk_left()  # type: ignore[misc]

    def _read_next_chunk_size(self) -> int:
        line = self.fp.readline(_LINE)
        if not line.endswith(b"\n") and len(line) < _LINE:
            raise http.client.IncompleteRead(b"")
        digits = line.split(b";", 1)[0].strip()
        if not digits or len(digits) > 16 or not _HEX.issuperset(digits):
            raise http.client.HTTPException("an invalid chunk size")
        return int(digits, 16)


def content(response: Response, limit: int) -> bytes | None:
    """The whole body, decompressed; ``None`` if it is over the limit, which is checked before memory is taken.

    Raises:
        OSError: the connection broke or the deadline passed.
        http.client.HTTPException: the body ended early or is badly framed.
        zlib.error: the compressed body is broken.
    """
    if response.length is not None and response.length > limit:
        return None
    body = bytearray()
    while piece := response.read(_PIECE):
        body += piece
        if len(body) > limit:
            return None
    if response.length:
        raise http.client.IncompleteRead(b"", response.length)
    if response.headers.get("content-encoding", "").lower() not in ("gzip", "x-gzip"):
        return bytes(body)
    try:
        return _unzipped(body, limit)
    except zlib.error:
        if response.status < 300:
            raise
        # The status of an error says more than its body.
        return None


def _unzipped(body: bytearray, limit: int) -> bytes | None:
    # Nobody asked for compression, but some proxies do not care.
    unzip = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    plain = unzip.decompress(body, limit + 1)
    if len(plain) > limit:
        return None
    if not unzip.eof or unzip.unused_data:
        raise zlib.error("it is truncated, or more follows")
    return plain
