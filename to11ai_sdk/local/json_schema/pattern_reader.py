"""Translates regular expressions of ECMA-262, the dialect of JSON Schema, for RE2.

RE2 has no lookaround, because it runs in linear time. Those that follow ``^`` at the beginning, as in
``^(?=.*\\d).{8,}$``, or precede ``$`` at the end are conditions on the same text: each becomes a search of its own.
Python's ``(?P<name>...)``, ``(?i)`` at the beginning, ``\\A`` and ``\\Z`` are accepted, too.

Source: https://tc39.es/ecma262/#sec-patterns; https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ..bounds import MAX_PATTERN_ATOMS
from .pattern_characters import ANY_BUT_LINE_ENDS, CharacterReader, PatternError, written

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_REPEATED = 1_000
"""RE2's limit for a repetition together with those inside it; a larger one is written out."""
_DEEPEST = 50
_BEGIN, _END = "\\A", "\\z"
_AHEAD, _BEHIND = ("=", "!"), ("<=", "<!")
_ASSERTION = re.compile(r"\^|\$|\\[bBAZz]")
_ASSERTIONS = {"^": _BEGIN, "\\A": _BEGIN, "$": _END, "\\Z": _END, "\\z": _END}
_GROUP = re.compile(r"\((?:\?(:|=|!|<=|<!|P?<[^\W\d][\w$]*>))?")
_REPETITION = re.compile(r"(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??")


class Search(NamedTuple):
    """An expression of RE2 that must be found in a text, or must not."""

    source: str
    wanted: bool = True


class _Part(NamedTuple):
    """A part of a sequence in RE2's syntax.

    Attributes:
        source: the expression.
        look: the sign of a lookaround.
        most: the largest repetition.
        atoms: the characters and classes, repetitions written out.
    """

    source: str
    look: str = ""
    most: int = 1
    atoms: int = 1


def translated(pattern: str) -> list[list[Search]]:
    """Return the alternatives of a pattern: a text matches if all searches of one do.

    Raises:
        PatternError: it is no regular expression, or cannot be tried in linear time.
    """
    flags = "(?i)" if pattern.startswith("(?i)") else ""
    reader = _Translator(pattern, len(flags))
    alternatives = reader.alternatives()
    if reader.next:
        raise PatternError("has a ) without a (")
    if not any(part.look for parts in alternatives for part in parts):
        return [[Search(flags + _joined(alternatives))]]
    return [[Search(flags + source, wanted) for source, wanted in _searches(parts)] for parts in alternatives]


def _searches(parts: list[_Part]) -> list[Search]:
    begun = _count(parts, _BEGIN, _AHEAD)
    ended = _count(reversed(parts[begun:]), _END, _BEHIND)
    middle, after = parts[begun : len(parts) - ended], parts[len(parts) - ended :]
    begin, end = _anchor(parts[:begun], _BEGIN), _anchor(after, _END)
    if any(part.look for part in middle):
        raise _misplaced()
    main = Search(begin + "".join(part.source for part in middle) + end)
    ahead = [Search(f"{begin}(?:{part.source})", part.look == "=") for part in parts[:begun] if part.look]
    behind = [Search(f"(?:{part.source}){end}", part.look == "<=") for part in after if part.look]
    return [main, *ahead, *behind]


def _count(parts: Iterable[_Part], anchor: str, looks: tuple[str, ...]) -> int:
    """Return how many parts at the beginning are anchors or lookarounds of these kinds."""
    count = 0
    for part in parts:
        if part.source != anchor and part.look not in looks:
            break
        count += 1
    return count


def _anchor(parts: list[_Part], anchor: str) -> str:
    """Return the anchor that fixes the place of lookarounds; a lookahead such as ``(?=^.{8,}$)`` may bring its own."""
    anchored = [part for part in parts if part.source == anchor and not part.look]
    anchored += [part for part in parts if part.look == "=" and re.match(r"\\A[^|]*$", part.source)]
    if parts and not anchored:
        raise _misplaced()
    return anchor if parts else ""


def _misplaced() -> PatternError:
    return PatternError(
        "has a lookaround that cannot be tried in linear time; use lookaheads only right after ^ at the beginning,"
        " and lookbehinds only right before $ at the end"
    )


def _joined(alternatives: list[list[_Part]]) -> str:
    return "|".join("".join(part.source for part in parts) for parts in alternatives)


class _Translator(CharacterReader):
    """Walks through a pattern once."""

    depth = 0

    def alternatives(self) -> list[list[_Part]]:
        """Take everything up to the end or a closing parenthesis."""
        found = [self._sequence()]
        while self.next == "|":
            self.at += 1
            found.append(self._sequence())
        return found

    def _sequence(self) -> list[_Part]:
        parts = list[_Part]()
        while self.next not in ("", "|", ")"):
            parts.append(self._repeated(self._atom()))
        if _atoms(parts) > MAX_PATTERN_ATOMS:
            raise _too_large()
        return parts

    def _atom(self) -> _Part:
        if found := self.took(_ASSERTION):
            return _Part(_ASSERTIONS.get(found[0], found[0]))
        if self.next == "(":
            return self._group()
        if self.next == "[":
            return _class(self.character_class())
        if self.took(_REPETITION):
            raise PatternError("has a repetition of nothing")
        sign = self.next
        self.at += 1
        if sign == ".":
            return _class(ANY_BUT_LINE_ENDS)
        content = self.escape() if sign == "\\" else ord(sign)
        return _class(f"[{content}]") if isinstance(content, str) else _Part(written([(content, content)]))

    def _group(self) -> _Part:
        found = self.took(_GROUP)
        if not found or self.next == "?":
            raise PatternError(f"has a group (?{self.pattern[self.at + 1 : self.at + 3]} of an unknown kind")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise PatternError(f"has groups nested deeper than {_DEEPEST} levels")
        inner = self.alternatives()
        self.depth -= 1
        if self.next != ")":
            raise PatternError("has a ( without a )")
        self.at += 1
        parts = [part for each in inner for part in each]
        if any(part.look for part in parts):
            raise _misplaced()
        look = found[1] if found[1] in _AHEAD + _BEHIND else ""
        source = _joined(inner) if look else f"(?:{_joined(inner)})"
        return _Part(source, look, max((part.most for part in parts), default=1), _atoms(parts))

    def _repeated(self, part: _Part) -> _Part:
        found = self.took(_REPETITION)
        if not found:
            return part
        if part.look or part.source in _ASSERTIONS.values():
            raise PatternError("repeats an assertion")
        sign, least, comma, most = found.groups()
        if sign:
            return part._replace(source=part.source + sign)
        low, high = int(least), int(most) if most else None if comma else int(least)
        if high is not None and high < low:
            raise PatternError(f"has the repetition {found[0]}, which is out of order")
        return _repeat(part, low, high)


def _repeat(part: _Part, low: int, high: int | None) -> _Part:
    """Return a part that is repeated, written out where RE2's limit is lower."""
    step = max(1, _MOST_REPEATED // part.most)
    most = max(low if high is None else high, 1)
    if most * max(part.atoms, 1) > MAX_PATTERN_ATOMS:
        raise _too_large()
    counts = [f"{{{step}}}"] * (low // step) + [f"{{{low % step}}}"] * bool(low % step)
    if high is None:
        counts.append("*")
    else:
        rest = high - low
        counts += [f"{{0,{step}}}"] * (rest // step) + [f"{{0,{rest % step}}}"] * bool(rest % step)
    source = "".join(part.source + count for count in counts)
    return _Part(f"(?:{source})", "", part.most * min(step, most), part.atoms * most)


def _class(source: str) -> _Part:
    # In UTF-8 a character beyond ASCII has several bytes, each of which is an instruction.
    return _Part(source, atoms=4 if re.search(r"\\p|\{[0-9a-f]{3}|\^", source, re.IGNORECASE) else 1)


def _atoms(parts: list[_Part]) -> int:
    return sum(part.atoms for part in parts)


def _too_large() -> PatternError:
    return PatternError("is too large with its repetitions; use minLength and maxLength for long texts")
