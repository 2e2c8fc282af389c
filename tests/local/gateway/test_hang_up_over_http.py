"""A caller that hangs up, on any endpoint and at any time, ends the work for it."""

from __future__ import annotations

import json
import socket
import struct
import threading
from typing import TYPE_CHECKING, Any

import pytest
from gateway_harness import Caller, form
from raw_provider import RawProvider, reply

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture
def upstream() -> Generator[RawProvider]:
    with RawProvider(lambda request: []) as provider:
        yield provider


@pytest.fixture
def to11(upstream: RawProvider) -> Generator[LocalTo11]:
    config = {**upstream.config, "timeout": 60}
    with LocalTo11(providers={"up": config, "mistral": config, "openai": config}) as to11:
        yield to11


def sent(to11: LocalTo11, path: str, body: bytes, content_type: str, method: str = "POST") -> socket.socket:
    """A request whose reply is not waited for."""
    return Caller(to11).raw(f"{method} {path} HTTP/1.1", body, content_type=content_type)


def as_json(**members: Any) -> tuple[bytes, str]:
    return json.dumps({"model": "up::m", **members}).encode(), "application/json"


CALLS = {
    "chat": ("/v1/chat/completions", *as_json(messages=[])),
    "chat as a stream": ("/v1/chat/completions", *as_json(messages=[], stream=True)),
    "translated": ("/v1/messages", *as_json(max_tokens=5, messages=[{"role": "user", "content": "x"}])),
    "responses": ("/v1/responses", *as_json(input="x")),
    "embeddings": ("/v1/embeddings", *as_json(input="x")),
    "images": ("/v1/images/generations", *as_json(prompt="x")),
    "speech": ("/v1/audio/speech", *as_json(voice="x", input="x")),
    "transcription": ("/v1/audio/transcriptions", *form(model="up::m", file=b"x")),
    "file": ("/v1/files", *form(purpose="batch", file=b"x")),
    "passthrough": ("/v1/mistral/v1/x", *as_json()),
}


def assert_recorded(to11: LocalTo11, upstream: RawProvider) -> None:
    upstream.wait_for(lambda: upstream.closed == 1)
    waiting = threading.Event()
    for _ in range(400):
        if to11.traces():
            break
        waiting.wait(0.05)
    (span,) = to11.traces()
    assert (span.status, span.error_code) == (499, "client_closed_request")
    assert len(upstream.requests) == len(upstream.connections) == 1


@pytest.mark.parametrize("reset", [False, True])
@pytest.mark.parametrize("kind", CALLS)
def test_a_caller_that_leaves_before_the_head_ends_the_providers_work(
    to11: LocalTo11, upstream: RawProvider, kind: str, reset: bool
) -> None:
    with sent(to11, *CALLS[kind]) as caller:
        upstream.wait_for(lambda: len(upstream.requests) == 1)
        if reset:
            caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert_recorded(to11, upstream)


PARTS = {
    "a whole reply": reply(b"x" * 100)[:-1],
    "a stream": b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
    b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n',
}


@pytest.mark.parametrize("kind", PARTS)
def test_a_caller_that_leaves_within_the_reply_ends_the_providers_work(
    to11: LocalTo11, upstream: RawProvider, kind: str
) -> None:
    upstream.answer = lambda request: [PARTS[kind]]
    with sent(to11, *CALLS["chat as a stream"]) as caller:
        upstream.wait_for(lambda: upstream.sent > 0)
        if kind == "a stream":
            assert caller.recv(1)
    assert_recorded(to11, upstream)


def test_nothing_is_tried_again_for_a_caller_that_has_left(to11: LocalTo11, upstream: RawProvider) -> None:
    """The provider breaks off each call; the first retry would come half a second later."""
    left = threading.Event()

    def break_off(request: bytes) -> None:
        left.wait(20)

    upstream.answer = break_off
    with sent(to11, *CALLS["chat"]):
        upstream.wait_for(lambda: len(upstream.requests) == 1)
    left.set()
    assert_recorded(to11, upstream)


@pytest.mark.parametrize("stream", [False, True])
def test_a_slow_echo_ends_too(stream: bool) -> None:
    with LocalTo11() as to11:
        messages = [{"role": "user", "content": "[[echo:slow=20]] a b c"}]
        with sent(to11, "/v1/chat/completions", *as_json(model="gpt-4o", messages=messages, stream=stream)):
            waiting = threading.Event()
            waiting.wait(0.2)
        for _ in range(200):
            if to11.traces():
                break
            waiting.wait(0.05)
        (span,) = to11.traces()
        assert (span.status, span.error_code) == (499, "client_closed_request")
        assert span.latency_ms < 15_000
