"""Reads JSON strictly by RFC 8259 and within limits; the only reader of JSON in ``local``.

Python's own reader also accepts ``NaN``, reads ``1e999`` as infinity, and raises a ``RecursionError`` for deep nesting.
"""

from __future__ import annotations

import json
import math
import re
from threading import Lock
from typing import Any, NoReturn

from ...json_types import is_array, is_object
from ..bounds import MAX_DEPTH

_BOM = b"\xef\xbb\xbf"
_SHOWN = 20
_LONG = 100_000
_long_text = Lock()
"""Reading hardly gives the interpreter to other threads: of texts that take long, one is read at a time."""
_CONTAINERS: Any = (dict, list)  # faster than two calls of is_object and is_array for each value


_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[{\]}]|[^\s"\[\]{}:,]+', re.DOTALL)
"""A text, the beginning or end of an array or object, a number, or a word."""
_LEVELS = {"[": 1, "{": 1, "]": -1, "}": -1}
_MAX_LEVELS = 10_000
"""More levels than any reader here allows."""


class TooDeepError(ValueError):
    """A JSON value with too many levels of arrays and objects."""


class TooManyValuesError(ValueError):
    """A JSON text with too many values."""


class _TooLargeError(Exception):
    """A number that no float can hold, by its first digits."""


def read_json(content: str | bytes, max_depth: int | None = None, max_values: int | None = None) -> Any:
    """Read a JSON text.

    Args:
        content: the text, or its bytes in UTF-8.
        max_depth: the most levels of arrays and objects; by default as many as Python can read.
        max_values: the most values and names.

    Raises:
        RecursionError: it is nested deeper than Python can read.
        TooDeepError: it is nested deeper than ``max_depth``.
        TooManyValuesError: it has more than ``max_values``.
        ValueError: it is not JSON; a number that no float can hold is reported with its path.
    """
    text = content.decode("utf-8") if isinstance(content, bytes) else content
    if max_values is not None and _has_more_values(text, max_values):
        raise TooManyValuesError(f"it has more than {max_values} values and names")
    try:
        value = _DECODER.decode(text) if len(text) <= _LONG else _in_turn(text)
    except _TooLargeError as exc:
        place = _place_of_infinity(json.loads(text, parse_constant=_refuse_constant))
        raise ValueError(f"{place}{exc} is too large a number") from None
    # There are no more levels than brackets; counting these is much faster.
    if max_depth is not None and text.count("[") + text.count("{") > max_depth and too_deep(value, max_depth):
        raise TooDeepError(f"it is nested deeper than {max_depth} levels")
    return value


def _has_more_values(text: str, most: int) -> bool:
    # There are no more than bytes and separators allow; counting these is much faster.
    if len(text) <= 2 * most or 1 + sum(map(text.count, ",:[{")) <= most:
        return False
    values = depth = 0
    # A loop of Python: other threads have their turns in it.
    for token in _TOKEN.finditer(text):
        level = _LEVELS.get(token[0], 0)
        depth += level
        values += level >= 0
        if depth > _MAX_LEVELS:
            raise RecursionError("the text is nested too deeply")
        if values > most:
            return True
    return False


def _in_turn(text: str) -> Any:
    with _long_text:
        return _YIELDING_DECODER.decode(text)


def read_json_or_none(content: str | bytes) -> Any:
    """Read a JSON text; ``None`` if it is invalid. A byte order mark is skipped."""
    content = content.removeprefix(_BOM) if isinstance(content, bytes) else content
    try:
        return read_json(content)
    except (RecursionError, ValueError):
        return None


def too_deep(value: Any, limit: int = MAX_DEPTH) -> bool:
    """Return whether arrays and objects are nested deeper than ``limit`` levels; itself walks no deeper."""
    level: list[Any] = [value] if isinstance(value, _CONTAINERS) else []
    for _ in range(limit):
        if not level:
            break
        values = (each.values() if is_object(each) else each for each in level)
        level = [child for children in values for child in children if isinstance(child, _CONTAINERS)]
    return bool(level)


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in an array; empty for any other value."""
    return [item for item in value if is_object(item)] if is_array(value) else []


def _place_of_infinity(value: Any) -> str:
    """Return the path of the first infinite number and a colon; empty if a later member of the name replaced it."""
    waiting = [("", value)]
    while waiting:
        path, found = waiting.pop()
        if isinstance(found, float) and math.isinf(found):
            return f"{path}: " if path else ""
        waiting += [(f"{path}.{name}" if path else str(name), child) for name, child in reversed(_children(found))]
    return ""


def _children(value: Any) -> list[tuple[str | int, Any]]:
    if is_object(value):
        return list(value.items())
    return list(enumerate(value)) if is_array(value) else []


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number of JSON")


def _number(literal: str) -> float:
    value = float(literal)
    if math.isinf(value):
        raise _TooLargeError(literal[:_SHOWN])
    return value


def _same(value: dict[str, Any]) -> dict[str, Any]:
    return value


def _integer(literal: str) -> int:
    return int(literal)


_DECODER = json.JSONDecoder(parse_float=_number, parse_constant=_refuse_constant)
_YIELDING_DECODER = json.JSONDecoder(
    object_hook=_same, parse_float=_number, parse_int=_integer, parse_constant=_refuse_constant
)
"""In functions of Python other threads have their turns, in those of ``json`` not."""
