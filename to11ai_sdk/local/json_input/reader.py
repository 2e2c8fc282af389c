"""Reads JSON as RFC 8259 has it, within bounds; Python's own reader also takes ``NaN`` and infinities."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from ...json_types import is_array, is_object


def loads(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: it is not JSON.
        RecursionError: it is nested too deeply.
    """
    return json.loads(text, parse_constant=_no_constant)


def _no_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number of JSON")


MAX_DEPTH = 32
"""How many levels of arrays and objects a value from outside may have."""

MAX_KEPT_DEPTH = 64
"""How many of them a document may have that is kept: a template, the settings of a model, a snapshot."""


def too_deep(value: Any, limit: int = MAX_DEPTH) -> bool:
    """Whether arrays and objects are nested deeper than ``limit`` levels; walks no deeper than that itself."""
    level = [value]
    for _ in range(limit):
        level = [child for parent in level for child in _children(parent)]
    return any(is_object(child) or is_array(child) for child in level)


def _children(value: Any) -> list[Any]:
    if is_object(value):
        return list(value.values())
    return value if is_array(value) else []
