"""These tests run where the packages of the providers are installed: ``nox -s integration``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Generator

if find_spec("anthropic") is None or find_spec("openai") is None:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture
def to11() -> Generator[LocalTo11]:
    """Waits for nothing."""
    with LocalTo11(sleep=lambda seconds: None) as local:
        yield local
