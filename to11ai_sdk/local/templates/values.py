"""Liquid's values: JSON as templates see it, with the size of each value and the text that it prints."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from liquid import Undefined
from liquid.builtin.expressions.primitive import Blank, Empty

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_BITS = 13_000
"""Of a whole number that is printed: some 3,900 digits, fewer than Python refuses to print."""


class OperandError(Exception):
    """A filter or an operator cannot use a value; the message continues after its name."""


class Array(list[Any]):
    """An array; ``size`` counts the characters and items in it, nested ones included."""

    __slots__ = ("size",)

    def __init__(self, items: Iterable[Any]) -> None:
        super().__init__(items)
        self.size: int = 1 + sum(map(size_of, self))

    def __str__(self) -> str:
        return as_json(self)


class Object(dict[str, Any]):
    """An object; ``size`` counts the characters and items in it, nested ones included."""

    __slots__ = ("size",)

    def __init__(self, members: Mapping[str, Any]) -> None:
        super().__init__(members)
        self.size: int = 1 + sum(map(len, self)) + sum(map(size_of, self.values()))

    def __str__(self) -> str:
        return as_json(self)


def wrap(value: Any) -> Any:
    """Return the value with its arrays and objects as ``Array`` and ``Object``."""
    if is_undefined(value) or isinstance(value, (Array, Object)):
        return value
    if isinstance(value, dict):
        return Object({str(key): wrap(member) for key, member in value.items()})  # pyright: ignore
    if isinstance(value, (list, tuple)):
        return Array(map(wrap, value))  # pyright: ignore
    return value


def is_undefined(value: object) -> bool:
    """Whether a variable is undefined; such a value raises in any other check, even ``isinstance``."""
    return issubclass(type(value), Undefined)


def size_of(value: Any) -> int:
    """Count the characters and items in a value; the size of a number is its digits, that of a range its length."""
    if is_undefined(value):
        return 1
    if isinstance(value, (Array, Object)):
        return value.size
    if isinstance(value, (list, tuple)):
        return 1 + sum(map(size_of, value))  # pyright: ignore
    if isinstance(value, range):
        return max(0, value.stop - value.start)
    if isinstance(value, int):
        return 1 + value.bit_length() // 3
    return len(value) if isinstance(value, str) else 1


def text_of(value: Any) -> str:
    """Return the text that a value prints: in ``{{ }}``, in ``join``, and as the operand of a filter of texts.

    Nil prints nothing, numbers as Ruby prints them, arrays and objects as JSON.
    """
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, (Blank, Empty)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number_text(value)
    if isinstance(value, range):
        return f"{value.start}..{value.stop - 1}"
    return as_json(value) if isinstance(value, (list, tuple, dict)) else str(value)


def _number_text(number: float) -> str:
    if isinstance(number, int) and number.bit_length() > MAX_BITS:
        raise OperandError("makes a number of more than 3900 digits")
    text = str(number)
    if isinstance(number, int):
        return text
    if not math.isfinite(number):
        return {"inf": "Infinity", "-inf": "-Infinity"}.get(text, "NaN")
    if 1e15 <= abs(number) < 1e16:
        # Ruby uses exponents from here on, Python from 1e16.
        digits = text.lstrip("-").replace(".", "").rstrip("0")
        return f"{'-' * (number < 0)}{digits[0]}.{digits[1:] or '0'}e+15"
    # Ruby has a point in every float: 1.0e+22.
    mantissa, exponent, power = text.partition("e")
    return f"{mantissa}.0e{power}" if exponent and "." not in mantissa else text


def as_json(value: Any) -> str:
    """Return readable JSON on one line; characters of all languages are not escaped."""
    return json.dumps(value, ensure_ascii=False, default=text_of)


def kind_of(value: Any) -> str:
    """Return the kind of a value in Liquid's terms, for messages."""
    if value is None or isinstance(value, bool):
        return "nil" if value is None else text_of(value)
    if isinstance(value, (int, float)):
        return f"the number {str(value)[:40]}" if size_of(value) < 40 else "a number"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, (list, tuple)):
        return "an array"
    return "an object" if isinstance(value, dict) else "a range" if isinstance(value, range) else "such a value"
