"""Writes streams of ``POST /v1/chat/completions``: deltas become chunks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .. import sse
from ..error_bodies import openai_error
from ..neutral import (
    Delta,
    End,
    Error,
    PartDelta,
    PartStart,
    Refusal,
    ReplyPart,
    Signature,
    Start,
    Text,
    Thinking,
    ToolCall,
)
from .replies import FINISH_REASONS, write_usage
from .thoughts import DETAILS, detail
from .tools import write_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..common import Clock


def write_stream(
    deltas: Iterable[Delta], include_usage: bool, reply_id: Callable[[str | None], str], clock: Clock
) -> Iterator[bytes]:
    """Yield the events of a stream, ``data: [DONE]`` last; after an error there is none.

    Thinking is kept if its maker is known, as in a whole reply.
    """
    writer = _Writer(include_usage, reply_id, clock)
    for delta in deltas:
        yield from writer.write(delta)
        if isinstance(delta, End | Error):
            return


class _Writer:
    def __init__(self, include_usage: bool, reply_id: Callable[[str | None], str], clock: Clock) -> None:
        self._include_usage = include_usage
        self._reply_id = reply_id
        self._clock = clock
        self._head: dict[str, Any] = {}
        self._role: dict[str, Any] = {"role": "assistant"}
        self._part: ReplyPart | None = None
        self._calls = 0
        self._thoughts: list[str] = []
        self._proofs = 0

    def write(self, delta: Delta) -> Iterator[bytes]:
        if isinstance(delta, Start):
            self._start(delta)
        elif isinstance(delta, PartStart):
            yield from self._part_start(delta.part)
        elif isinstance(delta, PartDelta):
            yield from self._part_delta(delta.text)
        elif isinstance(delta, Signature):
            yield from self._signature(delta.signature)
        elif isinstance(delta, End):
            yield from self._end(delta)
        elif isinstance(delta, Error):
            yield sse.write(openai_error(delta.type, delta.code, delta.message, delta.status))

    def _start(self, start: Start) -> None:
        created = self._clock() if start.created is None else start.created
        head = {"id": self._reply_id(start.id), "object": "chat.completion.chunk", "created": created}
        self._head = {**head, "model": start.model}

    def _part_start(self, part: ReplyPart) -> Iterator[bytes]:
        self._part = part
        if isinstance(part, ToolCall):
            call = {"index": self._calls, **write_call(replace(part, arguments=""))}
            self._calls += 1
            yield from self._first({"content": None})
            yield self._chunk({"tool_calls": [call]})
        elif isinstance(part, Text):
            yield from self._first({"content": ""})
        elif isinstance(part, Refusal):
            yield from self._first({"content": None, "refusal": ""})
        elif isinstance(part, Thinking) and part.maker:
            self._thoughts = []
            yield from self._first({"content": None})

    def _part_delta(self, text: str) -> Iterator[bytes]:
        if isinstance(self._part, ToolCall):
            more = {"custom": {"input": text}} if self._part.is_custom else {"function": {"arguments": text}}
            yield self._chunk({"tool_calls": [{"index": self._calls - 1, **more}]})
        elif isinstance(self._part, Text):
            yield self._chunk({"content": text})
        elif isinstance(self._part, Refusal):
            yield self._chunk({"refusal": text})
        elif isinstance(self._part, Thinking) and self._part.maker:
            gap = "" if self._thoughts or not self._proofs else "\n\n"
            self._thoughts.append(text)
            yield self._chunk({"reasoning_content": gap + text})

    def _signature(self, proof: str) -> Iterator[bytes]:
        if isinstance(self._part, Thinking) and self._part.maker:
            yield self._chunk({DETAILS: [detail(self._proofs, "".join(self._thoughts), proof)]})
            self._proofs += 1

    def _end(self, end: End) -> Iterator[bytes]:
        yield from self._first({"content": ""})
        yield self._chunk({}, FINISH_REASONS[end.stop])
        if self._include_usage and end.usage:
            yield sse.write({**self._head, "choices": [], "usage": write_usage(end.usage)})
        yield sse.write("[DONE]")

    def _first(self, members: dict[str, Any]) -> Iterator[bytes]:
        if self._role:
            role, self._role = self._role, {}
            yield self._chunk({**role, **members})

    def _chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        usage = {"usage": None} if self._include_usage else {}
        return sse.write({**self._head, "choices": [choice], **usage})
