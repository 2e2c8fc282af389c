"""Reads and lays out the folder of a project: ``labels.yaml``, ``environments.yaml`` and a file for each prompt."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from ...cli.parser import UsageError
from ...json_types import is_object
from ..bounds import MAX_PROJECT_FILE
from .fields import FileField, canonical, dump, problem, read_fields, write_field
from .prompt_file import SUFFIX, PromptFile, checked, file_name, read_prompt_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Records = dict[str, dict[str, Any]]
"""Labels or environments by name, with their settings."""

LABEL = {"description": "text", "display_color": "text", "is_default": "true or false"}
ENVIRONMENT = {
    "name": "text",
    "description": "text",
    "color": "text",
    "is_default": "true or false",
    "is_gateway_fallback": "true or false",
    "is_pointer": "true or false",
    "requires_approval": "true or false",
    "sort_order": "whole number",
}
UNIQUE = ("is_default", "is_gateway_fallback")
"""Settings that one environment has: set on the new one, never cleared on the old one."""
LISTS = {"labels": ("labels.yaml", LABEL), "environments": ("environments.yaml", ENVIRONMENT)}
"""The file of each list, and the settings of its records."""


@dataclass
class Project:
    """What the files of a folder say, or would say; what has no file or folder is not managed by files."""

    folder: Path = Path()
    prompts: dict[str, PromptFile] = field(default_factory=dict[str, PromptFile])
    labels: Records | None = None
    environments: Records | None = None
    has_prompts: bool = True
    lines: dict[str, dict[str, int]] = field(default_factory=dict[str, dict[str, int]])
    """Where the records of each list stand."""


def settings(row: object, kinds: Mapping[str, str]) -> dict[str, Any]:
    """Return the settings of a row of the API that a file holds: all but empty ones."""
    found = {name: getattr(row, name) for name in kinds}
    return {name: value for name, value in found.items() if value is not None and value is not False and value != ""}


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
    present = {name: path for name, (file, _) in LISTS.items() if (path := inside(folder, file)).exists()}
    if not project.has_prompts and not present:
        raise UsageError(f"{folder} has no files of a project; to11ai pull {folder} writes them")
    for path in prompt_paths(folder):
        prompt = read_prompt_file(str(path), read_lines(path))
        if prompt.slug in project.prompts:
            raise problem(path, 1, f"{project.prompts[prompt.slug].path} has the slug {prompt.slug!r}, too")
        project.prompts[prompt.slug] = prompt
    for name, path in present.items():
        fields = read_fields(path, read_lines(path), 1)
        setattr(project, name, {key: _record(path, found, LISTS[name][1]) for key, found in fields.items()})
        project.lines[name] = {key: found.line for key, found in fields.items()}
        if name == "environments":
            _check_unique(path, getattr(project, name), project.lines[name])
    return project


def _check_unique(path: Path, records: Records, lines: dict[str, int]) -> None:
    for flag in UNIQUE:
        holders = [name for name, record in records.items() if record.get(flag)]
        if len(holders) > 1:
            text = f"only one environment can have {flag}, and {holders[0]} has it, too"
            raise problem(path, lines[holders[1]], text)


def _record(path: Path, found: FileField, kinds: Mapping[str, str]) -> dict[str, Any]:
    if not is_object(found.value):
        raise problem(path, found.line, 'expected an object such as {"description": "text"}')
    members = {name: FileField(value, found.line) for name, value in found.value.items()}
    needed = [name for name in ("name",) if name in kinds]
    return {name: member.value for name, member in checked(path, members, kinds, found.line, needed).items()}


def layout(project: Project, folder: Path, homes: Homes) -> dict[Path, str]:
    """Return the text of each file of a project; a prompt stays in the file that it is in, whatever that is named."""
    paths, broken = homes.paths, homes.broken
    taken = {path.name.lower() for path in (*homes.slugs, *broken) if path.parent == folder / "prompts"}
    files: dict[Path, str] = {}
    for slug, prompt in sorted(project.prompts.items()):
        name = file_name(slug)
        if slug not in paths and name in taken and folder / "prompts" / name not in broken:
            name = file_name(f"{slug}\0")
        files[paths.get(slug, folder / "prompts" / name)] = prompt.text
    for list_name, (file, _) in LISTS.items():
        files[inside(folder, file)] = _write_records(getattr(project, list_name) or {})
    return files


def _write_records(records: Records) -> str:
    return "".join(write_field(dump(name), records[name]) for name in sorted(records))


def content(path: Path, text: str | None = None) -> str | None:
    """Return what a file says, or would say with this text, to be compared; ``None`` if it cannot be read."""
    try:
        lines = read_lines(path) if text is None else text.split("\n")[:-1]
        if path.suffix.lower() == SUFFIX:
            return read_prompt_file(str(path), lines).content
        return canonical({name: field.value for name, field in read_fields(path, lines, 1).items()})
    except UsageError:
        return None


class Homes(NamedTuple):
    """The files of prompts: the slug of each, the first with each slug, and those that cannot be read."""

    slugs: dict[Path, str]
    paths: dict[str, Path]
    broken: set[Path]


def find_homes(folder: Path) -> Homes:
    """Return the files of prompts in a folder, whatever they are named."""
    homes = Homes({}, {}, set())
    for path in prompt_paths(folder):
        try:
            slug = homes.slugs[path] = read_prompt_file(str(path), read_lines(path)).slug
            homes.paths.setdefault(slug, path)
        except UsageError:
            homes.broken.add(path)
    return homes
