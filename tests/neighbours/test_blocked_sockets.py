"""pytest-socket: its block comes out of a call as it is, at once, and nothing is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from faults.harness import KEY
from faults.server import HEALTHY, ScriptedServer

from . import scripts

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("pytest_socket", reason="pytest-socket is not installed")

BLOCKED = f"""
import os, warnings
import pytest
from pytest_socket import SocketBlockedError, SocketConnectBlockedError
from to11ai_sdk import create_client

client = create_client(api_key={KEY!r}, base_url=os.environ["TO11_URL"])
CALLS = {{
    "get": lambda: client.prompts.get(project_id="p", prompt_id="a"),
    "resolve": lambda: client.prompts.resolve(project_id="p", slug="a", labels=["prod"]),
    "create": lambda: client.prompts.create(project_id="p", name="a", slug="a"),
}}

def blocked(call, kind):
    with pytest.raises(Exception) as caught, warnings.catch_warnings(record=True) as blocks:
        warnings.simplefilter("always")
        CALLS[call]()
    assert caught.type is kind, repr(caught.value)
    assert len(blocks) == 1, "it was tried again"

@pytest.mark.enable_socket
@pytest.mark.skipif("TO11_BEFORE" not in os.environ, reason="not asked for")
def test_before():
    CALLS["get"]()

@pytest.mark.parametrize("call", CALLS)
def test_blocked(call):
    blocked(call, SocketBlockedError)

@pytest.mark.parametrize("call", CALLS)
@pytest.mark.allow_hosts(["203.0.113.1"])
def test_another_host_is_allowed(call):
    blocked(call, SocketConnectBlockedError)

@pytest.mark.allow_hosts(["127.0.0.1"])
def test_this_host_is_allowed():
    assert client.prompts.get(project_id="p", prompt_id="allowed").id == "allowed"

def test_blocked_again():
    blocked("get", SocketBlockedError)

@pytest.mark.enable_socket
def test_after():
    assert client.prompts.get(project_id="p", prompt_id="after").id == "after"

@pytest.mark.enable_socket
def test_the_fixture(to11):
    assert to11.client().prompts.list(project_id=to11.project_id).items == []
"""


@pytest.mark.parametrize("before", [False, True], ids=["", "after a call"])
def test_its_block_comes_out(before: bool, tmp_path: Path) -> None:
    with ScriptedServer(HEALTHY) as server:
        env = {"TO11_URL": server.url, **({"TO11_BEFORE": "yes"} if before else {})}
        ends, printed = scripts.suite(tmp_path, "--disable-socket", plugins=("socket",), env=env, test_it=BLOCKED)
        chosen = {name: end for name, end in ends.items() if before or name != "test_before"}
        assert set(chosen.values()) == {"passed"}, printed
        targets = [request.target.rpartition("/")[2] for request in server.requests]
        assert targets == [*(["a"] if before else []), "allowed", "after"]
