"""How deep a JSON value is nested: one from outside may be too deep to be walked safely."""

from __future__ import annotations

from typing import Any

from ..json_types import is_array, is_object

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
