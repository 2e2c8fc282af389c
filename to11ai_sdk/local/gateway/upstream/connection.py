"""Defines a connection to a provider: it sends a request and reads the reply, any number of times."""

from __future__ import annotations

import math
import re
import socket
from contextlib import suppress
from http.client import HTTPException
from typing import TYPE_CHECKING

from ...._http.deadline_socket import has_data
from ...bounds import MAX_UPSTREAM_HEAD
from .chunked import ChunkedBody
from .limited_socket import LimitedSocket
from .reply_head import END, Head, read_head

if TYPE_CHECKING:
    from collections.abc import Iterator

PIECE = 65_536
"""The most bytes of one read."""

_KEPT_FOR = re.compile(r"\btimeout ?= ?(\d{1,6})\b", re.IGNORECASE)


class CutOffError(HTTPException):
    """The provider closed the connection before the end of its reply."""


class UpstreamConnection:
    """A connection, used by one call at a time.

    Attributes:
        socket: its socket.
        has_answered: whether a byte of the reply to the last request has arrived.
    """

    def __init__(self, opened: socket.socket) -> None:
        self.socket: socket.socket = opened
        self.has_answered: bool = False
        self._arrived = b""
        self._is_clean = True
        self._limited = LimitedSocket(opened)

    def ask(self, request: bytes, body: bytes, timeout_s: float) -> None:
        """Send a request.

        Raises:
            OSError: it could not be sent; there may be a reply all the same, such as 413.
        """
        self._limited.within(timeout_s)
        self.has_answered = self._is_clean = False
        if len(body) <= PIECE:
            self._limited.send(request + body)
        else:
            self._limited.send(request)
            self._limited.send_long(body)

    def limit(self, timeout_s: float) -> None:
        """Let each further wait for the reply end after some seconds."""
        self._limited.within(timeout_s)

    def head(self, *, has_body: bool) -> Head:
        """Read the head of the reply; interim replies before it are skipped.

        Raises:
            HTTPException: it is not HTTP, or has more than ``MAX_UPSTREAM_HEAD`` bytes.
            OSError: the connection broke, or no byte came within the timeout.
        """
        arrived, read, begin = bytearray(), 0, 0
        while True:
            end = END.search(arrived, max(begin, read - 3))
            if end is None:
                read = len(arrived)
                if read > MAX_UPSTREAM_HEAD:
                    raise HTTPException(f"its head has more than {MAX_UPSTREAM_HEAD} bytes")
                arrived += self._received()
                continue
            text = arrived[begin : end.start()].decode("latin-1") + "\n"
            head = read_head(text, has_body=has_body)
            begin = read = end.end()
            if head.status >= 200:
                self._arrived = bytes(arrived[begin:])
                return head

    def whole(self, head: Head) -> bytes | None:
        """Return a body that has arrived with its head; ``None`` if there is more to wait for."""
        if head.length is None or len(self._arrived) < head.length:
            return None
        body, self._arrived = self._arrived[: head.length], self._arrived[head.length :]
        self._is_clean = not self._arrived
        return body

    def body(self, head: Head) -> Iterator[bytes]:
        """Yield the body as it arrives, and ``b""`` before each wait for more of it.

        Raises:
            HTTPException: it is malformed, or ended early.
            OSError: the connection broke, or no byte came within the timeout.
        """
        if head.is_chunked:
            return self._chunked()
        return self._until_closed() if head.length is None else self._counted(head.length)

    def _counted(self, left: int) -> Iterator[bytes]:
        piece, self._arrived = self._arrived[:left], self._arrived[left:]
        while True:
            left -= len(piece)
            if piece:
                yield piece
            if not left:
                break
            yield b""
            piece = self._received(min(left, PIECE))
        self._is_clean = not self._arrived

    def _chunked(self) -> Iterator[bytes]:
        body = ChunkedBody()
        piece, self._arrived = self._arrived, b""
        while True:
            content = body.feed(piece)
            self._is_clean = body.is_over and not body.surplus
            yield from content
            if body.is_over:
                return
            yield b""
            piece = self._received()

    def _until_closed(self) -> Iterator[bytes]:
        piece, self._arrived = self._arrived, b""
        if piece:
            yield piece
        while True:
            yield b""
            piece = self._limited.read(PIECE)
            if not piece:
                return
            yield piece

    def _received(self, most: int = PIECE) -> bytes:
        piece = self._limited.read(most)
        if not piece:
            raise CutOffError
        self.has_answered = True
        return piece

    def kept_s(self, head: Head) -> float:
        """Return for how many seconds it can be used again: 0 unless its reply ended, and nothing follows."""
        if not (head.keeps and self._is_clean):
            return 0.0
        promised = _KEPT_FOR.search(head.headers.get("keep-alive", ""))
        # One second less: the provider may close it while the next request is on its way.
        return int(promised[1]) - 1.0 if promised else math.inf

    def is_usable(self) -> bool:
        """Return whether it can take a request: the provider has neither closed it nor sent anything."""
        with suppress(OSError):
            return not has_data(self.socket)
        return False

    def end(self) -> None:
        """End it, even if a forked process has it, too."""
        with suppress(OSError):
            # Not the method of TLS sockets, which needs the provider to go on.
            socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
        self.close()

    def close(self) -> None:
        """Close it for this process."""
        self.socket.close()
