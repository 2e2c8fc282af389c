"""Defines the plan of a call: the targets in order, and how often each is tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ...bounds import MAX_BACKOFF_MS, MAX_RETRIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..config.providers import ProviderConfig


@dataclass(frozen=True)
class Retry:
    """The retries of a target.

    Attributes:
        retries: how often after the first try; 2 unless the rule says otherwise.
        backoff_ms: milliseconds to wait before the first retry, doubled before each further one; 500 by default.
        statuses: the HTTP statuses to retry; ``None`` for every 5xx. A failed connection is always retried.
    """

    retries: int = 2
    backoff_ms: int = 500
    statuses: frozenset[int] | None = None

    @classmethod
    def of(cls, policy: Mapping[str, Any] | None) -> Retry:
        """Read the ``retry`` of a snapshot; missing values are the defaults."""
        policy = policy or {}
        retries, backoff_ms = policy.get("maxRetries"), policy.get("backoffBaseMs")
        codes = policy.get("retryableStatusCodes")
        return cls(
            cls.retries if retries is None else min(retries, MAX_RETRIES),
            cls.backoff_ms if backoff_ms is None else min(backoff_ms, MAX_BACKOFF_MS),
            None if codes is None else frozenset(codes),
        )

    def tries_again(self, status: int) -> bool:
        """Return whether a reply with this status is retried while retries are left."""
        return status >= 500 if self.statuses is None else status in self.statuses

    def waits_s(self) -> Iterator[float]:
        """Yield the seconds to wait before each retry."""
        for number in range(self.retries):
            yield min(self.backoff_ms * 2**number, MAX_BACKOFF_MS) / 1000


_USUAL = Retry()


@dataclass(frozen=True)
class Attempt:
    """One target of a plan.

    Attributes:
        provider: the provider.
        model: the model's name at the provider; ``None`` if the call has none (``files``, ``native``).
        params: parameters of the rule for the request; the caller's own take precedence.
        rule_id: id of the rule that chose it, with ``version_id`` and ``release_id``; ``None`` without a rule.
        variant: name of the variant, if it is one.
        retry: its retries.
    """

    provider: ProviderConfig
    model: str | None
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    rule_id: str | None = None
    version_id: str | None = None
    release_id: str | None = None
    variant: str | None = None
    retry: Retry = _USUAL

    @property
    def provider_id(self) -> str:
        """Id of the provider."""
        return self.provider.id


@dataclass(frozen=True)
class Plan:
    """The targets of a call.

    Attributes:
        environment_id: id of the environment.
        attempts: the targets in the order to try them; at least one.
    """

    environment_id: str
    attempts: tuple[Attempt, ...]

    @staticmethod
    def fails_over(status: int) -> bool:
        """Return whether the next target is tried after this status: after 5xx, never after 4xx."""
        return status >= 500
