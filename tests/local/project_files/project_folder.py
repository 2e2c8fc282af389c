"""A folder of files, the commands that use it, and what a server has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from prompt_samples import SCHEMAS, SETTINGS, TEXTS, chat

from to11ai_sdk.cli import commands as cli
from to11ai_sdk.local.project_files import push as push_module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from to11ai_sdk.local import LocalTo11


class Folder:
    """A folder of files, and the commands that use it with a server."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self.capsys = capsys

    def run(self, command: str, to11: LocalTo11, *options: str) -> tuple[int, str]:
        """Exit code, and all that was printed."""
        code = cli.main([command, str(self.path), *access(to11), *options])
        return code, "".join(self.capsys.readouterr())

    def push_meanwhile(self, to11: LocalTo11, change: Callable[[], None], *options: str) -> tuple[int, str]:
        """Push, with a change by somebody else after the plan is shown."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(push_module, "agreed", lambda *_, **__: change() or True)
            return self.run("push", to11, *options)

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.path).as_posix(): path.read_bytes() for path in self.path.rglob("*") if path.is_file()
        }

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.path / name
        text = path.read_bytes().decode()
        assert old in text
        path.write_bytes(text.replace(old, new).encode())


def access(to11: LocalTo11) -> list[str]:
    return ["--api-key", to11.api_key, "--base-url", to11.base_url, "--project-id", to11.project_id]


def write(
    to11: LocalTo11, slug: str, *texts: str, labels: tuple[str, ...] = ("production", "beta"), **more: Any
) -> str:
    """Create a prompt whose labels point at one version each, in order; returns its id."""
    with to11.client() as client:
        project = {"project_id": to11.project_id}
        made = client.prompts.create(**project, slug=slug, name=more.pop("name", f"Name of {slug}"), **more)
        for label, text in zip(labels, texts, strict=False):
            version = client.prompts.create_version(
                **project, prompt_id=made.id, format="text", template_json={"text": text}, variables_schema={}
            )
            client.prompts.move_label(**project, prompt_id=made.id, label=label, version_id=version.id)
        return made.id


def versions(to11: LocalTo11, prompt_id: str) -> list[Any]:
    with to11.client() as client:
        return [
            v.template_json["text"]
            for v in client.prompts.list_versions(project_id=to11.project_id, prompt_id=prompt_id)
        ]


def prompt_id(to11: LocalTo11, slug: str) -> str:
    with to11.client() as client:
        return next(row.id for row in client.prompts.iter(project_id=to11.project_id) if row.slug == slug)


def names(to11: LocalTo11) -> dict[str, str]:
    with to11.client() as client:
        return {row.slug: row.name for row in client.prompts.iter(project_id=to11.project_id)}


def fill(to11: LocalTo11, count: int) -> None:
    """A project with prompts of all kinds."""
    slugs = ["con", "-rf", "a" * 200, *(f"prompt-{n}" for n in range(count - 3))]
    with to11.client() as client:
        project = {"project_id": to11.project_id}
        client.prompts.create_project_label(**project, label="beta", description="Ünfinished")
        client.prompts.update_project_label(**project, label="production", display_color="pink")
        client.project_environments.create(
            **project, slug="qa", name="Quality", is_default=True, requires_approval=True, is_gateway_fallback=True
        )
        client.project_environments.update(**project, slug="prod", color="#fff", sort_order=7)
        for n, slug in enumerate(slugs):
            tags = ["one", f"tag {n % 5}"] if n % 2 else None
            made = client.prompts.create(**project, slug=slug, name=f'"{n}" é', tags=tags, description="d\n" * (n % 3))
            for label in ("production", "beta", "Beta_2")[: n % 4]:
                text = TEXTS[(n + len(label)) % len(TEXTS)].replace("{%", "%")
                version = client.prompts.create_version(
                    **project,
                    prompt_id=made.id,
                    format="chat" if n % 2 else "text",
                    template_json=chat(text, f"{n}{text}") if n % 2 else {"text": text},
                    variables_schema=SCHEMAS[2] if n % 3 else SCHEMAS[0],
                    model_config=SETTINGS[n % 3],
                    changelog=f"of {label}",
                )
                client.prompts.move_label(**project, prompt_id=made.id, label=label, version_id=version.id)
