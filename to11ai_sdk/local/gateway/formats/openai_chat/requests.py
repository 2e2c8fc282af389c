"""Reads and writes requests of ``POST /v1/chat/completions``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_input.fields import Fields
from .. import marks
from ..common import present, refuse_limits, within
from ..fitting import Limits, fitted
from ..members import CHAT, check
from ..neutral import ChatRequest, Message, Reasoning, ResponseFormat, Role, Sampling
from ..openai_common import USER_LONGEST, read_json_schema, read_stop, service, write_json_schema
from ..tool_names import OPENAI_LONGEST
from .messages import read_message, write_messages
from .tools import read_tooling, write_choice, write_tool

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..common import Peer

_LIMITS = Limits(marks.CHAT, OPENAI_LONGEST)
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
    check(fields, CHAT)
    options, tooling = fields.child("stream_options"), read_tooling(fields)
    return ChatRequest(
        model=fields.text("model"),
        messages=tuple(map(_read_message, fields.children("messages"))),
        tools=tooling.tools,
        tool_choice=tooling.choice,
        parallel_tool_calls=tooling.parallel,
        sampling=_read_sampling(fields),
        response_format=_read_response_format(fields),
        reasoning=_read_reasoning(fields),
        user=fields.text_or_none("user"),
        metadata=fields.text_members("metadata"),
        verbosity=fields.text_or_none("verbosity"),
        service=service(fields),
        n=fields.count("n") or 1,
        stream=bool(fields.flag("stream")),
        include_usage=bool(options.flag("include_usage")),
    )


def write_request(request: ChatRequest, peer: Peer) -> dict[str, Any]:
    """Return the body of a neutral request.

    Raises:
        FormatError: it has a file by URL, which this format lacks, or ``top_k``, which the provider lacks.
    """
    if peer.is_openai:
        refuse_limits(request, "top_k")
    request = fitted(request, _LIMITS)
    sampling = request.sampling
    return present(
        {
            "model": request.model,
            "messages": write_messages(request.messages, peer),
            "tools": [write_tool(tool) for tool in request.tools] or None,
            "tool_choice": write_choice(request.tool_choice),
            "parallel_tool_calls": request.parallel_tool_calls,
            peer.max_tokens_field: sampling.max_tokens,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": sampling.top_k,
            "stop": list(sampling.stop) or None,
            "n": request.n if request.n != 1 else None,
            "response_format": _write_response_format(request.response_format),
            "reasoning_effort": request.reasoning.effort,
            "user": within(request.user, USER_LONGEST),
            "metadata": dict(request.metadata) or None,
            "verbosity": request.verbosity,
            **request.service,
            "stream": request.stream or None,
            "stream_options": {"include_usage": True} if request.stream and request.include_usage else None,
        }
    )


def _read_reasoning(fields: Fields) -> Reasoning:
    # Anthropic's switch, which clients for several providers send.
    thinking = fields.child("thinking")
    switch, budget = thinking.text_or_none("type"), thinking.count("budget_tokens")
    return Reasoning(fields.text_or_none("reasoning_effort"), switch, budget)


def _read_message(fields: Fields) -> Message:
    role = fields.choice("role", _ROLES, "tool results have the role tool")
    return read_message(role, fields)


def _read_sampling(fields: Fields) -> Sampling:
    most = fields.count("max_completion_tokens")
    return Sampling(
        max_tokens=fields.count("max_tokens") if most is None else most,
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        top_k=fields.count("top_k"),
        stop=read_stop(fields),
    )


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
