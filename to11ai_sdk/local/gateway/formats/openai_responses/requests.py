"""Requests of ``POST /v1/responses``, read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_input.fields import Fields
from ..common import present, refuse_several
from ..neutral import ChatRequest, Reasoning, ResponseFormat, Sampling, Tool, ToolChoice
from ..openai_common import function_tools_only, read_json_schema, service, write_json_schema
from .items import read_messages, write_messages

if TYPE_CHECKING:
    from collections.abc import Mapping

_STATEFUL = ("previous_response_id", "conversation", "prompt")


def read_request(body: Mapping[str, Any]) -> ChatRequest:
    """Return the neutral form of a body.

    Raises:
        FormatError: a field is missing, wrong, of a kind that no other format has, or refers to what a provider keeps.
    """
    fields = Fields.of_body(body)
    _refuse_state(fields)
    text, stream = fields.child("text"), bool(fields.flag("stream"))
    return ChatRequest(
        model=fields.text("model"),
        messages=tuple(read_messages(fields)),
        tools=tuple(map(_read_tool, fields.children("tools"))),
        tool_choice=_read_tool_choice(fields),
        parallel_tool_calls=fields.flag("parallel_tool_calls"),
        sampling=_read_sampling(fields),
        response_format=_read_response_format(text),
        reasoning=Reasoning(effort=fields.child("reasoning").text_or_none("effort")),
        user=fields.text_or_none("user"),
        metadata=fields.text_members("metadata"),
        verbosity=text.text_or_none("verbosity"),
        service=service(fields),
        stream=stream,
        include_usage=stream,
    )


def write_request(request: ChatRequest) -> dict[str, Any]:
    """Return the body of a neutral request.

    Raises:
        FormatError: it asks for several replies.
    """
    refuse_several(request, "the responses format")
    instructions, items = write_messages(request.messages)
    head = {"model": request.model, "instructions": instructions, "input": items, "store": False}
    return present({**head, **settings(request), "stream": request.stream or None})


def settings(request: ChatRequest) -> dict[str, Any]:
    """Return what a reply repeats of a request, ``None`` where it says nothing."""
    text = present({"format": _write_response_format(request.response_format), "verbosity": request.verbosity})
    return {
        "tools": [_write_tool(tool) for tool in request.tools] or None,
        "tool_choice": _write_tool_choice(request.tool_choice),
        "parallel_tool_calls": request.parallel_tool_calls,
        "max_output_tokens": request.sampling.max_tokens,
        "temperature": request.sampling.temperature,
        "top_p": request.sampling.top_p,
        "text": text or None,
        "reasoning": present({"effort": request.reasoning.effort}) or None,
        "user": request.user,
        "metadata": dict(request.metadata) or None,
        **request.service,
    }


def _refuse_state(fields: Fields) -> None:
    for key in _STATEFUL:
        if fields.has(key):
            fields.refuse(key, "refers to what one provider keeps: send the whole input instead")
    if fields.flag("background"):
        fields.refuse("background", "is not supported here: wait for the reply, or stream it")


def _read_sampling(fields: Fields) -> Sampling:
    return Sampling(
        max_tokens=fields.count("max_output_tokens"),
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
    )


def _read_tool(fields: Fields) -> Tool:
    function_tools_only(fields)
    return Tool(
        name=fields.text("name"),
        description=fields.text_or_none("description"),
        parameters=fields.mapping("parameters"),
        strict=fields.flag("strict"),
    )


def _write_tool(tool: Tool) -> dict[str, Any]:
    # Without the member, this format would take the schema as strict; others would not.
    description = present({"description": tool.description})
    return {
        "type": "function",
        "name": tool.name,
        **description,
        "parameters": tool.parameters,
        "strict": tool.strict,
    }


def _read_tool_choice(fields: Fields) -> ToolChoice | None:
    value = fields.raw.get("tool_choice")
    if value is None or isinstance(value, str):
        words = {"auto": ToolChoice("auto"), "none": ToolChoice("none"), "required": ToolChoice("required")}
        return fields.choice("tool_choice", words, "or name a function") if value is not None else None
    choice = fields.child("tool_choice")
    function_tools_only(choice)
    return ToolChoice("tool", choice.text("name"))


def _write_tool_choice(choice: ToolChoice | None) -> Any:
    if choice is None or choice.type != "tool":
        return choice and choice.type
    return {"type": "function", "name": choice.name}


def _read_response_format(text: Fields) -> ResponseFormat | None:
    if not text.has("format"):
        return None
    wanted = text.child("format")
    words = {"text": ResponseFormat("text"), "json_object": ResponseFormat("json_object"), "json_schema": None}
    simple = wanted.choice("type", words, "leave it out for text")
    return simple or read_json_schema(wanted)


def _write_response_format(wanted: ResponseFormat | None) -> dict[str, Any] | None:
    if wanted is None:
        return None
    if wanted.type != "json_schema":
        return {"type": wanted.type}
    return {"type": "json_schema", **write_json_schema(wanted)}
