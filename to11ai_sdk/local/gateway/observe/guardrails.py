"""Blocks texts that must not be sent to a provider or returned from one. Off by default.

Texts are compared in a folded form (see ``plain_text``). The blocklist comes first: words and phrases, ignoring case,
found anywhere or only as whole words. Then personal data: e-mail addresses, US social security numbers, payment card
numbers (13 to 19 digits with a valid check digit, ISO/IEC 7812), bank account numbers (IBAN), IP addresses and phone
numbers. The first match blocks. A report names the detector, never the text.

Source: the pages "API reference" and "Security" of the to11 gateway; the patterns are this project's choice.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from ...bounds import STREAM_LIMIT
from ..gateway_problem import GatewayProblem
from . import personal_data
from .plain_text import GrowingText, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..config.gateway_config import GuardrailsConfig
    from .personal_data import Detector

_BETWEEN = "\n\0\n"
"""Separates texts, so that nothing is found in the end of one and the beginning of the next."""


class Finding(NamedTuple):
    """The reason why a text is blocked.

    Attributes:
        detector: ``"blocklist"`` or ``"pii"``.
        reason: the kind of text found, such as ``"email"``; never the text itself.
    """

    detector: str
    reason: str


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


class Guardrails:
    """Checks texts.

    Args:
        config: whether anything is checked, the blocklist, and the regions of phone numbers.

    Attributes:
        enabled: whether anything is checked.
        longest: characters of the longest text that can be found.
    """

    def __init__(self, config: GuardrailsConfig) -> None:
        self.enabled: bool = config.enabled
        self._blocklist = Blocklist(config.blocklist, whole_words=config.whole_words)
        self._detectors = _detectors(config) if config.enabled else {}
        self.longest: int = max(personal_data.LONGEST, self._blocklist.longest)

    def find(self, text: str) -> Finding | None:
        """Return the finding that blocks a text, or ``None``."""
        folded = plain(text)
        return self.find_folded(folded, 0, 0, len(folded))

    def find_folded(self, text: str, begin: int, begin_of_digits: int, ends: int) -> Finding | None:
        """Return the finding that blocks a folded text.

        Args:
            text: the text.
            begin: the place to start at; what precedes it may still decide.
            begin_of_digits: the place to start at for what has digits.
            ends: personal data that ends after this place may continue and is skipped.
        """
        if self._blocklist.occurs(text, begin, may_continue=ends < len(text)):
            return Finding("blocklist", "blocked_term")
        if personal_data.has_email(text, begin, ends):
            return Finding("pii", "email")
        if not personal_data.has_digit(text, begin_of_digits):
            return None
        found = (name for name, occurs in self._detectors.items() if occurs(text, begin_of_digits, ends))
        return next((Finding("pii", name) for name in found), None)

    def check_input(self, texts: Iterable[str]) -> None:
        """Refuse the texts of a request.

        Raises:
            GatewayProblem: 400 ``GUARDRAIL_VIOLATION``.
        """
        self._check(texts, 400, "input")

    def check_output(self, texts: Iterable[str]) -> None:
        """Refuse the texts of a whole reply.

        Raises:
            GatewayProblem: 422 ``GUARDRAIL_VIOLATION``.
        """
        self._check(texts, 422, "output")

    def stream(self) -> OutputGuard:
        """Return a guard for the text of one stream."""
        return OutputGuard(self)

    def _check(self, texts: Iterable[str], status: int, side: str) -> None:
        found = self.find(_BETWEEN.join(texts)) if self.enabled else None
        if found is not None:
            raise violation(found, status, side)


class OutputGuard:
    """Checks the text of a stream as it grows, up to ``STREAM_LIMIT``; the rest passes unchecked.

    A finding ends the stream; text already sent cannot be recalled. A blocked phrase is found with its last character
    (a whole word with the next one). Personal data at the end of the text waits for the next character, or for
    :meth:`end`, because it may continue: ``10.0.0.1`` as ``10.0.0.12``. What may continue after a space is found
    anyway: a card number, with more digits to come.
    """

    def __init__(self, guardrails: Guardrails) -> None:
        self._guardrails = guardrails
        self._text = GrowingText(guardrails.longest + personal_data.CONTEXT)
        self._left = STREAM_LIMIT if guardrails.enabled else 0
        self._settled = 0

    def add(self, text: str) -> None:
        """Check the next piece of text.

        Raises:
            GatewayProblem: 422 ``GUARDRAIL_VIOLATION``, to end the stream with.
        """
        if not text or self._left <= 0:
            return
        taken = text.encode("utf-8", "surrogatepass")[: self._left]
        self._left -= len(taken)
        self._look(taken.decode("utf-8", "ignore"), is_end=self._left <= 0)

    def end(self) -> None:
        """Check the text held back, now that it is complete.

        Raises:
            GatewayProblem: 422 ``GUARDRAIL_VIOLATION``, to end the stream with.
        """
        if self._guardrails.enabled:
            self._look("", is_end=True)

    def _look(self, more: str, *, is_end: bool) -> None:
        text, dropped = self._text.add(more), self._text.dropped
        begin = personal_data.CONTEXT if dropped else 0
        begin_of_digits = max(begin, self._settled - dropped - personal_data.LONGEST_OF_DIGITS)
        # A full stop does not end personal data: a digit may follow it.
        ends = len(text) if is_end else len(text.rstrip(".")) - 1
        self._settled = ends + dropped
        found = self._guardrails.find_folded(text, begin, begin_of_digits, ends)
        if found is not None:
            raise violation(found, 422, "output")


def violation(found: Finding, status: int, side: str) -> GatewayProblem:
    """Return the problem for a blocked text; ``side`` is ``"input"`` or ``"output"``."""
    message = f"the {side} was blocked by the guardrail {found.detector!r}: {found.reason}"
    details = {"detector": found.detector, "reason": found.reason, "stage": side}
    return GatewayProblem(status, "GUARDRAIL_VIOLATION", "content_policy", message, details)


def _detectors(config: GuardrailsConfig) -> dict[str, Detector]:
    # Imported here: the numbering plans take a while to load, and most gateways have no guardrails.
    from .phone_numbers import PhoneNumbers

    return {**personal_data.DETECTORS, "phone": PhoneNumbers(config.phone_regions).occurs}
