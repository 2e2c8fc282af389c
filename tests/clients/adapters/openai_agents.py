"""``openai-agents``: over Responses, its default, and over chat completions."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from .. import asked
from ..asked import City, Reply, Stream, Talk
from ..client import Client
from .openai import CLASSES, SCHEMA_ON_CLAUDE

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient


class OverResponses(Client):
    """Agents over Responses."""

    title = "openai-agents"
    package = "openai-agents"
    cannot: ClassVar = {
        ("structured", asked.CLAUDE): SCHEMA_ON_CLAUDE,
        ("agent", asked.CLAUDE): SCHEMA_ON_CLAUDE,
    }
    classes: ClassVar = {**CLASSES, "stream": "ModelBehaviorError"}
    opaque = ("stream",)
    notes = ("It sends traces to OpenAI unless you call `set_tracing_disabled(True)`.",)

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        from agents import Agent, OpenAIProvider, RunConfig, Runner, set_tracing_disabled
        from openai import AsyncOpenAI

        set_tracing_disabled(True)
        provider = AsyncOpenAI(**client.openai_options(project_id=project_id, gateway_url=gateway_url))
        settings = RunConfig(model_provider=OpenAIProvider(openai_client=provider))
        agent = Agent("Assistant", model=model)  # Runner.run_sync(agent, "Hello!", run_config=settings)
        return agent, Runner, settings, provider

    def at_once(self) -> None:
        self.sdk[3].max_retries = 0

    def run(self, text: Any, agent: Any = None) -> Any:
        mine, runner, settings, _ = self.sdk
        return runner.run_sync(agent or mine, text, run_config=settings)

    def chat(self, text: str) -> Reply:
        return self.said(text)

    def said(self, text: Any) -> Reply:
        found = self.run(text)
        usage = found.context_wrapper.usage
        return Reply(found.final_output, (usage.input_tokens, usage.output_tokens))

    def stream(self, text: str) -> Stream:
        agent, runner, settings, provider = self.sdk

        async def collect() -> Stream:
            result = runner.run_streamed(agent, text, run_config=settings)
            pieces = [
                event.data.delta
                async for event in result.stream_events()
                if event.type == "raw_response_event" and event.data.type == "response.output_text.delta"
            ]
            usage = result.context_wrapper.usage
            await provider.close()
            return Stream(pieces, (usage.input_tokens, usage.output_tokens))

        return asyncio.run(collect())

    def tools(self, *texts: str) -> Talk:
        talk, turns = Talk(), list[Any]()
        agent = self.sdk[0].clone(tools=[self.tool(talk)])
        for text in texts:
            found = self.run([*turns, {"role": "user", "content": text}], agent)
            talk.texts.append(found.final_output)
            turns = found.to_input_list()
        return talk

    @staticmethod
    def tool(talk: Talk) -> Any:
        from agents import function_tool

        @function_tool
        def get_weather(location: str) -> str:
            """The weather of a place."""
            talk.calls.append(("get_weather", {"location": location}))
            return asked.get_weather(location)

        return get_weather

    def structured(self) -> Any:
        return self.run(asked.CITY_AS_ANSWER, self.sdk[0].clone(output_type=City)).final_output.model_dump()

    def agent(self) -> Any:
        agent = self.sdk[0].clone(tools=[self.tool(Talk())], output_type=City)
        return self.run(asked.AGENT, agent).final_output.model_dump()

    def image(self, text: str) -> Reply:
        picture = {"type": "input_image", "image_url": asked.DATA_URL, "detail": "auto"}
        return self.said([{"role": "user", "content": [{"type": "input_text", "text": text}, picture]}])


class OverChat(OverResponses):
    """Agents over chat completions."""

    title = "openai-agents, chat completions"
    classes: ClassVar = CLASSES
    opaque = ()
    shows_tokens = ("chat",)
    notes = ("A stream reports its tokens only with `ModelSettings(include_usage=True)`.",)

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        from agents import Agent, OpenAIProvider, RunConfig, Runner, set_tracing_disabled
        from openai import AsyncOpenAI

        set_tracing_disabled(True)
        provider = AsyncOpenAI(**client.openai_options(project_id=project_id, gateway_url=gateway_url))
        settings = RunConfig(model_provider=OpenAIProvider(openai_client=provider, use_responses=False))
        agent = Agent("Assistant", model=model)  # Runner.run_sync(agent, "Hello!", run_config=settings)
        return agent, Runner, settings, provider
