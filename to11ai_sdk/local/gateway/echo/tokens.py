"""Counts the tokens of ``echo``: words and punctuation marks.

The tokens of a text are its runs of word characters, and each other character that is not white space: ``"How many
tokens is this?"`` has 6. A prompt has the tokens of its texts, of the JSON of each tool, and of the name and the
arguments of each call, plus ``PER_MESSAGE`` for each message, ``PER_IMAGE`` for each image, and ``PER_REQUEST`` of its
dialect. ``usage`` and ``/messages/count_tokens`` follow the same rule.
"""

from __future__ import annotations

import re

PER_MESSAGE = 4
PER_IMAGE = 85
PER_REQUEST = {"openai": 3, "anthropic": 4}

_TOKEN = re.compile(r"\w+|[^\w\s]")
_CUT_WORD = re.compile(r"\w\w")
_SHORT = 10_000
_PIECE = re.compile(r"\S+\s*|\s+")


def count(text: str) -> int:
    """Count the words and punctuation marks of a text."""
    # A list is counted faster, but that of a long text would fill the memory.
    cuts = range(_SHORT, len(text), _SHORT)
    parts = sum(len(_TOKEN.findall(text, start, start + _SHORT)) for start in (0, *cuts))
    return parts - sum(_CUT_WORD.match(text, place - 1) is not None for place in cuts)


def cut(text: str, limit: int) -> str:
    """Return the text up to its token number ``limit``."""
    for number, found in enumerate(_TOKEN.finditer(text), 1):
        if number == limit:
            return text[: found.end()]
    return text if limit > 0 else ""


def pieces(text: str, most: int = 200) -> list[str]:
    """Return the text in pieces for a stream: its words, joined if there would be more than ``most`` pieces.

    A text without white space is split into two halves.
    """
    words: list[str] = _PIECE.findall(text)
    if len(words) == 1 and len(text) > 1:
        words = [text[: len(text) // 2], text[len(text) // 2 :]]
    size = -(-len(words) // most) or 1
    return ["".join(words[start : start + size]) for start in range(0, len(words), size)]
