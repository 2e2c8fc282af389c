"""Reading a decoded JSON object of unknown quality: each value is of its type, or its place is told."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from ...json_types import is_array, is_mapping, is_object
from .reader import too_deep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")

_SHOWN = 60

MAX_DEPTH = 64
"""How many levels of arrays and objects a body may have."""


class FormatError(ValueError):
    """A body that cannot be read, or that the target format cannot hold.

    Attributes:
        message: what is wrong and what to do about it, for a person, without the place.
        field: path of the place, such as ``messages.0.content``; empty for the body itself.
    """

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.message = message
        self.field = field

    def __reduce__(self) -> tuple[type[FormatError], tuple[str, str]]:
        return type(self), (self.message, self.field)


class Fields:
    """The members of an object; ``null`` counts as absent. Every reader raises ``FormatError`` on a wrong type."""

    __slots__ = ("path", "raw")

    def __init__(self, value: Any, path: str = "") -> None:
        if not is_mapping(value):
            raise FormatError("must be an object", path)
        self.raw: Mapping[str, Any] = value
        self.path: str = path

    @classmethod
    def of_body(cls, body: Any) -> Fields:
        """The members of a whole body, which may not be nested too deeply."""
        if too_deep(body, MAX_DEPTH):
            raise FormatError(f"the body may be nested {MAX_DEPTH} levels deep at most")
        return cls(body)

    def at(self, key: str) -> str:
        """Path of a member."""
        return f"{self.path}.{key}" if self.path else key

    def refuse(self, key: str, message: str) -> NoReturn:
        """Raise a ``FormatError`` about a member."""
        raise FormatError(message, self.at(key))

    def has(self, key: str) -> bool:
        """Whether a member is there and not ``null``."""
        return self.raw.get(key) is not None

    def text(self, key: str) -> str:
        """A member that must be a string."""
        value = self.text_or_none(key)
        return self.refuse(key, "is required and must be a string") if value is None else value

    def text_or_none(self, key: str) -> str | None:
        """A member that is a string, if it is there."""
        value = self.raw.get(key)
        if value is not None and not isinstance(value, str):
            self.refuse(key, "must be a string")
        return value

    def words(self, key: str) -> str:
        """A member that is a string; absent it is empty."""
        return self.text_or_none(key) or ""

    def count(self, key: str) -> int | None:
        """A member that is a whole number of at least 0, if it is there."""
        value = self.raw.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            self.refuse(key, "must be a whole number, 0 or more")
        return value

    def number(self, key: str) -> float | None:
        """A member that is a finite number, if it is there."""
        value = self.raw.get(key)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            self.refuse(key, "must be a number")
        return value

    def flag(self, key: str) -> bool | None:
        """A member that is true or false, if it is there."""
        value = self.raw.get(key)
        if value is not None and not isinstance(value, bool):
            self.refuse(key, "must be true or false")
        return value

    def mapping(self, key: str) -> Mapping[str, Any] | None:
        """A member that is an object, if it is there."""
        value = self.raw.get(key)
        if value is not None and not is_object(value):
            self.refuse(key, "must be an object")
        return value

    def child(self, key: str) -> Fields:
        """The members of a member; absent it has none."""
        return Fields(self.mapping(key) or {}, self.at(key))

    def children(self, key: str) -> list[Fields]:
        """A member that is an array of objects; absent it is empty."""
        return [Fields(item, f"{self.at(key)}.{index}") for index, item in enumerate(self._array(key))]

    def texts(self, key: str) -> tuple[str, ...]:
        """A member that is an array of strings; absent it is empty."""
        items = self._array(key)
        if not all(isinstance(item, str) for item in items):
            self.refuse(key, "must be an array of strings")
        return tuple(items)

    def text_members(self, key: str) -> dict[str, str]:
        """A member that is an object of strings; absent it is empty."""
        members = dict(self.mapping(key) or {})
        if not all(isinstance(value, str) for value in members.values()):
            self.refuse(key, "must be an object whose values are strings")
        return members

    def choice(self, key: str, table: Mapping[str, T], advice: str) -> T:
        """What a table has for a member that must be one of its words."""
        word = self.text(key)
        if word not in table:
            self.refuse(key, f"{word[:_SHOWN]!r} is not supported here, only {', '.join(table)}; {advice}")
        return table[word]

    def content(self, key: str, text: Callable[[str], T], part: Callable[[Fields], T]) -> tuple[T, ...]:
        """A member that is a string or an array of parts; absent it has none."""
        value = self.raw.get(key)
        if isinstance(value, str):
            return (text(value),)
        if value is not None and not is_array(value):
            self.refuse(key, "must be a string or an array of parts")
        return tuple(map(part, self.children(key)))

    def _array(self, key: str) -> list[Any]:
        value = self.raw.get(key)
        if value is not None and not is_array(value):
            self.refuse(key, "must be an array")
        return value or []


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:
        return False
