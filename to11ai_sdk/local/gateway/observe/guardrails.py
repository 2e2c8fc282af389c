"""Guardrails: block texts that must not go to a provider or come back. Off by default.

The blocklist comes first: words and phrases, found in any case and anywhere. Then patterns of personal data: US social
security numbers, payment card numbers (13 to 19 digits with a right check digit, ISO/IEC 7812), e-mail addresses, IP
addresses and phone numbers. The first that is found blocks. A report names the detector, never what was
found.

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
"""Bytes of a stream's text, in UTF-8, that are checked: 64 KB."""

_LONGEST = 700  # characters of an e-mail address, the longest of the patterns


class Finding(NamedTuple):
    """Why a text is blocked.

    Attributes:
        detector: ``"blocklist"`` or ``"pii"``.
        reason: what kind of thing was found, such as ``"email"``; never the thing itself.
    """

    detector: str
    reason: str


def is_card(text: str) -> bool:
    """Whether the digits of a text are those of a payment card: 13 to 19, with the check digit of Luhn's rule."""
    digits = [int(char) for char in text if char.isdecimal()]
    if not 13 <= len(digits) <= 19 or len(set(digits)) == 1:
        return False
    doubled = (digit * 2 - 9 if digit > 4 else digit * 2 for digit in digits[-2::-2])
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def is_ip(text: str) -> bool:
    """Whether a text is an IP address, version 4, or version 6 with at least 5 digits: ``1::2`` is also a slice."""
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
        enabled: whether anything is.
        longest: characters of the longest thing that can be found.
    """

    def __init__(self, config: GuardrailsConfig) -> None:
        self.enabled: bool = config.enabled
        self._blocked = tuple(phrase.casefold() for phrase in config.blocklist)
        self.longest: int = max(_LONGEST, *map(len, self._blocked)) if self._blocked else _LONGEST

    def find(self, text: str, since: int = 0, settled: int | None = None) -> Finding | None:
        """Return what blocks a text, on or off, ``None`` if nothing does.

        Args:
            text: the text.
            since: the place in it to begin at.
            settled: a pattern that ends after this place may go on and is passed over; none is, without it.
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
    """Checks the text of a stream as it grows, up to ``STREAM_LIMIT``; what comes after that passes unseen.

    What was sent before something is found has been sent: a stream is ended, not taken back. A blocked phrase is found
    with its last character. A pattern at the end of the text waits for the next character, or for :meth:`end`, as it
    may go on: ``10.0.0.1`` as ``10.0.0.12``. One that goes on after a space is found all the same: a card number, with
    more digits to come.
    """

    def __init__(self, guardrails: Guardrails) -> None:
        self._guardrails = guardrails
        self._text = ""
        self._seen = 0
        self._left = STREAM_LIMIT if guardrails.enabled else 0

    def add(self, text: str) -> None:
        """Take the next piece of text.

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
            # A full stop settles nothing: a digit may follow it.
            self._look(len(self._text.rstrip(".")) - 1)

    def end(self) -> None:
        """Check what is held back: the text is complete.

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
    """Return the problem of a text that is blocked; ``side`` is ``"input"`` or ``"output"``."""
    message = f"the {side} was blocked by the guardrail {found.detector!r}: {found.reason}"
    details = {"detector": found.detector, "reason": found.reason, "stage": side}
    return GatewayProblem(status, "GUARDRAIL_VIOLATION", "content_policy", message, details)


def _occurs(name: str, text: str, since: int, ends: int) -> bool:
    pattern, fits = _PATTERNS[name]
    return any(match.end() <= ends and fits(match[0]) for match in pattern.finditer(text, since))
