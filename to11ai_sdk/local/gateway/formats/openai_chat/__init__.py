"""OpenAI chat completions (``POST /v1/chat/completions``; https://platform.openai.com/docs/api-reference/chat).

``members.CHAT`` lists how each member of a request is handled. Dropped inside of members, because no other format has
them: ``stream_options.include_obfuscation``, the ``name`` of a message, ``prompt_cache_breakpoint``; in replies
``annotations``, ``audio``, ``logprobs``, ``service_tier``, ``system_fingerprint`` and all choices but the first.
Refused: audio, files by id, and tools that are neither functions nor custom.

Writing a request: thinking goes back in the member in which the provider takes it, if there is one; ``is_error`` of a
tool result becomes text; Anthropic's ``thinking`` switch is dropped, because models that do not reason refuse it.
Reading a reply: thinking is ``reasoning_content``, ``reasoning`` or ``reasoning_details`` of compatible servers, and
the parts of that kind in Mistral's ``content``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..callers import deltas_for, made_deltas, made_reply, reply_for
from ..common import OPENAI, Clock, NewId, Peer, id_for, random_id, unix_time
from ..error_bodies import openai_error
from ..marks import CHAT
from ..streams import whole
from . import chunk_writer, replies, requests
from .chunks import read_stream as read_chunks
from .thoughts import REASONING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..neutral import ChatReply, ChatRequest, Delta


@dataclass(frozen=True)
class OpenAIChat:
    """The chat completions format.

    Args:
        new_id: makes ids.
        clock: returns the time.
        peer: the provider that requests go to and replies come from.
    """

    new_id: NewId = random_id
    clock: Clock = unix_time
    peer: Peer = OPENAI

    def read_request(self, body: Mapping[str, Any]) -> ChatRequest:
        """Return the neutral form of a request; raises ``FormatError``."""
        return requests.read_request(body)

    def write_request(self, request: ChatRequest) -> dict[str, Any]:
        """Return the body of a request; raises ``FormatError`` for a file by URL."""
        return requests.write_request(request, self.peer)

    def read_reply(self, body: Mapping[str, Any]) -> ChatReply:
        """Return the neutral form of a reply; raises ``FormatError``."""
        return made_reply(replies.read_reply(body, self.new_id), REASONING[0])

    def write_reply(self, reply: ChatReply, request: ChatRequest | None = None) -> dict[str, Any]:
        """Return the body of a reply; ids of other formats are replaced."""
        created = self.clock() if reply.created is None else reply.created
        reply = reply_for(reply, request, CHAT, self.peer.name)
        return replies.write_reply(reply, self._reply_id(reply.id), created)

    def read_stream(self, chunks: Iterable[bytes]) -> Iterator[Delta]:
        """Return the deltas of a stream, with an ``End`` or an ``Error`` last."""
        return made_deltas(whole(read_chunks(chunks, self.new_id)), REASONING[0])

    def write_stream(self, deltas: Iterable[Delta], request: ChatRequest) -> Iterator[bytes]:
        """Return the events of a stream; the usage is reported if the request asks for it."""
        deltas = deltas_for(deltas, request, CHAT, self.peer.name)
        return chunk_writer.write_stream(deltas, request.include_usage, self._reply_id, self.clock)

    def error_body(self, type: str | None, code: str | None, message: str, status: int) -> dict[str, Any]:  # noqa: A002
        """``{"error": {"message", "type", "param", "code"}}``."""
        return openai_error(type, code, message, status)

    def _reply_id(self, reply_id: str | None) -> str:
        return id_for(reply_id, "chatcmpl-", self.new_id)
