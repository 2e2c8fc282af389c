"""Blocks texts that must not be sent to a provider or returned from one. Off by default.

Texts are compared in a folded form (see ``plain_text``). The blocklist comes first: words and phrases, ignoring case,
found anywhere or only as whole words. Then personal data: e-mail addresses, US social security numbers, payment card
numbers (13 to 19 digits with a valid check digit, ISO/IEC 7812), bank account numbers (IBAN), IP addresses and phone
numbers. The first match blocks. A report names the detector, never the text.

Source: the pages "API reference" and "Security" of the to11 gateway; the patterns are this project's choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ...bounds import MAX_STREAM_TEXT
from ..gateway_problem import GatewayProblem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..config.gateway_config import GuardrailsConfig
    from .text_search import TextSearch

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


class Guardrails:
    """Checks texts.

    Args:
        config: whether anything is checked, the blocklist, and the regions of phone numbers.

    Attributes:
        enabled: whether anything is checked.
    """

    def __init__(self, config: GuardrailsConfig) -> None:
        self.enabled: bool = config.enabled
        self._search = _search(config) if config.enabled else None

    def find(self, text: str) -> Finding | None:
        """Return the finding that blocks a text, or ``None``; nothing blocks if the guardrails are off."""
        found = None if self._search is None else self._search.find(text)
        return None if found is None else Finding(*found)

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
        return OutputGuard(self._search)

    def _check(self, texts: Iterable[str], status: int, side: str) -> None:
        found = self.find(_BETWEEN.join(texts)) if self.enabled else None
        if found is not None:
            raise violation(found, status, side)


class OutputGuard:
    """Checks the text of a stream as it grows, up to ``MAX_STREAM_TEXT``; the rest passes unchecked.

    A finding ends the stream; text already sent cannot be recalled. A blocked phrase is found with its last character
    (a whole word with the next one). Personal data at the end of the text waits for the next character, or for
    :meth:`end`, because it may continue: ``10.0.0.1`` as ``10.0.0.12``. What may continue after a space is found
    anyway: a card number, with more digits to come.
    """

    def __init__(self, search: TextSearch | None) -> None:
        self._search = None if search is None else search.growing()
        self._left = MAX_STREAM_TEXT

    def add(self, text: str) -> None:
        """Check the next piece of text.

        Raises:
            GatewayProblem: 422 ``GUARDRAIL_VIOLATION``, to end the stream with.
        """
        if not text or self._left <= 0 or self._search is None:
            return
        taken = text.encode("utf-8", "surrogatepass")[: self._left]
        self._left -= len(taken)
        self._look(taken.decode("utf-8", "ignore"), is_end=self._left <= 0)

    def end(self) -> None:
        """Check the text held back, now that it is complete.

        Raises:
            GatewayProblem: 422 ``GUARDRAIL_VIOLATION``, to end the stream with.
        """
        self._look("", is_end=True)

    def _look(self, more: str, *, is_end: bool) -> None:
        found = None if self._search is None else self._search.add(more, is_end=is_end)
        if found is not None:
            raise violation(Finding(*found), 422, "output")


def violation(found: Finding, status: int, side: str) -> GatewayProblem:
    """Return the problem for a blocked text; ``side`` is ``"input"`` or ``"output"``."""
    message = f"the {side} was blocked by the guardrail {found.detector!r}: {found.reason}"
    details = {"detector": found.detector, "reason": found.reason, "stage": side}
    return GatewayProblem(status, "GUARDRAIL_VIOLATION", "content_policy", message, details)


def _search(config: GuardrailsConfig) -> TextSearch:
    # Imported here: its patterns and numbering plans take a while to load, and most gateways have no guardrails.
    from .text_search import TextSearch

    return TextSearch(config)
