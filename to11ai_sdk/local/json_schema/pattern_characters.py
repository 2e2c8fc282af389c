"""Reads the characters, escapes and classes of a regular expression of ECMA-262, and writes them for RE2."""

from __future__ import annotations

import re

_LAST = 0x10FFFF
Ranges = list[tuple[int, int]]
"""First and last code points."""

_SPACES: Ranges = [
    (0x09, 0x0D), (0x20, 0x20), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029),
    (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000), (0xFEFF, 0xFEFF),
]  # fmt: skip
_DIGITS: Ranges = [(0x30, 0x39)]
_WORD: Ranges = [(0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)]
_CONTROLS = {"t": 0x09, "n": 0x0A, "v": 0x0B, "f": 0x0C, "r": 0x0D}
_NUMBERED = re.compile(
    r"u\{([0-9A-Fa-f]{1,6})\}|u([Dd][89ABab][0-9A-Fa-f]{2})\\u([Dd][C-Fc-f][0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})"
    r"|x([0-9A-Fa-f]{2})|c([A-Za-z])|0(?!\d)"
)
_PROPERTY = re.compile(r"[pP]\{(?:(?:Script|sc|Script_Extensions|scx|General_Category|gc)=)?(\w+)\}")
_CATEGORIES = {
    "Letter": "L", "Lowercase_Letter": "Ll", "Uppercase_Letter": "Lu", "Mark": "M", "Number": "N",
    "Decimal_Number": "Nd", "digit": "Nd", "Punctuation": "P", "punct": "P", "Symbol": "S", "Separator": "Z",
    "Space_Separator": "Zs",
}  # fmt: skip
"""RE2's names of the categories of Unicode that have longer names, too."""


class PatternError(ValueError):
    """A pattern that is no regular expression, or none that can be tried in linear time; the message says why."""


def written(ranges: Ranges) -> str:
    """Return ranges as the content of a class of RE2."""
    return "".join(f"\\x{{{low:x}}}-\\x{{{high:x}}}" if low < high else f"\\x{{{low:x}}}" for low, high in ranges)


def _others(ranges: Ranges) -> Ranges:
    starts = [0, *(high + 1 for _, high in ranges)]
    ends = [*(low - 1 for low, _ in ranges), _LAST]
    return [(low, high) for low, high in zip(starts, ends, strict=True) if low <= high]


_SHORTHANDS = {
    "d": written(_DIGITS),
    "D": written(_others(_DIGITS)),
    "w": written(_WORD),
    "W": written(_others(_WORD)),
    "s": written(_SPACES),
    "S": written(_others(_SPACES)),
}
ANY_BUT_LINE_ENDS = "[" + written(_others([(0x0A, 0x0A), (0x0D, 0x0D), (0x2028, 0x2029)])) + "]"


class CharacterReader:
    """A pattern and the place in it."""

    def __init__(self, pattern: str, at: int = 0) -> None:
        self.pattern: str = pattern
        self.at: int = at

    @property
    def next(self) -> str:
        """The next character; empty at the end."""
        return self.pattern[self.at : self.at + 1]

    def took(self, expression: re.Pattern[str]) -> re.Match[str] | None:
        """Take what an expression matches here, if it does."""
        found = expression.match(self.pattern, self.at)
        self.at = found.end() if found else self.at
        return found

    def character_class(self) -> str:
        """Take a class from ``[`` to ``]``."""
        self.at += 1
        negated = self.next == "^"
        self.at += negated
        content = ""
        while self.next != "]":
            if not self.next:
                raise PatternError("has a [ without a ]")
            content += self._range()
        self.at += 1
        if not content:
            return f"[{'' if negated else '^'}{written([(0, _LAST)])}]"
        return f"[{'^' * negated}{content}]"

    def _range(self) -> str:
        low = self._member()
        if self.next != "-" or self.pattern[self.at + 1 : self.at + 2] in ("]", "") or isinstance(low, str):
            return low if isinstance(low, str) else written([(low, low)])
        self.at += 1
        high = self._member()
        if isinstance(high, str):
            return written([(low, low), (0x2D, 0x2D)]) + high
        if high < low:
            raise PatternError(f"has the range {chr(low)}-{chr(high)} in a class, which is out of order")
        return written([(low, high)])

    def _member(self) -> int | str:
        """Take a member of a class: a code point, or the source of several."""
        sign = self.next
        self.at += 1
        if sign != "\\":
            return ord(sign)
        if self.next == "b":
            self.at += 1
            return 0x08
        return self.escape()

    def escape(self) -> int | str:
        """Take what follows a backslash: a code point, or the content of a class."""
        if found := self.took(_PROPERTY):
            return f"\\{found[0][0]}{{{_CATEGORIES.get(found[1], found[1])}}}"
        if found := self.took(_NUMBERED):
            return _code_point(found)
        sign = self.next
        self.at += 1
        if sign in _SHORTHANDS and sign:
            return _SHORTHANDS[sign]
        if sign in _CONTROLS:
            return _CONTROLS[sign]
        if sign.isdecimal() or sign == "k":
            raise PatternError(f"refers back to a group (\\{sign}), which cannot be tried in linear time")
        if not sign or (sign.isascii() and sign.isalnum()):
            raise PatternError(f"has the escape \\{sign}, which does not exist")
        return ord(sign)


def _code_point(found: re.Match[str]) -> int:
    braced, high, low, plain, short, control = found.groups()
    if high:
        return 0x10000 + ((int(high, 16) & 0x3FF) << 10) + (int(low, 16) & 0x3FF)
    point = ord(control) % 32 if control else int(braced or plain or short or "0", 16)
    if point > _LAST:
        raise PatternError(f"has the escape \\{found[0]}, which is beyond Unicode")
    return point
