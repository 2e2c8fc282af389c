"""Where a call goes: the targets that are tried, in their order, how often each, and choices by weight."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..config.providers import ProviderConfig

MAX_RETRIES = 10
"""More retries than this in a rule count as this many."""
MAX_BACKOFF_MS = 60_000
"""No wait is longer than this."""


@dataclass(frozen=True)
class Retry:
    """How a target is tried again.

    Attributes:
        retries: how often after the first try; 2 unless the rule says otherwise.
        backoff_ms: milliseconds to wait before the first retry, doubled before each further one; 500 by default.
        statuses: the HTTP statuses that are tried again; ``None`` for every 5xx. A connection that failed always is.
    """

    retries: int = 2
    backoff_ms: int = 500
    statuses: frozenset[int] | None = None

    @classmethod
    def of(cls, policy: Mapping[str, Any] | None) -> Retry:
        """Return the ``retry`` of a snapshot; what it leaves out is the default."""
        policy = policy or {}
        retries, backoff_ms = policy.get("maxRetries"), policy.get("backoffBaseMs")
        codes = policy.get("retryableStatusCodes")
        return cls(
            cls.retries if retries is None else min(retries, MAX_RETRIES),
            cls.backoff_ms if backoff_ms is None else min(backoff_ms, MAX_BACKOFF_MS),
            None if codes is None else frozenset(codes),
        )

    def tries_again(self, status: int) -> bool:
        """Whether a reply with this status is tried again while retries are left."""
        return status >= 500 if self.statuses is None else status in self.statuses

    def waits_s(self) -> Iterator[float]:
        """Yield the seconds to wait before each retry; as many as there are retries."""
        for number in range(self.retries):
            yield min(self.backoff_ms * 2**number, MAX_BACKOFF_MS) / 1000


@dataclass(frozen=True)
class Attempt:
    """One target of a plan.

    Attributes:
        provider: who is asked.
        model: the model's name at the provider; ``None`` where the call has none (``files``, ``native``).
        params: parameters of the rule for the request; what the caller gave wins over them.
        rule_id: id of the rule that chose it, with ``version_id`` and ``release_id``; ``None`` without a rule.
        variant: name of the variant, ``None`` if it is none.
        retry: how it is tried again.
    """

    provider: ProviderConfig
    model: str | None
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    rule_id: str | None = None
    version_id: str | None = None
    release_id: str | None = None
    variant: str | None = None
    retry: Retry = field(default_factory=Retry)

    @property
    def provider_id(self) -> str:
        """Id of the provider."""
        return self.provider.id


@dataclass(frozen=True)
class Plan:
    """What the gateway does with a call.

    Attributes:
        environment_id: id of the environment.
        attempts: the targets in the order they are tried; at least one.
    """

    environment_id: str
    attempts: tuple[Attempt, ...]

    @staticmethod
    def fails_over(status: int) -> bool:
        """Whether the next target is tried after this status: after 5xx, never after 4xx."""
        return status >= 500


_LARGEST = 1e12


class Choice:
    """Chooses at random, in proportion to weights.

    Args:
        seed: the same seed gives the same choices in the same order; without one they are random.
    """

    def __init__(self, seed: int | str | None = None) -> None:
        self._random = Random(seed)  # noqa: S311 - shares of traffic, no secret

    def among(self, weights: Sequence[float]) -> int | None:
        """Return an index into the weights, ``None`` if none is above zero."""
        # A rule may hold integers that no float can.
        shares = [min(weight, _LARGEST) if weight > 0 else 0 for weight in weights]
        chosen = None
        mark = self._random.random() * sum(shares)
        for index, share in enumerate(shares):
            if share > 0 and mark >= 0:
                chosen = index
            mark -= share
        return chosen
