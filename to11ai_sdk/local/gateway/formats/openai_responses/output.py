"""Writes the items of a response: the events while an item grows, and the whole item at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from ..neutral import Refusal, ReplyPart, Text, Thinking, ToolCall
from .items import write_reasoning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..common import NewId

Event = tuple[str, dict[str, Any]]
"""Name and members of an event, without its number."""


class Item(Protocol):
    """One item of the output."""

    def takes(self, part: ReplyPart) -> bool:
        """Whether a further part belongs to this item."""
        ...

    def start_part(self, part: ReplyPart) -> Iterator[Event]:
        """Return a part begins."""
        ...

    def more(self, text: str) -> Iterator[Event]:
        """More of the part."""
        ...

    def sign(self, signature: str) -> None:
        """Take the signature of the part."""
        ...

    def stop_part(self) -> Iterator[Event]:
        """Return the part is complete."""
        ...

    def written(self, status: str = "completed") -> dict[str, Any]:
        """Return the item as it is now."""
        ...


def item_for(part: ReplyPart, output_index: int, new_id: NewId) -> Item | None:
    """Return a new item that begins with a part; ``None`` for encrypted thinking, which has no place in this format."""
    if isinstance(part, ToolCall):
        made = CustomCallItem(part, output_index, new_id("ctc_")) if part.is_custom else None
        return made or CallItem(part, output_index, new_id("fc_"))
    if isinstance(part, Thinking):
        return ReasoningItem(part, output_index, part.id or new_id("rs_"))
    return MessageItem(output_index, new_id("msg_")) if isinstance(part, Text | Refusal) else None


class MessageItem:
    """A message of the model, or its refusal."""

    def __init__(self, output_index: int, item_id: str) -> None:
        self._id = item_id
        self._output_index = output_index
        self._content: list[dict[str, Any]] = []
        self._texts: list[str] = []
        self._kind = ""

    def takes(self, part: ReplyPart) -> bool:
        return isinstance(part, Text | Refusal)

    def start_part(self, part: ReplyPart) -> Iterator[Event]:
        self._kind = "refusal" if isinstance(part, Refusal) else "output_text"
        self._texts = []
        yield "response.content_part.added", {**self._place(), "part": self._part()}

    def more(self, text: str) -> Iterator[Event]:
        self._texts.append(text)
        yield f"response.{self._kind}.delta", {**self._place(), "delta": text, **self._logprobs()}

    def sign(self, signature: str) -> None:
        """Ignore it: messages are not signed."""

    def stop_part(self) -> Iterator[Event]:
        place, part = self._place(), self._part()
        member = "refusal" if self._kind == "refusal" else "text"
        yield f"response.{self._kind}.done", {**place, member: part[member], **self._logprobs()}
        self._content.append(part)
        yield "response.content_part.done", {**place, "part": part}

    def written(self, status: str = "completed") -> dict[str, Any]:
        head = {"id": self._id, "type": "message", "status": status, "role": "assistant"}
        return {**head, "content": list(self._content)}

    def _place(self) -> dict[str, Any]:
        return {"item_id": self._id, "output_index": self._output_index, "content_index": len(self._content)}

    def _part(self) -> dict[str, Any]:
        text = "".join(self._texts)
        if self._kind == "refusal":
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "annotations": [], "logprobs": [], "text": text}

    def _logprobs(self) -> dict[str, Any]:
        return {} if self._kind == "refusal" else {"logprobs": []}


class CallItem:
    """A function that the model wants called."""

    def __init__(self, call: ToolCall, output_index: int, item_id: str) -> None:
        self._call = call
        self._id = item_id
        self._place = {"item_id": item_id, "output_index": output_index}
        self._texts: list[str] = []

    def takes(self, part: ReplyPart) -> bool:
        return False

    def start_part(self, part: ReplyPart) -> Iterator[Event]:
        yield from ()

    def more(self, text: str) -> Iterator[Event]:
        self._texts.append(text)
        yield "response.function_call_arguments.delta", {**self._place, "delta": text}

    def sign(self, signature: str) -> None:
        """Ignore it: calls are not signed."""

    def stop_part(self) -> Iterator[Event]:
        done = {"name": self._call.name, "arguments": "".join(self._texts)}
        yield "response.function_call_arguments.done", {**self._place, **done}

    def written(self, status: str = "completed") -> dict[str, Any]:
        call = {"call_id": self._call.id, "name": self._call.name, "arguments": "".join(self._texts)}
        return {"id": self._id, "type": "function_call", "status": status, **call, **_group(self._call)}


class CustomCallItem(CallItem):
    """A tool that takes text and that the model wants called."""

    def more(self, text: str) -> Iterator[Event]:
        self._texts.append(text)
        yield "response.custom_tool_call_input.delta", {**self._place, "delta": text}

    def stop_part(self) -> Iterator[Event]:
        yield "response.custom_tool_call_input.done", {**self._place, "input": "".join(self._texts)}

    def written(self, status: str = "completed") -> dict[str, Any]:
        call = {"call_id": self._call.id, "name": self._call.name, "input": "".join(self._texts)}
        return {"id": self._id, "type": "custom_tool_call", "status": status, **call, **_group(self._call)}


class ReasoningItem:
    """The model's thinking, as the only part of a summary."""

    def __init__(self, thinking: Thinking, output_index: int, item_id: str) -> None:
        self._thinking = thinking
        self._id = item_id
        self._place = {"item_id": item_id, "output_index": output_index, "summary_index": 0}
        self._texts: list[str] = []

    def takes(self, part: ReplyPart) -> bool:
        return False

    def start_part(self, part: ReplyPart) -> Iterator[Event]:
        yield from ()

    def more(self, text: str) -> Iterator[Event]:
        if not self._texts:
            yield "response.reasoning_summary_part.added", {**self._place, "part": _summary("")}
        self._texts.append(text)
        yield "response.reasoning_summary_text.delta", {**self._place, "delta": text}

    def sign(self, signature: str) -> None:
        self._thinking = replace(self._thinking, signature=signature)

    def stop_part(self) -> Iterator[Event]:
        if text := "".join(self._texts):
            yield "response.reasoning_summary_text.done", {**self._place, "text": text}
            yield "response.reasoning_summary_part.done", {**self._place, "part": _summary(text)}

    def written(self, status: str = "completed") -> dict[str, Any]:
        return write_reasoning(replace(self._thinking, text="".join(self._texts)), self._id)


def _group(call: ToolCall) -> dict[str, str]:
    return {} if call.namespace is None else {"namespace": call.namespace}


def _summary(text: str) -> dict[str, Any]:
    return {"type": "summary_text", "text": text}
