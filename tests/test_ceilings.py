"""Slowness that shows without a clock: modules an import loads, and Python functions a call runs."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk import To11aiClient, create_client

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpserver import HTTPServer

IMPORT_MODULES = 5
FIRST_CLIENT_MODULES = 54
CACHE_HIT_CALLS = 5
WARM_CALLS = 320

REPLY = {
    "success": True,
    "code": 200,
    "data": {
        "promptId": "prompt_1",
        "versionId": "version_1",
        "version": 3,
        "labels": ["production"],
        "contentHash": "sha256:0",
        "rendered": {"format": "chat", "messages": [{"role": "user", "content": "Hello"}] * 10},
    },
    "error": None,
}


def functions_run(call: Callable[[], object]) -> int:
    """How many Python functions a call runs, itself not counted."""
    events: list[str] = []
    sys.setprofile(lambda frame, event, argument: events.append(event))
    try:
        call()
    finally:
        sys.setprofile(None)
    return events.count("call") - 1


def modules_added(code: str) -> int:
    """How many modules some code adds to a fresh interpreter."""
    script = f"import sys; before = set(sys.modules)\n{code}\nprint(len(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return int(done.stdout)


@pytest.fixture
def client(httpserver: HTTPServer) -> To11aiClient:
    httpserver.expect_request("/v1/projects/p/prompts:resolve").respond_with_json(REPLY)
    return create_client(api_key="test-secret", base_url=httpserver.url_for(""))


def test_import_loads_next_to_nothing() -> None:
    assert modules_added("import to11ai_sdk") <= IMPORT_MODULES


def test_making_a_client_loads_little() -> None:
    code = "import to11ai_sdk\nto11ai_sdk.create_client(api_key='test-secret', base_url='https://api.to11.ai')"
    assert modules_added(code) <= FIRST_CLIENT_MODULES


def test_cache_hit_runs_few_functions(client: To11aiClient) -> None:
    def resolve() -> object:
        return client.prompts.resolve(project_id="p", slug="s", labels=["production"], variables={"name": "Ada"})

    with client:
        resolve()
        assert functions_run(resolve) <= CACHE_HIT_CALLS


def test_warm_call_runs_few_functions(client: To11aiClient) -> None:
    def resolve() -> object:
        return client.prompts.resolve(project_id="p", slug="s", labels=["production"], cache=False)

    with client:
        resolve()
        assert functions_run(resolve) <= WARM_CALLS


def test_what_is_kept_of_many_messages_holds_each_role_once(client: To11aiClient) -> None:
    client.prompts.resolve(project_id="p", slug="s", labels=["l"])
    messages = client.prompts.resolve(project_id="p", slug="s", labels=["l"]).messages
    assert len({id(message.role) for message in messages}) == 1
