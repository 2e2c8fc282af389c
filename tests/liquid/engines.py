"""Renders templates with the local to11, Ruby's Liquid and liquidjs, each in one go."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, NamedTuple

from to11ai_sdk.local.problems import Problem
from to11ai_sdk.local.templates import rendering

HERE = Path(__file__).parent
NOW = datetime(2026, 6, 16, 23, 30, 5, tzinfo=timezone.utc)
RUBY_LIQUID = "5.4.0"
LIQUIDJS = "10.30.1"
REFUSED = None
"""What an engine is said to render where it refuses a template."""


class Case(NamedTuple):
    """A template with its variables."""

    template: str
    variables: dict[str, Any]
    strict: bool = False


class Outputs(NamedTuple):
    """What each engine renders; ``REFUSED`` for a template that it refuses."""

    to11: str | None
    ruby: str | None
    liquidjs: str | None


def to11(case: Case) -> str | None:
    try:
        rendered = rendering.render(
            "text", {"text": case.template}, {}, case.variables, NOW, strict_variables=case.strict
        )
    except Problem as problem:
        if problem.code not in ("TEMPLATE_INVALID", "TEMPLATE_RENDER_FAILED"):
            raise
        return REFUSED
    text: str = rendered.payload["text"]
    return text


def missing() -> str | None:
    """What has to be installed before all three can render; nothing if they can."""
    ruby = "puts Liquid::VERSION"
    if answer(["ruby", "-e", f"require 'liquid'; {ruby}"]) != RUBY_LIQUID:
        return f"Ruby with Liquid {RUBY_LIQUID} (apt-get install ruby ruby-liquid)"
    if answer(["node", "-p", "require('liquidjs/package.json').version"]) != LIQUIDJS:
        return f"Node with liquidjs {LIQUIDJS} (npm install liquidjs@{LIQUIDJS}, its folder in NODE_PATH)"
    return None


def answer(command: list[str]) -> str:
    """The first line that a command prints; nothing if there is no such command, or if it fails."""
    if not shutil.which(command[0]):
        return ""
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    return done.stdout.strip() if done.returncode == 0 else ""


def render_all(cases: list[Case]) -> list[Outputs]:
    """Render every case with the three engines, each of the two foreign ones in a single process."""
    ruby = _batch(["ruby", str(HERE / "render.rb")], cases)
    liquidjs = _batch(["node", str(HERE / "render.js")], cases)
    return [Outputs(to11(case), *foreign) for case, *foreign in zip(cases, ruby, liquidjs, strict=True)]


def _batch(command: list[str], cases: list[Case]) -> list[str | None]:
    given = json.dumps({"now": NOW.timestamp(), "cases": cases})
    environment = {**os.environ, "TZ": "UTC", "LANG": "C.UTF-8"}
    done = subprocess.run(
        command, input=given, capture_output=True, text=True, env=environment, timeout=300, check=True
    )
    return [result.get("text", REFUSED) for result in json.loads(done.stdout)]
