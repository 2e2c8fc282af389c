"""Choices by weight."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LARGEST = 1e12


class Choice:
    """Chooses at random, in proportion to weights.

    Args:
        seed: the same seed gives the same choices in the same order; without one they are random.
    """

    def __init__(self, seed: int | str | None = None) -> None:
        self._random = Random(seed)  # noqa: S311 - shares of traffic, no secret

    def among(self, weights: Sequence[float]) -> int | None:
        """An index into the weights, ``None`` if none is above zero."""
        # A rule may hold integers that no float can.
        shares = [min(weight, _LARGEST) if weight > 0 else 0 for weight in weights]
        chosen = None
        mark = self._random.random() * sum(shares)
        for index, share in enumerate(shares):
            if share > 0 and mark >= 0:
                chosen = index
            mark -= share
        return chosen
