"""Answers ``/ready``: whether this server should get requests."""

from __future__ import annotations

import logging
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from .. import bounds
from ..problems import Problem
from .reply_envelope import error_reply, success_reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from .application import HttpReply, HttpRequest

_log = logging.getLogger(__name__)


class Readiness:
    """Answers with 200 while the store can be read and the server is not about to end, or else with 503 and a reason.

    Needs no key: the reason names neither the store nor anything in it. ``/health`` only says that the process is
    alive.

    Args:
        check: checks the store; raises a ``Problem`` that may be shown to anyone.
        is_ending: returns whether the server is about to end.
    """

    def __init__(self, check: Callable[[], None], is_ending: Callable[[], bool]) -> None:
        self._check = check
        self._is_ending = is_ending
        self._lock = Lock()
        self._running: _StoreCheck | None = None

    @property
    def max_body(self) -> int:
        """The longest body that it accepts, in bytes."""
        return bounds.MAX_BODY

    def __call__(self, request: HttpRequest) -> HttpReply:
        """Answer one request."""
        problem = _ENDING if self._is_ending() else self._store_problem()
        return error_reply(problem) if problem else success_reply({"status": "ready"}, {})

    def _store_problem(self) -> Problem | None:
        with self._lock:
            # While one hangs, others wait for the same: they would only hang, too.
            if self._running is None or self._running.is_done.is_set():
                self._running = _StoreCheck(self._check)
            running = self._running
        return running.problem if running.is_done.wait(bounds.READY_WAIT_S) else _SLOW


class _StoreCheck:
    """A check of the store in a thread of its own, because nothing ends a call that hangs in the network."""

    def __init__(self, check: Callable[[], None]) -> None:
        self.is_done = Event()
        self.problem: Problem | None = None
        self._check = check
        Thread(target=self._run, name="to11-ready", daemon=True).start()

    def _run(self) -> None:
        try:
            self._check()
        except Problem as exc:
            self.problem = Problem(503, exc.code, exc.message)
        except Exception:
            _log.exception("the store could not be checked")
            self.problem = _FAILED
        finally:
            self.is_done.set()


_ENDING = Problem(503, "SHUTTING_DOWN", "this server is about to end: it finishes its requests and takes no new ones")
_SLOW = Problem(503, "STORAGE_SLOW", "the store does not answer in time; see whether it runs and is not overloaded")
_FAILED = Problem(503, "STORAGE_FAILED", "the store cannot be read; the log of this server says why")
