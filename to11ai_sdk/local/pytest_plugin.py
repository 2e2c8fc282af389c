"""The pytest fixture ``to11``; pytest loads this module in every run, so it imports nothing of the extra."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from . import LocalTo11


@pytest.fixture
def to11() -> Iterator[LocalTo11]:
    """Yield a fresh local to11 in memory, for one test."""
    from . import LocalTo11

    with LocalTo11() as local:
        yield local
