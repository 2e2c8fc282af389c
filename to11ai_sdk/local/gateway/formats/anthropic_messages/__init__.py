"""Anthropic messages (``POST /v1/messages``; https://docs.anthropic.com/en/api/messages).

``members.ANTHROPIC`` lists how each member of a request is handled. Dropped inside of members, because no other format
has them: ``cache_control``, ``citations``, ``thinking.display``, the ``context`` of a document; in replies
``citations``, ``container``, blocks of tools that the provider runs itself; ``pause_turn`` is an ``end_turn``,
``model_context_window_exceeded`` a ``max_tokens``. Refused: files by id, search results.

Writing a request: several system and developer texts are joined by a blank line, wherever they stood; ``max_tokens`` is
4096, plus the budget for thinking (24,576 for adaptive thinking), by default; a temperature above 1 is 1, and left out
together with ``top_p``; thinking that this provider did not sign, blank texts and empty turns are left out; characters
that are not allowed in an id become ``_``. An effort is written with adaptive thinking unless the request has what the
provider refuses with it: a temperature or ``top_p`` that is not 1, ``top_k``, a forced tool; an effort of ``none`` is
left out. This format lacks ``metadata``, ``verbosity``, ``service``, the ``detail`` of an image and, in requests, a
``response_format`` of JSON (refused) or an ``n`` above 1 (refused). A refusal becomes text with the stop reason
``refusal``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..callers import deltas_for, made_deltas, made_reply, reply_for
from ..common import OPENAI, Clock, NewId, Peer, id_for, random_id, unix_time
from ..error_bodies import anthropic_error
from ..marks import ANTHROPIC
from ..streams import whole
from . import event_writer, events, replies, requests

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..neutral import ChatReply, ChatRequest, Delta


@dataclass(frozen=True)
class AnthropicMessages:
    """The Anthropic messages format.

    Args:
        new_id: makes ids.
        clock: returns the time; this format does not use it.
        peer: the provider that requests go to and replies come from.
    """

    new_id: NewId = random_id
    clock: Clock = unix_time
    peer: Peer = OPENAI

    def read_request(self, body: Mapping[str, Any]) -> ChatRequest:
        """Return the neutral form of a request; raises ``FormatError``."""
        return requests.read_request(body)

    def write_request(self, request: ChatRequest) -> dict[str, Any]:
        """Return the body of a request; raises ``FormatError`` for JSON formats and several replies."""
        return requests.write_request(request, self.peer)

    def read_reply(self, body: Mapping[str, Any]) -> ChatReply:
        """Return the neutral form of a reply; raises ``FormatError``."""
        return made_reply(replies.read_reply(body, self.new_id), ANTHROPIC)

    def write_reply(self, reply: ChatReply, request: ChatRequest | None = None) -> dict[str, Any]:
        """Return the body of a reply; ids of other formats are replaced."""
        reply = reply_for(reply, request, ANTHROPIC, self.peer.name)
        return replies.write_reply(reply, self._reply_id(reply.id))

    def read_stream(self, chunks: Iterable[bytes]) -> Iterator[Delta]:
        """Return the deltas of a stream, with an ``End`` or an ``Error`` last."""
        return made_deltas(whole(events.read_stream(chunks, self.new_id)), ANTHROPIC)

    def write_stream(self, deltas: Iterable[Delta], request: ChatRequest) -> Iterator[bytes]:
        """Return the events of a stream, ``message_start`` to ``message_stop``, always with the usage."""
        deltas = deltas_for(deltas, request, ANTHROPIC, self.peer.name)
        return event_writer.write_stream(deltas, self._reply_id)

    def error_body(self, type: str | None, code: str | None, message: str, status: int) -> dict[str, Any]:  # noqa: A002
        """``{"type": "error", "error": {"type", "message"}}``, and ``code`` inside if there is one."""
        return anthropic_error(type, code, message, status)

    def _reply_id(self, reply_id: str | None) -> str:
        return id_for(reply_id, "msg_", self.new_id)
