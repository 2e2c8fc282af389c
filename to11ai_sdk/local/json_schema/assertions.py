"""Applies the keywords that look at a value as a whole: types, numbers, texts, sizes, and equal values."""

from __future__ import annotations

from operator import ge, gt, le, lt
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...json_types import is_array, is_object
from .formats import has_format, work_of_format
from .values import TYPES, is_multiple, work_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .evaluation import Evaluation

    Assertion = Callable[[Evaluation, Any, Any], bool]
    """Returns whether a value fits the value of a keyword, which comes first."""

_DECIMAL_WORK = 40
_FORMAT_WORK = 100


def _type(_: Evaluation, wanted: Any, value: Any) -> bool:
    return any(TYPES[name](value) for name in wanted) if is_array(wanted) else TYPES[wanted](value)


def _enum(run: Evaluation, wanted: list[Any], value: Any) -> bool:
    return run.text_of(value) in run.texts_of(wanted)


def _const(run: Evaluation, wanted: Any, value: Any) -> bool:
    # A scalar differs from an array or object without a look inside.
    if isinstance(wanted, (list, dict)) is not isinstance(value, (list, dict)):
        return False
    return run.text_of(value) == run.text_of(wanted)


def _multiple_of(run: Evaluation, wanted: float, value: Any) -> bool:
    if not TYPES["number"](value):
        return True
    run.budget.spend(_DECIMAL_WORK + work_of(value) + work_of(wanted))
    return is_multiple(value, wanted)


def _pattern(run: Evaluation, wanted: str, value: Any) -> bool:
    return not isinstance(value, str) or run.finds(wanted, value)


def _format(run: Evaluation, wanted: str, value: Any) -> bool:
    if not run.formats or not isinstance(value, str):
        return True
    run.budget.spend(_FORMAT_WORK + work_of_format(value, wanted))
    return has_format(value, wanted)


def _unique_items(run: Evaluation, wanted: bool, value: Any) -> bool:
    if not wanted or not is_array(value):
        return True
    seen = set[str]()
    for item in value:
        text = run.text_of(item)
        if text in seen:
            return False
        seen.add(text)
    return True


def _dependent_required(run: Evaluation, wanted: dict[str, list[str]], value: Any) -> bool:
    if not is_object(value):
        return True
    run.budget.spend(len(wanted))
    return all(name not in value or _has(run, value, names) for name, names in wanted.items())


def _has(run: Evaluation, value: dict[str, Any], names: list[str]) -> bool:
    run.budget.spend(len(names))
    return all(name in value for name in names)


def _number(compare: Callable[[Any, Any], bool]) -> Assertion:
    return lambda _, wanted, value: not TYPES["number"](value) or compare(value, wanted)


def _size(kind: Callable[[Any], bool], compare: Callable[[Any, Any], bool]) -> Assertion:
    return lambda _, wanted, value: not kind(value) or compare(len(value), wanted)


ASSERTIONS: Mapping[str, Assertion] = MappingProxyType(
    {
        "type": _type,
        "enum": _enum,
        "const": _const,
        "multipleOf": _multiple_of,
        "minimum": _number(ge),
        "maximum": _number(le),
        "exclusiveMinimum": _number(gt),
        "exclusiveMaximum": _number(lt),
        "minLength": _size(TYPES["string"], ge),
        "maxLength": _size(TYPES["string"], le),
        "minItems": _size(is_array, ge),
        "maxItems": _size(is_array, le),
        "minProperties": _size(is_object, ge),
        "maxProperties": _size(is_object, le),
        "pattern": _pattern,
        "format": _format,
        "uniqueItems": _unique_items,
        "dependentRequired": _dependent_required,
    }
)
"""The keywords, by name."""
