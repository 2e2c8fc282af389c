"""OpenAI's ``POST /responses``.

Source: https://platform.openai.com/docs/api-reference/responses/object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .body import BodyField, parse
from .context import EchoReply, EchoRequest, as_json
from .echo_answer import EchoAnswer, answers
from .response_events import event_stream
from .responses_requests import read_responses

if TYPE_CHECKING:
    from .conversation import ChatQuestion


def responses(echo_request: EchoRequest) -> EchoReply:
    """Answer a request, at once or as a stream."""
    body = parse(echo_request.request.body)
    ask = read_responses(body)
    directives = echo_request.apply_directives(ask.model, ask.user_text)
    [answer] = answers(ask, directives, echo_request.request.body, lambda: echo_request.new_id("call_"))
    output = _output(echo_request, answer, with_summary=_wants_summary(body))
    response = _response(echo_request, ask, body, answer, output)
    if (stream := body.get("stream")) and stream.flag():
        return event_stream(response)
    return as_json(response)


def _wants_summary(body: BodyField) -> bool:
    reasoning = body.get("reasoning")
    return reasoning is not None and reasoning.get("summary") is not None


def _output(echo_request: EchoRequest, answer: EchoAnswer, *, with_summary: bool) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    if answer.thinking is not None:
        summary = [{"type": "summary_text", "text": answer.thinking}] if with_summary else []
        items.append({"id": echo_request.new_id("rs_"), "type": "reasoning", "summary": summary})
    if not answer.calls:
        items.append(_message(echo_request.new_id("msg_"), answer))
    for call in answer.calls:
        items.append(
            {
                "id": echo_request.new_id("fc_"),
                "type": "function_call",
                "status": "completed",
                "call_id": call.id,
                "name": call.name,
                "arguments": call.arguments,
            }
        )
    return items


def _message(item_id: str, answer: EchoAnswer) -> dict[str, Any]:
    part: dict[str, Any] = {"type": "output_text", "text": answer.text, "annotations": [], "logprobs": []}
    if answer.finish == "refusal":
        part = {"type": "refusal", "refusal": answer.text}
    status = "incomplete" if answer.finish == "length" else "completed"
    return {"id": item_id, "type": "message", "role": "assistant", "status": status, "content": [part]}


def _response(
    echo_request: EchoRequest, ask: ChatQuestion, body: BodyField, answer: EchoAnswer, output: list[dict[str, Any]]
) -> dict[str, Any]:
    cut = answer.finish == "length"
    given = {name: body.value.get(name, default) for name, default in _REPEATED.items()}
    return {
        "id": echo_request.new_id("resp_"),
        "object": "response",
        "created_at": echo_request.now(),
        "status": "incomplete" if cut else "completed",
        "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "model": ask.model,
        "output": output,
        "parallel_tool_calls": ask.parallel,
        **given,
        "previous_response_id": None,
        "usage": _usage(ask, answer),
    }


# What a response says again of its request, and what it says if the request is silent.
_REPEATED: dict[str, Any] = {
    "instructions": None,
    "max_output_tokens": None,
    "metadata": {},
    "reasoning": {"effort": None, "summary": None},
    "temperature": 1.0,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": 1.0,
    "truncation": "disabled",
    "user": None,
}


def _usage(ask: ChatQuestion, answer: EchoAnswer) -> dict[str, Any]:
    return {
        "input_tokens": ask.prompt_tokens,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": answer.tokens,
        "output_tokens_details": {"reasoning_tokens": answer.thinking_tokens},
        "total_tokens": ask.prompt_tokens + answer.tokens,
    }
