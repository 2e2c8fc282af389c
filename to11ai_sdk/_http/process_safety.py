"""Makes calls safe when a process forks, or runs a signal handler that raises, in the middle of one.

A fork copies all locks, even those held by threads that it does not copy: a child could wait forever for one of the
import system or of OpenSSL.
"""

from __future__ import annotations

import os
from threading import RLock, local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from functools import cached_property
    from types import FrameType, TracebackType
    from typing import NoReturn

    lazy = cached_property
else:

    class lazy:  # noqa: N801 - used as a decorator
        """``cached_property`` without its lock in Python 3.10 and 3.11."""

        def __init__(self, read):
            self._read = read
            self.__doc__ = read.__doc__

        def __set_name__(self, owner, name):
            self._name = name

        def __get__(self, instance, owner=None):
            if instance is None:
                return self
            value = vars(instance)[self._name] = self._read(instance)
            return value


FORK_WAIT_S = 30.0
"""Seconds after which a fork proceeds anyway: better the child may hang than the parent."""
MAX_LINKS = 50
"""The most exceptions examined along a chain of causes and contexts."""


class ForkSafeLock:
    """A reentrant lock that a fork waits for, so that no child starts with the work in its block half done.

    Enter its ``lock`` directly: a signal handler could interrupt a Python method that has just taken it.
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self._forking = local()
        if hasattr(os, "register_at_fork"):  # pragma: no branch - not on Windows, which does not fork
            os.register_at_fork(before=self._before, after_in_parent=self._after, after_in_child=self._after_in_child)

    def _before(self) -> None:
        self._forking.held = self.lock.acquire(timeout=FORK_WAIT_S)

    def _after(self) -> None:
        if self._forking.held:
            self.lock.release()

    def _after_in_child(self) -> None:
        if not self._forking.held:
            self.lock = RLock()
        else:
            self.lock.release()


importing: ForkSafeLock = ForkSafeLock()
"""Held during the imports of a first call."""
in_openssl: ForkSafeLock = ForkSafeLock()
"""Held during work that takes OpenSSL's locks or that a client does once; not while waiting for the network."""


class Unique:
    """Base of objects that hold the API key and open connections: they cannot be copied or pickled."""

    def __copy__(self, *_: object, fate: str = "copied; share it") -> NoReturn:
        raise TypeError(f"a {type(self).__name__} holds the API key and open connections and cannot be {fate}")

    __deepcopy__ = __copy__

    def __reduce__(self) -> NoReturn:
        self.__copy__(fate="pickled; make one per process")


def from_handler(exc: BaseException) -> bool:
    """Return whether a signal handler, such as a time limit, raised this exception of any type."""
    step: TracebackType | None = exc.__traceback__
    while step and step.tb_next:
        # Only a signal handler is called with the frame that it interrupts.
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
    """Return the signal handler's exception that other code turned into this error, if there is one.

    ``outer`` was being handled before the call: it and its causes are older.
    """
    link: BaseException | None = error
    for _ in range(MAX_LINKS):
        if link is None or link is outer or from_handler(link):
            return None if link is outer else link
        link = link.__cause__ or link.__context__
    return None
