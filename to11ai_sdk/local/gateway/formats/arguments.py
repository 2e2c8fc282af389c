"""Reads the arguments of tool calls: text with a JSON object, in the various forms that providers send."""

from __future__ import annotations

import re
from typing import Any

from ....json_types import is_object
from .common import NO_ARGUMENTS, dumps, loads_or_none

_NOTHING = re.compile(r"(?:(?:\{\s*\}|\[\s*\])\s*)+")
"""Empty objects: some servers begin with one, and send the arguments after it."""
_BEGINNINGS = ("", "n", "nu", "nul", "null", "{", "[")
"""What may become nothing."""
_MARKS = re.compile(r'\\.?|["{}\[\]]', re.DOTALL)


def text_of_arguments(value: Any) -> str:
    """Return arguments as text; some servers send the object itself."""
    if isinstance(value, str):
        return value
    return "" if value is None else dumps(value)


def whole_arguments(value: Any) -> str:
    """Return the arguments of a whole call, ``{}`` if there are none: the same that their pieces would make."""
    arguments = Arguments()
    return arguments.more(text_of_arguments(value)) + arguments.rest()


class Arguments:
    """The arguments of one call, while they arrive in pieces.

    Missing or blank text, ``null`` and empty objects mean no arguments. An object that is encoded as text is unpacked,
    and a repeated object counts once.

    Args:
        given: arguments that came with the beginning of the call; they count if no piece follows.
    """

    def __init__(self, given: str = "") -> None:
        self._given = given
        self._start = ""
        self._gap: list[str] = []
        self._quoted: list[str] | None = None
        self._has_begun = False
        self._has_empty = False
        self._passed: list[str] = []
        self._after: list[str] = []
        self._brackets = _Brackets()

    @property
    def text(self) -> str:
        """The text that was passed on so far."""
        self._passed = ["".join(self._passed)]
        return self._passed[0]

    @property
    def is_partial(self) -> bool:
        """Whether an object has begun that has not ended."""
        if self._has_begun:
            return not self._brackets.is_closed
        return self._quoted is not None or self._start not in ("", "null")

    @property
    def is_complete(self) -> bool:
        """Whether an object is all there."""
        return self._has_begun and self._brackets.is_closed

    @property
    def is_whole(self) -> bool:
        """Whether there is such an object, or an empty one, after which some servers send the arguments."""
        return self.is_complete or (self._has_empty and not self.is_partial)

    def is_repeated_by(self, text: str) -> bool:
        """Return whether a text is the whole of what is there."""
        return text.strip() == self.text.strip() if self._has_begun else whole_arguments(text) == NO_ARGUMENTS

    def more(self, text: str) -> str:
        """Take a piece, and return the text to pass on: nothing as long as the text may mean no arguments."""
        if self._quoted is not None:
            self._quoted.append(text)
            return ""
        return self._pass(text) if self._has_begun else self._begin(text if self._start else text.lstrip())

    def rest(self) -> str:
        """Return the text still to be passed on at the end of the call."""
        if self._has_begun or self.is_partial:
            return self._left()
        given, self._given, self._start = self._given, "", ""
        return self.more(given) + self._left()

    def _left(self) -> str:
        if self._has_begun:
            after, self._after = "".join(self._after).strip(), []
            return "" if _repeats(after, self.text.strip()) else after
        quoted, self._quoted = self._quoted, None
        text = _unpacked("".join(quoted)) if quoted else self._start
        self._has_begun, self._start = True, ""
        return self._pass(NO_ARGUMENTS if text in ("", "null") else text)

    def rest_of(self, whole: str) -> str:
        """Return what a server that repeats all arguments at the end has not sent before."""
        if not self._has_begun:
            self._start, self._quoted = "", None
            return self.more(whole)
        whole, said = _without_empty(whole.lstrip()), self.text
        return self.more(whole[len(said) :]) if whole.startswith(said) else ""

    def _begin(self, text: str) -> str:
        joined = self._start + text
        self._has_empty = self._has_empty or bool(_NOTHING.match(joined))
        left = _without_empty(joined)
        if left.startswith('"'):
            self._start, self._quoted = "", [left]
            return ""
        if left.rstrip() in _BEGINNINGS:
            self._hold(left, text)
            return ""
        whole = self._start + "".join(self._gap) + text if left == joined else left
        self._has_begun, self._start = True, ""
        return self._pass(whole)

    def _hold(self, left: str, piece: str) -> None:
        self._start = left.rstrip()
        if piece.isspace():
            self._gap.append(piece)
        else:
            self._gap = [left[len(self._start) :]]

    def _pass(self, text: str) -> str:
        if self._brackets.is_closed:
            self._after.append(text)
            return ""
        end = self._brackets.read(text)
        self._passed.append(text[:end])
        self._after += [text[end:]] if end < len(text) else []
        return text[:end]


class _Brackets:
    """Follows the brackets of a JSON text, each character once."""

    def __init__(self) -> None:
        self.is_closed = False
        self._depth = 0
        self._in_string = False
        self._escapes = False

    def read(self, text: str) -> int:
        """Read a piece up to the end of the text's first object, and return that place."""
        place = 1 if self._escapes and text else 0
        self._escapes = self._escapes and not text
        for mark in _MARKS.finditer(text, place):
            self._mark(mark[0])
            if self.is_closed:
                return mark.end()
        return len(text)

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


def _without_empty(text: str) -> str:
    empty = _NOTHING.match(text)
    return text[empty.end() :] if empty else text


def _unpacked(text: str) -> str:
    """Return the arguments in a JSON string, even if it was encoded several times; other text unchanged."""
    value = loads_or_none(text)
    if not isinstance(value, str):
        return text
    inner = whole_arguments(value)
    return inner if is_object(loads_or_none(inner)) else text


def _repeats(text: str, whole: str) -> bool:
    return not text.replace(whole, "").strip() if whole else not text
