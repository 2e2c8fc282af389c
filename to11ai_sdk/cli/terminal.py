"""Writes for people: colours, columns and diffs, with every character escaped that could control a terminal."""

from __future__ import annotations

import json
import os
import sys
import unicodedata
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Sequence

BOLD, RED, GREEN, YELLOW, CYAN = 1, 31, 32, 33, 36
_NARROW = 8
_MOST_LINES = 20_000
"""A comparison of more could take minutes."""
_JOINERS = "\u200c\u200d"
_DANGEROUS = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}
_MARKS = {"+": GREEN, "-": RED, "@": CYAN}


def is_terminal(stream: TextIO | None = None) -> bool:
    """Return whether a stream, by default the standard output, is a terminal."""
    output = stream or sys.stdout
    return output is not None and output.isatty()


def encoding() -> str:
    """Return the encoding of the standard output, which may have been closed before the start."""
    return sys.stdout.encoding if sys.stdout else "utf-8"


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


def safe(text: str) -> str:
    """Return text on one line, with escapes for what controls a terminal, is invisible, or cannot be encoded."""
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(char if _is_harmless(char) else repr(char)[1:-1] for char in text)
    return shown.encode(encoding(), "backslashreplace").decode(encoding())


def _is_harmless(char: str) -> bool:
    return char in _JOINERS or unicodedata.category(char) not in _DANGEROUS


def columns(text: str) -> int:
    """Return how many columns a text takes: wide characters two, combining ones none."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if char in _JOINERS or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fit(text: str, room: int) -> str:
    """Return the safe text in exactly ``room`` columns: padded, or cut with an ellipsis."""
    text = safe(text[: 4 * room])
    if (taken := columns(text)) > room:
        end = safe("…")
        kept = room - len(end)
        while columns(text) > max(kept, 0):
            text = text[:-1]
        text = (text + end)[: max(room, 0)] if kept < 0 else text + end
        taken = columns(text)
    return text + " " * (room - taken)


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return rows as lines with aligned columns in the terminal's width; the first column is the last to be cut."""
    widths = [max(columns(safe(cell[:400])) for cell in column) for column in zip(*rows, strict=True)]
    for _ in range(sum(widths) + 2 * len(widths) - 2 - width()):
        widest = max(range(len(widths)), key=lambda place: (place > 0 and widths[place] > _NARROW, widths[place]))
        widths[widest] -= 1
    return ["  ".join(map(fit, row, widths)).rstrip() for row in rows]


def wrap(text: str, room: int) -> list[str]:
    """Return the lines of a text, safe, and each broken where it is full."""
    lines: list[str] = []
    for line in text.split("\n"):
        taken, room = 0, max(room, _NARROW)
        lines.append("")
        for char in safe(line):
            taken += _columns(char)
            if taken > room:
                lines.append("")
                taken = _columns(char)
            lines[-1] += char
    return lines


def safe_json(text: str) -> str:
    """Return JSON with escapes for what controls a terminal, if the standard output is one."""
    if not is_terminal():
        return text
    return "".join(char if char == "\n" or _is_harmless(char) else json.dumps(char)[1:-1] for char in text)


def diff(old: Sequence[str], new: Sequence[str], old_name: str, new_name: str) -> list[str]:
    """Return the unified diff of two texts, given as lines, in colours on a terminal; empty if they are the same."""
    from difflib import unified_diff

    if old != new and len(old) + len(new) > _MOST_LINES:
        return [f"--- {old_name}", f"+++ {new_name}", f"more than {_MOST_LINES} lines, too many to compare"]
    lines = [safe(line) for line in unified_diff(old, new, old_name, new_name, lineterm="")]
    heading = [paint(line, BOLD) for line in lines[:2]]
    return heading + [paint(line, _MARKS[line[0]]) if line[0] in _MARKS else line for line in lines[2:]]
