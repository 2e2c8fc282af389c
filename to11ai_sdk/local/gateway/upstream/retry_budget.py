"""Limits the retries of the gateway, so that they do not multiply with those of a client."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config.providers import ProviderConfig


class ProviderBudget:
    """A token bucket for one provider: each retry takes a token, each success gives back a tenth.

    Tokens also come back with time, one every 6 seconds, so that a provider that was down an hour ago is tried again
    as if nothing had been.

    Args:
        clock: returns the time in seconds.
    """

    CAPACITY: ClassVar[float] = 10.0
    REFUND: ClassVar[float] = 0.1
    PER_SECOND: ClassVar[float] = 1 / 6

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._tokens = self.CAPACITY
        self._counted_at = clock()

    def spend(self) -> bool:
        """Take a token, and return whether there was one."""
        with self._lock:
            self._add(0)
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True

    def refund(self) -> None:
        """Count a success."""
        with self._lock:
            self._add(self.REFUND)

    def _add(self, tokens: float) -> None:
        now = self._clock()
        passed = max(0.0, now - self._counted_at)
        self._counted_at = now
        self._tokens = min(self.CAPACITY, self._tokens + tokens + passed * self.PER_SECOND)


class RetryBudgets:
    """The budgets of all providers; ``echo`` has none, as there is nobody to spare.

    Args:
        clock: returns the time in seconds.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._made: dict[str, ProviderBudget] = {}

    def of(self, provider: ProviderConfig) -> ProviderBudget | None:
        """Return the budget of a provider."""
        if provider.kind == "echo":
            return None
        with self._lock:
            if provider.id not in self._made:
                self._made[provider.id] = ProviderBudget(self._clock)
            return self._made[provider.id]
