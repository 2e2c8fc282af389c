"""Parses the docstrings of rows for the command line and the reference page."""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import TYPE_CHECKING, NamedTuple

from ...resources.table import ENDPOINTS

if TYPE_CHECKING:
    from ...resources.endpoint import Endpoint

_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises):\n((?:    .*\n?|\n)*)", re.MULTILINE)
_ENTRY = re.compile(r"^    ([\w*.]+): (.*(?:\n     .*)*)", re.MULTILINE)


class Docstring(NamedTuple):
    """The parts of a docstring: the prose, and the sections."""

    prose: str
    arguments: dict[str, str]
    returns: str
    errors: dict[str, str]


def parts(doc: str | None) -> Docstring:
    """Split a docstring into its parts; ``Attributes`` of a class count as arguments."""
    text = cleandoc(doc or "")
    sections = dict(_SECTION.findall(text))
    entries = {name: _entries(section) for name, section in sections.items()}
    arguments = entries.get("Args") or entries.get("Attributes") or {}
    returns = " ".join(sections.get("Returns", "").split())
    return Docstring(_SECTION.sub("", text).strip(), arguments, returns, entries.get("Raises", {}))


def _entries(section: str) -> dict[str, str]:
    return {name: " ".join(text.split()) for name, text in _ENTRY.findall(section)}


def public_doc(row: Endpoint) -> str:
    """Return the docstring of the public method with the row's name; several rows may share one method."""
    return getattr(row.owner, row.name.rpartition(".")[2], row.signature).__doc__ or ""


def parameter_texts(row: Endpoint) -> dict[str, str]:
    """Return the texts of a row's parameters, taken from another row of the namespace where its own lacks one."""
    neighbours = (public_doc(other) for other in ENDPOINTS.values() if other.owner is row.owner)
    texts: dict[str, str] = {}
    for doc in (row.doc, *neighbours):
        texts = {**parts(doc).arguments, **texts}
    return {parameter.name: texts.get(parameter.name, "") for parameter in row.parameters}


def help_texts(row: Endpoint) -> tuple[str, dict[str, str]]:
    """Return the prose of a row and the texts of its parameters, for the help of its command."""
    return plain(parts(row.doc).prose), {name: plain(text) for name, text in parameter_texts(row).items()}


def plain(text: str) -> str:
    """Return prose without docstring markup."""
    return re.sub(r"(?::\w+:)?`+[~.]?([^`]*)`+", r"\1", text)
