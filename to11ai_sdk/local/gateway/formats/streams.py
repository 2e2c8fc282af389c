"""Makes streams of the neutral form from replies, and keeps their parts in order."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from ....json_types import is_object
from ...json_input.fields import FormatError
from . import sse
from .common import loads_bounded
from .lenient import Lenient
from .neutral import (
    ChatReply,
    Delta,
    End,
    Error,
    PartDelta,
    PartStart,
    PartStop,
    RedactedThinking,
    ReplyPart,
    Signature,
    Start,
    Thinking,
    ToolCall,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .neutral import StopReason

DONE = "[DONE]"
"""Data of the event that ends the streams of OpenAI's formats."""

K = TypeVar("K")


def is_empty(part: ReplyPart) -> bool:
    """Whether a part is empty; replies leave it out."""
    if isinstance(part, Thinking):
        return not part.text and part.signature is None
    return not isinstance(part, RedactedThinking | ToolCall) and not part.text


def deltas_of(reply: ChatReply) -> Iterator[Delta]:
    """Yield a stream that makes up a reply, each part in one piece."""
    yield Start(reply.id, reply.model, reply.created)
    for part in reply.parts:
        yield from _part_deltas(part)
    yield End(reply.stop, reply.stop_sequence, reply.usage)


def whole(deltas: Iterable[Delta]) -> Iterator[Delta]:
    """Yield the deltas from a ``Start`` up to an ``End`` or ``Error``; a malformed or cut stream gets an ``Error``."""
    started = False
    try:
        for delta in deltas:
            if not (started or isinstance(delta, Start | Error)):
                yield Start(None, "")
            if not (started and isinstance(delta, Start)):
                yield delta
            started = True
            if isinstance(delta, End | Error):
                return
    except FormatError as exc:
        yield Error("api_error", "upstream", f"the provider's stream is malformed: {exc}", 502)
        return
    yield Error("api_error", "upstream", "the provider's stream ended before its last event", 502)


def events(chunks: Iterable[bytes]) -> Iterator[sse.Event]:
    """Yield the events of a stream, without pings; the last may lack the blank line that ends an event.

    Raises:
        FormatError: an event is too long.
    """
    parser = sse.EventParser()
    for chunk in chunks:
        yield from filter(_says_something, parser.feed(chunk))
    yield from (event for event in parser.rest() if _says_something(event) and _is_whole(event.data))


def objects(chunks: Iterable[bytes]) -> Iterator[Lenient]:
    """Yield the data of a stream's events, each a JSON object whose ``type`` may be that of the event.

    ``[DONE]`` is yielded as an object of that type. Other JSON, such as a ``null`` between events, is ignored.

    Raises:
        FormatError: an event is too long, or its data is not JSON.
    """
    for event in events(chunks):
        for value in _values(event.data):
            if value == DONE:
                yield Lenient({"type": DONE})
                return
            if is_object(value):
                fields = Lenient(value)
                named = fields.has("type") or event.type == "message"
                yield fields if named else Lenient({**fields.raw, "type": event.type})


def _values(data: str) -> list[Any]:
    """Return the JSON value in the data of an event, or those of its lines: some servers forget the blank line."""
    if data.strip() == DONE:
        return [DONE]
    try:
        return [loads_bounded(data)]
    except FormatError:
        if "\n" not in data.strip():
            raise
        return [value for line in data.split("\n") if line.strip() for value in _values(line)]


def stop_for(stop: StopReason, *, has_calls: bool) -> StopReason:
    """Return why a reply ended: for a tool only if it calls one, whatever the server says."""
    if has_calls:
        return "tool_use" if stop == "end_turn" else stop
    return "end_turn" if stop == "tool_use" else stop


class Sequencer(Generic[K]):
    """Puts overlapping parts one after the other: the oldest open part is passed on, the others wait."""

    def __init__(self) -> None:
        self._numbers = count()
        self._oldest = 0
        self._open: dict[K, int] = {}
        self._waiting: dict[int, list[Delta]] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._open

    def open(self) -> list[K]:
        """Return the keys of the open parts."""
        return list(self._open)

    def start(self, key: K, part: ReplyPart) -> list[Delta]:
        """Begin a part; an open part with the same key is complete."""
        before = self.stop(key)
        number = self._open[key] = next(self._numbers)
        self._waiting[number] = [PartStart(part)]
        return [*before, *self._released()]

    def add(self, key: K, *deltas: Delta) -> list[Delta]:
        """Add more of a part.

        Raises:
            FormatError: the part is not open.
        """
        if key not in self._open:
            raise FormatError("a part went on before it began, or after its end")
        self._waiting[self._open[key]].extend(deltas)
        return self._released()

    def stop(self, key: K) -> list[Delta]:
        """Complete a part, if it is open."""
        if key not in self._open:
            return []
        self._waiting[self._open.pop(key)].append(PartStop())
        return self._released()

    def finish(self) -> list[Delta]:
        """Complete all parts."""
        return [delta for key in list(self._open) for delta in self.stop(key)]

    def _released(self) -> list[Delta]:
        released: list[Delta] = []
        while self._oldest in self._waiting:
            pending = self._waiting[self._oldest]
            released += pending
            if not pending or not isinstance(pending[-1], PartStop):
                pending.clear()
                break
            del self._waiting[self._oldest]
            self._oldest += 1
        return released


def _says_something(event: sse.Event) -> bool:
    return event.type != "ping" and not event.data.isspace() and event.data != ""


def _is_whole(data: str) -> bool:
    try:
        return any(value == DONE or is_object(value) for value in _values(data))
    except FormatError:
        return False


def _part_deltas(part: ReplyPart) -> Iterator[Delta]:
    bare, text, signature = _taken_apart(part)
    yield PartStart(bare)
    if text:
        yield PartDelta(text)
    if signature is not None:
        yield Signature(signature)
    yield PartStop()


def _taken_apart(part: ReplyPart) -> tuple[ReplyPart, str, str | None]:
    if isinstance(part, RedactedThinking):
        return part, "", None
    if isinstance(part, ToolCall):
        return replace(part, arguments=""), part.arguments, None
    if isinstance(part, Thinking):
        return replace(part, text="", signature=None), part.text, part.signature
    return replace(part, text=""), part.text, None
