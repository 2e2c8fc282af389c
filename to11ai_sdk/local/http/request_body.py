"""Reads the body of a request, within limits, as JSON that can be stored."""

from __future__ import annotations

import json
from typing import Any

from werkzeug.exceptions import HTTPException
from werkzeug.wsgi import get_input_stream

from ..json_input.reader import read_json
from ..problems import Problem, invalid

LIMIT = 8 * 2**20
"""The longest body that is accepted, in bytes."""
_DRAIN = 64 * 2**20


class UnreadableBodyError(Problem):
    """A body that was not read to its end, so the connection cannot be used for another request."""


def read(environ: dict[str, Any], limit: int = LIMIT) -> bytes:
    """Return the body.

    Raises:
        UnreadableBodyError: 413 if it is longer than ``limit``, 400 if it is not framed as HTTP requires.
    """
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()):
        raise UnreadableBodyError(400, "INVALID_INPUT", "Content-Length must be a number of bytes")
    try:
        return _read(get_input_stream(environ), limit)
    except (HTTPException, OSError) as exc:
        raise UnreadableBodyError(400, "INVALID_INPUT", "the body ended early or is not valid HTTP") from exc


def _read(stream: Any, limit: int) -> bytes:
    body = bytearray()
    while chunk := stream.read(65_536):
        body += chunk
        if len(body) > limit:
            _drain(stream)
            raise UnreadableBodyError(413, "CONTENT_TOO_LARGE", f"the body may have {limit} bytes at most")
    return bytes(body)


def _drain(stream: Any) -> None:
    # Closing a connection with unread data resets it, and the client would lose the reply with the reason.
    left = _DRAIN
    while left > 0 and (chunk := stream.read(65_536)):
        left -= len(chunk)


def parse(body: bytes) -> Any:
    """Return the JSON value of a body, ``None`` for an empty one (RFC 8259).

    Raises:
        Problem: 400 if it is not JSON, or contains text or a number that cannot be stored.
    """
    if not body:
        return None
    try:
        value = read_json(body)
        # Half a surrogate pair can be written in JSON, but not stored.
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except RecursionError:
        raise invalid("the body is nested too deeply") from None
    except ValueError as exc:
        raise invalid(f"the body is not JSON: {exc}") from None
    return value
