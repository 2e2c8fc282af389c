"""Applies the change of one prompt, unless the prompt has changed since the plan was made."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .plan import plan_prompt
from .refusals import ACCEPT, stored_form_text
from .remote import as_version
from .version_history import stored_as

if TYPE_CHECKING:
    from ...resources.prompts import PromptResource
    from .plan import PromptChange
    from .prompt_file import FileVersion, PromptFile
    from .remote import RemotePrompt, RemoteReader


class LeftAloneError(Exception):
    """Raised for a prompt that is left as it is, because the plan does not fit the server."""


class RewrittenError(LeftAloneError):
    """Raised for a version that the server has stored in another form, as it may do with all others, too."""


class PromptPush:
    """The change of one prompt, and how far it has come."""

    def __init__(self, server: RemoteReader, change: PromptChange, reason: str | None) -> None:
        self.server = server
        self.prompts: PromptResource = server.client.prompts
        self.change: PromptChange = change
        self.reason = reason
        self.done: list[str] = []
        self.failed = False
        self.line: int = 1
        self.place: dict[str, str] = {
            "project_id": server.project_id,
            "prompt_id": change.present.id if change.present else "",
        }

    def __str__(self) -> str:
        return f"{self.change.slug}: {', '.join(self.done) or 'nothing was done'}"

    @property
    def where(self) -> str:
        """The place in the files that is being applied, if there is one, and the prompt."""
        place = f"{self.change.wanted.path}:{self.line}: " if self.change.wanted else ""
        return f"{place}prompt {self.change.slug}"

    def apply(self) -> None:
        """Apply the change, step by step."""
        if self.change.present is not None:
            self._check_is_as_planned(self.change.present)
            self._change_fields()
        else:
            self._create(self.change.file)
        self._move_labels()

    def rename(self, name: str) -> None:
        """Give the prompt its name, or an interim one, before another takes the old name."""
        wanted, present = self.change.wanted, self.change.present
        if present is not None:
            self._check_is_as_planned(present)
            self.prompts.update(**self.place, name=name)
            self.done.append(f"renamed to {name!r}")
            renamed = replace(present, file=replace(present.file, name=name))
            self.change = plan_prompt(wanted, renamed) if wanted else replace(self.change, present=renamed, fields={})

    def _check_is_as_planned(self, present: RemotePrompt) -> None:
        wanted, now = self.change.wanted, self.server.read_again(present)
        if plan_prompt(wanted, now).key != self.change.key if wanted else now != present:
            raise LeftAloneError("somebody changed the prompt after the plan was made, so it is left alone")

    def _change_fields(self) -> None:
        if self.change.wanted is None:
            self.prompts.archive(**self.place)
            self.done.append("archived")
        elif self.change.fields:
            self.prompts.update(**self.place, **self.change.fields)
            self.done.append(f"changed {' and '.join(self.change.fields)}")

    def _create(self, prompt: PromptFile) -> None:
        made = self.prompts.create(
            project_id=self.server.project_id,
            name=prompt.name,
            slug=prompt.slug,
            description=prompt.description or None,
            tags=list(prompt.tags) or None,
        )
        self.place["prompt_id"] = made.id
        self.done.append("created the prompt")

    def _move_labels(self) -> None:
        made: dict[str, str] = {}
        for label, version, _, known in self.change.moves:
            self.line = version.line
            target = known or made.get(version.content) or self._create_version(version)
            made[version.content] = target
            self.prompts.move_label(**self.place, label=label, version_id=target, reason=self.reason)
            self.done.append(f"moved the label {label}")

    def _create_version(self, version: FileVersion) -> str:
        if number := stored_as(self.change, version):
            raise LeftAloneError(stored_form_text(number))
        made = self.prompts.create_version(
            **self.place,
            format=version.format,  # type: ignore[arg-type]
            template_json=version.template,
            variables_schema=version.variables_schema,
            model_config=version.model_config,
            changelog=self.reason,
        )
        self.done.append(f"created version {made.version}")
        if as_version(made).content != version.content:
            raise RewrittenError(f"the server stored version {made.version} in another form; {ACCEPT}")
        return made.id
