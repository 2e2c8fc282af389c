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


# Settings as somebody writes them for one provider, before a prompt is tried with the other.
FOREIGN: dict[str, dict[str, Any]] = {
    "of OpenAI": {"stop": "END", "parallel_tool_calls": False, "seed": 1, "n": 1, "max_completion_tokens": 9},
    "of Anthropic": {"stop_sequences": ["END"], "max_tokens": 9, "top_p": 0.5, "metadata": {"user_id": "u"}},
    "of Google": {"stopSequences": ["END"], "maxOutputTokens": 9, "topP": 0.5, "candidateCount": 1},
    "of a form": {"stop_sequences": "END", "temperature": None, "provider": "openai", "maxTokens": 9, "stop": []},
}


@pytest.mark.parametrize("settings", FOREIGN.values(), ids=FOREIGN)
def test_settings_for_any_provider_and_blank_blocks(
    settings: dict[str, Any], gpt: openai.OpenAI, claude: anthropic.Anthropic, to11: LocalTo11
) -> None:
    """Blocks whose text is conditional are blank without their variable."""
    client, project = to11.client(), {"project_id": to11.project_id}
    blank = [{"role": role, "content": "{% if x %}{{ x }}{% endif %}"} for role in ("system", "user", "assistant")]
    made = client.prompts.create(**project, name="Blank", slug="blank")
    version = client.prompts.create_version(
        **project,
        prompt_id=made.id,
        format="chat",
        template_json={"messages": [*blank, {"role": "user", "content": "Hi"}, blank[2]]},
        variables_schema={"type": "object", "properties": {"x": {"type": "string", "default": ""}}},
        model_config=settings,
    )
    client.prompts.move_label(**project, prompt_id=made.id, label="production", version_id=version.id)
    resolved = client.prompts.resolve(**project, slug="blank", labels=["production"])
    completion = gpt.chat.completions.create(**resolved.to_openai(version, model="gpt-4o"))
    message = claude.messages.create(**resolved.to_anthropic(version, model="claude-sonnet-4-6"))
    assert completion.choices[0].message.content == message.content[0].text == "echo: Hi"
    sent: list[Any] = [request.body for request in to11.requests[-2:]]
    assert sent[0]["max_completion_tokens"] == sent[1]["max_tokens"] == 9
    assert sent[0]["stop"] in ("END", ["END"])
    assert sent[1]["stop_sequences"] == ["END"]
    assert "system" not in sent[1]


def test_a_conversation_under_a_system_prompt(gpt: openai.OpenAI, claude: anthropic.Anthropic, to11: LocalTo11) -> None:
    client, project = to11.client(), {"project_id": to11.project_id}
    made = client.prompts.create(**project, name="System", slug="system")
    version = client.prompts.create_version(
        **project,
        prompt_id=made.id,
        format="chat",
        template_json={"messages": [{"role": "system", "content": "Be brief."}]},
        variables_schema=None,
    )
    client.prompts.move_label(**project, prompt_id=made.id, label="production", version_id=version.id)
    resolved = client.prompts.resolve(**project, slug="system", labels=["production"])
    conversation: list[Any] = [{"role": "user", "content": "Hi"}]
    arguments = resolved.to_openai(model="gpt-4o")
    arguments["messages"] += conversation
    assert gpt.chat.completions.create(**arguments).choices[0].message.content == "echo: Hi"
    with pytest.raises(ValueError, match="pass messages="):
        resolved.to_anthropic(model="claude-sonnet-4-6")
    message = claude.messages.create(**resolved.to_anthropic(model="claude-sonnet-4-6", messages=conversation))
    assert message.content[0].text == "echo: Hi"
    body: Any = to11.requests[-1].body
    assert (body["system"], body["messages"]) == ("Be brief.", conversation)


def test_messages_are_the_input_of_responses(prompt: tuple[ResolvedPrompt, PromptVersion], gpt: openai.OpenAI) -> None:
    response = gpt.responses.create(model="gpt-4o", input=prompt[0].to_openai()["messages"])
    assert response.output_text == "echo: user 5"


def test_streams(prompt: tuple[ResolvedPrompt, PromptVersion], gpt: openai.OpenAI, claude: anthropic.Anthropic) -> None:
    resolved, version = prompt
    chunks = gpt.chat.completions.create(**resolved.to_openai(version, model="gpt-4o", stream=True))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    with claude.messages.stream(**resolved.to_anthropic(version, model="claude-sonnet-4-6")) as stream:
        assert "".join(stream.text_stream) == text == "echo: user 5"
