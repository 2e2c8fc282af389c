"""What counts against ``timeout_s`` and ``total_timeout_s``, and what has arrived by then."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk import To11aiNetworkError
from to11ai_sdk._http.exchange import HttpAttempt, monotonic
from to11ai_sdk._http.urllib_exchange import UrllibExchange

from .certificates import serving, trusting
from .harness import ENOUGH_S, KEY, PATIENCE_S, get, impatient
from .server import HEALTHY, HOLD, KEEP, READ, Endless, Received, Script, ScriptedServer, answer, good, http

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from to11ai_sdk._http.exchange import Reply

# By its clock, which is all that the client asks, an import takes 100 s, and so does a stop.
PASSES = """
passed, real = [0], time.monotonic
time.monotonic = lambda: real() + passed[0]
"""
SLOW = f"""
import os, sys, time
from to11ai_sdk import create_client
url, total_timeout_s, slow, call, arrived = sys.argv[1:]
client = create_client(api_key={KEY!r}, base_url=url, timeout_s=60, total_timeout_s=eval(total_timeout_s))
{PASSES}
class Slow:
    def find_spec(self, name, *rest):
        if name == slow:
            passed[0] = 100
            while arrived and not os.path.exists(arrived):
                time.sleep(0.01)
sys.meta_path.insert(0, Slow())
calls = {{
    "get": lambda: client.prompts.get(project_id="p", prompt_id="a"),
    "resolve": lambda: client.prompts.resolve(project_id="p", slug="a", labels=["l"]),
    "create": lambda: client.prompts.create(project_id="p", slug="a", name="a"),
    "set": lambda: client.routing_rules.releases.set(project_id="p", rule_id="r", env_slug="e", strategy="single"),
}}
try:
    print(type(calls[call]()).__name__)
except Exception as exc:
    print(type(exc).__name__, exc.attempts, exc.unsent, 100 <= exc.elapsed_s < 140, exc)
"""
MODULES = ["to11ai_sdk._http.network_errors", "ssl", "pydantic", "pydantic_core", "to11ai_sdk.models.base"]


def slowly(
    server: ScriptedServer, slow: str, call: str, *, total_timeout_s: float | None = None, arrived: str = ""
) -> str:
    """What a call of another process prints whose import of a module takes longer than its ``timeout_s``.

    Args:
        server: whom it calls.
        slow: the module.
        call: name of the call.
        total_timeout_s: bound of the whole call.
        arrived: a file; the import does not end before it is there.
    """
    command = [sys.executable, "-c", SLOW, server.url, str(total_timeout_s), slow, call, arrived]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


def released(request: Received) -> bytes:
    return http(200, {"data": {
        "id": "r", "ruleId": "r", "environmentId": "e", "envSlug": "e", "actorId": "u", "actorType": "user",
        "strategy": "single", "changeKind": "release_set", "createdAt": "2026-06-17T12:00:00Z",
    }})  # fmt: skip


@pytest.mark.parametrize("call", ["get", "resolve", "create"])
@pytest.mark.parametrize("slow", MODULES)
def test_imports_are_not_charged_to_timeout_s(slow: str, call: str) -> None:
    with ScriptedServer(HEALTHY) as server:
        said = slowly(server, slow, call)
        assert said == ("ResolvedPrompt" if call == "resolve" else "Prompt")
        assert len(server.requests) == 1


@pytest.mark.parametrize("call", ["create", "set"])
@pytest.mark.parametrize("slow", ["to11ai_sdk._http.network_errors", "pydantic", "to11ai_sdk.models.base"])
def test_a_write_that_has_no_time_left_after_the_imports_is_not_sent(slow: str, call: str) -> None:
    with ScriptedServer((READ, released, KEEP)) as server:
        said = slowly(server, slow, call, total_timeout_s=60)
        assert said.startswith("To11aiNetworkError 1 True True 127.0.0.1")
        assert server.requests == []


@pytest.mark.parametrize("call", ["get", "resolve"])
def test_a_reply_that_came_during_an_import_is_read_whatever_the_time(call: str, tmp_path: Path) -> None:
    def arrived(request: Received) -> bytes:
        (tmp_path / "arrived").touch()
        return b""

    with ScriptedServer((READ, good, arrived, KEEP)) as server:
        file = str(tmp_path / "arrived")
        said = slowly(server, "to11ai_sdk.models.base", call, total_timeout_s=60, arrived=file)
        assert said == ("ResolvedPrompt" if call == "resolve" else "Prompt")
        assert len(server.requests) == 1


def test_total_timeout_s_bounds_an_import_and_the_wait_after_it() -> None:
    with ScriptedServer((READ, HOLD)) as server:
        said = slowly(server, "to11ai_sdk.models.base", "get", total_timeout_s=100.5)
        assert said.startswith("To11aiNetworkError 1 False True 127.0.0.1")
        assert server.rests.acquire(timeout=PATIENCE_S)
        assert len(server.requests) == 1


def envelope(size: int) -> bytes:
    """A good body of about so many bytes."""
    return json.dumps({**answer(Received(0, b"GET /v1/projects/p/prompts/a HTTP/1.1", b"")), "x": "y" * size}).encode()


def chunked(body: bytes, size: int) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n"


def late(script: Script, *, tls: bool = False) -> Reply:
    """The reply to a request after which the process does something else until the deadline has passed.

    It passes when the server has come to rest, however long that takes.
    """

    def otherwise() -> None:
        assert server.rests.acquire(timeout=PATIENCE_S)
        attempt.deadline = attempt.ends = monotonic()

    with ScriptedServer(script, tls=serving() if tls else None) as server:
        attempt = put(server, otherwise)
        return exchanged(attempt, tls=tls)


def put(server: ScriptedServer, meanwhile: Callable[[], object]) -> HttpAttempt:
    return HttpAttempt("PUT", server.url, {}, b"{}", deadline=monotonic() + PATIENCE_S, meanwhile=meanwhile)


def exchanged(attempt: HttpAttempt, *, tls: bool = False) -> Reply:
    exchange = UrllibExchange(trusting() if tls else None)
    exchange.prepare()
    try:
        return exchange(attempt)
    finally:
        exchange.close()


@pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])
@pytest.mark.parametrize(
    "reply",
    [
        http(200, envelope(10)),
        http(200, envelope(60_000)),
        chunked(envelope(10_000), 100),
        chunked(envelope(30_000), 30_000),
        http(409, envelope(10)),
        http(204),
        b"HTTP/1.1 103 Early Hints\r\n\r\n" + http(200, envelope(10)),
    ],
    ids=["short", "long", "small chunks", "a large chunk", "error", "empty", "interim"],
)
def test_a_reply_that_has_arrived_is_read_after_the_deadline(reply: bytes, tls: bool) -> None:
    got = late((READ, reply, HOLD), tls=tls)
    assert got.status in (200, 204, 409)
    assert got.status == 204 or (got.body and json.loads(got.body)["data"]["id"] == "a")


@pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])
def test_a_reply_that_ends_with_its_connection_is_read_too(tls: bool) -> None:
    got = late((READ, http(200, envelope(10), length=False)), tls=tls)
    assert got.body == envelope(10)


ENDLESS: dict[str, Script] = {
    "nothing": (READ, HOLD),
    "half a head": (READ, b"HTTP/1.1 200 OK\r\nX", HOLD),
    "half a body": (READ, http(200, envelope(10))[:-1], HOLD),
    "a slow body": (READ, b"HTTP/1.1 200 OK\r\n\r\n", Endless(b"x", 0.01)),
    "a fast body": (READ, b"HTTP/1.1 200 OK\r\n\r\n", Endless(b"x" * 65536)),
    "fast small chunks": (READ, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Endless(b"1\r\nx\r\n" * 9)),
    "a fast head": (READ, b"HTTP/1.1 200 OK\r\n", Endless(b"X: y\r\n", 0.001)),
    "fast interim replies": (READ, Endless(b"HTTP/1.1 103 Early Hints\r\n\r\n", 0.001)),
}


@pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])
@pytest.mark.parametrize("endless", ENDLESS)
def test_what_has_not_ended_by_then_is_not_waited_for(endless: str, tls: bool) -> None:
    started = time.monotonic()
    with pytest.raises(To11aiNetworkError):
        late(ENDLESS[endless], tls=tls)
    assert time.monotonic() - started < ENOUGH_S


@pytest.mark.parametrize(("more_s", "comes"), [(PATIENCE_S, True), (0, False)])
def test_time_spent_otherwise_is_added_to_the_attempt_but_not_beyond_the_call(more_s: float, comes: bool) -> None:
    over, passed = threading.Event(), [0.0]

    def otherwise() -> None:
        attempt.deadline = monotonic()
        attempt.ends = attempt.deadline + more_s
        passed[0] = PATIENCE_S

    # The reply comes after the deadline; of the two calls, one has that much more time.
    answered: Script = (READ, 0.1 if comes else lambda request: str(over.wait(PATIENCE_S)).encode()[:0])
    with ScriptedServer((*answered, http(200, envelope(10)), HOLD)) as server:
        attempt = put(server, otherwise)
        attempt.clock = lambda: monotonic() + passed[0]
        if comes:
            assert exchanged(attempt).status == 200
        else:
            with pytest.raises(To11aiNetworkError, match="in time"):
                exchanged(attempt)
        over.set()


STOPPED = f"""
import signal, sys, time
from to11ai_sdk import create_client
client = create_client(api_key={KEY!r}, base_url=sys.argv[1], timeout_s=60, max_retries=0)
client.warm_up(connect=False)
{PASSES}
def go_on(signum, frame): passed[0] = 100
signal.signal(signal.SIGCONT, go_on)
print("ready", flush=True)
if sys.argv[2] == "get":
    print(client.prompts.get(project_id="p", prompt_id="a").id)
else:
    print(client.prompts.create(project_id="p", slug="a", name="a").id)
"""


@pytest.mark.parametrize("call", ["get", "create"])
def test_a_process_that_was_stopped_reads_what_arrived_meanwhile(call: str) -> None:
    children: list[subprocess.Popen[str]] = []

    def stop(request: Received) -> bytes:
        os.kill(children[0].pid, signal.SIGSTOP)
        return b""

    def go_on(request: Received) -> bytes:
        os.kill(children[0].pid, signal.SIGCONT)
        return b""

    with ScriptedServer((READ, stop, good, go_on, HOLD)) as server:
        command = [sys.executable, "-c", STOPPED, server.url, call]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            children.append(child)
            assert child.communicate(timeout=100) == ("ready\na\n", "")
        assert len(server.requests) == 1


def test_redirects_share_one_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    real, passed = time.monotonic, [0]

    def here(request: Received) -> bytes:
        passed[0] += 20
        return http(307, b"", {"Location": request.target + "x"})

    with ScriptedServer((READ, here, KEEP)) as server, impatient(server.url, timeout_s=50, max_retries=0) as client:
        client.warm_up(connect=False)
        monkeypatch.setattr(time, "monotonic", lambda: real() + passed[0])
        with pytest.raises(To11aiNetworkError, match="in time") as caught:
            get(client, "a")
        assert 60 <= caught.value.elapsed_s < 80
        assert len(server.requests) == 3
