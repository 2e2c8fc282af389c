"""Runs an action on several items at a time, so that a person can interrupt it."""

from __future__ import annotations

from threading import Lock, Thread
from time import sleep
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

WORKERS = 8
"""How many items are worked on at a time."""
_Item = TypeVar("_Item")


class _Work(Generic[_Item]):
    """What several threads do until all is done or something fails."""

    def __init__(self, action: Callable[[_Item], object], items: Iterable[_Item]) -> None:
        self._action = action
        self._waiting = iter(items)
        self._lock = Lock()
        self.under_way: list[object] = []
        self.failures: list[BaseException] = []

    def run(self) -> None:
        """Work on items in one thread."""
        me = object()
        while True:
            with self._lock:
                item = None if self.failures else next(self._waiting, None)
                if item is None:
                    return
                self.under_way.append(me)
            try:
                self._action(item)
            except BaseException as exc:
                self.failures.append(exc)
            finally:
                self.under_way.remove(me)

    def stop(self, reason: BaseException) -> None:
        """Begin nothing from now on."""
        with self._lock:
            self.failures.append(reason)


def for_each(
    action: Callable[[_Item], object], items: Iterable[_Item], stopping: Callable[[], None] | None = None
) -> None:
    """Call an action with each item, several at a time, until all are done or one fails, and raise its exception.

    An interruption calls ``stopping`` and waits for the actions under way, but a second one, or one without
    ``stopping``, does not: the threads end with the process.
    """
    work = _Work(action, items)
    threads = [Thread(target=work.run, daemon=True) for _ in range(WORKERS)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)  # without a time, Windows notices no Ctrl-C
    except BaseException as exc:
        work.stop(exc)
        if stopping is not None:
            stopping()
            while work.under_way:  # is_alive() may be wrong after an interrupted start()
                sleep(0.05)
        raise
    if work.failures:
        raise work.failures[0]
