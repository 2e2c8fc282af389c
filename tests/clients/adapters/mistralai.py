"""``mistralai``: chat in OpenAI's format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .. import asked
from ..asked import City, Reply, Stream, Talk
from ..client import Cannot, Client
from .openai import SCHEMA_ON_CLAUDE, TOOL, talk

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient


class Chat(Client):
    """Chat completions."""

    title = "mistralai"
    package = "mistralai"
    models = ("mistral-large-latest", *asked.MODELS)
    cannot: ClassVar = {
        ("structured", asked.CLAUDE): SCHEMA_ON_CLAUDE,
        "agent": Cannot("its agents run on Mistral's servers"),
    }
    classes: ClassVar = {**dict.fromkeys(asked.ERRORS, "SDKError"), "stream": "ResponseValidationError"}
    says_why = False
    shows_tokens = ("chat",)
    notes = (
        "Its base URL is the gateway's without `/v1`, because it adds `/v1/chat/completions` itself.",
        'Mistral also accepts an image as `"image_url": "data:..."`; OpenAI needs `"image_url": {"url": "data:..."}`.',
    )

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        import httpx
        from mistralai.client import Mistral

        options = client.openai_options(project_id=project_id, gateway_url=gateway_url)
        http = httpx.Client(headers=options["default_headers"])
        sdk = Mistral(api_key=options["api_key"], server_url=gateway_url.removesuffix("/v1"), client=http)
        return sdk

    def chat(self, text: str) -> Reply:
        return self.said(text)

    def said(self, content: Any) -> Reply:
        found = self.sdk.chat.complete(model=self.model, messages=[{"role": "user", "content": content}])
        return Reply(found.choices[0].message.content, (found.usage.prompt_tokens, found.usage.completion_tokens))

    def stream(self, text: str) -> Stream:
        chunks = list(self.sdk.chat.stream(model=self.model, messages=[{"role": "user", "content": text}]))
        pieces = [choice.delta.content for chunk in chunks for choice in chunk.data.choices if choice.delta.content]
        usage = chunks[-1].data.usage
        return Stream(pieces, usage and (usage.prompt_tokens, usage.completion_tokens))

    def tools(self, *texts: str) -> Talk:
        return talk(texts, self.answer, names_results=True)

    def answer(self, messages: list[Any]) -> Any:
        message = self.sdk.chat.complete(model=self.model, messages=messages, tools=[TOOL]).choices[0].message
        messages.append(message)
        return message

    def structured(self) -> Any:
        messages = [{"role": "user", "content": asked.CITY_AS_ANSWER}]
        found = self.sdk.chat.parse(City, model=self.model, messages=messages)
        return found.choices[0].message.parsed.model_dump()

    def image(self, text: str) -> Reply:
        url: Any = {"url": asked.DATA_URL} if self.model == asked.GPT else asked.DATA_URL
        return self.said([{"type": "text", "text": text}, {"type": "image_url", "image_url": url}])
