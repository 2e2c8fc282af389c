"""Writes a project of the server to files, after showing what would be changed or removed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from ...cli.console import UsageError
from .console import Progress, agreed, say, say_diff
from .folder import content, file_error, find_prompts, layout, read_data
from .record_lists import LISTS

if TYPE_CHECKING:
    from pathlib import Path

    from .folder import FoundPrompts
    from .remote import RemoteReader

NOT_IN_FILES = (
    "Not in the files: versions without a label, archived prompts, numbers, authors, dates and changelogs of versions, "
    "history of labels, routing rules"
)


class _Change(NamedTuple):
    """A file to be written, or removed if there is no new text; the old text is ``None`` for a new file."""

    path: Path
    old: str | None
    new: str | None
    why: str = ""


def pull(server: RemoteReader, folder: Path, *, yes: bool) -> int:
    """Make the files what the server has, and return the exit code."""
    existing = find_prompts(folder)
    _check_is_ours(folder)
    project = server.read(Progress("reading")).project
    changes = _changes(layout(project, folder, existing), existing)
    for change in changes:
        _show(change, folder)
    lost = sum(change.old is not None for change in changes)
    files = f"{lost} file{'s' * (lost != 1)}"
    if lost and not agreed(f"Change or remove {files}, with any edits of yours in them?", yes=yes):
        say("Nothing was written.")
        return 1
    done: list[Path] = []
    try:
        for change in changes:
            _apply(change)
            done.append(change.path)
    finally:
        say(f"{len(done)} of {len(changes)} files changed." if changes else "The files are what the project is.")
    say(f"{NOT_IN_FILES}.")
    return 0


def _check_is_ours(folder: Path) -> None:
    """Refuse to take over the files of something else."""
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is not a folder")
    if not (folder / "prompts").is_dir():
        for path in (folder / of.file for of in LISTS.values()):
            if path.exists() and content(path) is None:
                raise UsageError(f"{path} is no file of a project of to11; choose another folder")


def _changes(files: dict[Path, str], existing: FoundPrompts) -> list[_Change]:
    """Return how the files differ; one with other words for the same content, such as comments, stays as it is."""
    found = list[_Change]()
    for path, new in files.items():
        old = _text(path) if path.exists() else None
        if old is None or (old != new and content(path) != content(path, new)):
            found.append(_Change(path, old, new))
    for path, slug in existing.slugs.items():
        if path not in files:
            first = existing.paths[slug]
            why = f"{first.name} is of the same prompt" if first in files else "the project has no such prompt"
            found.append(_Change(path, _text(path), None, why))
    return found


def _text(path: Path) -> str:
    return read_data(path).decode("utf-8", "replace")


def _show(change: _Change, folder: Path) -> None:
    name = change.path.relative_to(folder).as_posix()
    if change.old is None:
        say(f"+ {name}")
    elif change.new is None:
        say(f"- {name}: {change.why}")
    else:
        say(f"~ {name}")
        say_diff(change.old, change.new, name)


def _apply(change: _Change) -> None:
    """Write or remove a file; one is never half-written."""
    try:
        if change.new is None:
            change.path.unlink()
        else:
            change.path.parent.mkdir(parents=True, exist_ok=True)
            _write(change.path, change.new)
    except OSError as exc:
        raise file_error(exc) from exc


def _write(path: Path, text: str) -> None:
    draft = path.with_name(f".{os.getpid()}.tmp")
    try:
        draft.write_bytes(text.encode("utf-8"))
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
