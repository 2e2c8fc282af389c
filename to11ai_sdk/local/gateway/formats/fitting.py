"""Adapts a request to its provider: names and ids within limits, all tools as functions, all arguments as JSON."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .arguments import whole_arguments
from .call_ids import CallIds
from .common import changed, dumps
from .neutral import ToolCall, ToolResult
from .tool_names import ToolNames
from .tool_schemas import parameters
from .turn_order import results_first

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .neutral import ChatRequest, Message, Part, Tool


@dataclass(frozen=True)
class Limits:
    """The limits of a format.

    Attributes:
        wire_format: its name, which decides the form of the ids of calls.
        tool_name: most characters of the name of a tool.
        nested_schemas: whether the schemas inside that of a tool have to be complete.
    """

    wire_format: str
    tool_name: int
    nested_schemas: bool = True


def fitted(request: ChatRequest, limits: Limits) -> ChatRequest:
    """Return a request with names and ids that a format accepts; they stay the same in all turns."""
    if not (request.tools or request.tool_choice or _has_calls(request)):
        return request
    names, ids = ToolNames(request.tools, limits.tool_name), CallIds(_ids(request.messages), limits.wire_format)

    def part(part: Part) -> Part:
        if isinstance(part, ToolCall):
            name = names.sent(part.namespace, part.name)
            return ToolCall(ids.called(part.id), name, _arguments(part))
        return replace(part, call_id=ids.answered(part.call_id)) if isinstance(part, ToolResult) else part

    def tool(tool: Tool) -> Tool:
        schema = parameters(tool.parameters, nested=limits.nested_schemas)
        return replace(tool, name=names.sent(tool.namespace, tool.name), parameters=schema, namespace=None)

    choice = request.tool_choice
    if choice and choice.name is not None:
        choice = replace(choice, name=names.sent(choice.namespace, choice.name), namespace=None)
    messages = results_first(request.messages)
    messages = tuple(changed(message, parts=tuple(map(part, message.parts))) for message in messages)
    tools = _once(replace(tool(each), is_custom=False) for each in request.tools)
    return changed(request, messages=messages, tools=tools, tool_choice=choice)


def _has_calls(request: ChatRequest) -> bool:
    return any(isinstance(part, ToolCall | ToolResult) for message in request.messages for part in message.parts)


def _once(tools: Iterable[Tool]) -> tuple[Tool, ...]:
    """Return tools without those that come again: Anthropic refuses a name that two have."""
    first: dict[str, Tool] = {}
    return tuple(tool for tool in tools if first.setdefault(tool.name, tool) is tool or first[tool.name] != tool)


def _arguments(call: ToolCall) -> str:
    if call.is_custom:
        return dumps({"input": call.arguments})
    return whole_arguments(call.arguments)


def _ids(messages: Iterable[Message]) -> set[str]:
    parts = [part for message in messages for part in message.parts]
    called = {part.id for part in parts if isinstance(part, ToolCall)}
    return called | {part.call_id for part in parts if isinstance(part, ToolResult)}
