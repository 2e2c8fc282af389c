"""Reads the items of a request of OpenAI's responses.

Source: https://platform.openai.com/docs/api-reference/responses/create.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .body import BodyField
from .echo_answer import is_sealed
from .refusals import EchoError
from .turns import ChatTurn, ToolOutput, ToolUse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .kept_responses import KeptResponses

_TEXT_PARTS = ("input_text", "output_text", "refusal", "text")
_ITEMS = (
    "message",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "reasoning",
    "item_reference",
    "additional_tools",
)
_OTHERS = """
apply_patch_call apply_patch_call_output code_interpreter_call compaction compaction_trigger computer_call
computer_call_output configuration_update file_search_call image_generation_call local_shell_call
local_shell_call_output mcp_approval_request mcp_approval_response mcp_call mcp_list_tools program program_output
shell_call shell_call_output tool_search_call tool_search_output web_search_call
"""
_PASSED_OVER = frozenset(_OTHERS.split())
"""Items of tools that are not the caller's functions."""


def given_items(body: BodyField, kept: KeptResponses) -> list[BodyField]:
    """Return the items of the input; references by id are replaced by the items.

    Raises:
        InvalidError: the input is neither a text nor items.
        EchoError: 404, an item is not kept; 400, ``echo`` did not make a reasoning item.
    """
    given = body.need("input")
    if isinstance(given.value, str):
        return [BodyField({"role": "user", "content": given.value}, given.path)]
    return [_resolved(item, kept) for item in given.items()]


def earlier_items(body: BodyField, kept: KeptResponses) -> list[BodyField]:
    """Return the items of the responses that the request continues.

    Raises:
        EchoError: 400, they are not kept.
    """
    previous = body.get("previous_response_id")
    if previous is None:
        return []
    found = kept.history(previous.text())
    if found is None:
        message = f"Previous response with id '{previous.text()}' not found."
        raise EchoError(400, message, param="previous_response_id", code="previous_response_not_found")
    return [BodyField(item, ("previous_response_id", index)) for index, item in enumerate(found)]


def read_item(item: BodyField) -> ChatTurn | None:
    """Return the turn of an item; ``None`` for an item without one, such as reasoning."""
    kind = _kind(item)
    if kind == "message":
        return _message(item)
    if kind in ("function_call", "custom_tool_call"):
        custom = kind == "custom_tool_call"
        name, arguments = item.need("name").text(), item.need("input" if custom else "arguments").text()
        return ChatTurn("assistant", calls=(ToolUse(item.need("call_id").text(), name, arguments, custom),))
    if kind in ("function_call_output", "custom_tool_call_output"):
        texts, _ = _content(item.need("output"))
        return ChatTurn("tool", results=(ToolOutput(item.need("call_id").text(), "\n".join(texts)),))
    if kind not in _PASSED_OVER:
        item.need("type").word(*_ITEMS)
    return None


def offered_tools(body: BodyField, items: Sequence[BodyField]) -> list[tuple[BodyField, str | None]]:
    """Return the tools that the caller runs, each with its namespace: those of the request and those that items add."""
    adding = [body, *(item for item in items if item.value.get("type") == "additional_tools")]
    listed = [tool for holder in adding if (tools := holder.get("tools")) for tool in tools.items()]
    found: list[tuple[BodyField, str | None]] = []
    for tool in listed:
        if tool.need("type").text() == "namespace":
            name = tool.need("name").text()
            found += [(member, name) for member in tool.need("tools").items()]
        else:
            found.append((tool, None))
    return [(tool, name) for tool, name in found if tool.need("type").text() in ("function", "custom")]


def _kind(item: BodyField) -> str:
    if kind := item.get("type"):
        return kind.text()
    return "item_reference" if item.get("id") and not item.get("role") else "message"


def _resolved(item: BodyField, kept: KeptResponses) -> BodyField:
    kind = _kind(item)
    if kind == "item_reference":
        item_id = item.need("id").text()
        found = kept.item(item_id)
        if found is None:
            raise _unknown(item_id)
        return BodyField(found, item.path)
    if kind == "reasoning":
        _check_reasoning(item, kept)
    return item


def _check_reasoning(item: BodyField, kept: KeptResponses) -> None:
    sealed = item.get("encrypted_content")
    if sealed is None:
        if kept.item(item.need("id").text()) is None:
            raise _unknown(item.value["id"])
    elif not is_sealed(text := sealed.text()):
        shown = f"{text[:4]}...{text[-4:]}" if len(text) > 8 else text
        message = (
            f"The encrypted content {shown} could not be verified. Reason: Encrypted content could not be decrypted or"
            " parsed."
        )
        raise EchoError(400, message, code="invalid_encrypted_content")


def _unknown(item_id: str) -> EchoError:
    message = (
        f"Item with id '{item_id}' not found. Items are not persisted when `store` is set to false. Try again with"
        " `store` set to true, or remove this item from your input."
    )
    return EchoError(404, message, param="input")


def _message(item: BodyField) -> ChatTurn:
    role = item.need("role").word("user", "assistant", "system", "developer")
    texts, images = _content(item.need("content"))
    return ChatTurn(role, texts, images)


def _content(content: BodyField) -> tuple[tuple[str, ...], int]:
    if isinstance(content.value, str):
        return (content.value,), 0
    texts: list[str] = []
    images = 0
    for part in content.items():
        kind = part.need("type").word(*_TEXT_PARTS, "input_image", "input_file", "input_audio")
        if kind in _TEXT_PARTS:
            texts.append(part.need("refusal" if kind == "refusal" else "text").text())
        images += kind == "input_image"
    return tuple(texts), images
