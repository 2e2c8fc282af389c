"""Parses the head of a request strictly by RFC 9112: what is not HTTP is refused, never repaired."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from ..problems import Problem
from .application import Target

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINE = re.compile(rb"(%b) ([!-~\x80-\xff]+) HTTP/([0-9])\.([0-9])\r\n" % _TOKEN)
_FIELDS = re.compile(rb"(?:%b:[\t -~\x80-\xff]*\r\n)*" % _TOKEN)
_FIELD = re.compile(rb"%b:[\t -~\x80-\xff]*\r\n" % _TOKEN)
_RAW = re.compile(rb"[\x80-\xff]")
_ONCE = ("host",)
_HOST = re.compile(r"(?:\[[0-9A-Za-z:.]+\]|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::[0-9]*)?", re.ASCII)
"""RFC 9110 section 7.2, with the characters of RFC 3986."""


class RequestHead(NamedTuple):
    """The head of a request.

    Attributes:
        method: HTTP method.
        target: path and query; bytes outside of ASCII are percent-encoded.
        is_old: whether it is HTTP/1.0, without chunks and kept connections.
        headers: by lower-case names; the values of a repeated one are joined by commas.
    """

    method: str
    target: Target
    is_old: bool
    headers: dict[str, str]

    @property
    def is_last(self) -> bool:
        """Whether the client closes the connection after the reply."""
        connection = self.headers.get("connection", "")
        return self.is_old or (connection != "" and "close" in words(connection))


def parse(head: bytes) -> RequestHead:
    """Return the parsed head.

    Args:
        head: the request line and the header lines, each with its line end.

    Raises:
        Problem: 400 if it is not HTTP, 505 if it is another version of it.
    """
    line = _LINE.match(head)
    if line is None:
        raise malformed("the first line must be: method, space, target, space, HTTP/1.1, CR LF")
    method, target, major, minor = line.groups()
    if major != b"1":
        raise Problem(505, "INVALID_INPUT", f"HTTP/{major.decode()}.{minor.decode()} is not supported; use HTTP/1.1")
    if _FIELDS.fullmatch(head, line.end()) is None:
        raise _misplaced(head, line.end())
    is_old, headers = minor == b"0", _headers(head[line.end() :])
    host = headers.get("host", "" if is_old else None)
    if host is None or _HOST.fullmatch(host) is None:
        raise malformed("the header Host must name the host, and its port if it has one (RFC 9112 section 3.2)")
    if b"://" in target and not target.startswith(b"/"):  # RFC 9112 section 3.2.2: this host counts, not the header's
        headers["host"] = target.partition(b"://")[2].partition(b"/")[0].partition(b"?")[0].decode("latin-1")
    return RequestHead(method.decode("ascii"), _target(target), is_old, headers)


def malformed(message: str) -> Problem:
    """Return a 400: the request is not HTTP."""
    return Problem(400, "INVALID_INPUT", message)


def _target(raw: bytes) -> Target:
    if not raw.isascii():
        raw = _RAW.sub(lambda found: b"%%%02X" % found[0][0], raw)
    text = raw.decode("ascii")
    if not text.startswith("/"):
        try:
            urlsplit(text)
        except ValueError:
            raise malformed("the request target is not a URL") from None
    return Target.parse(text)


def _headers(lines: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines.decode("latin-1").split("\r\n")[:-1]:
        name, _, value = line.partition(":")
        name, value = name.lower(), value.strip(" \t")
        if name in headers:
            if name in _ONCE:
                raise malformed(f"the header {name} was sent twice")
            value = f"{headers[name]}, {value}"
        headers[name] = value
    return headers


def _misplaced(head: bytes, start: int) -> Problem:
    """Return the problem of the first header line that is wrong."""
    while found := _FIELD.match(head, start):
        start = found.end()
    line = head[start:].partition(b"\n")[0]
    if line[:1] in {b" ", b"\t"}:
        return malformed("a header may not continue on a second line (RFC 9112 section 5.2)")
    name = re.match(_TOKEN, line)
    where = f"the header {name[0][:100].decode('ascii')}" if name else "a header line"
    return malformed(f"{where} must be: name, colon, value without control characters, CR LF")


def words(value: str) -> list[str]:
    """Return the lower-case members of a header that is a list separated by commas (RFC 9110 section 5.6.1)."""
    return [word.strip(" \t") for word in value.lower().split(",")]
