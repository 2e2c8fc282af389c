"""Reads a JSON body member by member; errors name the place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....json_types import is_object
from ...json_input.fields import Field
from ...json_input.reader import TooDeepError, read_json
from .refusals import EchoError, InvalidError

if TYPE_CHECKING:
    from collections.abc import Sequence

_DEEPEST = 100


class BodyField(Field):
    """A value of a request body; its error is an ``InvalidError``, for which each provider has its own message."""

    __slots__ = ()
    BOOLEAN = "a boolean"
    WHOLE = "an integer of {low} or more"

    def mismatch(self, expected: str, choices: Sequence[str] = ()) -> InvalidError:
        """Return the error for a value of the wrong kind."""
        return InvalidError(self.path, expected, self.value, choices)

    def need(self, name: str) -> BodyField:
        """Return a required member; it must not be null."""
        found = self.get(name)
        if found is None:
            raise InvalidError((*self.path, name))
        return found

    def refuse(self, *names: str) -> None:
        """Refuse members that this API does not have, such as those of another provider's API.

        Raises:
            EchoError: 400 naming the first of them.
        """
        for name in names:
            if name in self.object():
                raise EchoError(400, f"Unknown parameter: '{name}'.", param=name, code="unknown_parameter")


def parse(body: bytes) -> BodyField:
    """Return the body, a JSON object.

    Raises:
        EchoError: 400 if it is not JSON.
        InvalidError: it is not an object.
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
