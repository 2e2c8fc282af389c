"""``boto3``: Bedrock, passed through to a provider of that type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from ..asked import Reply
from ..client import Client
from .google_genai import PASSED_THROUGH

if TYPE_CHECKING:
    from to11ai_sdk import To11aiClient


class Passthrough(Client):
    """converse, below /v1/bedrock."""

    title = "boto3, bedrock-runtime"
    package = "boto3"
    models = ("anthropic.claude-sonnet-4-6",)
    cannot: ClassVar = PASSED_THROUGH
    classes: ClassVar = {"key": "ClientError", "rate": "ThrottlingException", "server": "InternalServerException"}
    opaque = ("key", "rate", "server")
    passed_through = True
    notes = (
        "`raise_for_gateway` leaves its exceptions unchanged.",
        "Its signature covers the gateway's host, so AWS rejects it. Store the provider's key in to11, or set "
        "`AWS_BEARER_TOKEN_BEDROCK`; it does not send that token to a local gateway, which has no HTTPS.",
    )

    @staticmethod
    def connect(client: To11aiClient, project_id: str, gateway_url: str, model: str) -> Any:
        import boto3

        options = client.openai_options(project_id=project_id, gateway_url=gateway_url)
        keys = {"aws_access_key_id": options["api_key"], "aws_secret_access_key": options["api_key"]}
        sdk = boto3.client("bedrock-runtime", region_name="us-east-1", endpoint_url=f"{gateway_url}/bedrock", **keys)
        sdk.meta.events.register(
            "before-send.bedrock-runtime", lambda request, **more: request.headers.update(options["default_headers"])
        )
        return sdk

    def chat(self, text: str) -> Reply:
        found = self.sdk.converse(modelId=self.model, messages=[{"role": "user", "content": [{"text": text}]}])
        usage = found["usage"]
        return Reply(found["output"]["message"]["content"][0]["text"], (usage["inputTokens"], usage["outputTokens"]))
