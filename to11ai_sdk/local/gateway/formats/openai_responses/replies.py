"""Replies of ``POST /v1/responses``: read here, written as the last state of their stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_input.fields import Fields
from ..error_bodies import read_error
from ..neutral import ChatReply, Refusal, ReplyPart, StopReason, Text, ToolCall, Usage
from ..openai_common import created_of
from ..streams import is_empty
from .items import read_reasoning
from .tools import read_call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_INCOMPLETE: Mapping[str, StopReason] = {"max_output_tokens": "max_tokens", "content_filter": "refusal"}


def read_reply(body: Mapping[str, Any]) -> ChatReply:
    """Return the neutral form of a body; items of kinds that no other format has are left out.

    Raises:
        FormatError: a field is missing or wrong, or the reply failed or is not finished.
    """
    fields = Fields.of_body(body)
    if fields.text_or_none("status") not in {None, "completed", "incomplete"} or not fields.has("output"):
        fields.refuse("output", f"there is no whole reply: {read_error(body).message}")
    parts = tuple(part for item in fields.children("output") for part in _read_item(item) if not is_empty(part))
    return ChatReply(
        id=fields.words("id") or None,
        model=fields.words("model"),
        parts=parts,
        stop=stop_reason(fields, any(isinstance(part, ToolCall) for part in parts)),
        usage=read_usage(fields),
        created=created_of(fields, "created_at"),
    )


def stop_reason(response: Fields, has_calls: bool) -> StopReason:
    """Why a reply ended."""
    stop = _INCOMPLETE.get(response.child("incomplete_details").words("reason"), "end_turn")
    return "tool_use" if has_calls and stop == "end_turn" else stop


def _read_item(item: Fields) -> list[ReplyPart]:
    kind = item.text("type")
    if kind == "function_call":
        return [read_call(item)]
    if kind == "reasoning":
        return [read_reasoning(item)]
    parts = item.children("content") if kind == "message" else []
    return [_CONTENT[part.words("type")](part) for part in parts if part.words("type") in _CONTENT]


def _read_text(fields: Fields) -> ReplyPart:
    return Text(fields.text("text"))


def _read_refusal(fields: Fields) -> ReplyPart:
    return Refusal(fields.text("refusal"))


_CONTENT: Mapping[str, Callable[[Fields], ReplyPart]] = {"output_text": _read_text, "refusal": _read_refusal}


def read_usage(fields: Fields) -> Usage | None:
    """Return the member ``usage``, if it is there."""
    if not fields.has("usage"):
        return None
    usage = fields.child("usage")
    details = usage.child("input_tokens_details")
    return Usage(
        input_tokens=usage.count("input_tokens") or 0,
        output_tokens=usage.count("output_tokens") or 0,
        cache_read_tokens=details.count("cached_tokens") or 0,
        cache_write_tokens=details.count("cache_write_tokens") or 0,
        reasoning_tokens=usage.child("output_tokens_details").count("reasoning_tokens") or 0,
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """Return the object ``usage``; always with its details."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cache_write_tokens": usage.cache_write_tokens,
            "cached_tokens": usage.cache_read_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
    }
