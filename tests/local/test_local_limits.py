"""What clients may hold is bounded: connections, time, files and threads; who hangs up is noticed."""

from __future__ import annotations

import json
import math
import select
import socket
import struct
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest
from bound import connection, envelope, head, plain, rest, send

from to11ai_sdk.local import LocalTo11, bounds, descriptors
from to11ai_sdk.local.hang_up import HangUp
from to11ai_sdk.local.http.application import HttpReply, HttpRequest
from to11ai_sdk.local.http.client_connection import ClientConnection
from to11ai_sdk.local.http.connection_watch import ConnectionWatch, Work
from to11ai_sdk.local.http.http_server import Server

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from to11ai_sdk.local.http.application import Streaming

HEALTH = b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"


def is_healthy(to11: LocalTo11) -> bool:
    with connection(to11) as opened:
        return send(opened, "GET", "/health").status == 200


class Watched:
    """A connection to watch, with both of its ends."""

    def __init__(self) -> None:
        self.socket, self.theirs = socket.socketpair()
        self.deadline = math.inf
        self.hang_up = HangUp()
        self.work: Work | None = Work(monotonic() - 60, self.hang_up)

    def expire(self) -> None:
        self.deadline = math.inf


def test_early_bytes_are_no_hang_up_and_nothing_is_reported_after_the_stop() -> None:
    early, gone, instant = Watched(), Watched(), Watched()
    instant.work = None
    watch = ConnectionWatch(lambda: [early, gone, instant])
    ended = threading.Event()
    watch.start()
    with gone.hang_up.ending(ended.set):
        early.theirs.send(b"GET / HTTP/1.1")
        gone.theirs.close()
        instant.theirs.close()
        assert ended.wait(60)
    watch.stop()
    early.theirs.close()
    for client in (early, gone, instant):
        client.socket.close()
    assert [client.hang_up.happened for client in (early, gone, instant)] == [False, True, False]


class Waiting:
    """An application that works until its caller hangs up; a stream, if that was asked for."""

    max_body = 100

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self.ended = threading.Semaphore(0)

    def __call__(self, request: HttpRequest) -> HttpReply:
        body: bytes | Streaming = Endless(self, request) if request.target.path == "/stream" else self.work(request)
        return HttpReply(200, {}, body)

    def work(self, request: HttpRequest) -> bytes:
        left = threading.Event()
        with request.hang_up.ending(left.set):
            self.began.release()
            assert left.wait(60)
        self.ended.release()
        return b"for nobody"


class Endless:
    def __init__(self, application: Waiting, request: HttpRequest) -> None:
        self._application = application
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        yield b"first"
        yield self._application.work(self._request)

    def close(self) -> None:
        pass


@pytest.fixture
def waiting() -> Generator[tuple[Waiting, tuple[str, int]]]:
    application = Waiting()
    server = Server(lambda path: application, 0)
    server.start()
    yield application, ("127.0.0.1", int(server.url.rpartition(":")[2]))
    server.stop()


@pytest.mark.parametrize("path", ["/plain", "/stream"])
@pytest.mark.parametrize("how", ["close", "reset", "half", "with the next request"])
def test_the_work_ends_when_the_caller_hangs_up(waiting: tuple[Waiting, tuple[str, int]], path: str, how: str) -> None:
    application, address = waiting
    if how == "with the next request" and not hasattr(select, "POLLRDHUP"):
        pytest.skip("only Linux sees the end behind bytes that nobody reads")
    with socket.create_connection(address) as opened:
        opened.sendall(f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{{}}".encode())
        assert application.began.acquire(timeout=60)
        if how == "reset":
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif how == "half":
            opened.shutdown(socket.SHUT_WR)
        elif how == "with the next request":
            opened.sendall(HEALTH)
        if how != "half":
            opened.close()
        assert application.ended.acquire(timeout=60)


def test_a_call_of_the_control_plane_ends_too(to11: LocalTo11) -> None:
    to11.fail_next(delay_s=3600)
    with plain(to11) as opened:
        opened.sendall(head(to11, f"GET /v1/projects/{to11.project_id}/prompts HTTP/1.1"))
    end = monotonic() + 60
    while not to11.requests:
        assert monotonic() < end
        threading.Event().wait(0.01)


@pytest.mark.parametrize(
    ("bound", "content", "said"),
    [
        ("IDLE_TIMEOUT_S", b"", b""),
        ("IDLE_TIMEOUT_S", HEALTH, b"HTTP/1.1 200 "),
        ("HEAD_TIMEOUT_S", b"G", b"HTTP/1.1 408 "),
        ("HEAD_TIMEOUT_S", HEALTH[:-2], b"HTTP/1.1 408 "),
        ("BODY_TIMEOUT_S", b"POST /v1/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{", b"HTTP/1.1 4"),
        (
            "BODY_TIMEOUT_S",
            b"POST /local/settings HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
            b"HTTP/1.1 408 ",
        ),
        (
            "BODY_TIMEOUT_S",
            b"PUT /v1/projects/p HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1",
            b"HTTP/1.1 408 ",
        ),
    ],
)
def test_who_sends_nothing_is_answered_and_left(
    to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, bound: str, content: bytes, said: bytes
) -> None:
    # A whole request must come before the bound.
    monkeypatch.setattr(bounds, bound, 2.0 if content == HEALTH else 0.05)
    with plain(to11) as opened:
        opened.sendall(content)
        reply = rest(opened)
    assert reply.startswith(said)
    assert reply.count(b"HTTP/1.1 ") == (said != b"")


def test_a_request_that_comes_byte_by_byte_has_a_time_limit(to11: LocalTo11, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "HEAD_TIMEOUT_S", 0.2)
    reply = b""
    with plain(to11) as opened:
        opened.settimeout(0.02)
        for _ in range(10_000):
            opened.sendall(b"x")
            with suppress(TimeoutError):
                reply = opened.recv(65_536)
                break
    assert reply.startswith(b"HTTP/1.1 408 ")


def test_a_body_may_take_long_as_long_as_it_goes_on(to11: LocalTo11, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "IDLE_TIMEOUT_S", 3600.0)
    monkeypatch.setattr(bounds, "HEAD_TIMEOUT_S", 3600.0)
    with plain(to11) as opened:
        opened.sendall(head(to11, "PATCH /local/settings HTTP/1.1", "Content-Length: 25", "Connection: close"))
        for byte in b'{"strictVariables":false}':
            opened.sendall(bytes([byte]))
        assert rest(opened).startswith(b"HTTP/1.1 200 ")


def test_many_half_sent_requests_end_by_themselves_and_disturb_nobody(
    to11: LocalTo11, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        opened = [stack.enter_context(plain(to11)) for _ in range(200)]
        for number, each in enumerate(opened):
            each.sendall(HEALTH[: number % (len(HEALTH) - 1)])
        assert is_healthy(to11)
        monkeypatch.setattr(bounds, "HEAD_TIMEOUT_S", 0.05)
        monkeypatch.setattr(bounds, "IDLE_TIMEOUT_S", 0.05)
        late, replies = [], set()
        for number in range(200):
            late.append(stack.enter_context(plain(to11)))
            with suppress(ConnectionError):  # on a busy machine, the server closes one before
                late[-1].sendall(HEALTH[: number % (len(HEALTH) - 1)])
        for each in late:
            with suppress(ConnectionError):
                replies.add(rest(each)[:13])
        assert replies == {b"", b"HTTP/1.1 408 "}


def test_more_connections_than_the_bound_are_answered_with_503(
    to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bounds, "MAX_CONNECTIONS", 2)
    with plain(to11) as first, plain(to11) as second:
        for opened in (first, second):
            opened.sendall(HEALTH)
            assert opened.recv(65_536).startswith(b"HTTP/1.1 200 ")
        for _ in range(3):
            with plain(to11) as refused:
                refused.sendall(HEALTH)
                reply = rest(refused)
            assert reply.startswith(b"HTTP/1.1 503 ")
            assert envelope(reply)["error"]["code"] == "TOO_MANY_CONNECTIONS"
    assert caplog.text.count("2 open connections already") == 1
    monkeypatch.undo()
    assert is_healthy(to11)


def test_a_thread_that_cannot_be_started_is_a_503(
    to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def start(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start)
        with plain(to11) as opened:
            opened.sendall(HEALTH)
            reply = rest(opened)
    assert reply.startswith(b"HTTP/1.1 503 ")
    assert envelope(reply)["error"]["code"] == "OUT_OF_THREADS"
    assert "cannot start another thread" in caplog.text
    assert is_healthy(to11)


CHILD = """
import json, logging, resource, sys
logging.basicConfig(stream=sys.stderr, format="%(message)s")
soft, hard = json.loads(sys.argv[1])
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1] if hard is None else hard
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from to11ai_sdk.local import LocalTo11
with LocalTo11() as to11:
    print(json.dumps([to11.base_url, *resource.getrlimit(resource.RLIMIT_NOFILE)]), flush=True)
    sys.stdin.read()
"""


class Child:
    """A local to11 in a process of its own, with these limits of open files."""

    def __init__(self, soft: int, hard: int | None) -> None:
        command = [sys.executable, "-c", CHILD, json.dumps([soft, hard])]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        assert self._process.stdout is not None
        self.base_url, self.soft, self.hard = json.loads(self._process.stdout.readline())

    def stop(self) -> str:
        """End it; return its log."""
        return self._process.communicate("", timeout=60)[1]


@pytest.mark.skipif(descriptors.resource is None, reason="Windows has no limit of open files")
def test_the_soft_limit_of_open_files_is_raised() -> None:
    child = Child(128, None)
    child.stop()
    assert child.soft == min(child.hard if child.hard > 0 else math.inf, bounds.MAX_DESCRIPTORS)


@pytest.mark.skipif(descriptors.resource is None, reason="Windows has no limit of open files")
def test_without_a_file_for_another_connection_the_answer_says_so() -> None:
    child: Any = Child(64, 64)
    with ExitStack() as stack:
        opened = [stack.enter_context(plain(child)) for _ in range(100)]
        for each in opened:
            each.sendall(HEALTH)
        replies = [each.recv(65_536) for each in opened]
        codes = [envelope(reply)["error"]["code"] for reply in replies if not reply.startswith(b"HTTP/1.1 200 ")]
        assert 20 < len(codes) < 100
        assert set(codes) == {"OUT_OF_FILES"}
    with connection(child) as again:
        assert send(again, "GET", "/health").status == 200
    assert child.stop().count("this machine ran out of files") == 1


def test_the_end_of_a_wait_is_no_hang_up_of_a_request_that_came_just_then() -> None:
    ours, theirs = socket.socketpair()
    application = Waiting()
    client = ClientConnection(ours, lambda path: application, lambda: False)
    serving = threading.Thread(target=client.serve)
    serving.start()
    theirs.sendall(b"POST /plain HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
    assert application.began.acquire(timeout=60)
    work = client.work
    assert work is not None
    client.expire()
    watch = ConnectionWatch(lambda: [client])
    watch._look([client], monotonic() + 60)  # pyright: ignore[reportPrivateUsage]
    assert not work.hang_up.happened
    work.hang_up.report()
    serving.join(60)
    assert theirs.recv(100).startswith(b"HTTP/1.1 200 ")
    theirs.close()


def test_a_request_that_is_complete_only_after_the_stop_ends_at_once() -> None:
    application = Waiting()
    ours, theirs = socket.socketpair()
    with theirs:
        client = ClientConnection(ours, lambda path: application, lambda: False)
        theirs.sendall(b"POST /plain HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")
        client.shutdown(socket.SHUT_RDWR)
        client.serve()
        assert application.ended.acquire(timeout=0)


class Slow(socket.socket):
    """A socket that takes its time to shut down, and records when."""

    order: tuple[str, ...] = ()

    def shutdown(self, how: int) -> None:
        self.order += ("begin",)
        super().shutdown(how)
        threading.Event().wait(0.1)
        self.order += ("end",)

    def close(self) -> None:
        self.order += ("close",)
        super().close()


def test_no_socket_is_closed_while_another_thread_shuts_it_down() -> None:
    """Its number could be that of another connection by then."""
    ours, theirs = socket.socketpair()
    slow = Slow(fileno=ours.detach())
    client = ClientConnection(slow, lambda path: Waiting(), lambda: False)
    serving = threading.Thread(target=client.serve)
    serving.start()
    client.shutdown(socket.SHUT_RD)
    serving.join(60)
    theirs.close()
    assert slow.order == ("begin", "end", "begin", "end", "close")


def broken(request: HttpRequest) -> HttpReply:
    raise ConnectionAbortedError


broken.max_body = 100  # type: ignore[attr-defined]


def test_a_reply_that_breaks_off_ends_although_a_forked_process_has_its_connection() -> None:
    ours, theirs = socket.socketpair()
    copy = ours.dup()  # as a fork does
    with copy, theirs:
        theirs.sendall(HEALTH)
        theirs.settimeout(60)
        ClientConnection(ours, lambda path: broken, lambda: False).serve()  # type: ignore[arg-type,return-value]
        assert b"".join(iter(lambda: theirs.recv(100), b"")) == b"HTTP/1.1 "
