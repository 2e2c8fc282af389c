"""Kept connections that are lost without a word, as by a failover, a NAT or a freeze: a call survives any number.

The server answers once on each of them and then holds it: it neither reads nor closes. New connections work. All
times are a fifth of those of the handler in docs/lambda.md.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from faults.certificates import serving, trusting
from faults.harness import CALLS, KEY, get, warm
from faults.server import HEALTHY, HOLD, KEEP, READ, Received, Script, ScriptedServer, good

from to11ai_sdk import create_client
from to11ai_sdk.errors import To11aiNetworkError

from . import scripts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from to11ai_sdk import To11aiClient

TIMEOUT_S, TOTAL_S = 0.6, 1.6
QUICK_S = 0.4
"""How long a call with a healthy connection may take on a busy machine."""


@pytest.fixture(autouse=True)
def warmed() -> None:
    warm()


class Silent:
    """A server that answers once on the first ``count`` connections, when all of them have asked."""

    def __init__(self, count: int, server: ScriptedServer, client: To11aiClient) -> None:
        self.count = count
        self.server = server
        self.client = client

    def later(self) -> list[tuple[str, int]]:
        """What was asked since: name and number of the connection."""
        return [(_name(request), request.connection) for request in self.server.requests[self.count :]]


def _name(request: Received) -> str:
    name: str = request.target.rpartition("/")[2] if request.method == "GET" else request.json["slug"]
    return name


@contextmanager
def silenced(count: int, *, tls: bool = False, max_retries: int = 3) -> Iterator[Silent]:
    barrier = threading.Barrier(count)

    def together(request: Received) -> bytes:
        barrier.wait(10)
        return good(request)

    lost: Script = (READ, together, HOLD)
    with ScriptedServer(*[lost] * count, HEALTHY, tls=serving() if tls else None) as server:
        context = trusting() if tls else None
        options = {"max_retries": max_retries, "ssl_context": context, "ttl_seconds": 0}
        with create_client(api_key=KEY, base_url=server.url, timeout_s=10, **options) as first:  # type: ignore[arg-type]
            with ThreadPoolExecutor(count) as pool:
                assert len([*pool.map(lambda number: get(first, f"kept{number}"), range(count))]) == count
            assert server.connections == count
            yield Silent(count, server, first.with_options(timeout_s=TIMEOUT_S, total_timeout_s=TOTAL_S))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("count", [1, 2, 4, 8, 32])
def test_a_call_needs_one_silent_timeout_at_most(count: int, call: str) -> None:
    with silenced(count) as lost:
        started = time.monotonic()
        assert CALLS[call](lost.client, "a") == "a"
        assert time.monotonic() - started < TOTAL_S
        assert lost.later() == [("a", count)]


@pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])
def test_the_calls_after_it_are_quick(tls: bool) -> None:
    with silenced(8, tls=tls) as lost:
        assert get(lost.client, "a") == "a"
        for name in ("b", "c", "d"):
            started = time.monotonic()
            assert get(lost.client, name) == name
            assert time.monotonic() - started < QUICK_S
        assert lost.later() == [(name, 8) for name in "abcd"]


def test_many_threads_that_meet_them_at_once() -> None:
    with silenced(16) as lost, ThreadPoolExecutor(16) as pool:
        started = time.monotonic()
        names = [f"n{number}" for number in range(16)]
        assert [*pool.map(lambda name: get(lost.client, name), names)] == names
        assert time.monotonic() - started < TOTAL_S + QUICK_S
        assert sorted(name for name, _ in lost.later()) == sorted(names)


def test_a_single_retry_is_enough() -> None:
    with silenced(8, max_retries=1) as lost:
        assert get(lost.client, "a") == "a"


def test_a_create_does_not_meet_them() -> None:
    with silenced(4) as lost:
        started = time.monotonic()
        assert CALLS["create"](lost.client, "a") == "a"
        assert time.monotonic() - started < QUICK_S
        assert lost.later() == [("a", 4)]


def test_a_connection_that_answers_slowly_costs_the_others_nothing() -> None:
    # A byte came: the connection lives, it is the server that is slow.
    count = 4
    barrier = threading.Barrier(count)

    def together(request: Received) -> bytes:
        if request.target.endswith("slow"):
            return b"HTTP/1.1 200 OK\r\n"
        if "kept" in request.target:
            barrier.wait(10)
        return good(request)

    def rest(request: Received) -> bytes:
        time.sleep(0.8 if request.target.endswith("slow") else 0)
        return b""

    with (
        ScriptedServer((READ, together, rest, KEEP)) as server,
        create_client(api_key=KEY, base_url=server.url, timeout_s=10) as client,
    ):
        with ThreadPoolExecutor(count) as pool:
            assert len([*pool.map(lambda number: get(client, f"kept{number}"), range(count))]) == count
        with pytest.raises(To11aiNetworkError, match="in time"):
            get(client.with_options(timeout_s=0.3, max_retries=0), "slow")
        for name in "abc":
            assert get(client, name) == name
        assert server.connections == count


THAWED = """
from concurrent.futures import ThreadPoolExecutor
import signal

url, count = sys.argv[1], int(sys.argv[2])
first = client(url, ttl_seconds=0, timeout_s=10)
with ThreadPoolExecutor(count) as pool:
    kept = [*pool.map(lambda number: get(first, f"kept{number}"), range(count))]
print("frozen", flush=True)
os.kill(os.getpid(), signal.SIGSTOP)
it = first.with_options(timeout_s=0.6, total_timeout_s=1.6)
report(ends=[ended(get, it, "a"), ended(get, it, "b"), ended(create, it, "c")])
"""


def test_after_a_thaw() -> None:
    count = 4
    barrier = threading.Barrier(count)

    def together(request: Received) -> bytes:
        barrier.wait(30)
        return good(request)

    with ScriptedServer(*[(READ, together, HOLD)] * count, HEALTHY) as server:
        command = scripts.command(THAWED, server.url, count)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=scripts.environment()) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "frozen\n"
            time.sleep(0.5)
            os.kill(process.pid, signal.SIGCONT)
            found = scripts.findings(process.stdout.read())
        assert [end["value"] or end["message"] for end in found["ends"]] == ["a", "b", "c"]
        assert found["ends"][0]["seconds"] < TOTAL_S
        assert found["ends"][1]["seconds"] < QUICK_S
