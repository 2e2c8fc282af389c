"""Reading a JSON body member by member, so that what is refused names its place."""

from __future__ import annotations

from typing import Any, NamedTuple

from ....json_types import is_array, is_object
from ...json_input.reader import TooDeepError, read_json
from .refusals import EchoError, InvalidError, Path

_DEEPEST = 100


class BodyField(NamedTuple):
    """A value and where it stands.

    Every reading method raises ``InvalidError`` if the value is something else.
    """

    value: Any
    path: Path = ()

    def get(self, name: str) -> BodyField | None:
        """A member of an object, ``None`` if it is absent or null."""
        value = self.object().get(name)
        return None if value is None else BodyField(value, (*self.path, name))

    def need(self, name: str) -> BodyField:
        """A member that must be there; it may not be null."""
        found = self.get(name)
        if found is None:
            raise InvalidError((*self.path, name))
        return found

    def object(self) -> dict[str, Any]:
        """An object."""
        if not is_object(self.value):
            raise self._not("an object")
        return self.value

    def items(self) -> list[BodyField]:
        """The items of an array."""
        if not is_array(self.value):
            raise self._not("an array")
        return [BodyField(item, (*self.path, index)) for index, item in enumerate(self.value)]

    def text(self) -> str:
        """A string."""
        if not isinstance(self.value, str):
            raise self._not("a string")
        return self.value

    def flag(self) -> bool:
        """A boolean."""
        if not isinstance(self.value, bool):
            raise self._not("a boolean")
        return self.value

    def integer(self, low: int, high: int | None = None) -> int:
        """An integer within bounds, both included."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int) or value < low or (high is not None and value > high):
            raise self._not(f"an integer of {low} or more" if high is None else f"an integer from {low} to {high}")
        return value

    def number(self, low: float, high: float) -> float:
        """A number within bounds, both included."""
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not low <= self.value <= high:
            raise self._not(f"a number from {low} to {high}")
        return self.value

    def word(self, *words: str) -> str:
        """One of some words."""
        if self.value not in words:
            raise InvalidError(self.path, "one of some words", self.value, words)
        return str(self.value)

    def texts(self) -> list[str]:
        """Strings: one, or an array of them."""
        return [self.value] if isinstance(self.value, str) else [item.text() for item in self.items()]

    def refuse(self, *names: str) -> None:
        """Refuse members that this API does not know, such as those of another provider's.

        Raises:
            EchoError: 400 naming the first of them.
        """
        for name in names:
            if name in self.object():
                raise EchoError(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")

    def _not(self, expected: str) -> InvalidError:
        return InvalidError(self.path, expected, self.value)


def parse(body: bytes) -> BodyField:
    """The body, a JSON object.

    Raises:
        EchoError: 400 if it is not JSON.
        InvalidError: it is something else than an object.
    """
    try:
        value = read_json(body, _DEEPEST)
    except TooDeepError:
        raise EchoError(400, f"The JSON body of your request is nested deeper than {_DEEPEST} levels.") from None
    except (RecursionError, ValueError):
        raise EchoError(400, "We could not parse the JSON body of your request.") from None
    if not is_object(value):
        raise EchoError(400, "The JSON body of your request must be an object.")
    return BodyField(value)
