"""Scripts and test suites in a process of their own: for tools that change the whole process, and for first calls."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

KEY = "to11_sk_N3verL3tThisB3Seen"

PREAMBLE = f"""
import json, os, sys, time
from to11ai_sdk import create_client

def client(url, **options):
    return create_client(**{{"api_key": {KEY!r}, "base_url": url, **options}})

def get(client, name):
    return client.prompts.get(project_id="p", prompt_id=name).id

def resolve(client, name):
    return client.prompts.resolve(project_id="p", slug=name, labels=["prod"]).messages[0].content

def create(client, name):
    return client.prompts.create(project_id="p", name=name, slug=name).name

def ended(call, *arguments, **options):
    # What a call returned, or the class of what it raised with its message and the seconds that it took.
    started = time.perf_counter()
    try:
        result = {{"value": call(*arguments, **options), "raised": None, "bases": [], "message": ""}}
    except BaseException as exc:
        bases = [base.__name__ for base in type(exc).__mro__]
        result = {{"value": None, "raised": type(exc).__name__, "bases": bases, "message": str(exc)}}
    return {{**result, "seconds": time.perf_counter() - started}}

def leap():
    # From now on time has passed for whoever asks the clock, in tests that do not want to wait for it.
    real = time.monotonic
    time.monotonic = lambda: real() + leap.seconds

leap.seconds = 0

def report(**findings):
    print(json.dumps(findings), flush=True)
"""
"""What every script begins with: the client, short names for its calls, and how to report."""


def environment(**more: str) -> dict[str, str]:
    """The environment of this process without proxies, with ``more``."""
    return {**{name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}, **more}


def command(script: str, *arguments: object, python: tuple[str, ...] = (sys.executable,)) -> list[str]:
    """The command that runs a script after :data:`PREAMBLE`, or instead of it if it begins with ``# bare``."""
    text = dedent(script)
    source = text if text.lstrip().startswith("# bare") else PREAMBLE + text
    return [*python, "-c", source, *map(str, arguments)]


def run(
    script: str,
    *arguments: object,
    python: tuple[str, ...] = (sys.executable,),
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout_s: float = 100,
) -> dict[str, Any]:
    """What a script reported last; fails if the script does.

    Args:
        script: Python source.
        arguments: its ``sys.argv[1:]``.
        python: the interpreter and its switches.
        env: the environment variables that it gets besides those of this process.
        cwd: where it runs.
        timeout_s: seconds after which it is killed.
    """
    done = subprocess.run(
        command(script, *arguments, python=python),
        env=environment(**(env or {})),
        cwd=cwd,
        timeout=timeout_s,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return findings(done.stdout)


def findings(printed: str) -> dict[str, Any]:
    """What a script that printed this reported last."""
    found: dict[str, Any] = json.loads(printed.strip().rpartition("\n")[2])
    return found


def suite(
    folder: Path, *options: str, plugins: tuple[str, ...] = (), env: Mapping[str, str] | None = None, **files: str
) -> tuple[dict[str, str], str]:
    """Run pytest on files in a folder; how each test ended (``"passed"`` or the message), and all that was printed.

    Args:
        folder: where to write the files.
        options: of the command line.
        plugins: the entry points that pytest loads besides that of our fixture; no others, for speed.
        env: environment variables besides those of this process.
        files: their text by name, without the suffix.
    """
    # Its own, or pytest takes the settings of a project around the folder.
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    for name, text in files.items():
        (folder / f"{name}.py").write_text(dedent(text), encoding="utf-8")
    outcome = folder / "outcome.xml"
    loaded = [word for name in ("to11ai", *plugins) for word in ("-p", name)]
    done = subprocess.run(
        [*(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"), *loaded, f"--junitxml={outcome}", *options],
        env=environment(PYTEST_DISABLE_PLUGIN_AUTOLOAD="1", **(env or {})),
        cwd=folder,
        timeout=100,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    assert outcome.exists(), f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
    ends = {}
    for case in ElementTree.parse(outcome).iter("testcase"):
        faults = [child.get("message") or child.tag for child in case if child.tag in ("failure", "error", "skipped")]
        ends[case.get("name", "")] = "; ".join(faults) or "passed"
    return ends, done.stdout + done.stderr
