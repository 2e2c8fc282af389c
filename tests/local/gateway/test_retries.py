"""How often a failing call is sent: by the gateway to a provider, and by clients to the gateway."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from gateway_harness import HELLO, Caller
from werkzeug import Response

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.upstream.retry_budget import ProviderBudget

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_httpserver import HTTPServer

CHAT = b'{"id":"c","model":"m","choices":[{"index":0,"message":{"content":"Hi"},"finish_reason":"stop"}]}'


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 28, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def to11(httpserver: HTTPServer, clock: Clock) -> Generator[LocalTo11]:
    provider = {"kind": "upstream", "base_url": httpserver.url_for("/v1"), "key_env": "NO_SUCH_KEY", "models": ["*"]}
    providers = {"up": {**provider, "dialect": "openai"}, "other": {**provider, "dialect": "openai"}}
    providers |= {"mistral": provider}
    with LocalTo11(providers=providers, sleep=lambda seconds: None, clock=clock) as local:
        yield local


def answer(server: HTTPServer, status: int, body: bytes = b"{}", **headers: str) -> None:
    server.clear_all_handlers()
    fields = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
    server.expect_request("/v1/chat/completions").respond_with_response(Response(body, status, fields))


def sent(server: HTTPServer, to11: LocalTo11, times: int, model: str = "up::m") -> int:
    """How many requests of so many calls reach the provider."""
    before = len(server.log)
    for _ in range(times):
        Caller(to11).chat(model)
    return len(server.log) - before


def test_an_outage_is_not_multiplied(httpserver: HTTPServer, to11: LocalTo11) -> None:
    answer(httpserver, 500)
    assert sent(httpserver, to11, 30) == 30 + 10
    assert sent(httpserver, to11, 5) == 5
    assert sent(httpserver, to11, 1, "other::m") == 3


def test_the_budget_comes_back_with_successes_and_with_time(
    httpserver: HTTPServer, to11: LocalTo11, clock: Clock
) -> None:
    answer(httpserver, 503)
    assert sent(httpserver, to11, 10) == 10 + 10
    answer(httpserver, 200, CHAT)
    assert sent(httpserver, to11, 20) == 20
    answer(httpserver, 503)
    assert sent(httpserver, to11, 3) == 3 + 2
    clock.move(18)
    assert sent(httpserver, to11, 3) == 3 + 3
    clock.move(-3600)
    assert sent(httpserver, to11, 3) == 3
    clock.move(7200)
    assert sent(httpserver, to11, 20) == 20 + 10


def test_a_provider_that_cannot_be_reached_is_spared_too() -> None:
    waits: list[float] = []
    provider = {"kind": "upstream", "dialect": "openai", "base_url": "http://127.0.0.1:9", "models": ["*"]}
    with LocalTo11(providers={"down": provider}, sleep=waits.append) as to11:
        for _ in range(20):
            assert Caller(to11).chat("down::m").status == 502
    assert len(waits) == 10


def test_echo_needs_no_budget() -> None:
    waits: list[float] = []
    with LocalTo11(sleep=waits.append) as to11:
        for number in range(15):
            assert Caller(to11).chat(text=f"[[echo:status=503,times=2]] {number}").status == 200
    assert len(waits) == 30


def test_threads_share_a_budget() -> None:
    budget, spent = ProviderBudget(lambda: 0.0), []

    def spend() -> None:
        spent.extend(budget.spend() for _ in range(200))

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert spent.count(True) == 10


CALLS: dict[str, tuple[str, str, Any, int]] = {
    "malformed": ("POST", "/v1/chat/completions", b"{", 400),
    "no model": ("POST", "/v1/messages", {"model": "function::nope", "max_tokens": 9, "messages": HELLO}, 404),
    "ambiguous": ("POST", "/v1/responses", {"model": "m", "input": "Hi"}, 409),
    "no such endpoint": ("POST", "/v1/nothing", {}, 404),
    "no such method": ("PUT", "/v1/messages", {}, 405),
    "native": ("POST", "/v1/bedrock/x", {}, 403),
}


@pytest.mark.parametrize(("method", "path", "body", "status"), CALLS.values(), ids=CALLS)
def test_errors_that_stay_say_so(to11: LocalTo11, method: str, path: str, body: Any, status: int) -> None:
    reply = Caller(to11).send(method, path, body)
    assert (reply.status, reply.headers["x-should-retry"]) == (status, "false")


def test_without_a_key_it_stays_so(to11: LocalTo11) -> None:
    reply = Caller(to11).send("POST", "/v1/messages", {}, auth=False)
    assert (reply.status, reply.headers["x-should-retry"]) == (401, "false")


def test_a_guardrail_stays_so() -> None:
    with LocalTo11(config={"guardrails": {"enabled": True, "blocklist": ["project x"]}}) as to11:
        for text in ("project x", "[[echo:say64=cHJvamVjdCB4]]"):
            reply = Caller(to11).chat(text=text)
            assert (reply.status in (400, 422), reply.headers["x-should-retry"]) == (True, "false")


@pytest.mark.parametrize("path", ["chat/completions", "messages", "mistral/chat/completions"])
@pytest.mark.parametrize(
    ("status", "said", "expected"),
    [
        (400, None, "false"),
        (401, None, "false"),
        (403, None, "false"),
        (404, None, "false"),
        (422, None, "false"),
        (409, None, None),
        (408, None, None),
        (429, None, None),
        (400, "true", "true"),
        (409, "false", "false"),
        (429, "false", "false"),
    ],
)
def test_errors_of_providers(
    httpserver: HTTPServer, to11: LocalTo11, path: str, status: int, said: str | None, expected: str | None
) -> None:
    answer(httpserver, status, b'{"error":{"message":"No."}}', **({"x_should_retry": said} if said else {}))
    body = {"model": "up::m", "max_tokens": 9, "messages": HELLO}
    reply = Caller(to11).send("POST", f"/v1/{path}", body)
    assert (reply.status, reply.headers.get("x-should-retry")) == (status, expected)


@pytest.mark.parametrize("status", [500, 502, 503, 529])
def test_failures_of_providers_may_pass(httpserver: HTTPServer, to11: LocalTo11, status: int) -> None:
    answer(httpserver, status)
    assert "x-should-retry" not in Caller(to11).chat("up::m").headers
