"""Plans a push: compares a project of files with one of the server, version by version by their content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ...json_types import is_array
from .names import interim_name, takes_name
from .record_changes import RecordChange, plan_records
from .record_lists import LISTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .folder import Project
    from .prompt_file import FileVersion, PromptFile
    from .remote import Remote, RemotePrompt


class Move(NamedTuple):
    """A label to be moved, and the ids of its versions: ``old`` as planned, ``new`` if it is there already."""

    label: str
    version: FileVersion
    old: str | None
    new: str | None


@dataclass(frozen=True)
class PromptChange:
    """What a push changes in a prompt: ``wanted`` is ``None`` for one that is archived, ``present`` for a new one."""

    wanted: PromptFile | None
    present: RemotePrompt | None
    fields: dict[str, Any]
    moves: tuple[Move, ...]

    @property
    def file(self) -> PromptFile:
        """The prompt as it will be, or was."""
        return self.wanted or self.present.file  # type: ignore[union-attr]  # pyright: ignore

    @property
    def slug(self) -> str:
        """The slug of the prompt."""
        return self.file.slug

    @property
    def key(self) -> object:
        """The change, to be compared with one planned later: equal if the server has not changed meanwhile."""
        old = (
            {name: value for name, value in _fields(self.present.file).items() if name in self.fields}
            if self.present
            else {}
        )
        return old, self.fields, [(move.label, move.version.content, move.old, move.new) for move in self.moves]

    @property
    def goes_back(self) -> bool:
        """Whether a label goes back to an older version."""
        return any(0 < self.number(move.new) < self.number(move.old) for move in self.moves)

    def lines(self) -> Iterator[str]:
        """Yield what is done, in words."""
        new = {move.version.content for move in self.moves if move.new is None}
        versions = f"{len(new)} new version{'s' * (len(new) != 1)}"
        if self.wanted is None:
            renamed = f", renamed to {self.fields['name']!r} as another takes its name" if self.fields else ""
            yield f"- archive the prompt {self.slug}{renamed}"
        elif self.present is None:
            labels = ", ".join(sorted(move.label for move in self.moves))
            yield f"+ create the prompt {self.slug}" + (f", with {versions}, labels {labels}" if labels else "")
        else:
            changes = [f"change {' and '.join(self.fields)}"] * bool(self.fields) + [f"create {versions}"] * bool(new)
            yield f"~ prompt {self.slug}: {', '.join([*changes, *self._moves()])}"

    def _moves(self) -> Iterator[str]:
        groups: dict[tuple[str | None, str], list[Move]] = {}
        for move in self.moves:
            groups.setdefault((move.old, move.version.content), []).append(move)
        for first, *others in groups.values():
            old, new = self.number(first.old), self.number(first.new)
            labels = f"label{'s' * bool(others)} {', '.join(move.label for move in (first, *others))}"
            places = (
                f"from {f'version {old}' if old else 'no version'} to {f'version {new}' if new else 'the new version'}"
            )
            yield f"move the {labels}{' back' * (0 < new < old)} {places}"

    def number(self, version_id: str | None) -> int:
        """Return the number of a version of the server, or 0 if there is none."""
        return self.present.number(version_id) if self.present else 0


class PushPlan(NamedTuple):
    """All changes of a push, in their order, and what is on the server only and stays there."""

    records: list[RecordChange]
    prompts: list[PromptChange]
    extra: list[str]
    refused: dict[str, str] = {}  # noqa: RUF012
    """Why the server will refuse prompts, by their slugs."""

    def __bool__(self) -> bool:
        return bool(self.records or self.prompts)


def plan_prompt(wanted: PromptFile, present: RemotePrompt | None) -> PromptChange:
    """Return what makes the prompt of the server like that of the file."""
    fields: dict[str, Any] = {}
    if present is not None:
        old, new = (_fields(file) for file in (present.file, wanted))
        fields = {name: value for name, value in new.items() if _comparable(value) != _comparable(old[name])}
    contents = {version.id: version.content for version in reversed(present.versions)} if present else {}
    ids = {content: id_ for id_, content in contents.items()}
    pointers = present.pointers if present else {}
    moves = (
        Move(label, version, pointers.get(label), ids.get(version.content))
        for version in wanted.versions
        for label in version.labels
        if contents.get(pointers.get(label, "")) != version.content
    )
    return PromptChange(wanted, present, fields, tuple(moves))


def _comparable(value: Any) -> Any:
    return sorted(value) if is_array(value) else value  # servers may sort tags


def _fields(file: PromptFile) -> dict[str, Any]:
    return {"name": file.name, "description": file.description, "tags": list(file.tags)}


def plan_project(wanted: Project, remote: Remote, *, prune: bool) -> PushPlan:
    """Return all that makes the project of the server like the files; archives only with ``prune``."""
    records, extra = list[RecordChange](), list[str]()
    for kind, ours in wanted.lists.items():
        theirs = remote.project.lists[kind]
        records += plan_records(kind, ours, theirs)
        gone = sorted(name for name in theirs if name not in ours and (kind, name) not in remote.system)
        records += [RecordChange(kind, name, None, theirs[name]) for name in gone if prune]
        extra += [f"the {LISTS[kind].noun} {name}" for name in gone if not prune]
    changes = [plan_prompt(prompt, remote.prompts.get(slug)) for slug, prompt in sorted(wanted.prompts.items())]
    only_there = [prompt for slug, prompt in sorted(remote.prompts.items()) if slug not in wanted.prompts]
    only_there = only_there if wanted.has_prompts else []
    extra += [f"the prompt {prompt.file.slug}" for prompt in only_there if not prune]
    extra += [text for change in changes for text in _extra_labels(change)]
    made = [change for change in changes if change.present is None or change.fields or change.moves]
    return PushPlan(records, made + _archived(only_there if prune else [], made), extra)


def _archived(prompts: Sequence[RemotePrompt], others: Sequence[PromptChange]) -> list[PromptChange]:
    """Return the prompts to archive; one that keeps its name from another is renamed, as that is the last chance."""
    taken = {change.file.name for change in others if takes_name(change)}
    names = {prompt.id: interim_name(prompt.file.name, prompt.file.slug) for prompt in prompts}
    return [
        PromptChange(None, prompt, {"name": names[prompt.id]} if prompt.file.name in taken else {}, ())
        for prompt in prompts
    ]


def _extra_labels(change: PromptChange) -> Iterator[str]:
    ours = {label for version in (change.wanted.versions if change.wanted else ()) for label in version.labels}
    for label in sorted(set(change.present.pointers if change.present else ()) - ours):
        yield f"the label {label} of the prompt {change.slug}, which the API cannot remove"
