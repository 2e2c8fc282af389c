"""The interface of a provider: it answers one HTTP request in its own wire format."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class UpstreamRequest(NamedTuple):
    """What is sent to a provider.

    Attributes:
        method: HTTP method.
        path: path below the provider's base URL, ``"/chat/completions"`` or ``"/messages"``, with its query.
        headers: lower-case names; no credential and no header of to11's.
        body: the bytes of the body, JSON or multipart.
        credential: the provider's key, ``None`` if there is none.
        timeout_s: seconds to wait for the head of the reply, and for each further piece of it.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    credential: str | None = None
    timeout_s: float = 30.0


class UpstreamReply(NamedTuple):
    """What a provider answers.

    Attributes:
        status: HTTP status.
        headers: lower-case names.
        body: the bytes of the body as they arrive; closing it (``close()`` of the generator) hangs up on the provider.
    """

    status: int
    headers: Mapping[str, str]
    body: Iterator[bytes]


class UnreachableError(Exception):
    """The provider could not be reached, or broke off before its answer.

    Attributes:
        was_connected: whether there was a connection to it.
    """

    def __init__(self, reason: str, *, was_connected: bool = True) -> None:
        super().__init__(reason)
        self.was_connected = was_connected


class Provider(Protocol):
    """A provider: ``echo`` or a real server.

    Attributes:
        dialect: the wire format it speaks: ``"openai"``, ``"anthropic"`` or ``"cohere"``.
    """

    dialect: str

    def send(self, request: UpstreamRequest) -> UpstreamReply:
        """Answer a request.

        Raises:
            UnreachableError: no answer came.
        """
        ...
