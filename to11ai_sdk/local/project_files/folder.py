"""Reads and lays out the folder of a project: ``labels.yaml``, ``environments.yaml`` and a file for each prompt."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...cli.parser import UsageError
from ...json_types import is_object
from .fields import FileField, canonical, dump, problem, read_fields, write_field
from .prompt_file import SUFFIX, PromptFile, checked, file_name, read_prompt_file

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def read_lines(path: Path) -> list[str]:
    """Return the lines of a file; one whose first line ends like those of Windows was converted as a whole."""
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise UsageError(f"{path}: {exc.strerror}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise problem(path, 1 + data.count(b"\n", 0, exc.start), "not UTF-8") from None
    if text.partition("\n")[0].endswith("\r"):
        text = text.replace("\r\n", "\n")
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def prompt_paths(folder: Path) -> list[Path]:
    """Return the files of the prompts, in order of their names; hidden ones are those of editors."""
    return sorted(path for path in (folder / "prompts").glob(f"*{SUFFIX}") if not path.name.startswith("."))


def read_folder(folder: Path) -> Project:
    """Return the project in a folder."""
    project = Project(folder, has_prompts=(folder / "prompts").is_dir())
    if not project.has_prompts and not any((folder / file).exists() for file, _ in LISTS.values()):
        raise UsageError(f"{folder} has no files of a project; to11ai pull {folder} writes them")
    for path in prompt_paths(folder):
        prompt = read_prompt_file(str(path), read_lines(path))
        if prompt.slug in project.prompts:
            raise problem(path, 1, f"{project.prompts[prompt.slug].path} has the slug {prompt.slug!r}, too")
        project.prompts[prompt.slug] = prompt
    for name, (file, kinds) in LISTS.items():
        if (folder / file).exists():
            fields = read_fields(folder / file, read_lines(folder / file), 1)
            setattr(project, name, {key: _record(folder / file, found, kinds) for key, found in fields.items()})
            project.lines[name] = {key: found.line for key, found in fields.items()}
    return project


def _record(path: Path, found: FileField, kinds: Mapping[str, str]) -> dict[str, Any]:
    if not is_object(found.value):
        raise problem(path, found.line, 'expected an object such as {"description": "text"}')
    members = {name: FileField(value, found.line) for name, value in found.value.items()}
    needed = [name for name in ("name",) if name in kinds]
    return {name: member.value for name, member in checked(path, members, kinds, found.line, needed).items()}


def layout(project: Project, folder: Path) -> dict[Path, str]:
    """Return the text of each file of a project; a prompt stays in the file that it is in, whatever that is named."""
    homes, broken = _homes(folder)
    taken = {path.name.lower() for path in (*homes.values(), *broken)}
    files: dict[Path, str] = {}
    for slug, prompt in sorted(project.prompts.items()):
        name = file_name(slug)
        if slug not in homes and name in taken and folder / "prompts" / name not in broken:
            name = file_name(f"{slug}\0")
        files[homes.get(slug, folder / "prompts" / name)] = prompt.text
    for list_name, (file, _) in LISTS.items():
        files[folder / file] = _write_records(getattr(project, list_name) or {})
    return files


def _write_records(records: Records) -> str:
    return "".join(write_field(dump(name), records[name]) for name in sorted(records))


def content(path: Path, text: str | None = None) -> str | None:
    """Return what a file says, or would say with this text, to be compared; ``None`` if it cannot be read."""
    try:
        lines = read_lines(path) if text is None else text.split("\n")[:-1]
        if path.suffix == SUFFIX:
            return read_prompt_file(str(path), lines).content
        return canonical({name: field.value for name, field in read_fields(path, lines, 1).items()})
    except UsageError:
        return None


def _homes(folder: Path) -> tuple[dict[str, Path], set[Path]]:
    """Return the file of each prompt by its slug, and the files that cannot be read."""
    homes, broken = dict[str, Path](), set[Path]()
    for path in prompt_paths(folder):
        try:
            homes.setdefault(read_prompt_file(str(path), read_lines(path)).slug, path)
        except UsageError:
            broken.add(path)
    return homes, broken
