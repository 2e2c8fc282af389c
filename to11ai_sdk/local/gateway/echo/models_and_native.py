"""``GET /models`` and ``GET /models/{model_id}``, and the answer for paths of a provider's own API.

The latter describes the request: ``{"echo": {"provider": ..., "method": ..., "path": ..., "content_type": ...,
"bytes": ..., "sha256": ...}}``, where ``path`` has its query, ``bytes`` and ``sha256`` are
the size and the digest of the body, and ``content_type`` is null if it was not given.

Sources: https://platform.openai.com/docs/api-reference/models and https://docs.anthropic.com/en/api/models-list.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from .context import EchoReply, EchoRequest, as_json

if TYPE_CHECKING:
    from .context import EchoRequest


def models(echo_request: EchoRequest) -> EchoReply:
    """Return the provider's models, in their order."""
    data = [_shown(echo_request, model) for model in echo_request.provider.models]
    if echo_request.provider.dialect == "openai":
        return as_json({"object": "list", "data": data})
    ends = {"first_id": data[0]["id"], "last_id": data[-1]["id"]} if data else {"first_id": None, "last_id": None}
    return as_json({"data": data, "has_more": False, **ends})


def model(echo_request: EchoRequest) -> EchoReply:
    """Return one model."""
    model_id = echo_request.arguments["model_id"]
    echo_request.apply_directives(model_id, "")
    return as_json(_shown(echo_request, model_id))


def _shown(echo_request: EchoRequest, model_id: str) -> dict[str, Any]:
    if echo_request.provider.dialect == "openai":
        return {"id": model_id, "object": "model", "created": 0, "owned_by": echo_request.provider.name}
    return {
        "type": "model",
        "id": model_id,
        "display_name": model_id,
        "created_at": "1970-01-01T00:00:00Z",
        "lifecycle": "active",
    }


NATIVE = frozenset({"bedrock", "aws-bedrock", "vertex", "gcp-vertex-ai", "mistral"})
"""The names of providers whose unknown paths are answered in this way."""


def native(echo_request: EchoRequest) -> EchoReply:
    """Describe the request; markers are searched in the whole body."""
    request = echo_request.request
    echo_request.apply_directives("echo", request.body.decode("utf-8", "replace"))
    return as_json(
        {
            "echo": {
                "provider": echo_request.provider.name,
                "method": request.method,
                "path": request.path,
                "content_type": request.headers.get("content-type"),
                "bytes": len(request.body),
                "sha256": hashlib.sha256(request.body).hexdigest(),
            }
        }
    )
