"""The parser of the command line, and options that are more than a text."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction["Parser"]  # pyright: ignore[reportPrivateUsage]


class UsageError(ValueError):
    """Raised for a command line that cannot be executed; the message says what to change."""


SETTINGS = {"api_key": "TO11_API_KEY", "base_url": "TO11_API_URL", "project_id": "TO11_PROJECT_ID"}
"""Options that may come from the environment instead, with their variables."""


class Parser(argparse.ArgumentParser):
    """A parser that begins its help with a summary, takes no abbreviated names, and reports errors in one line."""

    def __init__(self, *, description: str, prog: str) -> None:
        super().__init__(prog=prog, allow_abbrev=False)
        self._summary = description

    def format_help(self) -> str:
        """Return the help, the summary first."""
        return f"{self._summary}\n\n{super().format_help()}"

    def add_setting(self, name: str, text: str) -> None:
        """Add an option that may come from the environment instead."""
        self.add_argument(f"--{dashed(name)}", metavar="TEXT", help=f"{text} (or {SETTINGS[name]})")

    def error(self, message: str) -> NoReturn:
        """Print the message on one line of stderr and exit with code 2."""
        self.exit(2, f"{self.prog}: {message} (see {self.prog} --help)\n")


def dashed(name: str) -> str:
    """Return a Python name as the command line spells it."""
    return name.replace("_", "-")


def setting(options: argparse.Namespace, name: str, default: str | None = None) -> str:
    """Return an option, or its environment variable, or the default; ``UsageError`` without any."""
    value: str | None = getattr(options, name) or os.environ.get(SETTINGS[name]) or default
    if not value:
        raise UsageError(f"--{dashed(name)} is missing; give it or set {SETTINGS[name]}")
    return value


def json_value(text: str) -> Any:
    """Return the value of a JSON option: JSON text, ``@file``, or ``-`` for the standard input."""
    try:
        if text == "-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        return json.loads(text)
    except (OSError, RecursionError, ValueError) as exc:
        raise argparse.ArgumentTypeError(f"not JSON, @file or -: {exc}") from None
