"""Reads the operands of filters as Ruby's Liquid does: as numbers, whole numbers, lists of items and their members."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

from .values import MAX_BITS, OperandError, kind_of, text_of

MAX_DIGITS = 1_000
"""How many characters of a text are read as a number."""

_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")
_LEADING_INTEGER = re.compile(r"[+-]?[0-9]+(?:_[0-9]+)*")
BLANKS = " \t\n\v\f\r\0"
"""The white space that Ruby strips and splits at."""


def number(value: Any) -> int | Fraction:
    """Return the number in a value, 0 if there is none. A fraction is exact, and prints as a float."""
    if isinstance(value, bool):
        return 0
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise OperandError(f"cannot calculate with {value}")
        return Fraction(str(value))
    return _number_in(value) if isinstance(value, str) else 0


def _number_in(text: str) -> int | Fraction:
    text = text.strip(BLANKS)
    if _DECIMAL.fullmatch(text):
        return Fraction(_short(text))
    leading = _LEADING_INTEGER.match(text)
    return int(_short(leading[0])) if leading else 0


def _short(digits: str) -> str:
    if len(digits) > MAX_DIGITS:
        raise OperandError(f"cannot read a number of more than {MAX_DIGITS} digits")
    return digits


def result(value: int | Fraction) -> int | float:
    """Return a result of arithmetic as the value that a template sees."""
    if isinstance(value, int):
        if value.bit_length() > MAX_BITS:
            raise OperandError("makes a number of more than 3900 digits")
        return value
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def whole(value: Any, name: str) -> int:
    """Return a whole number, also if it is given as text.

    Args:
        value: the argument of a filter.
        name: the name of the argument in messages.

    Raises:
        OperandError: anything else.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _LEADING_INTEGER.fullmatch(value.strip(BLANKS)):
        return int(_short(value.strip(BLANKS)))
    raise OperandError(f"needs a whole number as {name}, not {kind_of(value)}")


def items(value: Any) -> list[Any]:
    """Return the items for a filter of arrays: nested arrays are flattened, and any other value is one item."""
    if isinstance(value, (list, tuple)):
        return [item for part in value for item in _flat(part)]  # pyright: ignore
    if isinstance(value, range):
        return list(value)
    return [] if value is None else [value]


def _flat(part: Any) -> list[Any]:
    return items(part) if isinstance(part, (list, tuple)) else [part]


def has_members(item: Any) -> bool:
    """Whether a member of an item can be read; that of a whole number is an error."""
    return isinstance(item, (dict, str, int)) and not isinstance(item, bool)


def member(item: Any, name: Any) -> Any:
    """Return a member of an item, nil if it has none by that name; a text has a member for each text in it.

    Raises:
        OperandError: the item is a number.
    """
    if isinstance(item, dict):
        return item.get(name) if isinstance(name, str) else None  # pyright: ignore
    if isinstance(item, str):
        return name if isinstance(name, str) and name in item else None
    if has_members(item):
        raise OperandError(f"cannot read {text_of(name)[:40]!r} of {kind_of(item)}")
    return None
