"""Finds the text and thinking of a chat message or delta, whichever member a server uses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....json_types import is_array, is_object
from ..lenient import Lenient, text_in
from ..neutral import Refusal, Text, Thinking
from ..streams import is_empty
from .thoughts import DETAILS, REASONING

if TYPE_CHECKING:
    from collections.abc import Iterator

Said = Text | Thinking | Refusal


def said(message: Lenient, *, with_details: bool = True) -> Iterator[Said]:
    """Yield the parts with text and thinking that are not empty.

    Args:
        message: a message or a delta.
        with_details: whether OpenRouter's ``reasoning_details`` are read if no other member has thinking.
    """
    if thoughts := _thoughts(message, with_details):
        yield thoughts
    content = message.raw.get("content")
    if isinstance(content, str):
        if content:
            yield Text(content)
    elif content is not None:
        yield from (part for part in _content(content) if not is_empty(part))
    if refusal := message.words("refusal"):
        yield Refusal(refusal)


def has_thoughts(message: Lenient) -> bool:
    """Return whether thinking has its own member; servers with two such members put the same into both."""
    return any(text_in(message.raw.get(key)) for key in REASONING)


def calls(message: Lenient) -> list[Lenient]:
    """Return the tool calls, or the old ``function_call`` if there are none."""
    found = message.children("tool_calls")
    return found or [Lenient({"function": each.raw}) for each in message.children("function_call")]


def _thoughts(message: Lenient, with_details: bool) -> Thinking | None:
    for key in REASONING:
        if text := text_in(message.raw.get(key)):
            return Thinking(text, maker=key)
    details = text_in(message.raw.get(DETAILS)) if with_details else ""
    return Thinking(details, maker="reasoning") if details else None


def _content(content: Any) -> list[Said]:
    items = content if is_array(content) else [content]
    return [_part(item) for item in items]


def _part(item: Any) -> Said:
    kind = item.get("type") if is_object(item) else None
    if kind in ("thinking", "reasoning"):
        return Thinking(text_in(item))
    if kind == "refusal":
        return Refusal(text_in(item.get("refusal")))
    return Text(text_in(item))
