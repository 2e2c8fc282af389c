"""Talks to a person about a pull or push: progress, diffs and the question before anything is changed."""

from __future__ import annotations

import os
import sys

from ...cli.console import UsageError, is_terminal, safe
from ..tools.terminal import BOLD, GREEN, RED, YELLOW, diff, paint

_SIGNS = {"+": GREEN, "~": YELLOW, "-": RED, "!": RED}
_WIDTH = 30
_LONGEST_DIFF = 400


def say(text: str) -> None:
    """Print one line."""
    print(safe(text), flush=True)


def say_step(text: str) -> None:
    """Print a step of a plan, in the colour of its sign."""
    print(paint(safe(text), _SIGNS.get(text[0], BOLD)))


def say_diff(old: str, new: str, name: str) -> None:
    """Print how a file differs."""
    lines = diff(old.splitlines(), new.splitlines(), f"a/{name}", f"b/{name}")
    for line in lines[:_LONGEST_DIFF]:
        print(f"    {line}")
    if len(lines) > _LONGEST_DIFF:
        print(f"    ... {len(lines) - _LONGEST_DIFF} more lines")


def agreed(question: str, *, yes: bool) -> bool:
    """Return whether to go on: asks on a terminal, and elsewhere needs ``--yes``."""
    if yes:
        return True
    if sys.stdin is None or not (sys.stdin.isatty() and is_terminal()):
        raise UsageError("nothing was changed, because nobody can be asked: give --yes")
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


class Progress:
    """A progress bar on a terminal; elsewhere a line for each thing that is done, if it has a text."""

    def __init__(self, verb: str) -> None:
        self.verb = verb
        both = sys.stderr is not None and is_terminal(sys.stderr) and is_terminal()
        self.on_terminal: bool = both and os.environ.get("TERM") != "dumb"
        self.unfinished: bool = False

    def __call__(self, done: int, total: int, line: str = "") -> None:
        """Show that ``done`` of ``total`` are done."""
        if self.on_terminal:
            full = _WIDTH * done // max(total, 1)
            self._write(f"\r\x1b[K{self.verb} [{'#' * full}{'.' * (_WIDTH - full)}] {done}/{total}")
            self.unfinished = True
            if done >= total:
                self.close()
        elif line:
            say(line)

    def close(self) -> None:
        """End the line of a bar that came to no end."""
        if self.unfinished:
            self._write("\n")
        self.unfinished = False

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
