"""Records calls with their bodies in memory, within bounds, as long as the inspector is used and asks for it."""

from __future__ import annotations

import time
from collections import deque
from itertools import count
from threading import RLock
from typing import TYPE_CHECKING

from .. import bounds
from ..headers import SECRETS
from .masking import HIDDEN, header_without_keys, path_without_keys, query_without_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..http.application import Application, HttpReply, HttpRequest, Streaming

    Watch = Callable[[Callable[[Application], Application] | None], None]

_LONGEST = bounds.MAX_RECORDED_BODY + bounds.MAX_GIVEN_KEY
"""What is kept of a body; the end is cut when it is shown, so that no part of a key is left there."""


class RecordedCall:
    """A call while it is answered, and after that.

    Attributes:
        number: its number, counted from 1.
        started_at: when it was received, in seconds since 1970.
        method: HTTP method.
        body: the body; the beginning of a long one.
        status: HTTP status of the reply, ``None`` if there is none.
        request_id: ``x-to11-request-id`` of the reply.
        latency_ms: milliseconds until its last byte, ``None`` before that.
        reply: the body of the reply; the beginning of a long one.
    """

    def __init__(self, number: int, request: HttpRequest, started_at: float) -> None:
        self.number: int = number
        self.started_at: float = started_at
        self.method: str = request.method
        self._target = request.target
        self._headers = {name: HIDDEN if name in SECRETS else value for name, value in request.headers.items()}
        self.body: bytes = request.body[:_LONGEST]
        self.status: int | None = None
        self.request_id: str | None = None
        self.latency_ms: float | None = None
        self.reply: bytearray = bytearray()
        self._begun = time.perf_counter()

    # Keys are looked for when the call is shown, not while it is answered.
    @property
    def path(self) -> str:
        """The path as it was sent, without keys."""
        return path_without_keys(self._target.path)

    @property
    def query(self) -> str:
        """The query as it was sent, without keys."""
        return query_without_keys(self._target.query)

    @property
    def headers(self) -> dict[str, str]:
        """Headers by lower-case name, without keys."""
        return {name: header_without_keys(name, value) for name, value in self._headers.items()}

    def begin_reply(self, reply: HttpReply) -> None:
        """Record the head of the reply."""
        self.status = reply.status
        self.request_id = reply.headers.get("x-to11-request-id")

    def add(self, part: bytes) -> None:
        """Record a part of the reply."""
        self.reply += part[: _LONGEST - len(self.reply)]

    def end(self) -> None:
        """Record that the call is over."""
        if self.latency_ms is None:
            self.latency_ms = round((time.perf_counter() - self._begun) * 1000, 1)


class Recording:
    """The latest calls. It ends by itself when the inspector has not been used for a while.

    Args:
        watch: puts an application before those that answer calls, or removes it.
        now: returns the time in seconds since 1970.
        timer: returns seconds of a clock that never goes back.
    """

    def __init__(self, watch: Watch, now: Callable[[], float], timer: Callable[[], float] = time.monotonic) -> None:
        self._watch = watch
        self._now = now
        self._timer = timer
        self._end: float | None = None
        self._kept: deque[RecordedCall] = deque(maxlen=bounds.MAX_RECORDED_CALLS)
        self._numbers = count(1)
        self._lock = RLock()

    @property
    def is_on(self) -> bool:
        """Whether calls are recorded now; what was recorded is deleted when that ends."""
        with self._lock:
            if self._end is not None and self._timer() >= self._end:
                self.stop()
            return self._end is not None

    def start(self) -> None:
        """Record the calls from now on."""
        with self._lock:
            self._end = self._timer() + bounds.RECORDING_S
            self._watch(lambda application: _Recorded(application, self))

    def stop(self) -> None:
        """Stop recording, and delete what was recorded."""
        with self._lock:
            self._end = None
            self._kept.clear()
            self._watch(None)

    def prolong(self) -> None:
        """Go on for a while, because somebody looks at the calls."""
        with self._lock:
            if self.is_on:
                self._end = self._timer() + bounds.RECORDING_S

    def calls(self) -> list[RecordedCall]:
        """Return the calls, newest first."""
        with self._lock:
            return list(self._kept)[::-1]

    def find(self, number: str) -> RecordedCall | None:
        """Return a call by its number."""
        return next((call for call in self.calls() if str(call.number) == number), None)

    def of_request(self, request_id: str | None) -> RecordedCall | None:
        """Return the call with this id of a request."""
        return next((call for call in self.calls() if request_id and call.request_id == request_id), None)

    def begin(self, request: HttpRequest) -> RecordedCall | None:
        """Record a request, if requests are recorded now."""
        with self._lock:
            if not self.is_on:
                return None
            call = RecordedCall(next(self._numbers), request, self._now())
            self._kept.append(call)
        return call


class _Recorded:
    """An application whose calls are recorded."""

    def __init__(self, application: Application, recording: Recording) -> None:
        self._application = application
        self._recording = recording

    @property
    def max_body(self) -> int:
        """The longest body that it accepts, in bytes."""
        return self._application.max_body

    def __call__(self, request: HttpRequest) -> HttpReply:
        """Answer one request."""
        call = self._recording.begin(request)
        if call is None:
            return self._application(request)
        try:
            reply = self._application(request)
        except BaseException:
            call.end()
            raise
        call.begin_reply(reply)
        if not isinstance(reply.body, bytes):
            return reply._replace(body=_RecordedStream(reply.body, call))
        call.add(reply.body)
        call.end()
        return reply


class _RecordedStream:
    """A body that is recorded as it is sent."""

    def __init__(self, body: Streaming, call: RecordedCall) -> None:
        self._body = body
        self._call = call

    def __iter__(self) -> Iterator[bytes]:
        for part in self._body:
            self._call.add(part)
            yield part
        self._call.end()

    def close(self) -> None:
        """Release what the body needs."""
        self._call.end()
        self._body.close()
