"""Counts the work of one rendering or check, so that none goes on without end, and none of them slows other calls.

Python runs one thread at a time. A call that needs the interpreter waits for each busy thread in turn, so that eight
long renderings would make every other call slow. Work that is not short therefore takes turns with other such work:
one that is long, and one that may still become long, run at the same time as what is short.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

from .hang_up import NEVER
from .problems import Problem

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import TracebackType

    from .hang_up import HangUp

_SHORT = 400
"""Work is short up to this fraction of what is allowed: 1/400, about a millisecond."""
_LONG = 20
"""Work is long from this fraction on: 1/20."""
_STEP = 40_000
"""After so many units, at most, work lets others have the interpreter, and looks whether anybody still waits for it:
some 2 ms."""
_PAUSE_S = 1e-5
_LOOK_S = 0.2
"""How often work that waits for its turn looks."""

_long_work = RLock()
_other_work = RLock()
"""Nobody waits for the turn of long work while it has this one."""
_BudgetT = TypeVar("_BudgetT", bound="WorkBudget")


class WorkBudgetError(Exception):
    """The work takes more than its budget; the message says what to change."""


class WorkBudget:
    """Counts work against a budget. A context manager: at its end other work that is not short may go on.

    Args:
        most: the units of work that are allowed.
        refusal: what is wrong and what to do, if they do not suffice.
        hang_up: the event that the caller hangs up, which ends the work.
    """

    def __init__(self, most: int, refusal: str, hang_up: HangUp = NEVER) -> None:
        self.left: int = most
        self._refusal = refusal
        self._hang_up = hang_up
        self._next_stop = most - min(most // _SHORT, _STEP)
        self._long_below = most - most // _LONG
        self._turn: RLock | None = None

    def spend(self, units: int) -> None:
        """Count work that is about to be done.

        Raises:
            WorkBudgetError: not so much is left, or the caller has hung up.
            Problem: 503, the work is long and the server stops.
        """
        self.left -= units
        if self.left < self._next_stop:
            self._stop()

    def announce(self, units: int) -> None:
        """Take the turn for work that is about to be done, of so many units at most, without counting it.

        Raises:
            WorkBudgetError: the caller has hung up.
            Problem: 503, the work is long and the server stops.
        """
        if self.left - units < self._next_stop:
            self._stop(units)

    def _stop(self, ahead: int = 0) -> None:
        is_long = self._turn is _long_work or self.left - ahead < self._long_below
        _check(self._hang_up, is_long=is_long)
        if self.left < 0:
            raise WorkBudgetError(self._refusal)
        self._take(_long_work if is_long else _other_work, is_long=is_long)
        # Otherwise another thread gets the interpreter only after the switch interval, and needs it several times.
        time.sleep(_PAUSE_S)
        self._next_stop = max(0 if is_long else self._long_below, self.left - _STEP)

    def _take(self, turn: RLock, *, is_long: bool) -> None:
        if self._turn is not turn:
            self._give()
            _acquire(turn, self._hang_up, is_long=is_long)
            self._turn = turn

    def _give(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.release()

    def __enter__(self: _BudgetT) -> _BudgetT:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._give()


@contextmanager
def long_work(hang_up: HangUp) -> Generator[None]:
    """Take the turn of long work for the block, whose work cannot be counted as it is done.

    Raises:
        Problem: 499, the caller has hung up; 503, the server stops.
    """
    try:
        _acquire(_long_work, hang_up, is_long=True)
    except WorkBudgetError as error:
        raise Problem(499, "CLIENT_CLOSED_REQUEST", str(error)) from None
    try:
        yield
    finally:
        _long_work.release()


def _acquire(turn: RLock, hang_up: HangUp, *, is_long: bool) -> None:
    while not turn.acquire(timeout=_LOOK_S):
        _check(hang_up, is_long=is_long)
    try:
        _check(hang_up, is_long=is_long)
    except BaseException:
        turn.release()
        raise


def _check(hang_up: HangUp, *, is_long: bool) -> None:
    if hang_up.happened:
        raise WorkBudgetError("the caller has hung up")
    if is_long and hang_up.is_stopping:
        raise Problem(503, "SERVER_STOPPING", "the local to11 stops; send the request again once it runs")
