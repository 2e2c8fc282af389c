"""Requests of ``POST /v1/messages``, read and written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_input.fields import Fields, FormatError
from ..common import present, refuse_several
from ..neutral import ChatRequest, Reasoning, ResponseFormat, Sampling, Tool, ToolChoice
from .messages import read_messages, write_system, write_turns

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_MAX_TOKENS = 4096
"""What ``max_tokens``, required here, is when the caller does not limit the reply."""
ADAPTIVE_BUDGET = 24_576
"""Tokens added to that where the model itself decides how much it thinks."""

_EFFORTS: Mapping[str | None, str | None] = {"none": None, "minimal": "low"}
_TEMPERATURE = 1.0
_NO_PARAMETERS: Mapping[str, Any] = {"type": "object", "properties": {}}
_CHOICES: Mapping[str, str] = {"auto": "auto", "none": "none", "required": "any", "tool": "tool"}


def read_request(body: Mapping[str, Any]) -> ChatRequest:
    """Return the neutral form of a body; ``max_tokens`` may be missing, as in a request to count tokens.

    Raises:
        FormatError: a field is missing, wrong, or of a kind that no other format has.
    """
    fields = Fields.of_body(body)
    user = fields.child("metadata").text_or_none("user_id")
    stream = bool(fields.flag("stream"))
    return ChatRequest(
        model=fields.text("model"),
        messages=tuple(read_messages(fields)),
        tools=tuple(map(_read_tool, fields.children("tools"))),
        tool_choice=_read_tool_choice(fields),
        parallel_tool_calls=_read_parallel(fields.child("tool_choice")),
        sampling=_read_sampling(fields),
        response_format=_read_response_format(fields.child("output_config")),
        reasoning=_read_reasoning(fields),
        user=user,
        stream=stream,
        include_usage=stream,
    )


def write_request(request: ChatRequest) -> dict[str, Any]:
    """Return the body of a neutral request.

    Raises:
        FormatError: it asks for JSON, or for several replies.
    """
    refuse_several(request, "the Anthropic messages format")
    _refuse_json(request)
    return present(
        {
            "model": request.model,
            "max_tokens": _max_tokens(request),
            "system": write_system(request.messages),
            "messages": write_turns(request.messages),
            "tools": [_write_tool(tool) for tool in request.tools] or None,
            "tool_choice": _write_tool_choice(request),
            **_write_sampling(request.sampling),
            "thinking": _write_thinking(request),
            "output_config": present({"effort": _effort(request)}) or None,
            "metadata": None if request.user is None else {"user_id": request.user},
            "stream": request.stream or None,
        }
    )


def _refuse_json(request: ChatRequest) -> None:
    if request.response_format and request.wants_json:
        message = f"Anthropic models do not support {request.response_format.type}: use a tool, or an OpenAI model"
        raise FormatError(message, "response_format")


def _max_tokens(request: ChatRequest) -> int:
    if request.sampling.max_tokens is not None:
        return request.sampling.max_tokens
    # Thinking counts towards the limit, and its budget has to be smaller.
    thinking = _write_thinking(request) or {}
    budget = ADAPTIVE_BUDGET if thinking.get("type") == "adaptive" else thinking.get("budget_tokens", 0)
    return DEFAULT_MAX_TOKENS + budget


def _read_sampling(fields: Fields) -> Sampling:
    return Sampling(
        max_tokens=fields.count("max_tokens"),
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        top_k=fields.count("top_k"),
        stop=fields.texts("stop_sequences"),
    )


def _write_sampling(sampling: Sampling) -> dict[str, Any]:
    temperature = sampling.temperature
    return {
        "temperature": None if temperature is None else min(temperature, _TEMPERATURE),
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "stop_sequences": list(sampling.stop) or None,
    }


def _read_reasoning(fields: Fields) -> Reasoning:
    thinking, effort = fields.child("thinking"), fields.child("output_config").text_or_none("effort")
    switch = thinking.text("type") if fields.has("thinking") else None
    # Adaptive thinking goes without saying where there is an effort.
    return Reasoning(effort, None if effort and switch == "adaptive" else switch, thinking.count("budget_tokens"))


def _write_thinking(request: ChatRequest) -> dict[str, Any] | None:
    """Return the caller's own switch; else an effort turns thinking on, unless the request has what excludes it."""
    reasoning = request.reasoning
    if reasoning.thinking:
        return present({"type": reasoning.thinking, "budget_tokens": reasoning.budget_tokens})
    return {"type": "adaptive"} if _effort(request) and _may_think(request) else None


def _may_think(request: ChatRequest) -> bool:
    sampling, choice = request.sampling, request.tool_choice
    is_plain = sampling.top_k is None and {sampling.temperature, sampling.top_p} <= {None, 1}
    return is_plain and (choice is None or choice.type in ("auto", "none"))


def _effort(request: ChatRequest) -> str | None:
    return _EFFORTS.get(request.reasoning.effort, request.reasoning.effort)


def _read_tool(fields: Fields) -> Tool:
    if fields.has("type"):
        advice = "tools that the provider runs itself cannot be translated to another format"
        fields.choice("type", {"custom": True}, advice)
    return Tool(
        name=fields.text("name"),
        description=fields.text_or_none("description"),
        parameters=fields.mapping("input_schema"),
        strict=fields.flag("strict"),
    )


def _write_tool(tool: Tool) -> dict[str, Any]:
    schema = _NO_PARAMETERS if tool.parameters is None else tool.parameters
    members = {"description": tool.description, "input_schema": schema, "strict": tool.strict}
    return present({"name": tool.name, **members})


def _read_tool_choice(fields: Fields) -> ToolChoice | None:
    if not fields.has("tool_choice"):
        return None
    choice = fields.child("tool_choice")
    words = {"auto": ToolChoice("auto"), "none": ToolChoice("none"), "any": ToolChoice("required"), "tool": None}
    simple = choice.choice("type", words, "see the list of tool choices")
    return simple or ToolChoice("tool", choice.text("name"))


def _read_parallel(choice: Fields) -> bool | None:
    disabled = choice.flag("disable_parallel_tool_use")
    return None if disabled is None else not disabled


def _write_tool_choice(request: ChatRequest) -> dict[str, Any] | None:
    choice, parallel = request.tool_choice, request.parallel_tool_calls
    if choice is None:
        choice = ToolChoice("auto") if parallel is False and request.tools else None
    if choice is None:
        return None
    disable = None if parallel is None or choice.type == "none" else not parallel
    return present({"type": _CHOICES[choice.type], "name": choice.name, "disable_parallel_tool_use": disable})


def _read_response_format(output: Fields) -> ResponseFormat | None:
    if not output.has("format"):
        return None
    wanted = output.child("format")
    wanted.choice("type", {"json_schema": True}, "leave it out for text")
    return ResponseFormat("json_schema", schema=wanted.mapping("schema"))
