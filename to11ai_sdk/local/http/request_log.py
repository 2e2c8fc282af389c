"""The requests a local server has seen."""

from __future__ import annotations

from collections import deque
from typing import Any, NamedTuple


class SeenRequest(NamedTuple):
    """One request, as a test looks at it.

    Attributes:
        method: HTTP method.
        path: the path as it was sent, percent-encoded.
        query: the parameters of the query, decoded.
        headers: headers by lower-case name; the values of secret ones are ``"***"``.
        body: the JSON of the body, ``None`` if it had none; its text if it was not JSON.
        row: name of the endpoint, ``"prompts.resolve"``; ``None`` if it was none.
        status: HTTP status of the reply, ``None`` if the connection was dropped.
    """

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any
    row: str | None
    status: int | None


class RequestLog:
    """The last requests, oldest first.

    Args:
        size: how many are kept.
    """

    def __init__(self, size: int) -> None:
        self._seen: deque[SeenRequest] = deque(maxlen=size)

    def add(self, seen: SeenRequest) -> None:
        """Keep a request."""
        self._seen.append(seen)

    def all(self) -> list[SeenRequest]:
        """The requests, oldest first."""
        return list(self._seen)

    def clear(self) -> None:
        """Forget them."""
        self._seen.clear()
