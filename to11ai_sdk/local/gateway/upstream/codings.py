"""Decodes compressed replies, which a provider may send although asked not to (RFC 9110 section 8.4)."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from ..provider import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_UNPACKED = 256 * 2**20
"""The most bytes of a decompressed reply."""

_PIECE = 65_536
_GZIP = 16 + zlib.MAX_WBITS


def unpacked(coding: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a body without its content coding, as soon as they arrive.

    Raises:
        UnreachableError: the coding is neither ``gzip`` nor ``identity``, or the bytes are invalid, end early, or would
            exceed ``MAX_UNPACKED``.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        yield from chunks
    elif coding in ("gzip", "x-gzip"):
        yield from _bounded(_gunzipped(chunks))
    else:
        for _ in chunks:
            raise UnreachableError(f"its reply has the content coding {coding!r}, and only gzip is understood")


def _gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the decompressed bytes in pieces, because a few bytes may expand to a great many."""
    member, piece, begun = zlib.decompressobj(_GZIP), b"", False
    try:
        for chunk in chunks:
            data, begun = chunk, True
            while data or (len(piece) == _PIECE and not member.eof):
                member = zlib.decompressobj(_GZIP) if member.eof else member
                piece = member.decompress(data, _PIECE)
                data = member.unused_data if member.eof else member.unconsumed_tail
                yield piece
    except zlib.error as exc:
        raise UnreachableError("its reply is not the gzip that it says it is") from exc
    if begun and not member.eof:
        raise UnreachableError("the connection broke before the end of the reply")


def _bounded(pieces: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_UNPACKED:
            raise UnreachableError(f"its reply has more than {MAX_UNPACKED} bytes once it is unpacked")
        if piece:
            yield piece
