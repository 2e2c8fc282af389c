"""Every command of ``docs/scale.md`` runs as it stands there, one block after the other in one folder."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from services.postgres import programs
from shell_pages import environment, page_blocks, run_block

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.moving.export_import import export_project

if TYPE_CHECKING:
    from pathlib import Path

    from services.postgres import PostgresServer

BLOCKS = page_blocks("docs/scale.md")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the reader is, with a project in a file."""
    with LocalTo11(tmp_path / "first.db") as to11:
        to11.client().prompts.create(project_id=to11.project_id, name="Welcome", slug="welcome")
    assert export_project(str(tmp_path / "first.db"), str(tmp_path / "project.jsonl"), None, with_key=True) == 0
    return tmp_path


def test_the_commands_of_the_page_run(folder: Path, postgres_server: PostgresServer) -> None:
    variables = environment(DATA="prompts.sqlite", DATABASE=postgres_server.url("to11"))
    variables["PATH"] = os.pathsep.join([str(programs()), variables["PATH"]])
    assert shutil.which("pg_dump", path=variables["PATH"])
    assert len(BLOCKS) >= 5
    for block in BLOCKS:
        run_block(block, folder, variables)
    for name in ("backup.sqlite", "backup.sql", "before-upgrade.jsonl", "project-backup.jsonl", "restored.sqlite"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600, name
    for data in ("backup.sqlite", "restored.sqlite", "prompts.sqlite"):
        with LocalTo11(folder / data) as to11:
            assert to11.client().prompts.list(project_id=to11.project_id).items[0].slug == "welcome"
    # The dump was restored over what was there.
    slugs = postgres_server.run("SELECT slug FROM to11.prompts")
    assert slugs == [("welcome",)]
