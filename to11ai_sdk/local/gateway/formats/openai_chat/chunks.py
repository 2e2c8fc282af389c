"""Streams of ``POST /v1/chat/completions``, read: chunks become deltas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..common import is_complete
from ..error_bodies import read_error
from ..neutral import Delta, End, PartDelta, Refusal, ReplyPart, Start, Text, Thinking, ToolCall
from ..openai_common import created_of
from ..streams import Sequencer, objects
from .replies import read_usage, stop_reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ....json_input.fields import Fields
    from ..common import NewId
    from ..neutral import Usage

_TEXTS: Mapping[str, ReplyPart] = {"reasoning_content": Thinking(""), "content": Text(""), "refusal": Refusal("")}


def read_stream(chunks: Iterable[bytes], new_id: NewId) -> Iterator[Delta]:
    """Yield the deltas of a stream, of the first choice only. May end early, go on after an ``Error``, or raise."""
    reader = _Reader(new_id)
    for fields in objects(chunks, end="[DONE]"):
        yield from reader.read(fields)
    yield from reader.end()


class _Reader:
    def __init__(self, new_id: NewId) -> None:
        self._new_id = new_id
        self._sequencer = Sequencer[str]()
        self._started = False
        self._current = ""
        self._runs = 0
        self._calls: dict[int, _Call] = {}
        self._finish_reason: str | None = None
        self._usage: Usage | None = None

    def read(self, fields: Fields) -> Iterable[Delta]:
        return [read_error(dict(fields.raw))] if fields.has("error") else self._chunk(fields)

    def end(self) -> list[Delta]:
        if self._finish_reason is None:
            return []
        stop = stop_reason(self._finish_reason, bool(self._calls))
        return [*self._sequencer.finish(), End(stop, usage=self._usage)]

    def _chunk(self, fields: Fields) -> Iterator[Delta]:
        if not self._started:
            self._started = True
            yield Start(fields.words("id") or None, fields.words("model"), created_of(fields, "created"))
        self._usage = read_usage(fields) or self._usage
        for choice in fields.children("choices"):
            if not choice.count("index"):
                yield from self._choice(choice)

    def _choice(self, choice: Fields) -> Iterator[Delta]:
        delta = choice.child("delta")
        for kind, part in _TEXTS.items():
            if text := delta.words(kind):
                yield from self._text(kind, part, text)
        for call in delta.children("tool_calls"):
            yield from self._call(call)
        self._finish_reason = choice.text_or_none("finish_reason") or self._finish_reason

    def _text(self, kind: str, part: ReplyPart, text: str) -> Iterator[Delta]:
        if not self._current.startswith(kind):
            yield from self._leave()
            self._runs += 1
            self._current = f"{kind} {self._runs}"
            yield from self._sequencer.start(self._current, part)
        yield from self._sequencer.add(self._current, PartDelta(text))

    def _call(self, fields: Fields) -> Iterator[Delta]:
        index = fields.count("index") or 0
        call, call_id, function = self._calls.get(index), fields.words("id"), fields.child("function")
        # Some servers number all calls 0 and distinguish them by their ids.
        if call is None or (call_id and call_id != call.id):
            yield from self._leave()
            self._runs += 1
            call = self._calls[index] = _Call(call_id or self._new_id("call_"), f"call {self._runs}")
            yield from self._sequencer.start(call.key, ToolCall(call.id, function.text("name"), ""))
        elif self._current != call.key:
            yield from self._leave()
        self._current = call.key
        if arguments := function.words("arguments"):
            call.arguments.append(arguments)
            yield from self._sequencer.add(call.key, PartDelta(arguments))

    def _leave(self) -> list[Delta]:
        # Arguments that are not whole yet may go on after a part of another call.
        call = next((call for call in self._calls.values() if call.key == self._current), None)
        return [] if call and not is_complete("".join(call.arguments)) else self._sequencer.stop(self._current)


class _Call:
    def __init__(self, call_id: str, key: str) -> None:
        self.id = call_id
        self.key = key
        self.arguments: list[str] = []
