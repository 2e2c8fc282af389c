"""Filters of numbers: they calculate exactly, as Ruby's decimals do, and round half away from zero."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from .operands import number, result
from .values import OperandError

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_PLACES = 400
"""Decimal places that ``round`` looks at; a float has no more."""


def absolute(value: Any) -> float:
    return result(_distance(number(value)))


def _distance(exact: int | Fraction) -> int | Fraction:
    """Return the distance from 0."""
    return -exact if exact < 0 else exact


def plus(value: Any, number_to_add: Any) -> float:
    return result(number(value) + number(number_to_add))


def minus(value: Any, number_to_take: Any) -> float:
    return result(number(value) - number(number_to_take))


def times(value: Any, factor: Any) -> float:
    return result(number(value) * number(factor))


def divided_by(value: Any, divisor: Any) -> float:
    """Divide; the quotient of whole numbers is rounded down, and any other number divided by 0 is infinite."""
    left, right = number(value), number(divisor)
    if isinstance(left, int) and isinstance(right, int):
        return result(left // _not_zero(right))
    if not right:
        return math.copysign(math.inf, left) if left else math.nan
    return result(Fraction(left) / Fraction(right))


def modulo(value: Any, divisor: Any) -> float:
    """Return the remainder of a division, with the sign of the divisor."""
    return result(number(value) % _not_zero(number(divisor)))


def _not_zero(divisor: Any) -> Any:
    if not divisor:
        raise OperandError("can't divide by 0")
    return divisor


def at_least(value: Any, minimum: Any) -> float:
    return result(max(number(value), number(minimum)))


def at_most(value: Any, maximum: Any) -> float:
    return result(min(number(value), number(maximum)))


def ceil(value: Any) -> float:
    return result(math.ceil(number(value)))


def floor(value: Any) -> float:
    return result(math.floor(number(value)))


def round_(value: Any, places: Any = 0) -> float:
    """Round to decimal places; negative ones round to tens, hundreds and so on."""
    exact, digits = number(value), max(-MAX_PLACES, min(MAX_PLACES, int(number(places))))
    if isinstance(exact, int) and digits >= 0:
        return result(exact)
    step = Fraction(10) ** -digits
    rounded = math.floor(_distance(exact) / step + Fraction(1, 2)) * step * (-1 if exact < 0 else 1)
    return result(int(rounded) if digits <= 0 or isinstance(exact, int) else rounded)


NUMBER_FILTERS: dict[str, Callable[..., Any]] = {
    "abs": absolute,
    "round": round_,
    **{
        function.__name__: function
        for function in (plus, minus, times, divided_by, modulo, at_least, at_most, ceil, floor)
    },
}
