"""Defines the interface below the transport: an attempt, its reply, the exchange between them, and the clocks.

Each reading of a clock looks it up in :mod:`time`, so that test tools that replace it replace all uses together.
"""

from __future__ import annotations

import time
from functools import partial
from operator import methodcaller

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Protocol

    class Exchange(Protocol):
        """Makes attempts."""

        def __call__(self, attempt: HttpAttempt) -> Reply:
            """Return the reply; raises ``To11aiNetworkError`` when no usable one came before the deadline."""
            ...

        def prepare(self) -> None:
            """Load what attempts need."""

        def connect(self, attempt: HttpAttempt) -> None:
            """Open a connection for the next attempt."""

        def close(self) -> None:
            """Close the idle connections."""


MAX_BODY = 32 * 1024 * 1024
"""The most bytes of a body, after decompression."""
REQUEST_ID = "_request_id"
"""Where an envelope, a cached prompt and a model keep the server's id of the request."""
# Not a function of our own: that would add a tenth to a cache hit.
monotonic: Callable[[], float] = partial(methodcaller("monotonic"), time)
"""Seconds of a clock that never goes back."""
now: Callable[[], float] = partial(methodcaller("time"), time)
"""Seconds since 1970."""


class HttpAttempt:
    """One request and how to send it; times are by ``clock``."""

    __slots__ = ("body", "clock", "deadline", "ends", "headers", "meanwhile", "method", "safe", "url")

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        *,
        deadline: float,
        ends: float = float("inf"),
        safe: bool = False,
        meanwhile: Callable[[], object] | None = None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self.method, self.url, self.headers, self.body = method, url, headers, body
        self.deadline = deadline
        # The end of the whole call.
        self.ends = ends
        # Whether it may use an idle connection, which the server may be closing.
        self.safe = safe
        self.meanwhile = meanwhile
        self.clock = clock

    def work(self) -> None:
        """Call ``meanwhile`` while the server works, and move the deadline by its time."""
        if self.meanwhile:
            started = self.clock()
            self.meanwhile()
            self.deadline = min(self.deadline + (self.clock() - started), self.ends)


class Reply:
    """One HTTP reply: field names in lower case, the body decompressed, or ``None`` if over ``MAX_BODY``."""

    __slots__ = ("body", "headers", "reason", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes | None, reason: str = "") -> None:
        self.status: int = status
        self.headers: Mapping[str, str] = headers
        self.body: bytes | None = body
        self.reason: str = reason

    @property
    def request_id(self) -> str | None:
        """Return the server's id of the request, if it sent one."""
        return self.headers.get("x-to11-request-id") or self.headers.get("x-request-id")
