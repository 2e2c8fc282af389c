"""Translates regular expressions of ECMA-262, the dialect of JSON Schema, for RE2.

RE2 has no lookaround, because it runs in linear time. Those that follow ``^`` at the beginning, as in
``^(?=.*\\d).{8,}$``, or precede ``$`` at the end are conditions on the same text: each becomes a search of its own.
Python's ``(?P<name>...)``, ``(?i)`` at the beginning, ``\\A`` and ``\\Z`` are accepted, too.

Source: https://tc39.es/ecma262/#sec-patterns; https://github.com/google/re2/wiki/Syntax.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from .pattern_characters import ANY_BUT_LINE_ENDS, CharacterReader, PatternError, written

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST_REPEATED = 1_000
"""RE2's limit for a repetition together with those inside it; a larger one is written out."""
_MOST_ATOMS = 5_000
"""The most characters and classes of a pattern in which every repetition is written out."""
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


class _Piece(NamedTuple):
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
    reader = _PatternReader(pattern, len(flags))
    alternatives = reader.alternatives()
    if reader.next:
        raise PatternError("has a ) without a (")
    if not any(piece.look for pieces in alternatives for piece in pieces):
        return [[Search(flags + _joined(alternatives))]]
    return [[Search(flags + source, wanted) for source, wanted in _searches(pieces)] for pieces in alternatives]


def _searches(pieces: list[_Piece]) -> list[Search]:
    begun = _count(pieces, _BEGIN, _AHEAD)
    ended = _count(reversed(pieces[begun:]), _END, _BEHIND)
    middle, after = pieces[begun : len(pieces) - ended], pieces[len(pieces) - ended :]
    begin, end = _anchor(pieces[:begun], _BEGIN), _anchor(after, _END)
    if any(piece.look for piece in middle):
        raise _misplaced()
    main = Search(begin + "".join(piece.source for piece in middle) + end)
    ahead = [Search(f"{begin}(?:{piece.source})", piece.look == "=") for piece in pieces[:begun] if piece.look]
    behind = [Search(f"(?:{piece.source}){end}", piece.look == "<=") for piece in after if piece.look]
    return [main, *ahead, *behind]


def _count(pieces: Iterable[_Piece], anchor: str, looks: tuple[str, ...]) -> int:
    """Return how many pieces at the beginning are anchors or lookarounds of these kinds."""
    count = 0
    for piece in pieces:
        if piece.source != anchor and piece.look not in looks:
            break
        count += 1
    return count


def _anchor(pieces: list[_Piece], anchor: str) -> str:
    """Return the anchor that fixes the place of lookarounds; a lookahead such as ``(?=^.{8,}$)`` may bring its own."""
    anchored = [piece for piece in pieces if piece.source == anchor and not piece.look]
    anchored += [piece for piece in pieces if piece.look == "=" and re.match(r"\\A[^|]*$", piece.source)]
    if pieces and not anchored:
        raise _misplaced()
    return anchor if pieces else ""


def _misplaced() -> PatternError:
    return PatternError(
        "has a lookaround that cannot be tried in linear time; use lookaheads only right after ^ at the beginning,"
        " and lookbehinds only right before $ at the end"
    )


def _joined(alternatives: list[list[_Piece]]) -> str:
    return "|".join("".join(piece.source for piece in pieces) for pieces in alternatives)


class _PatternReader(CharacterReader):
    """Walks through a pattern once."""

    depth = 0

    def alternatives(self) -> list[list[_Piece]]:
        """Take everything up to the end or a closing parenthesis."""
        found = [self._sequence()]
        while self.next == "|":
            self.at += 1
            found.append(self._sequence())
        return found

    def _sequence(self) -> list[_Piece]:
        pieces = list[_Piece]()
        while self.next not in ("", "|", ")"):
            pieces.append(self._repeated(self._atom()))
        if _atoms(pieces) > _MOST_ATOMS:
            raise _too_large()
        return pieces

    def _atom(self) -> _Piece:
        if found := self.took(_ASSERTION):
            return _Piece(_ASSERTIONS.get(found[0], found[0]))
        if self.next == "(":
            return self._group()
        if self.next == "[":
            return _Piece(self.character_class())
        if self.took(_REPETITION):
            raise PatternError("has a repetition of nothing")
        sign = self.next
        self.at += 1
        if sign == ".":
            return _Piece(ANY_BUT_LINE_ENDS)
        content = self.escape() if sign == "\\" else ord(sign)
        return _Piece(f"[{content}]" if isinstance(content, str) else written([(content, content)]))

    def _group(self) -> _Piece:
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
        pieces = [piece for each in inner for piece in each]
        if any(piece.look for piece in pieces):
            raise _misplaced()
        look = found[1] if found[1] in _AHEAD + _BEHIND else ""
        source = _joined(inner) if look else f"(?:{_joined(inner)})"
        return _Piece(source, look, max((piece.most for piece in pieces), default=1), _atoms(pieces))

    def _repeated(self, piece: _Piece) -> _Piece:
        found = self.took(_REPETITION)
        if not found:
            return piece
        if piece.look or piece.source in _ASSERTIONS.values():
            raise PatternError("repeats an assertion")
        sign, least, comma, most = found.groups()
        if sign:
            return piece._replace(source=piece.source + sign)
        low, high = int(least), int(most) if most else None if comma else int(least)
        if high is not None and high < low:
            raise PatternError(f"has the repetition {found[0]}, which is out of order")
        return _repeat(piece, low, high)


def _repeat(piece: _Piece, low: int, high: int | None) -> _Piece:
    """Return a piece that is repeated, written out where RE2's limit is lower."""
    step = max(1, _MOST_REPEATED // piece.most)
    most = max(low if high is None else high, 1)
    if most * max(piece.atoms, 1) > _MOST_ATOMS:
        raise _too_large()
    parts = [f"{{{step}}}"] * (low // step) + [f"{{{low % step}}}"] * bool(low % step)
    if high is None:
        parts.append("*")
    else:
        rest = high - low
        parts += [f"{{0,{step}}}"] * (rest // step) + [f"{{0,{rest % step}}}"] * bool(rest % step)
    source = "".join(piece.source + part for part in parts)
    return _Piece(f"(?:{source})", "", piece.most * min(step, most), piece.atoms * most)


def _atoms(pieces: list[_Piece]) -> int:
    return sum(piece.atoms for piece in pieces)


def _too_large() -> PatternError:
    return PatternError("is too large with its repetitions; use minLength and maxLength for long texts")
