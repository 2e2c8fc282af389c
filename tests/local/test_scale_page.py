"""Every command of ``docs/scale.md`` runs as it stands there, one block after the other in one folder."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from services.postgres import programs

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.moving import export_project

if TYPE_CHECKING:
    from services.postgres import PostgresServer

PAGE = (Path(__file__).parents[2] / "docs" / "scale.md").read_text("utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
SHORT = """
to11ai() { "$PYTHON" -m to11ai_sdk "$@"; }
python() { "$PYTHON" "$@"; }
"""


def is_server(line: str) -> bool:
    return re.match(r"to11ai local --", line) is not None


def run_server(line: str, folder: Path, variables: dict[str, str]) -> None:
    """Start a server as a line does, wait until it is ready, and stop it."""
    if "--port" not in line:
        line += " --port 0"
    words = ["-m", "to11ai_sdk", *shlex.split(re.sub(r"\$(\w+)", lambda name: variables[name[1]], line))[1:]]
    with subprocess.Popen(
        [sys.executable, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, env=variables
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("export TO11_API_URL=http://"), line
            process.terminate()
            process.communicate(timeout=60)
            assert process.returncode == 0
        finally:
            if process.poll() is None:
                process.kill()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the reader is, with a project in a file."""
    with LocalTo11(tmp_path / "first.db") as to11:
        to11.client().prompts.create(project_id=to11.project_id, name="Welcome", slug="welcome")
    assert export_project(str(tmp_path / "first.db"), str(tmp_path / "project.jsonl"), None, with_key=True) == 0
    return tmp_path


def test_the_commands_of_the_page_run(folder: Path, postgres_server: PostgresServer) -> None:
    stores = {"DATA": "prompts.sqlite", "DATABASE": postgres_server.url("to11")}
    variables = {**os.environ, **stores, "PYTHON": sys.executable}
    variables["PATH"] = os.pathsep.join([str(programs()), variables["PATH"]])
    # What is installed may be another checkout's, or not at all.
    variables["PYTHONPATH"] = str(Path(__file__).parents[2])
    assert shutil.which("pg_dump", path=variables["PATH"])
    assert len(BLOCKS) >= 5
    for block in BLOCKS:
        commands = "".join(line for line in block.splitlines(keepends=True) if not is_server(line))
        done = subprocess.run(
            ["sh", "-ec", SHORT + commands], capture_output=True, text=True, check=False, cwd=folder, env=variables
        )
        assert done.returncode == 0, (block, done.stderr)
        for line in filter(is_server, block.splitlines()):
            run_server(line, folder, variables)
    for name in ("backup.sqlite", "backup.sql", "before-upgrade.jsonl", "project-backup.jsonl", "restored.sqlite"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600, name
    for data in ("backup.sqlite", "restored.sqlite", "prompts.sqlite"):
        with LocalTo11(folder / data) as to11:
            assert to11.client().prompts.list(project_id=to11.project_id).items[0].slug == "welcome"
    # The dump was restored over what was there.
    slugs = postgres_server.run("SELECT slug FROM to11.prompts")
    assert slugs == [("welcome",)]


def test_every_shell_block_of_the_page_is_one_that_runs() -> None:
    languages = set(re.findall(r"^```(\w*)$", PAGE, re.MULTILINE)) - {""}
    assert "shell" not in languages
    assert "console" not in languages
