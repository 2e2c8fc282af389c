"""Prompts that are hard to keep in a file."""

from __future__ import annotations

from typing import Any

from to11ai_sdk.local.project_files.prompt_file import FileVersion, PromptFile

TEXTS = [
    "Hello {{ name }}",
    "",
    "\n",
    "a\n",
    "a\n\n",
    "trailing  \n\ttabs\t\n  ",
    '=== user\n===\n=== end\n\\"x\n\\',
    '---\nslug: "x"\n---',
    "dos\r\nlines\r\n",
    "\r\n",
    "mixed\r\nlines\n",
    "old mac\rlines\r",
    "\ufeffbom, \u202eright to left\u2028separator\x85next\x0bvertical\x1b[31m",
    "emoji 👩‍👩‍👧, Zürich, 日本語, عربى",
    "{% if x %}\n<<<<<<< HEAD\n=======\n>>>>>>> main\n{% endif %}",
    '{"json": true}',
    "# not a comment",
]


SETTINGS: list[Any] = [
    None,
    {},
    {"model": "echo-1", "temperature": 0.5, "stop": ["\n", None], "deep": {"a": [{"b": 1}]}},
]


SCHEMAS: list[Any] = [{}, None, {"type": "object", "properties": {"name": {"type": "string", "default": "Ada"}}}]


def chat(*texts: str) -> dict[str, Any]:
    tool = {"role": "tool", "name": "weather", "parameters": {"type": "object"}, "description": "of a place"}
    disabled = {"role": "assistant", "content": "old", "disabled": True}
    roles = ("system", "user", "developer")
    blocks = [{"role": roles[n % 3], "content": text} for n, text in enumerate(texts)]
    return {"messages": [*blocks, disabled, {**disabled, "disabled": False}, tool]}


def prompt(*templates: Any) -> PromptFile:
    kinds = ["text" if "text" in template else "chat" for template in templates]
    versions = [
        FileVersion((f"label-{n}",), kind, template, {}, None)
        for n, (kind, template) in enumerate(zip(kinds, templates, strict=True))
    ]
    return PromptFile("a-slug", "A name", "a\ndescription", ("one", "two"), tuple(versions))


def greeting(slug: str, name: str) -> str:
    """A file of a prompt."""
    return PromptFile(slug, name, "", (), (FileVersion(("production",), "text", {"text": "Hello"}, {}, None),)).text
