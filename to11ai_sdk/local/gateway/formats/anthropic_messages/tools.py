"""Reads and writes the tools of the Anthropic format, and the choice of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..common import present
from ..neutral import Tool, ToolCall, ToolChoice
from ..tooling import Tooling, left_out, refuse_kind, settled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....json_input.fields import Fields
    from ..neutral import ChatRequest

_CHOICES: Mapping[str, str] = {"auto": "auto", "none": "none", "required": "any", "tool": "tool"}
_OWN = {"custom": True}


def read_tooling(fields: Fields) -> Tooling:
    """Return what a request says about tools; those that the provider runs itself are left out.

    Raises:
        FormatError: a tool is of a type that cannot be translated, or one that is left out is forced.
    """
    offered = fields.children("tools")
    tools = tuple(_read_tool(tool) for tool in offered if not left_out([tool]))
    parallel = _read_parallel(fields.child("tool_choice"))
    return settled(fields, Tooling(tools, _read_choice(fields), parallel), left_out(offered))


def with_tools_of_history(request: ChatRequest) -> ChatRequest:
    """Return a request that offers the tools that were called, but lets none be called, if it offers none itself.

    Agents send histories without their tools for a summary. Here, requests with calls or results must define tools.
    """
    parts = [part for message in request.messages for part in message.parts]
    called = dict.fromkeys((part.namespace, part.name) for part in parts if isinstance(part, ToolCall))
    if request.tools or not called:
        return request
    tools = tuple(Tool(name, namespace=namespace) for namespace, name in called)
    return replace(request, tools=tools, tool_choice=ToolChoice("none"))


def write_tool(tool: Tool) -> dict[str, Any]:
    """One entry of ``tools``."""
    members = {"description": tool.description, "input_schema": tool.parameters, "strict": tool.strict}
    return present({"name": tool.name, **members})


def write_choice(request: ChatRequest) -> dict[str, Any] | None:
    """Return the member ``tool_choice``."""
    choice, parallel = request.tool_choice, request.parallel_tool_calls
    if choice is None:
        choice = ToolChoice("auto") if parallel is False and request.tools else None
    if choice is None:
        return None
    disable = None if parallel is None or choice.type == "none" else not parallel
    return present({"type": _CHOICES[choice.type], "name": choice.name, "disable_parallel_tool_use": disable})


def _read_tool(fields: Fields) -> Tool:
    if fields.has("type") and fields.text("type") not in _OWN:
        refuse_kind(fields, _OWN)
    return Tool(
        name=fields.text("name"),
        description=fields.text_or_none("description"),
        parameters=fields.mapping("input_schema"),
        strict=fields.flag("strict"),
    )


def _read_choice(fields: Fields) -> ToolChoice | None:
    if not fields.has("tool_choice"):
        return None
    choice = fields.child("tool_choice")
    words = {"auto": ToolChoice("auto"), "none": ToolChoice("none"), "any": ToolChoice("required"), "tool": None}
    simple = choice.choice("type", words, "see the list of tool choices")
    return simple or ToolChoice("tool", choice.text("name"))


def _read_parallel(choice: Fields) -> bool | None:
    disabled = choice.flag("disable_parallel_tool_use")
    return None if disabled is None else not disabled
