"""Filters of arrays; they compare items as Liquid does."""

from __future__ import annotations

from functools import cmp_to_key
from typing import TYPE_CHECKING, Any

from .comparing import equal, is_empty, is_true, sign
from .number_filters import plus
from .operands import has_members, items, member
from .values import OperandError, is_undefined, kind_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_UPPER_TO_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def size(value: Any) -> int:
    return len(value) if isinstance(value, (str, list, tuple, dict, range)) else 0  # pyright: ignore


def default(value: Any, fallback: Any = "", *, allow_false: Any = False) -> Any:
    """Return the value, or the other one if it is undefined, nil, false or empty."""
    if is_undefined(value) or value is None or is_empty(value):
        return fallback
    return fallback if value is False and not is_true(allow_false) else value


def first(value: Any) -> Any:
    if isinstance(value, dict):
        return next(iter(value.items()), None)  # pyright: ignore
    return value[0] if isinstance(value, (list, tuple, range)) and value else None  # pyright: ignore


def last(value: Any) -> Any:
    return value[-1] if isinstance(value, (list, tuple, range)) and value else None  # pyright: ignore


def join(value: Any, separator: Any = " ") -> str:
    return text_of(separator).join(map(text_of, items(value)))


def concat(value: Any, array: Any) -> list[Any]:
    if not isinstance(array, (list, tuple)):
        raise OperandError(f"needs an array as array, not {kind_of(array)}")
    return [*items(value), *array]  # pyright: ignore


def reverse(value: Any) -> list[Any]:
    return items(value)[::-1]


def map_(value: Any, property: Any) -> list[Any]:  # noqa: A002
    return [member(item, property) for item in items(value)]


def compact(value: Any, property: Any = None) -> list[Any]:  # noqa: A002
    return [item for item, read in _read(value, property) if read is not None]


def uniq(value: Any, property: Any = None) -> list[Any]:  # noqa: A002
    listed, seen = items(value), dict[object, Any]()
    if len(listed) < 2:
        return listed
    for item, read in _read(value, property):
        seen.setdefault(_identity(read), item)
    return list(seen.values())


def _read(value: Any, name: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each item with its member by that name, or with itself if there is no name."""
    for item in items(value):
        yield item, item if name is None else member(item, name)


def _identity(value: Any) -> object:
    """Return a key that is equal for equal values of the same type; 1, 1.0 and true have different keys."""
    if isinstance(value, (list, tuple)):
        return "array", tuple(map(_identity, value))  # pyright: ignore
    if isinstance(value, dict):
        return "object", frozenset((name, _identity(part)) for name, part in value.items())  # pyright: ignore
    return type(value).__name__, value


def sum_(value: Any, property: Any = None) -> float:  # noqa: A002
    total: float = 0
    for _, read in _read(value, property):
        total = plus(total, read)
    return total


def where(value: Any, property: Any, target: Any = None) -> list[Any] | None:  # noqa: A002
    """Return the items whose member equals the target, or is true without a target; nil if an item has no members."""
    chosen = _choices(value, property, target)
    return None if chosen is None else [item for item, holds in chosen if holds]


def reject(value: Any, property: Any, target: Any = None) -> list[Any] | None:  # noqa: A002
    chosen = _choices(value, property, target)
    return None if chosen is None else [item for item, holds in chosen if not holds]


def find(value: Any, property: Any, target: Any = None) -> Any:  # noqa: A002
    return next((item for item, holds in _choices(value, property, target) or () if holds), None)


def find_index(value: Any, property: Any, target: Any = None) -> int | None:  # noqa: A002
    chosen = _choices(value, property, target) or []
    return next((index for index, (_, holds) in enumerate(chosen) if holds), None)


def has(value: Any, property: Any, target: Any = None) -> bool:  # noqa: A002
    return any(holds for _, holds in _choices(value, property, target) or ())


def _choices(value: Any, name: Any, target: Any) -> list[tuple[Any, bool]] | None:
    listed = items(value)
    if not all(map(has_members, listed)):
        return None
    read = [member(item, name) for item in listed]
    holds = map(is_true, read) if target is None else (equal(each, target) for each in read)
    return list(zip(listed, holds, strict=True))


def sort(value: Any, property: Any = None) -> list[Any] | None:  # noqa: A002
    return _sorted(value, property, _compare)


def sort_natural(value: Any, property: Any = None) -> list[Any] | None:  # noqa: A002
    return _sorted(value, property, _compare_letters)


def _sorted(value: Any, name: Any, compare: Callable[[Any, Any], int]) -> list[Any] | None:
    if name is not None and not all(map(has_members, items(value))):
        return None
    key = cmp_to_key(compare)
    return [item for item, _ in sorted(_read(value, name), key=lambda pair: key(pair[1]))]


def _compare(left: Any, right: Any) -> int:
    if left is None or right is None:
        return (left is None) - (right is None)
    result = sign(left, right)
    if result is None:
        raise OperandError(f"cannot sort {kind_of(left)} and {kind_of(right)} together")
    return result


def _compare_letters(left: Any, right: Any) -> int:
    if left is None or right is None:
        return (left is None) - (right is None)
    one, other = (text_of(value).translate(_UPPER_TO_LOWER) for value in (left, right))
    return (one > other) - (one < other)


ARRAY_FILTERS: dict[str, Callable[..., Any]] = {
    function.__name__.rstrip("_"): function
    for function in (
        *(size, default, first, last, join, concat, reverse, map_, compact, uniq, sum_, where, reject, find),
        *(find_index, has, sort, sort_natural),
    )
}
