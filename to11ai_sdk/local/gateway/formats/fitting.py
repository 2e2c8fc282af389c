"""Makes a request fit its reader: names and ids within its limits, all tools functions, all arguments JSON."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .common import NO_ARGUMENTS, digest, dumps
from .neutral import ToolCall, ToolResult
from .tool_names import ToolNames
from .tool_schemas import parameters

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .neutral import ChatRequest, Message, Part, Tool

_ODD = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True)
class Limits:
    """What a format takes.

    Attributes:
        call_id: most characters of the id of a call.
        tool_name: most characters of the name of a tool.
        plain_ids: whether ids are made of letters, digits, ``_`` and ``-`` only.
        nested_schemas: whether the schemas inside that of a tool have to be complete.
    """

    call_id: int
    tool_name: int
    plain_ids: bool = False
    nested_schemas: bool = True


def fitted(request: ChatRequest, limits: Limits) -> ChatRequest:
    """Return a request with names and ids that a format takes; the same ones for the same request, turn after turn."""
    names, ids = ToolNames(request.tools, limits.tool_name), _CallIds(_ids(request.messages), limits)

    def part(part: Part) -> Part:
        if isinstance(part, ToolCall):
            name = names.sent(part.namespace, part.name)
            return ToolCall(ids.sent(part.id), name, _arguments(part))
        return replace(part, call_id=ids.sent(part.call_id)) if isinstance(part, ToolResult) else part

    def tool(tool: Tool) -> Tool:
        schema = parameters(tool.parameters, nested=limits.nested_schemas)
        return replace(tool, name=names.sent(tool.namespace, tool.name), parameters=schema, namespace=None)

    choice = request.tool_choice
    if choice and choice.name is not None:
        choice = replace(choice, name=names.sent(choice.namespace, choice.name), namespace=None)
    messages = tuple(replace(message, parts=tuple(map(part, message.parts))) for message in request.messages)
    tools = tuple(replace(tool(each), is_custom=False) for each in request.tools)
    return replace(request, messages=messages, tools=tools, tool_choice=choice)


def _arguments(call: ToolCall) -> str:
    if call.is_custom:
        return dumps({"input": call.arguments})
    return NO_ARGUMENTS if call.arguments.strip() in ("", "null") else call.arguments


def _ids(messages: Iterable[Message]) -> set[str]:
    parts = [part for message in messages for part in message.parts]
    called = {part.id for part in parts if isinstance(part, ToolCall)}
    return called | {part.call_id for part in parts if isinstance(part, ToolResult)}


class _CallIds:
    """The ids of the calls of a request: what does not fit is cut and gets a digest, so that no two become one."""

    def __init__(self, ids: set[str], limits: Limits) -> None:
        self._limits = limits
        self._uses = Counter(map(self._plain, ids))

    def sent(self, call_id: str) -> str:
        plain, most = self._plain(call_id), self._limits.call_id
        if 0 < len(plain) <= most and (plain == call_id or self._uses[plain] == 1):
            return plain
        return f"{plain[: most - 17]}_{digest(call_id)[:16]}"

    def _plain(self, call_id: str) -> str:
        return _ODD.sub("_", call_id) if self._limits.plain_ids else call_id
