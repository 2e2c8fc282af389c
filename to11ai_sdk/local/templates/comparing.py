"""Compares values as Liquid does: equality, order, ``contains``, ``blank`` and ``empty``, as in Ruby and Shopify.

python-liquid sometimes compares as Python does, so these expressions replace its own after a template is parsed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from liquid.builtin.expressions import BooleanExpression
from liquid.builtin.expressions import logical as parsed
from liquid.builtin.expressions.primitive import Blank, Empty, RangeLiteral
from liquid.exceptions import LiquidTypeError
from liquid.expression import Expression

from .tags import TemplateError
from .values import OperandError, is_undefined, kind_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from liquid import RenderContext, Token


def equal(left: Any, right: Any) -> bool:
    """Whether two values are equal: 1 equals 1.0 but not true; a blank or empty value equals the word."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, Blank):
            return is_blank(other)
        if isinstance(one, Empty):
            return is_empty(other)
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, (list, tuple)) and isinstance(right, (list, tuple)):
        return len(left) == len(right) and all(map(equal, left, right))  # pyright: ignore
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(left[name], right[name]) for name in left)  # pyright: ignore
    return bool(left == right)


def is_blank(value: Any) -> bool:
    """Whether a value is nil, false, empty, or only white space."""
    return value is None or value is False or is_empty(value) or (isinstance(value, str) and value.isspace())


def is_empty(value: Any) -> bool:
    """Whether a value is a text, an array or an object with nothing in it."""
    return isinstance(value, (str, list, tuple, dict)) and not value


def is_true(value: Any) -> bool:
    """Whether a value is anything but nil and false."""
    return value is not None and value is not False


def sign(left: Any, right: Any) -> int | None:
    """Return -1, 0 or 1 if the left value is less, equal or more; ``None`` if the values have no order."""
    if (_is_number(left) and _is_number(right)) or (isinstance(left, str) and isinstance(right, str)):
        return int(left > right) - int(left < right)  # pyright: ignore
    return 0 if equal(left, right) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _ordered(test: Callable[[int], bool]) -> Callable[[Any, Any], bool]:
    def compare(left: Any, right: Any) -> bool:
        if not all(_is_number(value) or isinstance(value, str) for value in (left, right)):
            return False
        if isinstance(left, str) is not isinstance(right, str):
            raise OperandError(f"cannot compare {kind_of(left)} with {kind_of(right)}")
        return test(int(left > right) - int(left < right))

    return compare


def contains(left: Any, right: Any) -> bool:
    """Whether a text contains another text, an array an item, an object a name, or a range a number."""
    if not is_true(left) or not is_true(right):
        return False
    if isinstance(left, str):
        return text_of(right) in left
    if isinstance(left, (list, tuple)):
        return not isinstance(right, (Blank, Empty)) and any(equal(item, right) for item in left)  # pyright: ignore
    if isinstance(left, range):
        return _is_number(right) and left.start <= right < left.stop
    return isinstance(left, dict) and isinstance(right, str) and right in left


def _unequal(left: Any, right: Any) -> bool:
    return not equal(left, right)


_TESTS: dict[type[Expression], tuple[str, Callable[[Any, Any], bool]]] = {
    parsed.EqExpression: ("==", equal),
    parsed.NeExpression: ("!=", _unequal),
    parsed.LtExpression: ("<", _ordered(lambda order: order < 0)),
    parsed.LeExpression: ("<=", _ordered(lambda order: order <= 0)),
    parsed.GtExpression: (">", _ordered(lambda order: order > 0)),
    parsed.GeExpression: (">=", _ordered(lambda order: order >= 0)),
    parsed.ContainsExpression: ("contains", contains),
}


class Comparison(Expression):
    """Two expressions with an operator between them."""

    __slots__ = ("left", "operator", "right", "test")

    def __init__(self, token: Token, left: Expression, right: Expression, kind: type[Expression]) -> None:
        super().__init__(token)
        self.left: Expression = left
        self.right: Expression = right
        self.operator: str
        self.test: Callable[[Any, Any], bool]
        self.operator, self.test = _TESTS[kind]

    def evaluate(self, context: RenderContext) -> bool:
        left, right = self.left.evaluate(context), self.right.evaluate(context)
        for value in (left, right):
            if is_undefined(value):
                str(value)  # Raises.
        cast("Any", context).pay_for_comparison(left, right)
        try:
            return self.test(left, right)
        except OperandError as error:
            raise LiquidTypeError(f"{self.operator!r} {error}", token=self.token) from error

    def children(self) -> list[Expression]:
        return [self.left, self.right]


class AnyOf(Expression):
    """The values of a ``when``: evaluates to those that equal the value of the ``case``."""

    __slots__ = ("tests",)

    def __init__(self, token: Token, left: Expression, values: list[Expression]) -> None:
        super().__init__(token)
        self.tests: list[Comparison] = [Comparison(token, left, value, parsed.EqExpression) for value in values]

    def evaluate(self, context: RenderContext) -> list[bool]:
        return [test.evaluate(context) for test in self.tests]

    def children(self) -> list[Expression]:
        return list(self.tests)


def replace_comparisons(expression: Expression) -> Expression:
    """Return the expression with Liquid's comparisons in place of Python's.

    Raises:
        TemplateError: ``contains`` with a range literal.
    """
    if isinstance(expression, BooleanExpression):
        expression.expression = replace_comparisons(expression.expression)
    elif isinstance(expression, (parsed.LogicalAndExpression, parsed.LogicalOrExpression)):
        expression.left = replace_comparisons(expression.left)
        expression.right = replace_comparisons(expression.right)
    elif isinstance(expression, tuple(_TESTS)):
        left, right = expression.children()
        if isinstance(expression, parsed.ContainsExpression) and isinstance(left, RangeLiteral):
            raise TemplateError("'contains' does not take a range; compare with '<' and '>'")
        return Comparison(expression.token, left, right, type(expression))
    return expression
