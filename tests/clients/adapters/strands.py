"""``strands-agents``: its models for OpenAI and Anthropic."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from .. import asked
from ..asked import City, Reply, Stream, Talk
from ..client import Client
from . import anthropic, openai

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient


class OverOpenAI(Client):
    """OpenAIModel."""

    title = "strands-agents, OpenAIModel"
    package = "strands-agents"
    classes: ClassVar = {**openai.CLASSES, "rate": "ModelThrottledException"}
    notes = (
        "After a 429 the agent makes 6 attempts, and the underlying SDK retries within each of them. To avoid this, "
        "pass `retry_strategy=None` to the agent, or `max_retries` 0 in `client_args`.",
    )

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        from strands import Agent
        from strands.models.openai import OpenAIModel

        options = client.openai_options(project_id=project_id, gateway_url=gateway_url)
        agent = Agent(OpenAIModel(client_args=options, model_id=model), callback_handler=None)
        return agent

    def at_once(self) -> None:
        self.sdk.model.client_args["max_retries"] = 0
        self.more: dict[str, Any] = {"retry_strategy": None}

    def fresh(self, **more: Any) -> Any:
        from strands import Agent

        return Agent(self.sdk.model, callback_handler=None, **{**getattr(self, "more", {}), **more})

    def chat(self, text: str) -> Reply:
        return self.said(text)

    def said(self, prompt: Any) -> Reply:
        found = self.fresh()(prompt)
        usage = found.metrics.accumulated_usage
        return Reply(str(found).rstrip("\n"), (usage["inputTokens"], usage["outputTokens"]))

    def stream(self, text: str) -> Stream:
        agent = self.fresh()

        async def collect() -> Stream:
            events = [event async for event in agent.stream_async(text)]
            usage = events[-1]["result"].metrics.accumulated_usage
            pieces = [event["data"] for event in events if "data" in event]
            return Stream(pieces, (usage["inputTokens"], usage["outputTokens"]))

        return asyncio.run(collect())

    def tools(self, *texts: str) -> Talk:
        talk = Talk()
        agent = self.fresh(tools=[self.tool(talk)])
        talk.texts += [str(agent(text)).rstrip("\n") for text in texts]
        return talk

    @staticmethod
    def tool(talk: Talk) -> Any:
        from strands import tool

        @tool
        def get_weather(location: str) -> str:
            """The weather of a place."""
            talk.calls.append(("get_weather", {"location": location}))
            return asked.get_weather(location)

        return get_weather

    def structured(self) -> Any:
        found = self.fresh()(asked.CITY_AS_ARGUMENTS, structured_output_model=City)
        return found.structured_output.model_dump()

    def agent(self) -> Any:
        agent = self.fresh(tools=[self.tool(Talk())])
        return agent(asked.AGENT, structured_output_model=City).structured_output.model_dump()

    def image(self, text: str) -> Reply:
        import base64

        picture = {"image": {"format": "png", "source": {"bytes": base64.b64decode(asked.PNG)}}}
        return self.said([{"text": text}, picture])


class OverAnthropic(OverOpenAI):
    """AnthropicModel."""

    title = "strands-agents, AnthropicModel"
    classes: ClassVar = {**anthropic.CLASSES, "rate": "ModelThrottledException"}

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        from strands import Agent
        from strands.models.anthropic import AnthropicModel

        options = client.anthropic_options(project_id=project_id, gateway_url=gateway_url)
        agent = Agent(AnthropicModel(client_args=options, model_id=model, max_tokens=999), callback_handler=None)
        return agent

    def at_once(self) -> None:
        self.sdk.model.client.max_retries = 0
        self.more = {"retry_strategy": None}
