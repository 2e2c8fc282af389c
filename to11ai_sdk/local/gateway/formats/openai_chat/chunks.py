"""Reads streams of ``POST /v1/chat/completions``: chunks become deltas."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..error_bodies import read_error
from ..neutral import Delta, End, PartDelta, Start
from ..openai_common import created_of
from ..streams import DONE, Sequencer, objects
from .call_chunks import CallChunks
from .replies import read_usage, stop_reason
from .said import calls, has_thoughts, said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ..common import NewId
    from ..lenient import Lenient
    from ..neutral import Usage
    from .said import Said


def read_stream(chunks: Iterable[bytes], new_id: NewId) -> Iterator[Delta]:
    """Yield the deltas of a stream, of the first choice only. May end early, go on after an ``Error``, or raise."""
    reader = _Reader(new_id)
    for fields in objects(chunks):
        yield from reader.read(fields)
    yield from reader.end()


class _Reader:
    def __init__(self, new_id: NewId) -> None:
        self._is_done = False
        self._sequencer = Sequencer[str]()
        self._calls = CallChunks(self._sequencer, new_id)
        self._started = False
        self._others: list[Lenient] = []
        self._has_choices = False
        self._heard = False
        self._thought = False
        self._text = ""
        self._texts = 0
        self._finish_reason: str | None = None
        self._usage: Usage | None = None

    def read(self, fields: Lenient) -> Iterable[Delta]:
        if fields.words("type") == DONE:
            self._is_done = True
            return []
        is_error = fields.raw.get("error") or "error" in (fields.words("object"), fields.words("type"))
        return [read_error(dict(fields.raw))] if is_error else self._chunk(fields)

    def end(self) -> Iterator[Delta]:
        yield from self._only_choice()
        if self._finish_reason is None and not (self._is_done and self._has_choices):
            return
        yield from self._calls.finish()
        yield from self._sequencer.finish()
        yield End(stop_reason(self._finish_reason, has_calls=self._calls.have_begun), usage=self._usage)

    def _chunk(self, fields: Lenient) -> Iterator[Delta]:
        choices = self._first_choices(fields)
        usage = read_usage(fields)
        if usage and (self._usage is None or usage.input_tokens or usage.output_tokens):
            self._usage = usage
        self._has_choices = self._has_choices or bool(choices)
        deltas = [delta for choice in choices for delta in self._choice(choice)]
        # Azure's first chunk has no model and no content, only the results of its prompt filter.
        if not self._started and (deltas or fields.words("model")):
            self._started = True
            yield Start(fields.words("id") or None, fields.words("model"), created_of(fields, "created"))
        yield from deltas

    def _first_choices(self, fields: Lenient) -> list[Lenient]:
        choices = fields.children("choices")
        first = [choice for choice in choices if not choice.count("index")]
        if len(first) < len(choices) and not self._has_choices:
            self._others += [choice for choice in choices if choice.count("index")]
        return first

    def _only_choice(self) -> Iterator[Delta]:
        # Choice 0 is the first, unless the server counts in another way.
        if not self._has_choices:
            first = min((choice.count("index") or 0 for choice in self._others), default=0)
            chosen = [choice for choice in self._others if choice.count("index") == first]
            self._has_choices = bool(chosen)
            yield from (delta for choice in chosen for delta in self._choice(choice))

    def _choice(self, choice: Lenient) -> Iterator[Delta]:
        delta = choice.child("delta")
        has_message = choice.has("message")
        if has_message and not (self._heard or self._text or calls(delta) or any(said(delta))):
            delta = choice.child("message")  # a server that does not stream sends one whole message
        self._thought = self._thought or has_thoughts(delta)
        for part in said(delta, with_details=not self._thought):
            yield from self._say(part)
        found = calls(delta)
        if has_message and not (found or self._calls.have_begun):
            found = calls(choice.child("message"))
        for call in found:
            yield from self._leave_text()
            yield from self._calls.read(call)
        self._finish_reason = choice.words("finish_reason") or self._finish_reason

    def _say(self, part: Said) -> Iterator[Delta]:
        kind = type(part).__name__
        if not self._text.startswith(kind):
            yield from self._leave_text()
            yield from self._calls.leave()
            self._texts += 1
            self._text = f"{kind} {self._texts}"
            yield from self._sequencer.start(self._text, replace(part, text=""))
        yield from self._sequencer.add(self._text, PartDelta(part.text))

    def _leave_text(self) -> list[Delta]:
        self._heard = True
        left, self._text = self._text, ""
        return self._sequencer.stop(left)
