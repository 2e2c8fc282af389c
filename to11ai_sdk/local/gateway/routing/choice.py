"""Chooses in proportion to weights: at random, or always the same for one conversation.

Each option gets a number from a digest of the group (the conversation), the place of the choice and the name of the
option, and the smallest in relation to its weight wins (weighted rendezvous hashing). So the choices of many groups are
distributed by the weights, those at two places are independent of each other, and when weights change or options come
and go, only the groups move that have to.
"""

from __future__ import annotations

import math
from hashlib import blake2b
from random import Random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_LARGEST = 1e12


class Choice:
    """Chooses one of several options.

    Args:
        seed: the same seed gives the same random choices in the same order; by default they differ.
    """

    def __init__(self, seed: int | str | None = None) -> None:
        self._random = Random(seed)  # noqa: S311 - shares of traffic, no secret

    def among(self, weights: Sequence[float]) -> int | None:
        """Return the index of a weight at random; ``None`` if no weight is above zero."""
        shares = _shares(weights)
        chosen = None
        mark = self._random.random() * sum(shares)
        for index, share in enumerate(shares):
            if share > 0 and mark >= 0:
                chosen = index
            mark -= share
        return chosen


def of_group(group: str, place: str, names: Sequence[str], weights: Sequence[float]) -> int | None:
    """Return the index of the option for a group, always the same; ``None`` if no weight is above zero.

    Args:
        group: the id of a conversation, a session or a user.
        place: the same for all choices among these options, and for no others.
        names: the names of the options; equal ones are distinguished by their order.
        weights: the weight of each.
    """
    ranks = [
        (-math.log(_fraction(group, place, name, names[:index].count(name))) / share, index)
        for index, (name, share) in enumerate(zip(names, _shares(weights), strict=True))
        if share > 0
    ]
    return min(ranks)[1] if ranks else None


def _shares(weights: Sequence[float]) -> list[float]:
    # A rule may contain integers too large for a float.
    return [min(weight, _LARGEST) if weight > 0 else 0 for weight in weights]


def _fraction(*parts: object) -> float:
    """Return a number above 0 and below 1 that looks random, always the same for the same parts."""
    digest = blake2b(repr(parts).encode("utf-8", "surrogatepass"), digest_size=6).digest()
    return (int.from_bytes(digest, "big") + 0.5) / 2**48
