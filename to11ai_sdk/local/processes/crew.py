"""Keeps the worker processes of a supervisor: starts them, chooses among them, and notices when one ends."""

from __future__ import annotations

import logging
import os
import selectors
import signal
import socket
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from .. import bounds
from .channel import SupervisorEnd, WorkerEnd
from .plan import Reachable, ServingPlan, WorkersError
from .worker import work

if TYPE_CHECKING:
    from collections.abc import Iterable

_log = logging.getLogger(__name__)


class _Closable(Protocol):
    def close(self) -> None: ...


class _Process(NamedTuple):
    pid: int
    channel: SupervisorEnd

    @property
    def answers(self) -> bool:
        """Whether it answers as soon as it is asked."""
        return self.channel.unanswered <= 1


class _Worker:
    """A place for a worker, and the process that has it now.

    Attributes:
        process: the process, ``None`` without one.
        is_ready: whether it serves.
        starts: how often it was started without having served for a while.
        begun: when it was started last, by the monotonic clock.
        due: when to start it, by the monotonic clock.
        error: why it could not start, as it says.
    """

    def __init__(self) -> None:
        self.process: _Process | None = None
        self.is_ready = False
        self.starts = 0
        self.begun = 0.0
        self.due = 0.0
        self.error: str | None = None


class Crew:
    """The workers.

    Args:
        plan: what they serve.
        count: how many there are.
        selector: waits for what they say.
        own: what belongs to the supervisor alone, and is closed in a worker.
    """

    def __init__(
        self, plan: ServingPlan, count: int, selector: selectors.BaseSelector, own: Iterable[_Closable]
    ) -> None:
        self._plan = plan
        self._selector = selector
        self._own = tuple(own)
        self._all = [_Worker() for _ in range(count)]
        self._turn = 0
        self._asked_at = 0.0
        self.reachable: Reachable = Reachable("", "", "", "")
        self.was_ready: bool = False
        self.is_ending: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether all are ready."""
        return all(each.is_ready for each in self._all)

    @property
    def has_ready(self) -> bool:
        """Whether any is ready."""
        return any(each.is_ready for each in self._all)

    @property
    def has_processes(self) -> bool:
        """Whether any process has not ended."""
        return any(each.process for each in self._all)

    @property
    def pause_s(self) -> float | None:
        """The seconds until the next start or question, ``None`` if none is due."""
        waits = [each.due for each in self._all if each.process is None]
        waits += [self._asked_at + bounds.WORKER_ASKED_S for each in self._all if each.is_ready]
        return max(0.0, min(waits) - time.monotonic()) if waits else None

    def start_due(self) -> None:
        """Start the workers that are to be started now."""
        for each in self._all:
            if each.process is None and each.due <= time.monotonic():
                self._start(each)

    def give(self, connection: socket.socket) -> bool:
        """Give a connection to the next worker that takes it; return whether one did.

        One that does not answer gets connections only if none does.
        """
        self._turn = (self._turn + 1) % len(self._all)
        turns = self._all[self._turn :] + self._all[: self._turn]
        ready = [each.process for each in turns if each.is_ready and each.process]
        ready.sort(key=lambda process: not process.answers)
        return any(process.channel.give(connection) for process in ready)

    def check_answers(self) -> None:
        """Ask those that serve, now and then, whether they are there; kill those that do not answer for long.

        Questions are counted, not seconds: this process may have been stopped together with the workers.
        """
        if time.monotonic() < self._asked_at + bounds.WORKER_ASKED_S:
            return
        self._asked_at = time.monotonic()
        for process in [each.process for each in self._all if each.is_ready and each.process]:
            process.channel.ask()
            if process.channel.unanswered * bounds.WORKER_ASKED_S > bounds.MAX_WORKER_SILENCE_S:
                _log.warning("worker %d does not answer; it is killed", process.pid)
                os.kill(process.pid, signal.SIGKILL)

    def say(self, word: bytes) -> None:
        """Send a word to all."""
        for each in self._all:
            if each.process:
                each.process.channel.say(word)

    def kill(self, number: signal.Signals) -> None:
        """End those that have not ended."""
        for each in self._all:
            if each.process:
                _log.warning("worker %d does not end; it is killed", each.process.pid)
                os.kill(each.process.pid, number)
                self._bury(each, each.process)

    def _start(self, each: _Worker) -> None:
        is_first = each is self._all[0] and not self.was_ready
        each.starts += 1
        each.error, each.begun = None, time.monotonic()
        try:
            ours, theirs, pid = _forked()
        except OSError as exc:
            each.error = f"no process can be started: {exc.strerror}"
            self._ended(each, 1)
            return
        if pid == 0:
            for end in (ours, *self._own, *(other.process.channel for other in self._all if other.process)):
                end.close()
            work(self._plan, WorkerEnd(theirs), is_first=is_first)
        theirs.close()
        process = each.process = _Process(pid, SupervisorEnd(ours))
        self._selector.register(ours, selectors.EVENT_READ, lambda: self._hear(each, process))

    def _hear(self, each: _Worker, process: _Process) -> None:
        try:
            report = process.channel.report()
        except EOFError:
            self._ended(each, self._bury(each, process))
            return
        if report is not None and "error" in report:
            each.error = str(report["error"])
        elif report is not None:
            self.reachable = Reachable(**report)
            each.is_ready = True

    def _bury(self, each: _Worker, process: _Process) -> int:
        """Forget a process that has ended or is about to; return how it ended."""
        self._selector.unregister(process.channel.socket)
        process.channel.close()
        _, status = os.waitpid(process.pid, 0)
        each.process, each.is_ready = None, False
        return os.waitstatus_to_exitcode(status)

    def _ended(self, each: _Worker, status: int) -> None:
        """Decide when the worker starts again."""
        if self.is_ending:
            return
        if each.error is not None and not self.was_ready:
            raise WorkersError(each.error)
        if time.monotonic() - each.begun >= bounds.WORKER_STEADY_S:
            each.starts = 0
        if each.starts >= (bounds.MAX_WORKER_STARTS if self.was_ready else bounds.MAX_FIRST_STARTS):
            last = each.error or _ending(status)
            raise WorkersError(f"a worker ended {each.starts} times soon after its start, at last: {last}")
        pause_s = min(bounds.WORKER_PAUSE_S * 2.0 ** (each.starts - 1), bounds.MAX_WORKER_PAUSE_S) if each.starts else 0
        each.due = time.monotonic() + pause_s
        _log.warning("a worker ended (%s) and is started again", each.error or _ending(status))


def _forked() -> tuple[socket.socket, socket.socket, int]:
    """Fork; return both ends of a channel, and the id of the new process, which is 0 there."""
    ours, theirs = socket.socketpair()
    try:
        return ours, theirs, os.fork()
    except OSError:
        ours.close()
        theirs.close()
        raise


def _ending(status: int) -> str:
    if status >= 0:
        return f"with status {status}"
    try:
        return f"by {signal.Signals(-status).name}"
    except ValueError:
        return f"by signal {-status}"
