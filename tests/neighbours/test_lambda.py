"""A handler like that of docs/lambda.md under AWS Lambda's runtime: its init phase does the work of a first call."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from faults.certificates import authority, serving
from faults.harness import KEY
from faults.server import HEALTHY, HOLD, KEEP, READ, ScriptedServer, http

from bench.lambda_runtime import FunctionError, RuntimeApi

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytest.importorskip("awslambdaric", reason="awslambdaric is not installed")

APP = """
import os, sys
from to11ai_sdk import create_client

client = create_client(
    api_key=os.environ["TO11_API_KEY"],
    base_url=os.environ["TO11_URL"],
    timeout_s=30.0,
    total_timeout_s=80.0,
)
try:
    client.warm_up()
    warmed = "yes"
except Exception as exc:
    warmed = type(exc).__name__
before = set(sys.modules)

def handler(event, context):
    prompt = client.prompts.resolve(project_id="p", slug=event["slug"], labels=["prod"], variables=event)
    return {
        "messages": [message.model_dump() for message in prompt.messages],
        "imported": sorted(name for name in set(sys.modules) - before),
        "warmed": warmed,
    }
"""


@contextmanager
def function(folder: Path, url: str) -> Iterator[RuntimeApi]:
    """The handler in its runtime, after its init phase."""
    (folder / "app.py").write_text(dedent(APP), encoding="utf-8")
    authority().cert_pem.write_to_path(str(folder / "authority.pem"))
    with RuntimeApi() as api:
        more = {"TO11_API_KEY": KEY, "TO11_URL": url, "SSL_CERT_FILE": str(folder / "authority.pem")}
        env = api.environment("app.handler", folder, **more)
        command = [sys.executable, "-m", "awslambdaric", "app.handler"]
        with subprocess.Popen(command, cwd=folder, env=env) as process:
            try:
                api.wait_until_ready()
                yield api
            finally:
                process.kill()


def content(answer: dict[str, Any]) -> str:
    text: str = answer["messages"][0]["content"]
    return text


@pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])
def test_the_first_invocation_finds_all_it_needs(tls: bool, tmp_path: Path) -> None:
    with ScriptedServer(HEALTHY, tls=serving() if tls else None) as server, function(tmp_path, server.url) as api:
        assert (server.connections, server.requests) == (1, [])
        first = api.invoke({"slug": "a"}).answer
        assert (content(first), first["imported"], first["warmed"]) == ("a", [], "yes")
        assert (server.connections, len(server.requests)) == (1, 1)
        assert content(api.invoke({"slug": "a"}).answer) == "a"
        assert content(api.invoke({"slug": "b"}).answer) == "b"
        assert (server.connections, len(server.requests)) == (1, 2)


def test_a_server_that_is_away_in_the_init_phase_is_called_later(tmp_path: Path) -> None:
    with ScriptedServer((HOLD,), tls=serving()) as server:
        server.play((b"",), tls=serving("for another host"))
        with function(tmp_path, server.url) as api:
            server.play(HEALTHY, tls=serving())
            first = api.invoke({"slug": "a"}).answer
            assert (content(first), first["warmed"]) == ("a", "To11aiNetworkError")


def test_an_error_of_a_call_is_the_functions(tmp_path: Path) -> None:
    refused = http(404, {"success": False, "error": {"code": "PROMPT_NOT_FOUND", "message": KEY, "details": None}})
    with ScriptedServer((READ, refused, KEEP)) as server, function(tmp_path, server.url) as api:
        with pytest.raises(FunctionError) as caught:
            api.invoke({"slug": "a"})
        assert caught.value.kind == "To11aiApiError"
        assert KEY not in str(caught.value.report)
