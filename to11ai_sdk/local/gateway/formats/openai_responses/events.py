"""Reads streams of ``POST /v1/responses``: events become deltas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..arguments import text_of_arguments
from ..error_bodies import read_error
from ..lenient import Lenient
from ..neutral import Delta, End, Refusal, Start, Text, Thinking
from ..openai_common import created_of
from ..streams import DONE, objects
from .growth import Growth
from .replies import output_of, read_content, read_usage, stop_reason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from ..common import NewId
    from .growth import Words

_WORDS: Mapping[str, tuple[type[Text] | type[Refusal], str]] = {
    "output_text": (Text, "text"),
    "refusal": (Refusal, "refusal"),
}
_THOUGHTS = ("reasoning_summary_text", "reasoning_text")
_SUMMARY_PART = "reasoning_summary_part"


def read_stream(chunks: Iterable[bytes], new_id: NewId) -> Iterator[Delta]:
    """Yield the deltas of a stream. May end early or raise ``FormatError``."""
    reader = _Reader(new_id)
    for fields in objects(chunks):
        yield from reader.read(fields)


class _Reader:
    def __init__(self, new_id: NewId) -> None:
        self._growth = Growth(new_id)
        self._items = _Items()
        self._reasoning: dict[int, tuple[str, int]] = {}
        self._thoughts: set[tuple[int, str, int, int]] = set()

    def read(self, event: Lenient) -> list[Delta]:
        handlers: Mapping[str, Callable[[Lenient], list[Delta]]] = {
            "response.created": self._start,
            "response.in_progress": self._start,
            "response.output_item.added": self._item_added,
            "response.content_part.done": self._part_done,
            "response.function_call_arguments.delta": self._arguments,
            "response.function_call_arguments.done": self._arguments_done,
            "response.output_item.done": self._item_done,
            **dict.fromkeys(["response.completed", "response.done"], self._end),
            DONE: lambda event: self._end(event) if self._growth.has_begun else [],
            "response.incomplete": self._end,
            "response.failed": lambda event: [read_error(dict(event.child("response").raw))],
            "error": lambda event: [read_error({**event.raw, "type": None} if event.has("message") else event.raw)],
            **dict.fromkeys([f"response.{kind}.delta" for kind in _WORDS], self._said),
            **dict.fromkeys([f"response.{kind}.done" for kind in _WORDS], self._all_said),
            **dict.fromkeys([f"response.{kind}.delta" for kind in _THOUGHTS], self._thought),
            **dict.fromkeys([f"response.{kind}.done" for kind in (*_THOUGHTS, _SUMMARY_PART)], self._all_thought),
        }
        handler = handlers.get("error" if event.raw.get("error") else event.words("type"))
        return handler(event) if handler else []

    def _start(self, event: Lenient) -> list[Delta]:
        response = event.child("response")
        if not response.words("model"):
            return []
        return [Start(response.words("id") or None, response.words("model"), created_of(response, "created_at"))]

    def _item_added(self, event: Lenient) -> list[Delta]:
        item, fields = self._items.new(event), event.child("item")
        if fields.words("type") != "function_call":
            return []
        return self._growth.call(item, fields)

    def _said(self, event: Lenient) -> list[Delta]:
        kind, _ = _WORDS[_kind(event)]
        return self._growth.say(self._items.of(event), kind(event.words("delta")), event.count("content_index") or 0)

    def _all_said(self, event: Lenient) -> list[Delta]:
        kind, member = _WORDS[_kind(event)]
        return self._repeat(event, kind(event.words(member)))

    def _part_done(self, event: Lenient) -> list[Delta]:
        part, index = read_content(event.raw.get("part")), event.count("content_index") or 0
        return [*self._repeat(event, part), *self._growth.stop(self._items.of(event), type(part).__name__, index)]

    def _repeat(self, event: Lenient, part: Words) -> list[Delta]:
        return self._growth.repeat(self._items.of(event), part, event.count("content_index") or 0)

    def _arguments(self, event: Lenient) -> list[Delta]:
        return self._growth.argue(self._items.of(event), text_of_arguments(event.raw.get("delta")))

    def _arguments_done(self, event: Lenient) -> list[Delta]:
        item, arguments = self._items.of(event), text_of_arguments(event.raw.get("arguments"))
        return [*self._growth.call(item, event), *self._growth.repeat_arguments(item, arguments)]

    def _thought(self, event: Lenient) -> list[Delta]:
        # If a model streams both its thinking and a summary, only one of them is used.
        item, kind, index = self._items.of(event), _thought_kind(event), event.count("summary_index") or 0
        known, before = self._reasoning.setdefault(item, (kind, index))
        if known != kind:
            return []
        self._reasoning[item] = (kind, index)
        self._thoughts.add(_thought_of(event, item))
        text = event.words("delta") or event.words("text") or event.child("part").words("text")
        gap = "\n\n" if index > before else ""
        return self._growth.say(item, Thinking(text and gap + text, id=event.text_or_none("item_id")))

    def _all_thought(self, event: Lenient) -> list[Delta]:
        is_new = _thought_of(event, self._items.of(event)) not in self._thoughts
        return self._thought(event) if is_new else []

    def _item_done(self, event: Lenient) -> list[Delta]:
        item = self._items.of(event)
        if self._growth.has_finished(item) and not self._items.has_id(event):
            item = self._items.new(event)
        return self._growth.finish(item, event.child("item"))

    def _end(self, event: Lenient) -> list[Delta]:
        response = event.child("response")
        if event.words("type") == "response.incomplete":
            response = Lenient({**response.raw, "status": "incomplete"})
        if response.words("status") == "failed":
            return [read_error(dict(response.raw))]
        last = self._growth.complete(output_of(response))
        stop = stop_reason(response, has_calls=self._growth.has_calls)
        return [*self._start(event), *last, End(stop, usage=read_usage(response))]


class _Items:
    """Numbers the items of the output. Servers identify them by place or by id, and some get one of these wrong."""

    def __init__(self) -> None:
        self._places: dict[int, int] = {}
        self._place_of: list[int | None] = [None]
        self._ids: dict[str, int | None] = {}

    def new(self, event: Lenient) -> int:
        """Return the number of an item that begins."""
        number, place, item_id = len(self._place_of), event.count("output_index"), _id_of(event)
        self._place_of.append(place)
        if place is not None:
            self._places[place] = number
        if item_id:
            self._ids[item_id] = None if item_id in self._ids else number
        return number

    def of(self, event: Lenient) -> int:
        """Return the number of the item that an event is about."""
        place, same = event.count("output_index"), self._ids.get(_id_of(event))
        if same is not None and (place is None or self._place_of[same] in (None, place)):
            return same
        last = len(self._place_of) - 1
        known = (last or None) if place is None else self._places.get(place)
        return self.new(event) if known is None else known

    def has_id(self, event: Lenient) -> bool:
        """Return whether the id that an event is about has come before."""
        return _id_of(event) in self._ids


def _id_of(event: Lenient) -> str:
    return event.words("item_id") or event.child("item").words("id")


def _kind(event: Lenient) -> str:
    """Return the middle of a type such as ``response.output_text.delta``, or the last word of a shorter one."""
    return event.words("type").split(".")[1]


def _thought_kind(event: Lenient) -> str:
    kind = _kind(event)
    return _THOUGHTS[0] if kind == _SUMMARY_PART else kind


def _thought_of(event: Lenient, item: int) -> tuple[int, str, int, int]:
    return item, _thought_kind(event), event.count("summary_index") or 0, event.count("content_index") or 0
