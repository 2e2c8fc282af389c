"""OpenAI's ``POST /responses``.

Source: https://platform.openai.com/docs/api-reference/responses/object.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .body import BodyField, parse
from .context import EchoReply, EchoRequest, as_json
from .echo_answer import EchoAnswer, answers, seal
from .openai_limits import check_responses
from .response_events import event_stream
from .responses_items import earlier_items, given_items, offered_tools
from .responses_requests import read_responses, refuse_foreign

if TYPE_CHECKING:
    from .conversation import ChatQuestion
    from .turns import ToolUse


def responses(echo_request: EchoRequest) -> EchoReply:
    """Answer a request, as a whole or as a stream; keep the response for later requests unless ``store`` is false."""
    body = parse(echo_request.request.body)
    refuse_foreign(body)
    kept = echo_request.provider.kept
    given = given_items(body, kept)
    items = [*earlier_items(body, kept), *given]
    ask = read_responses(body, items)
    if echo_request.provider.is_openai:
        check_responses(body, given, offered_tools(body, items))
    echo_request.apply_directives(ask.model, ask.user_text)
    [answer] = answers(ask, echo_request, "call_")
    output = [*_reasoning(echo_request, answer, body), *_output(echo_request, answer)]
    response = _response(echo_request, ask, body, answer, output)
    if (store := body.get("store")) is None or store.flag():
        kept.keep(response["id"], response["previous_response_id"], [item.value for item in given], output)
    return event_stream(response) if (stream := body.get("stream")) and stream.flag() else as_json(response)


def _reasoning(echo_request: EchoRequest, answer: EchoAnswer, body: BodyField) -> list[dict[str, Any]]:
    if answer.thinking is None:
        return []
    wanted, included = body.get("reasoning"), body.get("include")
    with_summary = wanted is not None and wanted.get("summary") is not None
    summary = [{"type": "summary_text", "text": answer.thinking}] if with_summary else []
    item: dict[str, Any] = {"id": echo_request.new_id("rs_"), "type": "reasoning", "summary": summary}
    if included and "reasoning.encrypted_content" in included.texts():
        item["encrypted_content"] = seal(answer.thinking)
    return [item]


def _output(echo_request: EchoRequest, answer: EchoAnswer) -> list[dict[str, Any]]:
    if not answer.calls:
        return [_message(echo_request.new_id("msg_"), answer)]
    return [_call(echo_request, call) for call in answer.calls]


def _call(echo_request: EchoRequest, call: ToolUse) -> dict[str, Any]:
    item = {"status": "completed", "call_id": call.id, "name": call.name}
    if call.namespace is not None:
        item["namespace"] = call.namespace
    if call.custom:
        return {"id": echo_request.new_id("ctc_"), "type": "custom_tool_call", **item, "input": call.arguments}
    return {"id": echo_request.new_id("fc_"), "type": "function_call", **item, "arguments": call.arguments}


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
        "previous_response_id": body.value.get("previous_response_id"),
        "usage": _usage(ask, answer),
    }


# The members of a request that its response repeats, with their defaults.
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
