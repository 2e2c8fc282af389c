"""Calls a store that may be slow, down or lying, in threads of its own: no caller waits longer than ``timeout_s``.

After a failure the store is left alone for ``PAUSE_S``, twice as long after each further one, at most ``MAX_PAUSE_S``.
"""

from __future__ import annotations

import os
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from .._http.process_safety import from_handler, in_openssl
from .store_calls import StoreCalls, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from . import SharedCache

PAUSE_S = 5.0
MAX_PAUSE_S = 60.0
IDLE_S = 10.0
"""Seconds after which an idle thread ends."""
MAX_THREADS = 4
"""The most threads that call a store; if all of them hang in it, it is left alone until one returns."""


class _Job:
    __slots__ = ("abandoned", "done", "error", "is_late_here", "is_write", "result", "started", "work")

    def __init__(self, work: Callable[[], Any], *, is_write: bool) -> None:
        self.work = work
        self.is_write = is_write
        self.done = Lock()
        self.done.acquire()
        self.started = self.abandoned = self.is_late_here = False
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        self.started = True
        try:
            self.result = self.work()
        except BaseException as exc:
            self.error = exc


class GuardedStore(StoreCalls):
    """A store that cannot harm a call; the methods of its base are for work given to :meth:`run`."""

    def __init__(self, store: SharedCache, timeout_s: float, clock: Callable[[], float]) -> None:
        super().__init__(store)
        self._timeout_s = timeout_s
        self._clock = clock
        self._failures = 0
        self._paused_until = self._quiet_until = float("-inf")
        # The job whose answer ends the pause.
        self._late: _Job | None = None
        self._reset()

    def _reset(self) -> None:
        # A new process has none of the threads, and its copy of the queue may be locked.
        self._lock = Lock()
        self._jobs: SimpleQueue[_Job] = SimpleQueue()
        self._threads = self._idle = self._hanging = 0
        self._pid = os.getpid()

    def _notice_fork(self) -> None:
        if self._pid != os.getpid():
            with in_openssl.lock:
                if self._pid != os.getpid():
                    self._reset()

    def run(
        self, work: Callable[[], Any], *, is_write: bool = False, meanwhile: Callable[[], object] | None = None
    ) -> Any:
        """Return the result of some work with the store; ``None`` if it failed, took too long, or is left alone.

        What writes is done, if late, even if nobody waits for it any more. ``meanwhile`` is called while the store
        works; its time does not count.
        """
        self._notice_fork()
        if not self._may_try():
            return None
        until = self._paused_until
        job = _Job(work, is_write=is_write)
        try:
            self._hand_over(job)
        except RuntimeError as exc:  # no thread can be started
            if from_handler(exc):
                raise
            return self._fail(until, exc)
        if meanwhile:
            meanwhile()
        if not self._wait(job):
            return self._fail(until, None, job)
        if isinstance(job.error, StoreError):
            return self._fail(until, job.error.__cause__ or job.error)
        if job.error is not None:
            raise job.error
        if self._failures:
            self._end_pause()
        return job.result

    def _wait(self, job: _Job) -> bool:
        """Return whether a job is done in time; else it is abandoned."""
        started = self._clock()
        if job.done.acquire(timeout=self._timeout_s / 2):
            return True
        # If this process is busy, the store may be fine.
        job.is_late_here = not job.started or self._clock() - started >= self._timeout_s
        return job.done.acquire(timeout=self._timeout_s / 2) or not self._abandon(job)

    def _may_try(self) -> bool:
        with self._lock:
            now = self._clock()
            if now < self._paused_until or self._hanging >= MAX_THREADS:
                return False
            if self._failures:
                # One caller tries; the others leave it alone until it knows.
                self._paused_until = now + self._pause()
            return True

    def _pause(self) -> float:
        return min(PAUSE_S * 2.0 ** min(self._failures, 9), MAX_PAUSE_S)

    def _hand_over(self, job: _Job) -> None:
        with self._lock:
            self._idle -= 1
            starts = self._idle < 0 and self._threads < MAX_THREADS
            if starts:
                self._idle += 1
                self._threads += 1
        if starts:
            try:
                Thread(target=self._serve, args=(self._jobs,), name="to11ai-shared-cache", daemon=True).start()
            except BaseException:  # also of a signal handler
                with self._lock:
                    self._threads -= 1
                raise
        self._jobs.put(job)

    def _serve(self, jobs: SimpleQueue[_Job]) -> None:
        while True:
            try:
                job = jobs.get(timeout=IDLE_S)
            except Empty:
                if self._retire():
                    return
                continue
            if job.is_write or not job.abandoned:
                job.run()
            with self._lock:
                self._idle += 1
                self._hanging -= job.abandoned
                if job is self._late and job.error is None:
                    # It was not the store that was slow.
                    self._end_pause()
                job.done.release()
            # An idle thread keeps no value alive.
            del job

    def _retire(self) -> bool:
        with self._lock:
            # Else a job is on its way.
            if surplus := self._idle > 0:
                self._idle -= 1
                self._threads -= 1
            return surplus

    def _abandon(self, job: _Job) -> bool:
        """Stop waiting for a job; return whether it is not done yet."""
        with self._lock:
            job.abandoned = job.done.locked() and not job.done.acquire(blocking=False)
            self._hanging += job.abandoned
            return job.abandoned

    def _end_pause(self) -> None:
        self._failures, self._paused_until, self._late = 0, float("-inf"), None

    def _fail(self, until: float, error: BaseException | None, late: _Job | None = None) -> None:
        with self._lock:
            excused = late if late and late.is_late_here else None
            if excused and not excused.done.locked():
                # The answer has come after all.
                return
            if self._paused_until != until:
                # Another caller noticed first.
                if excused is None:
                    self._late = None
                return
            now, pause = self._clock(), self._pause()
            self._paused_until = now + pause
            self._failures += 1
            self._late = excused
            warns = self._failures == 1 and now >= self._quiet_until
            self._quiet_until = self._paused_until
        if warns:
            self._warn(error, pause)

    def _warn(self, error: BaseException | None, pause: float) -> None:
        from logging import getLogger

        # Only the name of the error: its text may hold the store's password.
        what = f"raised {type(error).__name__}" if error else f"gave no answer in {self._timeout_s} s"
        getLogger("to11ai_sdk").warning("the shared cache %s; it is left alone for %.0f s", what, pause)
