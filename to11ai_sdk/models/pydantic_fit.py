"""Explains why Pydantic's compiled core cannot be imported: the commonest mistake in bundles for other machines."""

from __future__ import annotations

import sys
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.util import find_spec
from pathlib import Path
from sysconfig import get_platform


def explain(exc: ImportError) -> None:
    """Add to the message what does not match this Python, and the command that installs what does."""
    exc.msg = f"{exc}. {_fault(exc)}, for example: {_command()}"
    exc.args = (exc.msg,)


def _fault(exc: ImportError) -> str:
    here = f"Python {sys.version_info[0]}.{sys.version_info[1]} on {get_platform()}"
    if "subinterpreter" in str(exc):
        return "Pydantic does not run in a sub-interpreter; use the main one. Otherwise install a Pydantic that does"
    spec = find_spec("pydantic_core")
    if spec is None or (isinstance(exc, ModuleNotFoundError) and not str(exc.name).startswith("pydantic_core")):
        return f"Pydantic is not installed whole; install it for {here}"
    folders = [Path(name) for name in spec.submodule_search_locations or ()]
    if not any(folder.is_dir() for folder in folders):
        return f"A compiled module cannot be imported from a zip file; unpack it, with Pydantic for {here}"
    files = [path for folder in folders for path in folder.glob("_pydantic_core*")]
    builds = sorted(path.name for path in files if path.suffix in (".so", ".pyd"))
    found = ", ".join(builds) or "none"
    needs = f"it needs {EXTENSION_SUFFIXES[0]}, found: {found}"
    return f"Pydantic's compiled core does not fit {here} ({needs}); install it"


def _command() -> str:
    platform = get_platform().replace("-", "_").replace(".", "_")
    if platform.startswith("linux_"):
        libc = "musllinux_1_1_" if "musl" in EXTENSION_SUFFIXES[0] else "manylinux2014_"
        platform = libc + platform.removeprefix("linux_")
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    return (
        f"pip install --upgrade --target FOLDER --platform {platform} --python-version {version} "
        "--only-binary=:all: pydantic"
    )
