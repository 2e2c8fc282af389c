"""``docs/clients.md`` shows the lines that the tests run, and the versions that they pin."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from . import coding_agents
from .adapters import CLIENTS
from .page import PAGE, sections

if TYPE_CHECKING:
    from .client import Client

HERE = Path(__file__).parent


def pinned() -> dict[str, str]:
    """The versions of all packages."""
    texts = [(HERE / name).read_text("utf-8") for name in ("requirements.txt", "beside.txt")]
    python = dict(re.findall(r"^([\w-]+)(?:\[.*\])?==(\S+)", "\n".join(texts), re.MULTILINE))
    node = json.loads((HERE / "package.json").read_text("utf-8"))["dependencies"]
    return {**{f"python {name}": found for name, found in python.items()}, **{f"node {n}": v for n, v in node.items()}}


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.title)
def test_the_page_shows_the_lines_and_the_version_that_run(client: type[Client]) -> None:
    text = PAGE.read_text("utf-8")
    sections = dict(re.findall(r"^### ([^\n]*)\n\n```\w+\n(.*?)\n```", text, re.DOTALL | re.MULTILINE))
    shown = [lines for title, lines in sections.items() if client.title in title.split(" and ")]
    assert shown == [client.lines()]
    row = next(line for line in text.splitlines() if line.startswith(f"| {client.title} |"))
    assert row.split(" | ")[1] == pinned()[f"{client.language} {client.package}"]


def test_the_page_shows_how_the_coding_agents_are_run() -> None:
    assert PAGE.read_text("utf-8").endswith(f"## Coding agents\n\n{coding_agents.section()}\n")


def test_the_page_shows_what_is_known_of_each_client() -> None:
    assert "\n\n" + "\n\n".join(sections()) + "\n\n## Coding agents\n" in PAGE.read_text("utf-8")


def test_titles_are_unique() -> None:
    titles = [client.title for client in CLIENTS]
    assert len(set(titles)) == len(titles)
    assert not [title for title in titles if " and " in title]
