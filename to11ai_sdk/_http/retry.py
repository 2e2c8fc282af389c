"""Decides whether and when a request is retried, and when retries would only make an outage worse."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import ClassVar

BACKOFF_BASE_S = 0.2
BACKOFF_CAP_S = 8.0
RETRY_AFTER_LIMIT_S = 8.0
"""The longest ``Retry-After`` that the client waits."""


def backoff(attempt: int, jitter: float) -> float:
    """Return the seconds to wait after attempt 1, 2, ...; ``jitter``, from 0 to 1, spreads clients out."""
    # Capped, because 2.0 ** 1024 is an OverflowError.
    return min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2.0 ** min(attempt - 1, 10)) * (0.5 + jitter / 2)


def retry_after(value: str | None, now: Callable[[], float]) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for (RFC 9110 section 10.2.3), ``None`` if it is invalid.

    A past date is 0. ``now`` returns seconds since 1970.
    """
    if value is None:
        return None
    if value.isascii() and value.replace(".", "", 1).isdigit():
        seconds = float(value)
    else:
        # Already loaded by http.client.
        from datetime import timezone
        from email.utils import parsedate_to_datetime

        try:
            moment = parsedate_to_datetime(value)
            # The asctime form names no zone; all forms are UTC (RFC 9110 section 5.6.7).
            seconds = max(0.0, moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp() - now())
        except (TypeError, ValueError, OverflowError):
            return None
    return seconds if seconds < float("inf") else None


def may_repeat(*, safe: bool, status: int | None, unsent: bool) -> bool:
    """Return whether a failed request may be sent again without doing anything twice.

    ``status`` is ``None`` without a reply; an ``unsent`` request provably never reached the server.
    """
    if status is None:
        return safe or unsent
    return status == 429 or (safe and (status in (408, 425) or 500 <= status <= 599))


class RetryBudget:
    """A token bucket: each retry takes one token, each success gives back a tenth, up to 20.

    So retries stop in a long outage. It takes no lock: at worst two threads spend the same token.
    """

    CAPACITY: ClassVar[float] = 20.0
    REFUND: ClassVar[float] = 0.1

    def __init__(self) -> None:
        self.tokens: float = self.CAPACITY

    def spend(self) -> bool:
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True

    def refund(self) -> None:
        if self.tokens < self.CAPACITY:
            self.tokens = min(self.CAPACITY, self.tokens + self.REFUND)
