"""The gateway over HTTP: calls as a program without any SDK makes them."""

from __future__ import annotations

import base64
import http.client
import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from bound import plain

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator, Mapping

    from to11ai_sdk.local import LocalTo11

HELLO = [{"role": "user", "content": "Hello!"}]
BOUNDARY = "----boundary"


def saying(text: str) -> str:
    """What makes ``echo`` say this, without being this itself."""
    return f"[[echo:say64={base64.urlsafe_b64encode(text.encode()).decode()}]]"


class Reply(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def events(self) -> list[Any]:
        lines = (line for line in self.body.decode().splitlines() if line.startswith("data: "))
        return [line[6:] if line == "data: [DONE]" else json.loads(line[6:]) for line in lines]


def form(**fields: Any) -> tuple[bytes, str]:
    """A multipart form, a file where the value is bytes; and its content type."""
    parts = b""
    for name, value in fields.items():
        filename = f'; filename="{name}.bin"' if isinstance(value, bytes) else ""
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{filename}\r\n\r\n'
        parts += head.encode() + (value if isinstance(value, bytes) else value.encode()) + b"\r\n"
    return parts + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


class Caller:
    """Calls one gateway as its main project."""

    def __init__(self, to11: LocalTo11) -> None:
        self.to11 = to11
        self.auth = {"x-to11-authorization": f"Bearer {to11.api_key}", "x-to11-project-id": to11.project_id}

    def send(self, method: str, path: str, body: Any = None, *, auth: bool = True, **headers: str) -> Reply:
        """One call; ``body`` is sent as JSON unless it is bytes; ``_`` in the names of headers is ``-``."""
        with self.open(method, path, body, auth=auth, **headers) as response:
            fields = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, fields, response.read())

    @contextmanager
    def open(
        self, method: str, path: str, body: Any = None, *, auth: bool = True, **headers: str
    ) -> Generator[http.client.HTTPResponse]:
        """The same with the body still to be read."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        fields = {**(self.auth if auth else {}), **({} if body is None else {"content-type": "application/json"})}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        connection = http.client.HTTPConnection(urlsplit(self.to11.base_url).netloc, timeout=100)
        try:
            connection.request(method, path, content, {name: value for name, value in fields.items() if value != ""})
            yield connection.getresponse()
        finally:
            connection.close()

    def raw(self, line: str, body: bytes = b"", **headers: str) -> socket.socket:
        """A connection on which a request with this first line was sent, as no HTTP client would send it."""
        fields = {**self.auth, "host": "localhost", "content-length": str(len(body))}
        fields |= {name.replace("_", "-"): value for name, value in headers.items()}
        head = "\r\n".join([line, *(f"{name}: {value}" for name, value in fields.items()), "", ""])
        connection = plain(self.to11)
        connection.sendall(head.encode() + body)
        return connection

    def chat(self, model: str = "gpt-4o", text: str = "Hello!", **more: Any) -> Reply:
        """A chat completion."""
        body = {"model": model, "messages": [{"role": "user", "content": text}], **more}
        return self.send("POST", "/v1/chat/completions", body)

    def message(self, model: str = "claude-sonnet-4-6", text: str = "Hello!", **more: Any) -> Reply:
        """A message."""
        body = {"model": model, "max_tokens": 256, "messages": [{"role": "user", "content": text}], **more}
        return self.send("POST", "/v1/messages", body)
