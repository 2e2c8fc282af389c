"""OpenAI responses (``POST /v1/responses``; https://platform.openai.com/docs/api-reference/responses).

``members.RESPONSES`` lists how each member of a request is handled. Dropped inside of members, because no other format
has them: ``reasoning.summary``, the ``phase`` of a message, ids and states of items, calls that the provider itself
ran; in replies ``annotations``, ``logprobs`` and items of tools that the provider runs itself. Refused: references to
data that a provider keeps, such as item references and files by id.

This format lacks ``stop``, ``top_k``, ``n`` above 1 (all refused) and Anthropic's ``thinking`` switch (dropped);
``is_error`` of a tool result becomes text. Thinking is a reasoning item: its text the summary, its signature
``encrypted_content``; a request has only the thinking that this provider made. A request is written with
``store: false``, because the other formats keep nothing at the provider.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..callers import deltas_for, made_deltas, made_reply
from ..common import OPENAI, Clock, NewId, Peer, id_for, random_id, unix_time
from ..error_bodies import openai_error
from ..marks import RESPONSES
from ..streams import deltas_of, whole
from . import events, replies, requests
from .event_writer import ResponseWriter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..neutral import ChatReply, ChatRequest, Delta


@dataclass(frozen=True)
class OpenAIResponses:
    """The responses format.

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
        """Return the body of a request; raises ``FormatError`` for several replies."""
        return requests.write_request(request, self.peer)

    def read_reply(self, body: Mapping[str, Any]) -> ChatReply:
        """Return the neutral form of a reply; raises ``FormatError``, also for one that failed."""
        return made_reply(replies.read_reply(body, self.new_id), RESPONSES)

    def write_reply(self, reply: ChatReply, request: ChatRequest | None = None) -> dict[str, Any]:
        """Return the body of a reply, which repeats the settings of the request; ids of other formats are replaced."""
        writer = self._writer(request)
        for delta in deltas_for(deltas_of(reply), request, RESPONSES, self.peer.name):
            for _event in writer.events(delta):
                pass
        return writer.response

    def read_stream(self, chunks: Iterable[bytes]) -> Iterator[Delta]:
        """Return the deltas of a stream, with an ``End`` or an ``Error`` last."""
        return made_deltas(whole(events.read_stream(chunks, self.new_id)), RESPONSES)

    def write_stream(self, deltas: Iterable[Delta], request: ChatRequest) -> Iterator[bytes]:
        """Return the events of a stream, ``response.created`` to ``response.completed``."""
        return self._writer(request).stream(deltas_for(deltas, request, RESPONSES, self.peer.name))

    def error_body(self, type: str | None, code: str | None, message: str, status: int) -> dict[str, Any]:  # noqa: A002
        """``{"error": {"message", "type", "param", "code"}}``."""
        return openai_error(type, code, message, status)

    def _writer(self, request: ChatRequest | None) -> ResponseWriter:
        return ResponseWriter(request, self.new_id, self.clock, self._reply_id)

    def _reply_id(self, reply_id: str | None) -> str:
        return id_for(reply_id, "resp_", self.new_id)
