"""Counts the work of one rendering or check, so that none goes on without end, and none of them slows other calls.

Python runs one thread at a time. A call that needs the interpreter waits for each busy thread in turn, so that eight
long renderings would make every other call slow. Work that has become long therefore takes turns with other long work,
and never with the short.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from types import TracebackType

_SHORT = 20
"""Work is short up to this fraction of what is allowed: 1/20."""

_long_work = Lock()
_EffortT = TypeVar("_EffortT", bound="Effort")


class EffortError(Exception):
    """More work than allowed; the message says of what."""


class Effort:
    """The rest of the work that is allowed; a context manager, at whose end other long work may go on.

    Args:
        most: the units of work that are allowed.
        refusal: what is wrong and what to do, if they do not suffice.
    """

    def __init__(self, most: int, refusal: str) -> None:
        self.left = most
        self._refusal = refusal
        self._next_stop = most - most // _SHORT
        self._has_turn = False

    def spend(self, units: int) -> None:
        """Count work that is about to be done.

        Raises:
            EffortError: not so much is left.
        """
        self.left -= units
        if self.left < self._next_stop:
            self._stop()

    def _stop(self) -> None:
        if self.left < 0:
            raise EffortError(self._refusal)
        _long_work.acquire()
        self._has_turn, self._next_stop = True, 0

    def __enter__(self: _EffortT) -> _EffortT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._has_turn:
            self._has_turn = False
            _long_work.release()
