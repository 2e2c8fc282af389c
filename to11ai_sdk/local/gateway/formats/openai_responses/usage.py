"""Token counts of the responses format."""

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
    details = usage.child("input_tokens_details")
    return Usage(
        input_tokens=usage.count("input_tokens") or 0,
        output_tokens=usage.count("output_tokens") or 0,
        cache_read_tokens=details.count("cached_tokens") or 0,
        cache_write_tokens=details.count("cache_write_tokens") or 0,
        reasoning_tokens=usage.child("output_tokens_details").count("reasoning_tokens") or 0,
    )


def write_usage(usage: Usage) -> dict[str, Any]:
    """The object ``usage``; its details are always told."""
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
