"""``anthropic``: messages, and its tool runner."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import asked
from ..asked import City, Reply, Stream, Talk
from ..client import Client

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient

TOOL: dict[str, Any] = {
    "name": "get_weather",
    "description": asked.DESCRIPTION,
    "input_schema": asked.PARAMETERS,
}
PICTURE: dict[str, Any] = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": asked.PNG},
}
CLASSES = {
    "key": "AuthenticationError",
    "model": "NotFoundError",
    "rate": "RateLimitError",
    "server": "InternalServerError",
    "stream": "APIStatusError",
}


class Messages(Client):
    """Messages."""

    title = "anthropic"
    package = "anthropic"
    classes = CLASSES

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        from anthropic import Anthropic

        sdk = Anthropic(**client.anthropic_options(project_id=project_id, gateway_url=gateway_url))
        return sdk

    def at_once(self) -> None:
        self.sdk.max_retries = 0

    def chat(self, text: str) -> Reply:
        return self.said(text)

    def said(self, content: Any) -> Reply:
        messages = [{"role": "user", "content": content}]
        found = self.sdk.messages.create(model=self.model, max_tokens=99, messages=messages)
        return Reply(found.content[0].text, (found.usage.input_tokens, found.usage.output_tokens))

    def stream(self, text: str) -> Stream:
        messages = [{"role": "user", "content": text}]
        with self.sdk.messages.stream(model=self.model, max_tokens=99, messages=messages) as stream:
            pieces = list(stream.text_stream)
            usage = stream.get_final_message().usage
        return Stream(pieces, (usage.input_tokens, usage.output_tokens))

    def tools(self, *texts: str) -> Talk:
        talk, messages = Talk(), list[Any]()
        for text in texts:
            messages.append({"role": "user", "content": text})
            while results := self.results(messages, talk):
                messages.append({"role": "user", "content": results})
            talk.texts.append(messages[-1]["content"][-1].text)
        return talk

    def results(self, messages: list[Any], talk: Talk) -> list[Any]:
        """The results of the tools that the next turn calls."""
        found = self.sdk.messages.create(model=self.model, max_tokens=99, messages=messages, tools=[TOOL])
        messages.append({"role": "assistant", "content": found.content})
        calls = [part for part in found.content if part.type == "tool_use"]
        talk.calls += [(call.name, call.input) for call in calls]
        return [
            {"type": "tool_result", "tool_use_id": call.id, "content": asked.get_weather(**call.input)}
            for call in calls
        ]

    def structured(self) -> Any:
        messages = [{"role": "user", "content": asked.CITY_AS_ANSWER}]
        found = self.sdk.messages.parse(model=self.model, max_tokens=99, messages=messages, output_format=City)
        return found.parsed_output.model_dump()

    def agent(self) -> Any:
        from anthropic import beta_tool

        talk = Talk()

        @beta_tool(description=asked.DESCRIPTION)
        def get_weather(location: str) -> str:
            talk.calls.append(("get_weather", {"location": location}))
            return asked.get_weather(location)

        messages = [{"role": "user", "content": asked.AGENT}]
        final = self.sdk.beta.messages.tool_runner(
            model=self.model, max_tokens=99, messages=messages, tools=[get_weather]
        ).until_done()
        talk.texts.append(final.content[-1].text)
        return talk

    def image(self, text: str) -> Reply:
        return self.said([PICTURE, {"type": "text", "text": text}])
