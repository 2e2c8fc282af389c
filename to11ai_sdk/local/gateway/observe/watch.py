"""Reads replies as they pass: text for the guardrails, tokens and model for the trace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ....json_types import is_array, is_object
from ...bounds import MAX_EVENT
from ...json_input.fields import FormatError
from ...json_input.reader import objects, read_json
from ..formats.lenient import number_of
from ..formats.neutral import End, Error, Start
from ..formats.sse import EventParser

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..formats.neutral import Delta
    from ..formats.sse import Event

_WHOLE = (
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
    "response.incomplete",
)
"""Events that repeat what was said; some servers say it there only."""
_LAST = ("message_stop", "response.completed", "response.incomplete", "response.failed")
_READ, _WRITTEN = "cache_read_input_tokens", "cache_creation_input_tokens"
"""Anthropic's input tokens that are not among ``input_tokens``."""
_ENDS = (b"\n\n", b"\n\r\n", b"\r\r")


@dataclass
class ReplyFacts:
    """The facts known about a reply so far.

    Attributes:
        model: the answering model.
        input_tokens: input tokens, as counted by the provider.
        output_tokens: output tokens.
        is_over: whether the last event of the stream has arrived.
        is_broken: whether that event was an error.
        has_stopped: whether the model has given its stop reason; some servers send nothing after it.
    """

    model: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    is_over: bool = False
    is_broken: bool = False
    has_stopped: bool = False

    def read(self, value: Any) -> None:
        """Read the model and the tokens from a reply or an event of any format."""
        if not is_object(value):
            return
        for holder in (value, value.get("message"), value.get("response")):
            if is_object(holder):
                model = holder.get("model")
                self.model = model if isinstance(model, str) and model else self.model
                usage = holder.get("usage")
                if is_object(usage):
                    self._count(usage)

    def update(self, delta: Delta) -> None:
        """Read them from a delta of the neutral form."""
        if isinstance(delta, Start):
            self.model = delta.model or self.model
        if isinstance(delta, Start | End) and delta.usage:
            self.input_tokens, self.output_tokens = delta.usage.input_tokens, delta.usage.output_tokens
        self.end(isinstance(delta, End | Error), isinstance(delta, Error))

    def end(self, is_over: bool, is_broken: bool) -> None:
        """Record whether the stream is over; once over, it stays so."""
        self.is_over |= is_over or is_broken
        self.is_broken |= is_broken

    def _count(self, usage: dict[str, Any]) -> None:
        given = token_count(usage, "prompt_tokens", "input_tokens")
        if given is not None:
            # Some servers add Anthropic's names to OpenAI's, whose numbers include them.
            is_total = "input_tokens_details" in usage or token_count(usage, "prompt_tokens") is not None
            cached = 0 if is_total else (token_count(usage, _READ) or 0) + (token_count(usage, _WRITTEN) or 0)
            self.input_tokens = given + cached
        output = token_count(usage, "output_tokens", "completion_tokens")
        self.output_tokens = self.output_tokens if output is None else output


class StreamWatcher:
    """Reads the events of a stream while its bytes pass, and ignores what it does not understand."""

    def __init__(self, facts: ReplyFacts) -> None:
        self._facts = facts
        self._parser = EventParser()
        self._held = bytearray()
        self._has_text = False

    def whole_events(self, chunk: bytes) -> bytes:
        """Return the bytes of all complete events; the rest waits for the next chunk.

        Raises:
            FormatError: an event is longer than ``MAX_EVENT``.
        """
        if not self._held and chunk.endswith(_ENDS):
            return chunk
        begin = max(0, len(self._held) - 3)  # the end of an event may have started there
        self._held += chunk
        end = max(place + len(mark) if (place := self._held.rfind(mark, begin)) >= 0 else 0 for mark in _ENDS)
        events = bytes(self._held[:end])
        del self._held[:end]
        if len(self._held) > MAX_EVENT:
            raise FormatError(f"an event may have {MAX_EVENT} bytes at most")
        return events

    def rest(self) -> bytes:
        """Return the bytes after the last event that is complete."""
        return bytes(self._held)

    def texts(self, events: bytes) -> Iterator[tuple[int, str]]:
        """Yield the model's texts in these complete events, each with the number of its choice."""
        for event in self._parser.feed(events):
            if found := self._look(event):
                self._has_text = True
                yield from found

    def _look(self, event: Event) -> list[tuple[int, str]]:
        try:
            value = read_json(event.data)
        except (RecursionError, ValueError):
            self._facts.end(event.data.strip() == "[DONE]", False)
            return []
        self._facts.read(value)
        if not is_object(value):
            return []
        kind, choices = value.get("type"), objects(value.get("choices"))
        self._facts.end(kind in _LAST, is_object(value.get("error")) or kind == "error")
        self._facts.has_stopped |= any(choice.get("finish_reason") for choice in choices)
        texts = _event_texts(value, choices)
        if kind in _WHOLE and not (texts or self._has_text):
            return [(0, text) for text in _whole_texts(value)]
        return texts


def reply_texts(reply: Any) -> Iterator[str]:
    """Yield the model's texts in a whole reply of any format."""
    if not is_object(reply):
        return
    for choice in objects(reply.get("choices")):
        yield from _message_texts(choice.get("message"))
    yield from _message_texts(reply)
    for item in objects(reply.get("output")):
        yield from _message_texts(item)


def input_texts(body: Any, members: tuple[str, ...]) -> Iterator[str]:
    """Yield the texts that people wrote in these members of a request, without images, ids and names."""
    for name in members:
        yield from _texts(body.get(name) if is_object(body) else None, below=False)


_TEXTS = frozenset({"text", "content", "thinking", "output", "refusal", "reasoning_content"})
_STRUCTURES = frozenset({"input", "arguments"})
_DATA = frozenset({"image_url", "source", "input_audio", "file"})


def _texts(value: Any, *, below: bool) -> Iterator[str]:
    """Yield the texts in a value; with ``below`` every text counts, as in the arguments of a tool."""
    if isinstance(value, str):
        yield value
    elif is_array(value):
        for item in value:
            yield from _texts(item, below=below)
    elif is_object(value):
        for name, member in value.items():
            if below or _holds_text(name, member):
                yield from _texts(member, below=below or name in _STRUCTURES)


def _holds_text(name: str, member: Any) -> bool:
    if isinstance(member, str):
        return name in _TEXTS or name in _STRUCTURES
    return name not in _DATA


def _event_texts(event: dict[str, Any], choices: list[dict[str, Any]]) -> list[tuple[int, str]]:
    found = [(_index(choice), text) for choice in choices for text in _message_texts(choice.get("delta"))]
    delta = event.get("delta")
    if isinstance(delta, str) and event.get("type") == "response.output_text.delta":
        found.append((0, delta))
    elif is_object(delta) and isinstance(delta.get("text"), str):
        found.append((0, delta["text"]))
    return found


def _index(choice: dict[str, Any]) -> int:
    index = choice.get("index")
    return index if isinstance(index, int) else 0


def _whole_texts(event: dict[str, Any]) -> Iterator[str]:
    yield from _message_texts({"content": [event, event.get("part")]})
    yield from _message_texts(event.get("item"))
    yield from reply_texts(event.get("response"))


def _message_texts(message: Any) -> list[str]:
    content = message.get("content") if is_object(message) else None
    if content is None or isinstance(content, str):
        return [] if content is None else [content]
    parts = content if is_array(content) else [content]
    texts = [part.get("text") if is_object(part) else part for part in parts]
    return [text for text in texts if isinstance(text, str)]


def token_count(usage: dict[str, Any], *names: str) -> int | None:
    """Return the first of these counts that is a number."""
    for name in names:
        value = usage.get(name)
        if value is not None and (count := _count(value)) is not None:
            return count
    return None


def _count(value: Any) -> int | None:
    if isinstance(value, int):
        return value
    number = number_of(value)
    return None if number is None else int(number)
