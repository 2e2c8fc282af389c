from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bound import Api
from services.postgres import postgres_server  # noqa: F401 - a fixture

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Iterator

ON_BOTH = frozenset(
    {
        "test_local_access",
        "test_local_concurrency",
        "test_local_environments",
        "test_local_labels",
        "test_local_later_versions",
        "test_local_pages",
        "test_local_prompts",
        "test_local_resolve",
        "test_local_rules",
    }
)
"""The modules whose tests of the platform run on each engine."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "to11" in metafunc.fixturenames and metafunc.module.__name__ in ON_BOTH:
        metafunc.parametrize("to11", ["sqlite", "postgres"], indirect=True)


@pytest.fixture
def to11(request: pytest.FixtureRequest) -> Iterator[LocalTo11]:
    """A fresh local to11; in a schema of its own where a test runs on PostgreSQL."""
    is_postgres = getattr(request, "param", "sqlite") == "postgres"
    data = request.getfixturevalue("postgres_server").url() if is_postgres else None
    with LocalTo11(data) as local:
        yield local


@pytest.fixture
def api(to11: LocalTo11) -> Api:
    """The main project through a client that never retries."""
    return Api.of(to11)
