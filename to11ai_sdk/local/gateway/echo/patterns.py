"""Makes a text that matches a regular expression: literals, classes, groups, alternatives and repetitions."""

from __future__ import annotations

import re

from ...json_schema.patterns import compiled
from ...work_budget import WorkBudgetError

_CLASSES = {"d": "0", "w": "a", "s": " ", "D": "a", "W": " ", "S": "a", "n": "\n", "t": "\t", "r": "\r"}
_SILENT = {"b", "B", "A", "Z"}
_CANDIDATES = "a0A-_ .!~é" + "".join(map(chr, range(33, 127)))
_CODE_POINT = re.compile(r"\\u([0-9A-Fa-f]{4})")
_PROPERTY = re.compile(r"\\p\{\w+\}")
_LONGEST = 1_000


def text_matching(pattern: str) -> str | None:
    """Return the first text that can be made from a pattern, ``None`` if it does not match after all."""
    try:
        text = _PatternReader(_PROPERTY.sub(r"\\w", pattern)).alternatives()
        return text if compiled(pattern).found_in(text) else None
    except (re.error, ValueError, IndexError, RecursionError, OverflowError, WorkBudgetError):
        return None


class _PatternReader:
    """Walks through a pattern once and makes the text on the way."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.at = 0

    def alternatives(self) -> str:
        """Return the first alternative; skip the others."""
        first = self._sequence()
        while self._next() == "|":
            self.at += 1
            self._sequence()
        return first

    def _sequence(self) -> str:
        made = ""
        while self._next() not in ("", "|", ")"):
            made += self._repeated(self._atom())
        return made

    def _next(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def _take(self) -> str:
        self.at += 1
        return self.pattern[self.at - 1]

    def _atom(self) -> str:
        sign = self._take()
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._class()
        if sign == "\\":
            return self._escaped()
        return {"^": "", "$": "", ".": "a"}.get(sign, sign)

    def _escaped(self) -> str:
        sign = self._take()
        return "" if sign in _SILENT else _CLASSES.get(sign, sign)

    def _group(self) -> str:
        silent = False
        if found := re.compile(r"\?(?::|P?<\w+>|(=|!|<=|<!))").match(self.pattern, self.at):
            self.at, silent = found.end(), bool(found[1])
        text = self.alternatives()
        self.at += 1
        return "" if silent else text

    def _class(self) -> str:
        start = self.at - 1
        self.at += self._next() == "^"
        # A closing bracket that comes first is a member of the class.
        self.at += self._next() == "]"
        while (sign := self._take()) != "]":
            self.at += sign == "\\"
        written = self.pattern[start : self.at]
        members = re.compile(written)
        own = _CODE_POINT.sub(lambda found: chr(int(found[1], 16)), written)
        for sign in _CANDIDATES + own:
            if members.match(sign) and not "\ud800" <= sign <= "\udfff":
                return sign
        raise ValueError("none of the known characters is in the class")

    def _repeated(self, text: str) -> str:
        found = re.compile(r"(?:[*+?]|\{(\d*)(,\d*)?\})[?+]?").match(self.pattern, self.at)
        if not found:
            return text
        self.at = found.end()
        if found[0][0] != "{":
            return text if found[0][0] == "+" else ""
        times = int(found[1] or 0)
        if times * len(text) > _LONGEST:
            raise ValueError("too long a text")
        return text * times
