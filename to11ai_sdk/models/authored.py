"""Blocks of a chat template as one writes them; pass them in ``template_json={"messages": [...]}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from .base import Model

TextChatRole = Literal["system", "user", "assistant", "developer"]
"""Roles of a block that holds text."""


class TextChatMessage(Model):
    """A block of text; a ``disabled`` one is kept but not rendered."""

    role: TextChatRole
    content: str
    disabled: bool | None = None


class ToolChatMessage(Model):
    """A block that defines a tool: its name (1 to 200 characters) and the JSON Schema of its parameters."""

    role: Literal["tool"] = "tool"
    name: str
    parameters: dict[str, Any]
    description: str | None = None
    disabled: bool | None = None


ChatMessage = TextChatMessage | ToolChatMessage
"""A block of a chat template."""


def chat_message_from_dict(data: Mapping[str, Any]) -> ChatMessage:
    """The block of a JSON object; an old tool block, which had only ``content``, becomes a tool without parameters.

    Raises:
        ValueError: unknown role, or a field that does not fit.
    """
    role = data.get("role")
    if role != "tool":
        if role not in ("system", "user", "assistant", "developer"):
            raise ValueError("role must be system, user, assistant, developer or tool")
        return TextChatMessage.from_dict(data)
    if "name" not in data:
        data = {"name": "(unnamed)", "description": data.get("content"), "parameters": {}, **data}
    return ToolChatMessage.from_dict(data)
