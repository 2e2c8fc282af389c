"""Injects failures on demand, so that users can test their own error paths."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from threading import TIMEOUT_MAX, Event, Lock
from typing import TYPE_CHECKING, Any

from ... import settings
from ...resources.parameters import KINDS
from ...resources.table import ENDPOINTS
from ..hang_up import NEVER
from ..problems import Problem
from . import reply_envelope
from .application import HttpReply

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..hang_up import HangUp

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
_KINDS = {"status": "int", "code": "str", "headers": "Mapping[str, Any]", "match": "str"}
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


@dataclass(frozen=True)
class InjectedFailure:
    """How one request fails; see ``LocalTo11.fail_next``.

    Raises:
        TypeError: a value of the wrong type; names the argument.
        ValueError: an invalid value, or no failure at all; names the argument.
    """

    status: int | None = None
    code: str | None = None
    delay_s: float = 0.0
    drop: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    body: bytes | None = None
    match: str | None = None
    processed: bool = False

    def __post_init__(self) -> None:
        for name, kind in _KINDS.items():
            if getattr(self, name) is not None:
                KINDS[kind].check(name, getattr(self, name))
        if self.status is not None and not 200 <= self.status <= 599:
            raise ValueError(f"status must be a final HTTP status, 200 to 599, not {self.status}")
        if self.code is not None and self.status is None:
            raise ValueError("code is the word for an error: give its status, too")
        if self.match is not None and self.match not in ENDPOINTS:
            raise ValueError(f"match must be the name of an endpoint, such as 'prompts.resolve', not {self.match!r}")
        _check_content(self.body, self.headers)
        _check_seconds(self.delay_s)
        if not (self.replies or self.drop or self.headers or self.delay_s):
            raise ValueError("say how to fail: status, body, headers, delay_s or drop")

    @property
    def replies(self) -> bool:
        """Whether it replaces the reply, instead of only delaying it or adding headers."""
        return self.status is not None or self.body is not None

    def reply(self) -> HttpReply:
        """Return the reply, without the further headers."""
        status = self.status or 200
        code = self.code or _CODES.get(status, "INJECTED")
        envelope = reply_envelope.error_envelope(Problem(status, code, "fail_next asked for this failure"))
        body = reply_envelope.encode(envelope) if self.body is None else self.body
        return HttpReply(status, {"content-type": "application/json"}, body)


def _check_content(body: Any, headers: Mapping[str, Any]) -> None:
    if not isinstance(body, bytes | None):
        raise TypeError(f"body must be bytes or a str, not {type(body).__name__}")
    for name, value in headers.items():
        if not _FIELD_NAME.fullmatch(name):
            raise ValueError(f"headers: {name!r} is no name of a header")
        if value != "":
            settings.header_value(f"headers[{name!r}]", value)


def _check_seconds(delay_s: Any) -> None:
    if not isinstance(delay_s, int | float):
        raise TypeError(f"delay_s must be a number of seconds, not {type(delay_s).__name__}")
    if not 0 <= delay_s <= TIMEOUT_MAX:
        raise ValueError(f"delay_s must be 0 to {TIMEOUT_MAX:.0f} seconds, not {delay_s}")


class FailureQueue:
    """The requested failures, one for each request, in order."""

    def __init__(self) -> None:
        self._waiting: list[InjectedFailure] = []
        self._lock = Lock()
        self._waits: set[Event] = set()
        self._is_over = False

    def add(self, failure: InjectedFailure, times: int) -> None:
        """Make the next matching requests fail this way.

        Raises:
            TypeError: ``times`` is not an ``int``.
            ValueError: ``times`` is less than 1.
        """
        if KINDS["int"].check("times", times) < 1:
            raise ValueError(f"times must be 1 or more, not {times}")
        with self._lock:
            self._waiting += [failure] * times

    def take(self, row_name: str | None) -> InjectedFailure | None:
        """Return and remove the failure for a request of this row; ``None`` if there is none."""
        with self._lock:
            for place, failure in enumerate(self._waiting):
                if failure.match in (None, row_name):
                    return self._waiting.pop(place)
        return None

    def waiting(self) -> list[InjectedFailure]:
        """Return the failures that have not happened yet, in order."""
        with self._lock:
            return list(self._waiting)

    def clear(self) -> None:
        """Remove all failures."""
        with self._lock:
            self._waiting.clear()

    def wait(self, seconds: float, hang_up: HangUp = NEVER) -> None:
        """Wait, but no longer than the server runs and the caller stays."""
        if seconds <= 0:
            return
        done = Event()
        with hang_up.ending(done.set):
            with self._lock:
                self._waits.add(done)
                is_over = self._is_over
            if not is_over:
                done.wait(seconds)
        with self._lock:
            self._waits.discard(done)

    def end(self) -> None:
        """End every wait."""
        with self._lock:
            self._is_over = True
            for done in self._waits:
                done.set()
