"""Runs ``to11ai prompts diff``, which compares two versions of a prompt."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...cli.console import UsageError
from ...json_types import is_array, is_object
from .terminal import diff

if TYPE_CHECKING:
    from ...client import To11aiClient
    from ...models.prompts import PromptVersion


def run(client: To11aiClient, project_id: str, prompt_id: str, old: str, new: str) -> int:
    """Print the differences of two versions, each given by number, id or label; return 1 if there are some."""
    names: dict[str, PromptVersion] = {}
    versions = client.prompts.list_versions(project_id=project_id, prompt_id=prompt_id)
    for version in versions:
        names[version.id] = version
    for pointer in client.prompts.list_labels(project_id=project_id, prompt_id=prompt_id):
        if pointer.version_id in names:
            names[pointer.label] = names[pointer.version_id]
    names.update({str(version.version): version for version in versions})
    if missing := [name for name in (old, new) if name not in names]:
        raise UsageError(f"the prompt has no version {missing[0]!r}; give a number, an id, or a label that it has")
    first, second = names[old], names[new]
    titles = [f"version {names[name].version}" + f" ({name})" * (not name.isdigit()) for name in (old, new)]
    # Two different templates may read the same, for example if a text looks like the start of a message.
    lines = diff(_lines(first), _lines(second), *titles) or diff(_whole(first), _whole(second), *titles)
    print(*lines, sep="\n", end="\n" if lines else "")
    return int(bool(lines))


def _whole(version: PromptVersion) -> list[str]:
    return _json("version", [version.format, version.template_json, version.variables_schema, version.settings])


def _lines(version: PromptVersion) -> list[str]:
    """Return a version as lines."""
    template = template_lines(version.template_json)
    rest = [*_json("variables schema", version.variables_schema), *_json("model config", version.settings)]
    return [f"format: {version.format}", *template, *rest]


def template_lines(template: Any) -> list[str]:
    """Return a template, or what it was rendered to, as lines: texts as they are written, the rest as JSON."""
    if not is_object(template):
        return _json("template", template)
    messages = template.get("messages")
    listed = messages if is_array(messages) else []
    lines = _message({name: value for name, value in template.items() if value is not listed}, "text")
    return lines + [line for message in listed for line in _message(message, "content")]


def _message(message: Any, text: str) -> list[str]:
    if not is_object(message):
        return _json("message", message)
    shown = {name: value for name in ("role", text) if isinstance(value := message.get(name), str)}
    rest = {name: value for name, value in message.items() if name not in shown}
    heading = [f"[{shown['role']}]"] if "role" in shown else []
    lines = shown[text].split("\n") if text in shown else []
    return [*heading, *lines, *(_json("with", rest) if rest else ())]


def _json(name: str, value: Any) -> list[str]:
    return f"{name}: {json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)}".split("\n")
