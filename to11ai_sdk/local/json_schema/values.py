"""Looks at values as JSON Schema does: their types and sizes, and which are equal.

``1`` equals ``1.0`` and is an integer, too; ``true`` never equals ``1``.
"""

from __future__ import annotations

import json
import math
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from ...json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Callable

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
_LARGE_FLOAT_WORK = 65
_DECIMALS = Context(prec=10_000)
"""Enough digits for the largest quotient of two numbers of JSON, which have at most 4,300 digits each."""


def is_whole(value: Any) -> bool:
    """Whether a value is an integer of JSON Schema, such as ``1`` or ``1.0``."""
    return value.is_integer() if isinstance(value, float) else isinstance(value, int) and not isinstance(value, bool)


def is_finite(value: float) -> bool:
    """Whether a number is one of JSON; an integer may be larger than any ``float``."""
    return isinstance(value, int) or math.isfinite(value)


TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "integer": is_whole,
    "boolean": lambda value: isinstance(value, bool),
    "array": is_array,
    "object": is_object,
    "null": lambda value: value is None,
}
"""Whether a value is of a type."""


def canonical(value: Any) -> str:
    """Return a text that two values share if they are equal; comparing hashed texts takes no longer for any values."""
    if isinstance(value, (list, dict)):
        return _ENCODER.encode(_plain(value))
    return f'"{value}' if isinstance(value, str) else str(_plain(value))


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if is_array(value):
        return [_plain(item) for item in value]
    return {key: _plain(member) for key, member in value.items()} if is_object(value) else value


def is_multiple(value: float, step: float) -> bool:
    """Return whether a number is a multiple of another, both taken as the decimals that they are written as."""
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    return not _DECIMALS.remainder(Decimal(repr(value)), Decimal(repr(step)))


def work_of(value: Any) -> int:
    """Return the units of work to read a value once: 5 for each value in it, and 1 for 8 characters of text."""
    if isinstance(value, str):
        return 5 + len(value) // 8
    if is_array(value):
        return 5 + sum(map(work_of, value))
    if is_object(value):
        return 5 + sum(5 + len(key) // 8 + work_of(member) for key, member in value.items())
    if isinstance(value, float):
        return 5 if -1e17 < value < 1e17 else _LARGE_FLOAT_WORK
    return 5 + value.bit_length() // 4 if isinstance(value, int) else 5
