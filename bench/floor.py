"""The least a Python client can do: ``http.client`` kept alive and ``json``, no models, no retries."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any
from urllib.parse import urlsplit


class Client:
    """Resolves prompts to plain dictionaries over one connection."""

    def __init__(self, api_key: str, base_url: str, context: ssl.SSLContext | None = None) -> None:
        parts = urlsplit(base_url)
        self.connection: http.client.HTTPConnection = (
            http.client.HTTPSConnection(parts.netloc, context=context)
            if parts.scheme == "https"
            else http.client.HTTPConnection(parts.netloc)
        )
        self.headers = {"Authorization": f"Bearer {api_key}", "Content-Type": "application/json"}

    def resolve(self, project_id: str, slug: str, labels: list[str]) -> Any:
        body = json.dumps({"slug": slug, "labels": labels}).encode()
        self.connection.request("POST", f"/v1/projects/{project_id}/prompts:resolve", body, self.headers)
        return json.loads(self.connection.getresponse().read())["data"]
