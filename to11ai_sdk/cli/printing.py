"""Prints JSON, and texts that cannot control the terminal they are shown on."""

from __future__ import annotations

import json
import sys
import unicodedata
from operator import methodcaller
from typing import Any, TextIO

JOINERS = "\u200c\u200d"
"""Characters that join others into one, which many languages need."""
_DANGEROUS = {"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"}
_INVISIBLE = "\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""Characters of other categories that show nothing, like U+FE00 to U+FE0D."""


def is_terminal(stream: TextIO | None = None) -> bool:
    """Return whether a stream, by default the standard output, is a terminal."""
    output = stream or sys.stdout
    return output is not None and output.isatty()


def encoding() -> str:
    """Return the encoding of the standard output, which may be closed or captured as text."""
    return getattr(sys.stdout, "encoding", None) or "utf-8"


def safe(text: str) -> str:
    """Return text on one line, with escapes for what controls a terminal, is invisible, or cannot be encoded."""
    if text.isascii() and text.isprintable():
        return text
    shown = "".join(char if _is_harmless(char) else ascii(char)[1:-1] for char in text)
    return shown.encode(encoding(), "backslashreplace").decode(encoding())


def _is_harmless(char: str) -> bool:
    if char in JOINERS:
        return True
    shown = char < "\ufe00" or "\ufe0d" < char < "\U000e0000"
    return shown and char not in _INVISIBLE and unicodedata.category(char) not in _DANGEROUS


def safe_json(text: str) -> str:
    """Return JSON with escapes for what controls a terminal, if the standard output is one."""
    if not is_terminal():
        return text
    return "".join(char if char == "\n" or _is_harmless(char) else json.dumps(char)[1:-1] for char in text)


def json_text(result: object) -> str:
    """Return a result as JSON with the API's names; if the output does not encode it as UTF-8, in ASCII."""
    options: dict[str, Any] = {"indent": 2, "default": methodcaller("model_dump", mode="json", by_alias=True)}
    text = json.dumps(result, ensure_ascii=False, **options)
    try:
        is_utf8 = text.encode(encoding()) == text.encode()
    except UnicodeEncodeError:
        is_utf8 = False
    return text if is_utf8 else json.dumps(result, **options)


def print_json(result: object) -> None:
    """Print a result as JSON."""
    print(safe_json(json_text(result)))
