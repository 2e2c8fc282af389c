"""Searches texts for what guardrails block: phrases of a blocklist, then personal data.

Texts are compared in a folded form (see ``plain_text``).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from . import personal_data
from .phone_numbers import PhoneNumbers
from .plain_text import GrowingText, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..config.gateway_config import GuardrailsConfig

    Found = tuple[str, str]
    """The detector, and the kind of text found."""


class Blocklist:
    """Finds words and phrases, ignoring case.

    Args:
        phrases: the phrases.
        whole_words: whether a phrase counts only if no letter or digit precedes or follows it.

    Attributes:
        longest: characters of the longest phrase.
    """

    def __init__(self, phrases: Iterable[str], *, whole_words: bool) -> None:
        self._phrases = tuple(plain(phrase).strip().casefold() for phrase in phrases)
        self.longest: int = max(map(len, self._phrases), default=0)
        words = "|".join(map(re.escape, self._phrases))
        self._words = re.compile(rf"(?<!\w)(?:{words})(?!\w)") if whole_words else None

    def occurs(self, text: str, begin: int, *, may_continue: bool) -> bool:
        """Return whether a folded text has a phrase from a place on; the text may continue."""
        folded = text[begin:].casefold()
        if not any(phrase in folded for phrase in self._phrases):
            return False
        if self._words is None:
            return True
        ends = len(folded) - may_continue
        return any(match.end() <= ends for match in self._words.finditer(folded))


class TextSearch:
    """Searches texts.

    Args:
        config: the blocklist, and the regions of phone numbers.

    Attributes:
        longest: characters of the longest text that can be found.
    """

    def __init__(self, config: GuardrailsConfig) -> None:
        self._blocklist = Blocklist(config.blocklist, whole_words=config.whole_words)
        self._detectors = {**personal_data.DETECTORS, "phone": PhoneNumbers(config.phone_regions).occurs}
        self.longest: int = max(personal_data.LONGEST, self._blocklist.longest)

    def growing(self) -> GrowingSearch:
        """Return a search of a text that grows."""
        return GrowingSearch(self)

    def find(self, text: str) -> Found | None:
        """Return what blocks a text, ``None`` if nothing does."""
        folded = plain(text)
        return self.find_folded(folded, 0, 0, len(folded))

    def find_folded(self, text: str, begin: int, begin_of_digits: int, ends: int) -> Found | None:
        """Return what blocks a folded text.

        Args:
            text: the text.
            begin: the place to start at; what precedes it may still decide.
            begin_of_digits: the place to start at for what has digits.
            ends: personal data that ends after this place may continue and is skipped.
        """
        if self._blocklist.occurs(text, begin, may_continue=ends < len(text)):
            return ("blocklist", "blocked_term")
        if personal_data.has_email(text, begin, ends):
            return ("pii", "email")
        if not personal_data.has_digit(text, begin_of_digits):
            return None
        found = (name for name, occurs in self._detectors.items() if occurs(text, begin_of_digits, ends))
        return next((("pii", name) for name in found), None)


class GrowingSearch:
    """Searches a text as it grows; what was searched before is not searched again."""

    def __init__(self, search: TextSearch) -> None:
        self._search = search
        self._text = GrowingText(search.longest + personal_data.CONTEXT)
        self._settled = 0

    def add(self, more: str, *, is_end: bool) -> Found | None:
        """Return what blocks the text with its next piece; personal data at its end waits unless it is complete."""
        text, dropped = self._text.add(more), self._text.dropped
        begin = personal_data.CONTEXT if dropped else 0
        begin_of_digits = max(begin, self._settled - dropped - personal_data.LONGEST_OF_DIGITS)
        # A full stop does not end personal data: a digit may follow it.
        ends = len(text) if is_end else len(text.rstrip(".")) - 1
        self._settled = ends + dropped
        return self._search.find_folded(text, begin, begin_of_digits, ends)
