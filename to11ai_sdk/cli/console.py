"""Parses the command line, and prints JSON and texts that cannot control the terminal they are shown on."""

from __future__ import annotations

import argparse
import json
import os
import sys
from codecs import lookup
from operator import methodcaller
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO
from unicodedata import category

from ..settings import API_URL, SETTINGS

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction["Parser"]  # pyright: ignore[reportPrivateUsage]

JOINERS = "\u200c\u200d"
"""Characters that join others into one, which many languages need."""
_INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""Characters of other categories that show nothing, like U+FE00 to U+FE0D."""


class UsageError(ValueError):
    """Raised for an invalid command line; the message says what to change."""


class Parser(argparse.ArgumentParser):
    """A parser that starts its help with a summary, accepts no abbreviations, and reports errors on one line."""

    def __init__(self, *, description: str, prog: str) -> None:
        super().__init__(prog=prog, allow_abbrev=False)
        self._summary = description

    def format_help(self) -> str:
        """Return the help text, with the summary first."""
        return f"{self._summary}\n\n{super().format_help()}"

    def add_setting(self, name: str, text: str) -> None:
        """Add an option with an environment variable as default."""
        self.add_argument(f"--{dashed(name)}", metavar="TEXT", help=f"{text} (or {SETTINGS[name]})")

    def add_server(self) -> None:
        """Add the options for the key and the server."""
        self.add_setting("api_key", "API key")
        self.add_setting("base_url", f"URL of the API, {API_URL} by default")

    def parse_known_args(  # pyright: ignore[reportIncompatibleMethodOverride]
        self, args: Any = None, namespace: Any = None
    ) -> Any:
        """Parse arguments; refuse unknown ones, unless the command has been removed."""
        options, unexpected = super().parse_known_args(args, namespace)
        if unexpected and not hasattr(options, "removed"):
            # Text that is not the name of an option may be a secret.
            names = [word.partition("=")[0] for word in unexpected if word.startswith("--")]
            known = f"unknown option {', '.join(names)}" if names else "a value without an option; write --option VALUE"
            self.error(known + self._hint)
        return options, unexpected

    @property
    def _hint(self) -> str:
        return "; options come after their command" if self._subparsers else ""

    def error(self, message: str) -> NoReturn:
        """Print the message on one line of stderr and exit with code 2."""
        head, wrong, choices = message.rpartition(" (choose from ")
        if wrong:
            # Not repeated: with options before the command, it is their value, such as a key.
            message = f"{head.partition(':')[0]}: not one of {choices[:-1]}{self._hint}"
        self.exit(2, f"{self.prog}: {safe(message)} (see {self.prog} --help)\n")


def dashed(name: str) -> str:
    """Return a Python name in the spelling of the command line."""
    return name.replace("_", "-")


def setting(options: argparse.Namespace, name: str, default: str | None = None) -> str:
    """Return an option, its environment variable or the default; ``UsageError`` if there is none."""
    value: str | None = getattr(options, name) or os.environ.get(SETTINGS[name]) or default
    if not value:
        raise UsageError(f"--{dashed(name)} is missing; give it or set {SETTINGS[name]}")
    return value


def json_value(text: str) -> Any:
    """Return the value of a JSON option: JSON text, ``@file``, or ``-`` for the standard input."""
    try:
        if text.startswith("@"):
            return json.loads(Path(text[1:]).read_bytes())
        if text != "-":
            return json.loads(text)
        if sys.stdin is None:
            raise OSError("the standard input is closed")
        # Bytes, because JSON is UTF-8 whatever the locale.
        return json.loads(getattr(sys.stdin, "buffer", sys.stdin).read())
    except (OSError, RecursionError, ValueError) as exc:
        raise argparse.ArgumentTypeError(f"not JSON, @file or -: {exc}") from None


def is_terminal(stream: TextIO | None = None) -> bool:
    """Return whether a stream, by default the standard output, is a terminal."""
    output = stream or sys.stdout
    return output is not None and output.isatty()


def _encoding() -> str:
    """Return the encoding of the standard output, which may be closed or captured as text."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def safe(text: str) -> str:
    """Return text with escapes for what controls a terminal, is invisible, or cannot be encoded."""
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(char if _is_harmless(char) else ascii(char)[1:-1] for char in text)
    return shown.encode(_encoding(), "backslashreplace").decode(_encoding())


def _is_harmless(char: str) -> bool:
    if char in JOINERS:
        return True
    shown = char < "\ufe00" or "\ufe0d" < char < "\U000e0000"
    return shown and char not in _INVISIBLE and (char.isprintable() or category(char) == "Zs")


def json_text(result: object) -> str:
    """Return a result as JSON with the API's names, in ASCII for a terminal and for an output that is not UTF-8."""
    plain = is_terminal() or lookup(_encoding()).name != "utf-8"
    dump = methodcaller("model_dump", mode="json", by_alias=True)
    # A lone surrogate becomes its escape.
    return json.dumps(result, indent=2, default=dump, ensure_ascii=plain).encode("utf-8", "backslashreplace").decode()
