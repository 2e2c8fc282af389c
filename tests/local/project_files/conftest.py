from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from project_folder import Folder

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Folder:
    return Folder(tmp_path / "our-prompts", capsys)


@pytest.fixture
def other() -> Iterator[LocalTo11]:
    with LocalTo11() as server:
        yield server
