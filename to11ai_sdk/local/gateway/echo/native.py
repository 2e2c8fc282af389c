"""What ``echo`` answers to a provider's own API that it does not speak: what it was asked.

``{"echo": {"provider": ..., "method": ..., "path": ..., "content_type": ..., "bytes": ..., "sha256": ...}}``, where
``path`` has its query, ``bytes`` and ``sha256`` are the size and the digest of the body, and ``content_type`` is null
if it was not said.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from .context import EchoReply, as_json

if TYPE_CHECKING:
    from .context import EchoRequest

NATIVE = frozenset({"bedrock", "aws-bedrock", "vertex", "gcp-vertex-ai", "mistral"})
"""The names of providers whose unknown paths are answered like this."""


def native(exchange: EchoRequest) -> EchoReply:
    """Say what was asked; markers are looked for in the whole body."""
    request = exchange.request
    exchange.heed("echo", request.body.decode("utf-8", "replace"))
    return as_json(
        {
            "echo": {
                "provider": exchange.around.name,
                "method": request.method,
                "path": request.path,
                "content_type": request.headers.get("content-type"),
                "bytes": len(request.body),
                "sha256": hashlib.sha256(request.body).hexdigest(),
            }
        }
    )
