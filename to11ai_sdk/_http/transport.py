"""Makes a call in one or more attempts: waits between them, and raises the final exception."""

from __future__ import annotations

import sys
import time

from ..errors import MESSAGE_LIMIT, To11aiApiError, To11aiError, To11aiNetworkError, To11aiResponseValidationError
from . import exchange as clocks
from . import retry
from .encoding import error_from_reply, json_bytes, unwrap
from .exchange import REQUEST_ID, HttpAttempt
from .headers import SHORTEST_SECRET, redact, request_headers, secrets_of
from .process_safety import Unique, handler_error
from .urllib_exchange import MAX_REDIRECTS, redirect_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ..resources.endpoint import Endpoint, Read
    from .encoding import Request
    from .exchange import Exchange, Reply


class Transport(Unique):
    """Makes the calls of one client; threads may share it. ``on_envelope`` is called with each success envelope."""

    def __init__(
        self,
        *,
        api_key: str,
        base_url: str,
        timeout_s: float,
        max_retries: int,
        total_timeout_s: float | None,
        on_envelope: Callable[[Mapping[str, Any]], None],
        default_headers: Mapping[str, str] | None = None,
        exchange: Exchange,
        clock: Callable[[], float] = clocks.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] | None = None,
        now: Callable[[], float] = clocks.now,
    ) -> None:
        self.api_key = api_key
        self.base_url = base_url
        self.timeout_s = timeout_s
        self.max_retries = max_retries
        self.total_timeout_s = total_timeout_s
        self._on_envelope = on_envelope
        self._headers = default_headers or {}
        self._secrets = secrets_of(api_key, self._headers)
        self._exchange = exchange
        self._clock = clock
        self._sleep = sleep
        self._jitter = jitter or _random
        self._now = now
        self._budget = retry.RetryBudget()

    def with_options(self, **options: float | None) -> Transport:
        """Return a transport that shares everything with this one except the given options."""
        twin = object.__new__(Transport)
        twin.__dict__.update(self.__dict__, **options)
        return twin

    def close(self) -> None:
        self._exchange.close()

    def send(self, row: Endpoint, request: Request, read: Read, *, may_retry: bool = True, spent_s: float = 0.0) -> Any:
        """Make a call and return the result of ``read`` for its envelope; ``may_retry=False`` makes one attempt.

        ``spent_s`` of ``total_timeout_s`` have passed already.
        """
        outer = sys.exc_info()[1]
        body = None if request.body is None else json_bytes(request.body)
        url = self.base_url + request.target
        started = self._clock()
        ends = started - spent_s + (self.total_timeout_s or float("inf"))
        retries = self.max_retries if may_retry else 0
        attempt = 0
        while True:
            attempt += 1
            try:
                return self._attempt(row, url, body, attempt, ends, read)
            except To11aiError as error:
                _raise_of_handler(error, outer)
                wait = self._wait(error, row, attempt) if attempt <= retries else None
                now = self._clock()
                if wait is None or now + wait >= ends or not self._budget.spend():
                    self._describe(error, row, attempt, now - started)
                    raise
            self._sleep(wait)

    def _attempt(self, row: Endpoint, url: str, body: bytes | None, attempt: int, ends: float, read: Read) -> Any:
        started = self._clock()
        reply, outcome = None, "failed"
        try:
            reply = self._exchanged(row, url, body, ends)
            outcome = str(reply.status)
            return self._result(reply, read)
        except To11aiError as error:
            error.request_id = reply.request_id if reply else None
            raise
        finally:
            self._log(row, outcome, attempt, self._clock() - started)

    def _exchanged(self, row: Endpoint, url: str, body: bytes | None, ends: float) -> Reply:
        redirects = MAX_REDIRECTS if row.method == "GET" else 0
        self._prepare(row)
        deadline = min(self._clock() + self.timeout_s, ends)
        while True:
            attempt = HttpAttempt(
                row.method,
                url,
                request_headers(self.api_key, self._headers),
                body,
                deadline=deadline,
                ends=ends,
                safe=row.safe,
                meanwhile=row.prepare if row.reads else None,
                clock=self._clock,
            )
            reply = self._exchange(attempt)
            target = redirect_target(reply, url)
            if target is None or redirects == 0:
                return reply
            url, redirects, deadline = target, redirects - 1, attempt.deadline

    def _prepare(self, row: Endpoint) -> None:
        # Nothing is sent unless its reply can be read. For a read that takes only Pydantic's compiled core; the rest is
        # imported while the server works.
        self._exchange.prepare()
        if row.reads:
            row.load()
        else:
            row.prepare()

    def warm_up(self, rows: Iterable[Endpoint], *, connect: bool) -> None:
        """See :meth:`To11aiClient.warm_up`."""
        outer, started = sys.exc_info()[1], self._clock()
        self._exchange.prepare()
        for row in rows:
            row.prepare()
        if connect:
            bound = min(self.timeout_s, self.total_timeout_s or self.timeout_s)
            try:
                self._exchange.connect(HttpAttempt("GET", self.base_url, {}, None, deadline=self._clock() + bound))
            except To11aiError as error:
                _raise_of_handler(error, outer)
                error.attempts, error.elapsed_s = 1, self._clock() - started
                self._redact(error)
                raise

    def _result(self, reply: Reply, read: Read) -> Any:
        if not 200 <= reply.status <= 299:
            error = error_from_reply(reply)
            error.retry_after_seconds = retry.retry_after(reply.headers.get("retry-after"), self._now)
            raise error
        self._budget.refund()
        envelope = unwrap(reply)
        self._on_envelope(envelope)
        envelope[REQUEST_ID] = self._clean(reply.request_id)
        try:
            return read(envelope)
        except To11aiResponseValidationError as error:
            error.args = (f"HTTP {reply.status}, but {error}"[:MESSAGE_LIMIT],)
            raise

    def _wait(self, error: To11aiError, row: Endpoint, attempt: int) -> float | None:
        """Return the seconds to wait before the next attempt, if there may be one."""
        status = error.status_code if isinstance(error, To11aiApiError) else None
        if status is None and (not isinstance(error, To11aiNetworkError) or error.final):
            return None
        unsent = isinstance(error, To11aiNetworkError) and error.unsent
        if not retry.may_repeat(safe=row.safe, status=status, unsent=unsent):
            return None
        pause = retry.backoff(attempt, self._jitter())
        asked = error.retry_after_seconds if isinstance(error, To11aiApiError) and status in (429, 503) else None
        if asked is None:
            return pause
        return max(asked, pause) if asked <= retry.RETRY_AFTER_LIMIT_S else None

    def _describe(self, error: To11aiError, row: Endpoint, attempts: int, elapsed_s: float) -> None:
        error.attempts = attempts
        error.elapsed_s = elapsed_s
        error.method = row.method
        error.endpoint = row.path
        self._redact(error)

    def _redact(self, error: To11aiError) -> None:
        for secret in self._secrets:
            redact(error, secret)

    def _clean(self, request_id: str | None) -> str | None:
        """Return an id that does not repeat a secret."""
        echoed = any(secret in (request_id or "") for secret in self._secrets if len(secret) >= SHORTEST_SECRET)
        return None if echoed else request_id

    def _log(self, row: Endpoint, outcome: str, attempt: int, elapsed_s: float) -> None:
        # If logging is not loaded, there is no handler.
        if logger := getattr(sys.modules.get("logging"), "getLogger", None):
            logger("to11ai_sdk").debug(
                "%s %s: %s, attempt %d, %.3f s", row.method, row.path, outcome, attempt, elapsed_s
            )


def _raise_of_handler(error: To11aiError, outer: BaseException | None) -> None:
    if raised := handler_error(error, outer):
        raise raised from raised.__cause__


def _random() -> float:
    from random import random

    return random()  # noqa: S311 - spreads clients out, keeps no secret
