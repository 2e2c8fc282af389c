"""Applications that were packed into one file or frozen into a folder: nothing that is imported late is missing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import to11ai_sdk
from to11ai_sdk.local import LocalTo11

from .packing import call, needs, needs_index, python, run, source, write_app

if TYPE_CHECKING:
    from collections.abc import Iterator

WITH_LOCAL = """
from http.client import HTTPConnection

from to11ai_sdk.local import ConfigError, DataFileError, LocalTo11, PortTakenError, SeenRequest, Span

with LocalTo11(config="to11.toml") as to11:
    with to11.client() as client:
        client.prompts.create(project_id=to11.project_id, name="A", slug="a")
    print(to11.requests[-1].row, to11.requests[-1].status)
    connection = HTTPConnection(to11.base_url.partition("://")[2])
    connection.request("GET", "/", headers={"Accept": "text/html"})
    print("inspector", connection.getresponse().status)
    connection.close()
"""
NOT_NEEDED = "pygments,mypy,rich,attr,hypothesis,IPython"
"""What Pydantic imports where it is there, and this environment has: hundreds of modules to compile."""

pytestmark = pytest.mark.timeout(900)


@pytest.fixture
def to11() -> Iterator[LocalTo11]:
    with LocalTo11() as local:
        yield local


@needs("PyInstaller")
def test_pyinstaller(to11: LocalTo11, tmp_path: Path) -> None:
    run(*python("-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", write_app(tmp_path)), cwd=tmp_path)
    used = call(to11, tmp_path / "dist" / "app" / "app", cwd=tmp_path)
    assert used == ("to11ai_sdk", str(tmp_path / "dist" / "app" / "_internal" / "to11ai_sdk"))


@needs("PyInstaller")
@pytest.mark.parametrize(("options", "status"), [((), 503), (("--collect-data", "to11ai_sdk"), 401)])
def test_pyinstaller_with_the_local_to11(tmp_path: Path, options: tuple[str, ...], status: int) -> None:
    (tmp_path / "app.py").write_text(WITH_LOCAL)
    (tmp_path / "to11.toml").write_text('[providers.echo]\nkind = "echo"\n')
    run(*python("-m", "PyInstaller", "--noconfirm", "--log-level", "ERROR", *options, "app.py"), cwd=tmp_path)
    assert run(tmp_path / "dist" / "app" / "app", cwd=tmp_path) == f"prompts.create 200\ninspector {status}\n"


@needs("cx_Freeze")
def test_cx_freeze_with_the_local_to11(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(WITH_LOCAL)
    (tmp_path / "to11.toml").write_text('[providers.echo]\nkind = "echo"\n')
    run(*python("-m", "cx_Freeze", "build_exe", "--script=app.py", "--build-exe=frozen", "--silent"), cwd=tmp_path)
    assert run(tmp_path / "frozen" / "app", cwd=tmp_path) == "prompts.create 200\ninspector 401\n"


@needs("cx_Freeze")
def test_cx_freeze(to11: LocalTo11, tmp_path: Path) -> None:
    build = ("-m", "cx_Freeze", "build_exe", f"--script={write_app(tmp_path)}", "--build-exe=frozen", "--silent")
    run(*python(*build), cwd=tmp_path)
    used = call(to11, tmp_path / "frozen" / "app", cwd=tmp_path)
    assert used == ("to11ai_sdk", str(tmp_path / "frozen" / "lib" / "to11ai_sdk"))


@needs("nuitka")
def test_nuitka_standalone(to11: LocalTo11, tmp_path: Path) -> None:
    missing = [tool for tool in ("gcc", "patchelf") if shutil.which(tool) is None]
    if missing:
        pytest.skip(f"Nuitka needs {' and '.join(missing)}")
    options = ("--standalone", "--quiet", "--assume-yes-for-downloads", "--lto=no", "--output-dir=built")
    environment = {"CFLAGS": "-O0"}  # fast to build
    app = write_app(tmp_path)
    run(*python("-m", "nuitka", *options, f"--nofollow-import-to={NOT_NEEDED}", app), cwd=tmp_path, **environment)
    used = call(to11, tmp_path / "built" / "app.dist" / "app.bin", cwd=tmp_path)
    assert used == ("to11ai_sdk", str(tmp_path / "built" / "app.dist" / "to11ai_sdk"))


def test_zipapp(to11: LocalTo11, tmp_path: Path) -> None:
    folder = tmp_path / "app"
    ignored = shutil.ignore_patterns("local", "__pycache__")
    shutil.copytree(Path(to11ai_sdk.__file__).parent, folder / "to11ai_sdk", ignore=ignored)
    write_app(folder).rename(folder / "__main__.py")
    run(*python("-m", "zipapp", folder), cwd=tmp_path)
    # Pydantic is found where this environment has it.
    used = call(to11, *python(tmp_path / "app.pyz"), cwd=tmp_path)
    assert used == ("to11ai_sdk", str(tmp_path / "app.pyz" / "to11ai_sdk"))


@pytest.fixture
def wheel(tmp_path: Path) -> Path:
    """A wheel of the package."""
    folder = tmp_path / "source"
    folder.mkdir()
    run(*python("-m", "pip", "wheel", "--quiet", "--no-deps", "-w", tmp_path, source(folder)), cwd=folder)
    return next(tmp_path.glob("*.whl"))


@needs("shiv")
@needs_index
def test_shiv(to11: LocalTo11, tmp_path: Path, wheel: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    write_app(site)
    run(*python("-m", "shiv", "--site-packages", site, "-e", "app:main", "-o", "app.pyz", wheel), cwd=tmp_path)
    unpacked = tmp_path / "unpacked"
    module, folder = call(to11, *python("-I", "app.pyz"), cwd=tmp_path, SHIV_ROOT=str(unpacked))
    assert module == "to11ai_sdk"
    assert unpacked in Path(folder).parents


@needs("pex")
@needs_index
def test_pex(to11: LocalTo11, tmp_path: Path, wheel: Path) -> None:
    site, unpacked = tmp_path / "site", tmp_path / "unpacked"
    site.mkdir()
    write_app(site)
    options = ("--use-pip-config", "-D", site, "-e", "app:main", "-o", "app.pex", "--pex-root", unpacked)
    run(*python("-m", "pex", wheel, *options), cwd=tmp_path)
    module, folder = call(to11, *python("app.pex"), cwd=tmp_path, PEX_ROOT=str(unpacked))
    assert module == "to11ai_sdk"
    assert unpacked in Path(folder).parents
