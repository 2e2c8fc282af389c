"""The cache over a real provider: what belongs to the key, the caller's cache-control, and identical calls at once."""

from __future__ import annotations

import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Semaphore, Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from gateway_harness import HELLO, Caller, Reply

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.answer import Answer
from to11ai_sdk.local.gateway.gateway_problem import GatewayProblem
from to11ai_sdk.local.gateway.observe import in_flight_calls
from to11ai_sdk.local.gateway.observe.cache_key import CacheUse
from to11ai_sdk.local.gateway.observe.in_flight_calls import InFlightCalls
from to11ai_sdk.local.hang_up import HangUp

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

REPLY = {"id": "c", "object": "chat.completion", "model": "m", "choices": [{"message": {"content": "Hi"}}]}
KEY = ("project", "environment", "digest")
SHARED = Answer(200, {}, b"shared")


class Provider:
    """A server that answers a chat once ``go`` is set, each with the next of ``statuses`` (the last one for ever)."""

    def __init__(self) -> None:
        self.go = Event()
        self.go.set()
        self.asked = Event()
        self.statuses = [200]
        self.requests = 0
        self._lock = Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                status = provider.next_status()
                provider.go.wait(30)
                body = json.dumps(REPLY if status == 200 else {"error": {"message": "no"}}).encode()
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def next_status(self) -> int:
        with self._lock:
            self.requests += 1
            self.asked.set()
            return self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]


@pytest.fixture(scope="module")
def server() -> Generator[Provider]:
    provider = Provider()
    yield provider
    provider.server.shutdown()
    provider.server.server_close()


@contextmanager
def running(provider: Provider, *, enabled: bool = True, **more: Any) -> Generator[Caller]:
    table = {"kind": "upstream", "dialect": "openai", "base_url": provider.url, "models": ["m"], **more}
    config = {"cache": {"enabled": enabled}, "providers": {"ups": table}}
    with LocalTo11(config=config, sleep=lambda seconds: None) as to11:
        yield Caller(to11)


@pytest.fixture
def provider(server: Provider) -> Generator[Provider]:
    server.requests, server.statuses = 0, [200]
    server.asked.clear()
    server.go.set()
    yield server
    server.go.set()


def ask(caller: Caller, path: str = "/v1/chat/completions", content: bytes | None = None, **headers: str) -> Reply:
    return caller.send("POST", path, content or {"model": "m", "messages": HELLO}, **headers)


def seen(caller: Caller, *calls: dict[str, Any]) -> list[str]:
    return [ask(caller, **call).headers["x-to11-cache"] for call in calls]


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/v1/chat/completions?x=1"},
        {"authorization": "Bearer sk-other"},
        {"x_api_key": "sk-other"},
        {"api_key": "sk-azure"},
        {"openai_organization": "org"},
        {"openai_beta": "assistants=v2"},
        {"anthropic_beta": "tools"},
        {"accept_language": "de"},
        {"x_custom": "1"},
    ],
    ids=str,
)
def test_all_that_is_forwarded_and_can_change_the_reply_belongs_to_the_key(
    provider: Provider, other: dict[str, Any]
) -> None:
    first = {"authorization": "Bearer sk-first"}
    with running(provider) as caller:
        assert seen(caller, first, {**first, **other}, first, {**first, **other}) == ["miss", "miss", "hit", "hit"]
    assert provider.requests == 2


@pytest.mark.parametrize(
    "header",
    [
        {"user_agent": "other/1.0"},
        {"x_stainless_retry_count": "1"},
        {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
        {"tracestate": "a=b"},
        {"x_request_id": "r"},
        {"x_to11_session_id": "s"},
        {"cookie": "c=1"},
    ],
    ids=str,
)
def test_what_only_traces_or_describes_the_caller_does_not(provider: Provider, header: dict[str, str]) -> None:
    with running(provider) as caller:
        assert seen(caller, {}, header) == ["miss", "hit"]


def test_a_callers_key_that_no_provider_gets_does_not(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UPS_KEY", "sk-managed")
    with running(provider, key_env="UPS_KEY") as caller:
        assert seen(caller, {"authorization": "Bearer sk-a"}, {"authorization": "Bearer sk-b"}) == ["miss", "hit"]


def test_no_key_is_stored(provider: Provider) -> None:
    with running(provider) as caller:
        ask(caller, authorization="Bearer sk-secret")
        with caller.to11._now.platform.owner(caller.to11.project_id) as session:
            assert "sk-secret" not in str([dict(row) for row in session.tx.all("SELECT * FROM gateway_replies")])


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b'"temperature": 1', b'"temperature": 1.0'),
        (b'"stream": false', b'"user": "u"'),
        (b'"stream": null', b'"stream": false'),
        (b'"metadata": {"a": [2.0, 1e2]}', b'"metadata": {"a": [2, 100]}'),
    ],
)
def test_equal_values_are_the_same_request(provider: Provider, one: bytes, other: bytes) -> None:
    def body(more: bytes) -> bytes:
        members = b'"user": "u"' if more == b'"user": "u"' else b'"user": "u", ' + more
        return b'{"model": "m", "messages": [], ' + members + b"}"

    with running(provider) as caller:
        assert seen(caller, {"content": body(one)}, {"content": body(other)}) == ["miss", "hit"]


@pytest.mark.parametrize(("one", "other"), [(b"1", b"true"), (b"0.5", b"0"), (b'"1"', b"1"), (b"1e300", b"1e301")])
def test_other_values_are_another(provider: Provider, one: bytes, other: bytes) -> None:
    calls = [{"content": b'{"model": "m", "messages": [], "x": ' + value + b"}"} for value in (one, other)]
    with running(provider) as caller:
        assert seen(caller, *calls) == ["miss", "miss"]


def test_no_cache_asks_anew_and_stores_and_no_store_does_neither(provider: Provider) -> None:
    with running(provider) as caller:
        assert seen(caller, {"cache_control": "no-store"}, {}) == ["miss", "miss"]
        assert seen(caller, {"cache_control": "no-store"}, {"cache_control": "No-Cache"}, {}) == ["miss", "miss", "hit"]
        assert provider.requests == 4


@pytest.mark.parametrize(
    ("headers", "use"),
    [
        ({}, (True, True)),
        ({"cache-control": "max-age=0, private"}, (False, True)),
        ({"cache-control": "max-age=60"}, (True, True)),
        ({"pragma": "no-cache"}, (False, True)),
        ({"pragma": "no-cache", "cache-control": "max-age=60"}, (True, True)),
        ({"cache-control": "no-cache, NO-STORE"}, (False, False)),
    ],
)
def test_the_cache_control_of_a_caller(headers: dict[str, str], use: tuple[bool, bool]) -> None:
    assert CacheUse.of(headers) == use


def at_once(caller: Caller, provider: Provider, number: int = 20, *, calls: Any = None) -> list[Reply]:
    """Calls that begin before the provider answers the first of them."""
    provider.go.clear()
    with ThreadPoolExecutor(number) as pool:
        replies = [pool.submit(ask, caller, **(calls(each) if calls else {})) for each in range(number)]
        assert provider.asked.wait(30)
        provider.go.set()
        return [reply.result() for reply in replies]


def test_identical_calls_at_once_are_one_call_upstream(provider: Provider) -> None:
    with running(provider) as caller:
        replies = at_once(caller, provider)
        assert {reply.status for reply in replies} == {200}
        assert len({reply.body for reply in replies}) == 1
        assert sorted(reply.headers["x-to11-cache"] for reply in replies) == ["hit"] * 19 + ["miss"]
        assert provider.requests == 1
        assert sorted(str(span.cache) for span in caller.to11.traces()) == ["hit"] * 19 + ["miss"]


def test_calls_with_other_keys_do_not_share(provider: Provider) -> None:
    with running(provider) as caller:
        at_once(caller, provider, 8, calls=lambda each: {"authorization": f"Bearer sk-{each % 2}"})
    assert provider.requests == 2


def test_without_a_cache_each_call_asks(provider: Provider) -> None:
    with running(provider, enabled=False) as caller:
        at_once(caller, provider, 4)
    assert provider.requests == 4


def test_an_error_of_the_first_call_is_its_own(provider: Provider) -> None:
    provider.statuses = [400, 200]
    with running(provider) as caller:
        replies = at_once(caller, provider, 10)
    assert sorted(reply.status for reply in replies) == [200] * 9 + [400]
    assert provider.requests == 2


class WaitedFor(HangUp):
    """The event of a caller, which also counts how often something waits for it."""

    __slots__ = ("_waits",)

    def __init__(self, waits: Semaphore) -> None:
        super().__init__()
        self._waits = waits

    def ending(self, act: Callable[[], None]) -> Any:
        self._waits.release()
        return super().ending(act)


class Waiting:
    """A call that waits for an identical one, in a thread of its own."""

    def __init__(
        self,
        calls: InFlightCalls,
        then: Callable[[], Answer | None] = lambda: SHARED,
        waits: Semaphore | None = None,
    ) -> None:
        self.waits = waits or Semaphore(0)
        self.hang_up = WaitedFor(self.waits)
        self.got: Any = None
        self._calls = calls
        self._then = then
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            with self._calls.turn(KEY, self.hang_up) as turn:
                self.got = ("shared", turn.reply) if turn.reply else ("asked", self._then())
                if turn.reply is None:
                    turn.share(self.got[1])
        except GatewayProblem as problem:
            self.got = ("refused", problem.status)

    def result(self) -> Any:
        self._thread.join(30)
        assert not self._thread.is_alive()
        return self.got


def test_an_exception_of_the_first_call_leaves_one_other_to_ask() -> None:
    calls, go, waits = InFlightCalls(), Event(), Semaphore(0)

    def asks() -> Answer:
        go.wait(30)
        return SHARED

    def fails() -> None:
        with calls.turn(KEY, HangUp()):
            waiting.extend(Waiting(calls, asks, waits) for _ in range(5))
            assert all(waits.acquire(timeout=30) for _ in range(5))
            raise OSError("lost")

    waiting: list[Waiting] = []
    with pytest.raises(OSError, match="lost"):
        fails()
    assert all(waits.acquire(timeout=30) for _ in range(4))  # they wait for the fifth
    go.set()
    assert sorted(each.result()[0] for each in waiting) == ["asked"] + ["shared"] * 4


def test_a_caller_that_hangs_up_stops_waiting_and_the_others_go_on() -> None:
    calls = InFlightCalls()
    with calls.turn(KEY, HangUp()) as turn:
        gone, stays = Waiting(calls), Waiting(calls)
        assert gone.waits.acquire(timeout=30)
        gone.hang_up.report()
        assert gone.result() == ("refused", 499)
        turn.share(SHARED)
    assert stays.result() == ("shared", SHARED)
    assert Waiting(calls).result()[0] == "asked"


def test_a_caller_that_has_hung_up_does_not_wait() -> None:
    calls, late = InFlightCalls(), HangUp()
    late.report()
    with calls.turn(KEY, HangUp()), pytest.raises(GatewayProblem, match="client closed"), calls.turn(KEY, late):
        pytest.fail("it has a turn")


def test_waiting_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = InFlightCalls()
    monkeypatch.setattr(in_flight_calls, "MAX_AWAITED_S", 0.01)
    with calls.turn(KEY, HangUp()):
        assert Waiting(calls).result()[0] == "asked"
        with calls.turn(("another",), HangUp()) as turn:
            assert turn.reply is None


def test_calls_that_all_fail_do_not_wait_for_each_other_one_by_one() -> None:
    calls = InFlightCalls()
    asked, go = [], Event()

    def fail() -> None:
        asked.append(None)
        go.wait(30)

    with calls.turn(KEY, HangUp()):
        waiting = [Waiting(calls, fail) for _ in range(8)]
        assert all(each.waits.acquire(timeout=30) for each in waiting)
    go.set()
    assert [each.result() for each in waiting] == [("asked", None)] * 8
    assert len(asked) == 8


@contextmanager
def calling(caller: Caller) -> Generator[http.client.HTTPConnection]:
    """A call that has been sent; its caller hangs up at the end of the block."""
    connection = http.client.HTTPConnection(urlsplit(caller.to11.base_url).netloc, timeout=60)
    fields = {**caller.auth, "content-type": "application/json"}
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps({"model": "m", "messages": HELLO}), fields)
        yield connection
    finally:
        connection.close()


def test_if_the_first_caller_hangs_up_another_asks_anew(provider: Provider) -> None:
    provider.go.clear()
    with running(provider) as caller, ExitStack() as others:
        with calling(caller):
            assert provider.asked.wait(30)
            waiting = [others.enter_context(calling(caller)) for _ in range(3)]
            provider.asked.clear()
        assert provider.asked.wait(30)
        provider.go.set()
        replies = [connection.getresponse() for connection in waiting]
        assert [reply.status for reply in replies] == [200] * 3
        assert sorted(str(reply.getheader("x-to11-cache")) for reply in replies) == ["hit", "hit", "miss"]
        assert provider.requests == 2
        assert sorted(span.status for span in caller.to11.traces()) == [200, 200, 200, 499]


def test_a_waiting_caller_that_hangs_up_costs_nothing(provider: Provider) -> None:
    provider.go.clear()
    with running(provider) as caller, calling(caller) as first:
        assert provider.asked.wait(30)
        with calling(caller):
            pass
        deadline = time.monotonic() + 60
        while not caller.to11.traces() and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [span.status for span in caller.to11.traces()] == [499]
        provider.go.set()
        assert first.getresponse().status == 200
        assert provider.requests == 1
