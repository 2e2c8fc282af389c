"""A caller that hangs up ends the work for it: the provider's connection, the retries, the waits."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import pytest
from gateway_harness import Caller
from raw_provider import CHAT, RawProvider, reply

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.provider import UnreachableError
from to11ai_sdk.local.gateway.upstream.http_provider import UpstreamProvider
from to11ai_sdk.local.hang_up import HangUp
from to11ai_sdk.local.http.failures import FailureQueue

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


@contextmanager
def hanging_up_after(ready: Callable[[], None]) -> Generator[HangUp]:
    """A caller that hangs up as soon as ``ready`` returns."""
    hang_up = HangUp()

    def leave() -> None:
        ready()
        hang_up.report()

    leaving = threading.Thread(target=leave)
    leaving.start()
    yield hang_up
    leaving.join()


def unreachable(provider: UpstreamProvider, hang_up: HangUp) -> None:
    begun = time.monotonic()
    with pytest.raises(UnreachableError):
        b"".join(provider.send(CHAT._replace(timeout_s=60, hang_up=hang_up)).body)
    assert time.monotonic() - begun < 40  # without the hang-up it would be 60


SILENT: dict[str, Any] = {
    "before the head": [],
    "within the head": [b"HTTP/1.1 200 OK\r\nx: "],
    "after an interim reply": [b"HTTP/1.1 103 Early Hints\r\n\r\n"],
    "within a body of known length": [reply(b"x" * 10)[:-1]],
    "within a chunked body": [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabc"],
    "within a body without a length": [b"HTTP/1.1 200 OK\r\n\r\nabc"],
}


@pytest.mark.parametrize("where", SILENT)
def test_the_connection_ends_wherever_the_provider_is(where: str) -> None:
    with RawProvider(lambda request: SILENT[where]) as upstream:
        with hanging_up_after(lambda: upstream.wait_for(lambda: bool(upstream.requests))) as hang_up:
            unreachable(upstream.provider(), hang_up)
        upstream.wait_for(lambda: upstream.closed == 1)


def test_a_kept_connection_ends_too_and_the_next_call_opens_another() -> None:
    with RawProvider() as upstream:
        provider = upstream.provider()
        b"".join(provider.send(CHAT).body)
        upstream.answer = lambda request: [] if len(upstream.requests) == 2 else reply(b"")
        with hanging_up_after(lambda: upstream.wait_for(lambda: len(upstream.requests) == 2)) as hang_up:
            unreachable(provider, hang_up)
        assert provider.send(CHAT).status == 200
        assert (len(upstream.connections), len(upstream.requests)) == (2, 3)
        provider.close()


def test_a_hang_up_leaves_the_other_kept_connections() -> None:
    meeting = threading.Barrier(2, timeout=20)

    def meet(request: bytes) -> bytes:
        meeting.wait()
        return reply(b"")

    with RawProvider(meet) as upstream, ThreadPoolExecutor(2) as pool:
        provider = upstream.provider()
        list(pool.map(lambda _: b"".join(provider.send(CHAT).body), range(2)))
        upstream.answer = lambda request: [] if len(upstream.requests) == 3 else reply(b"")
        with hanging_up_after(lambda: upstream.wait_for(lambda: len(upstream.requests) == 3)) as hang_up:
            unreachable(provider, hang_up)
        assert provider.send(CHAT).status == 200
        assert len(upstream.connections) == 2
        provider.close()


def test_a_late_hang_up_leaves_the_connection_to_the_next_call() -> None:
    with RawProvider() as upstream:
        provider, hang_up = upstream.provider(), HangUp()
        assert b"".join(provider.send(CHAT._replace(hang_up=hang_up)).body) == b"{}"
        hang_up.report()
        assert b"".join(provider.send(CHAT).body) == b"{}"
        assert len(upstream.connections) == 1
        provider.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only there a connection attempt can be ended from outside")
def test_the_wait_for_a_connection_ends() -> None:
    with socket.socket() as listener, socket.socket() as first, socket.socket() as second:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for filling in (first, second):  # there is no room for a third
            filling.setblocking(False)
            filling.connect_ex(listener.getsockname())
        provider = UpstreamProvider(dialect="openai", base_url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        with hanging_up_after(lambda: threading.Event().wait(0.1)) as hang_up:  # type: ignore[arg-type,return-value]
            unreachable(provider, hang_up)


def test_the_tls_handshake_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepted: list[socket.socket] = []

        def accept() -> None:
            accepted.append(listener.accept()[0])
            accepted[0].recv(1)  # the client has begun

        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with hanging_up_after(accept) as hang_up:
            unreachable(UpstreamProvider(dialect="openai", base_url=url), hang_up)
        accepted[0].settimeout(20)
        with suppress(ConnectionError):
            while accepted[0].recv(65_536):
                pass
        accepted[0].close()


def test_nothing_is_sent_for_a_caller_that_has_left() -> None:
    with RawProvider() as upstream:
        hang_up = HangUp()
        hang_up.report()
        unreachable(upstream.provider(), hang_up)
        assert upstream.requests == []


def test_the_wait_before_a_retry_ends_with_the_caller_and_with_the_server() -> None:
    queue = FailureQueue()
    started = threading.Event()
    with hanging_up_after(started.wait) as hang_up:  # type: ignore[arg-type]
        started.set()
        queue.wait(60, hang_up)
    ending = threading.Timer(0, queue.end)
    ending.start()
    queue.wait(60, HangUp())
    queue.wait(60)
    ending.join()


def test_a_reply_that_is_given_up_ends_although_a_forked_process_has_its_connection() -> None:
    with RawProvider(lambda request: [reply(b"x" * 10)[:-1]]) as upstream:
        body: Any = upstream.provider().send(CHAT).body
        copy = os.dup(body._connection.socket.fileno())  # as a fork does
        body.close()
        upstream.wait_for(lambda: upstream.closed == 1)
        os.close(copy)


CALLS = {
    "/v1/chat/completions": {"model": "up::m", "messages": [{"role": "user", "content": "Hi"}]},
    "/v1/messages": {"model": "up::m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]},
    "/v1/responses": {"model": "up::m", "input": "Hi"},
    "/v1/embeddings": {"model": "up::m", "input": "Hi"},
    "/v1/images/generations": {"model": "up::m", "prompt": "Hi"},
    "/v1/mistral/v1/anything": {},
}


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize("path", CALLS)
def test_a_caller_that_closes_its_connection_ends_the_call_before_its_head(path: str, streams: bool) -> None:
    with (
        RawProvider(lambda request: []) as upstream,
        LocalTo11(providers=dict.fromkeys(("up", "mistral"), upstream.config)) as to11,
    ):
        content = json.dumps({**CALLS[path], "stream": streams} if streams else CALLS[path]).encode()
        with Caller(to11).raw(f"POST {path} HTTP/1.1", content, content_type="application/json"):
            upstream.wait_for(lambda: bool(upstream.requests), 60)
        upstream.wait_for(lambda: upstream.closed == 1, 60)
    # The server has finished the call: nothing was sent again.
    assert len(upstream.requests) == 1
