"""Connections to providers are kept, and used again only when that is safe."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

import pytest
import trustme
from gateway_harness import HELLO, Caller
from raw_provider import CHAT, OK, RawProvider, content, reply

from to11ai_sdk.local import LocalTo11, bounds
from to11ai_sdk.local.gateway.provider import UnreachableError
from to11ai_sdk.local.gateway.upstream import kept_connections
from to11ai_sdk.local.gateway.upstream.http_provider import UpstreamProvider
from to11ai_sdk.local.hang_up import HangUp

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;note=x\r\n{\r\n1\r\n}\r\n0\r\ntrailer: x\r\n\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
STREAM = EVENTS + b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (b"data: [DO", b"NE]\n\n")) + b"0\r\n\r\n"


def test_calls_share_a_connection_until_the_end() -> None:
    with RawProvider() as upstream:
        with LocalTo11(providers={"up": upstream.config}) as to11:
            assert [Caller(to11).chat("up::m").status for _ in range(5)] == [200] * 5
            assert (len(upstream.connections), upstream.closed) == (1, 0)
        upstream.wait_for(lambda: upstream.closed == 1)


def test_calls_at_once_have_a_connection_each_and_share_them_later() -> None:
    meeting = threading.Barrier(8, timeout=60)

    def answer(request: bytes) -> bytes:
        meeting.wait()
        return OK

    with RawProvider(answer) as upstream, ThreadPoolExecutor(8) as pool:
        provider = upstream.provider()
        for _ in range(3):
            assert list(pool.map(lambda _: content(provider.send(CHAT)), range(8))) == [b"{}"] * 8
        assert len(upstream.connections) == 8
        provider.close()


@pytest.mark.parametrize("answer", [OK, CHUNKED, reply(b"", status=204), b"HTTP/1.1 304 X\r\n\r\n"])
def test_a_connection_is_kept_after_a_reply_with_an_end(answer: bytes) -> None:
    with RawProvider(lambda request: answer) as upstream:
        provider = upstream.provider()
        for _ in range(3):
            content(provider.send(CHAT))
        assert (len(upstream.connections), len(upstream.requests)) == (1, 3)
        provider.close()


def test_a_stream_gives_its_connection_back() -> None:
    with RawProvider(lambda request: STREAM) as upstream, LocalTo11(providers={"up": upstream.config}) as to11:
        for _ in range(3):
            assert Caller(to11).chat("up::m", stream=True).body.endswith(b"data: [DONE]\n\n")
        assert len(upstream.connections) == 1


SAID = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
STOPPED = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'


def test_a_translated_stream_gives_its_connection_back() -> None:
    whole = EVENTS + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (SAID, STOPPED, b"data: [DONE]\n\n", b""))
    with RawProvider(lambda request: whole) as upstream, LocalTo11(providers={"up": upstream.config}) as to11:
        for _ in range(3):
            assert b"message_stop" in Caller(to11).message("up::m", stream=True).body
        assert len(upstream.connections) == 1


def test_a_translated_stream_waits_a_moment_for_the_end_of_its_reply(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "STREAM_END_S", 60.0)
    received = threading.Semaphore(0)

    def answer(request: bytes) -> Iterator[bytes]:
        yield EVENTS + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (SAID, STOPPED, b"data: [DONE]\n\n"))
        received.acquire(timeout=60)
        yield b"0\r\n\r\n"

    call = {"model": "up::m", "max_tokens": 9, "stream": True, "messages": HELLO}
    with RawProvider(answer) as upstream, LocalTo11(providers={"up": upstream.config}) as to11:
        for _ in range(3):
            with Caller(to11).open("POST", "/v1/messages", call) as reply_:
                lines = iter(reply_.readline, b"")
                assert b"event: message_stop\n" in lines  # the caller has all events before that
                received.release()
                assert b"".join(lines).endswith(b"\n\n")
        assert len(upstream.connections) == 1


def test_a_translated_stream_that_may_go_on_gives_nothing_back() -> None:
    part = EVENTS + b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (SAID, STOPPED, b"data: [DONE]\n\n"))
    with RawProvider(lambda request: part) as upstream, LocalTo11(providers={"up": upstream.config}) as to11:
        for _ in range(2):
            assert b"message_stop" in Caller(to11).message("up::m", stream=True).body
        assert len(upstream.connections) == 2


@pytest.mark.parametrize("seconds", [0.05, 0.999, 1.0])
def test_each_wait_has_the_limit_of_its_request(seconds: float) -> None:
    with RawProvider(lambda request: OK if b"quick" in request else b"") as upstream:
        provider = upstream.provider()
        content(provider.send(CHAT._replace(path="/quick", timeout_s=20)))
        with pytest.raises(UnreachableError, match=f"no answer within {seconds:g} s"):
            provider.send(CHAT._replace(timeout_s=seconds))
        provider.close()


@pytest.fixture
def deaf() -> Generator[UpstreamProvider]:
    """A provider that accepts no connection, because too many wait already."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        while True:
            waiting = stack.enter_context(socket.socket())
            waiting.settimeout(0.1)
            try:
                waiting.connect(listener.getsockname())
            except TimeoutError:
                break
            except OSError:
                pytest.skip("this system refuses such connections at once")
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        yield stack.enter_context(closing(UpstreamProvider(dialect="openai", base_url=url)))


@pytest.mark.parametrize("seconds", [0.05, 1.0])
def test_a_connection_that_is_not_accepted_has_the_limit_of_its_request(deaf: UpstreamProvider, seconds: float) -> None:
    began = time.monotonic()
    with pytest.raises(UnreachableError, match=f"no answer within {seconds:g} s") as caught:
        deaf.send(CHAT._replace(timeout_s=seconds))
    assert not caught.value.was_connected
    assert time.monotonic() - began >= seconds * 0.9


def test_a_caller_that_leaves_ends_the_wait_for_a_connection(deaf: UpstreamProvider) -> None:
    hang_up = HangUp()
    leaving = threading.Timer(0.1, hang_up.report)
    leaving.start()
    began = time.monotonic()
    with pytest.raises(UnreachableError):
        deaf.send(CHAT._replace(timeout_s=60, hang_up=hang_up))
    assert time.monotonic() - began < 20
    leaving.join()


def test_a_handshake_has_the_limit_of_its_request() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/v1"
        with (
            closing(UpstreamProvider(dialect="openai", base_url=url)) as provider,
            pytest.raises(UnreachableError, match=r"no answer within 0.2 s"),
        ):
            provider.send(CHAT._replace(timeout_s=0.2))


CLOSING = [
    reply(b"{}", "connection: close"),
    reply(b"{}") + b"more",
    CHUNKED + b"more",
    CHUNKED.replace(b"\r\n\r\n", b"\r\ncontent-length: 2\r\n\r\n", 1),
    CHUNKED.replace(b"1.1", b"1.0", 1).replace(b"\r\n\r\n", b"\r\nconnection: keep-alive\r\n\r\n", 1),
    OK.replace(b"1.1", b"1.0", 1),
    reply(b"{}", "connection: close", "keep-alive: timeout=9").replace(b"1.1", b"1.0", 1),
    reply(b"{}", "keep-alive: timeout=1"),
]


@pytest.mark.parametrize("answer", CLOSING)
def test_a_connection_is_not_kept_after(answer: bytes) -> None:
    with RawProvider(lambda request: answer) as upstream:
        provider = upstream.provider()
        assert [content(provider.send(CHAT)) for _ in range(2)] == [b"{}"] * 2
        assert len(upstream.connections) == 2


def test_a_reply_that_is_not_read_to_its_end_ends_its_connection() -> None:
    with RawProvider(lambda request: reply(b"x" * 10)[:-5]) as upstream:
        got = upstream.provider().send(CHAT)
        assert next(got.body) == b"xxxxx"
        got.body.close()  # type: ignore[attr-defined]
        upstream.wait_for(lambda: upstream.closed == 1)


def test_a_connection_that_the_provider_closed_is_not_used() -> None:
    with RawProvider() as upstream:
        provider = upstream.provider()
        content(provider.send(CHAT))
        upstream.connections[0].shutdown(2)
        upstream.wait_for(lambda: upstream.closed == 1)
        assert content(provider.send(CHAT)) == b"{}"
        assert (len(upstream.connections), len(upstream.requests)) == (2, 2)
        provider.close()


@pytest.mark.parametrize(("method", "requests"), [("POST", 2), ("DELETE", 2), ("GET", 3)])
def test_what_may_change_something_is_never_sent_twice(method: str, requests: int) -> None:
    """The provider closes a kept connection instead of answering: nobody can know whether it did the work."""
    with RawProvider() as upstream:
        upstream.answer = lambda request: None if len(upstream.requests) == 2 else OK
        provider = upstream.provider()
        request = CHAT._replace(method=method)
        content(provider.send(request))
        if requests == 2:
            with pytest.raises(UnreachableError, match="the connection broke") as caught:
                provider.send(request)
            assert caught.value.was_connected
        else:
            assert content(provider.send(request)) == b"{}"
        assert len(upstream.requests) == requests
        provider.close()


def test_the_rule_decides_whether_a_broken_call_is_tried_again() -> None:
    waits: list[float] = []
    with RawProvider() as upstream:
        upstream.answer = lambda request: None if len(upstream.requests) == 2 else OK
        with LocalTo11(providers={"up": upstream.config}, sleep=waits.append) as to11:
            assert [Caller(to11).chat("up::m").status for _ in range(2)] == [200, 200]
    assert (waits, len(upstream.requests)) == ([0.5], 3)


def test_idle_connections_are_bounded_in_number_and_time(monkeypatch: pytest.MonkeyPatch) -> None:
    meeting = threading.Barrier(4, timeout=60)
    monkeypatch.setattr(kept_connections, "MAX_IDLE_UPSTREAM", 2)
    now = 0.0

    def answer(request: bytes) -> bytes:
        if len(upstream.requests) <= 4:
            meeting.wait()
        return OK

    with RawProvider(answer) as upstream, ThreadPoolExecutor(4) as pool:
        provider = upstream.provider(clock=lambda: now)
        list(pool.map(lambda _: content(provider.send(CHAT)), range(4)))
        upstream.wait_for(lambda: upstream.closed == 2)
        now += bounds.MAX_IDLE_UPSTREAM_S + 1
        content(provider.send(CHAT))
        assert len(upstream.connections) == 5
        provider.close()
        upstream.wait_for(lambda: upstream.closed == 5)


def tls_pair() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)
    return serving, trusting


def test_a_warm_call_over_tls_makes_no_handshake() -> None:
    serving, trusting = tls_pair()
    with RawProvider(tls=serving) as upstream:
        provider = upstream.provider(trusting)
        assert [content(provider.send(CHAT)) for _ in range(5)] == [b"{}"] * 5
        assert len(upstream.connections) == 1
        provider.close()
        upstream.wait_for(lambda: upstream.closed == 1)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
def test_a_forked_process_opens_its_own_connections() -> None:
    with RawProvider() as upstream:
        provider = upstream.provider()
        content(provider.send(CHAT))
        child = os.fork()
        if child == 0:  # pragma: no cover - another process
            os._exit(0 if content(provider.send(CHAT)) == b"{}" else 1)
        assert os.waitpid(child, 0)[1] == 0
        assert len(upstream.connections) == 2
        # That of the parent still works.
        assert content(provider.send(CHAT)) == b"{}"
        assert len(upstream.connections) == 2
        provider.close()


def test_no_caller_gets_the_reply_to_another() -> None:
    """Some hang up at any time, some replies end their connection, and all share what is left."""

    def answer(request: bytes) -> bytes:
        name = request.rpartition(b"\r\n\r\n")[2]
        return reply(name, "connection: close") if name.endswith(b"7") else reply(name)

    def call(name: bytes) -> bool:
        hang_up = HangUp()
        leaving = threading.Timer(0, hang_up.report)
        if name.endswith(b"3"):
            leaving.start()
        try:
            return content(provider.send(CHAT._replace(body=name, hang_up=hang_up))) == name
        except UnreachableError:
            return name.endswith(b"3")
        finally:
            if leaving.is_alive():
                leaving.join()

    with RawProvider(answer) as upstream, ThreadPoolExecutor(8) as pool:
        provider = upstream.provider()
        assert all(pool.map(call, (b"call %d" % number for number in range(300))))
        assert len(upstream.connections) < 150
        provider.close()
