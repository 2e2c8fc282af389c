"""The package under another name: copied into somebody else's package, packed, or frozen."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import to11ai_sdk
from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(to11ai_sdk.__file__).parent
EVERYTHING = """
import importlib, json, os, sys

sdk = importlib.import_module(sys.argv[1])
for name in sdk.__all__:
    getattr(sdk, name)
project = os.environ["TO11_PROJECT_ID"]
with sdk.create_client(api_key=os.environ["TO11_API_KEY"], base_url=os.environ["TO11_API_URL"]) as client:
    prompt = client.prompts.create(project_id=project, name="A", slug=sys.argv[2])
    listed = client.prompts.list(project_id=project)
    environments = client.project_environments.list(project_id=project)
    try:
        client.routing_rules.versions.create(project_id=project, rule_id="rule_1", snapshot={"endpoint": "chat"})
    except sdk.To11aiError as exc:
        error = exc
results = [prompt, listed, listed.items[0], environments[0], error]
print(json.dumps({"homes": [type(result).__module__ for result in results], "loaded": sorted(sys.modules)}))
"""
TWICE = """
import os

from app_one.to11ai_sdk import Prompt as PromptOfOne, create_client as create_one
from app_two.vendor.to11ai_sdk import Prompt as PromptOfTwo, create_client as create_two
from to11ai_sdk import Prompt, create_client

settings = {"api_key": os.environ["TO11_API_KEY"], "base_url": os.environ["TO11_API_URL"]}
for create, model in ((create_one, PromptOfOne), (create_client, Prompt), (create_two, PromptOfTwo)):
    with create(**settings) as client:
        (found,) = client.prompts.list(project_id=os.environ["TO11_PROJECT_ID"]).items
        print(isinstance(found, model), [isinstance(found, other) for other in (PromptOfOne, Prompt, PromptOfTwo)])
"""

USE = "def test_it(to11):\n    assert to11.api_key\n"
OTHER = "def test_it():\n    pass\n"
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py")


def copy(root: Path, name: str, *, local: bool = False) -> None:
    """Put a copy of the package under a dotted name, by default without what a client may leave out."""
    target = root.joinpath(*name.split("."))
    ignored = shutil.ignore_patterns("__pycache__", *([] if local else ["local", "shared_cache"]))
    shutil.copytree(PACKAGE, target, ignore=ignored)
    for parent in list(target.parents)[: name.count(".")]:
        (parent / "__init__.py").touch()


@pytest.fixture
def to11() -> Iterator[LocalTo11]:
    with LocalTo11() as local:
        yield local


def python(to11: LocalTo11, root: Path, *arguments: str, code: int = 0) -> str:
    """What a fresh interpreter prints, with ``root`` before everything else on its path."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(root),
        "TO11_API_KEY": to11.api_key,
        "TO11_API_URL": to11.base_url,
        "TO11_PROJECT_ID": to11.project_id,
    }
    # What a copy runs is not the coverage of the package.
    for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"):
        environment.pop(name, None)
    command = [sys.executable, "-W", "error", *arguments]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", ["myapp._vendor.to11ai_sdk", "vendored_sdk"])
def test_a_copy_works_under_any_name_with_its_own_models(to11: LocalTo11, tmp_path: Path, name: str) -> None:
    copy(tmp_path, name)
    said = json.loads(python(to11, tmp_path, "-c", EVERYTHING, name, "a"))
    assert said["homes"] == [f"{name}.{home}" for home in ("models.prompts",) * 3 + ("models.environments", "errors")]
    assert [loaded for loaded in said["loaded"] if loaded.startswith("to11ai_sdk")] == []


def test_two_copies_and_the_package_itself_share_a_process(to11: LocalTo11, tmp_path: Path) -> None:
    for name in ("app_one.to11ai_sdk", "app_two.vendor.to11ai_sdk", "to11ai_sdk"):
        copy(tmp_path, name)
    with to11.client() as client:
        client.prompts.create(project_id=to11.project_id, name="A", slug="a")
    said = python(to11, tmp_path, "-c", TWICE)
    assert said.splitlines() == [
        "True [True, False, False]",
        "True [False, True, False]",
        "True [False, False, True]",
    ]


def test_the_command_line_of_a_copy_says_how_it_is_called(to11: LocalTo11, tmp_path: Path) -> None:
    copy(tmp_path, "myapp._vendor.to11ai_sdk")
    module = ("-m", "myapp._vendor.to11ai_sdk")
    assert json.loads(python(to11, tmp_path, *module, "prompts", "create", "--name", "A", "--slug", "a"))["slug"] == "a"
    assert "usage: python -m myapp._vendor.to11ai_sdk prompts " in python(to11, tmp_path, *module, "prompts", "--help")
    refused = python(to11, tmp_path, *module, "prompts", "get", "--prompt-id", "none", code=1)
    assert refused.startswith("python -m myapp._vendor.to11ai_sdk: ")
    missing = python(to11, tmp_path, *module, "local", code=2)
    assert "pip install 'to11ai-sdk[local]'" in missing


def test_a_copy_with_its_local_to11_works(to11: LocalTo11, tmp_path: Path) -> None:
    copy(tmp_path, "myapp.to11ai_sdk", local=True)
    assert "All 8 steps happened as shown." in python(to11, tmp_path, "-m", "myapp.to11ai_sdk", "demo")
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["myapp.to11ai_sdk.pytest_plugin"]\n')
    (tmp_path / "test_it.py").write_text(USE + "    assert type(to11).__module__ == 'myapp.to11ai_sdk.local.server'\n")
    assert "1 passed" in python(to11, tmp_path, *PYTEST)


def test_a_copy_without_the_extra_names_what_is_missing(to11: LocalTo11, tmp_path: Path) -> None:
    copy(tmp_path, "myapp.to11ai_sdk", local=True)
    code = "import sys; sys.modules['liquid'] = None\nimport myapp.to11ai_sdk.local as local\nlocal.LocalTo11"
    assert "needs liquid: pip install 'to11ai-sdk[local]'" in python(to11, tmp_path, "-c", code, code=1)


def bundle(root: Path, test: str, *, local: bool) -> None:
    """What a bundle holds of us, its ``dist-info`` with the entry points included, and a test beside it."""
    copy(root, "to11ai_sdk", local=local)
    (root / "test_it.py").write_text(test)
    declared = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    found = re.search(r"^\[project\.entry-points\.pytest11\]\n(.*)$", declared, re.MULTILINE)
    assert found
    info = root / "to11ai_sdk-9.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: to11ai-sdk\nVersion: 9\n")
    (info / "entry_points.txt").write_text("[pytest11]\n" + found[1].replace('"', "") + "\n")


def test_pytest_starts_where_local_has_been_left_out(to11: LocalTo11, tmp_path: Path) -> None:
    bundle(tmp_path, OTHER, local=False)
    assert "1 passed" in python(to11, tmp_path, *PYTEST)


def test_the_fixture_says_what_is_missing(to11: LocalTo11, tmp_path: Path) -> None:
    bundle(tmp_path, USE, local=False)
    assert "No module named 'to11ai_sdk.local'" in python(to11, tmp_path, *PYTEST, code=1)
    shutil.rmtree(tmp_path / "to11ai_sdk")
    copy(tmp_path, "to11ai_sdk", local=True)
    (tmp_path / "conftest.py").write_text("import sys\nsys.modules['liquid'] = None\n")
    assert "the local to11 needs liquid: pip install 'to11ai-sdk[local]'" in python(to11, tmp_path, *PYTEST, code=1)


class Imports(ast.NodeVisitor):
    """What a freezer sees of a module: its import statements, without those that only a type checker reads."""

    def __init__(self, path: Path) -> None:
        self._folder = path.parent
        self.found: set[Path] = set()
        self.visit(ast.parse(path.read_text("utf-8")))

    def visit_If(self, node: ast.If) -> None:
        if not (isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"):
            self.generic_visit(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        folder = [self._folder, *self._folder.parents][node.level - 1]
        base = folder.joinpath(*(node.module or "").split("."))
        names = [base, *(base / alias.name for alias in node.names)]
        files = [file for name in names for file in (name.with_suffix(".py"), name / "__init__.py")]
        if node.level:
            self.found.update(file for file in files if file.is_file())


def reached_from(*starts: Path) -> set[str]:
    """The modules that import statements lead to, parents included, relative to the package."""
    seen: set[Path] = set()
    waiting = set(starts)
    while waiting:
        path = waiting.pop()
        seen.add(path)
        waiting |= (Imports(path).found | {path.parent / "__init__.py"}) - seen
    return {path.relative_to(PACKAGE).as_posix() for path in seen}


def modules(folder: Path) -> set[str]:
    return {path.relative_to(PACKAGE).as_posix() for path in folder.rglob("*.py")}


def test_import_statements_lead_a_freezer_to_every_module() -> None:
    ours = {name for name in modules(PACKAGE) if not name.startswith("local/")}
    command = {name for name in ours if name.startswith("cli/")}
    apart = {"__main__.py", "pytest_plugin.py", *command}
    assert ours - reached_from(PACKAGE / "__init__.py") == apart
    assert modules(PACKAGE) - reached_from(PACKAGE / "__main__.py", PACKAGE / "local" / "__init__.py") == {
        "pytest_plugin.py"
    }


def absolute(path: Path) -> Iterator[str]:
    """Where a module names its own package, in an import or in a text that is not a docstring."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""] if not node.level else []
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            # The logger's name is the same in every copy: see docs/lambda.md.
            names = [node.value] if node.value != "to11ai_sdk" else []
        else:
            names = []
        for name in names:
            if re.match(r"to11ai_sdk(\.|$)", name):
                yield f"{path.name}:{node.lineno}: {name}"


def test_no_module_names_the_package_it_is_in() -> None:
    assert [found for path in PACKAGE.rglob("*.py") for found in absolute(path)] == []
