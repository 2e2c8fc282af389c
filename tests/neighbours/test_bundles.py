"""The commands for a bundle in docs/lambda.md, as they stand and twice; what they make works, and is the newest."""

from __future__ import annotations

import os
import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk.local import LocalTo11

from .packing import ROOT, call, needs, needs_index, python, run, source, write_app

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = (ROOT / "docs" / "lambda.md").read_text("utf-8")
TARGET = "3.13"
"""The Python that the page builds for."""
OTHERS = ("3.12", "3.11", "3.10", "3.14")
UNCHECKED = 0b01
"""Flags of a ``.pyc`` that is used whatever became of its source (PEP 552)."""

pytestmark = [needs_index, pytest.mark.timeout(300)]


def found(version: str) -> str | None:
    """An interpreter of this version, on PATH."""
    python = shutil.which(f"python{version}")
    works = python and subprocess.run([python, "-c", "import ssl, venv"], capture_output=True).returncode == 0
    return python if works else None


def commands(tool: str) -> str:
    """The page's block for a tool."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return next(block for block in blocks if block.startswith(f"rm -rf bundle\n{tool} "))


def build(folder: Path, tool: str, *, first_on_path: Path) -> None:
    path = os.pathsep.join([str(first_on_path), str(Path(sys.executable).parent), os.environ["PATH"]])
    run("bash", "-euo", "pipefail", "-c", commands(tool), cwd=folder, PATH=path)


def release(folder: Path) -> None:
    """Make a newer version of the source."""
    project, module = folder / "pyproject.toml", folder / "to11ai_sdk" / "settings.py"
    project.write_text(project.read_text("utf-8").replace('\nversion = "', '\nversion = "99.'), "utf-8")
    module.write_text(module.read_text("utf-8") + "\nNEWER = True\n", "utf-8")


@pytest.fixture
def to11() -> Iterator[LocalTo11]:
    with LocalTo11() as local:
        yield local


@pytest.fixture(params=["the target's", "another Python's"])
def pip(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The folder of a ``pip`` that belongs to the Python of the bundle, or to another."""
    version = TARGET if request.param == "the target's" else next(filter(found, OTHERS), "none")
    python = found(version)
    if python is None:
        pytest.skip(f"there is no Python {version}")
    run(python, "-m", "venv", tmp_path / "builder", cwd=tmp_path)
    scripts = tmp_path / "builder" / "bin"
    # Only its pip: the Python that the last command names is the machine's own.
    only = tmp_path / "pip"
    only.mkdir()
    (only / "pip").symlink_to(scripts / "pip")
    return only


def check(to11: LocalTo11, folder: Path) -> None:
    """The bundle works under its Python, without the local to11, and no module lacks a ``.pyc`` that stays valid."""
    bundle = folder / "bundle"
    module, home = call(to11, found(TARGET), "-I", "-B", "-c", RUN, bundle, write_app(folder), cwd=folder)
    assert (module, home) == ("to11ai_sdk", str(bundle / "to11ai_sdk"))
    assert not (bundle / "to11ai_sdk" / "local").exists()
    (core,) = bundle.glob("pydantic_core/*.so")
    assert f"cpython-{TARGET.replace('.', '')}-" in core.name
    compiled = {path.parent.parent / f"{path.name.split('.')[0]}.py" for path in bundle.rglob("*.pyc")}
    assert compiled == set(bundle.rglob("*.py"))
    assert {struct.unpack("<I", path.read_bytes()[4:8])[0] for path in bundle.rglob("*.pyc")} == {UNCHECKED}
    size = sum(path.stat().st_size for path in (bundle / "to11ai_sdk").rglob("*") if path.is_file())
    stated = re.search(r"^\| `to11ai_sdk` \| ([\d.]+) \|", PAGE, re.MULTILINE)
    assert stated
    assert size / 1e6 == pytest.approx(float(stated[1]), rel=0.15)


RUN = "import runpy, sys; sys.path.insert(0, sys.argv[1]); runpy.run_path(sys.argv[2], run_name='__main__')"


@pytest.mark.skipif(found(TARGET) is None, reason=f"there is no Python {TARGET}")
@pytest.mark.skipif(sys.platform != "linux", reason="the bundle is for Linux")
class TestCommands:
    def test_pip_twice(self, to11: LocalTo11, tmp_path: Path, pip: Path) -> None:
        folder = tmp_path / "source"
        folder.mkdir()
        source(folder)
        build(folder, "pip", first_on_path=pip)
        check(to11, folder)
        release(folder)
        build(folder, "pip", first_on_path=pip)
        with LocalTo11() as fresh:
            check(fresh, folder)
        self.is_the_newest(folder / "bundle")

    @needs("uv")
    def test_uv_twice(self, to11: LocalTo11, tmp_path: Path) -> None:
        source(tmp_path)
        build(tmp_path, "uv", first_on_path=tmp_path)
        check(to11, tmp_path)
        release(tmp_path)
        build(tmp_path, "uv", first_on_path=tmp_path)
        with LocalTo11() as fresh:
            check(fresh, tmp_path)
        self.is_the_newest(tmp_path / "bundle")

    @staticmethod
    def is_the_newest(bundle: Path) -> None:
        assert (bundle / "to11ai_sdk" / "settings.py").read_text("utf-8").endswith("NEWER = True\n")
        assert [path.name[:14] for path in bundle.glob("to11ai_sdk-*.dist-info")] == ["to11ai_sdk-99."]

    def test_pytest_runs_with_the_bundle_on_its_path(self, tmp_path: Path) -> None:
        bundle, tests = tmp_path / "bundle", tmp_path / "tests"
        build(source(tmp_path), "pip", first_on_path=tmp_path)
        tests.mkdir()
        (tests / "test_it.py").write_text("def test_it():\n    import to11ai_sdk\n    print(to11ai_sdk.__file__)\n")
        said = run(*python("-m", "pytest", "-q", "-s", "test_it.py"), cwd=tests, PYTHONPATH=str(bundle))
        assert str(bundle / "to11ai_sdk") in said
        assert "1 passed" in said
