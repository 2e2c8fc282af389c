"""One local to11 for all clients, and a report of what they did."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.faults.server import KEEP, READ, ScriptedServer
from to11ai_sdk.local import LocalTo11

from . import native, places

if TYPE_CHECKING:
    from collections.abc import Generator

ENABLED = bool(os.environ.get("TO11_CLIENTS"))
REPORT = pytest.StashKey[dict[str, dict[str, Any]]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[REPORT] = defaultdict(dict)
    if ENABLED:
        os.environ.update(LITELLM_LOCAL_MODEL_COST_MAP="True", LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS="True")


def pytest_sessionfinish(session: pytest.Session) -> None:
    path, found = os.environ.get("TO11_CLIENTS_REPORT"), session.config.stash[REPORT]
    if path and found:
        Path(path).write_text(json.dumps(found, indent=1, sort_keys=True), "utf-8")


@pytest.fixture
def report(request: pytest.FixtureRequest) -> dict[str, dict[str, Any]]:
    """What the page is written from, by the title of a client."""
    return request.config.stash[REPORT]


@pytest.fixture(scope="session")
def to11() -> Generator[LocalTo11]:
    """It waits for nothing, and passes what is native on to a server that answers in that format."""
    with ScriptedServer((READ, native.answer, KEEP)) as provider:
        upstream = {"kind": "upstream", "dialect": "native", "base_url": provider.url}
        passed_on = {"vertex": upstream, "bedrock": upstream}
        with LocalTo11(sleep=lambda seconds: None, providers=passed_on) as local:
            yield local
    places.stop_all()
