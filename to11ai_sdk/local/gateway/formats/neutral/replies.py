"""A model's reply in the neutral form: whole, or as the deltas of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from .parts import ReplyPart

StopReason = Literal["end_turn", "max_tokens", "stop_sequence", "tool_use", "refusal"]


@dataclass(frozen=True, slots=True)
class Usage:
    """The token counts of a reply.

    Attributes:
        input_tokens: all tokens of the request, cached ones included.
        output_tokens: all tokens of the reply, thinking included.
        cache_read_tokens: of the input, those read from the provider's cache.
        cache_write_tokens: of the input, those written to it.
        reasoning_tokens: of the output, those spent on thinking.
    """

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0


@dataclass(frozen=True, slots=True)
class ChatReply:
    """A chat reply.

    Attributes:
        id: the provider's id of the reply; ``None`` if it gave none.
        model: the model that answered.
        parts: none of them is empty.
        stop: why it ended.
        stop_sequence: the text that ended it, if it was one of the caller's and the provider reports it.
        usage: ``None`` if the provider did not count.
        created: seconds since 1970; ``None`` if the provider did not say.
    """

    id: str | None
    model: str
    parts: tuple[ReplyPart, ...]
    stop: StopReason = "end_turn"
    stop_sequence: str | None = None
    usage: Usage | None = None
    created: int | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """The first delta of a stream; ``usage`` has the counts known by then, mostly the input."""

    id: str | None
    model: str
    created: int | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class PartStart:
    """A part begins; its text follows in deltas. Parts never overlap."""

    part: ReplyPart


@dataclass(frozen=True, slots=True)
class PartDelta:
    """More of the current part: of its text, or of the arguments of its call."""

    text: str


@dataclass(frozen=True, slots=True)
class Signature:
    """The signature of the current part, which is a ``Thinking``."""

    signature: str


@dataclass(frozen=True, slots=True)
class PartStop:
    """The current part is complete."""


@dataclass(frozen=True, slots=True)
class End:
    """The last delta of a complete stream."""

    stop: StopReason = "end_turn"
    stop_sequence: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Error:
    """A provider's error: the body of a failed reply, or the last delta of a broken stream.

    Attributes:
        type: the provider's name for the kind; ``None`` if it has none.
        code: the provider's code of the error; ``None`` if it has none.
        message: for a person.
        status: HTTP status that the error has or would have.
    """

    type: str | None
    code: str | None
    message: str
    status: int = 502


Delta = Start | PartStart | PartDelta | Signature | PartStop | End | Error
