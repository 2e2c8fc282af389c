from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bound import Api
from services.postgres import postgres_server  # noqa: F401 - a fixture

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Iterator

    from services.postgres import PostgresServer

ON_BOTH = frozenset(
    {
        "test_inspector_pages",
        "test_local_access",
        "test_local_concurrency",
        "test_local_environments",
        "test_local_labels",
        "test_local_lists",
        "test_local_later_versions",
        "test_local_pages",
        "test_local_prompts",
        "test_local_resolve",
        "test_local_rules",
    }
)
"""The modules whose tests of the platform run on each engine."""


HARNESSED = frozenset({"test_replies_cache", "test_routing_names", "test_routing_strategies", "test_sticky_choices"})
"""The modules that do so with the projects of ``routing_harness``."""
ENGINES = ("sqlite", "postgres")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "to11" in metafunc.fixturenames and metafunc.module.__name__ in ON_BOTH:
        metafunc.parametrize("to11", ENGINES, indirect=True)
    if metafunc.module.__name__ in HARNESSED:
        metafunc.fixturenames.append("projects_place")
        metafunc.parametrize("projects_place", ENGINES, indirect=True)


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest) -> str | None:
    """Where a store keeps its data: in memory, and in PostgreSQL."""
    return _place(request, request.param)


@pytest.fixture
def projects_place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store of each project of ``routing_harness`` is on this engine."""
    import routing_harness

    monkeypatch.setattr(routing_harness, "place", lambda: _place(request, request.param))


def _place(request: pytest.FixtureRequest, engine: str) -> str | None:
    if engine == "sqlite":
        return None
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.url()


@pytest.fixture
def to11(request: pytest.FixtureRequest) -> Iterator[LocalTo11]:
    """A fresh local to11; in a schema of its own where a test runs on PostgreSQL."""
    with LocalTo11(_place(request, getattr(request, "param", "sqlite"))) as local:
        yield local


@pytest.fixture
def api(to11: LocalTo11) -> Api:
    """The main project through a client that never retries."""
    return Api.of(to11)
