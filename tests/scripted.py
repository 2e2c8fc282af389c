"""A client on a clock that only moves when something waits, over exchanges that follow a script."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from samples import RESOLVED, success

from to11ai_sdk._http.exchange import Reply
from to11ai_sdk._http.transport import Transport
from to11ai_sdk.behaviors import BehaviorStore
from to11ai_sdk.cache import PromptCache
from to11ai_sdk.client import To11aiClient
from to11ai_sdk.errors import To11aiNetworkError

if TYPE_CHECKING:
    from to11ai_sdk._http.exchange import HttpAttempt

KEY = "to11_sk_0123456789abcdef"
URL = "https://to11.test"
Step = Reply | To11aiNetworkError | Callable[[], Reply]


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


class Sent(NamedTuple):
    """One request that was handed over to be sent."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None
    deadline: float
    safe: bool


class Script:
    """An exchange that plays its steps, the last one again and again."""

    def __init__(self, *steps: Step) -> None:
        self.steps = [*steps]
        self.sent: list[Sent] = []
        self.connected: list[HttpAttempt] = []
        self.prepared = 0
        self.closed = 0

    def __call__(self, attempt: HttpAttempt) -> Reply:
        self.sent.append(
            Sent(attempt.method, attempt.url, attempt.headers, attempt.body, attempt.deadline, attempt.safe)
        )
        attempt.work()
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return step if isinstance(step, Reply) else step()

    def prepare(self) -> None:
        self.prepared += 1

    def connect(self, attempt: HttpAttempt) -> None:
        self.connected.append(attempt)

    def close(self) -> None:
        self.closed += 1


class Stage(NamedTuple):
    """A client and what it stands on."""

    client: To11aiClient
    script: Script
    clock: Clock
    cache: PromptCache


def staged(
    *steps: Step,
    max_retries: int = 3,
    timeout_s: float = 30.0,
    total_timeout_s: float | None = None,
    ttl_s: float = 300.0,
    max_entries: int = 100,
    stale_if_error_s: float = 3600.0,
    jitter: float = 0.0,
    cache: PromptCache | None = None,
    clock: Clock | None = None,
) -> Stage:
    """A client over scripted exchanges; without steps each resolve succeeds."""
    clock, script, behaviors = clock or Clock(), Script(*(steps or (answer(RESOLVED),))), BehaviorStore()
    if cache is None:
        cache = PromptCache(ttl_s=ttl_s, max_entries=max_entries, stale_if_error_s=stale_if_error_s, clock=clock)
    transport = Transport(
        api_key=KEY,
        base_url=URL,
        timeout_s=timeout_s,
        max_retries=max_retries,
        total_timeout_s=total_timeout_s,
        on_envelope=behaviors.absorb,
        exchange=script,
        clock=clock,
        sleep=clock.sleep,
        jitter=lambda: jitter,
        now=lambda: 1_700_000_000.0,
    )
    return Stage(To11aiClient(parts=lambda: (transport, cache), behaviors=behaviors), script, clock, cache)


def answer(data: Any, **more: Any) -> Reply:
    """A reply with a success envelope."""
    return raw(json.dumps(success(data, **more)))


def raw(body: str | bytes | None, status: int = 200, **headers: str) -> Reply:
    """A reply with this body; ``retry_after="1"`` is the header Retry-After."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, fields, body.encode() if isinstance(body, str) else body, "Reason")


def status(code: int, **headers: str) -> Reply:
    """A reply that only has a status."""
    return raw("", code, **headers)


def lost(*, unsent: bool = False, final: bool = False) -> To11aiNetworkError:
    """A connection that failed."""
    error = To11aiNetworkError("host: lost")
    error.unsent, error.final = unsent, final
    return error
