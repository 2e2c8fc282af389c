"""Answers for the clients that are passed through, in the formats of Vertex and Bedrock."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.faults.server import http

if TYPE_CHECKING:
    from tests.faults.server import Received

USAGE = {"promptTokenCount": 9, "candidatesTokenCount": 4, "totalTokenCount": 13}


def answer(request: Received) -> bytes:
    """The reply of Vertex or of Bedrock, by the path."""
    body = json.dumps(request.json)
    slow, down = ({"x-amzn-errortype": name} for name in ("ThrottlingException", "InternalServerException"))
    if "status=429" in body:
        return http(
            429, {"message": "too many", "error": {"code": 429, "message": "too many"}}, {**slow, "Retry-After": "300"}
        )
    if "status=500" in body:
        return http(500, {"message": "broken", "error": {"code": 500, "message": "broken"}}, down)
    return http(200, bedrock(request.json) if "/converse" in request.target else vertex(request.json))


def vertex(asked: Any) -> dict[str, Any]:
    text = "echo: " + asked["contents"][-1]["parts"][0]["text"]
    content = {"role": "model", "parts": [{"text": text}]}
    return {"candidates": [{"content": content, "finishReason": "STOP"}], "usageMetadata": USAGE}


def bedrock(asked: Any) -> dict[str, Any]:
    text = "echo: " + asked["messages"][-1]["content"][0]["text"]
    usage = {"inputTokens": 9, "outputTokens": 4, "totalTokens": 13}
    message = {"role": "assistant", "content": [{"text": text}]}
    return {"output": {"message": message}, "stopReason": "end_turn", "usage": usage, "metrics": {"latencyMs": 1}}
