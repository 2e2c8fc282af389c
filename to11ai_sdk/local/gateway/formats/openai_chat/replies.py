"""Replies of ``POST /v1/chat/completions``, read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_input.fields import Fields
from ..common import present
from ..error_bodies import read_error
from ..neutral import ChatReply, Refusal, ReplyPart, StopReason, Text, Thinking, ToolCall, Usage
from ..openai_common import created_of
from ..streams import is_empty
from .thoughts import kept_thoughts
from .tools import write_call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..common import NewId

FINISH_REASONS: Mapping[StopReason, str] = {
    "end_turn": "stop",
    "max_tokens": "length",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_STOPS: Mapping[str, StopReason] = {"length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def read_reply(body: Mapping[str, Any], new_id: NewId) -> ChatReply:
    """Return the neutral form of a body; of several choices the first.

    Raises:
        FormatError: a field is missing or wrong.
    """
    fields = Fields.of_body(body)
    choices = fields.children("choices")
    if not (choices and choices[0].has("message")):
        fields.refuse("choices", f"there is no reply: {read_error(body).message}")
    parts = tuple(part for part in _read_parts(choices[0].child("message"), new_id) if not is_empty(part))
    return ChatReply(
        id=fields.words("id") or None,
        model=fields.words("model"),
        parts=parts,
        stop=stop_reason(choices[0].text_or_none("finish_reason"), any(isinstance(part, ToolCall) for part in parts)),
        usage=read_usage(fields),
        created=created_of(fields, "created"),
    )


def write_reply(reply: ChatReply, reply_id: str, created: int) -> dict[str, Any]:
    """Return the body of a neutral reply; thinking is kept where its maker is known."""
    usage = {"usage": write_usage(reply.usage)} if reply.usage else {}
    choice = {"index": 0, "message": _write_message(reply.parts), "logprobs": None}
    return {
        "id": reply_id,
        "object": "chat.completion",
        "created": created,
        "model": reply.model,
        "choices": [{**choice, "finish_reason": FINISH_REASONS[reply.stop]}],
        **usage,
    }


def stop_reason(finish_reason: str | None, has_calls: bool) -> StopReason:
    """Why a reply ended; one that calls tools without saying so ends for that."""
    stop = _STOPS.get(finish_reason or "", "end_turn")
    return "tool_use" if has_calls and stop == "end_turn" else stop


def _read_parts(message: Fields, new_id: NewId) -> list[ReplyPart]:
    return [
        Thinking(message.words("reasoning_content")),
        Text(message.words("content")),
        Refusal(message.words("refusal")),
        *(_read_call(call, new_id) for call in message.children("tool_calls")),
    ]


def _read_call(fields: Fields, new_id: NewId) -> ToolCall:
    function = fields.child("function")
    call_id = fields.words("id") or new_id("call_")
    return ToolCall(call_id, function.text("name"), function.words("arguments"))


def _write_message(parts: Sequence[ReplyPart]) -> dict[str, Any]:
    text = "".join(part.text for part in parts if isinstance(part, Text))
    refusal = "".join(part.text for part in parts if isinstance(part, Refusal)) or None
    calls = [write_call(part) for part in parts if isinstance(part, ToolCall)]
    content = None if not text and (refusal or calls) else text
    extra = {**kept_thoughts(parts), **present({"tool_calls": calls or None})}
    return {"role": "assistant", "content": content, "refusal": refusal, **extra}


def read_usage(fields: Fields) -> Usage | None:
    """Return the member ``usage``, if it is there."""
    if not fields.has("usage"):
        return None
    usage = fields.child("usage")
    prompt, completion = usage.child("prompt_tokens_details"), usage.child("completion_tokens_details")
    return Usage(
        input_tokens=usage.count("prompt_tokens") or 0,
        output_tokens=usage.count("completion_tokens") or 0,
        cache_read_tokens=prompt.count("cached_tokens") or 0,
        cache_write_tokens=prompt.count("cache_write_tokens") or 0,
        reasoning_tokens=completion.count("reasoning_tokens") or 0,
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """Return the object ``usage``; details that are 0 are left out."""
    prompt = {"cached_tokens": usage.cache_read_tokens, "cache_write_tokens": usage.cache_write_tokens}
    details = {
        "prompt_tokens_details": {key: count for key, count in prompt.items() if count},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens} if usage.reasoning_tokens else {},
    }
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        **{key: members for key, members in details.items() if members},
    }
