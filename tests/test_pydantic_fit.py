"""Bundles whose Pydantic does not fit: what the first call says, before anything is sent."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk.models import pydantic_fit

if TYPE_CHECKING:
    from collections.abc import Callable

    from recording import RecordingServer

pytestmark = pytest.mark.usefixtures("measured")

PARTS = ("pydantic", "pydantic_core", "annotated_types", "typing_extensions", "typing_inspection")

CODE = """
import sys
folder, url, call = sys.argv[1:]
sys.path[:] = [folder, *(name for name in sys.path if "site-packages" not in name)]
from to11ai_sdk import create_client
client = create_client(api_key="to11_sk_x", base_url=url)
calls = {
    "resolve": lambda: client.prompts.resolve(project_id="p", slug="a", labels=["l"]),
    "create": lambda: client.prompts.create(project_id="p", slug="a", name="a"),
    "warm_up": lambda: client.warm_up(),
}
for _ in range(2):
    try:
        calls[call]()
    except ImportError as exc:
        print(exc)
    else:
        print("it fits")
"""


def whole(folder: Path) -> Path:
    """A folder with Pydantic in it, as pip would fill it."""
    for name in PARTS:
        spec = importlib.util.find_spec(name)
        assert spec
        assert spec.origin
        source = Path(spec.origin)
        if source.name != "__init__.py":
            (folder / source.name).symlink_to(source)
        elif name == "pydantic_core":
            shutil.copytree(source.parent, folder / name, symlinks=True)
        else:
            (folder / name).symlink_to(source.parent)
    return folder


def core(folder: Path) -> Path:
    """The compiled module."""
    return next(path for path in (folder / "pydantic_core").iterdir() if path.name.endswith(EXTENSION_SUFFIXES[0]))


def of_another_python(folder: Path) -> Path:
    path = core(folder)
    path.rename(path.with_name("_pydantic_core.cpython-399-x86_64-linux-gnu.so"))
    return folder


def of_another_platform(folder: Path) -> Path:
    path = core(folder)
    path.unlink()
    path.write_text("not for this machine")
    return folder


def without_a_core(folder: Path) -> Path:
    core(folder).unlink()
    return folder


def without(name: str) -> Callable[[Path], Path]:
    def remove(folder: Path) -> Path:
        path = folder / name
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        return folder

    return remove


def zipped(folder: Path) -> Path:
    copy = folder.parent / "copy"
    shutil.copytree(folder, copy)
    return Path(shutil.make_archive(str(folder.parent / "bundle"), "zip", copy))


HERE = rf"Python {sys.version_info[0]}\.{sys.version_info[1]} on \S+"
UNFIT: dict[str, tuple[Callable[[Path], Path], str]] = {
    "another Python": (
        of_another_python,
        rf"does not fit {HERE} \(it needs \S+, found: _pydantic_core\.cpython-399-x86_64-linux-gnu\.so\)",
    ),
    "another platform": (of_another_platform, rf"does not fit {HERE} \(it needs \S+, found: _pydantic_core\S+\)"),
    "no core": (without_a_core, rf"does not fit {HERE} \(it needs \S+, found: none\)"),
    "no pydantic_core": (without("pydantic_core"), rf"Pydantic is not installed whole; install it for {HERE}"),
    "no pydantic": (without("pydantic"), rf"'pydantic'.*not installed whole; install it for {HERE}"),
    "a zip": (zipped, rf"cannot be imported from a zip file; unpack it, with Pydantic for {HERE}"),
}


def said(folder: Path, url: str, call: str) -> list[str]:
    command = [sys.executable, "-c", CODE, str(folder), url, call]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("call", ["resolve", "create", "warm_up"])
@pytest.mark.parametrize("unfit", UNFIT)
def test_a_bundle_that_does_not_fit_says_what_would_before_anything_is_sent(
    unfit: str, call: str, server: RecordingServer, tmp_path: Path
) -> None:
    spoil, words = UNFIT[unfit]
    (tmp_path / "bundle").mkdir()
    lines = said(spoil(whole(tmp_path / "bundle")), server.url, call)
    assert len(lines) == 2
    for line in lines:
        assert re.search(words, line), line
        assert "for example: pip install --upgrade --target FOLDER --platform " in line
        assert line.endswith(
            f" --python-version {sys.version_info[0]}.{sys.version_info[1]} --only-binary=:all: pydantic"
        )
        assert line.count("for example") == 1
    assert server.seen == []


@pytest.mark.parametrize(("call", "most"), [("create", 0), ("warm_up", 0), ("resolve", 2)])
def test_what_else_is_missing_is_named_and_not_tried_again(
    call: str, most: int, server: RecordingServer, tmp_path: Path
) -> None:
    (tmp_path / "bundle").mkdir()
    folder = without("annotated_types")(whole(tmp_path / "bundle"))
    assert said(folder, server.url, call) == ["No module named 'annotated_types'"] * 2
    # Two calls: a read finds out while the server thinks.
    assert len(server.seen) <= most


def test_a_bundle_that_fits_says_nothing(server: RecordingServer, tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    assert said(whole(tmp_path / "bundle"), server.url, "resolve") == ["it fits", "it fits"]


SUB_INTERPRETER = """
import os, sys
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
run = getattr(interpreters, "exec", None) or interpreters.run_string
code = '''
import sys
sys.path[:] = %r
from to11ai_sdk import To11aiError, create_client
client = create_client(api_key="to11_sk_x", base_url=%r)
try:
    client.prompts.create(project_id="p", slug="a", name="a")
except ImportError as exc:
    print(exc, flush=True)
except To11aiError:  # the server's reply is none
    print("it fits", flush=True)
''' % (sys.path, sys.argv[1])
assert not run(interpreters.create(), code)
# Python 3.12 may crash when it ends a sub-interpreter that could not load a compiled module.
os._exit(0)
"""


def test_a_sub_interpreter_says_so(server: RecordingServer) -> None:
    command = [sys.executable, "-c", SUB_INTERPRETER, server.url]
    # Coverage does not run in one either.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    if "it fits" not in done.stdout:
        assert "Pydantic does not run in a sub-interpreter; use the main one" in done.stdout
        assert server.seen == []


@pytest.mark.parametrize(
    ("platform", "suffix", "words"),
    [
        ("linux-x86_64", ".cpython-313-x86_64-linux-gnu.so", "--platform manylinux2014_x86_64 "),
        ("linux-aarch64", ".cpython-313-aarch64-linux-gnu.so", "--platform manylinux2014_aarch64 "),
        ("linux-x86_64", ".cpython-313-x86_64-linux-musl.so", "--platform musllinux_1_1_x86_64 "),
        ("macosx-14.0-arm64", ".cpython-313-darwin.so", "--platform macosx_14_0_arm64 "),
        ("win-amd64", ".cp313-win_amd64.pyd", "--platform win_amd64 "),
    ],
)
def test_the_command_is_for_this_platform(
    platform: str, suffix: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pydantic_fit, "get_platform", lambda: platform)
    monkeypatch.setattr(pydantic_fit, "EXTENSION_SUFFIXES", [suffix])
    error = ImportError("Interpreter change detected - this module does not support loading in subinterpreters")
    pydantic_fit.explain(error)
    assert words in str(error)
    assert "does not run in a sub-interpreter" in str(error)
