"""Limits the work of one rendering by counting it, so that the same template always has the same result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..bounds import MAX_TEMPLATE_OUTPUT, MAX_TEMPLATE_VALUE, MAX_TEMPLATE_WORK
from ..hang_up import NEVER
from ..work_budget import WorkBudget, WorkBudgetError
from .values import size_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..hang_up import HangUp

PARSE_WORK = 400
"""Units to parse one tag."""

PARSE_CHARACTER_WORK = 30
"""Units to parse one character of a tag."""

NODE_WORK = 40
"""Units for one tag or one variable read, whatever the size of the value."""

FILTER_WORK = 160
"""Units for a value that a filter reads or returns, whatever its size."""

ITEM_WORK = 40
"""Units for one item of an array that a filter, a loop or a comparison reads."""

COMPARISON_WORK = 70
"""Units for one comparison of texts or numbers, besides those for reading them."""


class Budget(WorkBudget):
    """The rest of the budget of one rendering: units of work, and bytes of ``output``."""

    def __init__(self, hang_up: HangUp = NEVER) -> None:
        refusal = "needs too much work to render; use shorter loops and shorter values"
        super().__init__(MAX_TEMPLATE_WORK, refusal, hang_up)
        self.output = MAX_TEMPLATE_OUTPUT

    def pay_for(self, *values: Any) -> int:
        """Pay for handling values once, and return their size.

        Raises:
            WorkBudgetError: larger than values may be, or not so much is left.
        """
        size = sum(map(size_of, values))
        limit_value(size)
        self.spend(FILTER_WORK + size + ITEM_WORK * sum(map(items_in, values)))
        return size

    def pay_for_filter(self, name: str, value: Any, arguments: Sequence[Any]) -> None:
        """Pay for a call of a filter before it is made.

        Raises:
            WorkBudgetError: it would make too large a value, or not so much is left.
        """
        size = self.pay_for(value, *arguments)
        if name in _SLOW:
            self.spend(_SLOW[name](size))
        if name in _GROWING:
            limit_value(_GROWING[name](value, *map(text_of, arguments)))


def items_in(value: Any) -> int:
    """Return how many items an array has; 0 for any other value."""
    return len(value) if issubclass(type(value), (list, tuple)) else 0


def limit_value(size: int) -> None:
    """Refuse a value of more than ``MAX_TEMPLATE_VALUE``."""
    if size > MAX_TEMPLATE_VALUE:
        raise WorkBudgetError(f"makes a value of more than {MAX_TEMPLATE_VALUE} characters or items")


def _replaced(value: Any, old: str = "", new: str = "", *_: str) -> int:
    return text_of(value).count(old) * len(new)


def _joined(value: Any, separator: str = " ", *_: str) -> int:
    return size_of(value) * len(separator)


# Most filters read their input once and return about as much; these filters do not.
_SLOW: dict[str, Callable[[int], int]] = {
    "uniq": lambda size: size * size,
    "date": lambda size: size * size + 3_000,
    "divided_by": lambda _: 800,
    "strip_html": lambda size: size * size // 12,
    "sort": lambda size: 4 * size * size.bit_length(),
    "sort_natural": lambda size: 4 * size * size.bit_length(),
}
_GROWING: dict[str, Callable[..., int]] = {"replace": _replaced, "join": _joined}
