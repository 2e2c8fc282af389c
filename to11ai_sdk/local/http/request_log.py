"""Records the requests that a local to11 receives."""

from __future__ import annotations

from collections import deque
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import bounds
from ..headers import SECRETS
from ..problems import Problem
from . import request_body

if TYPE_CHECKING:
    from .application import HttpRequest, Target


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


class _Remembered:
    """A request as it was received, without secrets; decoded when somebody looks at it."""

    __slots__ = ("_request", "_row", "_seen", "_status", "size")

    def __init__(self, request: HttpRequest, row: str | None, status: int | None) -> None:
        headers = {name: "***" if name in SECRETS else value for name, value in request.headers.items()}
        self._request = request._replace(headers=headers)
        self._row = row
        self._status = status
        self._seen: SeenRequest | None = None
        self.size: int = len(request.body)

    def seen(self) -> SeenRequest:
        """Return the request with query and body decoded where possible."""
        if self._seen is None:
            method, target, headers, body, *_ = self._request
            decoded = (_query(target), dict(headers), _payload(body))
            self._seen = SeenRequest(method, target.path, *decoded, self._row, self._status)
        return self._seen


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

    Raises:
        ValueError: a negative number.
    """

    def __init__(self, size: int) -> None:
        if size < 0:
            raise ValueError(f"remember must be 0 or more, not {size}")
        self._size = size
        self._kept: deque[_Remembered] = deque()
        self._bytes = 0
        self._lock = Lock()

    def add(self, request: HttpRequest, row: str | None, status: int | None) -> None:
        """Record a request.

        Args:
            request: the request.
            row: name of the endpoint, ``None`` if there is no such endpoint.
            status: HTTP status of the reply, ``None`` if the connection was dropped.
        """
        if self._size == 0:
            return
        kept = _Remembered(request, row, status)
        with self._lock:
            self._kept.append(kept)
            self._bytes += kept.size
            while len(self._kept) > self._size or self._bytes > bounds.MAX_REMEMBERED_BYTES:
                self._bytes -= self._kept.popleft().size

    def all(self) -> list[SeenRequest]:
        """Return the requests, oldest first."""
        with self._lock:
            kept = list(self._kept)
        return [request.seen() for request in kept]

    def clear(self) -> None:
        """Remove all."""
        with self._lock:
            self._kept.clear()
            self._bytes = 0
