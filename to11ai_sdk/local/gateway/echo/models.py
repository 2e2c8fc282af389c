"""``GET /models`` and ``GET /models/{model_id}`` of OpenAI and of Anthropic.

Sources: https://platform.openai.com/docs/api-reference/models and https://docs.anthropic.com/en/api/models-list.
"""

from __future__ import annotations

from typing import Any

from .context import EchoReply, EchoRequest, as_json


def models(exchange: EchoRequest) -> EchoReply:
    """The provider's models, in their order."""
    data = [_shown(exchange, model) for model in exchange.around.models]
    if exchange.around.dialect == "openai":
        return as_json({"object": "list", "data": data})
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return as_json({"data": data, "has_more": False, **ends})


def model(exchange: EchoRequest) -> EchoReply:
    """One model."""
    model_id = exchange.arguments["model_id"]
    exchange.heed(model_id, "")
    return as_json(_shown(exchange, model_id))


def _shown(exchange: EchoRequest, model_id: str) -> dict[str, Any]:
    if exchange.around.dialect == "openai":
        return {"id": model_id, "object": "model", "created": 0, "owned_by": exchange.around.name}
    return {
        "type": "model",
        "id": model_id,
        "display_name": model_id,
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
    }
