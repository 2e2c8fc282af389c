"""Replies of providers are read by RFC 9112: what is ambiguous is refused, what is forbidden stays here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from gateway_harness import Caller, Reply
from hypothesis import given
from hypothesis import strategies as st
from raw_provider import CHAT, OK, RawProvider, content, reply

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.provider import UnreachableError
from to11ai_sdk.local.gateway.upstream.chunked import ChunkedBody

if TYPE_CHECKING:
    from collections.abc import Generator

EARLY = b"HTTP/1.1 103 Early Hints\r\nlink: </x>; rel=preload\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def upstream() -> Generator[RawProvider]:
    with RawProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def to11(upstream: RawProvider) -> Generator[LocalTo11]:
    with LocalTo11(providers={"mistral": upstream.config}, sleep=lambda seconds: None) as to11:
        yield to11


def ask(to11: LocalTo11, upstream: RawProvider, answer: bytes, method: str = "GET") -> Reply:
    upstream.answer = lambda request: [answer[:50], answer[50:]] if answer else None
    return Caller(to11).send(method, "/v1/mistral/v1/x")


@pytest.mark.parametrize("count", [1, 2, 1000])
@pytest.mark.parametrize(
    "interim", [EARLY, b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 102 Processing\r\na: b\r\n\r\n"]
)
def test_interim_replies_are_skipped(to11: LocalTo11, upstream: RawProvider, interim: bytes, count: int) -> None:
    for _ in range(2):  # the connection stays in order
        got = ask(to11, upstream, interim * count + OK)
        assert (got.status, got.body, "link" in got.headers) == (200, b"{}", False)


@pytest.mark.parametrize("fold", ["\r\n ", "\r\n\t", " \r\n  ", "\n ", "\r\n \r\n "])
def test_a_folded_header_line_is_joined(to11: LocalTo11, upstream: RawProvider, fold: str) -> None:
    got = ask(to11, upstream, reply(b"{}", f"x-fold: a{fold}Set-Cookie: b=c", "x-next: d"))
    assert got.headers["x-fold"].split() == ["a", "Set-Cookie:", "b=c"]
    assert "\n" not in got.headers["x-fold"]
    assert (got.headers["x-next"], got.body) == ("d", b"{}")
    assert "set-cookie" not in got.headers


@pytest.mark.parametrize("character", ["\r", "\x01", "\x7f", "\0", "\x0b", "\x1f"])
def test_a_control_character_in_a_value_becomes_a_space(to11: LocalTo11, upstream: RawProvider, character: str) -> None:
    got = ask(to11, upstream, reply(b"{}", f"x-odd: a{character}b", f"x-end: c{character}"))
    assert (got.status, got.headers["x-odd"], got.headers["x-end"]) == (200, "a b", "c")


def test_values_keep_what_they_may_have(to11: LocalTo11, upstream: RawProvider) -> None:
    got = ask(to11, upstream, reply(b"{}", "x-ok: a\tb \xe9 \xa0", "X-Space : c", "x-list: 1", "X-List: 2", "x-empty:"))
    names = ("x-ok", "x-space", "x-list", "x-empty")
    assert [got.headers[name] for name in names] == ["a\tb \xe9 \xa0", "c", "1, 2", ""]


REFUSED = {
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{} ",
    "two lengths in one line": b"HTTP/1.1 200 OK\r\ncontent-length: 2, 3\r\n\r\n{} ",
    "a negative length": b"HTTP/1.1 200 OK\r\ncontent-length: -2\r\n\r\n{}",
    "a length with a sign": b"HTTP/1.1 200 OK\r\ncontent-length: +2\r\n\r\n{}",
    "a length in other digits": b"HTTP/1.1 200 OK\r\ncontent-length: \xb2\r\n\r\n{}",
    "a length with a control character": b"HTTP/1.1 200 OK\r\ncontent-length: 2\x01\r\n\r\n{}",
    "an unknown coding": b"HTTP/1.1 200 OK\r\ntransfer-encoding: x\r\ncontent-length: 2\r\n\r\n{}",
    "a coding around chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a coding within chunks": b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    "a coding with a control character": b"HTTP/1.1 200 OK\r\ntransfer-encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "a line without a colon": b"HTTP/1.1 200 OK\r\nwrong\r\ncontent-length: 2\r\n\r\n{}",
    "a name with a space": b"HTTP/1.1 200 OK\r\nwrong name: x\r\ncontent-length: 2\r\n\r\n{}",
    "a name with a control character": b"HTTP/1.1 200 OK\r\nx\x01: x\r\ncontent-length: 2\r\n\r\n{}",
    "an empty name": b"HTTP/1.1 200 OK\r\n: x\r\ncontent-length: 2\r\n\r\n{}",
    "a fold of nothing": b"HTTP/1.1 200 OK\r\n x: y\r\ncontent-length: 2\r\n\r\n{}",
    "another protocol": b"SSH-2.0-OpenSSH_9.6\r\n\r\n",
    "another version": b"HTTP/2 200 OK\r\ncontent-length: 2\r\n\r\n{}",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "switching protocols": b"HTTP/1.1 101 X\r\nupgrade: x\r\n\r\n",
    "a size that is no number": CHUNKED + b"x\r\n{}\r\n0\r\n\r\n",
    "a size with a sign": CHUNKED + b"+2\r\n{}\r\n0\r\n\r\n",
    "a size in Python's notation": CHUNKED + b"0_2\r\n{}\r\n0\r\n\r\n",
    "an empty size": CHUNKED + b"\r\n{}\r\n0\r\n\r\n",
    "a chunk longer than its size": CHUNKED + b"1\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_ambiguous_is_refused(to11: LocalTo11, upstream: RawProvider, kind: str) -> None:
    upstream.answer = lambda request: REFUSED[kind]
    with pytest.raises(UnreachableError, match="its reply is not HTTP: "):
        content(upstream.provider().send(CHAT))


def test_a_reply_that_is_refused_is_502(to11: LocalTo11, upstream: RawProvider) -> None:
    got = ask(to11, upstream, REFUSED["two lengths"])
    assert (got.status, got.headers["x-to11-error-code"]) == (502, "upstream")
    assert "its reply is not HTTP: an invalid Content-Length" in got.json["error"]["message"]


CUT = [
    b"HTTP/1.1 200 OK\r\ncontent-le",
    reply(b"{}")[:-1],
    CHUNKED + b"5\r\n{}",
    CHUNKED + b"2\r\n{}\r\n",
    CHUNKED + b"2",
]


@pytest.mark.parametrize("answer", CUT)
def test_a_reply_that_is_cut_off_is_not_a_whole_one(upstream: RawProvider, answer: bytes) -> None:
    def once() -> Generator[bytes]:
        yield answer
        raise OSError

    upstream.answer = lambda request: once()
    with pytest.raises(UnreachableError, match="the connection broke"):
        content(upstream.provider().send(CHAT))


ACCEPTED = {
    "one length twice": b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\n{}",
    "lines that end with a line feed": b"HTTP/1.1 200 OK\ncontent-length: 2\n\n{}",
    "no reason": b"HTTP/1.1 200\r\ncontent-length: 2\r\n\r\n{}",
    "chunk extensions": CHUNKED + b'1;a=b;c="d"\r\n{\r\n1 ; e\r\n}\r\n0;f\r\n\r\n',
    "trailers": CHUNKED + b"02\r\n{}\r\n000\r\nx-checksum: 1\r\n\r\n",
    "the coding in capitals": CHUNKED.replace(b"chunked", b"Chunked") + b"2\r\n{}\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("kind", ACCEPTED)
def test_what_is_clear_is_accepted(upstream: RawProvider, kind: str) -> None:
    upstream.answer = lambda request: ACCEPTED[kind]
    assert content(upstream.provider().send(CHAT)) == b"{}"


@pytest.mark.parametrize("status", [204, 304])
@pytest.mark.parametrize("field", ["content-length: 5", "transfer-encoding: chunked", "x: y"])
def test_a_reply_without_a_body_ends_with_its_head(upstream: RawProvider, status: int, field: str) -> None:
    upstream.answer = lambda request: f"HTTP/1.1 {status} X\r\n{field}\r\n\r\n".encode()
    assert content(upstream.provider().send(CHAT)) == b""


def test_a_reply_to_head_ends_with_its_head(to11: LocalTo11, upstream: RawProvider) -> None:
    before = len(upstream.connections)
    for _ in range(3):
        got = ask(to11, upstream, b"HTTP/1.1 200 OK\r\ncontent-length: 200000000\r\n\r\n", "HEAD")
        assert (got.status, got.body, got.headers["content-length"]) == (200, b"", "200000000")
    assert len(upstream.connections) - before <= 1
    got = ask(to11, upstream, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "HEAD")
    assert "content-length" not in got.headers


@given(st.lists(st.binary(min_size=1, max_size=20), max_size=8), st.lists(st.integers(1, 5), min_size=1))
def test_chunks_are_read_in_pieces_of_any_size(chunks: list[bytes], cuts: list[int]) -> None:
    wire = b"".join(b"%x;x=y\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\na: b\r\n\r\nnext"
    body, got, place = ChunkedBody(), b"", 0
    while not body.is_over:
        cut = cuts[place % len(cuts)]
        got += b"".join(body.feed(wire[:cut]))
        wire, place = wire[cut:], place + 1
    assert got == b"".join(chunks)
    assert body.surplus + wire == b"next"
