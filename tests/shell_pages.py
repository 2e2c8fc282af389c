"""Runs what the pages show for a shell, as a reader who pastes it would."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SHORT = """
to11ai() { "$PYTHON" -m to11ai_sdk "$@"; }
python() { "$PYTHON" "$@"; }
"""


def page_blocks(page: str, language: str = "sh") -> list[str]:
    """The blocks of a page, such as ``"docs/guide.md"``, in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def is_server(line: str) -> bool:
    return re.match(r"to11ai local(?! export| import)\b", line) is not None


def environment(**more: str) -> dict[str, str]:
    """The variables of the shell; what is installed may be another checkout's, or not at all."""
    return {**os.environ, "PYTHON": sys.executable, "PYTHONPATH": str(ROOT), **more}


def run_block(block: str, folder: Path, variables: dict[str, str]) -> str:
    """Run the commands of a block, and then its servers; return what the commands printed."""
    commands = "".join(line for line in block.splitlines(keepends=True) if not is_server(line))
    done = subprocess.run(
        ["sh", "-ec", SHORT + commands], capture_output=True, text=True, check=False, cwd=folder, env=variables
    )
    assert done.returncode == 0, (block, done.stderr)
    for line in filter(is_server, block.splitlines()):
        run_server(line, folder, variables)
    return done.stdout


def run_server(line: str, folder: Path, variables: dict[str, str]) -> None:
    """Start a server as a line does, but on a free port, wait until it is ready, and stop it."""
    line = re.sub(r"\$(\w+)", lambda name: variables[name[1]], line)
    words = [*shlex.split(line, comments=True)[1:], *([] if "--port" in line else ["--port", "0"])]
    with subprocess.Popen(
        [sys.executable, "-m", "to11ai_sdk", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=variables,
    ) as process:
        try:
            assert process.stdout is not None
            assert re.match(r'export TO11_API_URL=http://|{"base_url": "http://', process.stdout.readline()), line
            process.terminate()
            process.communicate(timeout=60)
            assert process.returncode == 0
        finally:
            if process.poll() is None:
                process.kill()
