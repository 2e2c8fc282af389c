"""What each client sends to a server that only writes down: its key, its path, and how often it tries."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from .adapters import CLIENTS
from .places import needs_clients

if TYPE_CHECKING:
    from .client import Client

pytestmark = [needs_clients, pytest.mark.timeout(400)]
ON_THE_SDKS = (
    "openai",
    "anthropic",
    "@anthropic-ai/sdk",
    "openai-agents",
    "@openai/agents",
    "langchain",
    "pydantic-ai",
)
"""Built on the SDKs of OpenAI and Anthropic, which try no more once they are asked not to."""


@pytest.fixture(scope="module")
def measured() -> Any:
    """What a process finds in which nobody sleeps."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.clients.probe"]
    root = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=380)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.title)
def test_what_it_sends(client: type[Client], measured: Any, report: dict[str, dict[str, Any]]) -> None:
    client.needed()
    found = measured[client.title]
    assert found["to11"], "the headers of to11 did not arrive"
    assert found["key"] in ("authorization", "x-api-key", "x-goog-api-key")
    tries = {name: made["requests"] for name, made in found["requests"].items()}
    assert min(tries.values()) >= 1
    if client.title.startswith(ON_THE_SDKS):
        assert tries["500, x-should-retry: false"] == 1
        assert tries["500"] == 3
    report[client.title]["measured"] = found
