"""Reads and writes replies of ``POST /v1/messages``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..arguments import text_of_arguments, whole_arguments
from ..error_bodies import read_error
from ..lenient import Lenient
from ..neutral import ChatReply, Refusal, ReplyPart, StopReason, Text, ToolCall, Usage
from ..streams import is_empty, stop_for
from .messages import read_reply_part, write_part

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..common import NewId

_STOPS: Mapping[str, StopReason] = {
    "end_turn": "end_turn",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "refusal": "refusal",
    "model_context_window_exceeded": "max_tokens",
}


def read_reply(body: Mapping[str, Any], new_id: NewId) -> ChatReply:
    """Return the neutral form of a body; blocks of kinds that no other format has are left out.

    Raises:
        FormatError: there is no reply, or the body is an error.
    """
    fields = Lenient.of_body(body)
    if fields.words("type") == "error" or not fields.has("content"):
        fields.refuse("content", f"there is no reply: {read_error(body).message}")
    content = fields.raw["content"]
    parts = [Text(content)] if isinstance(content, str) else _read_blocks(fields.children("content"), new_id)
    stop, stop_sequence, explanation = read_stop(fields)
    parts = [part for part in [*parts, Refusal(explanation)] if not is_empty(part)]
    return ChatReply(
        id=fields.words("id") or None,
        model=fields.words("model"),
        parts=tuple(parts),
        stop=stop_for(stop, has_calls=any(isinstance(part, ToolCall) for part in parts)),
        stop_sequence=stop_sequence,
        usage=read_usage(fields.child("usage")) if fields.child("usage").raw else None,
    )


def begin_call(block: Lenient, new_id: NewId) -> ToolCall:
    """Return the call of a block, without its arguments.

    Raises:
        FormatError: it has no name.
    """
    if not block.words("name"):
        block.refuse("name", "is missing: a tool call has no name")
    return ToolCall(block.words("id") or new_id("toolu_"), block.words("name"), "")


def given_input(block: Lenient) -> str:
    """Return the arguments in the block of a call; an empty object has none."""
    return text_of_arguments(block.raw.get("input") or "")


def _read_blocks(blocks: list[Lenient], new_id: NewId) -> list[ReplyPart]:
    parts: list[ReplyPart | None] = []
    for block in blocks:
        if block.words("type") == "tool_use":
            parts.append(replace(begin_call(block, new_id), arguments=whole_arguments(given_input(block))))
        else:
            parts.append(read_reply_part(block))
    return [part for part in parts if part is not None]


def write_reply(reply: ChatReply, reply_id: str) -> dict[str, Any]:
    """Return the body of a neutral reply."""
    refused = any(isinstance(part, Refusal) for part in reply.parts)
    return {
        **envelope(reply_id, reply.model),
        "content": [write_part(part) for part in reply.parts],
        "stop_reason": stop_reason(reply.stop, refused),
        "stop_sequence": reply.stop_sequence,
        "usage": write_usage(reply.usage or Usage()),
    }


def envelope(reply_id: str, model: str) -> dict[str, Any]:
    """Return the members of a message that are known from its start."""
    return {"id": reply_id, "type": "message", "role": "assistant", "model": model}


def read_stop(fields: Lenient) -> tuple[StopReason, str | None, str]:
    """Return why a reply ended, the stop sequence that ended it, and the provider's explanation of a refusal."""
    stop = _STOPS.get(fields.words("stop_reason"), "end_turn")
    return stop, fields.text_or_none("stop_sequence"), fields.child("stop_details").words("explanation")


def stop_reason(stop: StopReason, refused: bool) -> str:
    """Return the stop reason of a reply; a reply with a refusal has ``refusal``."""
    return "refusal" if refused else stop


def read_usage(usage: Lenient) -> Usage:
    """Return the object ``usage``."""
    cache_read = usage.count("cache_read_input_tokens") or 0
    cache_write = usage.count("cache_creation_input_tokens") or 0
    return Usage(
        input_tokens=(usage.count("input_tokens") or 0) + cache_read + cache_write,
        output_tokens=usage.count("output_tokens") or 0,
        cache_read_tokens=cache_read,
        cache_write_tokens=cache_write,
        reasoning_tokens=usage.child("output_tokens_details").count("thinking_tokens") or 0,
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """Return the object ``usage``; details that are 0 are left out."""
    cache = {
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
    }
    details = {"output_tokens_details": {"thinking_tokens": usage.reasoning_tokens}} if usage.reasoning_tokens else {}
    return {
        "input_tokens": max(0, usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens),
        **{key: count for key, count in cache.items() if count},
        "output_tokens": usage.output_tokens,
        **details,
    }
