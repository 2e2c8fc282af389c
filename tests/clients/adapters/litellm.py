"""``litellm`` as a client: its providers for OpenAI and Anthropic."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from .. import asked
from ..asked import City, Reply, Stream, Talk
from ..client import Cannot, Client
from .openai import SCHEMA_ON_CLAUDE, TOOL, streamed, talk

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient


class OverOpenAI(Client):
    """openai/..."""

    title = "litellm, openai/"
    package = "litellm"
    cannot: ClassVar = {
        ("structured", asked.CLAUDE): SCHEMA_ON_CLAUDE,
        "agent": Cannot("it has no loop of its own"),
    }
    classes: ClassVar = {
        "key": "AuthenticationError",
        "model": "NotFoundError",
        "rate": "RateLimitError",
        "server": "BadGatewayError",
        "stream": "MidStreamFallbackError",
    }
    says_why = False
    notes = (
        "An error inside a stream is a `MidStreamFallbackError` with an invented reply; only its `original_exception` "
        "has the reason.",
        "`speech` and `transcription` do not send `extra_headers`, and ignore `default_headers`.",
    )

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        import litellm

        options = client.openai_options(project_id=project_id, gateway_url=gateway_url)
        options["extra_headers"] = options.pop("default_headers")
        options["model"] = f"openai/{model}"  # litellm.completion(messages=..., **options)
        return litellm, options

    def at_once(self) -> None:
        self.sdk[1].update(max_retries=0, num_retries=0)

    def ask(self, content: Any, **more: Any) -> Any:
        messages = content if isinstance(content, list) and "role" in content[0] else [self.user(content)]
        return self.sdk[0].completion(messages=messages, **self.sdk[1], **more)

    @staticmethod
    def user(content: Any) -> dict[str, Any]:
        return {"role": "user", "content": content}

    def chat(self, text: str) -> Reply:
        return self.said(text)

    def said(self, content: Any) -> Reply:
        found = self.ask(content)
        return Reply(found.choices[0].message.content, (found.usage.prompt_tokens, found.usage.completion_tokens))

    def stream(self, text: str) -> Stream:
        return streamed(list(self.ask(text, stream=True, stream_options={"include_usage": True})))

    def tools(self, *texts: str) -> Talk:
        return talk(texts, self.answer)

    def answer(self, messages: list[Any]) -> Any:
        message = self.ask(messages, tools=[TOOL]).choices[0].message
        messages.append(message)
        return message

    def structured(self) -> Any:
        found = self.ask(asked.CITY_AS_ANSWER, response_format=City)
        return json.loads(found.choices[0].message.content)

    def image(self, text: str) -> Reply:
        picture = {"type": "image_url", "image_url": {"url": asked.DATA_URL}}
        return self.said([{"type": "text", "text": text}, picture])


class OverAnthropic(OverOpenAI):
    """anthropic/..."""

    title = "litellm, anthropic/"
    cannot: ClassVar = {"agent": Cannot("it has no loop of its own")}
    keeps_headers = False
    notes = (
        "It does not retry unless you set `num_retries`.",
        "Its errors do not keep the reply's headers, so the gateway's error code and `Retry-After` are missing.",
    )

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        import litellm

        options = client.anthropic_options(project_id=project_id, gateway_url=gateway_url)
        options["extra_headers"] = options.pop("default_headers")
        options["model"] = f"anthropic/{model}"  # litellm.completion(messages=..., **options)
        return litellm, options
