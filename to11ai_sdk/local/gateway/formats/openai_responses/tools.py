"""Reads and writes the tools of the responses format with their namespaces, the choice of one, and calls."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from ..common import present
from ..neutral import Tool, ToolCall, ToolChoice
from ..openai_common import chosen_by_word
from ..tooling import Tooling, allowed, custom, left_out, refuse_kind, settled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from ....json_input.fields import Fields


ADDITIONAL_TOOLS = "additional_tools"
"""Type of the items of ``input`` that offer further tools."""


def read_tooling(fields: Fields) -> Tooling:
    """Return what a request says about tools; those that the provider runs itself are left out.

    Raises:
        FormatError: a tool is of a type that cannot be translated, or one that is left out is forced.
    """
    offered = [*fields.children("tools"), *_additional(fields)]
    tools = tuple(tool for each in offered if not left_out([each]) for tool in _read_tools(each))
    parallel = fields.flag("parallel_tool_calls")
    return settled(fields, _chosen(fields, tools)._replace(parallel=parallel), left_out(offered))


def write_tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Return the member ``tools``."""
    written: list[dict[str, Any]] = []
    for namespace, group in groupby(tools, lambda tool: tool.namespace):
        members = [_write_tool(tool) for tool in group]
        written += members if namespace is None else [{"type": "namespace", "name": namespace, "tools": members}]
    return written


def write_choice(choice: ToolChoice | None, tools: Sequence[Tool]) -> Any:
    """Return the member ``tool_choice``."""
    if choice is None or choice.type != "tool":
        return choice and choice.type
    is_custom = any(tool.is_custom for tool in tools if (tool.namespace, tool.name) == (choice.namespace, choice.name))
    named = present({"name": choice.name, "namespace": choice.namespace})
    return {"type": "custom" if is_custom else "function", **named}


def read_call(fields: Fields) -> ToolCall:
    """Return a function call item."""
    return ToolCall(fields.text("call_id"), fields.text("name"), fields.words("arguments"), _namespace(fields))


def read_custom_call(fields: Fields) -> ToolCall:
    """Return an item that calls a custom tool."""
    return ToolCall(fields.text("call_id"), fields.text("name"), fields.words("input"), _namespace(fields), True)


def _additional(fields: Fields) -> Iterator[Fields]:
    items = [] if isinstance(fields.raw.get("input"), str) else fields.children("input")
    for item in items:
        if item.raw.get("type") == ADDITIONAL_TOOLS:
            yield from item.children("tools")


def _namespace(fields: Fields) -> str | None:
    return fields.text_or_none("namespace") or None


def _read_function(fields: Fields, namespace: str | None) -> Iterator[Tool]:
    yield Tool(
        name=fields.text("name"),
        description=fields.text_or_none("description"),
        parameters=fields.mapping("parameters"),
        strict=fields.flag("strict"),
        namespace=namespace,
    )


def _read_custom(fields: Fields, namespace: str | None) -> Iterator[Tool]:
    yield custom(fields.text("name"), fields.text_or_none("description"), fields.child("format"), namespace)


def _read_namespace(fields: Fields, namespace: str | None) -> Iterator[Tool]:
    for tool in fields.children("tools"):
        if left_out([tool]):
            continue
        kind = tool.text("type")
        reader = _MEMBERS.get(kind) or refuse_kind(tool, _MEMBERS)
        yield from reader(tool, fields.text("name"))


_MEMBERS: Mapping[str, Callable[[Fields, str | None], Iterator[Tool]]] = {
    "function": _read_function,
    "custom": _read_custom,
}
_READERS: Mapping[str, Callable[[Fields, str | None], Iterator[Tool]]] = {**_MEMBERS, "namespace": _read_namespace}


def _read_tools(fields: Fields) -> Iterator[Tool]:
    reader = _READERS.get(fields.text("type")) or refuse_kind(fields, _READERS)
    return reader(fields, None)


def _chosen(fields: Fields, tools: tuple[Tool, ...]) -> Tooling:
    by_word = chosen_by_word(fields, tools)
    if by_word is not None:
        return by_word
    choice = fields.child("tool_choice")
    kind = choice.text("type")
    if kind == "allowed_tools":
        return allowed(choice, tools, choice.children("tools"))
    if kind not in _MEMBERS:
        refuse_kind(choice, {**_MEMBERS, "allowed_tools": True})
    name, namespace = choice.text("name"), _namespace(choice)
    # OpenAI's own choice has no member for the namespace.
    homes = [tool.namespace for tool in tools if tool.name == name]
    if namespace is None and homes and None not in homes:
        namespace = homes[0]
    return Tooling(tools, ToolChoice("tool", name, namespace), None)


def _write_tool(tool: Tool) -> dict[str, Any]:
    described = present({"name": tool.name, "description": tool.description})
    if tool.is_custom:
        return {"type": "custom", **described}
    # Without the member, this format may treat the schema as strict; the others do not.
    return {"type": "function", **described, "parameters": tool.parameters, "strict": bool(tool.strict)}
