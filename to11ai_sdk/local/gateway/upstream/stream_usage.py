"""Requests the tokens of OpenAI's chat streams, which the trace needs and providers report only on request.

Source: ``stream_options`` at https://platform.openai.com/docs/api-reference/chat/create.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ....json_types import is_object
from ...json_input.reader import read_json_or_none
from ..formats.sse import EventParser

if TYPE_CHECKING:
    from collections.abc import Mapping

OPTIONS = "stream_options"
_NO_CHOICES = re.compile(rb'"choices"\s*:\s*\[\s*\]')
_EVENT = re.compile(rb".*?(?:\r?\n\r?\n|\r\r)", re.DOTALL)


def is_asked_for(body: Mapping[str, Any]) -> bool:
    """Return whether a chat request asks for the chunk with the tokens."""
    options = body.get(OPTIONS)
    return is_object(options) and options.get("include_usage") is True


def asking(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a chat request that asks for it; one with invalid options is left for the provider to refuse."""
    options = body.get(OPTIONS)
    if options is not None and not is_object(options):
        return dict(body)
    return {**body, OPTIONS: {**(options or {}), "include_usage": True}}


def without_usage_chunk(events: bytes) -> bytes:
    """Return the events of a stream without the chunk that has only the tokens; every other byte is kept."""
    if not _NO_CHOICES.search(events):
        return events
    return _EVENT.sub(lambda event: b"" if _has_only_usage(event[0]) else event[0], events)


def _has_only_usage(event: bytes) -> bool:
    if b'"usage"' not in event or not _NO_CHOICES.search(event):
        return False
    chunks = [read_json_or_none(each.data) for each in EventParser().feed(event)]
    return bool(chunks) and all(
        is_object(chunk) and chunk.get("choices") == [] and is_object(chunk.get("usage")) for chunk in chunks
    )
