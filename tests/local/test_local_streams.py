"""What is ready of a streamed reply is sent together, and never held back while the stream waits."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, cast

import pytest

from to11ai_sdk.local.http import reply_writer
from to11ai_sdk.local.http.application import HttpReply, Pauses
from to11ai_sdk.local.http.http_server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from to11ai_sdk.local.http.application import HttpRequest


class Body:
    def __init__(self, parts: Callable[[], Iterator[bytes]]) -> None:
        self._parts = parts

    def __iter__(self) -> Iterator[bytes]:
        return self._parts()

    def close(self) -> None:
        pass


class Recorder:
    """A socket that keeps what is sent at once."""

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.sent.append(bytes(data))


def sent(parts: Callable[[], Iterator[bytes]], pauses: Pauses | None) -> list[bytes]:
    """What is sent at once of a stream, without the head."""
    recorder = Recorder()
    reply = HttpReply(200, {}, Body(parts), pauses)
    try:
        reply_writer.send(cast("socket.socket", recorder), reply_writer.ReplyContext("GET"), reply)
    except ConnectionError:
        recorder.sent.append(b"broken")
    head, separator, rest = recorder.sent[0].partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert separator
    return [rest, *recorder.sent[1:]]


def test_what_is_ready_is_sent_together() -> None:
    pauses = Pauses()

    def parts() -> Iterator[bytes]:
        yield b"a"
        yield b"b"
        pauses.before()
        pauses.before()
        yield b"c"

    assert sent(parts, pauses) == [b"1\r\na\r\n1\r\nb\r\n", b"1\r\nc\r\n0\r\n\r\n"]


def test_what_was_made_before_a_failure_is_sent() -> None:
    pauses = Pauses()

    def parts() -> Iterator[bytes]:
        pauses.before()
        yield b"a"
        raise ConnectionError

    assert sent(parts, pauses) == [b"", b"1\r\na\r\n", b"broken"]


def test_no_more_is_held_than_a_system_call_is_worth() -> None:
    pauses = Pauses()

    def parts() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x" * 10_000

    sizes = [len(piece) for piece in sent(parts, pauses)]
    assert sum(sizes) > 1_000_000
    assert max(sizes) < 80_000


def test_without_pauses_each_part_is_sent_at_once() -> None:
    def parts() -> Iterator[bytes]:
        yield b"a"
        yield b"b"

    assert sent(parts, None) == [b"1\r\na\r\n", b"1\r\nb\r\n", b"0\r\n\r\n"]


@pytest.mark.parametrize("waits_first", [True, False])
def test_the_client_gets_everything_before_a_wait(waits_first: bool) -> None:
    pauses, seen = Pauses(), threading.Event()

    def parts() -> Iterator[bytes]:
        if not waits_first:
            yield b"first"
        pauses.before()
        assert seen.wait(60)
        yield b"last"

    class Application:
        max_body = 100

        def __call__(self, request: HttpRequest) -> HttpReply:
            return HttpReply(200, {}, Body(parts), pauses)

    server = Server(lambda path: Application(), 0)
    server.start()
    try:
        assert received(server, b"HTTP/1.1 200" if waits_first else b"first", seen).endswith(b"4\r\nlast\r\n0\r\n\r\n")
    finally:
        server.stop()


def received(server: Server, expected: bytes, seen: threading.Event) -> bytes:
    """All that the server sends; reports when the expected bytes are among it."""
    everything = b""
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), timeout=60) as opened:
        opened.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        while piece := opened.recv(65_536):
            everything += piece
            if expected in everything:
                seen.set()
    return everything
