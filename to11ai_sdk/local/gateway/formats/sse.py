"""Reads and writes server-sent events (WHATWG HTML, section 9.2 "Server-sent events")."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ...json_input.fields import FormatError
from .common import encode

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

MEDIA_TYPE = "text/event-stream"
MAX_EVENT = 16 * 1024 * 1024
"""Most bytes of one event."""

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
        self._line = bytearray()
        self._size = 0
        self._after_cr = False
        self._at_start = True
        self._type = ""
        self._data: list[str] = []
        self._id = ""

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """Yield the events that these bytes complete.

        Raises:
            FormatError: an event is longer than ``MAX_EVENT``.
        """
        self._size += len(chunk)
        if chunk:
            chunk = chunk.removeprefix(b"\n") if self._after_cr else chunk
            self._after_cr = chunk.endswith(b"\r")
        lines = _LINE_END.split(chunk) if b"\r" in chunk else chunk.split(b"\n")
        self._line += lines[0]
        if len(lines) > 1:
            lines[0], self._line = bytes(self._line), bytearray(lines.pop())
            yield from filter(None, map(self._end_line, lines))
        if self._size > MAX_EVENT:
            raise FormatError(f"an event may have {MAX_EVENT} bytes at most")

    def rest(self) -> Iterator[Event]:
        """Yield the event without a blank line that some servers leave at the end of their stream."""
        lines = [bytes(self._line), b""]
        self._line.clear()
        yield from filter(None, map(self._end_line, lines))

    def _end_line(self, line: bytes) -> Event | None:
        if self._at_start:
            line = line.removeprefix(_BOM)
            self._at_start = False
        if not line:
            return self._dispatch()
        self._field(*line.decode("utf-8", "replace").partition(":"))
        return None

    def _field(self, name: str, _colon: str, value: str) -> None:
        value = value.removeprefix(" ")
        if name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self._id = value

    def _dispatch(self) -> Event | None:
        event = Event(self._type or "message", "\n".join(self._data), self._id) if self._data else None
        self._type, self._data, self._size = "", [], 0
        return event


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
    # JSON is one line: the line breaks in its texts are escaped.
    lines = _LINE_END.split(data.encode("utf-8")) if isinstance(data, str) else [encode(data)]
    head = f"event: {event}\n".encode() if event else b""
    return head + b"".join([b"data: %b\n" % line for line in lines]) + b"\n"


def write_typed(data: Mapping[str, Any]) -> bytes:
    """Write one event that is named by the ``type`` of its data."""
    return write(data, data["type"])
