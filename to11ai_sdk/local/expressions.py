"""Checks and evaluates conditions on variables (blocks of a template) and on requests (``when`` of a routing rule).

An expression is a JSON object::

    {"op": "==" | "!=" | "in" | "contains", "left": operand, "right": operand}
    {"op": "is_true", "left": operand}
    {"op": "and" | "or", "args": [expression, ...]}     or with "left" and "right" for two of them
    {"op": "not", "args": [expression]}                 or with "left"
    operand = {"var": "user.plan"} | {"literal": any JSON}

``==`` compares JSON values: ``1`` equals ``1.0``, but ``true`` never equals ``1`` and ``"1"`` never ``1``. ``in`` looks
for the left side in the right one: an item of an array, a part of a string, a key of an object; ``contains`` is the
same with the sides swapped. ``is_true`` is true for ``true`` only. A missing variable is ``null``. Expressions are at
most 32 levels deep, and take at most 100,000 units of work to read, such as an array of 20,000 numbers.

Source: the page "Prompts" of the to11 dashboard docs names the operators; the shape of groups is this project's choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from ..json_types import is_array, is_object
from .bounds import MAX_EXPRESSION
from .json_input.reader import too_deep
from .json_schema.values import work_of

if TYPE_CHECKING:
    from .work_budget import WorkBudget

Lookup = Callable[[str], Any]
"""Returns the value of a variable by its name; ``None`` for a missing one."""

COMPARISONS = ("==", "!=", "in", "contains")
GROUPS = ("and", "or", "not")
OPERATORS = (*COMPARISONS, "is_true", *GROUPS)
_COMPARISON_WORK = 20


class ExpressionError(ValueError):
    """An expression that violates the grammar.

    ``reason`` is ``"unknown_operator"`` or ``"malformed"``; ``place`` is the path inside the expression, such as
    ``"args.0.left"``, and empty for the expression itself.
    """

    def __init__(self, reason: str, place: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.place = place


def check(expression: Any) -> None:
    """Refuse an invalid expression.

    Raises:
        ExpressionError: with the reason and the place.
    """
    if too_deep(expression):
        raise ExpressionError("malformed", "", "nested too deep: an expression has at most 32 levels")
    if work_of(expression) > MAX_EXPRESSION:
        raise ExpressionError("malformed", "", "too large: it has at most some 10,000 values")
    _check(expression, ())


def evaluate(expression: Any, lookup: Lookup, budget: WorkBudget | None = None) -> bool:
    """Return whether a checked expression is true; variables are read with ``lookup``.

    Raises:
        WorkBudgetError: it takes more work than ``budget`` allows.
    """
    op: str = expression["op"]
    if op in GROUPS:
        return _evaluate_group(op, _members(expression), lookup, budget)
    left = _value(expression["left"], lookup)
    right = _value(expression["right"], lookup) if op != "is_true" else True
    if budget:
        budget.spend(_COMPARISON_WORK + work_of(left) + work_of(right))
    return left is True if op == "is_true" else _compare(op, left, right)


def reader(variables: Mapping[str, Any]) -> Lookup:
    """Return a lookup of names in nested objects: first the whole name as a key, then as a dotted path."""

    def lookup(name: str) -> Any:
        if name in variables:
            return variables[name]
        value: Any = variables
        for key in name.split("."):
            value = value.get(key) if is_object(value) else None
        return value

    return lookup


def equal(left: Any, right: Any) -> bool:
    """Return whether two JSON values are equal; a boolean is never a number."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if is_array(left) and is_array(right):
        return len(left) == len(right) and all(map(equal, left, right))
    if is_object(left) and is_object(right):
        return left.keys() == right.keys() and all(equal(left[key], right[key]) for key in left)
    return bool(left == right)


def _compare(op: str, left: Any, right: Any) -> bool:
    if op == "in":
        return _within(left, right)
    if op == "contains":
        return _within(right, left)
    return equal(left, right) is (op == "==")


def _within(item: Any, whole: Any) -> bool:
    if is_array(whole):
        return any(equal(item, each) for each in whole)
    return isinstance(item, str) and (isinstance(whole, str) or is_object(whole)) and item in whole


def _evaluate_group(op: str, members: list[Any], lookup: Lookup, budget: WorkBudget | None) -> bool:
    held = (evaluate(member, lookup, budget) for member in members)
    if op == "not":
        return not next(held)
    return all(held) if op == "and" else any(held)


def _members(group: Mapping[str, Any]) -> list[Any]:
    args = group.get("args")
    return cast("list[Any]", args) if args is not None else [group[side] for side in _sides(group["op"])]


def _sides(op: str) -> tuple[str, ...]:
    return ("left",) if op in ("not", "is_true") else ("left", "right")


def _value(operand: Mapping[str, Any], lookup: Lookup) -> Any:
    return lookup(operand["var"]) if "var" in operand else operand["literal"]


def _check(expression: Any, place: tuple[str, ...]) -> None:
    if not is_object(expression):
        raise _malformed(place, 'must be an object such as {"op": "==", "left": ..., "right": ...}')
    op = expression.get("op")
    if not isinstance(op, str):
        raise _malformed((*place, "op"), f"must be one of {', '.join(OPERATORS)}")
    if op not in OPERATORS:
        raise _unknown((*place, "op"), op)
    if op in GROUPS:
        _check_group(op, expression, place)
    else:
        _check_sides(op, expression, place, _check_operand)


def _check_group(op: str, group: Mapping[str, Any], place: tuple[str, ...]) -> None:
    args = group.get("args")
    if args is None:
        _check_sides(op, group, place, _check)
        return
    if not is_array(args) or not args or (op == "not" and len(args) != 1):
        count = "exactly one expression" if op == "not" else "at least one expression"
        raise _malformed((*place, "args"), f"must be an array with {count}")
    for index, member in enumerate(args):
        _check(member, (*place, "args", str(index)))


def _check_sides(
    op: str, expression: Mapping[str, Any], place: tuple[str, ...], check_side: Callable[[Any, tuple[str, ...]], None]
) -> None:
    for side in _sides(op):
        if side not in expression:
            raise _malformed((*place, side), f"is missing: {op!r} needs it")
        check_side(expression[side], (*place, side))


def _check_operand(operand: Any, place: tuple[str, ...]) -> None:
    if not is_object(operand) or ("var" in operand) is ("literal" in operand):
        raise _malformed(place, 'must be {"var": "name"} or {"literal": value}')
    if "var" in operand and not (isinstance(operand["var"], str) and operand["var"]):
        raise _malformed((*place, "var"), "must be the name of a variable")


def _malformed(place: tuple[str, ...], message: str) -> ExpressionError:
    return ExpressionError("malformed", ".".join(place), message)


def _unknown(place: tuple[str, ...], op: str) -> ExpressionError:
    message = f"{op[:40]!r} is not an operator; use one of {', '.join(OPERATORS)}"
    return ExpressionError("unknown_operator", ".".join(place), message)
