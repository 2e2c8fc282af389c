"""Token counts of the Anthropic format, where cached input is counted apart from the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..neutral import Usage

if TYPE_CHECKING:
    from ....json_input.fields import Fields


def read_usage(usage: Fields) -> Usage:
    """The object ``usage``."""
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
    """The object ``usage``; details that are 0 are left out."""
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
