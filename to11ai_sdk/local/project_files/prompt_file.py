"""Defines a prompt as a file: YAML front matter, then each version that labels point at, with its text in Liquid."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from ...json_types import is_array
from .fields import FileField, canonical, problem, read_fields, write_field
from .sections import read_template, split, write_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .sections import Section

SUFFIX = ".liquid"
_FRONT = {"slug": "text", "name": "text", "description": "text", "tags": "list of texts"}
_HEAD = {"labels": "list of texts", "format": "text", "model_config": "any", "variables_schema": "any"}
_PLAIN_NAME = re.compile(r"(?!(?:con|prn|aux|nul|com\d|lpt\d)$)[a-z0-9][a-z0-9-]{0,99}")
"""Slugs that are file names everywhere; Windows reserves a few words."""


@dataclass(frozen=True)
class FileVersion:
    """A version that labels point at."""

    labels: tuple[str, ...]
    format: str
    template: Any
    variables_schema: Any
    model_config: Any
    line: int = 0

    @cached_property
    def content(self) -> str:
        """What the version says, as a text to be compared; an empty schema or configuration is the same as none."""
        return canonical([self.format, self.template, self.variables_schema or {}, self.model_config or {}])


@dataclass(frozen=True)
class PromptFile:
    """A prompt with the versions that labels point at; ``path`` is empty for one of the server."""

    slug: str
    name: str
    description: str
    tags: tuple[str, ...]
    versions: tuple[FileVersion, ...]
    path: str = ""

    @property
    def text(self) -> str:
        """The text of the file, the same for the same prompt."""
        front = {"slug": self.slug, "name": self.name, "description": self.description, "tags": list(self.tags)}
        fields = "".join(write_field(name, value) for name, value in front.items() if value)
        versions = "".join(map(_write_version, self.versions))
        # Tools that tidy the ends of files must not change a text that ends with an empty line.
        end = "=== end\n" if versions.endswith("\n\n") else ""
        gap = "\n" if versions else ""
        return f"---\n{fields}---\n{gap}{versions}{end}"

    @property
    def content(self) -> str:
        """What the file says, as a text to be compared; the order of tags is free."""
        versions = [[list(version.labels), version.content] for version in self.versions]
        return canonical([self.slug, self.name, self.description, sorted(self.tags), versions])


def _write_version(version: FileVersion) -> str:
    head = {
        "labels": list(version.labels),
        "format": version.format,
        "model_config": version.model_config,
        "variables_schema": version.variables_schema,
    }
    fields = "".join(write_field(name, value) for name, value in head.items() if value is not None)
    return f"=== version\n{fields}\n{write_template(version.template)}"


def merged(versions: Iterable[FileVersion]) -> tuple[FileVersion, ...]:
    """Return one version for each content, with all its labels."""
    found, labels = dict[str, FileVersion](), dict[str, set[str]]()
    for version in versions:
        found.setdefault(version.content, version)
        labels.setdefault(version.content, set()).update(version.labels)
    whole = (replace(version, labels=tuple(sorted(labels[content]))) for content, version in found.items())
    return tuple(sorted(whole, key=lambda version: version.labels))


def read_prompt_file(path: str, lines: Sequence[str]) -> PromptFile:
    """Return the prompt in a file."""
    if not lines or lines[0].rstrip() != "---":
        raise problem(path, 1, "expected --- , the start of the front matter")
    end = next((number for number, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0)
    if not end:
        raise problem(path, len(lines), "the front matter has no end, a line with ---")
    fields = checked(path, read_fields(path, lines[1:end], 2), _FRONT, 1, ("slug", "name"))
    found = {name: field.value for name, field in fields.items()}
    versions = _versions(path, split(path, lines[end + 1 :], end + 2))
    tags = tuple(dict.fromkeys(found.get("tags", ())))
    return PromptFile(found["slug"], found["name"], found.get("description", ""), tags, versions, path)


def checked(
    path: object, fields: dict[str, FileField], kinds: Mapping[str, str], line: int, needed: Sequence[str] = ()
) -> dict[str, FileField]:
    """Return fields whose names and values are as they must be; ``null`` counts as absent."""
    for name, field in fields.items():
        if name not in kinds:
            raise problem(path, field.line, f"unknown field {name!r:.100}; there are {', '.join(kinds)}")
        if field.value is not None and not _fits(field.value, kinds[name]):
            raise problem(path, field.line, f"{name} must be a {kinds[name]}")
    fields = {name: field for name, field in fields.items() if field.value is not None}
    for name in needed:
        if not fields.get(name, FileField(None, 0)).value:
            raise problem(path, line, f"{name} is missing")
    return fields


def _fits(value: Any, kind: str) -> bool:
    if kind == "list of texts":
        return is_array(value) and all(isinstance(member, str) for member in value)
    types = {"text": str, "whole number": int, "true or false": bool, "any": object}
    return isinstance(value, types[kind]) and (kind != "whole number" or not isinstance(value, bool))


def _versions(path: str, sections: Sequence[Section]) -> tuple[FileVersion, ...]:
    starts = [place for place, section in enumerate(sections) if section.kind == "version"]
    if sections and starts[:1] != [0]:
        raise problem(path, sections[0].line, "the first section must be === version")
    found, lines = list[FileVersion](), dict[str, int]()
    for start, stop in pairwise([*starts, len(sections)]):
        version = _version(path, sections[start], sections[start + 1 : stop])
        for label in version.labels:
            if label in lines:
                raise problem(path, version.line, f"the label {label} is there twice, first in line {lines[label]}")
            lines[label] = version.line
        found.append(version)
    return merged(found)


def _version(path: str, head: Section, body: Sequence[Section]) -> FileVersion:
    fields = checked(path, read_fields(path, head.lines, head.line + 1), _HEAD, head.line, ("labels", "format"))
    found = {name: field.value for name, field in fields.items()}
    if found["format"] == "text" and not body:
        raise problem(path, head.line, "a version of the format text needs the section === text")
    template = read_template(path, body)
    schema, settings = found.get("variables_schema"), found.get("model_config")
    return FileVersion(tuple(found["labels"]), found["format"], template, schema, settings, head.line)


def file_name(slug: str) -> str:
    """Return a file name that differs for each slug on every file system."""
    if _PLAIN_NAME.fullmatch(slug):
        return slug + SUFFIX
    digest = sha256(slug.encode("utf-8", "surrogatepass")).hexdigest()[:16]
    return f"{re.sub('[^a-z0-9]+', '-', slug.lower())[:40].strip('-')}~{digest}{SUFFIX}"
