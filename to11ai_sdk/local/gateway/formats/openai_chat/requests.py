"""Requests of ``POST /v1/chat/completions``, read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_input.fields import Fields
from ..common import present
from ..neutral import ChatRequest, Message, Reasoning, ResponseFormat, Role, Sampling, Tool, ToolChoice
from ..openai_common import function_tools_only, read_json_schema, service, write_json_schema
from .messages import read_message, write_messages

if TYPE_CHECKING:
    from collections.abc import Mapping

_ROLES: Mapping[str, Role] = {
    "system": "system",
    "developer": "developer",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}
_ADVICE = "leave it out, or ask the provider in its own format"


def read_request(body: Mapping[str, Any]) -> ChatRequest:
    """Return the neutral form of a body.

    Raises:
        FormatError: a field is missing, wrong, or of a kind that no other format has.
    """
    fields = Fields.of_body(body)
    _refuse_old_functions(fields)
    options = fields.child("stream_options")
    return ChatRequest(
        model=fields.text("model"),
        messages=tuple(map(_read_message, fields.children("messages"))),
        tools=tuple(map(_read_tool, fields.children("tools"))),
        tool_choice=_read_tool_choice(fields),
        parallel_tool_calls=fields.flag("parallel_tool_calls"),
        sampling=_read_sampling(fields),
        response_format=_read_response_format(fields),
        reasoning=Reasoning(effort=fields.text_or_none("reasoning_effort")),
        user=fields.text_or_none("user"),
        metadata=fields.text_members("metadata"),
        verbosity=fields.text_or_none("verbosity"),
        service=service(fields),
        n=fields.count("n") or 1,
        stream=bool(fields.flag("stream")),
        include_usage=bool(options.flag("include_usage")),
    )


def write_request(request: ChatRequest, max_tokens_field: str) -> dict[str, Any]:
    """Return the body of a neutral request.

    Raises:
        FormatError: it holds a file by URL, which this format cannot.
    """
    sampling = request.sampling
    return present(
        {
            "model": request.model,
            "messages": write_messages(request.messages),
            "tools": [_write_tool(tool) for tool in request.tools] or None,
            "tool_choice": _write_tool_choice(request.tool_choice),
            "parallel_tool_calls": request.parallel_tool_calls,
            max_tokens_field: sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "stop": list(sampling.stop) or None,
            "n": request.n if request.n != 1 else None,
            "response_format": _write_response_format(request.response_format),
            "reasoning_effort": request.reasoning.effort,
            "user": request.user,
            "metadata": dict(request.metadata) or None,
            "verbosity": request.verbosity,
            **request.service,
            "stream": request.stream or None,
            "stream_options": {"include_usage": True} if request.stream and request.include_usage else None,
        }
    )


def _refuse_old_functions(fields: Fields) -> None:
    for key, successor in {"functions": "tools", "function_call": "tool_choice"}.items():
        if fields.has(key):
            fields.refuse(key, f"was replaced by {successor}: use that")


def _read_message(fields: Fields) -> Message:
    role = fields.choice("role", _ROLES, "tool results have the role tool")
    return read_message(role, fields)


def _read_sampling(fields: Fields) -> Sampling:
    stop = (fields.text("stop"),) if isinstance(fields.raw.get("stop"), str) else fields.texts("stop")
    most = fields.count("max_completion_tokens")
    return Sampling(
        max_tokens=fields.count("max_tokens") if most is None else most,
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        stop=stop,
    )


def _read_tool(fields: Fields) -> Tool:
    function_tools_only(fields)
    function = fields.child("function")
    return Tool(
        name=function.text("name"),
        description=function.text_or_none("description"),
        parameters=function.mapping("parameters"),
        strict=function.flag("strict"),
    )


def _write_tool(tool: Tool) -> dict[str, Any]:
    members = {"description": tool.description, "parameters": tool.parameters, "strict": tool.strict}
    return {"type": "function", "function": present({"name": tool.name, **members})}


def _read_tool_choice(fields: Fields) -> ToolChoice | None:
    value = fields.raw.get("tool_choice")
    if value is None or isinstance(value, str):
        words = {"auto": ToolChoice("auto"), "none": ToolChoice("none"), "required": ToolChoice("required")}
        return fields.choice("tool_choice", words, "or name a function") if value is not None else None
    choice = fields.child("tool_choice")
    function_tools_only(choice)
    return ToolChoice("tool", choice.child("function").text("name"))


def _write_tool_choice(choice: ToolChoice | None) -> Any:
    if choice is None or choice.type != "tool":
        return choice and choice.type
    return {"type": "function", "function": {"name": choice.name}}


def _read_response_format(fields: Fields) -> ResponseFormat | None:
    if not fields.has("response_format"):
        return None
    wanted = fields.child("response_format")
    words = {"text": ResponseFormat("text"), "json_object": ResponseFormat("json_object"), "json_schema": None}
    simple = wanted.choice("type", words, _ADVICE)
    return simple or read_json_schema(wanted.child("json_schema"))


def _write_response_format(wanted: ResponseFormat | None) -> dict[str, Any] | None:
    if wanted is None:
        return None
    if wanted.type != "json_schema":
        return {"type": wanted.type}
    return {"type": "json_schema", "json_schema": write_json_schema(wanted)}
