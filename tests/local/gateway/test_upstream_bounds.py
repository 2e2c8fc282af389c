"""Replies of providers are bounded: in length, in the length of their heads, and in number of lines."""

from __future__ import annotations

import errno
import gzip
import itertools
import logging
import socket
import tracemalloc
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from bound import Api
from gateway_harness import Caller, Reply
from raw_provider import CHAT, OK, RawProvider, reply

from to11ai_sdk.local import LocalTo11, bounds
from to11ai_sdk.local.gateway.config.gateway_config import ConfigError, GatewayConfig
from to11ai_sdk.local.gateway.provider import UnreachableError, UpstreamReply
from to11ai_sdk.local.gateway.upstream.codings import unpacked, whole

if TYPE_CHECKING:
    from collections.abc import Generator

LIMIT = 1_000_000
UNTIL_CLOSED = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
CHAT_PATH, NATIVE_PATH = "/v1/chat/completions", "/v1/mistral/v1/x"


@pytest.fixture
def upstream() -> Generator[RawProvider]:
    with RawProvider() as provider:
        yield provider


@pytest.fixture
def to11(upstream: RawProvider) -> Generator[LocalTo11]:
    names = {"up": upstream.config, "mistral": upstream.config}
    config = {"max_reply_bytes": LIMIT, "providers": names}
    with LocalTo11(config=config, sleep=lambda seconds: None) as to11:
        yield to11


def ask(to11: LocalTo11, path: str = CHAT_PATH) -> Reply:
    return Caller(to11).send("POST", path, {"model": "up::m", "messages": [], "input": "x"})


LONG = {
    "without an end": lambda: itertools.chain([UNTIL_CLOSED], itertools.repeat(b" " * 10_000)),
    "in chunks without an end": lambda: itertools.chain(
        [CHUNKED], itertools.repeat(b"2710\r\n%b\r\n" % (b" " * 10_000))
    ),
    "of a known length": lambda: itertools.chain([reply(b" " * 10_000_000)[:90]], itertools.repeat(b" " * 10_000)),
    "one byte too long": lambda: [reply(b" " * (LIMIT + 1))],
    "compressed": lambda: [reply(gzip.compress(bytes(200 * LIMIT)), "content-encoding: gzip")],
    "an error": lambda: [reply(b" " * (LIMIT + 1), status=400)],
    "a failure": lambda: [reply(b" " * (LIMIT + 1), status=500)],
}


@pytest.mark.parametrize("path", [CHAT_PATH, "/v1/embeddings"])
@pytest.mark.parametrize("kind", LONG)
def test_a_reply_over_the_limit_is_refused_by_name_and_fetched_once(
    to11: LocalTo11, upstream: RawProvider, path: str, kind: str
) -> None:
    upstream.answer = lambda request: LONG[kind]()
    refused = ask(to11, path)
    assert (refused.status, refused.headers["x-to11-error-code"]) == (502, "upstream")
    error = refused.json["error"]
    assert (error["code"], error["details"]["max_reply_bytes"]) == ("reply_too_large", LIMIT)
    assert "more than 1000000 bytes" in error["message"]
    upstream.wait_for(lambda: upstream.closed == 1)
    assert len(upstream.requests) == 1
    # What was read, and what the system's buffers took.
    assert upstream.sent < LIMIT + 20_000_000


def test_a_reply_of_the_limit_is_passed_on(to11: LocalTo11, upstream: RawProvider) -> None:
    upstream.answer = lambda request: reply(b" " * (LIMIT - 2) + b"{}", "content-type: application/json")
    assert (ask(to11).status, len(ask(to11).body)) == (200, LIMIT)


def test_a_fallback_goes_on_after_a_reply_over_the_limit(upstream: RawProvider) -> None:
    upstream.answer = lambda request: reply(b" " * (LIMIT + 1))
    config = {"max_reply_bytes": LIMIT, "providers": {"up": upstream.config}}
    with LocalTo11(config=config, sleep=lambda seconds: None) as to11:
        chain = [{"providerId": "up", "modelId": "m"}, {"providerId": "openai", "modelId": "gpt-4o"}]
        api = Api.of(to11)
        version = api.versions.create(
            rule_id="r", snapshot={"endpoint": "chat", "strategy": "fallback", "chain": chain}
        )
        api.releases.set(rule_id="r", env_slug="prod", strategy="single", version_id=version.id)
        assert Caller(to11).chat("route::r").status == 200
    assert len(upstream.requests) == 1


def test_a_stream_and_a_passthrough_of_unknown_length_may_be_longer(to11: LocalTo11, upstream: RawProvider) -> None:
    event = b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'
    count = LIMIT // len(event) + 1
    stream = UNTIL_CLOSED.replace(b"application/json", b"text/event-stream") + event * count + b"data: [DONE]\n\n"
    upstream.answer = lambda request: chunked(stream)
    assert len(Caller(to11).chat("up::m", stream=True).body) > LIMIT
    upstream.answer = lambda request: chunked(UNTIL_CLOSED + b"x" * (LIMIT + 1))
    assert len(ask(to11, NATIVE_PATH).body) == LIMIT + 1


def chunked(answer: bytes) -> bytes:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head + b"\r\ntransfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def test_the_limit_is_in_the_configuration() -> None:
    assert GatewayConfig().max_reply_bytes == bounds.MAX_UPSTREAM_REPLY == 64 * 2**20
    assert GatewayConfig.of({"max_reply_bytes": 5}).with_options(["up=none"]).max_reply_bytes == 5
    for wrong in (0, -1, True, 1.5, "1"):
        with pytest.raises(ConfigError, match="max_reply_bytes must be a number of bytes above 0"):
            GatewayConfig.of({"max_reply_bytes": wrong})


HEADS = {
    "without an end": lambda: itertools.chain([b"HTTP/1.1 200 OK\r\n"], itertools.repeat(b"x: y\r\n" * 1000)),
    "one line without an end": lambda: itertools.chain([b"HTTP/1.1 200 OK\r\nx: "], itertools.repeat(b"y" * 1000)),
    "a status line without an end": lambda: itertools.chain([b"HTTP/1.1 200 "], itertools.repeat(b"y" * 1000)),
    "interim replies without an end": lambda: itertools.repeat(b"HTTP/1.1 103 X\r\nlink: <x>\r\n\r\n" * 100),
    "many lines": lambda: [b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * (bounds.MAX_UPSTREAM_FIELDS + 1) + b"\r\n"],
    "the size of a chunk": lambda: itertools.chain([CHUNKED], itertools.repeat(b"0" * 1000)),
    "an extension of a chunk": lambda: itertools.chain([CHUNKED + b"1;"], itertools.repeat(b"x" * 1000)),
    "trailers": lambda: itertools.chain([CHUNKED + b"0\r\n"], itertools.repeat(b"x: y\r\n" * 1000)),
}


@pytest.mark.parametrize("kind", HEADS)
def test_what_belongs_to_the_framing_is_bounded(upstream: RawProvider, kind: str) -> None:
    upstream.answer = lambda request: HEADS[kind]()
    with pytest.raises(UnreachableError, match="is not HTTP: "):
        b"".join(upstream.provider().send(CHAT).body)
    upstream.wait_for(lambda: upstream.closed == 1)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE])
@pytest.mark.parametrize("where", ["socket", "getaddrinfo"])
def test_a_machine_without_files_is_503_by_name_and_not_tried_again(
    to11: LocalTo11,
    upstream: RawProvider,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    number: int,
    where: str,
) -> None:
    """Only the sockets to this provider fail: those of the test itself have other places to come from."""
    from to11ai_sdk.local.gateway.upstream import sockets

    class NoFiles:
        def __getattr__(self, name: str) -> Any:
            return getattr(socket, name)

        def socket(self, *given: Any) -> Any:
            tries.append(1)
            raise OSError(number, "Too many open files")

        def inet_pton(self, *given: Any) -> bytes:
            if where == "getaddrinfo":
                raise OSError("a name that must be looked up")
            return socket.inet_pton(*given)

        def getaddrinfo(self, *given: Any) -> Any:
            if where == "getaddrinfo":
                raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
            return socket.getaddrinfo(*given)

    tries: list[int] = []
    monkeypatch.setattr(sockets, "socket", NoFiles())
    with caplog.at_level(logging.ERROR):
        refused = ask(to11)
    assert (refused.status, refused.json["error"]["code"]) == (503, "out_of_files")
    assert "ran out of files" in refused.json["error"]["message"]
    assert len(tries) == 1
    assert "may open no more files" in caplog.text
    monkeypatch.undo()
    upstream.answer = lambda request: OK
    assert ask(to11).status == 200


def flushed(*parts: bytes) -> Generator[bytes]:
    """Each part compressed by itself, as the events of a stream are."""
    packing = zlib.compressobj(wbits=31)
    for part in parts:
        yield packing.compress(part) + packing.flush(zlib.Z_SYNC_FLUSH)
    yield packing.flush()


EMPTY = {
    "empty blocks": lambda: itertools.chain([next(flushed(b""))], itertools.repeat(b"\x00\x00\x00\xff\xff" * 1000)),
    "empty members": lambda: itertools.repeat(gzip.compress(b"") * 1000),
}


@pytest.mark.parametrize("kind", EMPTY)
def test_gzip_without_content_has_an_end(kind: str) -> None:
    chunks = itertools.chain(itertools.islice(EMPTY[kind](), 1000), itertools.repeat(b"not gzip"))
    with pytest.raises(UnreachableError, match="hardly any content"):
        b"".join(unpacked("gzip", chunks))


def test_gzip_of_many_small_events_is_read() -> None:
    assert b"".join(unpacked("gzip", flushed(*[b"x"] * 200_000))) == b"x" * 200_000


def test_a_reply_in_small_pieces_takes_little_more_memory_than_its_bytes() -> None:
    pieces = (number.to_bytes(2, "big") for number in range(60_000))
    tracemalloc.start()
    assert len(whole(UpstreamReply(200, {}, pieces), LIMIT)) == 120_000
    assert tracemalloc.get_traced_memory()[1] < 600_000
    tracemalloc.stop()
