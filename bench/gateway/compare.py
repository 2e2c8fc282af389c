"""Runs jobs in turns and makes rows of their figures."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..measure import Row
from .targets import Client, Provider, Target

Result = dict[str, Any]
PEERS = ("portkey", "litellm")
"""What is left out with a word if it fails."""


@dataclass
class Bench:
    """What all parts of the benchmark share."""

    up: Provider
    client: Client
    quick: bool
    against: Path | None
    targets: dict[str, Target] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    @property
    def rounds(self) -> int:
        """How often each job is run."""
        return 2 if self.quick else 5

    def fewer(self, number: float) -> float:
        """The size of a run: a fifth of it if it must be quick."""
        return number / 5 if self.quick else number

    def in_turns(self, jobs: Mapping[str, dict[str, Any]]) -> dict[str, list[Result]]:
        """The results of each job, in rounds, so that what else the machine does hits all alike."""
        results: dict[str, list[Result]] = {name: [] for name in jobs}
        for _ in range(self.rounds):
            for name in tuple(results):
                try:
                    results[name].append(checked(name, self.client.run(jobs[name])))
                except OSError as exc:
                    if name not in PEERS:
                        raise
                    del results[name]
                    self.missing[name] = str(exc)
        return results


def checked(name: str, result: Result) -> Result:
    """A result with calls in it."""
    if not result["done"]:
        raise OSError(f"{name} answered no call: {result['failure']}")
    return result


def figures(results: Sequence[Result], figure: Callable[[Result], float]) -> list[float]:
    """One figure of each result."""
    return [figure(result) for result in results]


def row(
    what: str,
    ours: Sequence[float],
    base: Sequence[float] | None,
    unit: str,
    *,
    most: float | None = None,
    least: float | None = None,
    than: str = "",
) -> Row:
    """A row with the medians of both sides, and the median of the ratios of each round, which a goal may bound."""
    if not base:
        return Row(what, text(ours, unit), "", None, "", None)
    ratio = statistics.median(one / other for one, other in zip(ours, base, strict=True))
    sign, bound = ("<=", most) if most is not None else (">=", least)
    met = None if bound is None else ratio <= bound if most is not None else ratio >= bound
    goal = f"of {than}" if bound is None else f"{sign} {bound:g} x {than}"
    return Row(what, text(ours, unit), text(base, unit), round(ratio, 3), goal, met)


def text(values: Sequence[float], unit: str) -> str:
    """The median, and the distance of the quartiles."""
    low, middle, high = statistics.quantiles(values, n=4)
    digits = 0 if middle >= 100 else 2
    return f"{middle:.{digits}f} [{high - low:.{digits}f}] {unit}"


def without(what: str, why: str) -> Row:
    """The row of something that could not be measured."""
    return Row(what, "", f"not measured: {why}", None, "", None)
