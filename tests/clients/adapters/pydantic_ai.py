"""``pydantic-ai``: three of its models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .. import asked
from ..asked import City, Reply, Stream, Talk
from ..client import Client

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient


CLASSES: dict[str | tuple[str, str], str] = {
    "key": "ModelAuthenticationError",
    "model": "ModelNotFoundError",
    "rate": "ModelRateLimitError",
    "server": "ModelServerError",
    "stream": "ModelServerError",
}


class OverChat(Client):
    """OpenAIChatModel."""

    title = "pydantic-ai, OpenAIChatModel"
    package = "pydantic-ai-slim"
    classes: ClassVar = CLASSES

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        from openai import AsyncOpenAI
        from pydantic_ai import Agent
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        sdk = AsyncOpenAI(**client.openai_options(project_id=project_id, gateway_url=gateway_url))
        agent = Agent(OpenAIChatModel(model, provider=OpenAIProvider(openai_client=sdk)))
        return agent, sdk

    def at_once(self) -> None:
        self.sdk[1].max_retries = 0

    def chat(self, text: str) -> Reply:
        return self.said(text)

    def said(self, prompt: Any) -> Reply:
        found = self.sdk[0].run_sync(prompt)
        return Reply(found.output, (found.usage.input_tokens, found.usage.output_tokens))

    def stream(self, text: str) -> Stream:
        result = self.sdk[0].run_stream_sync(text)
        pieces = list(result.stream_text(delta=True, debounce_by=None))
        return Stream(pieces, (result.usage.input_tokens, result.usage.output_tokens))

    def tools(self, *texts: str) -> Talk:
        talk, history = Talk(), None
        agent = self.with_tool(talk)
        for text in texts:
            found = agent.run_sync(text, message_history=history)
            talk.texts.append(found.output)
            history = found.all_messages()
        return talk

    def with_tool(self, talk: Talk, **more: Any) -> Any:
        from pydantic_ai import Agent

        def get_weather(location: str) -> str:
            """The weather of a place."""
            talk.calls.append(("get_weather", {"location": location}))
            return asked.get_weather(location)

        return Agent(self.sdk[0].model, tools=[get_weather], **more)

    def structured(self) -> Any:
        return self.sdk[0].run_sync(asked.CITY_AS_ARGUMENTS, output_type=City).output.model_dump()

    def agent(self) -> Any:
        from pydantic_ai import UsageLimits

        found = self.with_tool(Talk(), output_type=City).run_sync(
            asked.AGENT, usage_limits=UsageLimits(request_limit=6)
        )
        return found.output.model_dump()

    def image(self, text: str) -> Reply:
        from pydantic_ai import BinaryContent

        return self.said([text, BinaryContent.from_data_uri(asked.DATA_URL)])


class OverResponses(OverChat):
    """OpenAIResponsesModel."""

    title = "pydantic-ai, OpenAIResponsesModel"
    opaque = (("stream", asked.CLAUDE),)
    classes: ClassVar = {**CLASSES, ("stream", asked.CLAUDE): "ModelAPIError"}

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        from openai import AsyncOpenAI
        from pydantic_ai import Agent
        from pydantic_ai.models.openai import OpenAIResponsesModel
        from pydantic_ai.providers.openai import OpenAIProvider

        sdk = AsyncOpenAI(**client.openai_options(project_id=project_id, gateway_url=gateway_url))
        agent = Agent(OpenAIResponsesModel(model, provider=OpenAIProvider(openai_client=sdk)))
        return agent, sdk


class OverAnthropic(OverChat):
    """AnthropicModel."""

    title = "pydantic-ai, AnthropicModel"
    classes: ClassVar = {**CLASSES, ("stream", asked.CLAUDE): "ModelOverloadedError"}

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        from anthropic import AsyncAnthropic
        from pydantic_ai import Agent
        from pydantic_ai.models.anthropic import AnthropicModel
        from pydantic_ai.providers.anthropic import AnthropicProvider

        sdk = AsyncAnthropic(**client.anthropic_options(project_id=project_id, gateway_url=gateway_url))
        agent = Agent(AnthropicModel(model, provider=AnthropicProvider(anthropic_client=sdk)))
        return agent, sdk
