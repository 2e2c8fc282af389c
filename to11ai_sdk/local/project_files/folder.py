"""Reads and lays out the folder of a project: ``labels.yaml``, ``environments.yaml`` and a file for each prompt."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from ...cli.console import UsageError
from ..bounds import MAX_PROJECT_FILE
from .fields import canonical, problem, read_fields
from .prompt_file import SUFFIX, PromptFile, file_name, read_prompt_file
from .record_lists import LISTS, Records, read_records, write_records

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass
class Project:
    """What the files of a folder say, or would say.

    A push leaves alone what has no file: a list that is not in ``lists``, and all prompts without ``has_prompts``.
    """

    folder: Path = Path()
    prompts: dict[str, PromptFile] = field(default_factory=dict[str, PromptFile])
    lists: dict[str, Records] = field(default_factory=dict[str, Records])
    """The label registry and the environments, by the names in ``LISTS``."""
    has_prompts: bool = True
    lines: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    """The line of each record, by the name of its list and its own."""


def read_data(path: Path) -> bytes:
    """Return what is in a file; devices and pipes, which may have no end, are refused."""
    try:
        found = path.stat()
        if not S_ISREG(found.st_mode):
            raise UsageError(f"{path} is not a file")
        if found.st_size > MAX_PROJECT_FILE:
            raise UsageError(f"{path} has more than {MAX_PROJECT_FILE} bytes")
        return path.read_bytes()
    except OSError as exc:
        raise file_error(exc) from None


def file_error(exc: OSError) -> UsageError:
    """Return the error of a file that cannot be read or written."""
    return UsageError(f"{exc.filename}: {exc.strerror}")


def read_lines(path: Path) -> list[str]:
    """Return the lines of a file, whose ends may be those of Windows."""
    data = read_data(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise problem(path, 1 + data.count(b"\n", 0, exc.start), "not UTF-8") from None
    lines = text.replace("\r\n", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def prompt_paths(folder: Path) -> list[Path]:
    """Return the files of the prompts, also those in folders, in order; hidden ones are those of editors."""
    top = inside(folder, "prompts")
    return sorted(_walk(folder, top)) if top.is_dir() else []


def _walk(folder: Path, top: Path) -> Iterator[Path]:
    def fail(exc: OSError) -> NoReturn:  # or what is in there would count as deleted
        raise file_error(exc)

    for parent, folders, files in os.walk(top, onerror=fail):
        folders[:] = [name for name in folders if not name.startswith(".")]
        if link := next((name for name in folders if Path(parent, name).is_symlink()), None):
            raise UsageError(f"{Path(parent, link)} is a link to a folder, which is not followed")
        for name in (*folders, *files):
            if name.lower().endswith(SUFFIX) and not name.startswith("."):
                path = Path(parent, name)
                yield inside(folder, path.relative_to(folder)) if path.is_symlink() else path


def inside(folder: Path, name: str | Path) -> Path:
    """Return a path in the folder, after a check that no link leads out of it."""
    path = folder / name
    if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder)):
        raise UsageError(f"{path} is a link that leads out of {folder}; put the file itself there")
    return path


def read_folder(folder: Path) -> Project:
    """Return the project in a folder."""
    project = Project(folder, has_prompts=(folder / "prompts").is_dir())
    present = {name: path for name, of in LISTS.items() if (path := inside(folder, of.file)).exists()}
    if not project.has_prompts and not present:
        raise UsageError(f"{folder} has no files of a project; to11ai pull {folder} writes them")
    for path in prompt_paths(folder):
        prompt = read_prompt_file(str(path), read_lines(path))
        if prompt.slug in project.prompts:
            raise problem(path, 1, f"{project.prompts[prompt.slug].path} has the slug {prompt.slug!r}, too")
        project.prompts[prompt.slug] = prompt
    for name, path in present.items():
        fields = read_fields(path, read_lines(path), 1)
        project.lists[name] = read_records(path, fields, LISTS[name])
        project.lines[name] = {key: found.line for key, found in fields.items()}
    return project


def layout(project: Project, folder: Path, found: FoundPrompts) -> dict[Path, str]:
    """Return the text of each file of a project; a prompt stays in the file that it is in, whatever that is named."""
    paths, broken = found.paths, found.broken
    taken = {path.name.lower() for path in (*found.slugs, *broken) if path.parent == folder / "prompts"}
    files: dict[Path, str] = {}
    for slug, prompt in sorted(project.prompts.items()):
        name = file_name(slug)
        if slug not in paths and name in taken and folder / "prompts" / name not in broken:
            name = file_name(f"{slug}\0")
        files[paths.get(slug, folder / "prompts" / name)] = prompt.text
    for name, of in LISTS.items():
        files[inside(folder, of.file)] = write_records(project.lists.get(name, {}))
    return files


def content(path: Path, text: str | None = None) -> str | None:
    """Return what a file says, or would say with this text, to be compared; ``None`` if it cannot be read."""
    try:
        lines = read_lines(path) if text is None else text.split("\n")[:-1]
        if path.suffix.lower() == SUFFIX:
            return read_prompt_file(str(path), lines).content
        return canonical({name: field.value for name, field in read_fields(path, lines, 1).items()})
    except UsageError:
        return None


class FoundPrompts(NamedTuple):
    """Which prompt is in which file.

    Attributes:
        slugs: the slug in each file that can be read.
        paths: the file of each slug, the first one if several have it.
        broken: the files that cannot be read.
    """

    slugs: dict[Path, str]
    paths: dict[str, Path]
    broken: set[Path]


def find_prompts(folder: Path) -> FoundPrompts:
    """Return which prompt is in which file of a folder, whatever the files are named."""
    found = FoundPrompts({}, {}, set())
    for path in prompt_paths(folder):
        try:
            slug = found.slugs[path] = read_prompt_file(str(path), read_lines(path)).slug
            found.paths.setdefault(slug, path)
        except UsageError:
            found.broken.add(path)
    return found
