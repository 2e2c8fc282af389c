"""Counts the spans that a collector does not get, and logs that once a minute."""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING

from ... import bounds

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class LostSpans:
    """The spans that were not sent.

    Args:
        url: where they were to be sent.
        timer: returns seconds of a clock that never goes back.

    Attributes:
        total: how many there are.
    """

    def __init__(self, url: str, timer: Callable[[], float]) -> None:
        self.total: int = 0
        self._url = url
        self._timer = timer
        self._lock = Lock()
        self._unlogged = 0
        self._next = timer()

    def add(self, number: int, reason: str) -> None:
        """Count some, and log all that were counted since the last time, unless that was less than a minute ago."""
        with self._lock:
            self.total += number
            self._unlogged += number
            now = self._timer()
            if now < self._next:
                return
            self._next = now + bounds.OTLP_LOG_S
        self.log(reason)

    def log(self, reason: str) -> None:
        """Log those that are not in the log yet, if there are any."""
        with self._lock:
            number, self._unlogged = self._unlogged, 0
        if number:
            words = "1 span was" if number == 1 else f"{number} spans were"
            _log.warning("%s not sent to %s: %s", words, self._url, reason)
