"""What the packages ``openai`` and ``anthropic`` send by themselves reaches a model of the other kind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anthropic
import pytest
from anthropic.types.beta.message_create_params import MessageCreateParamsStreaming
from openai.types.chat.completion_create_params import CompletionCreateParamsStreaming
from openai.types.responses.response_create_params import ResponseCreateParamsStreaming

from to11ai_sdk.local.gateway.formats import members

if TYPE_CHECKING:
    import openai

    from to11ai_sdk.local import LocalTo11

WEATHER: Any = [{"role": "user", "content": "get_weather in Paris"}]
CUSTOM: Any = {"type": "custom", "name": "run", "description": "Runs code."}
GO: Any = {"type": "function", "name": "go", "parameters": {"type": "object", "properties": {}}, "strict": False}
NAMESPACE: Any = {"type": "namespace", "name": "maps", "description": "Maps.", "tools": [GO]}


@pytest.mark.parametrize(
    ("table", "params"),
    [
        (members.CHAT, CompletionCreateParamsStreaming),
        (members.RESPONSES, ResponseCreateParamsStreaming),
        (members.ANTHROPIC, MessageCreateParamsStreaming),
    ],
    ids=["chat", "responses", "anthropic"],
)
def test_every_member_that_the_sdks_know_has_its_place_in_the_table(table: Any, params: Any) -> None:
    assert set(params.__required_keys__ | params.__optional_keys__) - set(table) == set()


@pytest.mark.parametrize("streamed", [False, True])
def test_the_tool_runner_goes_on_without_a_thread(claude: anthropic.Anthropic, to11: LocalTo11, streamed: bool) -> None:
    if not hasattr(claude.beta.messages, "thread"):
        pytest.skip("this version of the SDK knows no threads")

    @anthropic.beta_tool
    def get_weather(city: str) -> str:
        """Return the weather in a city."""
        return f"sunny in {city}"

    create: Any = claude.beta.messages.tool_runner
    runner = create(model="gpt-4o", max_tokens=99, tools=[get_weather], messages=WEATHER, stream=streamed)
    turns = [turn.get_final_message() if streamed else turn for turn in runner]
    assert [turn.stop_reason for turn in turns] == ["tool_use", "end_turn"]
    assert "sunny in" in turns[1].content[0].text
    assert [span.status for span in reversed(to11.traces())] == [400, 200, 200]


def test_a_thread_raises_instead_of_forgetting(claude: anthropic.Anthropic) -> None:
    if not hasattr(claude.beta.messages, "thread"):
        pytest.skip("this version of the SDK knows no threads")
    with pytest.raises(anthropic.BadRequestError, match="send all of its messages"):
        claude.beta.messages.thread(model="gpt-4o", max_tokens=64).send("Hello!")


@pytest.mark.parametrize("streamed", [False, True])
def test_custom_and_grouped_tools_of_responses(gpt: openai.OpenAI, streamed: bool) -> None:
    def called(tool: Any) -> Any:
        asked: Any = {
            "model": "claude-sonnet-4-6",
            "input": "Please.",
            "tools": [tool, {"type": "web_search"}],
            "tool_choice": "required",
        }
        if not streamed:
            return gpt.responses.create(**asked).output[-1]
        with gpt.responses.stream(**asked) as stream:
            return stream.get_final_response().output[-1]

    assert (called(CUSTOM).type, called(CUSTOM).name, type(called(CUSTOM).input)) == ("custom_tool_call", "run", str)
    assert (called(NAMESPACE).type, called(NAMESPACE).name) == ("function_call", "go")
    assert called(NAMESPACE).namespace == "maps"


def test_a_custom_tool_of_chat_completions(gpt: openai.OpenAI) -> None:
    tool: Any = {"type": "custom", "custom": {"name": "run"}}
    reply = gpt.chat.completions.create(
        model="claude-sonnet-4-6",
        messages=[{"role": "user", "content": "Please."}],
        tools=[tool],
        tool_choice="required",
    )
    [call] = reply.choices[0].message.tool_calls or ()
    assert call.type == "custom"
    assert call.custom.name == "run"


@pytest.mark.parametrize("streamed", [False, True])
def test_a_chat_client_keeps_the_thoughts_of_claude_for_claude(gpt: openai.OpenAI, streamed: bool) -> None:
    tool: Any = {"type": "function", "function": {"name": "get_weather", "parameters": GO["parameters"]}}
    asked: Any = {"tools": [tool], "reasoning_effort": "high", "model": "claude-sonnet-4-6"}
    if streamed:
        with gpt.chat.completions.stream(messages=WEATHER, **asked) as stream:
            message: Any = stream.get_final_completion().choices[0].message
    else:
        message = gpt.chat.completions.create(messages=WEATHER, **asked).choices[0].message
    assert message.reasoning_content
    [proof] = [detail["signature"] for detail in message.reasoning_details]
    assert proof.startswith("to11:anthropic_messages:anthropic::")
    result: Any = {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "sunny"}
    for model in ("claude-sonnet-4-6", "gpt-4o"):
        reply = gpt.chat.completions.create(messages=[*WEATHER, message, result], **{**asked, "model": model})
        assert "sunny" in str(reply.choices[0].message.content)
