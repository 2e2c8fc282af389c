"""Decodes the chunked transfer coding of replies (RFC 9112 section 7.1), in pieces of any size."""

from __future__ import annotations

from http.client import HTTPException

from ...bounds import MAX_UPSTREAM_CHUNK_LINE, MAX_UPSTREAM_HEAD

_HEX = frozenset(b"0123456789abcdefABCDEF")


class ChunkedBody:
    """A chunked body as it arrives.

    Attributes:
        is_over: whether the body is complete.
        surplus: the bytes that came after it.
    """

    def __init__(self) -> None:
        self.is_over: bool = False
        self.surplus: bytes = b""
        self._line = b""
        self._left = 0
        self._read = ChunkedBody._size
        self._trailers = 0

    def feed(self, data: bytes) -> list[bytes]:
        """Return the content in these bytes, that of each chunk by itself.

        Raises:
            HTTPException: they are not chunked.
        """
        data, self._line = self._line + data, b""
        pieces: list[bytes] = []
        place = 0
        while place < len(data) and not self.is_over:
            if self._left:
                piece = data[place : place + self._left]
                pieces.append(piece)
                self._left -= len(piece)
                place += len(piece)
            else:
                place = self._line_at(data, place)
        self.surplus = data[place:]
        return pieces

    def _line_at(self, data: bytes, place: int) -> int:
        """Read the line at this place, and return the place after it; keep a line that is not complete."""
        end = data.find(b"\n", place)
        if (len(data) if end < 0 else end) - place > MAX_UPSTREAM_CHUNK_LINE:
            raise HTTPException(f"a line of more than {MAX_UPSTREAM_CHUNK_LINE} bytes between its chunks")
        if end < 0:
            self._line = data[place:]
            return len(data)
        self._read(self, data[place:end])
        return end + 1

    def _size(self, line: bytes) -> None:
        digits = line.partition(b";")[0].strip()
        if not digits or len(digits) > 16 or not _HEX.issuperset(digits):
            raise HTTPException("an invalid chunk size")
        self._left = int(digits, 16)
        self._read = ChunkedBody._end if self._left else ChunkedBody._trailer

    def _end(self, line: bytes) -> None:
        if line != b"\r":
            raise HTTPException("an invalid chunk, longer than its size")
        self._read = ChunkedBody._size

    def _trailer(self, line: bytes) -> None:
        """Drop a trailer line; the blank line after them ends the body."""
        self._trailers += len(line)
        if self._trailers > MAX_UPSTREAM_HEAD:
            raise HTTPException(f"more than {MAX_UPSTREAM_HEAD} bytes of trailers")
        self.is_over = line in (b"\r", b"")
