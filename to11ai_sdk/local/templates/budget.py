"""Limits the work of one rendering by counting it, so that the same template always has the same result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .values import size_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_WORK = 20_000_000
"""Units of work of one rendering, each about one character or item; at worst they take some seconds."""

MAX_OUTPUT = 1_000_000
"""Bytes of text that one rendering may produce, all blocks together."""

MAX_VALUE = 1_000_000
"""Characters and items that one value inside a template may have."""

NODE_WORK = 20
"""Units for one tag, one variable read or one call of a filter, whatever the size of the value."""


COMPARISON_WORK = 10
"""Units for one comparison of texts or numbers, besides those for reading them."""


class BudgetError(Exception):
    """A template needs more than it may; the message says of what."""


class Budget:
    """The rest of the budget of one rendering: units of ``work`` and bytes of ``output``."""

    def __init__(self) -> None:
        self.work: int = MAX_WORK
        self.output = MAX_OUTPUT

    def spend(self, units: int) -> None:
        """Pay for work.

        Raises:
            BudgetError: not so much is left.
        """
        self.work -= units
        if self.work < 0:
            raise BudgetError("needs too much work to render; use shorter loops and shorter values")

    def pay_for(self, *values: Any) -> int:
        """Pay for handling values once, and return their size.

        Raises:
            BudgetError: larger than values may be, or not so much is left.
        """
        size = sum(map(size_of, values))
        limit_value(size)
        self.spend(NODE_WORK + size)
        return size

    def pay_for_filter(self, name: str, value: Any, arguments: Sequence[Any]) -> None:
        """Pay for a call of a filter before it is made.

        Raises:
            BudgetError: it would make too large a value, or not so much is left.
        """
        size = self.pay_for(value, *arguments)
        if name in _SLOW:
            self.spend(_SLOW[name](size))
        if name in _GROWING:
            limit_value(_GROWING[name](value, *map(text_of, arguments)))


def limit_value(size: int) -> None:
    """Refuse a value of more than ``MAX_VALUE``."""
    if size > MAX_VALUE:
        raise BudgetError(f"makes a value of more than {MAX_VALUE} characters or items")


def _replaced(value: Any, old: str = "", new: str = "", *_: str) -> int:
    return text_of(value).count(old) * len(new)


def _joined(value: Any, separator: str = " ", *_: str) -> int:
    return size_of(value) * len(separator)


# Most filters read their input once and return about as much; these filters do not.
_SLOW: dict[str, Callable[[int], int]] = {
    "uniq": lambda size: size * size,
    "date": lambda size: size * size,
    "strip_html": lambda size: size * size // 50,
    "sort": lambda size: 4 * size * size.bit_length(),
    "sort_natural": lambda size: 4 * size * size.bit_length(),
}
_GROWING: dict[str, Callable[..., int]] = {"replace": _replaced, "join": _joined}
