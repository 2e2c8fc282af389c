"""The wire formats of the gateway: each is read into, and written from, one neutral form, without HTTP.

A caller's request in one format becomes a provider's in another with
``FORMATS[target].write_request(FORMATS[source].read_request(body))``; replies and streams come back the same way.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, Protocol

from ...json_input.fields import FormatError
from .anthropic_messages import AnthropicMessages
from .common import OPENAI, Clock, NewId, Peer, random_id, unix_time
from .error_bodies import read_error
from .openai_chat import OpenAIChat
from .openai_responses import OpenAIResponses
from .streams import deltas_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .neutral import ChatReply, ChatRequest, Delta

__all__ = [
    "FORMATS",
    "AnthropicMessages",
    "Format",
    "FormatError",
    "OpenAIChat",
    "OpenAIResponses",
    "Peer",
    "deltas_of",
    "formats",
    "read_error",
]


class Format(Protocol):
    """A wire format. Its readers raise only ``FormatError``, for any JSON."""

    def read_request(self, body: Mapping[str, Any]) -> ChatRequest:
        """Return the neutral form of a request.

        Raises:
            FormatError: the body is malformed, or has something that no other format can express.
        """
        ...

    def write_request(self, request: ChatRequest) -> dict[str, Any]:
        """Return the body of a request.

        Raises:
            FormatError: the request has something that this format cannot express and that changes the answer.
        """
        ...

    def read_reply(self, body: Mapping[str, Any]) -> ChatReply:
        """Return the neutral form of a reply.

        Raises:
            FormatError: the body is malformed.
        """
        ...

    def write_reply(self, reply: ChatReply, request: ChatRequest | None = None) -> dict[str, Any]:
        """Return the body of a reply to a request; OpenAI's responses repeat settings of the request."""
        ...

    def read_stream(self, chunks: Iterable[bytes]) -> Iterator[Delta]:
        """Return the deltas of a stream of server-sent events; its bytes may be cut anywhere.

        The last is an ``End``, or an ``Error`` if the provider sent one, or its stream is malformed or cut. Exceptions
        of ``chunks`` pass through.
        """
        ...

    def write_stream(self, deltas: Iterable[Delta], request: ChatRequest) -> Iterator[bytes]:
        """Return the server-sent events of a stream that answers a request, one per item.

        An ``Error`` becomes the error event of the format and ends the stream.
        """
        ...

    def error_body(self, type: str | None, code: str | None, message: str, status: int) -> dict[str, Any]:  # noqa: A002
        """Return the body of an error.

        Args:
            type: the format's own name for the kind; ``None``, or another provider's name, becomes the one for the
                status.
            code: a stable code of the error.
            message: for a person.
            status: HTTP status.
        """
        ...


@lru_cache(256)
def formats(new_id: NewId = random_id, clock: Clock = unix_time, peer: Peer = OPENAI) -> Mapping[str, Format]:
    """Return all formats by name, with these ids and this time.

    Args:
        new_id: makes an id that begins with a given prefix.
        clock: returns the time in seconds since 1970.
        peer: the provider that requests go to and replies come from.
    """
    return {
        "openai_chat": OpenAIChat(new_id, clock, peer),
        "openai_responses": OpenAIResponses(new_id, clock, peer),
        "anthropic_messages": AnthropicMessages(new_id, clock, peer),
    }


FORMATS: Mapping[str, Format] = formats()
"""All formats by name: ``openai_chat``, ``openai_responses``, ``anthropic_messages``."""
