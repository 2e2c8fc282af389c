"""Parses the docstrings of the table's rows for the command line and the reference pages."""

from __future__ import annotations

import re
from inspect import cleandoc
from typing import TYPE_CHECKING, NamedTuple

from ..resources.table import ENDPOINTS

if TYPE_CHECKING:
    from ..resources.endpoint import Endpoint

_SECTION = re.compile(r"^(Args|Attributes|Returns|Raises):\n((?:    .*\n?|\n)*)", re.MULTILINE)
_ENTRY = re.compile(r"^    ([\w*]+): (.*(?:\n     .*)*)", re.MULTILINE)


class Docstring(NamedTuple):
    """A docstring in parts: the prose outside its sections, and these."""

    prose: str
    arguments: dict[str, str]
    returns: str
    errors: dict[str, str]


def parts(doc: str | None) -> Docstring:
    """Return a docstring in parts; ``Attributes`` of a class are its arguments."""
    text = cleandoc(doc or "")
    sections = dict(_SECTION.findall(text))
    entries = {name: _entries(section) for name, section in sections.items()}
    arguments = entries.get("Args") or entries.get("Attributes") or {}
    returns = " ".join(sections.get("Returns", "").split())
    return Docstring(_SECTION.sub("", text).strip(), arguments, returns, entries.get("Raises", {}))


def _entries(section: str) -> dict[str, str]:
    return {name: " ".join(text.split()) for name, text in _ENTRY.findall(section)}


def public_doc(row: Endpoint) -> str:
    """Return the docstring of the public method of the row's name: several rows may make up one method."""
    return getattr(row.owner, row.name.rpartition(".")[2], row.signature).__doc__ or ""


def parameter_texts(row: Endpoint) -> dict[str, str]:
    """Return what the row's docstring says of its parameters, or else that of another row of the namespace."""
    neighbours = (public_doc(other) for other in ENDPOINTS.values() if other.owner is row.owner)
    texts: dict[str, str] = {}
    for doc in (row.doc, *neighbours):
        texts = {**parts(doc).arguments, **texts}
    return {parameter.name: texts.get(parameter.name, "") for parameter in row.parameters}


def plain(text: str) -> str:
    """Return prose without the markup of docstrings."""
    return re.sub(r"(?::\w+:)?`+[~.]?([^`]*)`+", r"\1", text)
