"""Token counts of the chat completions format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..neutral import Usage

if TYPE_CHECKING:
    from ....json_input.fields import Fields


def read_usage(fields: Fields) -> Usage | None:
    """The member ``usage``, if it is there."""
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
    """The object ``usage``; details that are 0 are left out."""
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
