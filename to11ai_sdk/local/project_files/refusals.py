"""Finds what the server will refuse before anything is changed: names, slugs and templates."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ..problems import Problem
from .names import conflicts, takes_name
from .version_history import stored_as

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .folder import Project
    from .plan import PromptChange
    from .prompt_file import FileVersion
    from .remote import Remote, RemoteReader

ACCEPT = "if that is right, move the label there (to11ai prompts move-label), and pull"
ADVICE = {"PROMPT_LABEL_NOT_REGISTERED": "add it to labels.yaml"}
"""What to do, by the code of an error."""


def stored_form_text(number: int) -> str:
    """Return what to do about a version that seems to be what the server made of the text in a file."""
    return f"version {number}, without a label, differs only in blanks and empty values from the file; {ACCEPT}"


def find_refusals(
    changes: Sequence[PromptChange], wanted: Project, remote: Remote, server: RemoteReader
) -> dict[str, str]:
    """Return by slug why prompts will be refused, and what to do."""
    archived = server.archived() if any(map(takes_name, changes)) else ()
    stored = {
        change.slug: stored_form_text(number)
        for change, new in _new_versions(changes)
        if (number := stored_as(change, new))
    }
    return _bad_templates(changes) | stored | conflicts(changes, wanted, remote, archived)


def _new_versions(changes: Sequence[PromptChange]) -> Iterator[tuple[PromptChange, FileVersion]]:
    for change in changes:
        for version in {move.version.content: move.version for move in change.moves if move.new is None}.values():
            yield change, version


def _bad_templates(changes: Sequence[PromptChange]) -> dict[str, str]:
    """Return what is wrong with templates and schemas, if the engine for templates is installed."""
    found: dict[str, str] = {}
    with suppress(ImportError):
        from ..templates.rendering import check_template

        for change, new in _new_versions(changes):
            try:
                check_template(new.format, new.template, new.variables_schema)
            except Problem as exc:
                found.setdefault(change.slug, f"the version in line {new.line}: {exc}")
    return found
