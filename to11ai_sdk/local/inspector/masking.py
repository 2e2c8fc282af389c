"""Removes keys from what is shown."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from markupsafe import escape

from .. import bounds
from ..json_input.reader import too_deep

if TYPE_CHECKING:
    from collections.abc import Callable

HIDDEN = "***"
_PROVIDER_KEYS = re.compile(r"\b(?:sk|pk|rk|xai|gsk|pplx|to11_local)[-_][A-Za-z0-9_-]{16,}|\bAIza[A-Za-z0-9_-]{30,}")
_MEMBERS = re.compile(
    r'("[\w-]{0,40}?(?:api[_-]?key|secret|password|authorization|token)"\s{0,9}:\s{0,9}")[^"\\]{1,4096}',
    re.IGNORECASE,
)
_PARAMETERS = re.compile(r"((?:^|&)(?:api[_-]?)?(?:key|token)=)[^&]*", re.IGNORECASE)


def masker(key: str) -> Callable[[str], str]:
    """Return a function that removes the key of the main project from a text, however it is escaped there."""
    plain = {key, json.dumps(key)[1:-1], repr(key)[1:-1]}
    escaped = {form for text in plain for form in (str(escape(text)), quote(text), quote(text, safe=""))}
    ordered = sorted(plain | escaped, key=len, reverse=True)

    def masked(text: str) -> str:
        for form in ordered:
            text = text.replace(form, HIDDEN)
        return text

    return masked


def without_keys(text: str) -> str:
    """Return a text of a call without what looks like a provider's key."""
    return _PROVIDER_KEYS.sub(HIDDEN, _MEMBERS.sub(rf"\1{HIDDEN}", text))


def query_without_keys(query: str) -> str:
    """Return a query, as it was sent, without keys."""
    return without_keys(_PARAMETERS.sub(rf"\1{HIDDEN}", query))


def readable(content: bytes | bytearray, masked: Callable[[str], str]) -> str:
    """Return a body as text without keys, within bounds; indented if it is JSON."""
    text = without_keys(masked(bytes(content).decode("utf-8", "replace")))
    if len(text) > bounds.MAX_RECORDED_BODY:
        return text[: bounds.MAX_RECORDED_BODY] + "\n[cut]"
    return pretty(text)


def pretty(text: str) -> str:
    """Return JSON with indentation, any other text as it is."""
    value = parsed(text)
    return text if value is None else json.dumps(value, indent=2, ensure_ascii=False)


def parsed(text: str) -> Any:
    """Return the value of JSON, ``None`` for any other text, and for JSON that is nested too deeply."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return None if too_deep(value, bounds.MAX_KEPT_DEPTH) else value
