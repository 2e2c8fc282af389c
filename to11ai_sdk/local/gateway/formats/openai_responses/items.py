"""Reads and writes the items of ``input`` in the responses format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_input.fields import Fields, FormatError
from ..common import present
from ..marks import RESPONSES, is_own, read_thinking
from ..neutral import File, Image, Message, Part, Refusal, Role, Text, Thinking, ToolCall, ToolResult
from ..openai_common import detail_of, error_text, file_data_of, file_name, image_url_of, role_for
from ..sources import is_data
from .tools import ADDITIONAL_TOOLS, read_call, read_custom_call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from ..common import Peer

_ADVICE = "send it to the provider in its own format"
_ROLES: Mapping[str, Role] = {"system": "system", "developer": "developer", "user": "user", "assistant": "assistant"}


def read_messages(fields: Fields) -> Iterator[Message]:
    """Return instructions and input; consecutive text, thinking and calls of an assistant are one message."""
    if fields.has("instructions"):
        yield Message("system", (Text(fields.text("instructions")),))
    said: list[Part] = []
    for message in _read_input(fields):
        if message.role == "assistant":
            said += message.parts
            continue
        if said:
            yield Message("assistant", tuple(said))
        said = []
        yield message
    if said:
        yield Message("assistant", tuple(said))


def write_messages(messages: Sequence[Message], peer: Peer) -> tuple[str | None, list[dict[str, Any]]]:
    """Return ``instructions``, which are a system text before all others, and ``input``.

    Thinking that this provider did not make is dropped.
    """
    instructions = None
    first = messages[0].parts if len(messages) > 1 and messages[0].role == "system" else ()
    if len(first) == 1 and isinstance(first[0], Text):
        instructions, messages = first[0].text, messages[1:]
    return instructions, [item for message in messages for item in _write_message(message, peer)]


def read_reasoning(fields: Fields) -> Thinking:
    """Return a reasoning item: its summary, else its full text."""
    summary = "\n\n".join(part.text("text") for part in fields.children("summary"))
    text = summary or "".join(part.text("text") for part in fields.children("content"))
    return Thinking(text, fields.text_or_none("encrypted_content") or None, fields.text_or_none("id"), RESPONSES)


def write_reasoning(thinking: Thinking, item_id: str) -> dict[str, Any]:
    """Return a reasoning item."""
    summary = [{"type": "summary_text", "text": thinking.text}] if thinking.text else []
    item = {"type": "reasoning", "id": item_id, "summary": summary}
    return {**item, "encrypted_content": thinking.signature} if thinking.signature else item


def _read_input(fields: Fields) -> Iterator[Message]:
    if isinstance(fields.raw.get("input"), str):
        yield Message("user", (Text(fields.text("input")),))
        return
    for item in fields.children("input"):
        kind = item.text_or_none("type") or "message"
        if kind == "item_reference":
            item.refuse("type", f"{kind!r} is not supported here: {_REFERENCE}")
        if kind not in (*_RUN_BY_PROVIDER, ADDITIONAL_TOOLS):
            yield _ITEMS[kind](item) if kind in _ITEMS else item.choice("type", _ITEMS, _ADVICE)(item)


def _read_message(fields: Fields) -> Message:
    role = fields.choice("role", _ROLES, "tool results are items of the type function_call_output")
    table = _ANSWERS if role == "assistant" else _CONTENT
    return Message(role, fields.content("content", Text, lambda part: part.choice("type", table, _ADVICE)(part)))


def _read_said(read: Callable[[Fields], Part]) -> Callable[[Fields], Message]:
    return lambda item: Message("assistant", (read(item),))


def _read_result(fields: Fields) -> Message:
    content = fields.content("output", Text, lambda part: part.choice("type", _CONTENT, _ADVICE)(part))
    return Message("tool", (ToolResult(fields.text("call_id"), content),))


def _read_thoughts(fields: Fields) -> Message:
    return Message("assistant", (read_thinking(read_reasoning(fields), RESPONSES),))


def _read_text(fields: Fields) -> Text:
    return Text(fields.text("text"))


def _read_refusal(fields: Fields) -> Refusal:
    return Refusal(fields.text("refusal"))


def _read_image(fields: Fields) -> Image:
    if not fields.has("image_url"):
        fields.refuse("image_url", "is required: a file kept by one provider cannot be reached by another")
    return Image(image_url_of(fields, "image_url"), detail_of(fields))


def _read_file(fields: Fields) -> File:
    key = "file_url" if fields.has("file_url") else "file_data"
    if not fields.has(key):
        fields.refuse(key, "is required: a file kept by one provider cannot be reached by another")
    url = file_data_of(fields, key) if key == "file_data" else image_url_of(fields, key)
    return File(url, fields.text_or_none("filename"))


_CONTENT: Mapping[str, Callable[[Fields], Text | Image | File]] = {
    "input_text": _read_text,
    "input_image": _read_image,
    "input_file": _read_file,
}
_ANSWERS: Mapping[str, Callable[[Fields], Part]] = {
    "output_text": _read_text,
    "input_text": _read_text,
    "refusal": _read_refusal,
}
_ITEMS: Mapping[str, Callable[[Fields], Message]] = {
    "message": _read_message,
    "function_call": _read_said(read_call),
    "function_call_output": _read_result,
    "custom_tool_call": _read_said(read_custom_call),
    "custom_tool_call_output": _read_result,
    "reasoning": _read_thoughts,
}
_REFERENCE = "it refers to what one provider keeps; set store to false, and the client sends the items themselves"
_RUN_BY_PROVIDER = (
    "code_interpreter_call",
    "file_search_call",
    "image_generation_call",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_call",
    "mcp_list_tools",
    "program",
    "program_output",
    "tool_search_call",
    "tool_search_output",
    "web_search_call",
)
"""Calls of tools that the provider ran itself: what they found is in what it then said."""


def _write_message(message: Message, peer: Peer) -> Iterator[dict[str, Any]]:
    if message.role == "assistant":
        yield from _write_assistant(message.parts, peer)
    elif message.role == "tool":
        yield from (_write_result(part) for part in message.parts if isinstance(part, ToolResult))
    else:
        yield {"role": role_for(message.role, peer), "content": _write_content(message.parts)}


def _write_assistant(parts: Iterable[Part], peer: Peer) -> Iterator[dict[str, Any]]:
    said: list[dict[str, Any]] = []
    for part in parts:
        if isinstance(part, Text | Refusal):
            said.append(_write_part(part, "output_text"))
            continue
        yield from _write_said(said)
        said = []
        if isinstance(part, ToolCall):
            call = {"call_id": part.id, "name": part.name, "arguments": part.arguments}
            yield {"type": "function_call", **call}
        elif isinstance(part, Thinking) and _is_taken(part, peer):
            yield write_reasoning(part, part.id or "")
    yield from _write_said(said)


def _is_taken(thinking: Thinking, peer: Peer) -> bool:
    # OpenAI looks up an item without a proof among those that it keeps, and nothing is kept there (``store: false``).
    has_proof = bool(thinking.signature) or not peer.is_openai
    return thinking.id is not None and has_proof and is_own(thinking, RESPONSES, peer.name)


def _write_said(content: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    if content:
        yield {"role": "assistant", "content": content}


def _write_result(result: ToolResult) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": result.call_id, "output": _write_content(error_text(result))}


def _write_content(parts: Sequence[Part]) -> Any:
    if not parts:
        return ""
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [_write_part(part, "input_text") for part in parts]


def _write_part(part: Part, text_type: str) -> dict[str, Any]:
    if isinstance(part, Text):
        return {"type": text_type, "text": part.text}
    if isinstance(part, Refusal):
        return {"type": "refusal", "refusal": part.text}
    if isinstance(part, Image):
        return {"type": "input_image", "image_url": part.url, "detail": part.detail or "auto"}
    if isinstance(part, File):
        place = "file_data" if is_data(part.url) else "file_url"
        name = file_name(part) if is_data(part.url) else part.name
        return present({"type": "input_file", "filename": name, place: part.url})
    raise FormatError(f"the responses format has no room for {type(part).__name__} in this place", "messages")
