"""Streams of ``POST /v1/responses``, read: events become deltas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..error_bodies import read_error
from ..neutral import Delta, End, PartDelta, Refusal, ReplyPart, Signature, Start, Text, Thinking, ToolCall
from ..openai_common import created_of
from ..streams import Sequencer, objects
from .replies import read_usage, stop_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ....json_input.fields import Fields

_Key = tuple[int, int]
_REASONING = ("response.reasoning_summary_text.delta", "response.reasoning_text.delta")


def read_stream(chunks: Iterable[bytes]) -> Iterator[Delta]:
    """Yield the deltas of a stream. May end early or raise ``FormatError``."""
    reader = _Reader()
    for fields in objects(chunks, end="[DONE]"):
        yield from reader.read(fields)


class _Reader:
    def __init__(self) -> None:
        self._sequencer = Sequencer[_Key]()
        self._started = False
        self._has_calls = False
        self._reasoning: dict[int, tuple[str, int]] = {}
        self._spoken: set[_Key] = set()

    def read(self, event: Fields) -> list[Delta]:
        handlers: Mapping[str, Callable[[Fields], list[Delta]]] = {
            "response.created": self._start,
            "response.output_item.added": self._item_added,
            "response.output_text.delta": lambda event: self._said(event, Text("")),
            "response.refusal.delta": lambda event: self._said(event, Refusal("")),
            "response.content_part.done": lambda event: self._sequencer.stop(_key(event)),
            "response.function_call_arguments.delta": self._arguments,
            "response.output_item.done": self._item_done,
            "response.completed": self._end,
            "response.incomplete": self._end,
            "response.failed": lambda event: [read_error(dict(event.child("response").raw))],
            "error": lambda event: [read_error({**event.raw, "type": None} if event.has("message") else event.raw)],
            **dict.fromkeys(_REASONING, self._thought),
        }
        handler = handlers.get(event.words("type"))
        return handler(event) if handler else []

    def _start(self, event: Fields) -> list[Delta]:
        if self._started:
            return []
        self._started = True
        response = event.child("response")
        return [Start(response.words("id") or None, response.words("model"), created_of(response, "created_at"))]

    def _item_added(self, event: Fields) -> list[Delta]:
        item = event.child("item")
        if item.text("type") != "function_call":
            return []
        self._has_calls = True
        key = _key(event)
        call = ToolCall(item.text("call_id"), item.text("name"), "")
        return [*self._sequencer.start(key, call), *self._more(key, item.words("arguments"))]

    def _said(self, event: Fields, part: ReplyPart) -> list[Delta]:
        return self._lazily(_key(event), part, event.words("delta"))

    def _arguments(self, event: Fields) -> list[Delta]:
        return self._more(_key(event), event.words("delta"))

    def _thought(self, event: Fields) -> list[Delta]:
        # A model that streams both its thoughts and their summary is heard once.
        key, kind = _key(event), event.words("type")
        index = event.count("summary_index") or 0
        known, before = self._reasoning.setdefault(key[0], (kind, index))
        if known != kind:
            return []
        self._reasoning[key[0]] = (kind, index)
        gap = "\n\n" if index > before else ""
        return self._lazily((key[0], 0), Thinking("", id=event.text_or_none("item_id")), gap + event.words("delta"))

    def _item_done(self, event: Fields) -> list[Delta]:
        key, item = _key(event), event.child("item")
        deltas: list[Delta] = []
        if item.words("type") == "function_call" and key not in self._spoken:
            deltas = self._more(key, item.words("arguments"))
        elif item.words("type") == "reasoning" and (proof := item.words("encrypted_content")):
            thinking = Thinking("", id=item.text_or_none("id"))
            opened = [] if key in self._sequencer else self._sequencer.start(key, thinking)
            deltas = [*opened, *self._sequencer.add(key, Signature(proof))]
        return [*deltas, *self._stop_item(key[0])]

    def _stop_item(self, output_index: int) -> list[Delta]:
        keys = [key for key in self._sequencer.open() if key[0] == output_index]
        return [delta for key in keys for delta in self._sequencer.stop(key)]

    def _end(self, event: Fields) -> list[Delta]:
        response = event.child("response")
        end = End(stop_reason(response, self._has_calls), usage=read_usage(response))
        return [*self._start(event), *self._sequencer.finish(), end]

    def _lazily(self, key: _Key, part: ReplyPart, text: str) -> list[Delta]:
        if not text:
            return []
        opened = [] if key in self._sequencer else self._sequencer.start(key, part)
        return [*opened, *self._more(key, text)]

    def _more(self, key: _Key, text: str) -> list[Delta]:
        if not text:
            return []
        self._spoken.add(key)
        return self._sequencer.add(key, PartDelta(text))


def _key(event: Fields) -> _Key:
    return event.count("output_index") or 0, event.count("content_index") or 0
