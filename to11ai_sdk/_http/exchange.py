"""The seam below the transport: one attempt, its reply, what turns the one into the other, and the clocks.

Each reading of a clock looks it up in :mod:`time`, so that tools that replace it in tests replace all of ours together.
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
        """Sends one request and reads its reply, all before its deadline."""

        def __call__(self, attempt: Attempt) -> Reply:
            """Make one attempt; raises ``To11aiNetworkError`` when no usable reply came in time."""
            ...

        def prepare(self) -> None:
            """Load what the network needs, so that the time of an attempt is spent on the network alone."""

        def connect(self, attempt: Attempt) -> None:
            """Open a connection that the next exchange uses."""

        def close(self) -> None:
            """Close what is kept open between exchanges."""


MAX_BODY = 32 * 1024 * 1024
"""Bytes of a body that are read, after decompression."""
# Not a function of ours: one more would be a tenth of a cache hit.
monotonic: Callable[[], float] = partial(methodcaller("monotonic"), time)
"""Seconds of a clock that never goes back."""
now: Callable[[], float] = partial(methodcaller("time"), time)
"""Seconds since 1970."""


class Attempt:
    """One request, and what is known of how to send it.

    Attributes:
        method: HTTP method.
        url: absolute URL.
        headers: field values by name.
        body: the body, ``None`` for no body.
        deadline: time of :func:`monotonic` at which the attempt ends.
        ends: time at which the whole call ends: no deadline is later.
        safe: whether it may be sent on a connection that has served before: the server may just have closed it, and
            then nobody knows whether the request was processed.
        meanwhile: what to do while the server thinks.
        clock: the clock of these times.
    """

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
        self.method: str = method
        self.url: str = url
        self.headers: Mapping[str, str] = headers
        self.body: bytes | None = body
        self.deadline: float = deadline
        self.ends: float = ends
        self.safe: bool = safe
        self.meanwhile: Callable[[], object] | None = meanwhile
        self.clock: Callable[[], float] = clock

    def work(self) -> None:
        """Do what is to be done meanwhile, and move the deadline by the time that it takes."""
        if self.meanwhile:
            started = self.clock()
            self.meanwhile()
            self.deadline = min(self.deadline + (self.clock() - started), self.ends)


class Reply:
    """One HTTP reply.

    Attributes:
        status: HTTP status.
        headers: field values by lower-case name.
        body: the body, decompressed; ``None`` if it was over ``MAX_BODY``.
        reason: the words for the status.
    """

    __slots__ = ("body", "headers", "reason", "status")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes | None, reason: str = "") -> None:
        self.status: int = status
        self.headers: Mapping[str, str] = headers
        self.body: bytes | None = body
        self.reason: str = reason

    @property
    def request_id(self) -> str | None:
        """The server's id of the request, where it sent one."""
        return self.headers.get("x-to11-request-id") or self.headers.get("x-request-id")
