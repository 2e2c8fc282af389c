"""The tokens of ``echo``: words and punctuation marks.

A text counts its runs of word characters and each of its other characters that is no white space:
``"How many tokens is this?"`` counts 6. A prompt counts its texts, ``PER_MESSAGE`` for each message, ``PER_IMAGE`` for
each image, the JSON of each tool, the name and the arguments of each call, and ``PER_REQUEST`` of its dialect. That is
the rule of ``usage`` and of ``/messages/count_tokens`` alike.
"""

from __future__ import annotations

import re

PER_MESSAGE = 4
PER_IMAGE = 85
PER_REQUEST = {"openai": 3, "anthropic": 4}

_TOKEN = re.compile(r"\w+|[^\w\s]")
_PIECE = re.compile(r"\S+\s*|\s+")


def count(text: str) -> int:
    """How many words and punctuation marks a text has."""
    return sum(1 for _ in _TOKEN.finditer(text))


def cut(text: str, limit: int) -> str:
    """Return the text up to its token number ``limit``."""
    for number, found in enumerate(_TOKEN.finditer(text), 1):
        if number == limit:
            return text[: found.end()]
    return text if limit > 0 else ""


def pieces(text: str, most: int = 200) -> list[str]:
    """Return the text in the pieces of a stream: its words, joined where there would be more than ``most`` pieces.

    A text without white space comes in two halves.
    """
    words: list[str] = _PIECE.findall(text)
    if len(words) == 1 and len(text) > 1:
        words = [text[: len(text) // 2], text[len(text) // 2 :]]
    size = -(-len(words) // most) or 1
    return ["".join(words[start : start + size]) for start in range(0, len(words), size)]
