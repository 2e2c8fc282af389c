"""Reads and writes server-sent events (WHATWG HTML, section 9.2 "Server-sent events")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ...bounds import MAX_EVENT
from ...json_input.fields import FormatError
from .common import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MEDIA_TYPE = "text/event-stream"

_LINE_END = re.compile(rb"\r\n|\n|\r")
_BOM = b"\xef\xbb\xbf"


class Event(NamedTuple):
    """One event.

    Attributes:
        type: value of its field ``event``, else ``"message"``.
        data: lines of its fields ``data``, joined by line feeds.
        id: last value of the field ``id`` up to here.
    """

    type: str
    data: str
    id: str = ""


class EventParser:
    """Parses a stream in pieces of any size; the rest after the last blank line is an event only on request."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._after_cr = False
        self._at_start = True
        self._id = ""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Yield the events that these bytes complete.

        Raises:
            FormatError: an event is longer than ``MAX_EVENT``.
        """
        begin = max(0, len(self._held) - 1)
        self._held += self._with_line_feeds(chunk)
        end = self._held.rfind(b"\n\n", begin) + 2
        if end >= 2:
            block = bytes(self._held[:end])
            del self._held[:end]
            yield from self._events(block)
        if len(self._held) > MAX_EVENT:
            raise FormatError(f"an event may have {MAX_EVENT} bytes at most")

    def rest(self) -> Iterator[Event]:
        """Yield the event without a blank line that some servers leave at the end of their stream."""
        block = bytes(self._held)
        self._held.clear()
        yield from self._events(block)

    def _with_line_feeds(self, chunk: bytes) -> bytes:
        """Return the bytes with every line end as a line feed."""
        if not chunk or not (self._after_cr or b"\r" in chunk):
            return chunk
        chunk = chunk.removeprefix(b"\n") if self._after_cr else chunk
        self._after_cr = chunk.endswith(b"\r")
        return chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _events(self, block: bytes) -> Iterator[Event]:
        if self._at_start:
            block = block.removeprefix(_BOM)
            self._at_start = False
        # Servers keep connections alive with comments: a block of nothing else costs nothing more.
        if b"data" in block or b"id" in block:
            for text in block.decode("utf-8", "replace").split("\n\n"):
                event = self._event(text)
                if event is not None:
                    yield event

    def _event(self, text: str) -> Event | None:
        if text.startswith("data: ") and "\n" not in text:
            return Event("message", text[6:], self._id)
        kind = ""
        data: list[str] = []
        for line in text.split("\n"):
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "data":
                data.append(value)
            elif name == "event":
                kind = value
            elif name == "id" and "\0" not in value:
                self._id = value
        return Event(kind or "message", "\n".join(data), self._id) if data else None


def read(chunks: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events of a stream.

    Raises:
        FormatError: an event is longer than ``MAX_EVENT``.
    """
    parser = EventParser()
    for chunk in chunks:
        yield from parser.feed(chunk)


def write(data: Any, event: str | None = None) -> bytes:
    """Return an event whose data is a JSON value, or a string unchanged."""
    head = f"event: {event}\n".encode() if event else b""
    if not isinstance(data, str):
        return b"%bdata: %b\n\n" % (head, encode(data))  # one line: the line breaks in its texts are escaped
    return head + b"".join([b"data: %b\n" % line for line in _LINE_END.split(data.encode("utf-8"))]) + b"\n"


def write_typed(data: Mapping[str, Any]) -> bytes:
    """Write one event that is named by the ``type`` of its data."""
    return write(data, data["type"])
