"""A small application to pack, the source to pack it from, and how it is run against a local to11."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11

ROOT = Path(__file__).parents[2]
APP = """
import os
import {sdk} as sdk
from {sdk} import To11aiApiError, create_client, gateway_auth_headers

def main():
    project = os.environ["TO11_PROJECT_ID"]
    with create_client(api_key=os.environ["TO11_API_KEY"], base_url=os.environ["TO11_API_URL"]) as client:
        prompt = client.prompts.create(project_id=project, name="Welcome", slug="packed")
        try:
            client.prompts.resolve(project_id=project, slug="packed", labels=["production"])
        except To11aiApiError as exc:
            print(exc.error_code)
        print(*[found.slug for found in client.project_environments.list(project_id=project)])
        print(client.resolve_behavior("x", coded_default=7), len(gateway_auth_headers("k", project)))
        print(*(getattr(sdk, name) is not None for name in ("RuleVersion", "ToolChatMessage", "ResolvedPrompt")))
        print(type(prompt).__module__, os.path.dirname(sdk.__file__))

if __name__ == "__main__":
    main()
"""
"""Makes a call of each kind; the last line says which package it used, and where that was."""
SAID = ["PROMPT_LABELS_NOT_FOUND", "prod staging", "7 2", "True True True"]

needs_index = pytest.mark.skipif(
    not os.environ.get("TO11_NEIGHBOURS"), reason="takes packages from an index, as nox -s neighbours lets it"
)


def needs(module: str) -> pytest.MarkDecorator:
    """Skip where a module is not installed."""
    return pytest.mark.skipif(find_spec(module) is None, reason=f"{module} is not installed: nox -s neighbours")


def write_app(folder: Path, sdk: str = "to11ai_sdk") -> Path:
    """The application as ``app.py`` in a folder; ``sdk`` is the name it imports the package by."""
    (folder / "app.py").write_text(APP.replace("{sdk}", sdk), "utf-8")
    return folder / "app.py"


def source(folder: Path) -> Path:
    """A copy of what the package is built from, to change and to build in."""
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "to11ai_sdk", folder / "to11ai_sdk", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def run(*command: object, cwd: Path, **environment: str) -> str:
    """What a command prints; fails with all of it if the command does."""
    # Without a path of our own: a packed application brings its modules.
    env = {**os.environ, "PYTHONPATH": "", **environment}
    # What it runs is not the coverage of the package.
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        env.pop(name, None)
    done = subprocess.run([*map(str, command)], cwd=cwd, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def call(to11: LocalTo11, *command: object, cwd: Path, **environment: str) -> tuple[str, str]:
    """Run the packed application; the package its models are of, and the folder that is in."""
    settings = {"TO11_API_KEY": to11.api_key, "TO11_API_URL": to11.base_url, "TO11_PROJECT_ID": to11.project_id}
    *said, last = run(*command, cwd=cwd, **settings, **environment).splitlines()
    assert said == SAID
    module, _, folder = last.partition(" ")
    return module.removesuffix(".models.prompts"), folder


def python(*arguments: object) -> list[object]:
    """This interpreter with arguments."""
    return [sys.executable, *arguments]
