"""Writes for people: colours, columns and diffs, with every character escaped that could control a terminal."""

from __future__ import annotations

import json
import os
import unicodedata
from typing import TYPE_CHECKING

from ...cli.console import JOINERS, is_terminal, safe

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

BOLD, RED, GREEN, YELLOW, CYAN = 1, 31, 32, 33, 36
_NARROW = 8
_MOST_LINES = 20_000
"""A comparison of more could take minutes."""
_MARKS = {"+": GREEN, "-": RED, "@": CYAN}


def width() -> int:
    """Return how many columns the terminal has: ``COLUMNS``, or what it reports, or 80."""
    from shutil import get_terminal_size

    return get_terminal_size().columns


def paint(text: str, colour: int) -> str:
    """Return text with a colour, if the standard output is a terminal with colours, and ``NO_COLOR`` is not set."""
    variables = os.environ
    plain = (
        variables.get("NO_COLOR")
        or variables.get("TERM") == "dumb"
        or (os.name == "nt" and "WT_SESSION" not in variables)
    )
    return text if plain or not is_terminal() else f"\x1b[{colour}m{text}\x1b[m"


def safe_json(text: str) -> str:
    """Return JSON with escapes for what controls a terminal, is invisible, or cannot be encoded."""
    return "".join(char if char in ("\n", safe(char)) else json.dumps(char)[1:-1] for char in text)


def columns(text: str) -> int:
    """Return how many columns a text takes: wide characters two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if char in JOINERS or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fit(text: str, room: int) -> str:
    """Return the safe text in exactly ``room`` columns: padded, or cut with an ellipsis."""
    text = safe(text[: 4 * room])
    if (taken := columns(text)) > room:
        end = safe("…")
        kept = room - len(end)
        text = text[: _breaks(text, max(kept, 0))[0]]
        text = (text + end)[: max(room, 0)] if kept < 0 else text + end
        taken = columns(text)
    return text + " " * (room - taken)


def _breaks(text: str, room: int) -> Sequence[int]:
    """Return where the lines of a text end, each as full as its columns allow."""
    if text.isascii():
        return [*range(room, len(text), max(room, 1)), len(text)]
    ends, taken = list[int](), 0
    for place, char in enumerate(text):
        size = _columns(char)
        if taken + size > room:
            ends.append(place)
            taken = 0
        taken += size
    return [*ends, len(text)]


def table(rows: Sequence[Sequence[str]], whole: Container[int] = (0,)) -> list[str]:
    """Return rows as lines with aligned columns in the terminal's width; those in ``whole`` are the last to be cut."""
    widths = [max(columns(safe(cell[:400])) for cell in column) for column in zip(*rows, strict=True)]

    def next_to_cut(place: int) -> tuple[bool, bool, int]:
        wide = widths[place] > _NARROW
        return wide and place not in whole, wide and place > 0, widths[place]

    for _ in range(sum(widths) + 2 * len(widths) - 2 - width()):
        widths[max(range(len(widths)), key=next_to_cut)] -= 1
    return ["  ".join(map(fit, row, widths)).rstrip() for row in rows]


def wrap(text: str, room: int) -> list[str]:
    """Return the lines of a text, safe, and each broken where it is full."""
    lines: list[str] = []
    for line in map(safe, text.split("\n")):
        ends = _breaks(line, max(room, _NARROW))
        lines += map(line.__getitem__, map(slice, (0, *ends[:-1]), ends))
    return lines


def diff(old: Sequence[str], new: Sequence[str], old_name: str, new_name: str) -> list[str]:
    """Return the unified diff of two texts, given as lines, in colours on a terminal; empty if they are the same."""
    from difflib import unified_diff

    if old != new and len(old) + len(new) > _MOST_LINES:
        return [f"--- {old_name}", f"+++ {new_name}", f"more than {_MOST_LINES} lines, too many to compare"]
    lines = [safe(line) for line in unified_diff(old, new, old_name, new_name, lineterm="")]
    heading = [paint(line, BOLD) for line in lines[:2]]
    return heading + [paint(line, _MARKS[line[0]]) if line[0] in _MARKS else line for line in lines[2:]]
