"""Compares two texts line by line, with their places next to each other, in bounded time."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from .. import bounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_CONTEXT = 3
"""How many unchanged lines are shown around changed ones."""
_PARTS = re.compile(r"\w+|\W")

Pieces = list[tuple[str, bool]]
"""The pieces of a line, and whether each has changed."""


class LinePair(NamedTuple):
    """Two lines next to each other.

    Attributes:
        kind: ``"same"``, ``"changed"``, ``"removed"``, ``"added"``, or ``"skipped"`` for unchanged lines left out.
        left: number and pieces of the old line, ``None`` without one.
        right: number and pieces of the new line, ``None`` without one.
        skipped: how many lines were left out.
    """

    kind: str
    left: tuple[int, Pieces] | None = None
    right: tuple[int, Pieces] | None = None
    skipped: int = 0


def side_by_side(old: str, new: str) -> list[LinePair]:
    """Return the lines of two texts, those that changed next to each other."""
    # Other line ends, and one after the last line, are differences, too.
    left, right = (text.split("\n")[: bounds.MAX_SHOWN_LINES] for text in (old, new))
    budget = _Budget(bounds.MAX_DIFF_WORK)
    pairs: list[LinePair] = []
    for tag, i1, i2, j1, j2 in _blocks(left, right):
        if tag == "equal":
            pairs += [
                LinePair("same", (i, [(left[i - 1], False)]), (i + j1 - i1, [(left[i - 1], False)]))
                for i in range(i1 + 1, i2 + 1)
            ]
        else:
            pairs += _changed(left[i1:i2], right[j1:j2], (i1 + 1, j1 + 1), budget)
    return list(_folded(pairs))


class _Budget:
    """The work that is left for comparing within lines."""

    def __init__(self, left: int) -> None:
        self._left = left

    def takes(self, work: int) -> bool:
        self._left -= work
        return self._left >= 0


def _blocks(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[str, int, int, int, int]]:
    """Yield what is equal and what is not; between the first and last change only if that is not too long."""
    begin = _common(left, right)
    end = _common(left[begin:][::-1], right[begin:][::-1])
    last, other_last = len(left) - end, len(right) - end
    yield "equal", 0, begin, 0, begin
    if max(last, other_last) - begin <= bounds.MAX_DIFF_LINES:
        matcher = SequenceMatcher(None, left[begin:last], right[begin:other_last])
        for tag, i1, i2, j1, j2 in matcher.get_opcodes():
            yield tag, i1 + begin, i2 + begin, j1 + begin, j2 + begin
    else:
        yield "replace", begin, last, begin, other_last
    yield "equal", last, len(left), other_last, len(right)


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    shorter = min(len(left), len(right))
    return next((place for place in range(shorter) if left[place] != right[place]), shorter)


def _changed(left: list[str], right: list[str], first: tuple[int, int], budget: _Budget) -> Iterator[LinePair]:
    for place in range(max(len(left), len(right))):
        numbers = first[0] + place, first[1] + place
        if place >= len(right):
            yield LinePair("removed", (numbers[0], [(left[place], True)]))
        elif place >= len(left):
            yield LinePair("added", None, (numbers[1], [(right[place], True)]))
        else:
            old, new = _pieces(left[place], right[place], budget)
            yield LinePair("changed", (numbers[0], old), (numbers[1], new))


def _pieces(old: str, new: str, budget: _Budget) -> tuple[Pieces, Pieces]:
    """Return the pieces of two lines, whole ones if they have little in common or are too long."""
    whole: tuple[Pieces, Pieces] = [(old, True)], [(new, True)]
    if len(old) + len(new) > bounds.MAX_DIFF_LINE:
        return whole
    a, b = _PARTS.findall(old), _PARTS.findall(new)
    if not budget.takes(len(a) * len(b)):
        return whole
    matcher = SequenceMatcher(None, a, b, autojunk=False)
    if matcher.ratio() < 0.4:
        return whole
    codes = matcher.get_opcodes()
    return (
        [("".join(a[i1:i2]), tag != "equal") for tag, i1, i2, _, _ in codes if i2 > i1],
        [("".join(b[j1:j2]), tag != "equal") for tag, _, _, j1, j2 in codes if j2 > j1],
    )


def _folded(pairs: list[LinePair]) -> Iterator[LinePair]:
    """Yield the pairs without the unchanged ones that are far from a change."""
    changes = [place for place, pair in enumerate(pairs) if pair.kind != "same"]
    near = {place for change in changes for place in range(change - _CONTEXT, change + _CONTEXT + 1)}
    for is_shown, run in groupby(enumerate(pairs), lambda item: not changes or item[0] in near):
        rows = [pair for _, pair in run]
        if is_shown or len(rows) == 1:
            yield from rows
        else:
            yield LinePair("skipped", skipped=len(rows))
