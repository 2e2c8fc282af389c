"""Runs a local to11 in this process until a signal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..http import thread_turns
from . import garbage
from .plan import Served, ServingPlan, process_mark
from .stop_signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Callable


def run(plan: ServingPlan, say: Callable[[Served], None]) -> None:
    """Serve until SIGINT, SIGTERM or SIGHUP.

    Args:
        plan: what to serve.
        say: says that it is ready, and where.
    """
    mark = process_mark() if plan.is_for_several else ""
    with StopSignals() as signals, thread_turns.managed(), Served(plan, process=mark) as to11:
        plan.apply(to11)
        say(to11)
        with garbage.rarely_collected():
            signals.wait()
        to11.drain(lambda: signals.must_hurry)
