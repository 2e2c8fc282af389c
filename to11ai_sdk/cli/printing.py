"""Prints JSON, and texts that cannot control the terminal they are shown on."""

from __future__ import annotations

import json
import sys
from codecs import lookup
from operator import methodcaller
from typing import TextIO
from unicodedata import category

JOINERS = "\u200c\u200d"
"""Characters that join others into one, which many languages need."""
_INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""Characters of other categories that show nothing, like U+FE00 to U+FE0D."""


def is_terminal(stream: TextIO | None = None) -> bool:
    """Return whether a stream, by default the standard output, is a terminal."""
    output = stream or sys.stdout
    return output is not None and output.isatty()


def _encoding() -> str:
    """Return the encoding of the standard output, which may be closed or captured as text."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def safe(text: str) -> str:
    """Return text on one line, with escapes for what controls a terminal, is invisible, or cannot be encoded."""
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
    # A lone surrogate, which UTF-8 cannot hold, becomes its escape in JSON.
    return json.dumps(result, indent=2, default=dump, ensure_ascii=plain).encode("utf-8", "backslashreplace").decode()
