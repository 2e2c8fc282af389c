"""From a prompt to a model's answer with the packages ``openai`` and ``anthropic``, as the docs show it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from shell_pages import page_blocks

if TYPE_CHECKING:
    import anthropic
    import openai

    from to11ai_sdk import PromptVersion, ResolvedPrompt
    from to11ai_sdk.local import LocalTo11

SETTINGS = {"temperature": 0.2, "maxTokens": 200, "stop": ["END"], "seed": None, "owner": "us"}
MODELS = ["gpt-4o", "gpt-5-mini", "claude-sonnet-4-6", "grok-4"]


def test_the_page_on_the_gateway_runs(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("gateway.toml").write_text(page_blocks("docs/gateway.md", "toml")[0], "utf-8")
    for block in page_blocks("docs/gateway.md", "python"):
        exec(compile(block, "gateway.md", "exec"), {"__name__": "page"})
        promised = re.findall(r"\)  # ([\[e].*)", block)
        printed = capsys.readouterr().out.splitlines()
        assert [line for line in printed if "echo: " in line] == promised


@pytest.fixture
def prompt(to11: LocalTo11) -> tuple[ResolvedPrompt, PromptVersion]:
    """A prompt with every role, and its version."""
    client, project = to11.client(), {"project_id": to11.project_id}
    roles = ("system", "system", "user", "assistant", "developer", "user")
    messages = [{"role": role, "content": f"{role} {place}"} for place, role in enumerate(roles)]
    made = client.prompts.create(**project, name="All", slug="all")
    version = client.prompts.create_version(
        **project,
        prompt_id=made.id,
        format="chat",
        template_json={"messages": messages},
        variables_schema=None,
        model_config=SETTINGS,
    )
    client.prompts.move_label(**project, prompt_id=made.id, label="production", version_id=version.id)
    return client.prompts.resolve(**project, slug="all", labels=["production"]), version


@pytest.mark.parametrize("model", MODELS)
def test_both_sdks_take_the_arguments(
    prompt: tuple[ResolvedPrompt, PromptVersion],
    gpt: openai.OpenAI,
    claude: anthropic.Anthropic,
    to11: LocalTo11,
    model: str,
) -> None:
    resolved, version = prompt
    completion = gpt.chat.completions.create(**resolved.to_openai(version, model=model))
    message = claude.messages.create(**resolved.to_anthropic(version, model=model))
    assert completion.choices[0].message.content == message.content[0].text == "echo: user 5"
    sent: list[Any] = [request.body for request in to11.requests[-2:]]
    assert sent[0]["max_completion_tokens"] == sent[1]["max_tokens"] == 200
    assert sent[0]["stop"] == sent[1]["stop_sequences"] == ["END"]
    for body in sent:
        assert (body["model"], body["temperature"]) == (model, 0.2)
        assert "owner" not in body
    assert sent[1]["system"] == "system 0\n\nsystem 1"


def test_messages_are_the_input_of_responses(prompt: tuple[ResolvedPrompt, PromptVersion], gpt: openai.OpenAI) -> None:
    response = gpt.responses.create(model="gpt-4o", input=prompt[0].to_openai()["messages"])
    assert response.output_text == "echo: user 5"


def test_streams(prompt: tuple[ResolvedPrompt, PromptVersion], gpt: openai.OpenAI, claude: anthropic.Anthropic) -> None:
    resolved, version = prompt
    chunks = gpt.chat.completions.create(**resolved.to_openai(version, model="gpt-4o", stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    with claude.messages.stream(**resolved.to_anthropic(version, model="claude-sonnet-4-6")) as stream:
        assert "".join(stream.text_stream) == text == "echo: user 5"
