"""Folds the many ways to write the same text into one, so that a search for it needs to know only that one.

White space of any kind and length becomes one space, every dash ``-``, every digit one of ``0`` to ``9``; characters
without a width are dropped, and the rest is Unicode's compatible form NFKC (full-width letters, ligatures).
"""

from __future__ import annotations

import re
import unicodedata

_DASH = re.compile("[\u2010-\u2015\u2043\u2212\u30fc\ufe58\ufe63\uff0d\uff70]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_OTHER_DIGIT = re.compile(r"[^\D0-9]")
_PIECES = re.compile(r".{1,255}(?:\s|\Z)|.{1,256}", re.DOTALL)
"""What is normalised at once, if possible whole words: the time grows with the square of the marks in a row."""
_PENDING = 64
"""The most characters of a growing text that wait for the next ones, which may combine with them."""


def plain(text: str) -> str:
    """Return a text in its folded form."""
    if not text.isascii():
        pieces = _PIECES.findall(_INVISIBLE.sub("", _DASH.sub("-", text)))
        text = _OTHER_DIGIT.sub(_digit, "".join(unicodedata.normalize("NFKC", piece) for piece in pieces))
    first, last = text[:1].isspace(), text[-1:].isspace()
    words = " ".join(text.split())
    return f"{' ' * first}{words}{' ' * last}" if words else " " * first


def joined(text: str, more: str) -> str:
    """Return two texts in their folded form as one."""
    return text + more[1:] if text.endswith(" ") and more.startswith(" ") else text + more


def _digit(found: re.Match[str]) -> str:
    return str(unicodedata.decimal(found[0]))


class GrowingText:
    """A text in its folded form that grows; only its end is kept.

    Args:
        most: how many characters of the end are kept when more follow.

    Attributes:
        dropped: how many characters of the beginning are no longer kept.
    """

    def __init__(self, most: int) -> None:
        self.dropped: int = 0
        self._most = most
        self._folded = ""
        self._pending = ""  # may still combine with what follows

    def add(self, text: str) -> str:
        """Return the kept end of the text with all of this piece."""
        self.dropped += max(0, len(self._folded) - self._most)
        self._folded = self._folded[-self._most :]
        raw = self._pending + text
        earliest = max(0, len(raw) - _PENDING)
        # Nothing before an ASCII character combines with it.
        cut = next((place for place in range(len(raw) - 1, earliest, -1) if raw[place].isascii()), earliest)
        self._folded, self._pending = joined(self._folded, plain(raw[:cut])), raw[cut:]
        return joined(self._folded, plain(self._pending))
