"""Finds the prompts whose name or slug others need: a project has each only once, even those of archived prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ...models.prompts import Prompt
    from .folder import Project
    from .plan import PromptChange
    from .remote import Remote


def interim_name(name: str, slug: str) -> str:
    """Return a name that a prompt gets so that another can have its own."""
    return f"{name[:90]} ({slug[:90]})"


def takes_name(change: PromptChange) -> bool:
    """Return whether a prompt gets a name that it does not have yet."""
    return change.wanted is not None and (change.present is None or "name" in change.fields)


def first_renames(changes: Sequence[PromptChange]) -> Iterator[tuple[PromptChange, str]]:
    """Yield what is renamed before all else, in this order; in a circle one gets an interim name at first."""
    needed = {change.file.name for change in changes if takes_name(change)}
    renamed = {old_name(change): change for change in changes if "name" in change.fields}
    held = {name: change for name, change in renamed.items() if name in needed}
    while held:
        first = next((change for change in held.values() if change.fields["name"] not in held), None)
        change = first or next(iter(held.values()))
        yield change, change.fields["name"] if first else interim_name(old_name(change), change.slug)
        del held[old_name(change)]


def old_name(change: PromptChange) -> str:
    """Return the name that a prompt of the server has before the push."""
    return change.present.file.name if change.present else ""


def conflicts(
    changes: Sequence[PromptChange], wanted: Project, remote: Remote, archived: Iterable[Prompt]
) -> dict[str, str]:
    """Return by slug why the server will refuse a prompt, and what to do."""
    rows = list(archived)
    gone, gone_names = {row.slug for row in rows}, {row.name: row.slug for row in rows}
    freed = {old_name(change) for change in changes if "name" in change.fields}
    names = {prompt.file.name: slug for slug, prompt in remote.prompts.items() if prompt.file.name not in freed}
    found: dict[str, str] = {}
    for change in filter(takes_name, changes):
        name, slug = change.file.name, change.slug
        if change.present is None and slug in gone:
            text = "is that of an archived prompt, which cannot be restored: choose another slug, or delete the file"
            found[slug] = f"the slug {slug} {text}"
        elif name in names or name in gone_names:
            other = names.get(name) or f"{gone_names[name]}, which is archived,"
            advice = "" if other in wanted.prompts or name in gone_names else ", or archive that one with --prune"
            found[slug] = f"the prompt {other} has the name {name!r}, too: choose another name{advice}"
        names[name] = slug
    return found
