"""Defines what the server and its applications exchange: requests and replies."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import parse_qsl

from ..problems import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..hang_up import HangUp
    from ..problems import Problem


class Target(NamedTuple):
    """A request target (RFC 9112 section 3.2): the path as it was sent, and the query."""

    path: str
    query: str

    @classmethod
    def parse(cls, raw: str) -> Target:
        """Parse the target of a request line; drops scheme and host of the absolute form."""
        if not raw.startswith("/"):
            raw = "/" + raw.partition("://")[2].partition("/")[2]
        path, _, query = raw.partition("?")
        return cls(path, query)

    def names(self) -> frozenset[str]:
        """Return the names of the parameters of the query, as they were sent."""
        return frozenset(part.partition("=")[0] for part in self.query.split("&"))

    def arguments(self) -> dict[str, str]:
        """Return the decoded parameters of the query; the last of each name counts."""
        try:
            return dict(parse_qsl(self.query, keep_blank_values=True, errors="strict", max_num_fields=1000))
        except ValueError as exc:
            raise invalid(f"the query cannot be read: {exc}") from exc


class HttpRequest(NamedTuple):
    """A request as it was received.

    Attributes:
        method: HTTP method.
        target: path and query as they were sent.
        headers: by lower-case names; the values of a repeated one are joined by commas.
        body: the bytes of the body.
        hang_up: reports that the client has disconnected.
        unread: why the body could not be read, ``None`` if it was.
    """

    method: str
    target: Target
    headers: Mapping[str, str]
    body: bytes
    hang_up: HangUp
    unread: Problem | None = None


class Streaming(Protocol):
    """A body that is sent as it arrives."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None:
        """Release what the body needs, whether it was sent or not."""
        ...


class Pauses:
    """Reports that a stream is about to wait, so that what was made until then is sent together.

    Attributes:
        before: called before each wait.
    """

    def __init__(self) -> None:
        self.before: Callable[[], None] = _nothing


class HttpReply(NamedTuple):
    """A reply.

    Attributes:
        status: HTTP status.
        headers: without ``Date``, ``Server`` and the framing of the body, which the server adds.
        body: the bytes, or a stream of them.
        pauses: reports when the stream is about to wait; without it each part is sent at once.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes | Streaming
    pauses: Pauses | None = None


class Application(Protocol):
    """Answers requests, from many threads at once."""

    @property
    def max_body(self) -> int:
        """The longest body that it accepts, in bytes."""
        ...

    def __call__(self, request: HttpRequest) -> HttpReply:
        """Answer one request; a ``ConnectionAbortedError`` makes the server hang up."""
        ...


def _nothing() -> None:
    """Do nothing: nobody waits for a report."""
