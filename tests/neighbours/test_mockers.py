"""httpretty, pook, mocket: the replies are theirs while they are active, and never does a real request slip through.

They change the whole process, so each runs in one of its own.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from faults.harness import CALLS
from faults.server import HEALTHY, Received, ScriptedServer, answer

from . import scripts

MOCKERS = {
    "httpretty": """
import httpretty

@contextmanager
def mocking(replies):
    with httpretty.enabled(allow_net_connect=False, verbose=False):
        for method, url, status, body in replies:
            httpretty.register_uri(method, url, body=body, status=status, content_type="application/json")
        yield

def asked():
    # httpretty counts each piece that is sent.
    return [*dict.fromkeys(request.path for request in httpretty.latest_requests())]
""",
    "pook": """
import pook

@contextmanager
def mocking(replies):
    with pook.use(network=False):
        global calls
        calls = []
        for method, url, status, body in replies:
            mock = pook.mock(url, method=method, reply=status, response_body=body, persist=True)
            mock.callback(lambda request, mock: calls.append(request.url.path) or True)
        yield

def asked():
    return [*dict.fromkeys(calls)]
""",
    "mocket": """
from mocket import Mocket, Mocketizer
from mocket.mocks.mockhttp import Entry

@contextmanager
def mocking(replies):
    with Mocketizer(strict_mode=True):
        for method, url, status, body in replies:
            Entry.single_register(method, url, body=body, status=status, headers={"Content-Type": "application/json"})
        yield

def asked():
    return [*dict.fromkeys(request.path for request in Mocket.request_list())]
""",
}

REFUSALS = {"httpretty": "UnmockedError", "pook": "PookNoMatches", "mocket": "StrictMocketException"}
"""What they raise at a request that they do not know."""

SCRIPT = """
import logging
from contextlib import contextmanager

class Attempts(logging.Handler):
    # Counts the attempts of a call: there is a line in the log for each.
    count = 0

    def emit(self, record):
        self.count += 1

attempts = Attempts()
logging.getLogger("to11ai_sdk").addHandler(attempts)
logging.getLogger("to11ai_sdk").setLevel(logging.DEBUG)

def counted(*call, **options):
    attempts.count = 0
    return {{**ended(*call, **options), "attempts": attempts.count}}

{mocker}
url, origin, before, replies = sys.argv[1:]
replies = [(method, origin + path, status, body) for method, path, status, body in json.loads(replies)]
it = client(origin, ttl_seconds=0)
findings = {{"before": [ended(get, it, "before")["value"] for _ in range(int(before))]}}
with mocking(replies):
    findings["within"] = [ended(globals()[name], it, "a") for name in ("get", "resolve", "create", "get")]
    findings["of another client"] = ended(get, client(origin), "a")
    findings["asked"] = asked()
    findings["unknown"] = counted(get, it, "unknown")
    findings["unknown write"] = counted(it.project_environments.archive, project_id="p", slug="unknown")
with mocking([(method, url, 404, "{{}}") for method, url, _, _ in replies]):
    findings["other replies"] = ended(get, it, "a")
if url == origin:
    findings["after"] = [ended(call, it, "after") for call in (get, resolve, create, get)]
report(**findings)
"""


def replies() -> str:
    """What the tools answer with, as JSON: method, path, status, body."""
    paths = {"get": "/v1/projects/p/prompts/a", "resolve": "/v1/projects/p/prompts:resolve"}
    rows = []
    for call in CALLS:
        method, path = "GET" if call == "get" else "POST", paths.get(call, "/v1/projects/p/prompts")
        request = Received(0, f"{method} {path} HTTP/1.1".encode(), b'{"slug": "a"}')
        rows.append((method, path, 200, json.dumps(answer(request))))
    return json.dumps(rows)


def found(tool: str, server: ScriptedServer, *, origin: str = "", before: int = 0) -> dict[str, Any]:
    pytest.importorskip(tool, reason=f"{tool} is not installed")
    script = SCRIPT.format(mocker=MOCKERS[tool])
    # httpretty warns of its own use of functools.partial.
    return scripts.run(script, server.url, origin or server.url, before, replies(), env={"PYTHONWARNINGS": "ignore"})


def asked(server: ScriptedServer) -> list[str]:
    return [request.target.rpartition("/")[2] for request in server.requests]


def judge(tool: str, finds: dict[str, Any]) -> None:
    assert [find["value"] or find for find in finds["within"]] == ["a"] * 4
    assert finds["of another client"]["value"] == "a"
    assert len(finds["asked"]) == 3
    for name in ("unknown", "unknown write"):
        assert finds[name]["raised"] == REFUSALS[tool], finds[name]["message"]
        assert finds[name]["attempts"] == 1
    assert finds["other replies"]["raised"] == "To11aiApiError", "a reply of before was given again"


@pytest.mark.parametrize("tool", MOCKERS)
def test_the_replies_are_the_tools_and_what_it_does_not_know_is_not_sent(tool: str) -> None:
    with ScriptedServer(HEALTHY) as server:
        finds = found(tool, server, before=1)
        judge(tool, finds)
        assert finds["before"] == ["before"]
        assert [find["value"] or find for find in finds["after"]] == ["after"] * 4
        assert asked(server) == ["before", "after", "prompts:resolve", "prompts", "after"]


@pytest.mark.parametrize("tool", MOCKERS)
def test_also_over_https_and_in_the_first_call_of_a_process(tool: str) -> None:
    with ScriptedServer(HEALTHY) as server:
        judge(tool, found(tool, server, origin="https://api.example"))
        assert server.connections == 0
