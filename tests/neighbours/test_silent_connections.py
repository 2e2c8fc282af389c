"""Kept connections that are lost without a word, as by a failover, a NAT or a freeze: a call survives any number.

The server answers once on each of them and then holds it: it neither reads nor closes. New connections work. A call may
be tried again once, so that it cannot meet two of them.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from faults.certificates import serving, trusting
from faults.harness import CALLS, ENOUGH_S, KEY, PATIENCE_S, get, warm, with_early_timeouts
from faults.server import HEALTHY, HOLD, KEEP, READ, Received, Script, ScriptedServer, good

from to11ai_sdk import create_client
from to11ai_sdk.errors import To11aiNetworkError

from . import scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from to11ai_sdk import To11aiClient


@pytest.fixture(autouse=True)
def warmed() -> None:
    warm()


class Silent:
    """A server that answers once on the first ``count`` connections, when all of them have asked."""

    def __init__(self, count: int, server: ScriptedServer, client: To11aiClient) -> None:
        self.count = count
        self.server = server
        self.client = client

    def be_silent(self) -> None:
        """Let the time of one attempt pass at once: nothing comes of a request on a connection that nobody reads."""
        self.server.rests.release()

    def later(self) -> list[tuple[str, int]]:
        """What was asked since: name and number of the connection."""
        return [(_name(request), request.connection) for request in self.server.requests[self.count :]]


def _name(request: Received) -> str:
    name: str = request.target.rpartition("/")[2] if request.method == "GET" else request.json["slug"]
    return name


@contextmanager
def silenced(count: int, *, tls: bool = False, patience_s: float = 0) -> Iterator[Silent]:
    """A server and a client that times out early, or whose attempts have ``patience_s``."""
    barrier = threading.Barrier(count)

    def together(request: Received) -> bytes:
        barrier.wait(PATIENCE_S)
        return good(request)

    lost: Script = (READ, together, HOLD)
    with ScriptedServer(*[lost] * count, HEALTHY, tls=serving() if tls else None) as server:
        context = trusting() if tls else None
        options = {"max_retries": 1, "ssl_context": context, "ttl_seconds": 0}
        with create_client(api_key=KEY, base_url=server.url, timeout_s=PATIENCE_S, **options) as first:  # type: ignore[arg-type]
            with ThreadPoolExecutor(count) as pool:
                assert len([*pool.map(lambda number: get(first, f"kept{number}"), range(count))]) == count
            assert server.connections == count
            for _ in range(count):
                assert server.rests.acquire(timeout=PATIENCE_S)
            if patience_s:
                first = first.with_options(timeout_s=patience_s)
            else:
                exchange = with_early_timeouts(first, server)
                first._transport._exchange = exchange
            yield Silent(count, server, first)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("count", [1, 2, 4, 8, 32])
def test_a_call_needs_one_silent_timeout_at_most(count: int, call: str) -> None:
    with silenced(count) as lost:
        if call != "create":
            lost.be_silent()
        assert CALLS[call](lost.client, "a") == "a"
        assert lost.later() == [("a", count)]


@pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])
def test_the_calls_after_it_are_quick(tls: bool) -> None:
    with silenced(8, tls=tls) as lost:
        lost.be_silent()
        assert get(lost.client, "a") == "a"
        for name in ("b", "c", "d"):
            started = time.monotonic()
            assert get(lost.client, name) == name
            assert time.monotonic() - started < ENOUGH_S
        assert lost.later() == [(name, 8) for name in "abcd"]


def test_many_threads_that_meet_them_at_once() -> None:
    with silenced(16, patience_s=3) as lost, ThreadPoolExecutor(16) as pool:
        names = [f"n{number}" for number in range(16)]
        assert [*pool.map(lambda name: get(lost.client, name), names)] == names
        assert sorted(name for name, _ in lost.later()) == sorted(names)


def test_a_create_does_not_meet_them() -> None:
    with silenced(4) as lost:
        assert CALLS["create"](lost.client, "a") == "a"
        assert lost.later() == [("a", 4)]


def test_a_connection_that_answers_slowly_costs_the_others_nothing() -> None:
    # A byte came: the connection lives, it is the server that is slow.
    count = 4
    barrier = threading.Barrier(count)

    def together(request: Received) -> bytes:
        if request.target.endswith("slow"):
            return b"HTTP/1.1 200 OK\r\n"
        if "kept" in request.target:
            barrier.wait(PATIENCE_S)
        return good(request)

    def rest(request: Received) -> bytes:
        if request.target.endswith("slow"):
            begun.release()
            over.wait(PATIENCE_S)
        return b""

    begun, over = threading.Semaphore(0), threading.Event()

    with (
        ScriptedServer((READ, together, rest, KEEP)) as server,
        create_client(api_key=KEY, base_url=server.url, timeout_s=PATIENCE_S) as client,
    ):
        with ThreadPoolExecutor(count) as pool:
            assert len([*pool.map(lambda number: get(client, f"kept{number}"), range(count))]) == count
        exchange = client._transport._exchange = with_early_timeouts(client, SimpleNamespace(rests=begun))
        with pytest.raises(To11aiNetworkError, match="in time"):
            get(client.with_options(max_retries=0), "slow")
        exchange.server = None
        over.set()
        for name in "abc":
            assert get(client, name) == name
        assert server.connections == count


THAWED = """
from concurrent.futures import ThreadPoolExecutor
import signal

url, count = sys.argv[1], int(sys.argv[2])
first = client(url, ttl_seconds=0, timeout_s=30)
with ThreadPoolExecutor(count) as pool:
    kept = [*pool.map(lambda number: get(first, f"kept{number}"), range(count))]
os.kill(os.getpid(), signal.SIGSTOP)
once, twice = (first.with_options(timeout_s=3, max_retries=number) for number in (0, 1))
report(ends=[ended(get, twice, "a"), ended(get, once, "b"), ended(create, once, "c")])
"""


def test_after_a_thaw() -> None:
    count = 4
    barrier = threading.Barrier(count)

    def together(request: Received) -> bytes:
        barrier.wait(PATIENCE_S)
        return good(request)

    with ScriptedServer(*[(READ, together, HOLD)] * count, HEALTHY) as server:
        command = scripts.command(THAWED, server.url, count)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=scripts.environment()) as process:
            assert process.stdout is not None
            assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])
            os.kill(process.pid, signal.SIGCONT)
            found = scripts.findings(process.stdout.read())
        assert [end["value"] or end["message"] for end in found["ends"]] == ["a", "b", "c"]
