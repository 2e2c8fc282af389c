"""Streams of the neutral form: made from a reply, and kept in order."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Generic, TypeVar

from ...json_input.fields import Fields, FormatError
from . import sse
from .common import loads_bounded
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

K = TypeVar("K")


def is_empty(part: ReplyPart) -> bool:
    """Whether a part says nothing; such a one is left out of a reply."""
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
            started = True
            yield delta
            if isinstance(delta, End | Error):
                return
    except FormatError as exc:
        yield Error("api_error", "upstream", f"the provider's stream is malformed: {exc}", 502)
        return
    yield Error("api_error", "upstream", "the provider's stream ended before its last event", 502)


def objects(chunks: Iterable[bytes], end: str | None = None) -> Iterator[Fields]:
    """Yield the data of a stream's events, each a JSON object; data that equals ``end`` ends it.

    Raises:
        FormatError: an event is too long, or its data is no JSON object.
    """
    for event in sse.read(chunks):
        if event.data.strip() == end:
            return
        yield Fields(loads_bounded(event.data))


class Sequencer(Generic[K]):
    """Puts parts that arrive mixed one after the other: the oldest that is open flows, the others wait."""

    def __init__(self) -> None:
        self._waiting: dict[K, list[Delta]] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._waiting

    def open(self) -> list[K]:
        """Keys of the parts that are not complete."""
        return list(self._waiting)

    def start(self, key: K, part: ReplyPart) -> list[Delta]:
        """Return a part begins."""
        if key in self._waiting:
            raise FormatError("a part began twice")
        self._waiting[key] = [PartStart(part)]
        return self._released()

    def add(self, key: K, *deltas: Delta) -> list[Delta]:
        """More of a part.

        Raises:
            FormatError: the part is not open.
        """
        if key not in self._waiting:
            raise FormatError("a part went on before it began, or after its end")
        self._waiting[key].extend(deltas)
        return self._released()

    def stop(self, key: K) -> list[Delta]:
        """Return a part is complete, if it is open."""
        return self.add(key, PartStop()) if key in self._waiting else []

    def finish(self) -> list[Delta]:
        """All parts are complete."""
        return [delta for key in list(self._waiting) for delta in self.stop(key)]

    def _released(self) -> list[Delta]:
        released: list[Delta] = []
        for key in list(self._waiting):
            pending = self._waiting[key]
            released += pending
            if not pending or not isinstance(pending[-1], PartStop):
                pending.clear()
                break
            del self._waiting[key]
        return released


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
