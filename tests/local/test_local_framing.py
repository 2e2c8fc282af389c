"""What is not HTTP by RFC 9112 is refused and ends the connection; what is odd but allowed is read."""

from __future__ import annotations

import json
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

import httptools  # pyright: ignore[reportMissingTypeStubs]
import pytest
from bound import call, envelope, exchange, head, plain, rest
from hypothesis import example, given
from hypothesis import strategies as st

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.http import request_body, request_parser
from to11ai_sdk.local.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Generator

POST = "POST /v1/projects/p/prompts HTTP/1.1"
NEXT = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"
"""A request that is answered unless the connection was closed before."""


@pytest.fixture(scope="module")
def server() -> Generator[LocalTo11]:
    """A server for requests that change nothing."""
    with LocalTo11() as to11:
        yield to11


REFUSED = {
    "two lengths": (["Content-Length: 4", "Content-Length: 5"], 400),
    "two lengths in one line": (["Content-Length: 4, 5"], 400),
    "a signed length": (["Content-Length: +4"], 400),
    "a length in hexadecimal digits": (["Content-Length: 0x4"], 400),
    "digits that are not ASCII": (["Content-Length: \u00b2"], 400),
    "an empty length": (["Content-Length: "], 400),
    "a length that is too long to be one": (["Content-Length: " + "9" * 5000], 400),
    "a length and chunks": (["Content-Length: 4", "Transfer-Encoding: chunked"], 400),
    "chunks and a length": (["Transfer-Encoding: chunked", "Content-Length: 4"], 400),
    "an unknown coding": (["Transfer-Encoding: sloth"], 400),
    "a coding after chunked": (["Transfer-Encoding: chunked, gzip"], 400),
    "chunked twice": (["Transfer-Encoding: chunked, chunked"], 400),
    "chunked in two lines": (["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"], 400),
    "a coding before chunked": (["Transfer-Encoding: gzip, chunked"], 501),
    "identity": (["Transfer-Encoding: identity"], 400),
    "no coding": (["Transfer-Encoding: "], 400),
    "a folded line": (["X: a", " b"], 400),
    "a folded line with a tab": (["X: a", "\tTransfer-Encoding: chunked"], 400),
    "a bare carriage return": (["X: a\rb"], 400),
    "a line feed alone": (["X: a\nY: b"], 400),
    "a NUL": (["X: a\0b"], 400),
    "a control character": (["X: a\x01b"], 400),
    "a delete character": (["X: a\x7fb"], 400),
    "a space before the colon": (["Content-Length : 4"], 400),
    "no colon": (["X"], 400),
    "no name": ([": a"], 400),
    "a name with a space": (["X Y: a"], 400),
    "a name that is not ASCII": (["X\u00e9: a"], 400),
    "two hosts": (["Host: example.com"], 400),
    "too many bytes": (["X: " + "a" * 140_000], 431),
    "too many headers": ([f"X-{number}: a" for number in range(20_000)], 431),
}


@pytest.mark.parametrize("path", ["/v1/projects/p/prompts", "/v1/chat/completions", "/local/settings"])
@pytest.mark.parametrize("what", REFUSED)
def test_a_head_that_is_not_http_is_refused_and_nothing_after_it_is_read(
    server: LocalTo11, what: str, path: str
) -> None:
    lines, status = REFUSED[what]
    content = "\r\n".join([f"POST {path} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode("latin-1")
    reply = exchange(server, content + NEXT)
    assert reply.startswith(b"HTTP/1.1 %d " % status), reply
    assert b"\r\nConnection: close\r\n" in reply
    assert reply.count(b"HTTP/1.1 ") == 1
    assert envelope(reply)["error"]["message"]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"GET /health", 400),
        (b"GET  /health HTTP/1.1", 400),
        (b"GET /health HTTP/1.1 ", 400),
        (b"GET /a b HTTP/1.1", 400),
        (b"GET /\x01 HTTP/1.1", 400),
        (b"GET /\x7f HTTP/1.1", 400),
        (b"GET /health http/1.1", 400),
        (b"GET /health HTTP/2.0", 505),
        (b"G(T /health HTTP/1.1", 400),
        (b" GET /health HTTP/1.1", 400),
        (b"GET http://[broken HTTP/1.1", 400),
        (b"GET /%b HTTP/1.1" % (b"a" * 140_000), 414),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 HTTP", 400),
    ],
)
def test_a_first_line_that_is_not_http_is_refused(server: LocalTo11, line: bytes, status: int) -> None:
    reply = exchange(server, line + b"\r\nHost: localhost\r\n\r\n" + NEXT)
    assert reply.startswith(b"HTTP/1.1 %d " % status), reply
    assert reply.count(b"HTTP/1.1 ") == 1


HOSTS = ["Host:", "Host: localhost", "host:127.0.0.1:4500", "Host: [::1]:4500", "Host: a_b-c.example:", "Host: a%20b"]
NO_HOSTS = [
    *("X: y", "Host: a b", "Host: a/b", "Host: http://a", "Host: a@b", "Host: a, b", "Host: a:b", "Host: a:1:2"),
    *("Host: [::1", "Host: ::1", "Host: [a/b]", "Host: \u00e9", "Host: a%2", "Host: a?b", 'Host: "a"', "Host: a\\b"),
    *("Host: a\r\nHost: a", "Host: a\r\nhost: b"),
]


@pytest.mark.parametrize(
    "path", ["/health", "/v1/projects/p/prompts", "/v1/chat/completions", "/local/settings", "/no"]
)
@pytest.mark.parametrize(("version", "line"), [("1.1", line) for line in NO_HOSTS] + [("1.0", "Host: a b")])
def test_a_request_names_its_host_once(server: LocalTo11, path: str, version: str, line: str) -> None:
    reply = exchange(server, f"GET {path} HTTP/{version}\r\n{line}\r\n\r\n".encode("latin-1") + NEXT)
    assert reply.startswith(b"HTTP/1.1 400 "), reply
    assert "host" in envelope(reply)["error"]["message"].lower()
    assert reply.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(("version", "line"), [("1.1", line) for line in HOSTS] + [("1.0", "X: y")])
def test_other_hosts_are_read(server: LocalTo11, version: str, line: str) -> None:
    assert exchange(server, f"GET /health HTTP/{version}\r\n{line}\r\n\r\n".encode()).startswith(b"HTTP/1.1 200 ")


def test_lines_that_end_with_a_line_feed_alone_are_refused_at_once(server: LocalTo11) -> None:
    assert exchange(server, b"GET /health HTTP/1.1\nHost: localhost\n\n").startswith(b"HTTP/1.1 400 ")


CHUNKS = {
    "a size that is not hexadecimal": b"4g\r\ntrue\r\n0\r\n\r\n",
    "a signed size": b"+4\r\ntrue\r\n0\r\n\r\n",
    "an underscore in the size": b"0_4\r\ntrue\r\n0\r\n\r\n",
    "no size": b"\r\ntrue\r\n0\r\n\r\n",
    "a size that is too long to be one": b"0" * 40 + b"4\r\ntrue\r\n0\r\n\r\n",
    "more than the size": b"4\r\ntrue!\r\n0\r\n\r\n",
    "a line feed alone": b"4\ntrue\n0\n\n",
    "a long extension": b"4;" + b"x" * 20_000 + b"\r\ntrue\r\n0\r\n\r\n",
    "many extensions": b"1;x=yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n1\r\n" * 1000 + b"0\r\n\r\n",
    "a long trailer": b"4\r\ntrue\r\n0\r\n" + b"x: y\r\n" * 10_000 + b"\r\n",
    "no end": b"4\r\ntrue\r\n",
}


@pytest.mark.parametrize("path", ["/v1/projects/p/prompts", "/v1/chat/completions"])
@pytest.mark.parametrize("what", CHUNKS)
def test_chunks_that_are_not_http_are_refused_and_nothing_after_them_is_read(
    server: LocalTo11, what: str, path: str
) -> None:
    line = f"POST {path} HTTP/1.1"
    after = b"" if what == "no end" else NEXT
    reply = exchange(server, head(server, line, "Transfer-Encoding: chunked") + CHUNKS[what] + after)
    assert reply.startswith(b"HTTP/1.1 400 "), reply
    assert b"\r\nConnection: close\r\n" in reply
    assert reply.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        (["Content-Length: 26", "Content-Length: 26"], b'{"name": "A", "slug": "a"}'),
        (["Content-Length: 26, 26"], b'{"name": "A", "slug": "a"}'),
        (["Content-Length:026\t"], b'{"name": "A", "slug": "a"}'),
        (["Transfer-Encoding:\tChunked"], b'1A\r\n{"name": "A", "slug": "a"}\r\n0\r\n\r\n'),
        (["Transfer-Encoding: chunked"], b'1a;a;b=c;d="e f"\r\n{"name": "A", "slug": "a"}\r\n00;x\r\nX: y\r\n\r\n'),
        (["Transfer-Encoding: chunked"], b'00010 \r\n{"name": "A", "s\r\na\r\nlug": "a"}\r\n0\r\n\r\n'),
        (["Content-Length: 26", "X: a\tb \u00e9", "X:"], b'{"name": "A", "slug": "a"}'),
    ],
)
def test_odd_framing_that_is_allowed_is_read_and_the_next_request_too(
    to11: LocalTo11, headers: list[str], body: bytes
) -> None:
    line = f"POST /v1/projects/{to11.project_id}/prompts HTTP/1.1"
    content = head(to11, line, *headers).decode().encode("latin-1")
    reply = exchange(to11, b"\r\n" + content + body + NEXT)
    assert reply.startswith(b"HTTP/1.1 200 "), reply
    assert reply.count(b"HTTP/1.1 200 ") == 2
    assert [prompt["slug"] for prompt in call(to11, "GET", "prompts").json["data"]] == ["a"]


def test_requests_sent_at_once_are_answered_in_order(to11: LocalTo11) -> None:
    paths = [f"/v1/projects/{to11.project_id}/prompts/{name}" for name in ("a", "b", "c")]
    reply = exchange(to11, b"".join(head(to11, f"GET {path} HTTP/1.1") for path in paths))
    found = [json.loads(part.partition(b"\r\n\r\n")[2]) for part in reply.split(b"HTTP/1.1 404 Not Found\r\n")[1:]]
    assert [part["error"]["details"]["promptId"] for part in found] == ["a", "b", "c"]


def test_a_query_of_raw_bytes_is_encoded_once(to11: LocalTo11) -> None:
    path = f"/v1/projects/{to11.project_id}/prompts"
    for query in ("tags=\u00e9", "tags=%C3%A9", "tags=%c3%a9"):
        reply = exchange(to11, head(to11, f"GET {path}?{query} HTTP/1.1"))
        assert reply.startswith(b"HTTP/1.1 200 ")
        assert to11.requests[-1].query == {"tags": "\u00e9"}
    exchange(to11, b"GET /v1/projects/p/\xff\xc3\xa9 HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert to11.requests[-1].path == "/v1/projects/p/%FF%C3%A9"


def test_a_method_that_nobody_knows_is_read(to11: LocalTo11) -> None:
    reply = exchange(to11, head(to11, f"BREW /v1/projects/{to11.project_id}/prompts HTTP/1.1") + NEXT)
    assert reply.startswith(b"HTTP/1.1 405 ")
    assert reply.count(b"HTTP/1.1 ") == 2


class Seen:
    """What llhttp, the parser of Node, reads of a request."""

    def __init__(self) -> None:
        self.target = b""
        self.headers: dict[str, str] = {}
        self.is_whole = False

    def on_url(self, part: bytes) -> None:
        self.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        key, text = name.decode("latin-1").lower(), value.decode("latin-1").strip(" \t")
        self.headers[key] = f"{self.headers[key]}, {text}" if key in self.headers else text

    def on_headers_complete(self) -> None:
        self.is_whole = True


def by_llhttp(content: bytes) -> Seen | None:
    seen = Seen()
    with suppress(httptools.HttpParserError):
        httptools.HttpRequestParser(seen).feed_data(content)
        return seen if seen.is_whole else None
    return None


def by_us(content: bytes) -> request_parser.RequestHead | None:
    try:
        found = request_parser.parse(content[:-2])
        request_body.length(found)
    except (Problem, ValueError):
        return None
    return found


PIECES = st.sampled_from(
    [b"a", b"b", b":", b" ", b"\t", b"\r", b"\n", b"\r\n", b"\0", b"\x7f", b"\xe9", b",", b'"', b"(", b"chunked", b"5"]
)
VALUES = st.lists(PIECES, max_size=4).map(b"".join)
NAMES = st.one_of(st.sampled_from([b"X", b"Content-Length", b"Transfer-Encoding", b"Connection"]), VALUES)
LINES = st.tuples(NAMES, st.sampled_from([b":", b": ", b" :", b""]), VALUES).map(b"".join)


@given(st.lists(LINES, max_size=4))
@example([b"Content-Length: 5", b"Content-Length: 5"])
@example([b"X: a", b" b"])
def test_nothing_is_read_that_the_parser_of_node_refuses(lines: list[bytes]) -> None:
    content = b"\r\n".join([b"POST /a?b HTTP/1.1", b"Host: x", *lines, b"", b""])
    content = content[: content.index(b"\r\n\r\n") + 4]
    theirs, ours = by_llhttp(content), by_us(content)
    if ours is not None and ours.headers.get("content-length", "").count(",") == 0:
        assert theirs is not None
        assert theirs.headers == ours.headers
        assert theirs.target == b"/a?b"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_only_a_client_that_knows_interim_replies_gets_one(to11: LocalTo11, version: str) -> None:
    line = f"POST /health HTTP/{version}"
    with plain(to11) as opened:
        opened.sendall(head(to11, line, "Content-Length: 2", "Expect: 100-continue"))
        if version == "1.1":
            assert opened.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        opened.sendall(b"{}")
        opened.shutdown(socket.SHUT_WR)
        assert rest(opened).count(b"HTTP/1.1 ") == 1
