"""The examples of the pages "Anthropic SDK" and "API reference", as they are written there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11

PAGES = Path(__file__).parent / "pages"


def example(name: str, to11: LocalTo11) -> str:
    """An example with the host and the keys replaced."""
    return localized((PAGES / name).read_text("utf-8"), to11)


def localized(text: str, to11: LocalTo11) -> str:
    """A text with the host and the keys replaced."""
    replaced = {
        "https://gw.to11.ai": to11.base_url,
        "<your Anthropic API key>": "sk-ant-anything",
        "<your to11 API key>": to11.api_key,
        "<your project id>": to11.project_id,
    }
    return re.sub("|".join(map(re.escape, replaced)), lambda found: replaced[found[0]], text)


def curl_lines() -> dict[str, str]:
    """The commands by what they ask for."""
    commands = (PAGES / "api_reference.sh").read_text("utf-8").strip().split("\n\n")
    return {f"{number} {_asked(command)}": command for number, command in enumerate(commands, 1)}


def _asked(command: str) -> str:
    first = command.partition("\n")[0]
    method = re.search(r"-X (\w+)", first)
    default = "POST" if "-d '" in command else "GET"
    path = first.split("gw.to11.ai")[1].strip(" \\")
    return f"{method[1] if method else default} {path}"
