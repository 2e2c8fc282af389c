"""Calls a store that may be slow, down or lying, in threads of its own: no caller waits longer than ``timeout_s``.

After a failure the store is left alone for ``PAUSE_S``, twice as long after each further one, at most ``MAX_PAUSE_S``.
"""

from __future__ import annotations

import os
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Lock, Thread

from .._http.process_safety import from_handler, in_openssl
from ..json_types import is_array

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


class StoreError(Exception):
    """The store raised an error, or gave what no store may give."""


class _Job:
    __slots__ = (
        "abandoned", "done", "error", "is_late_here", "is_write", "paused_until", "result", "started", "work",
    )  # fmt: skip

    def __init__(self, work: Callable[[], Any], *, is_write: bool) -> None:
        self.work = work
        self.is_write = is_write
        self.done = Lock()
        self.done.acquire()
        self.started = self.abandoned = self.is_late_here = False
        self.paused_until: float | None = None
        self.result: Any = None
        self.error: BaseException | None = None

    def run(self) -> None:
        self.started = True
        try:
            self.result = self.work()
        except BaseException as exc:
            self.error = exc


class GuardedStore:
    """A store that cannot harm a call. The methods from ``get`` on are for work given to :meth:`run`."""

    def __init__(self, store: SharedCache, timeout_s: float, clock: Callable[[], float]) -> None:
        self._store: Any = store
        self._timeout_s = timeout_s
        self._clock = clock
        self._has_nx = self._has_mget = True
        self._failures = 0
        self._paused_until = self._quiet_until = float("-inf")
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
                if job.paused_until == self._paused_until and job.error is None:
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
        self._failures, self._paused_until = 0, float("-inf")

    def _fail(self, until: float, error: BaseException | None, late: _Job | None = None) -> None:
        with self._lock:
            if self._paused_until != until or (late and late.is_late_here and not late.done.locked()):
                # Another caller noticed first; or the answer has come after all.
                return
            now, pause = self._clock(), self._pause()
            self._paused_until = now + pause
            self._failures += 1
            if late and late.is_late_here:
                late.paused_until = self._paused_until
            warns = self._failures == 1 and now >= self._quiet_until
            self._quiet_until = self._paused_until
        if warns:
            self._warn(error, pause)

    def _warn(self, error: BaseException | None, pause: float) -> None:
        from logging import getLogger

        # Only the name of the error: its text may hold the store's password.
        what = f"raised {type(error).__name__}" if error else f"gave no answer in {self._timeout_s} s"
        getLogger("to11ai_sdk").warning("the shared cache %s; it is left alone for %.0f s", what, pause)

    def get(self, name: str) -> object:
        """Return the value of a name, whatever it is."""
        return self._call("get", name)

    def get_two(self, one: str, other: str) -> list[object]:
        """Return the values of two names, in one round trip if the store can."""
        if self._has_mget:
            with suppress(StoreError):
                values = self._call("mget", [one, other])
                if is_array(values) and len(values) == 2:
                    return values
        values = [self.get(one), self.get(other)]
        # It works, but not together: the names of a cluster are on several servers.
        self._has_mget = False
        return values

    def set(self, name: str, value: str, ex: int) -> None:
        """Keep a value for some seconds."""
        self._call("set", name, value, ex=ex)

    def take(self, name: str, token: str, ex: int) -> object:
        """Take the lock of this name if it is free, and return what it holds then: the token if it is ours.

        A store without ``nx`` may let a few have it at once.
        """
        if self._has_nx:
            try:
                if self._call("set", name, token, nx=True, ex=ex) is True:
                    return token
            except StoreError as exc:
                if not isinstance(exc.__cause__, TypeError):
                    raise
                self._has_nx = False
        found = self.get(name)
        if found is None and not self._has_nx:
            self.set(name, token, ex)
            return token
        # Not all stores say that they set a value.
        return found

    def drop(self, name: str) -> None:
        """Remove a value, or let it expire soon where the store cannot remove it."""
        if callable(getattr(self._store, "delete", None)):
            self._call("delete", name)
        else:
            self.set(name, "", 1)

    def _call(self, method: str, *args: Any, **options: Any) -> Any:
        try:
            value = getattr(self._store, method)(*args, **options)
            if hasattr(value, "__await__"):
                getattr(value, "close", bool)()
                raise TypeError("an asynchronous client")
            if value is self._store:
                raise TypeError("a pipeline, which keeps all commands")
        except BaseException as exc:
            # No signal handler runs in this thread: whatever is raised here, the store raised it.
            raise StoreError from exc
        return value
