"""How the command line is parsed: the parser, and options that are more than a text."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any, NoReturn


class UsageError(ValueError):
    """The command line asks for something that cannot be done; the message says what to change."""


class Parser(argparse.ArgumentParser):
    """A parser that first says what the command is for, takes no half names, and complains in one line."""

    def __init__(self, *, description: str, prog: str) -> None:
        super().__init__(prog=prog, allow_abbrev=False)
        self._summary = description

    def format_help(self) -> str:
        """The help, what the command is for before everything else."""
        return f"{self._summary}\n\n{super().format_help()}"

    def error(self, message: str) -> NoReturn:
        """Print the message on one line of stderr and leave with exit code 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def json_value(text: str) -> Any:
    """The value of a JSON option: JSON text, ``@file``, or ``-`` for the standard input."""
    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        return json.loads(text)
    except (OSError, RecursionError, ValueError) as exc:
        raise argparse.ArgumentTypeError(f"not JSON, @file or -: {exc}") from None


def port_number(text: str) -> int:
    """The value of ``--port``."""
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"a port is 0 to 65535, 0 for a free one, not {text!r:.100}")
    return int(text)
