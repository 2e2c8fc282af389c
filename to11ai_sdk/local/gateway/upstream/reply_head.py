"""Reads the head of a provider's reply strictly by RFC 9112."""

from __future__ import annotations

import re
from http.client import HTTPException
from typing import NamedTuple

from ...._http.response_parser import content_length, is_chunked, is_persistent
from ...bounds import MAX_UPSTREAM_FIELDS

END = re.compile(rb"\r?\n\r?\n")
"""The end of a head."""

_STATUS_LINE = re.compile(r"HTTP/1\.(\d) ([1-9]\d\d)(?: [^\n]*)?\r?\n")
# White space before the colon is removed (RFC 9112 section 5.1).
_FIELD = re.compile(r"^([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*:([^\n]*)\n", re.MULTILINE)
_FOLD = re.compile(r"\r?\n[ \t]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_FRAMING = ("connection", "content-length", "transfer-encoding")


class Head(NamedTuple):
    """The head of a reply.

    Attributes:
        status: HTTP status; below 200 if another head follows.
        headers: by lower-case names; repeated ones are joined by a comma.
        is_chunked: whether the body has the chunked coding.
        length: bytes of the body; ``None`` if it is chunked or ends with the connection.
        keeps: whether the connection can be used again after the body.
    """

    status: int
    headers: dict[str, str]
    is_chunked: bool = False
    length: int | None = 0
    keeps: bool = True


def read_head(text: str, *, has_body: bool) -> Head:
    """Read the head of a reply.

    Args:
        text: status line and header lines, with the line end of the last of them.
        has_body: whether a reply to this request may have a body; one to ``HEAD`` has none.

    Raises:
        HTTPException: it is malformed, or leaves open where the body ends.
    """
    line = _STATUS_LINE.match(text)
    if line is None:
        raise HTTPException("its status line is not HTTP/1.1")
    status, version = int(line[2]), 10 if line[1] == "0" else 11
    if status == 101:
        raise HTTPException("101 Switching Protocols, which was not asked for")
    headers = _fields(text[line.end() :])
    if status < 200:
        return Head(status, headers)
    chunked = is_chunked(status, headers)
    length = content_length(status, headers, chunked=chunked)
    # Of a length and the chunked coding together, and of a coding in HTTP/1.0, only the first body can be trusted.
    is_clear = not (chunked and (version == 10 or "content-length" in headers))
    if not has_body:
        return Head(status, headers, keeps=is_clear and is_persistent(version, headers))
    keeps = is_clear and (chunked or length is not None) and is_persistent(version, headers)
    return Head(status, headers, chunked, length, keeps)


def _fields(text: str) -> dict[str, str]:
    if "\n " in text or "\n\t" in text:
        text = _FOLD.sub(" ", text)
    lines = _FIELD.findall(text)
    if len(lines) != text.count("\n") or text[:1] in (" ", "\t"):
        raise HTTPException("an invalid header line")
    if len(lines) > MAX_UPSTREAM_FIELDS:
        raise HTTPException(f"more than {MAX_UPSTREAM_FIELDS} header lines")
    fields: dict[str, str] = {}
    for name, value in lines:
        name, value = name.lower(), value.strip(" \t\r")
        if not value.isprintable() and _CONTROL.search(value):
            value = _cleaned(name, value)
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    return fields


def _cleaned(name: str, value: str) -> str:
    """Return a value with spaces for its control characters (RFC 9110 section 5.5)."""
    if name in _FRAMING:
        raise HTTPException(f"a control character in {name}")
    return _CONTROL.sub(" ", value).strip()
