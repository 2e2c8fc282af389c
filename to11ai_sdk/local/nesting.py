"""JSON values as parsed: which kind one is, and whether it is nested too deep to be walked safely."""

from __future__ import annotations

from typing import Any, TypeGuard

MAX_DEPTH = 32
"""How many levels of arrays and objects a value from outside may have."""


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether the value is a JSON object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeGuard[list[Any]]:
    """Whether the value is a JSON array."""
    return isinstance(value, list)


def too_deep(value: Any, limit: int = MAX_DEPTH) -> bool:
    """Whether arrays and objects are nested deeper than ``limit`` levels; walks no deeper than that itself."""
    level = [value]
    for _ in range(limit):
        level = [child for parent in level for child in children(parent)]
    return any(is_object(child) or is_array(child) for child in level)


def children(value: Any) -> list[Any]:
    """The items of an array, the values of an object; nothing for anything else."""
    if is_object(value):
        return list(value.values())
    return value if is_array(value) else []
