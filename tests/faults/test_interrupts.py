"""What a signal handler raises inside a call: soft time limits, timeout decorators."""

from __future__ import annotations

import errno
import gc
import http.client
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from to11ai_sdk import To11aiError, To11aiNetworkError, create_client
from to11ai_sdk._http import process_safety
from to11ai_sdk._http.deadline_socket import DeadlineSocket
from to11ai_sdk._http.encoding import error_from_reply, json_bytes
from to11ai_sdk._http.exchange import HttpAttempt, Reply, monotonic
from to11ai_sdk._http.process_safety import handler_error
from to11ai_sdk._http.response_parser import Response, _status_line
from to11ai_sdk._http.urllib_exchange import UrllibExchange
from to11ai_sdk.prompt_keys import prompt_key
from to11ai_sdk.resources.table import ENDPOINTS

from .certificates import serving, trusting
from .harness import (
    KEY,
    PATIENCE_S,
    closed_port,
    create,
    deaf,
    descriptors,
    get,
    impatient,
    knocking,
    resolve,
    struck,
)
from .server import HEALTHY, HOLD, KEEP, READ, SIP, Received, Script, ScriptedServer, good, prompt, resolved

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from to11ai_sdk import To11aiClient

MAIN = threading.main_thread().ident
assert MAIN is not None


class SoftLimit(Exception):
    """As Celery, RQ and most decorators have it: no kind of BaseException."""


class HostileError(OSError):
    """An ``OSError`` that looks like the system's own EINTR."""

    errno = errno.EINTR


RAISED: dict[str, Callable[[], Exception]] = {
    "Exception": lambda: SoftLimit("too late"),
    "KeyError": lambda: KeyError("too late"),
    "ValueError": lambda: ValueError("too late"),
    "UnicodeDecodeError": lambda: UnicodeDecodeError("utf-8", b"", 0, 1, "too late"),
    "OSError": lambda: OSError("too late"),
    "TimeoutError": lambda: TimeoutError("too late"),
    "ConnectionResetError": lambda: ConnectionResetError("too late"),
    "BlockingIOError": lambda: BlockingIOError("too late"),
    "InterruptedError": lambda: InterruptedError(errno.EINTR, "too late"),
    "an OSError with EINTR": lambda: HostileError("too late"),
    "SSLError": lambda: ssl.SSLError("too late"),
    "SSLWantReadError": lambda: ssl.SSLWantReadError("too late"),
    "HTTPException": lambda: http.client.HTTPException("too late"),
    "IncompleteRead": lambda: http.client.IncompleteRead(b"too late"),
    "RemoteDisconnected": lambda: http.client.RemoteDisconnected("too late"),
    "zlib.error": lambda: zlib.error("too late"),
    "ImportError": lambda: ImportError("too late"),
    "AttributeError": lambda: AttributeError("too late"),
    "To11aiNetworkError": lambda: To11aiNetworkError("too late"),
}
FEW = ("Exception", "ValueError", "TimeoutError", "IncompleteRead")


@contextmanager
def limited(error: Exception, connected: ScriptedServer | None = None, after_s: float = 0.1) -> Iterator[None]:
    """A block in which SIGUSR1 raises an exception; by itself soon after a connection to a server, if one is given."""

    def handler(signum: int, frame: object) -> None:
        raise error

    before = signal.signal(signal.SIGUSR1, handler)
    over = threading.Event()

    def watch(server: ScriptedServer, count: int) -> None:
        while server.connections == count and not over.wait(0.01):
            pass
        if not over.wait(after_s):
            interrupt()

    watcher = threading.Thread(target=watch, args=(connected, connected.connections if connected else 0))
    if connected:
        watcher.start()
    try:
        yield
    finally:
        over.set()
        if connected:
            watcher.join()
        signal.signal(signal.SIGUSR1, before)


def interrupt() -> None:
    assert MAIN is not None
    signal.pthread_kill(MAIN, signal.SIGUSR1)


def fire(request: Received) -> bytes:
    """A step of the server: interrupt the caller, who waits for what does not come."""
    time.sleep(0.02)
    interrupt()
    return b""


OK = b"HTTP/1.1 200 OK\r\n"
OUTAGE = b"HTTP/1.1 503 Service Unavailable\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"
MOMENTS: dict[str, Script] = {
    "before the reply": (READ, fire, HOLD),
    "in the status line": (READ, b"HTTP/1.1 2", fire, HOLD),
    "in the headers": (READ, OK + b"Content-", fire, HOLD),
    "after an interim reply": (READ, b"HTTP/1.1 103 Early Hints\r\n\r\n", fire, HOLD),
    "in a body of known length": (READ, OK + b"Content-Length: 9\r\n\r\n{", fire, HOLD),
    "in a body without end": (READ, OK + b"\r\n{", fire, HOLD),
    "before the size of a chunk": (READ, OK + CHUNKED, fire, HOLD),
    "in the size of a chunk": (READ, OK + CHUNKED + b"1", fire, HOLD),
    "in a chunk": (READ, OK + CHUNKED + b"9\r\n{", fire, HOLD),
    "at the end of a chunk": (READ, OK + CHUNKED + b"1\r\n{", fire, HOLD),
    "in the trailer": (READ, OK + CHUNKED + b"1\r\n{\r\n0\r\nX: y", fire, HOLD),
    "in the body of an error": (READ, OUTAGE + b"Content-Length: 9\r\n\r\n{", fire, HOLD),
    "in the size of a chunk of an error": (READ, OUTAGE + CHUNKED + b"1", fire, HOLD),
    "in a chunk of an error": (READ, OUTAGE + CHUNKED + b"9\r\n{", fire, HOLD),
}


SOME = ("before the reply", "in the headers", "in the size of a chunk", "in the body of an error")
COMBINATIONS = [
    *((kind, moment, False, False) for kind in RAISED for moment in MOMENTS if kind in FEW or moment in SOME),
    *((kind, moment, tls, True) for kind in FEW for moment in SOME for tls in (False, True)),
    *((kind, "before the reply", False, True) for kind in RAISED if kind not in FEW),
]


@pytest.mark.parametrize(("kind", "moment", "tls", "kept"), COMBINATIONS)
def test_what_a_signal_handler_raises_comes_out(kind: str, moment: str, tls: bool, kept: bool) -> None:
    before = descriptors()
    slept: list[float] = []
    context = trusting() if tls else None
    with (
        ScriptedServer(HEALTHY, tls=serving() if tls else None) as server,
        impatient(server.url, ssl_context=context, max_retries=3, sleep=slept.append) as client,
    ):
        get(client, "first")
        if not kept:
            client.close()
        server.play(MOMENTS[moment])
        error = RAISED[kind]()
        with limited(error), pytest.raises(type(error)) as caught:
            get(client, "cut")
        assert caught.value is error
        assert "too late" in repr(error.args) + str(error)
        assert slept == []
        assert [request.target.rpartition("/")[2] for request in server.requests] == ["first", "cut"]
        # Of a connection that is not done with its reply nothing more is read.
        server.play(HEALTHY)
        assert get(client, "after") == "after"
        assert server.connections == 1
    gc.collect()
    assert descriptors() - before == set()


@pytest.mark.parametrize("kind", RAISED)
def test_it_comes_out_of_a_write_that_may_have_been_done(kind: str) -> None:
    with ScriptedServer((READ, fire, HOLD)) as server, impatient(server.url) as client:
        create_warm(client)
        error = RAISED[kind]()
        with limited(error), pytest.raises(type(error)) as caught:
            create(client, "cut")
        assert caught.value is error
        assert len(server.requests) == 1


def create_warm(client: To11aiClient) -> None:
    """Import what a first call would."""
    client.warm_up(connect=False)


@pytest.mark.parametrize("kind", [*FEW, "BlockingIOError"])
def test_it_comes_out_of_a_request_that_is_not_taken(kind: str) -> None:
    error = RAISED[kind]()
    with ScriptedServer((SIP,)) as server, impatient(server.url) as client:
        create_warm(client)
        with limited(error, server), pytest.raises(type(error)) as caught:
            client.prompts.create(project_id="p", slug="s", name="x" * 8_000_000)
        assert caught.value is error
        assert server.connections == 1


@pytest.mark.parametrize("kind", RAISED)
def test_it_comes_out_while_connecting_and_no_other_address_is_tried(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    error = RAISED[kind]()
    with deaf() as port, ScriptedServer(HEALTHY) as server, impatient(server.url) as client:
        create_warm(client)
        address = (socket.AF_INET, socket.SOCK_STREAM, 6, "")
        both = [(*address, ("127.0.0.1", port)), (*address, ("127.0.0.1", server.port))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *args: both)
        others = knocking(port)
        with limited(error), struck(interrupt, lambda: knocking(port) > others), pytest.raises(type(error)) as caught:
            create(client, "cut")
        assert caught.value is error
        assert server.connections == 0


@pytest.mark.parametrize("kind", RAISED)
def test_it_comes_out_of_a_handshake(kind: str) -> None:
    error = RAISED[kind]()
    with (
        ScriptedServer((HOLD,)) as server,
        impatient(server.https_url, ssl_context=trusting(), max_retries=3) as client,
    ):
        create_warm(client)
        for call in (get, create, lambda client, name: client.warm_up()):
            with limited(error, server), pytest.raises(type(error)) as caught:
                call(client, "cut")
            assert caught.value is error
        assert server.connections == 3


@pytest.mark.parametrize("kind", [*FEW, "BlockingIOError"])
def test_it_comes_out_of_a_wait_for_a_proxy(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    error = RAISED[kind]()
    with ScriptedServer((READ, b"HTTP/1.1 2", fire, HOLD)) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with impatient("https://to11.test", ssl_context=trusting(), max_retries=3) as client:
            create_warm(client)
            with limited(error), pytest.raises(type(error)) as caught:
                get(client, "cut")
            assert caught.value is error
            assert len(proxy.requests) == 1


@pytest.mark.parametrize("kind", RAISED)
def test_it_comes_out_of_a_wait_between_attempts(kind: str) -> None:
    error = RAISED[kind]()

    def sleep(seconds: float) -> None:
        interrupt()
        time.sleep(5)

    with ScriptedServer((READ,)) as server, impatient(server.url, sleep=sleep) as client:
        with limited(error), pytest.raises(type(error)) as caught:
            get(client, "cut")
        assert caught.value is error
        assert len(server.requests) == 1


@pytest.mark.parametrize("kind", [kind for kind in RAISED if kind != "To11aiNetworkError"])
def test_no_old_prompt_and_no_fallback_is_served_for_it(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with (
        ScriptedServer(HEALTHY) as server,
        create_client(api_key=KEY, base_url=server.url, ttl_seconds=0.01) as client,
    ):
        fallback = client.prompts.resolve(project_id="p", slug="a", labels=["prod"])
        time.sleep(0.02)
        server.play((READ, fire, HOLD))
        error = RAISED[kind]()
        with limited(error), pytest.raises(type(error)) as caught:
            client.prompts.resolve(project_id="p", slug="a", labels=["prod"], fallback=fallback)
        assert caught.value is error
        assert len(server.requests) == 2
        # Not an outage: the old one is still there for one.
        server.play((READ,))
        assert resolve(client, "a") == "a"
    assert "serving the expired prompt" in caplog.text


class Slow(Mapping[str, Any]):
    """A mapping that takes so long that the limit is reached."""

    def __getitem__(self, name: str) -> Any:
        raise KeyError(name)

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[str]:
        interrupt()
        time.sleep(5)
        return iter(("x",))


WORK: dict[str, Callable[[], object]] = {
    "making a body": lambda: json_bytes({"variables": {"x": Slow()}}),
    "making the key of a prompt": lambda: prompt_key("p", "s", ["a"], {"x": Slow()}),
}


@pytest.mark.parametrize("kind", RAISED)
@pytest.mark.parametrize("work", WORK)
def test_it_comes_out_of_what_is_done_before_anything_is_sent(work: str, kind: str) -> None:
    error = RAISED[kind]()
    with limited(error), pytest.raises(type(error)) as caught:
        WORK[work]()
    assert caught.value is error


def test_it_comes_out_of_reading_the_trust_store(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow() -> ssl.SSLContext:
        interrupt()
        time.sleep(5)
        raise AssertionError

    monkeypatch.setattr(ssl, "create_default_context", slow)
    error = OSError("too late")
    with limited(error), pytest.raises(OSError, match="too late") as caught:
        UrllibExchange(secure=True).prepare()
    assert caught.value is error


def test_a_limit_that_is_being_handled_is_not_taken_for_what_happens_next() -> None:
    with impatient(f"http://127.0.0.1:{closed_port()}", max_retries=0) as client:
        create_warm(client)
        error = SoftLimit("before")
        with limited(error):
            try:
                interrupt()
                time.sleep(5)
            except SoftLimit:
                with pytest.raises(To11aiNetworkError, match="connection refused"):
                    get(client, "a")
                with pytest.raises(To11aiNetworkError, match="connection refused"):
                    client.warm_up()


@pytest.mark.parametrize("status", [200, 503])
def test_a_limit_that_is_being_handled_is_not_taken_for_a_broken_body(status: int) -> None:
    cut = b"HTTP/1.1 %d x\r\nContent-Length: 9\r\n\r\n{" % status
    with (
        ScriptedServer((READ, cut)) as server,
        impatient(server.url, max_retries=0) as client,
        limited(SoftLimit("before")),
    ):
        try:
            interrupt()
            time.sleep(5)
        except SoftLimit:
            with pytest.raises(To11aiError, match=r"HTTP 503|the connection ended before the reply did"):
                get(client, "a")


def test_a_limit_within_the_handling_of_an_error_of_ours_comes_out() -> None:
    with ScriptedServer((READ, fire, HOLD)) as server, impatient(server.url, max_retries=0) as client:
        error = TimeoutError("too late")
        try:
            raise To11aiNetworkError("an older one")
        except To11aiNetworkError:
            with limited(error), pytest.raises(TimeoutError, match="too late") as caught:
                get(client, "a")
        assert caught.value is error


def test_a_handler_with_any_signature_and_depth() -> None:
    error = OSError("too late")

    class Limit:
        def __call__(self, *args: object, **options: object) -> None:
            self.deeper()

        def deeper(self) -> None:
            raise error

    with ScriptedServer((READ, fire, HOLD)) as server, impatient(server.url, max_retries=0) as client:
        create_warm(client)
        before = signal.signal(signal.SIGUSR1, Limit())
        try:
            with pytest.raises(OSError, match="too late") as caught:
                get(client, "a")
        finally:
            signal.signal(signal.SIGUSR1, before)
        assert caught.value is error


class Alarmed(UrllibExchange):
    """Sets an alarm in each wait for a reply, and its end soon after; both are timers of one clock."""

    ends = 0.0

    def __call__(self, attempt: HttpAttempt) -> Reply:
        def alarm() -> None:
            self.ends = attempt.deadline = attempt.ends = monotonic() + 0.2
            signal.setitimer(signal.ITIMER_REAL, 0.05)

        attempt.meanwhile = alarm
        return super().__call__(attempt)


def test_a_handler_that_returns_late_does_not_cost_a_reply_that_has_arrived() -> None:
    handling = threading.Semaphore(0)

    def handled(request: Received) -> bytes:
        assert handling.acquire(timeout=PATIENCE_S)
        return good(request)

    def handler(signum: int, frame: object) -> None:
        handling.release()
        assert server.rests.acquire(timeout=PATIENCE_S)
        time.sleep(max(0, exchange.ends - monotonic()))

    with ScriptedServer((READ, handled, KEEP)) as server, impatient(server.url, max_retries=0) as client:
        create_warm(client)
        exchange = client._transport._exchange = Alarmed()
        exchange.prepare()
        before = signal.signal(signal.SIGALRM, handler)
        try:
            assert get(client, "a") == "a"
            assert get(client, "b") == "b"
        finally:
            signal.signal(signal.SIGALRM, before)
        assert [request.connection for request in server.requests] == [0, 0]


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("module", ["to11ai_sdk._http.network_errors", "pydantic", "to11ai_sdk.models.prompts"])
@pytest.mark.parametrize("kind", ["Exception", "ValueError", "TimeoutError", "ImportError"])
def test_it_comes_out_of_an_import_and_the_next_call_imports_again(module: str, kind: str) -> None:
    code = f"""
import signal, sys, threading, time
from to11ai_sdk import create_client
client = create_client(api_key={KEY!r}, base_url=sys.argv[1])
error = type("Late", ({kind},), {{}})("too late")
def handler(signum, frame): raise error
signal.signal(signal.SIGUSR1, handler)
class Slow:
    def find_spec(self, name, *rest):
        if name == {module!r}:
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGUSR1)
            time.sleep(5)
sys.meta_path.insert(0, Slow())
try:
    client.prompts.get(project_id="p", prompt_id="a")
except type(error) as exc:
    assert exc is error and exc.args == ("too late",), exc
else:
    raise AssertionError
assert client.prompts.get(project_id="p", prompt_id="b").id == "b"
"""
    with ScriptedServer(HEALTHY) as server:
        command = [sys.executable, "-c", code, server.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=100)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        names = sorted(request.target.rpartition("/")[2] for request in server.requests)
        assert names in (["b"], ["a", "b"])


class Slowly(str):
    """A text that takes so long to look at that the limit is reached."""

    def _look(self, *args: object) -> Any:
        interrupt()
        time.sleep(5)

    split = partition = __getitem__ = _look


class Line:
    """What a stream returns for a line."""

    def decode(self, encoding: str) -> str:
        return Slowly("HTTP/1.1 200 OK\r\n")


@pytest.mark.parametrize("kind", [ValueError, UnicodeError, AssertionError, KeyError])
def test_it_comes_out_of_reading_a_status_line(kind: type[Exception]) -> None:
    stream = Mock(readline=lambda size: Line())
    error = kind("too late")
    with limited(error), pytest.raises(kind) as caught:
        _status_line(stream)
    assert caught.value is error


@pytest.mark.parametrize("kind", [ValueError, UnicodeError, AssertionError, KeyError])
def test_it_comes_out_of_reading_a_time(kind: type[Exception]) -> None:
    error = kind("too late")
    with limited(error), pytest.raises(kind) as caught:
        ENDPOINTS["prompts.get"].build({**prompt("a"), "createdAt": Slowly("2026-06-17T12:00:00Z")})
    assert caught.value is error


def calls_within(work: Callable[[], object]) -> list[str]:
    """The functions of ours that run within some work."""
    found: list[str] = []

    def note(frame: FrameType, event: str, argument: object) -> None:
        if event == "call" and "to11ai_sdk" in frame.f_code.co_filename:
            found.append(frame.f_code.co_name)

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return found


def test_nothing_of_ours_runs_where_python_or_pydantic_would_lose_it() -> None:
    near, far = socket.socketpair()
    with near, far:
        wire = DeadlineSocket(near, 1e9)
        things: list[object] = [Response(wire), wire, DeadlineSocket(far, 1e9)]
        del wire
        assert calls_within(things.clear) == []
    rendered = ENDPOINTS["prompts.resolve"].build(resolved("a"))
    assert calls_within(lambda: rendered.model_dump(by_alias=True)) == []


def test_what_a_test_tool_raises_for_it_comes_out_of_a_converted_error(monkeypatch: pytest.MonkeyPatch) -> None:
    error = TypeError("too late")

    def request(self: object, *args: object) -> None:
        try:
            interrupt()
            time.sleep(5)
        except TypeError:
            raise RuntimeError("converted")  # noqa: B904

    monkeypatch.setattr(http.client.HTTPConnection, "request", request)
    with limited(error), impatient("http://127.0.0.1:1") as client, pytest.raises(TypeError) as caught:
        get(client, "a")
    assert caught.value is error


def test_no_lock_stays_held_wherever_a_handler_raises() -> None:
    class LimitError(Exception):
        pass

    def handler(signum: int, frame: object) -> None:
        raise LimitError

    def take_and_give_back(until_s: float) -> None:
        signal.setitimer(signal.ITIMER_REAL, until_s)
        while True:
            with process_safety.in_openssl.lock:
                pass

    before = signal.signal(signal.SIGALRM, handler)
    try:
        for number in range(300):
            with pytest.raises(LimitError):
                take_and_give_back(0.0003 + number % 100 * 1e-6)
    finally:
        signal.signal(signal.SIGALRM, before)
    free: list[bool] = []

    def take() -> None:
        if process_safety.in_openssl.lock.acquire(timeout=PATIENCE_S):
            process_safety.in_openssl.lock.release()
            free.append(True)

    thread = threading.Thread(target=take)
    thread.start()
    thread.join()
    assert free == [True]


class SlowBody(bytes):
    """A body that takes so long to read that the limit is reached."""

    def removeprefix(self, prefix: object) -> Any:
        interrupt()
        time.sleep(5)


def test_it_comes_out_of_reading_the_body_of_an_error() -> None:
    error = ValueError("too late")
    with limited(error), pytest.raises(ValueError, match="too late") as caught:
        error_from_reply(Reply(503, {}, SlowBody(b"{}")))
    assert caught.value is error


def test_it_comes_out_of_building_a_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(data: object) -> None:
        interrupt()
        time.sleep(5)

    row = ENDPOINTS["prompts.get"]
    monkeypatch.setitem(vars(row), "result", slow)
    error = ValueError("too late")
    with limited(error), pytest.raises(ValueError, match="too late") as caught:
        row.build({})
    assert caught.value is error


class SlowSocket(socket.socket):
    """A socket that takes so long to look at that the limit is reached."""

    def recv(self, *args: object) -> Any:
        interrupt()
        time.sleep(5)


def test_it_comes_out_of_looking_at_a_kept_connection() -> None:
    near, far = socket.socketpair()
    error = OSError("too late")
    with far, SlowSocket(fileno=near.detach()) as slow:
        far.sendall(b"x")
        wire = DeadlineSocket(slow, 1e9)
        wire._idle = True
        with limited(error), pytest.raises(OSError, match="too late") as caught:
            wire.has_unread_data()
    assert caught.value is error


def test_a_chain_of_causes_without_end_is_not_followed_for_ever() -> None:
    errors = [OSError(number) for number in range(100)]
    for error, cause in pairwise(errors):
        error.__cause__ = cause
    errors[-1].__cause__ = errors[0]
    assert handler_error(errors[0], None) is None
