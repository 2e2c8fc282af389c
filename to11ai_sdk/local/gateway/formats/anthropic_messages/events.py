"""Streams of ``POST /v1/messages``, read: events become deltas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_input.fields import Fields
from ..common import arguments_of
from ..error_bodies import read_error
from ..neutral import (
    Delta,
    End,
    PartDelta,
    PartStart,
    PartStop,
    RedactedThinking,
    Refusal,
    Signature,
    Start,
    StopReason,
    Text,
    Thinking,
    ToolCall,
)
from ..streams import Sequencer, objects
from .replies import read_stop, read_usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


def read_stream(chunks: Iterable[bytes]) -> Iterator[Delta]:
    """Yield the deltas of a stream. May end early or raise ``FormatError``."""
    reader = _Reader()
    for fields in objects(chunks):
        yield from reader.read(fields)


class _Reader:
    def __init__(self) -> None:
        self._sequencer = Sequencer[int]()
        self._kinds: dict[int, str] = {}
        self._silent: set[int] = set()
        self._usage: dict[str, Any] = {}
        self._stop: StopReason = "end_turn"
        self._stop_sequence: str | None = None
        self._explanation = ""

    def read(self, fields: Fields) -> list[Delta]:
        handlers: Mapping[str, Callable[[Fields], list[Delta]]] = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": self._block_stop,
            "message_delta": self._message_delta,
            "message_stop": self._message_stop,
            "error": lambda event: [read_error(dict(event.raw))],
        }
        handler = handlers.get(fields.words("type"))
        return handler(fields) if handler else []

    def _message_start(self, event: Fields) -> list[Delta]:
        message = event.child("message")
        usage = self._count(message)
        return [Start(message.words("id") or None, message.words("model"), usage=usage)]

    def _block_start(self, event: Fields) -> list[Delta]:
        index, block = event.count("index") or 0, event.child("content_block")
        kind = self._kinds[index] = block.text("type")
        if kind == "tool_use":
            self._silent.add(index)
            call = ToolCall(block.text("id"), block.text("name"), "")
            return [*self._sequencer.start(index, call), *self._more(index, _input(block))]
        if kind == "text":
            return [*self._sequencer.start(index, Text("")), *self._more(index, block.words("text"))]
        if kind == "thinking":
            return [*self._sequencer.start(index, Thinking("")), *self._more(index, block.words("thinking"))]
        if kind == "redacted_thinking":
            return self._sequencer.start(index, RedactedThinking(block.text("data")))
        return []

    def _block_delta(self, event: Fields) -> list[Delta]:
        index, delta = event.count("index") or 0, event.child("delta")
        kind = self._kinds.get(index, "")
        if kind == "thinking" and delta.has("signature"):
            return self._sequencer.add(index, Signature(delta.text("signature")))
        member = {"text": "text", "tool_use": "partial_json", "thinking": "thinking"}.get(kind)
        return self._more(index, delta.words(member)) if member else []

    def _block_stop(self, event: Fields) -> list[Delta]:
        return self._end(event.count("index") or 0)

    def _message_delta(self, event: Fields) -> list[Delta]:
        self._stop, self._stop_sequence, self._explanation = read_stop(event.child("delta"))
        self._count(event)
        return []

    def _message_stop(self, event: Fields) -> list[Delta]:
        deltas = [delta for index in self._kinds for delta in self._end(index)]
        if self._explanation:
            deltas += [PartStart(Refusal("")), PartDelta(self._explanation), PartStop()]
        usage = read_usage(Fields(self._usage)) if self._usage else None
        return [*deltas, End(self._stop, self._stop_sequence, usage)]

    def _end(self, index: int) -> list[Delta]:
        # A call without arguments streams nothing.
        silent = index in self._silent and index in self._sequencer
        return [*(self._more(index, "{}") if silent else []), *self._sequencer.stop(index)]

    def _count(self, holder: Fields) -> Any:
        counted = holder.mapping("usage")
        self._usage |= {key: value for key, value in (counted or {}).items() if value is not None}
        return read_usage(Fields(self._usage, holder.at("usage"))) if counted is not None else None

    def _more(self, index: int, text: str) -> list[Delta]:
        if not text:
            return []
        self._silent.discard(index)
        return self._sequencer.add(index, PartDelta(text))


def _input(block: Fields) -> str:
    given = block.mapping("input")
    return arguments_of(given) if given else ""
