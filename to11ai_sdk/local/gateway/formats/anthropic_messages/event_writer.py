"""Writes streams of ``POST /v1/messages``: deltas become named events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import sse
from ..error_bodies import anthropic_error
from ..neutral import (
    Delta,
    End,
    Error,
    PartDelta,
    PartStart,
    PartStop,
    Refusal,
    ReplyPart,
    Signature,
    Start,
    Thinking,
    ToolCall,
    Usage,
)
from .messages import write_part
from .replies import envelope, stop_reason, write_usage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator


def write_stream(deltas: Iterable[Delta], reply_id: Callable[[str | None], str]) -> Iterator[bytes]:
    """Yield the events of a stream, ``message_stop`` or ``error`` last."""
    writer = _Writer(reply_id)
    for delta in deltas:
        yield from writer.write(delta)
        if isinstance(delta, End | Error):
            return


class _Writer:
    def __init__(self, reply_id: Callable[[str | None], str]) -> None:
        self._reply_id = reply_id
        self._index = 0
        self._part: ReplyPart | None = None
        self._refused = False

    def write(self, delta: Delta) -> Iterator[bytes]:
        if isinstance(delta, Start):
            yield self._start(delta)
        elif isinstance(delta, PartStart):
            yield self._part_start(delta.part)
        elif isinstance(delta, PartDelta):
            yield self._block_delta(self._more(delta.text))
        elif isinstance(delta, Signature):
            yield self._block_delta({"type": "signature_delta", "signature": delta.signature})
        elif isinstance(delta, PartStop):
            yield _event("content_block_stop", {"index": self._index})
            self._index += 1
        elif isinstance(delta, End):
            yield from self._end(delta)
        else:
            yield sse.write(anthropic_error(delta.type, delta.code, delta.message, delta.status), "error")

    def _start(self, start: Start) -> bytes:
        open_ends: dict[str, Any] = {"content": [], "stop_reason": None, "stop_sequence": None}
        usage = write_usage(start.usage or Usage())
        message = {**envelope(self._reply_id(start.id), start.model), **open_ends, "usage": usage}
        return _event("message_start", {"message": message})

    def _part_start(self, part: ReplyPart) -> bytes:
        self._part = part
        self._refused = self._refused or isinstance(part, Refusal)
        return _event("content_block_start", {"index": self._index, "content_block": write_part(part)})

    def _block_delta(self, delta: dict[str, Any]) -> bytes:
        return _event("content_block_delta", {"index": self._index, "delta": delta})

    def _more(self, text: str) -> dict[str, Any]:
        if isinstance(self._part, ToolCall):
            return {"type": "input_json_delta", "partial_json": text}
        if isinstance(self._part, Thinking):
            return {"type": "thinking_delta", "thinking": text}
        return {"type": "text_delta", "text": text}

    def _end(self, end: End) -> Iterator[bytes]:
        stop = {"stop_reason": stop_reason(end.stop, self._refused), "stop_sequence": end.stop_sequence}
        yield _event("message_delta", {"delta": stop, "usage": write_usage(end.usage or Usage())})
        yield _event("message_stop", {})


def _event(name: str, members: dict[str, Any]) -> bytes:
    return sse.write({"type": name, **members}, name)
