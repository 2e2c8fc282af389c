"""Adapts a reply to its caller: the caller's names of tools, new ids, thinking that can go back to its provider."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ....json_types import is_object
from .call_ids import ShownIds
from .common import changed, loads_or_none
from .marks import ANTHROPIC, proof_of, redacted_proof
from .neutral import PartDelta, PartStart, PartStop, RedactedThinking, Signature, Start, Thinking, ToolCall
from .tool_names import originals

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .neutral import ChatReply, ChatRequest, Delta, ReplyPart, Tool


def made_reply(reply: ChatReply, maker: str) -> ChatReply:
    """Return a reply whose thinking names its maker."""
    return changed(reply, parts=tuple(_made(part, maker) for part in reply.parts))


def made_deltas(deltas: Iterable[Delta], maker: str) -> Iterator[Delta]:
    """Yield the deltas of such a reply."""
    for delta in deltas:
        yield PartStart(_made(delta.part, maker)) if isinstance(delta, PartStart) else delta


def reply_for(reply: ChatReply, request: ChatRequest | None, wire_format: str, provider: str) -> ChatReply:
    """Return a reply of a provider as the caller who sent the request in this format gets it.

    If the provider does not name the model, it is the one that the caller asked for.
    """
    tools, ids = originals(request.tools) if request else {}, _ids_for(request, wire_format)
    parts = tuple(_marked(_restored(part, tools, ids), wire_format, provider) for part in reply.parts)
    return changed(reply, parts=parts, model=reply.model or (request.model if request else ""))


def deltas_for(
    deltas: Iterable[Delta], request: ChatRequest | None, wire_format: str, provider: str
) -> Iterator[Delta]:
    """Yield the deltas of such a reply; the input of a custom tool comes in one piece."""
    tools, ids = originals(request.tools) if request else {}, _ids_for(request, wire_format)
    for delta in _marked_deltas(_restored_deltas(deltas, tools, ids), wire_format, provider):
        if isinstance(delta, Start) and request and not delta.model:
            yield replace(delta, model=request.model)
        else:
            yield delta


def _made(part: ReplyPart, maker: str) -> ReplyPart:
    if isinstance(part, Thinking | RedactedThinking) and part.maker is None:
        return replace(part, maker=maker)
    return part


def _ids_for(request: ChatRequest | None, wire_format: str) -> ShownIds:
    """Return ids of calls that differ from those in the conversation, because callers tell calls apart by id."""
    parts = [part for message in request.messages for part in message.parts] if request else []
    return ShownIds([part.id for part in parts if isinstance(part, ToolCall)], wire_format)


def _restored(part: ReplyPart, tools: Mapping[str, Tool], ids: ShownIds) -> ReplyPart:
    if not isinstance(part, ToolCall):
        return part
    part, tool = replace(part, id=ids.of(part.id)), tools.get(part.name)
    if tool is None:
        return part
    arguments = _input(part.arguments) if tool.is_custom else part.arguments
    return replace(part, name=tool.name, arguments=arguments, namespace=tool.namespace, is_custom=tool.is_custom)


def _restored_deltas(deltas: Iterable[Delta], tools: Mapping[str, Tool], ids: ShownIds) -> Iterator[Delta]:
    held: list[str] | None = None
    for delta in deltas:
        if isinstance(delta, PartStart):
            part = _restored(delta.part, tools, ids)
            held = [] if isinstance(part, ToolCall) and part.is_custom else None
            yield PartStart(part)
        elif isinstance(delta, PartDelta) and held is not None:
            held.append(delta.text)
        else:
            if isinstance(delta, PartStop) and held:
                yield PartDelta(_input("".join(held)))
            yield delta


def _input(arguments: str) -> str:
    """Return the input of a custom tool, which was offered as a function with one argument."""
    value = loads_or_none(arguments)
    text = value.get("input") if is_object(value) else None
    return text if isinstance(text, str) else "" if value == {} else arguments


def _marked(part: ReplyPart, wire_format: str, provider: str) -> ReplyPart:
    if isinstance(part, RedactedThinking) and wire_format != ANTHROPIC:
        return _stand_in(part, provider)
    foreign = _foreign(part, wire_format)
    return replace(foreign, signature=proof_of(foreign, provider), maker=None) if foreign else part


def _marked_deltas(deltas: Iterable[Delta], wire_format: str, provider: str) -> Iterator[Delta]:
    foreign: Thinking | None = None
    proofs: list[str] = []
    for delta in deltas:
        if isinstance(delta, PartStart):
            foreign, proofs = _foreign(delta.part, wire_format), []
            yield from _started(delta, wire_format, provider)
        elif isinstance(delta, Signature) and foreign:
            proofs.append(delta.signature)
        elif isinstance(delta, PartStop) and foreign:
            yield Signature(proof_of(replace(foreign, signature="".join(proofs)), provider))
            foreign = None
            yield delta
        else:
            yield delta


def _started(start: PartStart, wire_format: str, provider: str) -> Iterator[Delta]:
    if isinstance(start.part, RedactedThinking) and wire_format != ANTHROPIC:
        stand_in = _stand_in(start.part, provider)
        yield PartStart(replace(stand_in, signature=None))
        yield Signature(stand_in.signature or "")
    else:
        yield start


def _stand_in(part: RedactedThinking, provider: str) -> Thinking:
    """Return thinking without text; its signature holds the encrypted thinking."""
    return Thinking("", redacted_proof(part, provider), maker=part.maker)


def _foreign(part: ReplyPart, wire_format: str) -> Thinking | None:
    return part if isinstance(part, Thinking) and part.maker not in (None, wire_format) else None
