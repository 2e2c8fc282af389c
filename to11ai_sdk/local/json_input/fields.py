"""Gives typed access to untrusted JSON; errors name the path."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from ...json_types import is_array, is_mapping, is_object
from ..bounds import MAX_TRANSLATED_DEPTH
from .reader import too_deep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Self

T = TypeVar("T")

Path = tuple[str | int, ...]
"""A place in a body: names of members and indexes of items."""

_SHOWN = 60


class FormatError(ValueError):
    """A body that cannot be read, or that the target format cannot express.

    Attributes:
        message: what is wrong and what to do about it, for a person, without the place.
        field: the path, such as ``messages.0.content``; empty for the body itself.
    """

    message: str = ""
    field: str = ""

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.message = message
        self.field = field

    def __reduce__(self) -> tuple[type[FormatError], tuple[str, str]]:
        return type(self), (self.message, self.field)


class Field:
    """A JSON value and its place.

    Every reading method raises the error of ``mismatch`` if the value has another type. A subclass may have its own
    errors, and its own names for types.

    Attributes:
        value: the value.
        path: its place.
    """

    __slots__ = ("path", "value")
    BOOLEAN = "true or false"
    WHOLE = "a whole number, {low} or more"

    def __init__(self, value: Any, path: Path = ()) -> None:
        self.value: Any = value
        self.path: Path = path

    def mismatch(self, expected: str, choices: Sequence[str] = ()) -> Exception:
        """Return the error for a value that is not as expected, such as ``a string``."""
        return FormatError(f"must be {expected}", ".".join(map(str, self.path)))

    def get(self, name: str) -> Self | None:
        """Return a member of an object, ``None`` if it is absent or null."""
        members = self.value if is_object(self.value) else self.object()
        value = members.get(name)
        return None if value is None else type(self)(value, (*self.path, name))

    def object(self) -> dict[str, Any]:
        """Return an object."""
        if not is_object(self.value):
            raise self.mismatch("an object")
        return self.value

    def items(self) -> list[Self]:
        """Return the items of an array."""
        if not is_array(self.value):
            raise self.mismatch("an array")
        return [type(self)(item, (*self.path, index)) for index, item in enumerate(self.value)]

    def text(self) -> str:
        """Return a string."""
        if not isinstance(self.value, str):
            raise self.mismatch("a string")
        return self.value

    def flag(self) -> bool:
        """Return a boolean."""
        if not isinstance(self.value, bool):
            raise self.mismatch(self.BOOLEAN)
        return self.value

    def integer(self, low: int, high: int | None = None) -> int:
        """Return an integer within bounds, both included."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
            raise self.mismatch(self.WHOLE.format(low=low) if high is None else f"an integer from {low} to {high}")
        return value

    def number(self, low: float | None = None, high: float | None = None) -> float:
        """Return a finite number, within bounds if there are any, both included."""
        value = self.value
        bounds = "" if low is None else f" from {low} to {high}"
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_within(value, low, high):
            raise self.mismatch(f"a number{bounds}")
        return value

    def word(self, *words: str) -> str:
        """Return a string that must be one of the given words."""
        if self.value not in words:
            raise self.mismatch("one of some words", words)
        return str(self.value)

    def texts(self) -> list[str]:
        """Return strings: one, or an array of them."""
        return [self.value] if isinstance(self.value, str) else [item.text() for item in self.items()]


class Fields:
    """The members of an object; ``null`` counts as absent. Every reader raises ``FormatError`` on a wrong type."""

    __slots__ = ("path", "raw")

    def __init__(self, value: Any, path: str = "") -> None:
        if not (isinstance(value, dict) or is_mapping(value)):  # most are, and that is quicker to see
            raise FormatError("must be an object", path)
        self.raw: Mapping[str, Any] = value
        self.path: str = path

    @classmethod
    def of_body(cls, body: Any) -> Self:
        """Return the members of a whole body, which may not be nested too deeply."""
        if too_deep(body, MAX_TRANSLATED_DEPTH):
            raise FormatError(f"the body may be nested {MAX_TRANSLATED_DEPTH} levels deep at most")
        return cls(body)

    def at(self, key: str) -> str:
        """Return the path of a member."""
        return f"{self.path}.{key}" if self.path else key

    def refuse(self, key: str, message: str) -> NoReturn:
        """Raise a ``FormatError`` about a member."""
        raise FormatError(message, self.at(key))

    def has(self, key: str) -> bool:
        """Return whether a member is present and not ``null``."""
        return self.raw.get(key) is not None

    def text(self, key: str) -> str:
        """Return a member that must be a string."""
        value = self.text_or_none(key)
        return self.refuse(key, "is required and must be a string") if value is None else value

    def text_or_none(self, key: str) -> str | None:
        """Return a member that is a string, if present."""
        value = self.raw.get(key)
        return value if value is None or isinstance(value, str) else self._field(key).text()

    def words(self, key: str) -> str:
        """Return a member that is a string, by default empty."""
        return self.text_or_none(key) or ""

    def count(self, key: str) -> int | None:
        """Return a member that is a whole number of at least 0, if present."""
        return None if self.raw.get(key) is None else self._field(key).integer(0)

    def number(self, key: str) -> float | None:
        """Return a member that is a finite number, if present."""
        return None if self.raw.get(key) is None else self._field(key).number()

    def flag(self, key: str) -> bool | None:
        """Return a member that is true or false, if present."""
        return None if self.raw.get(key) is None else self._field(key).flag()

    def mapping(self, key: str) -> Mapping[str, Any] | None:
        """Return a member that is an object, if present."""
        return None if self.raw.get(key) is None else self._field(key).object()

    def child(self, key: str) -> Self:
        """Return the members of a member, none if it is absent."""
        return type(self)(self.mapping(key) or {}, self.at(key))

    def children(self, key: str) -> list[Self]:
        """Return a member that is an array of objects, by default empty."""
        if self.raw.get(key) is None:
            return []
        return [type(self)(item, f"{self.at(key)}.{index}") for index, item in enumerate(self._array(key))]

    def texts(self, key: str) -> tuple[str, ...]:
        """Return a member that is an array of strings, by default empty."""
        items = self._array(key)
        if not all(isinstance(item, str) for item in items):
            self.refuse(key, "must be an array of strings")
        return tuple(items)

    def text_members(self, key: str) -> dict[str, str]:
        """Return a member that is an object of strings, by default empty."""
        members = dict(self.mapping(key) or {})
        if not all(isinstance(value, str) for value in members.values()):
            self.refuse(key, "must be an object whose values are strings")
        return members

    def choice(self, key: str, table: Mapping[str, T], advice: str) -> T:
        """Return the table's value for a member that must be one of its keys."""
        word = self.text(key)
        if word not in table:
            self.refuse(key, f"{word[:_SHOWN]!r} is not supported here, only {', '.join(table)}; {advice}")
        return table[word]

    def content(self, key: str, text: Callable[[str], T], part: Callable[[Fields], T]) -> tuple[T, ...]:
        """Return a member that is a string or an array of parts, by default empty."""
        value = self.raw.get(key)
        if isinstance(value, str):
            return (text(value),)
        if value is not None and not is_array(value):
            self.refuse(key, "must be a string or an array of parts")
        return tuple(map(part, self.children(key)))

    def _array(self, key: str) -> list[Any]:
        return [] if self.raw.get(key) is None else [item.value for item in self._field(key).items()]

    def _field(self, key: str) -> Field:
        return Field(self.raw[key], (self.at(key),))


def _is_within(value: float, low: float | None, high: float | None) -> bool:
    try:
        return math.isfinite(value) and (low is None or value >= low) and (high is None or value <= high)
    except OverflowError:
        return False
