from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

import pytest
from examples import ALL
from hypothesis import HealthCheck, settings
from recording import RecordingServer
from services.redis import redis_server  # noqa: F401 - a fixture

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

MEASURING = "COVERAGE_PROCESS_CONFIG"
"""The variable of coverage that makes it measure a new process, too."""
_MEASURED = os.environ.get(MEASURING, "")
if os.environ.get("PYTEST_XDIST_WORKER"):
    # Most tests that start a process do not start it for its coverage, which takes longer than many of them.
    os.environ[MEASURING] = ""

# How long examples take to make says something of the machine, nothing of what is tested.
settings.register_profile("sdk", deadline=None, max_examples=ALL, suppress_health_check=[HealthCheck.too_slow])
# nox runs all examples on one Python, and these on the others.
settings.register_profile("brief", settings.get_profile("sdk"), max_examples=ALL // 3)
settings.load_profile("sdk")


def pytest_collection_finish() -> None:
    """Keep thousands of collected tests out of each later garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def measured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets coverage measure the processes that a test starts."""
    monkeypatch.setenv(MEASURING, _MEASURED)


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str, int]:
    # An address, not a name: nothing to resolve.
    return "127.0.0.1", 0


@pytest.fixture
def server(httpserver: HTTPServer) -> RecordingServer:
    return RecordingServer(httpserver)
