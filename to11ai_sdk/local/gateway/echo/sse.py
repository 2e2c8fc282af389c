"""Server-sent events, one ``bytes`` each (https://html.spec.whatwg.org/multipage/server-sent-events.html)."""

from __future__ import annotations

import json
from typing import Any

MEDIA_TYPE = "text/event-stream; charset=utf-8"
DONE = b"data: [DONE]\n\n"


def data(value: object) -> bytes:
    """An event without a name."""
    return b"data: " + compact(value) + b"\n\n"


def event(value: dict[str, Any]) -> bytes:
    """An event named by its ``type``."""
    return f"event: {value['type']}\n".encode() + data(value)


def compact(value: object) -> bytes:
    """JSON without spaces, in UTF-8."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
