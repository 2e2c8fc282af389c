"""Counts the work of one rendering or check, so that none goes on without end, and none of them slows other calls.

Python runs one thread at a time. A call that needs the interpreter waits for each busy thread in turn, so that eight
long renderings would make every other call slow. Work that has become long therefore takes turns with other long work,
and never with the short.
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from .hang_up import NEVER

if TYPE_CHECKING:
    from types import TracebackType

    from .hang_up import HangUp

_SHORT = 20
"""Work is short up to this fraction of what is allowed: 1/20."""

_LOOK_S = 0.2
"""How often work that waits for its turn looks whether the caller is still there."""

_long_work = Lock()
_BudgetT = TypeVar("_BudgetT", bound="WorkBudget")


class WorkBudgetError(Exception):
    """The work takes more than its budget; the message says what to change."""


class WorkBudget:
    """Counts work against a budget. A context manager: at its end other long work may go on.

    Args:
        most: the units of work that are allowed.
        refusal: what is wrong and what to do, if they do not suffice.
        hang_up: the event that the caller hangs up, which ends the work.
    """

    def __init__(self, most: int, refusal: str, hang_up: HangUp = NEVER) -> None:
        self.left: int = most
        self._refusal = refusal
        self._hang_up = hang_up
        self._next_stop = most - most // _SHORT
        self._held = ExitStack()

    def spend(self, units: int) -> None:
        """Count work that is about to be done.

        Raises:
            WorkBudgetError: not so much is left.
        """
        self.left -= units
        if self.left < self._next_stop:
            self._stop()

    def _stop(self) -> None:
        self._check_caller()
        if self.left < 0:
            raise WorkBudgetError(self._refusal)
        while not _long_work.acquire(timeout=_LOOK_S):
            self._check_caller()
        self._held.callback(_long_work.release)
        self._next_stop = 0
        self._check_caller()

    def _check_caller(self) -> None:
        if self._hang_up.happened:
            raise WorkBudgetError("the caller has hung up")

    def _end(self) -> None:
        # The next step stops there, and finds that the caller has hung up.
        self._next_stop = sys.maxsize

    def __enter__(self: _BudgetT) -> _BudgetT:
        if self._hang_up is not NEVER:
            self._held.enter_context(self._hang_up.ending(self._end))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._held.close()
