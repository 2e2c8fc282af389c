"""Reads the arguments of tool calls in replies: text with a JSON object, in any spelling of a provider."""

from __future__ import annotations

import re
from typing import Any

from .common import NO_ARGUMENTS, dumps

_NOTHING = "null"
_MARKS = re.compile(r'\\.?|["{}\[\]]', re.DOTALL)


def text_of_arguments(value: Any) -> str:
    """Return arguments as text; some servers send the object itself."""
    if isinstance(value, str):
        return value
    return "" if value is None else dumps(value)


def whole_arguments(value: Any) -> str:
    """Return the arguments of a whole call; no text, blank text and ``null`` are no arguments."""
    text = text_of_arguments(value)
    return NO_ARGUMENTS if text.strip() in ("", _NOTHING) else text


class Arguments:
    """The arguments of one call, while they arrive in pieces.

    Args:
        given: arguments that came with the beginning of the call; they count if no piece follows.
    """

    def __init__(self, given: str = "") -> None:
        self._given = given
        self._held: list[str] = []
        self._start: str | None = ""
        self._passed: list[str] = []
        self._brackets = _Brackets()

    @property
    def text(self) -> str:
        """What was passed on so far."""
        self._passed = ["".join(self._passed)]
        return self._passed[0]

    @property
    def is_silent(self) -> bool:
        """Whether they say nothing so far."""
        return self._start is not None

    @property
    def is_partial(self) -> bool:
        """Whether an object has begun that has not ended."""
        return not (self.is_silent or self._brackets.is_closed)

    @property
    def is_complete(self) -> bool:
        """Whether an object is all there."""
        return self._brackets.is_closed

    def more(self, text: str) -> str:
        """Take a piece, and return what is to be passed on: nothing as long as it may be ``null``."""
        if self._start is not None:
            self._held.append(text)
            self._start = (self._start + text).strip()
            if _NOTHING.startswith(self._start):
                return ""
            text, self._start = "".join(self._held), None
        self._passed.append(text)
        self._brackets.read(text)
        return text

    def rest(self) -> str:
        """Return what is still to be passed on at the end of the call."""
        given = self.more(self._given) if self._start == "" else ""
        if self._start is None:
            return given
        text = NO_ARGUMENTS if self._start in ("", _NOTHING) else "".join(self._held)
        self._start = None
        self._passed.append(text)
        self._brackets.read(text)
        return text

    def rest_of(self, whole: str) -> str:
        """Return what a server that repeats all arguments at the end has not sent before."""
        if self._start is not None:
            # What was held back so far is in the whole as well.
            self._held, self._start = [], ""
        said = self.text
        return self.more(whole[len(said) :]) if whole.startswith(said) else ""


class _Brackets:
    """Follows the brackets of a JSON text, each character once."""

    def __init__(self) -> None:
        self.is_closed = False
        self._depth = 0
        self._in_string = False
        self._escapes = False

    def read(self, text: str) -> None:
        place = 1 if self._escapes and text else 0
        self._escapes = self._escapes and not text
        for mark in _MARKS.finditer(text, place):
            self._mark(mark[0])

    def _mark(self, mark: str) -> None:
        if mark == '"':
            self._in_string = not self._in_string
        elif self._in_string:
            self._escapes = mark == "\\"
        elif mark in "{[":
            self._depth += 1
        elif mark in "}]":
            self._depth -= 1
            self.is_closed = self._depth <= 0
