"""Reads streams of ``POST /v1/messages``: events become deltas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_input.fields import FormatError
from ..arguments import Arguments
from ..error_bodies import read_error
from ..lenient import Lenient, text_in
from ..neutral import (
    Delta,
    End,
    PartDelta,
    PartStart,
    PartStop,
    RedactedThinking,
    Refusal,
    ReplyPart,
    Signature,
    Start,
    StopReason,
    Text,
    Thinking,
    Usage,
)
from ..streams import Sequencer, objects, stop_for
from .replies import begin_call, given_input, read_stop, read_usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ..common import NewId

_WORDS: Mapping[str, ReplyPart] = {"text": Text(""), "thinking": Thinking("")}
_COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


def read_stream(chunks: Iterable[bytes], new_id: NewId) -> Iterator[Delta]:
    """Yield the deltas of a stream. May end early or raise ``FormatError``."""
    reader = _Reader(new_id)
    for fields in objects(chunks):
        yield from reader.read(fields)
    yield from reader.end()


class _Reader:
    def __init__(self, new_id: NewId) -> None:
        self._new_id = new_id
        self._sequencer = Sequencer[int]()
        self._kinds: dict[int, str] = {}
        self._arguments: dict[int, Arguments] = {}
        self._has_calls = False
        self._usage: dict[str, Any] = {}
        self._stop: StopReason | None = None
        self._stop_sequence: str | None = None
        self._explanation = ""

    def read(self, fields: Lenient) -> list[Delta]:
        handlers: Mapping[str, Callable[[Lenient], list[Delta]]] = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": lambda event: self._end(event.count("index") or 0),
            "message_delta": self._message_delta,
            "message_stop": lambda _: self._all(),
            "error": lambda event: [read_error(dict(event.raw))],
        }
        handler = handlers.get("error" if fields.raw.get("error") else fields.words("type"))
        return handler(fields) if handler else []

    def end(self) -> list[Delta]:
        """Return the end of a stream that has its stop reason but lacks its last event."""
        return [] if self._stop is None else self._all()

    def _message_start(self, event: Lenient) -> list[Delta]:
        message = event.child("message")
        return [Start(message.words("id") or None, message.words("model"), usage=self._count(message))]

    def _block_start(self, event: Lenient) -> list[Delta]:
        index, block = event.count("index") or 0, event.child("content_block")
        begun = self._end(index)
        kind = self._kinds[index] = block.words("type")
        if kind == "tool_use":
            self._has_calls = True
            self._arguments[index] = Arguments(given_input(block))
            return [*begun, *self._sequencer.start(index, begin_call(block, self._new_id))]
        if kind == "redacted_thinking":
            return [*begun, *self._sequencer.start(index, RedactedThinking(block.words("data")))]
        if kind in _WORDS:
            begun += [*self._sequencer.start(index, _WORDS[kind]), *self._say(index, kind, block)]
        return [*begun, *self._sign(index, block)]

    def _block_delta(self, event: Lenient) -> list[Delta]:
        index, delta = event.count("index") or 0, event.child("delta")
        if delta.has("partial_json"):
            return self._more_arguments(index, delta.words("partial_json"))
        kind = next((kind for kind in _WORDS if delta.has(kind)), None)
        return self._say(index, kind, delta) if kind else self._sign(index, delta)

    def _message_delta(self, event: Lenient) -> list[Delta]:
        delta = event.child("delta")
        if delta.has("stop_reason"):
            self._stop, self._stop_sequence, self._explanation = read_stop(delta)
        self._count(event)
        return []

    def _all(self) -> list[Delta]:
        deltas = [delta for index in self._sequencer.open() for delta in self._end(index)]
        if self._explanation:
            deltas += [PartStart(Refusal("")), PartDelta(self._explanation), PartStop()]
        usage = read_usage(Lenient(self._usage)) if self._usage else None
        return [*deltas, End(stop_for(self._stop or "end_turn", has_calls=self._has_calls), self._stop_sequence, usage)]

    def _end(self, index: int) -> list[Delta]:
        arguments = self._arguments.pop(index, None)
        rest = arguments.rest() if arguments else ""
        return [*(self._sequencer.add(index, PartDelta(rest)) if rest else []), *self._sequencer.stop(index)]

    def _count(self, holder: Lenient) -> Usage | None:
        usage = holder.child("usage")
        # Counts grow: a server that reports 0 at one end of the stream reports the number at the other.
        self._usage |= {key: max(usage.count(key) or 0, self._usage.get(key, 0)) for key in _COUNTS if usage.has(key)}
        self._usage |= {key: usage.raw[key] for key in ("output_tokens_details",) if usage.has(key)}
        return read_usage(Lenient(self._usage)) if usage.raw else None

    def _say(self, index: int, kind: str, fields: Lenient) -> list[Delta]:
        text = text_in(fields.raw.get(kind))
        if not text:
            return []
        is_open = self._kinds.get(index) == kind and index in self._sequencer
        begun = [] if is_open else [*self._end(index), *self._sequencer.start(index, _WORDS[kind])]
        self._kinds[index] = kind
        return [*begun, *self._sequencer.add(index, PartDelta(text))]

    def _sign(self, index: int, fields: Lenient) -> list[Delta]:
        is_open = self._kinds.get(index) == "thinking" and index in self._sequencer
        signature = fields.words("signature") if is_open else ""
        return self._sequencer.add(index, Signature(signature)) if signature else []

    def _more_arguments(self, index: int, text: str) -> list[Delta]:
        if index not in self._arguments:
            if text.strip() and self._kinds.get(index, "tool_use") == "tool_use":
                raise FormatError("the input of a tool came before its call, or after its end")
            return []
        passed = self._arguments[index].more(text)
        return self._sequencer.add(index, PartDelta(passed)) if passed else []
