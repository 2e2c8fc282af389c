"""Failures on demand, so that users can test their own error paths."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Event, Lock
from typing import TYPE_CHECKING

from ..problems import Problem
from . import envelope

if TYPE_CHECKING:
    from collections.abc import Mapping

_CODES = {
    400: "INVALID_INPUT",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    409: "CONFLICT",
    429: "RATE_LIMITED",
    500: "INTERNAL",
    503: "SERVICE_UNAVAILABLE",
}


@dataclass(frozen=True)
class Fault:
    """How one request fails; see ``LocalTo11.fail_next``."""

    status: int | None = None
    code: str | None = None
    delay_s: float = 0.0
    drop: bool = False
    headers: Mapping[str, str] | None = None
    body: bytes | None = None
    match: str | None = None
    processed: bool = False

    @property
    def replies(self) -> bool:
        """Whether it replaces the reply; a fault that only delays leaves it as it is."""
        return self.status is not None or self.body is not None or self.headers is not None

    def reply(self) -> tuple[int, bytes]:
        """Status and body of the reply."""
        status = 200 if self.status is None else self.status
        if self.body is not None:
            return status, self.body
        code = self.code or _CODES.get(status, "INJECTED")
        return status, envelope.encode(envelope.failure(Problem(status, code, "fail_next asked for this failure")))


class Faults:
    """The faults to come, each for one request, first come first served."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = Lock()
        self._over = Event()

    def add(self, fault: Fault, times: int) -> None:
        """Let the next requests that match fail so."""
        with self._lock:
            self._waiting += [fault] * times

    def take(self, row_name: str | None) -> Fault | None:
        """The fault for a request of this row, once; ``None`` if it shall work."""
        with self._lock:
            for place, fault in enumerate(self._waiting):
                if fault.match in (None, row_name):
                    return self._waiting.pop(place)
        return None

    def clear(self) -> None:
        """Forget the faults to come."""
        with self._lock:
            self._waiting.clear()

    def wait(self, seconds: float) -> None:
        """Wait, but not beyond the end of the server."""
        if seconds > 0:
            self._over.wait(seconds)

    def end(self) -> None:
        """End every wait."""
        self._over.set()
