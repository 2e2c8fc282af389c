"""Keeps what the exporter of OpenTelemetry logs, to be said once and without what could harm a log."""

from __future__ import annotations

import logging
from threading import get_ident

from ... import bounds


def printable(text: str) -> str:
    """Return a text from outside as a line of the log may have it."""
    shown = "".join(each if each.isprintable() else " " for each in text[: bounds.MAX_SPAN_TEXT])
    return " ".join(shown.split())


class LibraryLog(logging.Filter):
    """Keeps what the exporter of OpenTelemetry logs in one thread, instead of a line in the log for each batch.

    Attributes:
        latest: the latest message.
    """

    def __init__(self) -> None:
        super().__init__()
        self.latest: str = ""
        self._thread: int | None = None

    def watch(self) -> None:
        """Keep what this thread logs from now on, and forget the latest message."""
        self.latest, self._thread = "", get_ident()

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is for the log: it is of another thread."""
        if record.thread != self._thread:
            return True
        self.latest = printable(record.getMessage())
        return False
