"""Bundles whose compiled part does not fit where they run: the ``ImportError`` itself, before anything is sent."""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from faults.server import HEALTHY, ScriptedServer

import to11ai_sdk

from . import scripts
from .packing import needs_index

if TYPE_CHECKING:
    from collections.abc import Callable

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"
OTHER = "3.12" if RUNNING != "3.12" else "3.11"
HERE = f"manylinux2014_{platform.machine()}"
ELSEWHERE = "manylinux2014_aarch64" if platform.machine() == "x86_64" else "manylinux2014_x86_64"

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the bundles are built for Linux")


class Bundles:
    """Makes bundles in a folder; what pip installs for them is kept for the next one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def _installed(self, python: str, system: str) -> Path:
        """The dependencies of the client, for a Python and a platform as docs/lambda.md says."""
        folder = self._folder / f"{python}-{system}"
        if not folder.exists():
            target = ["--target", str(folder), "--platform", system, "--python-version", python, "--only-binary=:all:"]
            command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-compile", *target, "pydantic"]
            done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if done.returncode:
                shutil.rmtree(folder, ignore_errors=True)
                pytest.skip(f"pip cannot install for Python {python} on {system}: {done.stderr.strip()[-200:]}")
        return folder

    def make(self, python: str, system: str) -> Path:
        """A bundle: the client without ``local/``, and its dependencies."""
        self._count += 1
        target = self._folder / f"bundle{self._count}"
        shutil.copytree(self._installed(python, system), target)
        source = Path(to11ai_sdk.__file__).parent
        shutil.copytree(source, target / "to11ai_sdk", ignore=shutil.ignore_patterns("local", "__pycache__"))
        return target


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> Bundles:
    return Bundles(tmp_path_factory.mktemp("bundles"))


def of_another_python(bundles: Bundles) -> Path:
    return bundles.make(OTHER, HERE)


def of_another_platform(bundles: Bundles) -> Path:
    return bundles.make(RUNNING, ELSEWHERE)


def without_its_compiled_part(bundles: Bundles) -> Path:
    made = bundles.make(RUNNING, HERE)
    for library in made.glob("pydantic_core/*.so"):
        library.unlink()
    return made


def with_a_broken_compiled_part(bundles: Bundles) -> Path:
    made = bundles.make(RUNNING, HERE)
    for library in made.glob("pydantic_core/*.so"):
        library.write_bytes(b"<html>Not found</html>")
    return made


def zipped(bundles: Bundles) -> Path:
    made = bundles.make(RUNNING, HERE)
    packed = made.with_suffix(".zip")
    with zipfile.ZipFile(packed, "w") as archive:
        for file in sorted(made.rglob("*")):
            archive.write(file, file.relative_to(made))
    return packed


def without_pydantic(bundles: Bundles) -> Path:
    made = bundles.make(RUNNING, HERE)
    shutil.rmtree(made / "pydantic")
    return made


CALLS = """
url = sys.argv[1]
it = client(url)
ends = {
    "get": ended(get, it, "a"),
    "resolve": ended(resolve, it, "a"),
    "create": ended(create, it, "a"),
    "again": ended(get, it, "a"),
}
report(**ends)
"""

WARMING = """
it = client(sys.argv[1])
report(warm=ended(it.warm_up), unconnected=ended(it.warm_up, connect=False))
"""


def judge(end: dict[str, Any]) -> str:
    """The message of an import that failed, which was not made a network error."""
    assert "ImportError" in end["bases"], end
    assert "To11aiError" not in end["bases"]
    message: str = end["message"]
    return message


def run(script: str, made: Path, server: ScriptedServer) -> dict[str, Any]:
    # Without the packages of this environment.
    return scripts.run(script, server.url, python=(sys.executable, "-S"), env={"PYTHONPATH": str(made)})


@needs_index
@pytest.mark.parametrize(
    "made",
    [
        of_another_python,
        of_another_platform,
        without_its_compiled_part,
        with_a_broken_compiled_part,
        zipped,
        without_pydantic,
    ],
)
def test_nothing_is_sent_and_the_message_says_what_to_do(made: Callable[[Bundles], Path], bundles: Bundles) -> None:
    with ScriptedServer(HEALTHY) as server:
        found = run(CALLS, made(bundles), server)
        assert (server.requests, server.connections) == ([], 0)
    for end in found.values():
        message = judge(end)
        assert "pydantic" in message
        assert RUNNING in message
        assert "pip install" in message
        assert f"--python-version {RUNNING}" in message
        assert f"--platform {HERE}" in message or re.search(rf"--platform \S*{platform.machine()}", message)
        assert "--only-binary" in message
    if made is zipped:
        assert "zip" in found["get"]["message"]


@needs_index
@pytest.mark.parametrize("made", [of_another_python, zipped])
def test_warming_up_says_it_in_the_init_phase(made: Callable[[Bundles], Path], bundles: Bundles) -> None:
    with ScriptedServer(HEALTHY) as server:
        found = run(WARMING, made(bundles), server)
        assert server.connections == 0
    for end in found.values():
        assert "pip install" in judge(end)


@needs_index
def test_the_command_of_the_message_mends_it(bundles: Bundles) -> None:
    made = of_another_python(bundles)
    with ScriptedServer(HEALTHY) as server:
        message = judge(run(CALLS, made, server)["get"])
        words = re.search(r"pip install [^`'\"\n;]*", message)
        assert words, message
        command = words[0].split()
        assert "--target" in command
        # What it names is a stand-in for the folder of the bundle and, maybe, the package.
        command[command.index("--target") + 1] = str(made)
        wanted = [word for word in command if not word.endswith(("to11ai-sdk", "to11ai_sdk")) and word != "."]
        wanted += [] if any("pydantic" in word for word in wanted) else ["pydantic"]
        mended = [sys.executable, "-m", *wanted, *([] if "--upgrade" in wanted else ["--upgrade"]), "--quiet"]
        subprocess.run(mended, check=True, capture_output=True, stdin=subprocess.DEVNULL)
        found = run(CALLS, made, server)
        assert [end["value"] for end in found.values()] == ["a"] * 4


@needs_index
def test_a_bundle_that_fits_works(bundles: Bundles) -> None:
    with ScriptedServer(HEALTHY) as server:
        found = run(CALLS, bundles.make(RUNNING, HERE), server)
        assert [end["value"] for end in found.values()] == ["a"] * 4
        assert len(server.requests) == 4


SUB = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

inner = sys.argv[2]
number = interpreters.create()
code = "import sys; sys.argv = ['', " + repr(sys.argv[1]) + "]; sys.path[:] = " + repr(sys.path) + "\\n" + inner
getattr(interpreters, "exec", interpreters.run_string)(number, code)
sys.stdout.flush()
# Python 3.12 may crash when it ends a sub-interpreter that could not load a compiled module.
__import__("os")._exit(0)
"""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sub-interpreters share too much in this Python")
def test_a_sub_interpreter_says_that_it_is_one() -> None:
    with ScriptedServer(HEALTHY) as server:
        found = scripts.run(SUB, server.url, scripts.PREAMBLE + CALLS)
        assert (server.requests, server.connections) == ([], 0)
    for end in found.values():
        assert re.search("sub-?interpreter", judge(end))
