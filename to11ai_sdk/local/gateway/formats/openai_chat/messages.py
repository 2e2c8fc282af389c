"""Reads and writes messages of the chat completions format: content, tool calls and tool results."""

from __future__ import annotations

from functools import partial
from itertools import groupby
from typing import TYPE_CHECKING, Any

from ....json_input.fields import Fields, FormatError
from ..common import present
from ..neutral import File, Image, Message, Part, RedactedThinking, Refusal, Role, Text, Thinking, ToolCall, ToolResult
from ..openai_common import detail_of, error_text, file_data_of, file_name, image_url_of, role_for
from ..sources import is_data
from .thoughts import read_thoughts, write_thoughts
from .tools import read_call, write_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..common import Peer

_ADVICE = "send it to the provider in its own format"
_OLD = {
    "function_call": "was replaced by tool_calls: use that",
    "audio": "refers to what one provider keeps: send what was said as content",
}


def read_message(role: Role, fields: Fields) -> Message:
    """Return one message; its ``name`` is dropped, because no other format has it."""
    content = fields.content("content", Text, partial(_read_part, role))
    for key, advice in _OLD.items():
        if fields.has(key):
            fields.refuse(key, advice)
    if role == "tool":
        return Message(role, (_result(fields, content),))
    if role == "assistant":
        calls = map(read_call, fields.children("tool_calls"))
        return Message(role, (*read_thoughts(fields), *content, *_refusals(fields), *calls))
    if not fields.has("content"):
        fields.refuse("content", "is required")
    return Message(role, content)


def write_messages(messages: Iterable[Message], peer: Peer) -> list[dict[str, Any]]:
    """Return all messages.

    Images and files from tools follow in a separate user message, because a tool message holds only text.
    """
    written: list[dict[str, Any]] = []
    for is_tool, run in groupby(messages, lambda message: message.role == "tool"):
        turns = [turn for turn in run if _says(turn, peer)]
        written += _write_results(turns) if is_tool else (_write_message(turn, peer) for turn in turns)
    return written


def _read_part(role: Role, fields: Fields) -> Part:
    return fields.choice("type", _PARTS[role], _ADVICE)(fields)


def _result(fields: Fields, content: Sequence[Part]) -> ToolResult:
    texts = tuple(part for part in content if isinstance(part, Text))
    return ToolResult(fields.text("tool_call_id"), texts)


def _refusals(fields: Fields) -> list[Refusal]:
    refusal = fields.text_or_none("refusal")
    return [] if refusal is None else [Refusal(refusal)]


def _read_text(fields: Fields) -> Part:
    return Text(fields.text("text"))


def _read_refusal(fields: Fields) -> Part:
    return Refusal(fields.text("refusal"))


def _read_image(fields: Fields) -> Part:
    if isinstance(fields.raw.get("image_url"), str):  # Mistral's clients send the bare URL.
        return Image(image_url_of(fields, "image_url"))
    image = fields.child("image_url")
    return Image(image_url_of(image, "url"), detail_of(image))


def _read_file(fields: Fields) -> Part:
    file = fields.child("file")
    if not file.has("file_data"):
        file.refuse("file_data", "is required: a file kept by one provider cannot be reached by another")
    return File(file_data_of(file, "file_data"), file.text_or_none("filename"))


_TEXT: Mapping[str, Callable[[Fields], Part]] = {"text": _read_text}
_PARTS: Mapping[Role, Mapping[str, Callable[[Fields], Part]]] = {
    "system": _TEXT,
    "developer": _TEXT,
    "tool": _TEXT,
    "user": {"text": _read_text, "image_url": _read_image, "file": _read_file},
    "assistant": {"text": _read_text, "refusal": _read_refusal},
}


def _write_message(message: Message, peer: Peer) -> dict[str, Any]:
    if message.role == "assistant":
        return _write_assistant(message, peer)
    return {"role": role_for(message.role, peer), "content": _write_content(message.parts)}


def _says(message: Message, peer: Peer) -> bool:
    """Whether a message has any content; thinking alone is none for a provider that does not accept it."""
    thoughts = (isinstance(part, Thinking | RedactedThinking) for part in message.parts)
    return not message.parts or bool(write_thoughts(message.parts, peer)) or not all(thoughts)


def _write_assistant(message: Message, peer: Peer) -> dict[str, Any]:
    texts = [part for part in message.parts if isinstance(part, Text)]
    calls = [write_call(part) for part in message.parts if isinstance(part, ToolCall)]
    refusals = [part.text for part in message.parts if isinstance(part, Refusal)]
    content = _write_content(texts) if texts or not (calls or refusals) else None
    extra = {"refusal": "".join(refusals) if refusals else None, "tool_calls": calls or None}
    return {"role": "assistant", "content": content, **write_thoughts(message.parts, peer), **present(extra)}


def _write_results(messages: Sequence[Message]) -> list[dict[str, Any]]:
    results = [part for message in messages for part in message.parts if isinstance(part, ToolResult)]
    media = [part for result in results for part in result.content if not isinstance(part, Text)]
    follow_up = [{"role": "user", "content": _write_content(media)}] if media else []
    return [*map(_write_result, results), *follow_up]


def _write_result(result: ToolResult) -> dict[str, Any]:
    texts = [part for part in error_text(result) if isinstance(part, Text)]
    return {"role": "tool", "tool_call_id": result.call_id, "content": _write_content(texts)}


def _write_content(parts: Sequence[Part]) -> Any:
    if not parts:
        return ""
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [_write_part(part) for part in parts]


def _write_part(part: Part) -> dict[str, Any]:
    if isinstance(part, Image):
        return {"type": "image_url", "image_url": present({"url": part.url, "detail": part.detail})}
    if isinstance(part, File):
        return {"type": "file", "file": {"filename": file_name(part), "file_data": _inline(part)}}
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    raise FormatError(f"chat completions have no room for {type(part).__name__} in this place", "messages")


def _inline(file: File) -> str:
    if not is_data(file.url):
        raise FormatError("chat completions take files by content, not by URL: send it as a data URL", "messages")
    return file.url
