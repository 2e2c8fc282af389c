"""The table of docs/templates.md: the differences between the engines that are known, and which engine is followed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from engines import REFUSED, Outputs

PAGE = Path(__file__).parents[2] / "docs" / "templates.md"


class Difference(NamedTuple):
    """A row: an example, what each engine renders of it, and the engine that the local to11 follows."""

    template: str
    outputs: Outputs
    follows: str
    why: str


def _cells(line: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def _text(cell: str) -> str | None:
    if not cell.startswith("`"):
        return {"refused": REFUSED, "nothing": ""}[cell]
    return cell[1:-1].replace("\u23ce", "\n")


def differences() -> dict[str, Difference]:
    """Every row by its name."""
    found = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = _cells(line)
        if len(cells) == 7 and cells[1].startswith("`"):
            name, template, *texts, follows, why = cells
            found[name] = Difference(template[1:-1], Outputs(*map(_text, texts)), follows, why)
    return found


DIFFERENCES = differences()
