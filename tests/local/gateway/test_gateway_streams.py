"""Streams end to end: as they arrive, many at once, broken, and left by the client."""

from __future__ import annotations

import http.client
import json
import queue
import socket
import struct
import threading
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from bound import rest
from gateway_harness import HELLO, Caller

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Generator

CHUNK = b'data: {"id":"c","object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"%b"}}]}\n\n'
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


class Upstream:
    """A server that says what it is told to, bit by bit, and notices when it is left."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.head = HEAD
        self.to_say: queue.Queue[bytes | None] = queue.Queue()
        self.left = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def say(self, text: str) -> None:
        self.send(CHUNK % text.encode())

    def send(self, data: bytes) -> None:
        self.to_say.put(b"%x\r\n%b\r\n" % (len(data), data) if b"chunked" in self.head else data)

    def _run(self) -> None:
        with self._listener, closing(self._listener.accept()[0]) as connection:
            received = b""
            while b"\r\n\r\n" not in received:
                piece = connection.recv(65_536)
                if not piece:
                    return
                received += piece
            connection.sendall(self.head)
            watcher = threading.Thread(target=self._watch, args=(connection,), daemon=True)
            watcher.start()
            while (data := self.to_say.get()) is not None:
                try:
                    connection.sendall(data)
                except OSError:
                    break
            with suppress(OSError):  # it may have been left
                connection.shutdown(socket.SHUT_RDWR)
            watcher.join()

    def _watch(self, connection: socket.socket) -> None:
        try:
            while connection.recv(65_536):
                pass
        except OSError:
            pass
        self.left.set()

    def end(self) -> None:
        self.to_say.put(None)
        self._thread.join(60)


@pytest.fixture
def upstream() -> Generator[Upstream]:
    made = Upstream()
    yield made
    made.end()


@pytest.fixture
def piped(upstream: Upstream) -> Generator[LocalTo11]:
    provider = {"kind": "upstream", "dialect": "openai", "base_url": upstream.url, "models": ["*"], "timeout": 200}
    others = {"claude": {**provider, "dialect": "anthropic"}, "mistral": provider}
    with LocalTo11(providers={"up": provider, **others}) as local:
        yield local


@contextmanager
def stream(
    to11: LocalTo11, path: str = "chat/completions", model: str = "up::m", **more: Any
) -> Generator[http.client.HTTPResponse]:
    body = {"model": model, "max_tokens": 9, "messages": HELLO, "stream": True, **more}
    with Caller(to11).open("POST", f"/v1/{path}", body) as response:
        yield response


def text_of(event: bytes) -> Any:
    return json.loads(event.removeprefix(b"data: "))["choices"][0]["delta"].get("content")


def wait_for(condition: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def test_each_event_arrives_as_soon_as_it_was_sent(piped: LocalTo11, upstream: Upstream) -> None:
    with stream(piped) as response:
        for word in ("one", "two", "three"):
            upstream.say(word)
            assert text_of(response.readline()) == word
            response.readline()
        upstream.send(b"data: [DONE]\n\n")
        upstream.send(b"")
        assert response.read() == b"data: [DONE]\n\n"
    assert piped.traces()[0].error_code is None


@pytest.mark.parametrize("path", ["chat/completions", "messages"])
@pytest.mark.parametrize("reset", [False, True])
def test_a_client_that_hangs_up_frees_the_upstream_at_once(
    piped: LocalTo11, upstream: Upstream, path: str, reset: bool
) -> None:
    with stream(piped, path) as response:
        upstream.say("one")
        response.readline()
        if reset:
            linger = struct.pack("ii", 1, 0)
            response.fp.raw._sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)  # type: ignore[union-attr]
        response.close()
    # The upstream says nothing more: nobody could notice by writing.
    assert upstream.left.wait(60)
    wait_for(piped.traces)
    span = piped.traces()[0]
    assert (span.is_stream, span.status, span.error_code) == (True, 499, "client_closed_request")


def test_a_client_that_hangs_up_on_echo_ends_it() -> None:
    with LocalTo11(sleep=lambda seconds: time.sleep(0.01)) as local:
        text = "[[echo:slow=1]] " + "word " * 3000
        body = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": text}]}
        with Caller(local).open("POST", "/v1/chat/completions", body) as response:
            response.readline()
        wait_for(local.traces)
        assert (local.traces()[0].status, local.traces()[0].error_code) == (499, "client_closed_request")


@pytest.mark.parametrize("path", ["chat/completions", "messages"])
def test_an_upstream_that_breaks_off_becomes_an_error_event(piped: LocalTo11, upstream: Upstream, path: str) -> None:
    with stream(piped, path) as response:
        upstream.say("one")
        response.readline()
        upstream.send(b'data: {"half an')
        upstream.end()
        rest = response.read()
    assert b"no answer from the provider up" in rest
    assert b"half an" not in rest
    assert piped.traces()[0].error_code == "upstream"


def test_events_that_come_in_pieces_are_checked_and_sent_whole(piped: LocalTo11, upstream: Upstream) -> None:
    whole = CHUNK % b"one"
    with stream(piped) as response:
        for place in range(0, len(whole), 10):
            upstream.send(whole[place : place + 10])
        assert text_of(response.readline()) == "one"
        upstream.send(b"data: [DONE]\n\n")
        upstream.send(b"")
        assert response.read() == b"\ndata: [DONE]\n\n"


CLOSING = b"HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream ; charset=utf-8\r\nConnection: close\r\n\r\n"
ASKED: dict[str, dict[str, Any]] = {
    "chat/completions": {},
    "responses": {"messages": None, "input": "Hello!"},
    "messages": {"model": "claude::m"},
}
STOPPED = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'


@pytest.mark.parametrize("head", [HEAD, CLOSING])
@pytest.mark.parametrize("path", ASKED)
@pytest.mark.parametrize("said", [b"", b'data: {"type": "x"}\n\n', b'data: {"type": "x"}\n\ndata: {"half an'])
def test_a_stream_without_its_last_event_ends_with_an_error(
    piped: LocalTo11, upstream: Upstream, head: bytes, path: str, said: bytes
) -> None:
    upstream.head = head
    asked = {name: value for name, value in ASKED[path].items() if value is not None}
    body = {"model": "up::m", "max_tokens": 9, **({} if path == "responses" else {"messages": HELLO}), **asked}
    with Caller(piped).open("POST", f"/v1/{path}", {**body, "stream": True}) as response:
        if said:
            upstream.send(said)
        upstream.send(b"")
        upstream.end()
        rest = response.read()
    assert rest.startswith(said[: said.rfind(b"\n\n") + 2])
    assert b"half an" not in rest
    assert b"its stream ended before its last event" in rest
    assert piped.traces()[0].error_code == "upstream"


@pytest.mark.parametrize(
    ("path", "last"),
    [
        ("messages", b'event: message_stop\ndata: {"type":"message_stop"}\n\n'),
        ("chat/completions", b"data: [DONE]\n\n"),
    ],
)
def test_nothing_is_wrong_with_a_stream_that_breaks_after_its_last_event(
    piped: LocalTo11, upstream: Upstream, path: str, last: bytes
) -> None:
    with stream(piped, path, **ASKED[path]) as response:
        upstream.send(last)
        upstream.end()
        assert response.read() == last
    assert piped.traces()[0].error_code is None


LAST = {
    "chat, the end": (
        "chat/completions",
        STOPPED + b'data: {"choices":[],"usage":{"prompt_tokens":3.0,"completion_tokens":2}}\n\n',
        b"data: [DONE]",
    ),
    "chat, the last words": ("chat/completions", b"", STOPPED[:-1]),
    "chat, a comment after the end": ("chat/completions", STOPPED + b"data: [DONE]\n\n", b": bye"),
    "messages": ("messages", b'event: ping\ndata: {"type":"ping"}\n\n', b'data: {"type":"message_stop"}'),
    "responses": ("responses", b'data: {"type":"x"}\n\n', b'data: {"type":"response.completed","response":{}}'),
}


@pytest.mark.parametrize(("path", "said", "last"), LAST.values(), ids=LAST)
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_stream_arrives_to_its_last_byte(
    piped: LocalTo11, upstream: Upstream, path: str, said: bytes, last: bytes, end: bytes
) -> None:
    given = {"stream_options": {"include_usage": True}} if path == "chat/completions" else {}
    asked = {name: value for name, value in {"messages": HELLO, **ASKED[path], **given}.items() if value is not None}
    body = {"model": "up::m", "max_tokens": 9, "stream": True, **asked}
    with Caller(piped).open("POST", f"/v1/{path}", body) as response:
        upstream.send(said + last + end)
        upstream.send(b"")
        assert response.read() == said + last + end
    span = piped.traces()[0]
    assert span.error_code is None
    if b"usage" in said:
        assert (span.input_tokens, span.output_tokens) == (3, 2)


def test_a_usage_chunk_that_nobody_asked_for_is_removed_from_the_very_end(piped: LocalTo11, upstream: Upstream) -> None:
    with stream(piped) as response:
        upstream.send(STOPPED + b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}')
        upstream.send(b"")
        assert response.read() == STOPPED
    assert piped.traces()[0].input_tokens == 3


@pytest.mark.parametrize(
    "event",
    [
        {"type": "response.output_text.done", "text": "project x"},
        {"type": "response.content_part.done", "part": {"type": "output_text", "text": "project x"}},
        {"type": "response.output_item.done", "item": {"content": [{"type": "output_text", "text": "project x"}]}},
        {"type": "response.completed", "response": {"output": [{"content": [{"text": "project x"}]}]}},
    ],
    ids=lambda event: event["type"],
)
@pytest.mark.parametrize("end", [b"\n\n", b""])
def test_text_that_comes_only_at_the_end_is_checked(upstream: Upstream, event: dict[str, Any], end: bytes) -> None:
    provider = {"kind": "upstream", "dialect": "openai", "base_url": upstream.url, "models": ["*"]}
    config = {"guardrails": {"enabled": True, "blocklist": ["project x"]}, "providers": {"up": provider}}
    body = {"model": "up::m", "input": "Hello!", "stream": True}
    with LocalTo11(config=config) as local, Caller(local).open("POST", "/v1/responses", body) as response:
        upstream.send(b"data: %b" % json.dumps(event).encode() + end)
        upstream.send(b"")
        received = response.read()
    assert b"project x" not in received
    assert b"GUARDRAIL_VIOLATION" in received


def test_a_server_may_end_a_chat_without_a_word(piped: LocalTo11, upstream: Upstream) -> None:
    with stream(piped) as response:
        upstream.send(STOPPED)
        upstream.send(b"")
        assert response.read() == STOPPED
    assert piped.traces()[0].error_code is None


def test_an_event_without_end_ends_the_stream(piped: LocalTo11, upstream: Upstream) -> None:
    with stream(piped) as response:
        upstream.send(b"data: " + b"x" * (17 * 2**20))
        assert b"may have 16777216 bytes at most" in response.read()
        upstream.send(b"")


ELSEWHERE = {
    "mistral/chat/completions": b"text/event-stream",
    "mistral/x:streamGenerateContent?alt=sse": b"application/json",
    "images/generations": b"text/event-stream; charset=utf-8",
    "audio/speech": b"audio/mpeg",
}
COMPLETED = b'data: {"type":"image_generation.completed","usage":{"input_tokens":1,"output_tokens":2}}\n\n'


@contextmanager
def begun(piped: LocalTo11, upstream: Upstream, path: str) -> Generator[http.client.HTTPResponse]:
    """The reply of one of them, of which the first line has come."""
    upstream.head = HEAD.replace(b"text/event-stream", ELSEWHERE[path])
    with stream(piped, path) as response:
        upstream.send(b"one\n")
        assert response.readline() == b"one\n"
        yield response


@pytest.mark.parametrize("path", ELSEWHERE)
def test_streams_of_other_endpoints_arrive_as_they_are_sent(piped: LocalTo11, upstream: Upstream, path: str) -> None:
    with begun(piped, upstream, path) as response:
        upstream.send(b"two\n")
        assert response.readline() == b"two\n"
        upstream.send(COMPLETED)
        upstream.send(b"")
        assert response.read() == COMPLETED
    span = piped.traces()[0]
    assert (span.is_stream, span.status, span.error_code) == (True, 200, None)
    assert span.output_tokens == (2 if path.startswith("images") else None)


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_client_that_leaves_them_frees_the_upstream(piped: LocalTo11, upstream: Upstream, path: str) -> None:
    with begun(piped, upstream, path) as response:
        response.close()
    assert upstream.left.wait(60)


@pytest.mark.parametrize("path", ELSEWHERE)
def test_one_of_them_that_breaks_off_is_seen_to(piped: LocalTo11, upstream: Upstream, path: str) -> None:
    with begun(piped, upstream, path) as response:
        upstream.end()
        with pytest.raises(http.client.IncompleteRead):
            response.read()
    wait_for(piped.traces)
    assert piped.traces()[0].error_code == "upstream"


def test_a_client_that_leaves_is_an_ordinary_event(caplog: pytest.LogCaptureFixture) -> None:
    with LocalTo11() as local:
        text = "[[echo:slow=0.01]] " + "word " * 300
        body = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": text}]}
        for _ in range(5):
            with Caller(local).open("POST", "/v1/chat/completions", body) as response:
                response.readline()
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == []


def test_each_choice_of_a_stream_is_checked_apart(upstream: Upstream) -> None:
    provider = {"kind": "upstream", "dialect": "openai", "base_url": upstream.url, "models": ["*"]}
    config = {"guardrails": {"enabled": True, "blocklist": ["project x"]}, "providers": {"up": provider}}
    with LocalTo11(config=config) as local, stream(local, n=2) as response:
        for index, text in ((0, "the pro"), (1, "project"), (0, "ject "), (1, " y"), (0, "x")):
            event = {"choices": [{"index": index, "delta": {"content": text}}]}
            upstream.send(b"data: %b\n\n" % json.dumps(event).encode())
        upstream.send(b"data: [DONE]\n\n")
        upstream.send(b"")
        received = response.read()
    assert b'" y"' in received
    assert b'"x"' not in received
    assert b"GUARDRAIL_VIOLATION" in received


def test_an_http_1_0_client_gets_the_stream_until_the_end_of_the_connection(to11: LocalTo11) -> None:
    body = json.dumps({"model": "gpt-4o", "messages": HELLO, "stream": True}).encode()
    with Caller(to11).raw("POST /v1/chat/completions HTTP/1.0", body) as opened:
        reply = rest(opened)
    fields, _, content = reply.partition(b"\r\n\r\n")
    assert b"transfer-encoding" not in fields.lower()
    assert content.startswith(b"data: {")
    assert content.endswith(b"data: [DONE]\n\n")


def test_the_connection_serves_the_next_call_after_a_stream(to11: LocalTo11) -> None:
    caller = Caller(to11)
    connection = http.client.HTTPConnection(urlsplit(to11.base_url).netloc, timeout=60)
    with closing(connection):
        for stream in (True, False, True):
            body = json.dumps({"model": "gpt-4o", "messages": HELLO, "stream": stream})
            connection.request("POST", "/v1/chat/completions", body, caller.auth)
            opened = connection.sock
            assert b"echo" in connection.getresponse().read()
            assert connection.sock is opened


def test_200_streams_at_once_complete() -> None:
    count = 200
    together = threading.Barrier(count, timeout=100)
    ends: queue.Queue[tuple[int, Any]] = queue.Queue()

    def ask(number: int, local: LocalTo11) -> None:
        together.wait()
        model = ("gpt-4o", "claude-sonnet-4-6")[number % 2]
        body = {"model": model, "stream": True, "messages": [{"role": "user", "content": f"Say number {number}"}]}
        reply = Caller(local).send("POST", "/v1/chat/completions", body)
        said = [event["choices"][0]["delta"].get("content") for event in reply.events[:-1] if event["choices"]]
        ends.put((number, ("".join(filter(None, said)), reply.events[-1])))

    with LocalTo11() as local:
        threads = [threading.Thread(target=ask, args=(number, local)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(100)
        assert dict(ends.get_nowait() for _ in range(count)) == {
            number: (f"echo: Say number {number}", "[DONE]") for number in range(count)
        }
        assert len(local.traces(1000)) == count


def test_stopping_does_not_wait_for_a_slow_stream() -> None:
    local = LocalTo11().start()
    body = {"model": "gpt-4o", "stream": True, "messages": [{"role": "user", "content": "[[echo:slow=25]] a b c"}]}
    with Caller(local).open("POST", "/v1/chat/completions", body) as response:
        assert response.status == 200
        begun = time.monotonic()
        local.stop()
        assert time.monotonic() - begun < 15
