"""``instructor``: structured answers over the SDKs of OpenAI and Anthropic."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .. import asked
from ..asked import City, Reply
from ..client import Cannot, Client

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient

ONLY_STRUCTURED = {
    name: Cannot("it only makes structured answers; use the underlying SDK for the rest")
    for name in ("chat", "stream", "tools", "agent", "stream_error")
}


class OverOpenAI(Client):
    """from_openai, with tools."""

    title = "instructor, from_openai"
    package = "instructor"
    cannot: ClassVar = ONLY_STRUCTURED
    picture_answer = "Paris 7"
    classes: ClassVar = dict.fromkeys(asked.ERRORS, "InstructorRetryException")
    notes = (
        "It requires `jiter<0.15`, which no current `openai` allows, so pip installs an old `openai`. It works with "
        "the current one if you install it with `--no-deps`.",
    )

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        import instructor
        from openai import OpenAI

        sdk = OpenAI(**client.openai_options(project_id=project_id, gateway_url=gateway_url))
        structured = instructor.from_openai(sdk)
        return structured

    def at_once(self) -> None:
        self.sdk.client.max_retries = 0

    def city(self, content: Any) -> City:
        messages = [{"role": "user", "content": content}]
        found: City = self.sdk.create(
            model=self.model, messages=messages, response_model=City, max_retries=1, max_tokens=99
        )
        return found

    def structured(self) -> Any:
        return self.city(asked.CITY_AS_ARGUMENTS).model_dump()

    def image(self, text: str) -> Reply:
        from instructor import Image

        city = self.city([text, asked.CITY_AS_ARGUMENTS, Image.from_base64(asked.DATA_URL)])
        return Reply(f"{city.name} {city.population}")

    def errors(self, kind: str) -> Reply:
        return Reply(self.city(asked.ERROR_TEXTS.get(kind, asked.HELLO)).name)


class OverAnthropic(OverOpenAI):
    """from_anthropic, with tools."""

    title = "instructor, from_anthropic"
    notes = ()

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        import instructor
        from anthropic import Anthropic

        sdk = Anthropic(**client.anthropic_options(project_id=project_id, gateway_url=gateway_url))
        structured = instructor.from_anthropic(sdk)
        return structured
