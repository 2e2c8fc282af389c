"""``cohere``: rerank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..asked import Reply
from ..client import Cannot, Client

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient


class Rerank(Client):
    """Client, whose rerank is that of version 1."""

    title = "cohere"
    package = "cohere"
    models = ("rerank-v3.5",)
    cannot: ClassVar = {
        name: Cannot("the gateway serves only `rerank` in Cohere's format, no chat")
        for name in ("stream", "tools", "structured", "agent", "image", "stream_error")
    }
    classes: ClassVar = {
        "key": "UnauthorizedError",
        "model": "NotFoundError",
        "rate": "TooManyRequestsError",
        "server": "ApiError",
    }
    notes = (
        "It waits at most 60 s, even if `Retry-After` is longer, and ignores `x-should-retry`.",
        "`ClientV2` does not work, because it uses `/v2/rerank`, which the gateway does not serve.",
    )
    shows_tokens = ()
    hello_answer = "1:1 0:0"

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        import cohere
        import httpx

        options = client.openai_options(project_id=project_id, gateway_url=gateway_url)
        http = httpx.Client(headers=options["default_headers"])
        sdk = cohere.Client(api_key=options["api_key"], base_url=gateway_url, httpx_client=http)
        return sdk

    def chat(self, text: str) -> Reply:
        found = self.sdk.rerank(
            model=self.model,
            query=text,
            documents=["goodbye", "hello"],
            request_options={"max_retries": getattr(self, "tries", 2)},
        )
        return Reply(" ".join(f"{each.index}:{each.relevance_score:g}" for each in found.results))

    def at_once(self) -> None:
        self.tries = 0
