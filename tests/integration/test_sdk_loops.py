"""What the providers' own SDKs do by themselves in several turns, against ``echo``."""

from __future__ import annotations

from typing import Any

import anthropic
import openai
import pytest

CLAUDE = "claude-sonnet-4-6"


@anthropic.beta_tool
def get_weather(location: str) -> str:
    """The weather at a place.

    Args:
        location: the place
    """
    return f"sunny in {location}"


@pytest.mark.parametrize("streamed", [False, True])
def test_the_tool_runner_of_anthropic_goes_on_with_the_whole_conversation(
    claude: anthropic.Anthropic, streamed: bool
) -> None:
    asked: Any = {"role": "user", "content": 'What is the weather? {"location": "Paris"}'}
    runner: Any = claude.beta.messages.tool_runner(
        model=CLAUDE, max_tokens=99, messages=[asked], tools=[get_weather], stream=streamed
    )
    replies = [turn.get_final_message() if streamed else turn for turn in runner]
    assert [reply.stop_reason for reply in replies] == ["tool_use", "end_turn"]
    assert replies[-1].content[0].text == "echo: get_weather returned sunny in Paris"
    assert replies[-1].usage.input_tokens > replies[0].usage.input_tokens


def test_a_thread_of_anthropic_raises_instead_of_forgetting(claude: anthropic.Anthropic) -> None:
    thread: Any = claude.beta.messages.thread(model=CLAUDE, max_tokens=64)
    with pytest.raises(anthropic.BadRequestError, match="thread_unsupported_request") as refused:
        thread.send("Hello")
    assert "without `thread`" in str(refused.value)


TOOL: Any = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
    "strict": False,
}


@pytest.mark.parametrize("streamed", [False, True])
def test_a_response_of_openai_goes_on_from_the_one_before(gpt: openai.OpenAI, streamed: bool) -> None:
    def ask(given: Any, **rest: Any) -> Any:
        asked: Any = {"model": "gpt-4o", "input": given, "tools": [TOOL], **rest}
        if not streamed:
            return gpt.responses.create(**asked)
        with gpt.responses.stream(**asked) as stream:
            return stream.get_final_response()

    first = ask('What is the weather? {"location": "Paris"}')
    [call] = first.output
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    for given, rest in (
        ([result], {"previous_response_id": first.id}),
        ([{"role": "user", "content": "weather"}, {"type": "item_reference", "id": call.id}, result], {}),
    ):
        assert ask(given, **rest).output_text == "echo: get_weather returned sunny"
    with pytest.raises(openai.BadRequestError, match="not found"):
        ask("hello", previous_response_id="resp_unknown")
    with pytest.raises(openai.NotFoundError, match="Items are not persisted"):
        ask([{"type": "item_reference", "id": "msg_unknown"}])


def test_reasoning_of_openai_comes_back_sealed(gpt: openai.OpenAI) -> None:
    asked: Any = {"model": "gpt-5-mini", "store": False, "include": ["reasoning.encrypted_content"]}
    asked["reasoning"] = {"effort": "low"}
    hello: Any = [{"role": "user", "content": "hello"}]
    first = gpt.responses.create(input=hello, **asked)
    thought = first.output[0]
    assert thought.type == "reasoning"
    assert thought.encrypted_content
    items: Any = [*hello, *(item.model_dump(exclude_none=True) for item in first.output), *hello]
    assert gpt.responses.create(input=items, **asked).output_text == "echo: hello"
    items[1]["encrypted_content"] = "gAAAAABsomebody-else"
    with pytest.raises(openai.BadRequestError, match="could not be verified"):
        gpt.responses.create(input=items, **asked)
