"""Writes streams of ``POST /v1/responses``: deltas become numbered events, and in the end a response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import sse
from ..common import OPENAI, present
from ..neutral import Delta, End, Error, PartDelta, PartStart, Signature, Start
from .items import write_messages
from .output import Event, Item, item_for
from .replies import write_usage
from .requests import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ..common import Clock, NewId
    from ..neutral import ChatRequest, ReplyPart

_INCOMPLETE = {"max_tokens": "max_output_tokens", "refusal": "content_filter"}
_DEFAULTS: dict[str, Any] = {
    "id": "",
    "object": "response",
    "created_at": 0,
    "status": "in_progress",
    "background": False,
    "error": None,
    "incomplete_details": None,
    "instructions": None,
    "max_output_tokens": None,
    "model": "",
    "output": [],
    "parallel_tool_calls": True,
    "previous_response_id": None,
    "reasoning": {"effort": None, "summary": None},
    "store": False,
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
    "truncation": "disabled",
    "usage": None,
    "user": None,
    "metadata": {},
}


class ResponseWriter:
    """Writes one response.

    Attributes:
        response: the response so far; complete after an ``End``.
    """

    def __init__(
        self, request: ChatRequest | None, new_id: NewId, clock: Clock, reply_id: Callable[[str | None], str]
    ) -> None:
        self.response: dict[str, Any] = {}
        self._request = request
        self._new_id = new_id
        self._clock = clock
        self._reply_id = reply_id
        self._output: list[dict[str, Any]] = []
        self._item: Item | None = None
        self._number = 0

    def stream(self, deltas: Iterable[Delta]) -> Iterator[bytes]:
        """Yield the events of a stream, ``response.completed``, ``.incomplete`` or ``.failed`` last."""
        for delta in deltas:
            for name, members in self.events(delta):
                yield sse.write({"type": name, **members, "sequence_number": self._number}, name)
                self._number += 1
            if isinstance(delta, End | Error):
                return

    def events(self, delta: Delta) -> Iterator[Event]:
        """Yield the events that a delta causes, each with its name."""
        if isinstance(delta, Start):
            yield from self._start(delta)
        elif isinstance(delta, PartStart):
            yield from self._part_start(delta.part)
        elif isinstance(delta, End):
            yield from self._end(delta)
        elif isinstance(delta, Error):
            yield from self._fail(delta)
        elif self._item is None:
            return
        elif isinstance(delta, PartDelta):
            yield from self._item.more(delta.text)
        elif isinstance(delta, Signature):
            self._item.sign(delta.signature)
        else:
            yield from self._item.stop_part()

    def _start(self, start: Start) -> Iterator[Event]:
        created = self._clock() if start.created is None else start.created
        self.response = _response(self._request, self._reply_id(start.id), start.model, created)
        yield "response.created", self._snapshot()
        yield "response.in_progress", self._snapshot()

    def _part_start(self, part: ReplyPart) -> Iterator[Event]:
        if not (self._item and self._item.takes(part)):
            yield from self._close()
            self._item = item_for(part, len(self._output), self._new_id)
            if self._item:
                yield "response.output_item.added", self._item_event(self._item.written("in_progress"))
        if self._item:
            yield from self._item.start_part(part)

    def _close(self) -> Iterator[Event]:
        if self._item:
            item = self._item.written()
            yield "response.output_item.done", self._item_event(item)
            self._output.append(item)
        self._item = None

    def _item_event(self, item: dict[str, Any]) -> dict[str, Any]:
        return {"output_index": len(self._output), "item": item}

    def _end(self, end: End) -> Iterator[Event]:
        yield from self._close()
        reason = _INCOMPLETE.get(end.stop)
        status = "incomplete" if reason else "completed"
        details = {"reason": reason} if reason else None
        usage = write_usage(end.usage) if end.usage else None
        self.response |= {"status": status, "incomplete_details": details, "usage": usage}
        yield f"response.{status}", self._snapshot()

    def _fail(self, error: Error) -> Iterator[Event]:
        yield "error", {"code": error.code, "message": error.message, "param": None}
        code = "rate_limit_exceeded" if error.status == 429 else "server_error"
        self.response |= {"status": "failed", "error": {"code": code, "message": error.message}}
        if "id" in self.response:
            yield "response.failed", self._snapshot()

    def _snapshot(self) -> dict[str, Any]:
        self.response["output"] = list(self._output)
        return {"response": dict(self.response)}


def _response(request: ChatRequest | None, reply_id: str, model: str, created: int) -> dict[str, Any]:
    asked = present(settings(request)) if request else {}
    if request:
        asked["instructions"] = write_messages(request.messages, OPENAI)[0]
    return {**_DEFAULTS, **asked, "id": reply_id, "model": model, "created_at": created}
