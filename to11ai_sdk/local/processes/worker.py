"""Runs one worker: it serves the connections that its supervisor hands to it, and ends with it."""

from __future__ import annotations

import logging
import os
import signal
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

from ..http import thread_turns
from ..http.address import HostError
from ..store import DataFileError
from . import garbage
from .handed_connections import HandedConnections
from .plan import Reachable, Served, ServingPlan, process_mark, reason
from .stop_signals import STOP_SIGNALS

if TYPE_CHECKING:
    from .channel import WorkerEnd

_log = logging.getLogger(__name__)


def work(plan: ServingPlan, channel: WorkerEnd, *, is_first: bool) -> NoReturn:
    """Serve until the supervisor says so or ends; never return to the supervisor's code.

    Args:
        plan: what to serve; its port is the one on which the supervisor listens.
        channel: this end of the channel.
        is_first: whether to set what is to be set in the store.
    """
    status = 1
    try:
        signal.set_wakeup_fd(-1)  # it is the supervisor's
        # Ctrl-C and a signal for the whole group reach the supervisor, too, which then says what to do.
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        with thread_turns.managed():
            _serve(plan, channel, is_first=is_first)
        status = 0
    except (DataFileError, HostError, OSError):
        pass  # the supervisor knows why
    except Exception:
        _log.exception("a worker failed")
    finally:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)


def _serve(plan: ServingPlan, channel: WorkerEnd, *, is_first: bool) -> None:
    connections = HandedConnections(channel, plan.port)
    to11 = Served(plan, connections, process_mark())
    try:
        to11.start()
        if is_first:
            plan.apply(to11)
    except Exception as exc:
        channel.say({"error": reason(exc)})
        raise
    channel.say({name: getattr(to11, name) for name in Reachable._fields})
    with garbage.rarely_collected():
        connections.wait()
    to11.drain(connections.must_hurry)
    to11.stop()
