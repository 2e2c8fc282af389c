"""Defines the blocks to write a chat template with; pass them in ``template_json={"messages": [...]}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, SerializationInfo, SerializerFunctionWrapHandler, model_serializer

from ..json_types import is_mapping
from .base import Model

TextChatRole = Literal["system", "user", "assistant", "developer"]
"""The roles of a text block."""


def _known(role: object) -> object:
    # Our own message, because Pydantic's does not name the role.
    if role not in ("system", "user", "assistant", "developer"):
        raise ValueError(f"role must be system, user, assistant, developer or tool, not {role!r:.100}")
    return role


class TextChatMessage(Model):
    """A block of text; a ``disabled`` one is kept but not rendered."""

    role: Annotated[TextChatRole, BeforeValidator(_known)]
    content: str
    disabled: bool | None = None


class ToolChatMessage(Model):
    """A block that defines a tool: its name (1 to 200 characters) and the JSON Schema of its parameters, or null."""

    role: Literal["tool"] = "tool"
    name: str
    parameters: Any = {}
    description: str | None = None
    disabled: bool | None = None

    @model_serializer(mode="wrap")
    def _with_null(self, dump: SerializerFunctionWrapHandler, info: SerializationInfo) -> dict[str, Any]:
        # Here null is a value: keep it where fields that were not given are left out.
        return {**dump(self), **({"parameters": None} if info.exclude_none and self.parameters is None else {})}


ChatMessage = TextChatMessage | ToolChatMessage
"""A block of a chat template."""


def chat_message_from_dict(data: Mapping[str, Any]) -> ChatMessage:
    """Return the block of a JSON object; an old tool block, with only ``content``, becomes a tool without parameters.

    Raises:
        TypeError: ``data`` is not a mapping.
        ValueError: an unknown role or an invalid field; the message names it.
    """
    if not is_mapping(data):
        raise TypeError(f"data must be a mapping, not {type(data).__name__}")
    if data.get("role") != "tool":
        _known(data.get("role"))
        return TextChatMessage.from_dict(data)
    if "name" not in data:
        data = {"name": "(unnamed)", "description": data.get("content"), **data}
    return ToolChatMessage.from_dict(data)
