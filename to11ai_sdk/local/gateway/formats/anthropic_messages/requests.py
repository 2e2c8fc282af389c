"""Reads and writes requests of ``POST /v1/messages``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_input.fields import Fields, FormatError
from .. import marks
from ..common import changed, present, refuse_several, within
from ..fitting import Limits, fitted
from ..members import ANTHROPIC, check
from ..neutral import ChatRequest, Reasoning, ResponseFormat, Sampling
from ..tool_names import ANTHROPIC_LONGEST
from ..turn_order import with_a_question
from .messages import read_messages, write_system, write_turns
from .tools import read_tooling, with_tools_of_history, write_choice, write_tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..common import Peer

DEFAULT_MAX_TOKENS = 4096
"""What ``max_tokens``, required here, is when the caller does not limit the reply."""
ADAPTIVE_BUDGET = 24_576
"""Tokens added to that where the model itself decides how much it thinks."""

_EFFORTS: Mapping[str | None, str | None] = {"none": None, "minimal": "low"}
_TEMPERATURE = 1.0
_LIMITS = Limits(marks.ANTHROPIC, ANTHROPIC_LONGEST, nested_schemas=False)
_USER_LONGEST = 256


def read_request(body: Mapping[str, Any]) -> ChatRequest:
    """Return the neutral form of a body; ``max_tokens`` may be missing, as in a request to count tokens.

    Raises:
        FormatError: a field is missing, wrong, or of a kind that no other format has.
    """
    fields = Fields.of_body(body)
    check(fields, ANTHROPIC)
    user = fields.child("metadata").text_or_none("user_id")
    stream, tooling = bool(fields.flag("stream")), read_tooling(fields)
    return ChatRequest(
        model=fields.text("model"),
        messages=tuple(read_messages(fields)),
        tools=tooling.tools,
        tool_choice=tooling.choice,
        parallel_tool_calls=tooling.parallel,
        sampling=_read_sampling(fields),
        response_format=_read_response_format(fields),
        reasoning=_read_reasoning(fields),
        user=user,
        stream=stream,
        include_usage=stream,
        keeps_thinking=True,
    )


def write_request(request: ChatRequest, peer: Peer) -> dict[str, Any]:
    """Return the body of a neutral request.

    Raises:
        FormatError: it asks for JSON or for several replies, or has only blank text.
    """
    refuse_several(request, "the Anthropic messages format")
    _refuse_json(request)
    request = with_tools_of_history(changed(request, messages=with_a_question(request.messages)))
    request = fitted(request, _LIMITS)
    user = within(request.user, _USER_LONGEST)
    return present(
        {
            "model": request.model,
            "max_tokens": _max_tokens(request),
            "system": write_system(request.messages),
            "messages": write_turns(request.messages, peer),
            "tools": [write_tool(tool) for tool in request.tools] or None,
            "tool_choice": write_choice(request),
            **_write_sampling(request.sampling),
            "thinking": _write_thinking(request),
            "output_config": present({"effort": _effort(request)}) or None,
            "metadata": None if user is None else {"user_id": user},
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
        stop=tuple(filter(None, fields.texts("stop_sequences"))),
    )


def _write_sampling(sampling: Sampling) -> dict[str, Any]:
    temperature, top_p = sampling.temperature, sampling.top_p
    temperature = None if temperature is None else min(temperature, _TEMPERATURE)
    # Claude models from 4.1 on refuse the two together; 1 is the default of both.
    if temperature is not None and top_p is not None:
        temperature, top_p = _one_of(temperature, top_p)
    stop = [text for text in sampling.stop if text.strip()]
    return {"temperature": temperature, "top_p": top_p, "top_k": sampling.top_k, "stop_sequences": stop or None}


def _one_of(temperature: float, top_p: float) -> tuple[float | None, float | None]:
    # At 0, either leaves only one token to choose from, so the other has no effect.
    if top_p == 1 or temperature == 0:
        return temperature, None
    if top_p == 0:
        return None, top_p
    return (None if temperature == _TEMPERATURE else temperature), top_p


def _read_reasoning(fields: Fields) -> Reasoning:
    thinking, effort = fields.child("thinking"), fields.child("output_config").text_or_none("effort")
    switch = thinking.text("type") if fields.has("thinking") else None
    # An effort implies adaptive thinking.
    return Reasoning(effort, None if effort and switch == "adaptive" else switch, thinking.count("budget_tokens"))


def _write_thinking(request: ChatRequest) -> dict[str, Any] | None:
    """Return the caller's own switch; else an effort turns thinking on, unless the request excludes it."""
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


def _read_response_format(fields: Fields) -> ResponseFormat | None:
    output = fields.child("output_config")
    if output.has("format"):
        return _read_format(output.child("format"))
    # The member's name while the format was in beta.
    return _read_format(fields.child("output_format")) if fields.has("output_format") else None


def _read_format(wanted: Fields) -> ResponseFormat:
    wanted.choice("type", {"json_schema": True}, "leave it out for text")
    return ResponseFormat("json_schema", schema=wanted.mapping("schema"))
