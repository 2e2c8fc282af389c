"""A first call on a processor so slow that its imports take longer than ``timeout_s``.

The slowness is a finder of modules that moves the clock, so that it does not depend on the machine: before one module,
or a little before each.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from faults.certificates import authority, serving
from faults.harness import ENOUGH_S
from faults.server import HEALTHY, HOLD, KEEP, READ, Received, Script, ScriptedServer, good

from . import scripts

if TYPE_CHECKING:
    from pathlib import Path

SLOW = """
import importlib.abc, signal

class Slow(importlib.abc.MetaPathFinder):
    # Takes its time before the modules that are chosen; finds nothing itself.
    slept = 0.0

    def find_spec(self, name, path=None, target=None):
        if name not in how["modules"] and how["modules"] != ["all"]:
            return None
        if how["stops"]:
            how["modules"] = []
            os.kill(os.getpid(), signal.SIGSTOP)
        leap.seconds += how["seconds"]
        self.slept += how["seconds"]

how = json.loads(sys.argv[2])
it = client(sys.argv[1], **how["options"])
slow = Slow()
leap()
sys.meta_path.insert(0, slow)
first = ended(globals()[how["call"]], it, "a")
sys.meta_path.remove(slow)
report(first=first, slept=slow.slept, second=ended(get, it, "b") if how["again"] else None)
"""
"""Makes a first call, and another one, as its second argument says."""


def described(
    *modules: str, seconds: float = 100, call: str = "resolve", stops: bool = False, again: bool = True, **options: Any
) -> str:
    """The second argument of :data:`SLOW`."""
    how = {"modules": modules, "seconds": seconds, "call": call, "stops": stops, "again": again, "options": options}
    return json.dumps(how)


THINKING: Script = (READ, 0.1, good, KEEP)


@pytest.mark.parametrize("call", ["get", "resolve", "create"])
def test_our_imports_are_not_charged_to_an_attempt(call: str) -> None:
    with ScriptedServer(THINKING) as server:
        how = described("pydantic_core", "to11ai_sdk.models", call=call, timeout_s=60)
        found = scripts.run(SLOW, server.url, how)
        names = [_name(request) for request in server.requests]
    assert found["slept"] > 60, "the imports must be slow"
    assert found["first"]["value"] == "a", found["first"]
    assert (found["second"]["value"], names) == ("b", ["a", "b"])


@pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])
def test_whichever_of_them_is_slow(tls: bool, tmp_path: Path) -> None:
    authority().cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    with ScriptedServer(THINKING, tls=serving() if tls else None) as server:
        how = described("all", seconds=5, timeout_s=60, max_retries=0)
        found = scripts.run(SLOW, server.url, how, env={"SSL_CERT_FILE": str(tmp_path / "authority.pem")})
        assert found["slept"] > 60, "the imports must be slow"
        assert found["first"]["value"] == "a", found["first"]
        assert len(server.requests) == 2


def stopped(process: subprocess.Popen[str]) -> None:
    """Wait until a process has been stopped."""
    assert os.WIFSTOPPED(os.waitpid(process.pid, os.WUNTRACED)[1])


def test_a_process_that_was_stopped_in_its_imports_reads_the_reply() -> None:
    with ScriptedServer(THINKING) as server:
        how = described("pydantic_core", stops=True, timeout_s=60)
        command = scripts.command(SLOW, server.url, how)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=scripts.environment()) as process:
            assert process.stdout is not None
            stopped(process)
            os.kill(process.pid, signal.SIGCONT)
            found = scripts.findings(process.stdout.read())
        assert found["first"]["value"] == "a", found["first"]
        assert [_name(request) for request in server.requests] == ["a", "b"]


def test_a_slow_server_is_still_one() -> None:
    with ScriptedServer((READ, HOLD)) as server:
        how = described("pydantic_core", again=False, timeout_s=3, max_retries=0)
        found = scripts.run(SLOW, server.url, how)
        assert (found["first"]["raised"], len(server.requests)) == ("To11aiNetworkError", 1)
        assert "in time" in found["first"]["message"]
        assert found["first"]["seconds"] < ENOUGH_S


@pytest.mark.parametrize("call", ["get", "resolve"])
def test_a_bound_on_the_whole_call_holds_the_imports_too(call: str) -> None:
    with ScriptedServer((READ, HOLD)) as server:
        how = described("pydantic_core", call=call, again=False, timeout_s=50, total_timeout_s=60)
        found = scripts.run(SLOW, server.url, how)
        # An import is not cut short; nothing is waited for after it.
        assert found["first"]["raised"] == "To11aiNetworkError", found["first"]
        assert found["first"]["seconds"] < ENOUGH_S
        assert len(server.requests) <= 1


def test_a_write_whose_reply_came_is_reported_as_done() -> None:
    with ScriptedServer(HEALTHY) as server:
        how = described("pydantic_core", call="create", again=False, timeout_s=50, total_timeout_s=60, max_retries=0)
        found = scripts.run(SLOW, server.url, how)
        if server.requests:
            assert found["first"]["value"] == "a", "the server created it"
        else:
            # The time was over before it was sent.
            assert found["first"]["raised"] == "To11aiNetworkError"


STOPPED = """
import signal

url, call = sys.argv[1:]
it = client(url, timeout_s=60, max_retries=0, ttl_seconds=0)
it.prompts.get(project_id="p", prompt_id="warm")
leap()

def go_on(number, frame):
    leap.seconds = 100

signal.signal(signal.SIGCONT, go_on)
report(ended=ended(globals()[call], it, "a"))
"""


@pytest.mark.parametrize("call", ["get", "create"])
def test_a_reply_that_came_while_the_process_was_stopped_is_read(call: str) -> None:
    def stopping(request: Received) -> bytes:
        if _name(request) == "a":
            os.kill(process.pid, signal.SIGSTOP)
            stopped(process)
        return good(request)

    def going_on(request: Received) -> bytes:
        if _name(request) == "a":
            os.kill(process.pid, signal.SIGCONT)
        return b""

    with ScriptedServer((READ, stopping, going_on, KEEP)) as server:
        command = scripts.command(STOPPED, server.url, call)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=scripts.environment()) as process:
            assert process.stdout is not None
            found = scripts.findings(process.stdout.read())
        assert found["ended"]["value"] == "a", found["ended"]
        assert len(server.requests) == 2


def _name(request: Received) -> str:
    name: str = request.target.rpartition("/")[2] if request.method == "GET" else request.json["slug"]
    return name
