"""These tests run where the packages of the providers are installed: ``nox -s integration``."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Generator

    import anthropic
    import openai

if find_spec("anthropic") is None or find_spec("openai") is None:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture
def to11() -> Generator[LocalTo11]:
    """Waits for nothing."""
    with LocalTo11(sleep=lambda seconds: None) as local:
        yield local


@pytest.fixture
def claude(to11: LocalTo11) -> Generator[anthropic.Anthropic]:
    import anthropic

    options = to11.client().anthropic_options(project_id=to11.project_id, gateway_url=to11.gateway_url)
    with anthropic.Anthropic(**options, max_retries=0) as client:
        yield client


@pytest.fixture
def gpt(to11: LocalTo11) -> Generator[openai.OpenAI]:
    import openai

    options = to11.client().openai_options(project_id=to11.project_id, gateway_url=to11.gateway_url)
    with openai.OpenAI(**options, max_retries=0) as client:
        yield client
