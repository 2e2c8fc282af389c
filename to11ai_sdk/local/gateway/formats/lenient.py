"""Reads providers' replies leniently: a member of an unusual type is converted if that is safe, and else ignored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ....json_types import is_array, is_object
from ...json_input.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_NUMBER = re.compile(r"\s*[+-]?\d{1,30}(\.\d{0,30})?\s*", re.ASCII)
_LARGEST = 2**53


class Lenient(Fields):
    """The members of a provider's reply. No reader raises an error, so an odd member never loses the answer."""

    __slots__ = ()

    def text(self, key: str) -> str:
        """Return a member as text, empty if it is absent."""
        value = self.raw.get(key)
        if value is None or isinstance(value, str):  # nearly always
            return value or ""
        return text_of(value) or ""

    def text_or_none(self, key: str) -> str | None:
        """Return a member as text, if it is there: some servers send ids as numbers."""
        return text_of(self.raw.get(key))

    words = text

    def count(self, key: str) -> int | None:
        """Return a member as a whole number of at least 0, if it can be read as one."""
        number = number_of(self.raw.get(key))
        return int(number) if number is not None and number >= 0 else None

    def number(self, key: str) -> float | None:
        """Return a member as a number, if it can be read as one."""
        return number_of(self.raw.get(key))

    def flag(self, key: str) -> bool | None:
        """Return a member that is true or false, if it is there."""
        value = self.raw.get(key)
        return value if isinstance(value, bool) else None

    def mapping(self, key: str) -> Mapping[str, Any] | None:
        """Return a member that is an object, if it is there."""
        value = self.raw.get(key)
        return value if is_object(value) else None

    def _array(self, key: str) -> list[Any]:
        value = self.raw.get(key)
        if not value:
            return []
        if is_array(value):
            return [item for item in value if is_object(item)]
        return [value] if is_object(value) else []


def text_of(value: Any) -> str | None:
    """Return a JSON value as text, ``None`` if it is neither text nor a number."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST:
        value = int(value)
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def number_of(value: Any) -> float | None:
    """Return a JSON value, or text, as a number of up to 53 bits; ``None`` if it is not a number."""
    if isinstance(value, str):
        value = float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= _LARGEST else None


def text_in(value: Any) -> str:
    """Return all text in a value: a text, a part with text, or a list of parts."""
    if value is None or isinstance(value, str):
        return value or ""
    return "".join(_texts(value))


def _texts(value: Any) -> Iterator[str]:
    if is_array(value):
        for item in value:
            yield from _texts(item)
    elif is_object(value):
        yield from _texts(next((value[key] for key in ("text", "thinking", "summary") if value.get(key)), None))
    else:
        yield text_of(value) or ""
