"""An outage seen by many clients: the SDK adds no load, and a warm cache goes on answering."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from bench import fleet

if TYPE_CHECKING:
    from collections.abc import Generator


@pytest.fixture(autouse=True)
def quiet() -> Generator[None]:
    logger = logging.getLogger("to11ai_sdk")
    logger.disabled = True
    yield
    logger.disabled = False


@pytest.mark.parametrize("share", [1.0, 0.5], ids=["outage", "brown-out"])
def test_a_fleet_adds_no_load_and_keeps_answering(share: float) -> None:
    healthy = fleet.run(fleet.ours, 300, 0.0)
    troubled = fleet.run(fleet.ours, 300, share)

    assert healthy.failed == 0
    assert troubled.failed == 0
    assert troubled.requests < 1.2 * healthy.requests
    assert troubled.during() < 1.2 * healthy.during()


def test_a_plain_client_would_make_it_worse() -> None:
    healthy = fleet.run(fleet.plain, 100, 0.0)
    troubled = fleet.run(fleet.plain, 100, 1.0)

    assert troubled.during() > 5 * healthy.during()
    assert troubled.failed > 0
