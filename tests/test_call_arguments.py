"""A resolved prompt becomes the keyword arguments of a model call, in the words of the SDK that makes it."""

from __future__ import annotations

from typing import Any

import pytest
from samples import PROMPT, PROMPT_VERSION, RESOLVED, RESOLVED_TEXT

from to11ai_sdk import Prompt, PromptVersion, ResolvedPrompt

CHAT = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hi"},
    {"role": "developer", "content": "In French."},
    {"role": "assistant", "content": "Salut"},
    {"role": "user", "content": "Bye"},
]


def resolved(*messages: dict[str, str]) -> ResolvedPrompt:
    rendered = {"format": "chat", "messages": list(messages)}
    return ResolvedPrompt.from_dict({**RESOLVED, "versionId": "pv_1", "rendered": rendered})


def version(settings: Any) -> PromptVersion:
    return PromptVersion.from_dict({**PROMPT_VERSION, "modelConfig": settings})


def test_messages_of_all_roles() -> None:
    assert resolved(*CHAT).to_openai() == {"messages": CHAT}
    assert resolved(*CHAT).to_anthropic() == {
        "system": "Be brief.\n\nIn French.",
        "messages": [CHAT[1], CHAT[3], CHAT[4]],
        "max_tokens": 4096,
    }


def test_a_text_prompt_is_one_message_of_the_user() -> None:
    prompt = ResolvedPrompt.from_dict(RESOLVED_TEXT)
    message = {"role": "user", "content": "Hello."}
    assert prompt.to_openai() == {"messages": [message]}
    assert prompt.to_anthropic() == {"messages": [message], "max_tokens": 4096}


def test_messages_can_be_added() -> None:
    prompt = resolved(*CHAT[:2])
    arguments = prompt.to_anthropic()
    arguments["messages"].append(CHAT[3])
    assert prompt.to_anthropic() == {"system": "Be brief.", "messages": [CHAT[1]], "max_tokens": 4096}
    assert arguments["messages"] == [CHAT[1], CHAT[3]]


# fmt: off
UNANSWERABLE: dict[str, list[dict[str, str]]] = {
    "only of the system": [CHAT[0], CHAT[2]],
    "a blank one of the user": [CHAT[0], {"role": "user", "content": " \n"}],
    "none": [],
}
# fmt: on


@pytest.mark.parametrize("messages", UNANSWERABLE.values(), ids=UNANSWERABLE)
def test_anthropic_needs_a_message_that_is_not_of_the_system(messages: list[dict[str, str]]) -> None:
    prompt = resolved(*messages)
    with pytest.raises(ValueError, match=r"no message of a user or an assistant: pass messages="):
        prompt.to_anthropic(model="m")
    given = prompt.to_anthropic(model="m", messages=[CHAT[1]])
    assert given["messages"] == [CHAT[1]]
    assert given.get("system", "") == "\n\n".join(text["content"] for text in messages if text["role"] != "user")
    if messages:
        assert prompt.to_openai() == {"messages": messages}
    else:
        with pytest.raises(ValueError, match=r"pass messages="):
            prompt.to_openai()


@pytest.mark.parametrize("role", ["tool", "function", "User"])
def test_a_role_that_needs_more_than_text_is_named(role: str) -> None:
    prompt = resolved(CHAT[1], {"role": role, "content": "42"})
    for method in (prompt.to_openai, prompt.to_anthropic):
        with pytest.raises(ValueError, match=rf"^messages\[1\] has the role '{role}'"):
            method()


# fmt: off
SETTINGS: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    ({"model": "m"}, {"model": "m"}, {"model": "m", "max_tokens": 4096}),
    ({"max_tokens": 5}, {"max_completion_tokens": 5}, {"max_tokens": 5}),
    ({"maxTokens": 5}, {"max_completion_tokens": 5}, {"max_tokens": 5}),
    ({"max_completion_tokens": 5}, {"max_completion_tokens": 5}, {"max_tokens": 5}),
    ({"maxOutputTokens": 5}, {"max_completion_tokens": 5}, {"max_tokens": 5}),
    ({"temperature": 0}, {"temperature": 0}, {"extra_body": {"temperature": 0}, "max_tokens": 4096}),
    ({"topP": 0.5, "top_k": 3}, {"top_p": 0.5}, {"extra_body": {"top_p": 0.5, "top_k": 3}, "max_tokens": 4096}),
    ({"stop": "END"}, {"stop": "END"}, {"stop_sequences": ["END"], "max_tokens": 4096}),
    ({"stop": ["A", "B"]}, {"stop": ["A", "B"]}, {"stop_sequences": ["A", "B"], "max_tokens": 4096}),
    ({"stop_sequences": ["A"]}, {"stop": ["A"]}, {"stop_sequences": ["A"], "max_tokens": 4096}),
    ({"stopSequences": "A"}, {"stop": "A"}, {"stop_sequences": ["A"], "max_tokens": 4096}),
    ({"stop": "A", "stop_sequences": ["B"]}, {"stop": "A"}, {"stop_sequences": ["B"], "max_tokens": 4096}),
    ({"stop": [], "stop_sequences": ""}, {}, {"max_tokens": 4096}),
    ({"max_tokens": 0}, {"max_completion_tokens": 0}, {"max_tokens": 0}),
    ({"parallel_tool_calls": False, "logprobs": True}, {"logprobs": True}, {"max_tokens": 4096}),
    ({"reasoningEffort": "low", "seed": 1}, {"reasoning_effort": "low", "seed": 1}, {"max_tokens": 4096}),
    ({"thinking": {"type": "disabled"}}, {}, {"thinking": {"type": "disabled"}, "max_tokens": 4096}),
    ({"model": None, "owner": "us", "stream": True, "messages": [], "tools": []}, {}, {"max_tokens": 4096}),
]
# fmt: on


@pytest.mark.parametrize(("settings", "openai", "anthropic"), SETTINGS, ids=[str(row[0]) for row in SETTINGS])
def test_settings_in_the_words_of_each_sdk(
    settings: dict[str, Any], openai: dict[str, Any], anthropic: dict[str, Any]
) -> None:
    prompt = resolved(CHAT[1])
    assert prompt.to_openai(version(settings)) == {"messages": [CHAT[1]], **openai}
    assert prompt.to_anthropic(version(settings)) == {"messages": [CHAT[1]], **anthropic}


def test_arguments_replace_settings() -> None:
    prompt, settings = resolved(CHAT[1]), version({"model": "m", "max_tokens": 5, "temperature": 1})
    given = {"model": "n", "max_tokens": 9, "temperature": None, "tools": [{}]}
    assert prompt.to_openai(settings, **given) == {
        "messages": [CHAT[1]], "model": "n", "max_tokens": 9, "tools": [{}]
    }  # fmt: skip
    assert prompt.to_anthropic(settings, **given) == prompt.to_openai(settings, **given)
    body = prompt.to_anthropic(settings, temperature=0, extra_body={"top_k": 1})["extra_body"]
    assert body == {"temperature": 0, "top_k": 1}


def test_the_default_has_room_for_thinking() -> None:
    """Anthropic refuses a budget that is not below ``max_tokens``."""
    prompt, thinking = resolved(CHAT[1]), {"type": "enabled", "budget_tokens": 10_000}
    settings = version({"thinking": thinking})
    assert prompt.to_anthropic(settings)["max_tokens"] == 14_096
    assert prompt.to_anthropic(thinking=thinking)["max_tokens"] == 14_096
    assert prompt.to_anthropic(settings, thinking=None)["max_tokens"] == 4096
    assert prompt.to_anthropic(settings, max_tokens=10_001)["max_tokens"] == 10_001
    assert prompt.to_anthropic(version({"thinking": thinking, "max_tokens": 9}))["max_tokens"] == 9
    for odd in ({"type": "adaptive"}, {"budget_tokens": "many"}, "on", []):
        assert prompt.to_anthropic(version({"thinking": odd}))["max_tokens"] == 4096


def test_parallel_tool_calls_are_for_calls_with_tools() -> None:
    """OpenAI refuses the argument in any other call."""
    settings = version({"parallelToolCalls": False})
    assert resolved(CHAT[1]).to_openai(settings, tools=[{}])["parallel_tool_calls"] is False


def test_a_version_without_settings() -> None:
    assert resolved(CHAT[1]).to_openai(version(None)) == {"messages": [CHAT[1]]}


@pytest.mark.parametrize("settings", [[], "gpt-4o", 1])
def test_settings_that_are_no_object_are_refused(settings: Any) -> None:
    with pytest.raises(ValueError, match=r"^the settings of the version must be an object, not "):
        resolved(CHAT[1]).to_openai(version(settings))


def test_another_version_is_refused() -> None:
    other = ResolvedPrompt.from_dict({**RESOLVED, "versionId": "pv_2"})
    for method in (other.to_openai, other.to_anthropic):
        with pytest.raises(ValueError, match="resolved from the version 'pv_2', not 'pv_1'"):
            method(version({}))


@pytest.mark.parametrize(
    "wrong",
    ["pv_1", 1, 0, "", {}, {"id": "pv_1"}, Prompt.from_dict(PROMPT), resolved(CHAT[1])],
    ids=lambda wrong: type(wrong).__name__,
)
def test_what_is_no_version_is_a_type_error(wrong: Any) -> None:
    for method in (resolved(CHAT[1]).to_openai, resolved(CHAT[1]).to_anthropic):
        with pytest.raises(TypeError, match=f"^version must be a PromptVersion, not {type(wrong).__name__}$"):
            method(wrong)


@pytest.mark.parametrize("settings", [None, {"model": "m"}, [1], "text"])
def test_a_version_has_its_settings_under_a_name_that_pydantic_does_not_use(settings: Any) -> None:
    made = version(settings)
    assert made.settings == made.model_config_ == settings
    assert made.model_dump(by_alias=True)["modelConfig"] == settings
    assert "settings" not in made.model_dump()
