from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bound import Api
from services.postgres import postgres_server  # noqa: F401 - a fixture

# The plugin brings this fixture where the package is installed; the tests also run from a checkout.
from to11ai_sdk.pytest_plugin import to11  # noqa: F401

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11


@pytest.fixture
def api(to11: LocalTo11) -> Api:  # noqa: F811
    """The main project through a client that never retries."""
    return Api.of(to11)
