"""Provides the pytest fixture ``to11``; every run of pytest loads this module."""

from __future__ import annotations

import pytest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .local import LocalTo11


@pytest.fixture
def to11() -> Iterator[LocalTo11]:
    """Yield a fresh local to11 in memory, for one test."""
    from .local import LocalTo11

    with LocalTo11() as local:
        yield local
