"""Reads and writes messages of the Anthropic format: system text, turns and content blocks."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from ....json_input.fields import FormatError
from ..common import arguments_of, input_of
from ..marks import ANTHROPIC, is_own, read_thinking
from ..neutral import (
    File,
    Image,
    Message,
    Part,
    RedactedThinking,
    Refusal,
    ReplyPart,
    Role,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
)
from ..sources import document_source_of, source_of, url_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ....json_input.fields import Fields
    from ..common import Peer

_ROLES: Mapping[str, Role] = {"user": "user", "assistant": "assistant", "system": "system"}
_ADVICE = "send it to the provider in its own format"
_RUN_BY_PROVIDER = ("server_tool_use", "mcp_tool_use", "mcp_tool_listing")
"""Calls of tools that the provider ran itself: what they found is in what it then said."""


def read_messages(fields: Fields) -> Iterator[Message]:
    """Yield the system text and the turns of a request; each tool result becomes a message before the rest."""
    if fields.has("system"):
        yield Message("system", fields.content("system", Text, _read_text))
    for turn in fields.children("messages"):
        role = turn.choice("role", _ROLES, "tool results are parts of a user turn")
        parts: tuple[Part | None, ...] = turn.content("content", Text, partial(_read_part, role))
        yield from _messages(role, [part for part in parts if part is not None])


def read_reply_part(fields: Fields) -> ReplyPart | None:
    """Return a block of a reply that is not a call; ``None`` for a kind that no other format has."""
    reader = _ANSWERS.get(fields.words("type"))
    return reader(fields) if reader else None


def write_system(messages: Iterable[Message]) -> Any:
    """Return the member ``system``: one message unchanged, several joined by a blank line; ``None`` without any."""
    instructions = [message.parts for message in messages if message.role in {"system", "developer"}]
    system = [texts for texts in map(_texts, instructions) if texts]
    if len(system) == 1 and len(system[0]) > 1:
        return [write_part(part) for part in system[0]]
    return "\n\n".join("".join(part.text for part in texts) for texts in system) or None


def write_turns(messages: Iterable[Message], peer: Peer) -> list[dict[str, Any]]:
    """Return the member ``messages``; consecutive tool results, and the user's text after them, are one turn.

    Blank text and empty turns are left out, because the provider refuses them.

    Raises:
        FormatError: nothing is left.
    """
    turns: list[tuple[str, list[Part]]] = []
    after_tool = False
    for message in messages:
        if message.role in {"system", "developer"}:
            continue
        role = "assistant" if message.role == "assistant" else "user"
        if after_tool and role == "user":
            turns[-1][1].extend(message.parts)
        else:
            turns.append((role, list(message.parts)))
        after_tool = message.role == "tool"
    written = [{"role": role, "content": _write_content(_sent(parts, peer))} for role, parts in turns]
    said = [turn for turn in written if turn["content"]]
    if turns and not said:
        raise FormatError("text must not be blank: this model's provider takes no conversation without any", "messages")
    return [*said[:-1], _without_end(said[-1])] if said else said


def _without_end(turn: dict[str, Any]) -> dict[str, Any]:
    """Return the last turn without white space at its end, which the provider refuses in an assistant's turn."""
    content = turn["content"]
    if turn["role"] != "assistant":
        return turn
    if isinstance(content, str):
        return {**turn, "content": content.rstrip()}
    last = {**content[-1], "text": content[-1]["text"].rstrip()} if "text" in content[-1] else content[-1]
    return {**turn, "content": [*content[:-1], last]}


def write_part(part: Part) -> dict[str, Any]:
    """Return a content block of a request or a reply."""
    if isinstance(part, Text | Refusal):
        return {"type": "text", "text": part.text}
    if isinstance(part, ToolCall):
        return {"type": "tool_use", "id": part.id, "name": part.name, "input": input_of(part.arguments)}
    if isinstance(part, Thinking):
        return {"type": "thinking", "thinking": part.text, "signature": part.signature or ""}
    if isinstance(part, RedactedThinking):
        return {"type": "redacted_thinking", "data": part.data}
    if isinstance(part, Image):
        return {"type": "image", "source": source_of(part.url)}
    if isinstance(part, File):
        title = {"title": part.name} if part.name else {}
        return {"type": "document", "source": document_source_of(part.url), **title}
    return _write_result(part)


def _messages(role: Role, parts: Sequence[Part]) -> Iterator[Message]:
    rest = tuple(part for part in parts if not isinstance(part, ToolResult))
    for part in parts:
        if isinstance(part, ToolResult):
            yield Message("tool", (part,))
    if rest or not parts:
        yield Message(role, rest)


def _read_part(role: Role, fields: Fields) -> Part | None:
    kind = fields.text("type")
    if role == "assistant" and (kind in _RUN_BY_PROVIDER or kind.endswith("_tool_result")):
        return None
    return fields.choice("type", _BLOCKS[role], _ADVICE)(fields)


def _read_text(fields: Fields) -> Text:
    return Text(fields.text("text"))


def _read_image(fields: Fields) -> Image:
    return Image(url_of(fields.child("source")))


def _read_document(fields: Fields) -> Text | File:
    source = fields.child("source")
    if source.raw.get("type") == "text":
        return Text(source.text("data"))
    if source.raw.get("type") == "content":
        return Text("\n\n".join(part.text for part in source.content("content", Text, _read_chunk)))
    return File(url_of(source), fields.text_or_none("title"))


def _read_chunk(fields: Fields) -> Text:
    return fields.choice("type", {"text": _read_text}, _ADVICE)(fields)


def _read_thinking(fields: Fields) -> Thinking:
    return Thinking(fields.text("thinking"), fields.text_or_none("signature") or None, maker=ANTHROPIC)


def _read_thoughts(fields: Fields) -> Part:
    return read_thinking(_read_thinking(fields), ANTHROPIC)


def _read_redacted(fields: Fields) -> RedactedThinking:
    return RedactedThinking(fields.text("data"), ANTHROPIC)


def _read_call(fields: Fields) -> ToolCall:
    return ToolCall(fields.text("id"), fields.text("name"), arguments_of(fields.mapping("input") or {}))


def _read_result(fields: Fields) -> ToolResult:
    content = fields.content("content", Text, lambda part: part.choice("type", _RESULTS, _ADVICE)(part))
    return ToolResult(fields.text("tool_use_id"), content, bool(fields.flag("is_error")))


_RESULTS: Mapping[str, Callable[[Fields], Text | Image | File]] = {
    "text": _read_text,
    "image": _read_image,
    "document": _read_document,
}
_ANSWERS: Mapping[str, Callable[[Fields], ReplyPart]] = {
    "text": _read_text,
    "thinking": _read_thinking,
    "redacted_thinking": _read_redacted,
    "tool_use": _read_call,
}
_BLOCKS: Mapping[Role, Mapping[str, Callable[[Fields], Part]]] = {
    "system": {"text": _read_text},
    "user": {**_RESULTS, "tool_result": _read_result},
    "assistant": {**_ANSWERS, "thinking": _read_thoughts},
}


def _texts(parts: Sequence[Part]) -> list[Text]:
    return [part for part in parts if isinstance(part, Text) and part.text.strip()]


def _sent(parts: Sequence[Part], peer: Peer) -> list[Part]:
    """Return the parts that the provider accepts: no blank text, only thinking that it signed, none at the end."""
    sent = [part for part in parts if not isinstance(part, Text | Refusal) or part.text.strip()]
    sent = [part for part in sent if not isinstance(part, Thinking | RedactedThinking) or _is_signed(part, peer)]
    while sent and isinstance(sent[-1], Thinking | RedactedThinking):
        sent.pop()
    return sent


def _is_signed(part: Thinking | RedactedThinking, peer: Peer) -> bool:
    return is_own(part, ANTHROPIC, peer.name) and bool(
        part.data if isinstance(part, RedactedThinking) else part.signature
    )


def _write_content(parts: Sequence[Part]) -> Any:
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [write_part(part) for part in parts]


def _write_result(result: ToolResult) -> dict[str, Any]:
    parts = [part for part in result.content if not isinstance(part, Text) or part.text.strip()]
    if result.is_error and not parts:
        parts = [Text("Error")]
    content = {"content": _write_content(parts)} if parts else {}
    error = {"is_error": True} if result.is_error else {}
    return {"type": "tool_result", "tool_use_id": result.call_id, **content, **error}
