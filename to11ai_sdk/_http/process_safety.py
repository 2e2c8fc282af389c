"""What a fork waits for: it copies one thread and every lock as it is, held by a thread that is no longer there.

The import system and OpenSSL have locks that a child could then wait for without end.
"""

from __future__ import annotations

import os
from threading import RLock, local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import NoReturn

PATIENCE_S = 5.0
"""Seconds after which a fork goes ahead all the same: better a child that may hang than a parent that does."""


class Undivided:
    """Work, in a ``with`` block, that a fork of this process does not cut in two; one thread at a time does it."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._forking = local()
        if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows, which does not fork
            os.register_at_fork(before=self._before, after_in_parent=self._after, after_in_child=self._after_in_child)

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *exc_info: object) -> None:
        self._lock.release()

    def _before(self) -> None:
        self._forking.held = self._lock.acquire(timeout=PATIENCE_S)

    def _after(self) -> None:
        if self._forking.held:
            self._lock.release()

    def _after_in_child(self) -> None:
        if not self._forking.held:
            self._lock = RLock()
        else:
            self._lock.release()


importing: Undivided = Undivided()
"""Imports of a first call."""
in_openssl: Undivided = Undivided()
"""What takes locks of OpenSSL, and what a client makes once; never held over a wait for the network."""


class Unique:
    """What leads to the API key and to open connections: neither copied nor pickled."""

    def __copy__(self, *_: object, fate: str = "copied; share it") -> NoReturn:
        raise TypeError(f"a {type(self).__name__} holds the API key and open connections and cannot be {fate}")

    __deepcopy__ = __copy__

    def __reduce__(self) -> NoReturn:
        self.__copy__(fate="pickled; make one per process")


MAX_LINKS = 50
"""Exceptions looked at along a chain of causes and contexts."""


def from_handler(exc: BaseException) -> bool:
    """Return whether a signal handler raised an exception, whatever its type."""
    step: TracebackType | None = exc.__traceback__
    while step and step.tb_next:
        # Nothing else is called with the frame that it interrupts.
        if _holds(step.tb_next.tb_frame, step.tb_frame):
            return True
        step = step.tb_next
    return False


def _holds(frame: FrameType, interrupted: FrameType) -> bool:
    for value in frame.f_locals.values():
        if value is interrupted or (type(value) is tuple and any(item is interrupted for item in value)):  # pyright: ignore[reportUnknownVariableType]
            return True
    return False


def handler_error(error: BaseException, outer: BaseException | None) -> BaseException | None:
    """Return what a signal handler raised and others turned into this error, if that is its origin.

    Args:
        error: what came out.
        outer: what was being handled before the call began; it and its causes are older.
    """
    link: BaseException | None = error
    for _ in range(MAX_LINKS):
        if link is None or link is outer or from_handler(link):
            return None if link is outer else link
        link = link.__cause__ or link.__context__
    return None
