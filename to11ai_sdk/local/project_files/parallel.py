"""Runs an action on several items at a time, so that a person can interrupt it."""

from __future__ import annotations

from threading import Lock, Thread
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

WORKERS = 8
"""How many items are worked on at a time."""
_Item = TypeVar("_Item")


def for_each(
    action: Callable[[_Item], object], items: Iterable[_Item], stopping: Callable[[], None] | None = None
) -> None:
    """Call an action with each item, several at a time, until all are done or one fails, and raise its exception.

    An interruption calls ``stopping`` and waits for the actions under way, but a second one, or one without
    ``stopping``, does not: the threads end with the process.
    """
    waiting, lock, failures = iter(items), Lock(), list[BaseException]()

    def work() -> None:
        while not failures:
            try:
                with lock:
                    item = next(waiting)
            except StopIteration:
                return
            try:
                action(item)
            except BaseException as exc:
                failures.append(exc)

    threads = [Thread(target=work, daemon=True) for _ in range(WORKERS)]
    try:
        for thread in threads:
            thread.start()
        _join(threads)
    except BaseException as exc:
        failures.append(exc)
        if stopping is not None:
            stopping()
            _join(threads)
        raise
    if failures:
        raise failures[0]


def _join(threads: Sequence[Thread]) -> None:
    for thread in threads:
        while thread.is_alive():
            thread.join(0.2)  # without a time, Windows notices no Ctrl-C
