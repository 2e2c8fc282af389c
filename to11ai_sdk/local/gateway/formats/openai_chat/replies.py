"""Reads and writes replies of ``POST /v1/chat/completions``."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ..arguments import whole_arguments
from ..common import UniqueIds, present
from ..error_bodies import read_error
from ..lenient import Lenient
from ..neutral import ChatReply, Refusal, ReplyPart, StopReason, Text, ToolCall, Usage
from ..openai_common import created_of
from ..streams import stop_for
from .said import calls, said
from .thoughts import kept_thoughts
from .tools import write_call

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..common import NewId

FINISH_REASONS: Mapping[StopReason, str] = {
    "end_turn": "stop",
    "max_tokens": "length",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}
_STOPS: Mapping[str, StopReason] = {
    "length": "max_tokens",
    "max_tokens": "max_tokens",
    "model_length": "max_tokens",
    "tool_calls": "tool_use",
    "tool_use": "tool_use",
    "function_call": "tool_use",
    "content_filter": "refusal",
    "refusal": "refusal",
}


def read_reply(body: Mapping[str, Any], new_id: NewId) -> ChatReply:
    """Return the neutral form of a body, with the first of several choices.

    Raises:
        FormatError: there is no reply, or one that only holds an error.
    """
    fields = Lenient.of_body(body)
    choices = sorted(fields.children("choices"), key=lambda choice: choice.count("index") or 0)
    message = choices[0].mapping("message") if choices else None
    parts = () if message is None else tuple(_read_parts(choices[0].child("message"), new_id))
    failed = None if parts else next((each.raw for each in (fields, *choices) if each.raw.get("error")), None)
    if message is None or failed:
        fields.refuse("choices", f"there is no reply: {read_error(failed or body).message}")
    return ChatReply(
        id=fields.words("id") or None,
        model=fields.words("model"),
        parts=parts,
        stop=stop_reason(choices[0].words("finish_reason"), has_calls=any(isinstance(it, ToolCall) for it in parts)),
        usage=read_usage(fields),
        created=created_of(fields, "created"),
    )


def write_reply(reply: ChatReply, reply_id: str, created: int) -> dict[str, Any]:
    """Return the body of a neutral reply; thinking is kept if its maker is known."""
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


def stop_reason(finish_reason: str | None, *, has_calls: bool) -> StopReason:
    """Return why a reply ended."""
    return stop_for(_STOPS.get(finish_reason or "", "end_turn"), has_calls=has_calls)


def _read_parts(message: Lenient, new_id: NewId) -> Iterator[ReplyPart]:
    for _, group in groupby(said(message), type):
        run = list(group)
        yield replace(run[0], text="".join(part.text for part in run))
    ids = UniqueIds("call_", new_id)
    for call in calls(message):
        yield from _read_call(call, ids)


def _read_call(fields: Lenient, ids: UniqueIds) -> list[ToolCall]:
    function = fields.child("function") if fields.has("function") else fields
    name, arguments = function.words("name"), function.raw.get("arguments")
    if not (name or arguments):
        return []
    if not name:
        fields.refuse("function.name", "is missing: a tool call has no name")
    return [ToolCall(ids.of(fields.words("id")), name, whole_arguments(arguments))]


def _write_message(parts: Sequence[ReplyPart]) -> dict[str, Any]:
    text = "".join(part.text for part in parts if isinstance(part, Text))
    refusal = "".join(part.text for part in parts if isinstance(part, Refusal)) or None
    calls = [write_call(part) for part in parts if isinstance(part, ToolCall)]
    content = None if not text and (refusal or calls) else text
    extra = {**kept_thoughts(parts), **present({"tool_calls": calls or None})}
    return {"role": "assistant", "content": content, "refusal": refusal, **extra}


def read_usage(fields: Lenient) -> Usage | None:
    """Return the tokens of a reply or a chunk, if they are there; Moonshot and Groq have them in other places."""
    of_groq = [fields.child("x_groq")] if fields.has("x_groq") else []
    for place in (fields, *fields.children("choices")[:1], *of_groq):
        if place.has("usage") and (usage := _usage(place.child("usage"))):
            return usage
    return None


def _usage(usage: Lenient) -> Usage | None:
    prompt, completion = usage.child("prompt_tokens_details"), usage.child("completion_tokens_details")
    tokens = _first(usage, "prompt_tokens", "input_tokens"), _first(usage, "completion_tokens", "output_tokens")
    cached = _first(prompt, "cached_tokens") or _first(usage, "prompt_cache_hit_tokens", "cached_tokens")
    if tokens == (None, None):
        return None
    # The cached tokens of DeepSeek and Moonshot are part of the prompt.
    return Usage(
        input_tokens=tokens[0] or 0,
        output_tokens=tokens[1] or 0,
        cache_read_tokens=cached or 0,
        cache_write_tokens=_first(prompt, "cache_write_tokens", "cache_creation_tokens") or 0,
        reasoning_tokens=completion.count("reasoning_tokens") or 0,
    )


def _first(fields: Lenient, *keys: str) -> int | None:
    return next((found for key in keys if (found := fields.count(key)) is not None), None)


def write_usage(usage: Usage) -> dict[str, Any]:
    """Return the object ``usage``; always with its details."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }
