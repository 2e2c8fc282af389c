"""Reads replies of ``POST /v1/responses``, and writes them as the last state of their stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .....json_types import is_array, is_mapping
from ..arguments import whole_arguments
from ..error_bodies import read_error
from ..lenient import Lenient, text_in
from ..neutral import ChatReply, Refusal, ReplyPart, StopReason, Text, ToolCall, Usage
from ..openai_common import created_of
from ..streams import is_empty, stop_for
from .items import read_reasoning

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..common import NewId

_INCOMPLETE: Mapping[str, StopReason] = {"max_output_tokens": "max_tokens", "content_filter": "refusal"}


def read_reply(body: Mapping[str, Any], new_id: NewId) -> ChatReply:
    """Return the neutral form of a body; items of kinds that no other format has are left out.

    Raises:
        FormatError: there is no reply, or it failed or is not finished.
    """
    fields = Lenient.of_body(body)
    if fields.words("status") not in {"", "completed", "incomplete"} or not fields.has("output"):
        fields.refuse("output", f"there is no whole reply: {read_error(body).message}")
    items = output_of(fields)
    parts = tuple(part for item in items for part in read_item(item, new_id) if not is_empty(part))
    if not parts and fields.raw.get("error"):
        fields.refuse("output", f"there is no whole reply: {read_error(body).message}")
    return ChatReply(
        id=fields.words("id") or None,
        model=fields.words("model"),
        parts=parts,
        stop=stop_reason(fields, has_calls=any(isinstance(part, ToolCall) for part in parts)),
        usage=read_usage(fields),
        created=created_of(fields, "created_at"),
    )


def output_of(response: Lenient) -> list[Lenient]:
    """Return the items of a response; some servers have only its text."""
    text = response.words("output_text")
    return response.children("output") or ([Lenient({"type": "message", "content": text})] if text else [])


def stop_reason(response: Lenient, *, has_calls: bool) -> StopReason:
    """Return why a reply ended; an incomplete one without a reason reached its limit."""
    reason = response.child("incomplete_details").words("reason")
    is_short = response.words("status") == "incomplete"
    return stop_for(_INCOMPLETE.get(reason, "max_tokens" if is_short else "end_turn"), has_calls=has_calls)


def read_item(item: Lenient, new_id: NewId) -> list[ReplyPart]:
    """Return the parts of an item of the output; none for a kind that no other format has.

    Raises:
        FormatError: a call has no name.
    """
    kind = item.words("type")
    if kind == "function_call":
        return [_read_call(item, new_id)]
    if kind == "reasoning":
        return [read_reasoning(item)]
    content = item.raw.get("content") if kind in ("message", "") else None
    parts: list[Any] = content if is_array(content) else [content]
    return [read_content(part) for part in parts]


def read_content(part: Any) -> Text | Refusal:
    """Return a part of a message; empty for a kind that no other format has."""
    kind = part.get("type") if is_mapping(part) else "text"
    if kind == "refusal":
        return Refusal(text_in(part.get("refusal")))
    return Text(text_in(part) if kind in ("output_text", "text") else "")


def _read_call(item: Lenient, new_id: NewId) -> ToolCall:
    if not item.words("name"):
        item.refuse("name", "is missing: a tool call has no name")
    call_id = item.words("call_id") or item.words("id") or new_id("call_")
    arguments = whole_arguments(item.raw.get("arguments"))
    return ToolCall(call_id, item.words("name"), arguments, item.words("namespace") or None)


def read_usage(fields: Lenient) -> Usage | None:
    """Return the member ``usage``, if it is there."""
    usage = fields.child("usage")
    if not usage.raw:
        return None
    details = usage.child("input_tokens_details")
    return Usage(
        input_tokens=usage.count("input_tokens") or 0,
        output_tokens=usage.count("output_tokens") or 0,
        cache_read_tokens=details.count("cached_tokens") or 0,
        cache_write_tokens=details.count("cache_write_tokens") or details.count("cache_creation_tokens") or 0,
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
