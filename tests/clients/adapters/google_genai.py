"""``google-genai``: passed through to a provider of the type Vertex."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..asked import Reply
from ..client import Cannot, Client

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient

PASSED_THROUGH = {
    name: Cannot("not tested: its requests are passed through unchanged, so this depends on the provider")
    for name in ("stream", "tools", "structured", "agent", "image", "stream_error")
}


class Passthrough(Client):
    """generate_content, below /v1/vertex."""

    title = "google-genai"
    package = "google-genai"
    models = ("gemini-2.5-flash",)
    cannot: ClassVar = PASSED_THROUGH
    classes: ClassVar = {"key": "ClientError", "rate": "ClientError", "server": "ServerError"}
    passed_through = True

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        from google import genai

        options = client.openai_options(project_id=project_id, gateway_url=gateway_url)
        sdk = genai.Client(
            vertexai=True,
            api_key=options["api_key"],
            http_options={"base_url": f"{gateway_url}/vertex", "headers": options["default_headers"]},
        )
        return sdk

    def chat(self, text: str) -> Reply:
        found = self.sdk.models.generate_content(model=self.model, contents=text)
        usage = found.usage_metadata
        return Reply(found.text, (usage.prompt_token_count, usage.candidates_token_count))
