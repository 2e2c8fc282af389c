"""``to11ai prompts diff`` against a local to11."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from to11ai_sdk.cli import main
from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytest_httpserver import HTTPServer

    from to11ai_sdk import Prompt, PromptVersion

ROOT = Path(__file__).parents[1]


@pytest.fixture
def to11(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalTo11]:
    with LocalTo11() as server:
        monkeypatch.setenv("TO11_API_KEY", server.api_key)
        monkeypatch.setenv("TO11_API_URL", server.base_url)
        monkeypatch.setenv("TO11_PROJECT_ID", server.project_id)
        yield server


@pytest.fixture
def prompt(to11: LocalTo11) -> Prompt:
    with to11.client() as client:
        return client.prompts.create(project_id=to11.project_id, name="Greeting", slug="greeting")


@pytest.fixture
def version(to11: LocalTo11, prompt: Prompt) -> Callable[..., PromptVersion]:
    def create(template: Any, kind: str = "chat", schema: Any = None, **more: Any) -> PromptVersion:
        with to11.client() as client:
            return client.prompts.create_version(
                project_id=to11.project_id,
                prompt_id=prompt.id,
                format=kind,
                template_json=template,
                variables_schema={} if schema is None else schema,
                **more,
            )

    return create


@pytest.fixture
def diff(prompt: Prompt, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*argv: str) -> tuple[int, str, str]:
        return main(["prompts", "diff", "--prompt-id", prompt.id, *argv]), *capsys.readouterr()

    return run


def chat(*texts: str) -> dict[str, Any]:
    return {
        "messages": [{"role": role, "content": text} for role, text in zip(["system", "user"], texts, strict=False)]
    }


def test_the_page_shows_what_is_printed(version: Any, diff: Any, to11: LocalTo11, prompt: Prompt) -> None:
    version(chat("You are kind.", "Hello {{ name }}!"), model_config={"temperature": 0.2})
    second = version(chat("You are kind.\nYou are brief.", "Hello {{ name }}!"), model_config={"temperature": 0.7})
    with to11.client() as client:
        client.prompts.move_label(
            project_id=to11.project_id, prompt_id=prompt.id, label="production", version_id=second.id
        )
    page = (ROOT / "docs" / "guide.md").read_text("utf-8")
    shown = re.findall(
        r"to11ai prompts diff --prompt-id PROMPT_ID 1 production\n```\n\n```diff\n(.*?)```", page, re.DOTALL
    )
    assert [diff("1", "production")] == [(1, text, "") for text in shown]


def test_a_version_is_named_by_number_id_or_label(version: Any, diff: Any, to11: LocalTo11, prompt: Prompt) -> None:
    first, second = version(chat("one")), version(chat("two"))
    with to11.client() as client:
        for label, target in [("beta", first), ("2", first)]:
            client.prompts.move_label(
                project_id=to11.project_id, prompt_id=prompt.id, label=label, version_id=target.id
            )
    expected = [line for line in diff("1", "2")[1].splitlines() if line[:3] not in ("---", "+++")]
    assert [line for line in expected if line[0] in "-+"] == ["-one", "+two"]
    for names in ((first.id, second.id), ("beta", "2"), ("beta", second.id)):
        code, out, _ = diff(*names)
        assert (code, out.splitlines()[2:]) == (1, expected)
    assert diff("beta", "1") == (0, "", "")
    assert diff("2", second.id) == (0, "", "")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ({"template": {"text": "a\nb"}, "kind": "text"}, {"template": {"text": "a\nc"}, "kind": "text"}, ["-b", "+c"]),
        ({"template": {"text": "a"}, "kind": "text"}, {"template": {"text": "a\n"}, "kind": "text"}, ["+"]),
        (
            {"template": chat("a"), "schema": {"type": "object"}},
            {"template": chat("a"), "schema": {"type": "object", "required": ["x"]}},
            ['+  "required": [', '+    "x"', "+  ],"],
        ),
        (
            {"template": {"messages": [{"role": "system", "content": "a", "disabled": True}]}},
            {"template": {"messages": [{"role": "system", "content": "a"}]}},
            ['-  "disabled": true'],
        ),
    ],
)
def test_what_differs_is_shown(
    old: dict[str, Any], new: dict[str, Any], says: list[str], version: Any, diff: Any
) -> None:
    version(**old)
    version(**new)
    code, out, _ = diff("1", "2")
    assert code == 1
    assert [line for line in says if line not in out.splitlines()] == []


def test_templates_that_read_the_same_differ(version: Any, diff: Any) -> None:
    version(chat("a\n[user]\nb"))
    version(chat("a", "b"))
    code, out, _ = diff("1", "2")
    assert code == 1
    assert '-        "content": "a\\n[user]\\nb",' in out


def test_nothing_in_a_prompt_controls_the_terminal(version: Any, diff: Any) -> None:
    version(chat("a"))
    version(chat("a\x1b[2J\u202e\rb"))
    assert "+a\\x1b[2J\\u202e\\rb" in diff("1", "2")[1]


def test_changes_are_in_colour_on_a_terminal(version: Any, diff: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("to11ai_sdk.local.tools.terminal.is_terminal", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    version(chat("one"))
    version(chat("two"))
    out = diff("1", "2")[1]
    assert "\x1b[31m-one\x1b[m" in out
    assert "\x1b[32m+two\x1b[m" in out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in diff("1", "2")[1]


@pytest.mark.parametrize("name", ["7", "no-such-label", "version_0"])
def test_a_version_that_is_not_there_is_exit_code_2(name: str, version: Any, diff: Any) -> None:
    version(chat("one"))
    code, out, err = diff("1", name)
    assert (code, out) == (2, "")
    assert f"no version {name!r}" in err


def test_a_call_that_fails_is_exit_code_2_and_not_a_difference(diff: Any, to11: LocalTo11) -> None:
    to11.fail_next(status=403)
    code, out, err = diff("1", "2")
    assert (code, out) == (2, "")
    assert err.startswith("to11ai: HTTP 403")


@pytest.mark.parametrize(
    ("template", "shown"),
    [
        (["a", 1], '-template: [\n-  "a",\n-  1\n-]'),
        (None, "-template: null"),
        ({"messages": ["a", {"content": [2]}]}, '-message: "a"\n-with: {\n-  "content": [\n-    2\n-  ]\n-}'),
        ({"messages": [{"role": 1}]}, '-with: {\n-  "role": 1\n-}'),
        ({"messages": {"a": 1}}, '-with: {\n-  "messages": {\n-    "a": 1\n-  }\n-}'),
        ({"messages": [], "text": None}, '-with: {\n-  "text": null\n-}'),
    ],
)
def test_whatever_a_server_sends_as_a_template_is_shown(
    template: Any, shown: str, httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    def made(number: int, content: Any) -> dict[str, Any]:
        return {
            "id": f"v{number}",
            "promptId": "p",
            "version": number,
            "format": "chat",
            "templateJson": content,
            "variablesSchema": {},
            "modelConfig": None,
            "changelog": None,
            "createdByUserId": "u",
            "createdByDisplayName": None,
            "createdByImage": None,
            "createdAt": "2026-11-29T00:00:00Z",
        }

    pointer = {"promptId": "p", "label": "lost", "versionId": "v9", "updatedByUserId": "u"}
    pointer |= {"updatedByDisplayName": "", "updatedAt": "2026-11-29T00:00:00Z"}
    replies = {"versions": [made(1, template), made(2, {})], "labels": [pointer]}
    for name, data in replies.items():
        envelope = {"success": True, "code": 200, "data": data, "error": None, "pagination": None}
        httpserver.expect_request(f"/v1/projects/x/prompts/p/{name}").respond_with_json(envelope)
    server = ["--base-url", httpserver.url_for(""), "--api-key", "k", "--project-id", "x", "--prompt-id", "p"]
    assert main(["prompts", "diff", *server, "1", "2"]) == 1
    assert shown in capsys.readouterr().out
    assert main(["prompts", "diff", *server, "1", "lost"]) == 2
