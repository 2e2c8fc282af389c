"""Defines the interface of a provider, which answers an HTTP request in its own wire format."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from ..hang_up import NEVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..hang_up import HangUp


class UpstreamRequest(NamedTuple):
    """A request to a provider.

    Attributes:
        method: HTTP method.
        path: path below the provider's base URL, ``"/chat/completions"`` or ``"/messages"``, with its query.
        headers: lower-case names; without credentials and headers of to11.
        body: the bytes of the body, JSON or multipart.
        credential: the provider's key, ``None`` if there is none.
        timeout_s: seconds to wait for the head of the reply, and for each further part of it.
        hang_up: the event that the caller hangs up, which ends the wait for the reply.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    credential: str | None = None
    timeout_s: float = 30.0
    hang_up: HangUp = NEVER


class UpstreamReply(NamedTuple):
    """The reply of a provider.

    Attributes:
        status: HTTP status.
        headers: lower-case names.
        body: the bytes of the body as they arrive; closing it (``close()`` of the generator) closes the connection.
        announces_waits: whether the body yields ``b""`` before each wait for more; otherwise any chunk may take long.
    """

    status: int
    headers: Mapping[str, str]
    body: Iterator[bytes]
    announces_waits: bool = False


class UnreachableError(Exception):
    """The provider could not be reached, or disconnected before it answered.

    Attributes:
        was_connected: whether a connection was made.
    """

    def __init__(self, reason: str, *, was_connected: bool = True) -> None:
        super().__init__(reason)
        self.was_connected = was_connected


class ReplyTooLargeError(UnreachableError):
    """The provider's reply is longer than the limit.

    Attributes:
        limit: the most bytes that a reply may have.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"its reply has more than {limit} bytes")
        self.limit = limit


class Provider(Protocol):
    """A provider: ``echo`` or a real server.

    Attributes:
        dialect: the wire format it speaks: ``"openai"``, ``"anthropic"`` or ``"cohere"``.
    """

    dialect: str

    def send(self, request: UpstreamRequest) -> UpstreamReply:
        """Answer a request.

        Raises:
            UnreachableError: there was no answer.
        """
        ...
