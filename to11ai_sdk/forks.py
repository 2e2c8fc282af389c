"""What a fork waits for: it copies one thread and every lock as it is, held by a thread that is no longer there.

The import system and OpenSSL have locks that a child could then wait for without end.
"""

from __future__ import annotations

import os
from threading import RLock, local

TYPE_CHECKING = False
if TYPE_CHECKING:
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
