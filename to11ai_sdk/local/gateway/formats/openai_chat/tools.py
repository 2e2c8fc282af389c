"""Reads and writes the tools of the chat completions format, the choice of one, and calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..common import present
from ..neutral import Tool, ToolCall, ToolChoice
from ..openai_common import chosen_by_word
from ..tooling import Tooling, allowed, custom, left_out, refuse_kind, settled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ....json_input.fields import Fields


def read_tooling(fields: Fields) -> Tooling:
    """Return what a request says about tools; those that the provider runs itself are left out.

    Raises:
        FormatError: a tool is of a type that cannot be translated, or one that is left out is forced.
    """
    offered = fields.children("tools")
    run_by_provider = left_out(offered)
    tools = tuple(_read_tool(tool) for tool in offered if not left_out([tool]))
    parallel = fields.flag("parallel_tool_calls")
    return settled(fields, _chosen(fields, tools)._replace(parallel=parallel), run_by_provider)


def write_tool(tool: Tool) -> dict[str, Any]:
    """One entry of ``tools``."""
    members = {"description": tool.description, "parameters": tool.parameters, "strict": tool.strict}
    return {"type": "function", "function": present({"name": tool.name, **members})}


def write_choice(choice: ToolChoice | None) -> Any:
    """Return the member ``tool_choice``."""
    if choice is None or choice.type != "tool":
        return choice and choice.type
    return {"type": "function", "function": {"name": choice.name}}


def read_call(fields: Fields) -> ToolCall:
    """One entry of ``tool_calls`` in a request."""
    kind = fields.words("type") or "function"
    if kind not in ("function", "custom"):
        fields.choice("type", {"function": True, "custom": True}, "send it to the provider in its own format")
    called = fields.child(kind)
    text = called.words("input" if kind == "custom" else "arguments")
    return ToolCall(fields.text("id"), called.text("name"), text, is_custom=kind == "custom")


def write_call(call: ToolCall) -> dict[str, Any]:
    """One entry of ``tool_calls``."""
    if call.is_custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": call.arguments}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _read_function(fields: Fields) -> Tool:
    function = fields.child("function")
    return Tool(
        name=function.text("name"),
        description=function.text_or_none("description"),
        parameters=function.mapping("parameters"),
        strict=function.flag("strict"),
    )


def _read_custom(fields: Fields) -> Tool:
    tool = fields.child("custom")
    return custom(tool.text("name"), tool.text_or_none("description"), tool.child("format"))


_READERS: Mapping[str, Callable[[Fields], Tool]] = {"function": _read_function, "custom": _read_custom}


def _read_tool(fields: Fields) -> Tool:
    kind = fields.text("type")
    return _READERS[kind](fields) if kind in _READERS else refuse_kind(fields, _READERS)


def _chosen(fields: Fields, tools: tuple[Tool, ...]) -> Tooling:
    by_word = chosen_by_word(fields, tools)
    if by_word is not None:
        return by_word
    choice = fields.child("tool_choice")
    kind = choice.text("type")
    if kind == "allowed_tools":
        some = choice.child(kind)
        return allowed(some, tools, some.children("tools"))
    if kind not in _READERS:
        refuse_kind(choice, {**_READERS, "allowed_tools": True})
    return Tooling(tools, ToolChoice("tool", choice.child(kind).text("name")), None)
