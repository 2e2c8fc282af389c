"""The wire formats of the gateway: each is read into, and written from, one neutral form, without HTTP.

A caller's request in one format becomes a provider's in another with
``FORMATS[target].write_request(FORMATS[source].read_request(body))``; replies and streams come back the same way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from ...json_input.fields import FormatError
from .common import OPENAI, Clock, NewId, Peer, random_id, unix_time
from .error_bodies import read_error
from .streams import deltas_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .neutral import ChatReply, ChatRequest, Delta

__all__ = [
    "FORMATS",
    "Format",
    "FormatError",
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


class _Formats(Mapping[str, Format]):
    """The formats by name; each is imported when it is first needed, because most gateways use one or two."""

    _NAMES = ("openai_chat", "openai_responses", "anthropic_messages")

    def __init__(self, new_id: NewId, clock: Clock, peer: Peer) -> None:
        self._settings = (new_id, clock, peer)
        self._made: dict[str, Format] = {}

    def __getitem__(self, name: str) -> Format:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(name)
        return made

    def __iter__(self) -> Iterator[str]:
        return iter(self._NAMES)

    def __len__(self) -> int:
        return len(self._NAMES)

    def _make(self, name: str) -> Format:
        if name == "openai_chat":
            from .openai_chat import OpenAIChat

            return OpenAIChat(*self._settings)
        if name == "openai_responses":
            from .openai_responses import OpenAIResponses

            return OpenAIResponses(*self._settings)
        if name == "anthropic_messages":
            from .anthropic_messages import AnthropicMessages

            return AnthropicMessages(*self._settings)
        raise KeyError(name)


def formats(new_id: NewId = random_id, clock: Clock = unix_time, peer: Peer = OPENAI) -> Mapping[str, Format]:
    """Return all formats by name, with these ids and this time.

    Args:
        new_id: makes an id that begins with a given prefix.
        clock: returns the time in seconds since 1970.
        peer: the provider that requests go to and replies come from.
    """
    return _Formats(new_id, clock, peer)


FORMATS = formats()
"""All formats by name: ``openai_chat``, ``openai_responses``, ``anthropic_messages``."""
