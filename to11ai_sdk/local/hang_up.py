"""Lets the work for a request end when its caller hangs up before the reply."""

from __future__ import annotations

from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


class HangUp:
    """The event that a caller hangs up; the server reports it from another thread.

    Attributes:
        happened: whether it has happened.
        is_stopping: whether the server stops, so that long work of its own is to be refused.
    """

    __slots__ = ("_acts", "_lock", "happened", "is_stopping")

    def __init__(self) -> None:
        self.happened: bool = False
        self.is_stopping: bool = False
        self._lock = Lock()
        self._acts: list[Callable[[], None]] = []

    @contextmanager
    def ending(self, act: Callable[[], None]) -> Generator[None]:
        """Call ``act`` from another thread if the caller hangs up within the block; at once if it already has."""
        with self._lock:
            self._acts.append(act)
            late = self.happened
        try:
            if late:
                act()
            yield
        finally:
            with self._lock:
                self._acts.remove(act)

    def report(self) -> None:
        """Record that the caller has hung up, and end the work for it; only the first call of this method counts."""
        with self._lock:
            acts = [] if self.happened else list(self._acts)
            self.happened = True
        for act in acts:
            act()


NEVER = HangUp()
"""The event of a caller that never hangs up, for requests that nobody waits for."""
