"""Reads what a client sends, within limits of size and time."""

from __future__ import annotations

import math
import re
from time import monotonic
from typing import TYPE_CHECKING

from .. import bounds
from ..problems import Problem
from .request_parser import malformed

if TYPE_CHECKING:
    import socket

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_PORTION = 65_536
_LARGE_PORTION = 2**20


class ClosedError(Exception):
    """The client sent no further request."""


class RequestReader:
    """The bytes of one client that no request has taken yet.

    Args:
        connection: the client's socket.

    Attributes:
        deadline: when :meth:`expire` is to be called, by the monotonic clock.
        is_late: whether it was called.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.deadline: float = math.inf
        self._connection = connection
        self._bytes = bytearray()
        self.is_late: bool = False

    def expire(self) -> None:
        """Record that the deadline has passed; whoever waits for bytes is to be woken by a shutdown."""
        self.is_late = True

    def is_empty(self) -> bool:
        """Return whether nothing has arrived."""
        return not self._bytes

    def head(self) -> bytes:
        """Return the next head, without the empty line at its end.

        Raises:
            ClosedError: there is none.
            Problem: 408, 414 or 431 if it does not arrive within its bounds, 400 if it ends early.
        """
        if not self._bytes:
            self.deadline = monotonic() + bounds.IDLE_TIMEOUT_S
            if not self._receive(_PORTION):
                raise ClosedError
        self.deadline = monotonic() + bounds.HEAD_TIMEOUT_S
        end = self._head_end()
        head = bytes(self._bytes[: end + 2])
        del self._bytes[: end + 4]
        return head

    def _head_end(self) -> int:
        searched = 0
        while True:
            while self._bytes.startswith(b"\r\n"):  # RFC 9112 section 2.2
                del self._bytes[:2]
            end = self._bytes.find(b"\r\n\r\n", searched)
            if 0 <= end <= bounds.MAX_REQUEST_HEAD:
                return end
            if len(self._bytes) > bounds.MAX_REQUEST_HEAD:
                raise _too_long(is_line=b"\n" not in self._bytes[: bounds.MAX_REQUEST_HEAD])
            if _HEAD_END.search(self._bytes, searched):
                raise malformed("each line of a head must end with CR LF")
            searched = max(0, len(self._bytes) - 3)
            if not self._receive(_PORTION):
                raise self._ended("the head")

    def begin_body(self) -> None:
        """Set the deadline for the bytes of a body."""
        self.deadline = monotonic() + bounds.BODY_TIMEOUT_S

    def take(self, size: int) -> bytes:
        """Return the next bytes of a body.

        Raises:
            Problem: 400 or 408 if fewer arrive.
        """
        while (missing := size - len(self._bytes)) > 0:
            self._receive_body(missing)
        taken = bytes(self._bytes[:size])
        del self._bytes[:size]
        return taken

    def skip(self, size: int) -> None:
        """Drop the next bytes of a body."""
        while size > 0:
            size -= len(self.take(min(size, _LARGE_PORTION)))

    def line(self, limit: int) -> bytes:
        """Return the next line of a chunked body, without its end.

        Raises:
            Problem: 400 or 408 if it does not arrive, or is longer than ``limit``.
        """
        while (end := self._bytes.find(b"\r\n", 0, limit + 2)) < 0:
            if len(self._bytes) > limit:
                raise malformed("a line of the chunked body is too long")
            self._receive_body(1)
        return self.take(end + 2)[:-2]

    def _receive_body(self, missing: int) -> None:
        if not self._receive(min(max(missing, _PORTION), _LARGE_PORTION)):
            raise self._ended("the body")
        self.begin_body()

    def _receive(self, size: int) -> bool:
        """Wait for bytes; return whether any came."""
        received = self._connection.recv(size)
        self._bytes += received
        return received != b""

    def _ended(self, what: str) -> Problem:
        if self.is_late:
            return Problem(408, "REQUEST_TIMEOUT", f"{what} of the request did not arrive in time")
        return malformed(f"{what} of the request ended early")


def _too_long(*, is_line: bool) -> Problem:
    limit = bounds.MAX_REQUEST_HEAD
    if is_line:
        return Problem(414, "URI_TOO_LONG", f"the first line of a request may have {limit} bytes at most")
    return Problem(
        431, "HEADERS_TOO_LARGE", f"the head of a request may have {limit} bytes at most; send fewer headers"
    )
