"""Supervises workers: hands each new connection to the next one, and replaces those that end too early."""

from __future__ import annotations

import os
import selectors
import signal
import socket
import time
from itertools import islice
from typing import TYPE_CHECKING

from .. import bounds
from ..given_key import given_key
from ..http.address import find_address
from ..http.expected_hosts import ExpectedHosts
from ..http.listener import BACKLOG, Listener
from ..problems import Problem
from .channel import DRAIN, HURRY
from .crew import Crew
from .plan import Reachable, ServingPlan, WorkersError
from .stop_signals import StopSignals

if TYPE_CHECKING:
    from collections.abc import Callable

_END_S = 15.0
"""How long a worker may take to end after it has drained."""
_GONE = Problem(503, "NO_WORKER", "no worker process runs at this moment; try again")


def supervise(plan: ServingPlan, workers: int, say: Callable[[Reachable], None]) -> None:
    """Serve with several processes until SIGINT or SIGTERM.

    Args:
        plan: what to serve.
        workers: how many processes.
        say: says that they are ready, and where.

    Raises:
        HostError: the address needs a key, or a name is no host's.
        PortTakenError: another program listens on the port.
        WorkersError: this system has no such processes, they would share no state, or they do not stay.
    """
    if plan.data is None:
        raise WorkersError(
            "--workers above 1 needs --data: each worker is a process of its own, and without a store that they share "
            "each would have other prompts, rules and keys"
        )
    if not hasattr(os, "fork") or not hasattr(socket, "send_fds"):
        raise WorkersError("--workers above 1 needs a system with fork(), such as Linux or macOS; here use one worker")
    address = find_address(plan.host)
    # Each worker checks both, too, but by then the port is open.
    given_key(address)
    ExpectedHosts(address, plan.allowed_hosts)
    listener = Listener(address, plan.port)
    try:
        Supervisor(plan._replace(port=listener.port), workers, listener, say).run()
    finally:
        listener.close()


class Supervisor:
    """Listens, and lets workers serve.

    Every connection is handed to the next worker in turn, so that connections that are kept are spread evenly; a
    listening socket that processes share gives most of them to the process that is awake.

    Args:
        plan: what to serve, with the port of the listener.
        workers: how many processes.
        listener: the socket that listens.
        say: says that they are ready, and where.
    """

    def __init__(self, plan: ServingPlan, workers: int, listener: Listener, say: Callable[[Reachable], None]) -> None:
        self._listener = listener
        self._say = say
        self._selector = selectors.DefaultSelector()
        self._is_listening = False
        self._crew = Crew(plan, workers, self._selector, (listener.socket, self._selector))

    def run(self) -> None:
        """Serve until a signal.

        Raises:
            WorkersError: the workers do not start, or do not stay.
        """
        with StopSignals() as signals, self._selector:
            self._selector.register(signals.woken, selectors.EVENT_READ, lambda: signals.woken.recv(1))
            try:
                while not signals.have_come:
                    self._turn()
                self._hand_over()
            finally:
                self._listener.close()
                self._end(signals)

    def _turn(self) -> None:
        self._crew.start_due()
        if not self._crew.was_ready and self._crew.is_ready:
            self._crew.was_ready = True
            self._say(self._crew.reachable)
        self._listen(self._crew.has_ready)
        self._crew.check_answers()
        for key, _ in self._selector.select(self._crew.pause_s):
            key.data()

    def _listen(self, is_wanted: bool) -> None:
        """Accept connections only while a worker can serve them; until then they wait."""
        if is_wanted and not self._is_listening:
            self._selector.register(self._listener.socket, selectors.EVENT_READ, self._hand_over)
        elif self._is_listening and not is_wanted:
            self._selector.unregister(self._listener.socket)
        self._is_listening = is_wanted

    def _hand_over(self) -> None:
        """Hand the connections that wait to the workers."""
        for connection in islice(iter(self._listener.accept, None), BACKLOG):
            if self._crew.give(connection):
                connection.close()
            else:
                self._listener.refuse(connection, _GONE)

    def _end(self, signals: StopSignals) -> None:
        """Let the workers end: those that do not are killed."""
        deadline = time.monotonic() + bounds.DRAIN_S + _END_S
        is_hurried = False
        self._crew.is_ending = True
        self._crew.say(DRAIN)
        while self._crew.has_processes and time.monotonic() < deadline:
            if signals.must_hurry and not is_hurried:
                is_hurried = True
                deadline = min(deadline, time.monotonic() + _END_S)
                self._crew.say(HURRY)
            for key, _ in self._selector.select(0.5):
                key.data()
        self._crew.kill(signal.SIGKILL)
