"""``openai``: chat completions and Responses."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from .. import asked
from ..asked import City, Reply, Stream, Talk
from ..client import Cannot, Client

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from to11ai_sdk import To11aiClient

SCHEMA_ON_CLAUDE = Cannot(
    "for an Anthropic model the gateway refuses a JSON schema in OpenAI's formats with 400, as to11's documentation "
    "says; use a tool instead",
    "response_format|text.format|json_schema",
)
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "get_weather", "description": asked.DESCRIPTION, "parameters": asked.PARAMETERS},
}
FLAT_TOOL: dict[str, Any] = {"type": "function", "strict": False, **TOOL["function"]}
CLASSES = {
    "key": "AuthenticationError",
    "model": "NotFoundError",
    "rate": "RateLimitError",
    "server": "InternalServerError",
    "stream": "APIError",
}


def talk(texts: Iterable[str], answer: Callable[[list[Any]], Any], *, names_results: bool = False) -> Talk:
    """Hold a conversation over chat completions; ``answer`` appends the model's message, and returns it."""
    talk, messages = Talk(), list[Any]()
    for text in texts:
        messages.append({"role": "user", "content": text})
        while (message := answer(messages)).tool_calls:
            for call in message.tool_calls:
                arguments = json.loads(call.function.arguments)
                talk.calls.append((call.function.name, arguments))
                name = {"name": call.function.name} if names_results else {}
                result = asked.get_weather(**arguments)
                messages.append({"role": "tool", **name, "tool_call_id": call.id, "content": result})
        talk.texts.append(message.content)
    return talk


def streamed(chunks: list[Any]) -> Stream:
    """What a stream of chat completions says."""
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices and chunk.choices[0].delta.content]
    usage = chunks[-1].usage
    return Stream(pieces, (usage.prompt_tokens, usage.completion_tokens))


class Chat(Client):
    """Chat completions."""

    title = "openai, chat completions"
    package = "openai"
    cannot: ClassVar = {
        ("structured", asked.CLAUDE): SCHEMA_ON_CLAUDE,
        "agent": Cannot("it has no loop of its own"),
    }
    classes = CLASSES

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        from openai import OpenAI

        sdk = OpenAI(**client.openai_options(project_id=project_id, gateway_url=gateway_url))
        return sdk

    def at_once(self) -> None:
        self.sdk.max_retries = 0

    def chat(self, text: str) -> Reply:
        return self.said([{"role": "user", "content": text}])

    def said(self, messages: Any) -> Reply:
        found = self.sdk.chat.completions.create(model=self.model, messages=messages)
        return Reply(found.choices[0].message.content, (found.usage.prompt_tokens, found.usage.completion_tokens))

    def stream(self, text: str) -> Stream:
        messages = [{"role": "user", "content": text}]
        asked: Any = {"model": self.model, "messages": messages, "stream_options": {"include_usage": True}}
        return streamed(list(self.sdk.chat.completions.create(**asked, stream=True)))

    def tools(self, *texts: str) -> Talk:
        return talk(texts, self.answer)

    def answer(self, messages: list[Any]) -> Any:
        found = self.sdk.chat.completions.create(model=self.model, messages=messages, tools=[TOOL])
        messages.append(found.choices[0].message)
        return found.choices[0].message

    def structured(self) -> Any:
        messages = [{"role": "user", "content": asked.CITY_AS_ANSWER}]
        found = self.sdk.chat.completions.parse(model=self.model, messages=messages, response_format=City)
        return found.choices[0].message.parsed.model_dump()

    def image(self, text: str) -> Reply:
        picture = {"type": "image_url", "image_url": {"url": asked.DATA_URL}}
        return self.said([{"role": "user", "content": [{"type": "text", "text": text}, picture]}])


class Responses(Client):
    """Responses."""

    title = "openai, responses"
    package = "openai"
    cannot: ClassVar = {
        ("structured", asked.CLAUDE): SCHEMA_ON_CLAUDE,
        "agent": Cannot("it has no loop of its own"),
    }
    classes: ClassVar = {**CLASSES, "stream": "RuntimeError"}
    opaque = ("stream",)
    notes = (
        "An error inside a stream of responses is an event of the type `error`, not an exception. Check for it, or you "
        "may take half an answer for a whole one. Only `get_final_response()` raises an exception, a `RuntimeError` "
        "without the reason.",
    )
    connect = Chat.connect
    at_once = Chat.at_once

    def chat(self, text: str) -> Reply:
        return self.said(text)

    def said(self, turns: Any) -> Reply:
        found = self.sdk.responses.create(model=self.model, input=turns)
        return Reply(found.output_text, (found.usage.input_tokens, found.usage.output_tokens))

    def stream(self, text: str) -> Stream:
        with self.sdk.responses.stream(model=self.model, input=text) as stream:
            pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
            usage = stream.get_final_response().usage
        return Stream(pieces, (usage.input_tokens, usage.output_tokens))

    def tools(self, *texts: str) -> Talk:
        talk, turns = Talk(), list[Any]()
        for text in texts:
            turns.append({"role": "user", "content": text})
            while calls := self.calls(turns):
                for call in calls:
                    arguments = json.loads(call.arguments)
                    talk.calls.append((call.name, arguments))
                    result = asked.get_weather(**arguments)
                    turns.append({"type": "function_call_output", "call_id": call.call_id, "output": result})
            talk.texts.append(turns[-1].content[0].text)
        return talk

    def calls(self, turns: list[Any]) -> list[Any]:
        found = self.sdk.responses.create(model=self.model, input=turns, tools=[FLAT_TOOL])
        turns += found.output
        return [item for item in found.output if item.type == "function_call"]

    def structured(self) -> Any:
        found = self.sdk.responses.parse(model=self.model, input=asked.CITY_AS_ANSWER, text_format=City)
        return found.output_parsed.model_dump()

    def image(self, text: str) -> Reply:
        picture = {"type": "input_image", "image_url": asked.DATA_URL, "detail": "auto"}
        return self.said([{"role": "user", "content": [{"type": "input_text", "text": text}, picture]}])
