"""``langchain-openai`` and ``langchain-anthropic``, and the agents of ``langchain``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .. import asked
from ..asked import City, Reply, Stream, Talk
from ..client import Client
from . import openai

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient


class OverOpenAI(Client):
    """ChatOpenAI."""

    title = "langchain-openai"
    package = "langchain-openai"
    cannot: ClassVar = {("structured", asked.CLAUDE): openai.SCHEMA_ON_CLAUDE}
    classes: ClassVar = {
        "key": "OpenAIAuthenticationError",
        "model": "OpenAIModelNotFoundError",
        "rate": "OpenAIRateLimitError",
        "server": "OpenAIAPIError",
        "stream": "APIError",
    }
    notes = (
        "A stream reports its tokens only with `stream_usage=True`, because the base URL is not OpenAI's.",
        'For structured answers from Claude use `ToolStrategy(...)` in agents, or `method="function_calling"`.',
    )

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        from langchain_openai import ChatOpenAI

        options = client.openai_options(project_id=project_id, gateway_url=gateway_url)
        chat = ChatOpenAI(model=model, stream_usage=True, **options)
        return chat

    def at_once(self) -> None:
        self.sdk.root_client.max_retries = 0

    def chat(self, text: str) -> Reply:
        return self.said(text)

    def said(self, content: Any) -> Reply:
        found = self.sdk.invoke([{"role": "user", "content": content}])
        return Reply(found.text, (found.usage_metadata["input_tokens"], found.usage_metadata["output_tokens"]))

    def stream(self, text: str) -> Stream:
        whole, pieces = None, list[str]()
        for chunk in self.sdk.stream(text):
            whole = chunk if whole is None else whole + chunk
            pieces += [chunk.text] if chunk.text else []
        usage = whole.usage_metadata if whole is not None else {}
        return Stream(pieces, (usage["input_tokens"], usage["output_tokens"]))

    def tools(self, *texts: str) -> Talk:
        from langchain.agents import create_agent

        talk = Talk()
        agent, state = create_agent(self.sdk, tools=[self.tool(talk)]), {"messages": list[Any]()}
        for text in texts:
            state = agent.invoke({"messages": [*state["messages"], {"role": "user", "content": text}]})
            talk.texts.append(state["messages"][-1].text)
        return talk

    @staticmethod
    def tool(talk: Talk) -> Any:
        def get_weather(location: str) -> str:
            """The weather of a place."""
            talk.calls.append(("get_weather", {"location": location}))
            return asked.get_weather(location)

        return get_weather

    def structured(self) -> Any:
        return self.sdk.with_structured_output(City).invoke(asked.CITY_AS_ANSWER).model_dump()

    def agent(self) -> Any:
        from langchain.agents import create_agent
        from langchain.agents.structured_output import ToolStrategy

        agent = create_agent(self.sdk, tools=[self.tool(Talk())], response_format=ToolStrategy(City))
        turns = {"messages": [{"role": "user", "content": asked.AGENT}]}
        state = agent.invoke(turns, {"recursion_limit": 12})
        return state["structured_response"].model_dump()

    def image(self, text: str) -> Reply:
        picture = {"type": "image", "base64": asked.PNG, "mime_type": "image/png"}
        return self.said([{"type": "text", "text": text}, picture])


class OverAnthropic(OverOpenAI):
    """ChatAnthropic."""

    title = "langchain-anthropic"
    package = "langchain-anthropic"
    cannot: ClassVar = {}
    classes: ClassVar = {
        "key": "AnthropicAuthenticationError",
        "model": "AnthropicModelNotFoundError",
        "rate": "AnthropicRateLimitError",
        "server": "AnthropicAPIError",
        "stream": "APIStatusError",
    }
    notes = ()

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        from langchain_anthropic import ChatAnthropic

        options = client.anthropic_options(project_id=project_id, gateway_url=gateway_url)
        chat = ChatAnthropic(model=model, max_tokens=99, **options)
        return chat

    def at_once(self) -> None:
        self.sdk._client.max_retries = 0

    def structured(self) -> Any:
        return self.sdk.with_structured_output(City, method="json_schema").invoke(asked.CITY_AS_ANSWER).model_dump()
