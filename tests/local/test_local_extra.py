from __future__ import annotations

import os
import subprocess
import sys

import pytest

import to11ai_sdk.local

WITHOUT = """
import sys
for name in sys.argv[1:]:
    sys.modules[name] = None
import to11ai_sdk.local
import to11ai_sdk.pytest_plugin
try:
    to11ai_sdk.local.LocalTo11
except ImportError as exc:
    print(exc)
"""
BARE = """
import sys
before = set(sys.modules)
import to11ai_sdk.local, to11ai_sdk.pytest_plugin
print(sorted({"werkzeug", "liquid", "re2", "sqlite3", "pydantic"} & (set(sys.modules) - before)))
"""
USE = """
def test_it(to11):
    assert to11.client().prompts.list(project_id=to11.project_id).items == []
    to11.client().prompts.create(project_id=to11.project_id, name="A", slug="a")

def test_it_is_fresh(to11):
    assert to11.client().prompts.list(project_id=to11.project_id).items == []
"""


def run(code: str, *arguments: str) -> str:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_without_the_extra_the_message_says_what_to_install() -> None:
    said = run(WITHOUT, "werkzeug", "liquid", "re2")
    assert "pip install 'to11ai-sdk[local]'" in said


@pytest.mark.parametrize("library", ["dateutil", "liquid", "phonenumbers", "re2", "werkzeug"])
def test_each_library_of_the_extra_is_needed_for_a_start(library: str) -> None:
    assert run(WITHOUT, library) == f"the local to11 needs {library}: pip install 'to11ai-sdk[local]'"


@pytest.mark.parametrize("name", to11ai_sdk.local.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(to11ai_sdk.local, name).__name__ == name


def test_another_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Local'"):
        _ = to11ai_sdk.local.Local


def test_importing_the_package_and_the_plugin_imports_nothing_of_the_extra() -> None:
    assert run(BARE) == "[]"


def test_the_fixture_gives_each_test_a_fresh_server(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "test_use.py").write_text(USE)
    plugin = "to11ai_sdk.pytest_plugin"
    command = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", plugin]
    # Where the package is installed its entry point loads the plugin, and naming it once more is refused.
    environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command += [f"--rootdir={tmp_path}", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert "2 passed" in done.stdout, done.stdout + done.stderr
