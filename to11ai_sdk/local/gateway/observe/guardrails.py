"""Blocks texts that must not be sent to a provider or returned from one. Off by default.

The blocklist comes first: words and phrases, found anywhere, ignoring case. Then patterns of personal data: US social
security numbers, payment card numbers (13 to 19 digits with a valid check digit, ISO/IEC 7812), e-mail addresses, IP
addresses and phone numbers. The first match blocks. A report names the detector, never the text.

Source: the pages "API reference" and "Security" of the to11 gateway; the patterns are this project's choice.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, NamedTuple

from ..gateway_problem import GatewayProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from ..config.gateway_config import GuardrailsConfig

STREAM_LIMIT = 65_536
"""The bytes of a stream's text in UTF-8 that are checked: 64 KB."""

_LONGEST = 700  # characters of an e-mail address, the longest pattern


class Finding(NamedTuple):
    """The reason why a text is blocked.

    Attributes:
        detector: ``"blocklist"`` or ``"pii"``.
        reason: the kind of text found, such as ``"email"``; never the text itself.
    """

    detector: str
    reason: str


def is_card(text: str) -> bool:
    """Return whether a text has the digits of a payment card: 13 to 19, with the check digit of Luhn's rule."""
    digits = [int(char) for char in text if char.isdecimal()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_ip(text: str) -> bool:
    """Return whether a text is an IP address: version 4, or 6 with at least 5 digits (``1::2`` is also a slice)."""
    try:
        version = ip_address(text).version
    except ValueError:
        return False
    return version == 4 or len(text.replace(":", "")) >= 5


def _always(text: str) -> bool:
    return True


_ASCII = re.ASCII
_PATTERNS: Mapping[str, tuple[re.Pattern[str], Callable[[str], bool]]] = {
    "ssn": (re.compile(r"(?<![\w-])(?!000|666|9\d\d)\d{3}([- ])(?!00)\d\d\1(?!0000)\d{4}(?![\w-])", _ASCII), _always),
    "credit_card": (re.compile(r"(?<![\w.])\d(?:[ -]?\d){12,18}(?![\w])", _ASCII), is_card),
    "email": (
        re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,63}(?![\w-])", _ASCII | re.IGNORECASE),
        _always,
    ),
    "ip_address": (
        re.compile(
            r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7})(?![\w:]|\.\d)",
            _ASCII | re.IGNORECASE,
        ),
        is_ip,
    ),
    "phone": (
        re.compile(
            r"(?<![\w.+-])(?:\+\d{1,3}[ .-]?(?:\(\d{1,4}\)[ .-]?)?\d{2,4}(?:[ .-]?\d{2,4}){1,4}"
            r"|(?:1[ .-])?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4})(?![\w-])",
            _ASCII,
        ),
        _always,
    ),
}


class Guardrails:
    """Checks texts.

    Args:
        config: whether anything is checked, and the blocklist.

    Attributes:
        enabled: whether anything is checked.
        longest: characters of the longest text that can be found.
    """

    def __init__(self, config: GuardrailsConfig) -> None:
        self.enabled: bool = config.enabled
        self._blocked = tuple(phrase.casefold() for phrase in config.blocklist)
        self.longest: int = max(_LONGEST, *map(len, self._blocked)) if self._blocked else _LONGEST

    def find(self, text: str, since: int = 0, settled: int | None = None) -> Finding | None:
        """Return the finding that blocks a text, or ``None``, even if the guardrails are off.

        Args:
            text: the text.
            since: the position to start at.
            settled: a pattern that ends after this position may continue and is skipped; by default none is.
        """
        folded = text[since:].casefold()
        if any(phrase in folded for phrase in self._blocked):
            return Finding("blocklist", "blocked_term")
        ends = len(text) if settled is None else settled
        return next((Finding("pii", name) for name in _PATTERNS if _occurs(name, text, since, ends)), None)

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
        found = self.find("\n".join(texts)) if self.enabled else None
        if found is not None:
            raise violation(found, status, side)


class OutputGuard:
    """Checks the text of a stream as it grows, up to ``STREAM_LIMIT``; the rest passes unchecked.

    A finding ends the stream; text already sent cannot be recalled. A blocked phrase is found with its last character.
    A pattern at the end of the text waits for the next character, or for :meth:`end`, because it may continue:
    ``10.0.0.1`` as ``10.0.0.12``. A pattern that may continue after a space is found anyway: a card number, with more
    digits to come.
    """

    def __init__(self, guardrails: Guardrails) -> None:
        self._guardrails = guardrails
        self._text = ""
        self._seen = 0
        self._left = STREAM_LIMIT if guardrails.enabled else 0

    def add(self, text: str) -> None:
        """Check the next piece of text.

        Raises:
            GatewayProblem: 422 ``GUARDRAIL_VIOLATION``, to end the stream with.
        """
        if not text or self._left <= 0:
            return
        taken = text.encode("utf-8", "surrogatepass")[: self._left]
        self._left -= len(taken)
        self._text += taken.decode("utf-8", "ignore")
        if self._left <= 0:
            self.end()
        else:
            # A full stop does not end a pattern: a digit may follow it.
            self._look(len(self._text.rstrip(".")) - 1)

    def end(self) -> None:
        """Check the text held back, now that it is complete.

        Raises:
            GatewayProblem: 422 ``GUARDRAIL_VIOLATION``, to end the stream with.
        """
        self._look(len(self._text))

    def _look(self, settled: int) -> None:
        found = self._guardrails.find(self._text, max(0, self._seen - self._guardrails.longest), settled)
        self._seen = max(self._seen, settled)
        if found is not None:
            raise violation(found, 422, "output")


def violation(found: Finding, status: int, side: str) -> GatewayProblem:
    """Return the problem for a blocked text; ``side`` is ``"input"`` or ``"output"``."""
    message = f"the {side} was blocked by the guardrail {found.detector!r}: {found.reason}"
    details = {"detector": found.detector, "reason": found.reason, "stage": side}
    return GatewayProblem(status, "GUARDRAIL_VIOLATION", "content_policy", message, details)


def _occurs(name: str, text: str, since: int, ends: int) -> bool:
    pattern, fits = _PATTERNS[name]
    return any(match.end() <= ends and fits(match[0]) for match in pattern.finditer(text, since))
