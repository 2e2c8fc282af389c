"""Reads a project from the API, several prompts at a time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from ...cli.console import UsageError
from .folder import Project
from .parallel import for_each
from .prompt_file import FileVersion, PromptFile, merged
from .record_lists import LISTS, Records, settings

if TYPE_CHECKING:
    from ...client import To11aiClient
    from ...models.prompts import Prompt, PromptVersion
    from .console import Progress


class StoredVersion(NamedTuple):
    """A version of the server."""

    id: str
    number: int
    content: str


@dataclass(frozen=True)
class RemotePrompt:
    """A prompt of the server: as a file, with all its versions, newest first, and the version of each label."""

    id: str
    file: PromptFile
    versions: tuple[StoredVersion, ...]
    pointers: dict[str, str]

    def number(self, version_id: str | None) -> int:
        """Return the number of a version, or 0 if there is none."""
        return self._numbers.get(version_id or "", 0)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {version.id: version.number for version in self.versions}


class Remote(NamedTuple):
    """A project of the server: its prompts by slug, all of it as in files, and the names of system records."""

    prompts: dict[str, RemotePrompt]
    project: Project
    system: set[tuple[str, str]]


class RemoteReader:
    """Reads one project of a server, and knows how to reach it."""

    def __init__(self, client: To11aiClient, project_id: str) -> None:
        self.client = client
        self.project_id = project_id

    def read(self, progress: Progress) -> Remote:
        """Return the project."""
        lists, system = self.read_lists()
        listed = self.client.prompts.iter(project_id=self.project_id, limit=100)
        rows = [row for row in listed if row.status != "archived"]
        found: dict[str, RemotePrompt] = {}

        def read(row: Prompt) -> None:
            found[row.slug] = self.read_prompt(row)
            progress(len(found), len(rows))

        try:
            for_each(read, rows)
        finally:
            progress.close()
        project = Project(prompts={slug: prompt.file for slug, prompt in found.items()}, lists=lists)
        return Remote(found, project, system)

    def read_lists(self) -> tuple[dict[str, Records], set[tuple[str, str]]]:
        """Return the label registry and the environments, and which of them are the system's own."""
        labels = self.client.prompts.list_project_labels(project_id=self.project_id)
        environments = self.client.project_environments.list(project_id=self.project_id)
        rows: list[tuple[str, str, Any]] = [("labels", row.label, row) for row in labels]
        rows += [("environments", row.slug, row) for row in environments]
        rows = [found for found in rows if found[2].archived_at is None]
        lists: dict[str, Records] = {kind: {} for kind in LISTS}
        for kind, name, row in rows:
            lists[kind][name] = settings(row, LISTS[kind])
        return lists, {(kind, name) for kind, name, row in rows if row.is_system}

    def read_prompt(self, row: Prompt) -> RemotePrompt:
        """Return a prompt; its labels are read first, so that the versions they point at are among those read."""
        place = {"project_id": self.project_id, "prompt_id": row.id}
        pointers = {found.label: found.version_id for found in self.client.prompts.list_labels(**place)}
        stored = sorted(self.client.prompts.list_versions(**place), key=lambda version: -version.version)
        _check_complete(row.slug, pointers, {version.id for version in stored})
        labels: dict[str, list[str]] = {version.id: [] for version in stored}
        for label, id_ in pointers.items():
            labels[id_].append(label)
        versions = {version.id: as_version(version, tuple(labels[version.id])) for version in stored}
        labelled = merged(version for version in versions.values() if version.labels)
        file = PromptFile(row.slug, row.name, row.description or "", tuple(row.tags), labelled)
        numbered = tuple(StoredVersion(found.id, found.version, versions[found.id].content) for found in stored)
        return RemotePrompt(row.id, file, numbered, pointers)

    def archived(self) -> list[Prompt]:
        """Return the archived prompts, whose slugs and names are not free."""
        return list(self.client.prompts.iter(project_id=self.project_id, status="archived", limit=100))

    def read_again(self, prompt: RemotePrompt) -> RemotePrompt:
        """Return a prompt as it is now."""
        return self.read_prompt(self.client.prompts.get(project_id=self.project_id, prompt_id=prompt.id))


def _check_complete(slug: str, pointers: dict[str, str], listed: set[str]) -> None:
    if lost := ", ".join(sorted(label for label, id_ in pointers.items() if id_ not in listed)):
        raise UsageError(f"the server does not list the version of {slug} that {lost} points at; nothing was changed")


def as_version(row: PromptVersion, labels: tuple[str, ...] = ()) -> FileVersion:
    """Return a version of the API as one of a file."""
    return FileVersion(labels, row.format, row.template_json, row.variables_schema, row.settings)
