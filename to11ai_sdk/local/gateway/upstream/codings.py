"""Reads bodies of replies: within a bound, and decompressed if a provider compresses although asked not to."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from ..provider import ReplyTooLargeError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..provider import UpstreamReply

_PIECE = 65_536
_GZIP = 16 + zlib.MAX_WBITS
_EMPTY = 2**20
"""The most bytes of gzip without content, which could go on for ever."""
_LEAST = 16
"""How many bytes of gzip one byte of content may take; the events of a stream take a few each."""


def unpacked(coding: str, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a body without its content coding, as soon as they arrive; ``b""`` is passed on.

    Raises:
        UnreachableError: the coding is neither ``gzip`` nor ``identity``, or the bytes are invalid or end early.
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        yield from chunks
    elif coding in ("gzip", "x-gzip"):
        yield from _gunzipped(chunks)
    else:
        for _ in filter(None, chunks):
            raise UnreachableError(f"its reply has the content coding {coding!r}, and only gzip is understood")


def _gunzipped(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the decompressed bytes in pieces, because a few bytes may expand to a great many."""
    member, piece, begun, spare = zlib.decompressobj(_GZIP), b"", False, _EMPTY
    try:
        for chunk in chunks:
            if not chunk:
                yield b""
            data, begun = chunk, begun or chunk != b""
            while data or (len(piece) == _PIECE and not member.eof):
                member = zlib.decompressobj(_GZIP) if member.eof else member
                piece = member.decompress(data, _PIECE)
                rest = member.unused_data if member.eof else member.unconsumed_tail
                spare = min(_EMPTY, spare + _LEAST * len(piece)) - (len(data) - len(rest))
                if spare < 0:
                    raise UnreachableError("its reply is gzip with hardly any content")
                data = rest
                if piece:
                    yield piece
    except zlib.error as exc:
        raise UnreachableError("its reply is not the gzip that it says it is") from exc
    if begun and not member.eof:
        raise UnreachableError("the connection broke before the end of the reply")


def whole(reply: UpstreamReply, limit: int) -> bytes:
    """Return the whole body of a reply, and stop reading as soon as it is too long.

    Raises:
        ReplyTooLargeError: it has more bytes than the limit.
        UnreachableError: it ended early, or cannot be decompressed.
    """
    length = reply.headers.get("content-length", "")
    is_long = length.isdecimal() and int(length) > limit  # a reply to HEAD has a length, but no body
    # Not a list of the pieces: small ones take more memory than their bytes.
    body = bytearray()
    for piece in reply.body:
        body += piece
        if is_long or len(body) > limit:
            raise ReplyTooLargeError(limit)
    return bytes(body)
