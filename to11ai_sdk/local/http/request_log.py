"""Records the requests that a local server receives."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import bounds
from ..headers import SECRETS
from ..problems import Problem
from . import request_body

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .paths import Target


class SeenRequest(NamedTuple):
    """One request, for tests to inspect.

    Attributes:
        method: HTTP method.
        path: the path as it was sent, percent-encoded.
        query: the parameters of the query, decoded.
        headers: headers by lower-case name; the values of secret ones are ``"***"``.
        body: the decoded JSON of the body, ``None`` without one; its text if it is not JSON.
        row: name of the endpoint, ``"prompts.resolve"``; ``None`` if there is no such endpoint.
        status: HTTP status of the reply, ``None`` if the connection was dropped.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    row: str | None
    status: int | None


def seen_request(
    method: str, target: Target, headers: Mapping[str, str], body: bytes, row: str | None, status: int | None
) -> SeenRequest:
    """Return the record of a request: query and body decoded where possible, secrets removed."""
    shown = {name: "***" if name in SECRETS else value for name, value in headers.items()}
    return SeenRequest(method, target.path, _query(target), shown, _payload(body), row, status)


def headers_of(environ: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of a WSGI request by their lower-case names."""
    names = {key: key.removeprefix("HTTP_").replace("_", "-").lower() for key in environ if key.startswith("HTTP_")}
    names |= {key: key.replace("_", "-").lower() for key in ("CONTENT_TYPE", "CONTENT_LENGTH") if key in environ}
    return {name: environ[key] for key, name in names.items()}


def _query(target: Target) -> dict[str, str]:
    try:
        return target.arguments()
    except Problem:
        return {}


def _payload(content: bytes) -> Any:
    try:
        return request_body.parse(content)
    except Problem:
        return content.decode("utf-8", "replace")


class RequestLog:
    """The last requests, oldest first, as long as their bodies are not too large together.

    Args:
        size: how many are kept.
    """

    def __init__(self, size: int) -> None:
        if size < 0:
            raise ValueError(f"remember must be 0 or more, not {size}")
        self._size = size
        self._seen: deque[tuple[SeenRequest, int]] = deque()
        self._bytes = 0
        self._lock = Lock()

    def add(self, seen: SeenRequest, body_size: int) -> None:
        """Record a request whose body has this many bytes."""
        with self._lock:
            self._seen.append((seen, body_size))
            self._bytes += body_size
            while len(self._seen) > self._size or self._bytes > bounds.MAX_REMEMBERED_BYTES:
                self._bytes -= self._seen.popleft()[1]

    def all(self) -> list[SeenRequest]:
        """Return the requests, oldest first."""
        with self._lock:
            return [seen for seen, _ in self._seen]

    def clear(self) -> None:
        """Remove all."""
        with self._lock:
            self._seen.clear()
            self._bytes = 0
