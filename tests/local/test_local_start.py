"""A local to11 loads what most starts do not need when it is first used, and its first calls may come all at once."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

SERVER = '{"kind": "upstream", "base_url": "http://localhost:1/v1", "models": ["*", {"id": "m", "kinds": ["chat"]}]}'
CONFIG = f'config={{"providers": {{"own": {SERVER}}}, "cache": {{"enabled": True}}}}, providers={{"other": {SERVER}}}'
HTTP_CLIENT = ("http.client", "ssl", "to11ai_sdk.local.gateway.upstream.http_provider")
LATER = (
    "babel",
    "dateutil",
    "jsonschema",
    "liquid",
    "phonenumbers",
    "pydantic",
    "to11ai_sdk.local.gateway.echo",
    "werkzeug",
)

STARTED = """
import json, sys
from to11ai_sdk.local import LocalTo11

with LocalTo11({arguments}):
    print(json.dumps(sorted(sys.modules)))
"""
FIRST_CALLS = """
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.request import ProxyHandler, Request, build_opener
from to11ai_sdk.local import LocalTo11

with LocalTo11() as to11, to11.client() as client, ThreadPoolExecutor(6) as pool:
    keys = {"x-to11-authorization": f"Bearer {to11.api_key}", "x-to11-project-id": to11.project_id}
    chat = {"model": "gpt-4o", "max_tokens": 9, "messages": [{"role": "user", "content": "Hello!"}]}

    def version(number):
        prompt = client.prompts.create(project_id=to11.project_id, name=f"P{number}", slug=f"p-{number}")
        made = client.prompts.create_version(
            project_id=to11.project_id, prompt_id=prompt.id, format="text", template_json={"text": "Hi {{ name }}"},
            variables_schema={"type": "object", "properties": {"name": {"type": "string"}}},
        )
        return made.version

    def ask(path):
        request = Request(f"{to11.gateway_url}/{path}", json.dumps(chat).encode(), keys)
        with build_opener(ProxyHandler({})).open(request) as reply:
            return reply.status

    versions = pool.map(version, range(3))
    statuses = pool.map(ask, ["chat/completions", "messages", "responses"])
    print(json.dumps([list(versions), list(statuses)]))
"""


def run(code: str) -> Any:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=100)
    return json.loads(done.stdout)


@pytest.mark.parametrize(("arguments", "later"), [("", LATER + HTTP_CLIENT), (CONFIG, LATER)])
def test_a_start_loads_only_what_it_needs(arguments: str, later: tuple[str, ...]) -> None:
    assert [name for name in run(STARTED.format(arguments=arguments)) if name.startswith(later)] == []


def test_with_a_server_among_the_providers_a_start_loads_the_client_for_it() -> None:
    assert set(HTTP_CLIENT) <= set(run(STARTED.format(arguments=CONFIG)))


def test_the_first_calls_of_all_kinds_may_come_at_once() -> None:
    assert run(FIRST_CALLS) == [[1, 1, 1], [200, 200, 200]]
