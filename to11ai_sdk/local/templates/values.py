"""JSON values inside a template: arrays and objects that print as JSON and know their size."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from liquid import Undefined
from liquid.stringify import to_liquid_string

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


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
    """Whether Liquid found no such variable; such a value raises at any other question, even ``isinstance``."""
    return issubclass(type(value), Undefined)


def size_of(value: Any) -> int:
    """Characters and items in a value; a number counts its digits, a range its length."""
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
    """Return what ``{{ value }}`` writes: arrays and objects as JSON, the rest as Liquid does."""
    if isinstance(value, (list, tuple, dict)):
        return as_json(value)
    return to_liquid_string(value, autoescape=False)


def as_json(value: Any) -> str:
    """Compact enough to read, with the characters of all languages as they are."""
    return json.dumps(value, ensure_ascii=False, default=str)
