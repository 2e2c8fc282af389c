"""Reads the body of a request, within limits, and parses it as JSON that can be stored."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from .. import bounds
from ..json_input.reader import TooManyValuesError, read_json
from ..problems import Problem, invalid
from .request_parser import malformed, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .request_parser import RequestHead
    from .request_reader import RequestReader

_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_HEX = frozenset(b"0123456789abcdefABCDEF")
_PORTION = 2**20


def length(head: RequestHead) -> int | None:
    """Return the number of bytes that follow a head, ``None`` for chunks (RFC 9112 section 6.3).

    Raises:
        Problem: 400 if that is not certain, 501 for a coding that is not known.
    """
    coding = head.headers.get("transfer-encoding")
    declared = head.headers.get("content-length")
    if coding is not None:
        _check_coding(coding, is_alone=declared is None and not head.is_old)
        return None
    return 0 if declared is None else _declared(declared)


def read(reader: RequestReader, size: int | None, limit: int) -> bytes:
    """Return the body.

    Args:
        reader: the bytes after the head.
        size: its length, ``None`` if it comes in chunks.
        limit: the longest body that is accepted.

    Raises:
        Problem: 413 if it is longer, 400 if it is not framed as HTTP requires, 408 if it does not arrive.
    """
    reader.begin_body()
    if size is None:
        return _dechunked(reader, limit)
    if size > limit:
        reader.skip(min(size, limit + bounds.MAX_DRAINED))
        raise _too_large(limit)
    return reader.take(size)


def _declared(value: str) -> int:
    # The same length twice is harmless (RFC 9112 section 6.3).
    text = value if value.isdigit() else next(iter({part.strip(" \t") for part in value.split(",")} - {""}), "")
    if any(part.strip(" \t") != text for part in value.split(",")):
        raise malformed("Content-Length was sent twice, with different values")
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise malformed("Content-Length must be a number of bytes")
    return int(text)


def _check_coding(value: str, *, is_alone: bool) -> None:
    codings = words(value)
    if not is_alone:
        raise malformed("Transfer-Encoding needs HTTP/1.1, and no Content-Length next to it")
    if codings[-1] != "chunked" or "chunked" in codings[:-1]:
        raise malformed("Transfer-Encoding must end with chunked, once")
    if len(codings) > 1:
        raise Problem(501, "NOT_IMPLEMENTED", "Transfer-Encoding may only be chunked; send the body uncompressed")


def _dechunked(reader: RequestReader, limit: int) -> bytes:
    body, total = bytearray(), 0
    for part in _chunks(reader):
        total += len(part)
        if total <= limit:
            body += part
        elif total > limit + bounds.MAX_DRAINED:
            break
    if total > limit:
        raise _too_large(limit)
    return bytes(body)


def _chunks(reader: RequestReader) -> Iterator[bytes]:
    """Read the chunks (RFC 9112 section 7.1); their extensions and the trailer are not used."""
    spare = bounds.MAX_CHUNK_EXTENSIONS
    while size := _chunk_size(line := reader.line(spare)):
        spare -= len(line.partition(b";")[2])
        while size > 0:
            yield (part := reader.take(min(size, _PORTION)))
            size -= len(part)
        if reader.take(2) != b"\r\n":
            raise malformed("a chunk is longer than its size")
    while line := reader.line(spare):
        spare -= len(line)


def _chunk_size(line: bytes) -> int:
    digits = line.partition(b";")[0].rstrip(b" \t")
    if not (0 < len(digits) <= 16 and _HEX.issuperset(digits)):
        raise malformed("a chunk must begin with its size in hexadecimal digits")
    return int(digits, 16)


def _too_large(limit: int) -> Problem:
    # Raised after the body was read: a client that still sends would not read the reply.
    return Problem(413, "CONTENT_TOO_LARGE", f"the body may have {limit} bytes at most")


def parse(body: bytes) -> Any:
    """Return the JSON value of a body, ``None`` for an empty one (RFC 8259).

    Raises:
        Problem: 400 if it is not JSON, or contains text or a number that cannot be stored; 413 if it has too many
            values.
    """
    if not body:
        return None
    try:
        value = read_json(body, max_values=bounds.MAX_BODY_VALUES)
        # Half a surrogate pair can be written in JSON, but only with an escape, and not be stored.
        if _SURROGATE.search(body):
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise invalid("the body is nested too deeply") from None
    except TooManyValuesError as exc:
        raise Problem(413, "CONTENT_TOO_LARGE", f"the body is too large: {exc}") from None
    except ValueError as exc:
        raise invalid(f"the body is not JSON: {exc}") from None
    return value
