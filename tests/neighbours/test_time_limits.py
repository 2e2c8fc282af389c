"""Task queues and decorators that limit the time of a task: their exception ends the call, with one request sent."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from faults.harness import CALLS, ENOUGH_S, KEY, get, resolve, warm
from faults.server import HEALTHY, HOLD, KEEP, READ, Script, ScriptedServer, good

from to11ai_sdk import create_client

from . import scripts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# The limits use SIGALRM, as pytest-timeout does.
pytestmark = pytest.mark.timeout(300, method="thread")

LIMIT_S = 1.5
"""Long enough for a busy machine to send the request before."""
SLOW: Script = (READ, HOLD)
SLUGGISH: Script = (READ, 2 * LIMIT_S, good, KEEP)


class Limit(Exception):
    """A limit of the user's own."""


@contextmanager
def ending(kind: type[BaseException], script: Script = SLOW) -> Iterator[Callable[[str], Any]]:
    """A block in which the call that it is given must end with an exception, after one request."""
    warm()
    before = signal.getsignal(signal.SIGALRM)
    with ScriptedServer(script) as server, create_client(api_key=KEY, base_url=server.url, ttl_seconds=0) as client:
        started = time.monotonic()
        try:
            with pytest.raises(BaseException) as caught:  # noqa: PT011 - looked at below
                yield lambda call: CALLS[call](client, "a")
        finally:
            signal.signal(signal.SIGALRM, before)
        elapsed_s = time.monotonic() - started
        assert caught.type is kind, f"it must raise {kind.__name__}, not {caught.value!r}"
        assert elapsed_s < ENOUGH_S
        assert len(server.requests) == 1
        server.play(HEALTHY)
        assert get(client, "b") == "b"
        assert len(server.requests) == 2


@pytest.mark.parametrize("call", CALLS)
def test_timeout_decorator(call: str) -> None:
    decorators = pytest.importorskip("timeout_decorator", reason="timeout-decorator is not installed")
    with ending(decorators.TimeoutError) as make:
        decorators.timeout(LIMIT_S)(make)(call)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", [Limit, TimeoutError], ids=["an exception of its own", "its default"])
def test_wrapt_timeout_decorator(kind: type[BaseException], call: str) -> None:
    decorators = pytest.importorskip("wrapt_timeout_decorator", reason="wrapt-timeout-decorator is not installed")
    with ending(kind) as make:
        decorators.timeout(LIMIT_S, timeout_exception=kind)(make)(call)


@pytest.mark.parametrize("call", CALLS)
def test_the_time_limit_of_rq(call: str) -> None:
    timeouts = pytest.importorskip("rq.timeouts", reason="RQ is not installed")
    limit = timeouts.UnixSignalDeathPenalty(2, timeouts.JobTimeoutException)
    with ending(timeouts.JobTimeoutException) as make, limit:
        make(call)


@pytest.mark.parametrize("call", CALLS)
def test_the_time_limit_of_rq_in_threads(call: str) -> None:
    timeouts = pytest.importorskip("rq.timeouts", reason="RQ is not installed")

    class ThreadLimit(timeouts.JobTimeoutException):  # type: ignore[misc, name-defined]
        """RQ writes into the class that it is given."""

    # It is raised between two steps of Python: after the wait for the server, not in it.
    with ending(ThreadLimit, SLUGGISH) as make, timeouts.TimerDeathPenalty(LIMIT_S, ThreadLimit):
        make(call)


def test_an_old_prompt_is_not_served_for_a_time_limit(caplog: pytest.LogCaptureFixture) -> None:
    timeouts = pytest.importorskip("rq.timeouts", reason="RQ is not installed")
    warm()
    limit = timeouts.UnixSignalDeathPenalty(2, timeouts.JobTimeoutException)
    before = signal.getsignal(signal.SIGALRM)
    try:
        with ScriptedServer(HEALTHY) as server, create_client(api_key=KEY, base_url=server.url, ttl_seconds=0.01) as it:
            assert resolve(it, "a") == "a"
            time.sleep(0.02)
            server.play(SLOW)
            with pytest.raises(timeouts.JobTimeoutException), limit:
                resolve(it, "a")
            assert len(server.requests) == 2
    finally:
        signal.signal(signal.SIGALRM, before)
    assert caplog.records == []


WORKER = f"""
import json, os, time
from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded
from celery.signals import worker_ready
from to11ai_sdk import create_client

app = Celery("app", broker="memory://")
client = create_client(api_key={KEY!r}, base_url=os.environ["TO11_URL"])

CALLS = {{
    "warm": lambda: client.prompts.resolve(project_id="p", slug="warm", labels=["prod"]),
    "get": lambda: client.prompts.get(project_id="p", prompt_id="get"),
    "resolve": lambda: client.prompts.resolve(project_id="p", slug="resolve", labels=["prod"]),
    "create": lambda: client.prompts.create(project_id="p", name="create", slug="create"),
}}

@app.task
def work(name):
    started = time.monotonic()
    try:
        ended = repr(CALLS[name]())
    except SoftTimeLimitExceeded:
        ended = "cleaned up"
    except Exception as exc:
        ended = repr(exc)
    with open(name + ".part", "w") as file:
        json.dump([ended, time.monotonic() - started], file)
    os.rename(name + ".part", name)

@worker_ready.connect
def begin(**arguments):
    for name in CALLS:
        work.apply_async((name,), soft_time_limit=None if name == "warm" else 2)
"""


def test_the_soft_time_limit_of_celery(tmp_path: Path) -> None:
    pytest.importorskip("celery", reason="Celery is not installed")
    (tmp_path / "app.py").write_text(dedent(WORKER), encoding="utf-8")
    command = [sys.executable, "-m", "celery", "-A", "app", "worker", "--pool=prefork", "--concurrency=1"]
    quiet = ["--loglevel=error", "--without-gossip", "--without-mingle", "--without-heartbeat"]

    over = threading.Event()

    def thinking(request: Any) -> bytes:
        if b"warm" not in request.body:
            over.wait(200)
        return good(request)

    with ScriptedServer((READ, thinking, KEEP)) as server:
        env = scripts.environment(TO11_URL=server.url)
        with subprocess.Popen([*command, *quiet], cwd=tmp_path, env=env, stderr=subprocess.STDOUT) as worker:
            try:
                ends = {name: waited_for(tmp_path / name) for name in CALLS}
            finally:
                over.set()
                worker.terminate()
                worker.wait(100)
    assert {name: end for name, (end, _) in ends.items()} == dict.fromkeys(CALLS, "cleaned up")
    assert max(seconds for _, seconds in ends.values()) < ENOUGH_S
    assert [request.method for request in server.requests[1:]] == ["GET", "POST", "POST"]


def waited_for(file: Path) -> Any:
    """What a file holds, once it is there."""
    for _ in range(2000):
        if file.exists():
            return json.loads(file.read_text(encoding="utf-8"))
        time.sleep(0.1)
    raise AssertionError(f"{file.name} did not end")


GREEN = """
class Limit(Exception):
    pass

if sys.argv[1] == "gevent":
    import gevent.monkey
    gevent.monkey.patch_all()
    from gevent import Timeout
else:
    import eventlet
    eventlet.monkey_patch()
    from eventlet import Timeout

def limited(it, call, *kind):
    with Timeout(1, *kind):
        return call(it, call.__name__)

with client(sys.argv[2], ttl_seconds=0) as it:
    get(it, "warm")
    ends = [ended(limited, it, call, *kind) for call in (get, resolve, create) for kind in ((), (Limit,))]
    again = get(it, "again")
report(ends=ends, again=again)
"""


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("library", ["gevent", "eventlet"])
def test_a_timeout_of_green_threads(library: str) -> None:
    pytest.importorskip(library, reason=f"{library} is not installed")

    over = threading.Event()

    def thinking(request: Any) -> bytes:
        if not request.target.endswith(("/warm", "/again")):
            over.wait(200)
        return good(request)

    with ScriptedServer((READ, thinking, KEEP)) as server:
        found = scripts.run(GREEN, library, server.url)
        over.set()
        assert len(server.requests) == 8
    assert [end["raised"] for end in found["ends"]] == ["Timeout", "Limit"] * 3
    assert max(end["seconds"] for end in found["ends"]) < ENOUGH_S
    assert found["again"] == "again"
