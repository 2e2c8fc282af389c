"""What the providers' own SDKs do by themselves in several turns, against ``echo``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anthropic
import openai
import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

    from to11ai_sdk.local import LocalTo11

CLAUDE = "claude-sonnet-4-6"


@pytest.fixture
def claude(to11: LocalTo11) -> Generator[anthropic.Anthropic]:
    options = to11.client().anthropic_options(project_id=to11.project_id, gateway_url=to11.gateway_url)
    with anthropic.Anthropic(**options, max_retries=0) as client:
        yield client


@pytest.fixture
def gpt(to11: LocalTo11) -> Generator[openai.OpenAI]:
    options = to11.client().openai_options(project_id=to11.project_id, gateway_url=to11.gateway_url)
    with openai.OpenAI(**options, max_retries=0) as client:
        yield client


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
