"""Reads and writes requests of ``POST /v1/responses``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_input.fields import Fields
from .. import marks
from ..common import changed, present, refuse_limits, refuse_several, within
from ..fitting import Limits, fitted
from ..members import RESPONSES, check
from ..neutral import ChatRequest, Reasoning, ResponseFormat, Sampling
from ..openai_common import USER_LONGEST, read_json_schema, read_stop, service, write_json_schema
from ..tool_names import OPENAI_LONGEST
from .items import read_messages, write_messages
from .tools import read_tooling, write_choice, write_tools

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..common import Peer

_LIMITS = Limits(marks.RESPONSES, OPENAI_LONGEST)


def read_request(body: Mapping[str, Any]) -> ChatRequest:
    """Return the neutral form of a body.

    Raises:
        FormatError: a field is missing, wrong, of a kind that no other format has, or refers to data of a provider.
    """
    fields = Fields.of_body(body)
    check(fields, RESPONSES)
    text, stream, tooling = fields.child("text"), bool(fields.flag("stream")), read_tooling(fields)
    return ChatRequest(
        model=fields.text("model"),
        messages=tuple(read_messages(fields)),
        tools=tooling.tools,
        tool_choice=tooling.choice,
        parallel_tool_calls=tooling.parallel,
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


def write_request(request: ChatRequest, peer: Peer) -> dict[str, Any]:
    """Return the body of a neutral request.

    Raises:
        FormatError: it asks for several replies, or limits the reply by a member that this format lacks.
    """
    refuse_several(request, "the responses format")
    refuse_limits(request, "stop", "top_k")
    request = fitted(changed(request, user=within(request.user, USER_LONGEST)), _LIMITS)
    instructions, items = write_messages(request.messages, peer)
    head = {"model": request.model, "instructions": instructions, "input": items, "store": False}
    return present({**head, **settings(request), "include": _include(request), "stream": request.stream or None})


def _include(request: ChatRequest) -> list[str] | None:
    # Without ``store``, thinking has a proof only on request; models that do not reason refuse that request.
    reasons = request.reasoning.effort not in (None, "none")
    return ["reasoning.encrypted_content"] if request.keeps_thinking and reasons else None


def settings(request: ChatRequest) -> dict[str, Any]:
    """Return the settings of a request that its reply repeats; ``None`` for each that is missing."""
    text = present({"format": _write_response_format(request.response_format), "verbosity": request.verbosity})
    return {
        "tools": write_tools(request.tools) or None,
        "tool_choice": write_choice(request.tool_choice, request.tools),
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


def _read_sampling(fields: Fields) -> Sampling:
    return Sampling(
        max_tokens=fields.count("max_output_tokens"),
        temperature=fields.number("temperature"),
        top_p=fields.number("top_p"),
        top_k=fields.count("top_k"),
        stop=read_stop(fields),
    )


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
