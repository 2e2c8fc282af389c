"""A real HTTP server that answers by a script and keeps what it was sent, byte for byte."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, NamedTuple

from samples import RESOLVED, success
from werkzeug import Request, Response

from to11ai_sdk import To11aiClient, create_client

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

KEY = "to11_sk_0123456789abcdef"


class Seen(NamedTuple):
    """One request as it arrived; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def line(self) -> str:
        """Method and raw request target."""
        return f"{self.method} {self.target}"


class RecordingServer:
    """Answers every request with the next reply of its script, the last one again and again."""

    def __init__(self, http: HTTPServer) -> None:
        self.url = http.url_for("").rstrip("/")
        self.seen: list[Seen] = []
        self._script = [Response(json.dumps(success(RESOLVED)))]
        http.expect_request(re.compile(".*")).respond_with_handler(self._answer)

    def _answer(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Seen(request.method, request.environ["REQUEST_URI"], headers, request.get_data()))
        return self._script.pop(0) if len(self._script) > 1 else self._script[0]

    def will_send(self, *replies: Response) -> None:
        """Set the script."""
        self._script = [*replies]

    def client(self, **options: Any) -> To11aiClient:
        """A client of this server that does not retry unless told."""
        return create_client(**{"api_key": KEY, "base_url": self.url, "max_retries": 0, **options})


def reply(body: Any, status: int = 200, **headers: str) -> Response:
    """A reply with a JSON body; ``retry_after="1"`` is the header Retry-After."""
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(json.dumps(body), status, fields, content_type="application/json")
