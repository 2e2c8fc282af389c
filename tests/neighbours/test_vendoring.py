"""The package inside somebody else's: with pip's vendoring tool, and beside the published one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk.local import LocalTo11

from .packing import ROOT, call, needs, needs_index, python, run, source, write_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGE = (ROOT / "docs" / "lambda.md").read_text("utf-8")
BOTH = """
import os
import myapp._vendor.to11ai_sdk as ours, to11ai_sdk as published

project = os.environ["TO11_PROJECT_ID"]
settings = {"api_key": os.environ["TO11_API_KEY"], "base_url": os.environ["TO11_API_URL"]}
with ours.create_client(**settings) as client:
    client.prompts.create(project_id=project, name="A", slug="a")
    (mine,) = client.prompts.list(project_id=project).items
theirs = published.create_client(**settings).prompts.list(project_id=project).items[0]
print(isinstance(mine, ours.Prompt), isinstance(theirs, published.Prompt), isinstance(theirs, ours.Prompt))
print(published.__file__)
"""

pytestmark = [needs("vendoring"), needs_index, pytest.mark.timeout(300)]


@pytest.fixture
def to11() -> Iterator[LocalTo11]:
    with LocalTo11() as local:
        yield local


@pytest.fixture
def vendored(tmp_path: Path) -> Path:
    """A project with the package in ``myapp/_vendor``, put there by the tool."""
    (tmp_path / "source").mkdir()
    (tmp_path / "myapp" / "_vendor").mkdir(parents=True)
    for package in ("myapp", "myapp/_vendor"):
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "vendor.txt").write_text(f"to11ai-sdk @ {source(tmp_path / 'source').as_uri()}\n")
    settings = re.search(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    assert settings
    (tmp_path / "pyproject.toml").write_text(settings[1])
    run(*python("-m", "vendoring", "sync"), cwd=tmp_path)
    return tmp_path


def test_the_vendoring_tool_makes_a_copy_that_works(to11: LocalTo11, vendored: Path) -> None:
    name = "myapp._vendor.to11ai_sdk"
    used = call(to11, *python(write_app(vendored, name)), cwd=vendored)
    assert used == (name, str(vendored / "myapp" / "_vendor" / "to11ai_sdk"))
    settings = {"TO11_API_KEY": to11.api_key, "TO11_API_URL": to11.base_url, "TO11_PROJECT_ID": to11.project_id}
    assert '"slug": "packed"' in run(*python("-m", name, "prompts", "list"), cwd=vendored, **settings)


def test_it_works_beside_the_published_package(to11: LocalTo11, vendored: Path) -> None:
    install = ("-m", "pip", "install", "--quiet", "--target", "published", "to11ai-sdk==0.2.0")
    run(*python(*install), cwd=vendored)
    settings = {"TO11_API_KEY": to11.api_key, "TO11_API_URL": to11.base_url, "TO11_PROJECT_ID": to11.project_id}
    said = run(*python("-c", BOTH), cwd=vendored, PYTHONPATH="published", **settings).splitlines()
    assert said[0] == "True True False"
    assert "published" in said[1]
