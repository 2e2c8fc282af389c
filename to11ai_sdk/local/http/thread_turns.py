"""Lets threads take turns less often when there are many connections, in a process that belongs to the server.

A thread that waits for the interpreter wakes at each switch interval, to demand it from the thread that has it. When
a thousand wait, all of them waking every 5 ms take more time than their work.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

_PER_CONNECTION_S = 50e-6
_LONGEST_S = 0.05
_shortest: list[float] = []
"""The interval to return to; empty in a process that belongs to others, whose interval is not ours to change."""


@contextmanager
def managed() -> Generator[None]:
    """Within the block, let the number of connections decide how often threads take turns."""
    before = sys.getswitchinterval()
    _shortest.append(before)
    try:
        yield
    finally:
        _shortest.pop()
        sys.setswitchinterval(before)


def adapt(connections: int) -> None:
    """Take this number of open connections into account."""
    for shortest in _shortest[-1:]:
        sys.setswitchinterval(max(shortest, min(connections * _PER_CONNECTION_S, _LONGEST_S)))
