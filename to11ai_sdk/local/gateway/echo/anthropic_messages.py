"""Anthropic's ``POST /messages`` and ``POST /messages/count_tokens``.

Sources: https://docs.anthropic.com/en/api/messages, ``/messages-streaming`` and ``/messages-count-tokens``.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..formats import sse
from .anthropic_requests import read_messages
from .body import parse
from .context import EchoReply, EchoRequest, as_events, as_json
from .echo_answer import EchoAnswer, answers, signature
from .refusals import EchoError, anthropic_error
from .tokens import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator

_STOP = {
    "stop": "end_turn",
    "stop_sequence": "stop_sequence",
    "length": "max_tokens",
    "calls": "tool_use",
    "refusal": "refusal",
}


def messages(echo_request: EchoRequest) -> EchoReply:
    """Answer a request, as a whole or as a stream."""
    body = parse(echo_request.request.body)
    ask = read_messages(body)
    echo_request.apply_directives(ask.model, ask.user_text)
    [answer] = answers(ask, echo_request, "toolu_")
    head = {"id": echo_request.new_id("msg_"), "type": "message", "role": "assistant", "model": ask.model}
    blocks, end, usage = _blocks(answer), _end(answer), _usage(ask.prompt_tokens, answer.tokens)
    edits: dict[str, Any] = {"context_management": {"applied_edits": []}} if body.get("context_management") else {}
    shown = {**usage, "service_tier": "standard"}
    if (stream := body.get("stream")) and stream.flag():
        start: dict[str, Any] = {**head, "content": [], **_end(None), "usage": {**shown, "output_tokens": 1}}
        return _stream(start, blocks, {"delta": end, "usage": usage, **edits})
    return as_json({**head, "content": blocks, **end, **edits, "usage": shown})


def count_tokens(echo_request: EchoRequest) -> EchoReply:
    """Count the tokens of a request."""
    ask = read_messages(parse(echo_request.request.body), counting=True)
    echo_request.apply_directives(ask.model, ask.user_text)
    return as_json({"input_tokens": ask.prompt_tokens})


def _blocks(answer: EchoAnswer) -> list[dict[str, Any]]:
    blocks: list[dict[str, Any]] = []
    if answer.thinking is not None:
        blocks.append({"type": "thinking", "thinking": answer.thinking, "signature": signature(answer.thinking)})
    if answer.text:
        blocks.append({"type": "text", "text": answer.text})
    for call in answer.calls:
        blocks.append({"type": "tool_use", "id": call.id, "name": call.name, "input": json.loads(call.arguments)})
    return blocks


def _end(answer: EchoAnswer | None) -> dict[str, Any]:
    if answer is None:
        return {"stop_reason": None, "stop_sequence": None}
    end: dict[str, Any] = {"stop_reason": _STOP[answer.finish], "stop_sequence": answer.stop_sequence}
    if answer.finish == "refusal":
        end["stop_details"] = {"type": "refusal", "category": None, "explanation": answer.text}
    return end


def _usage(prompt: int, output: int) -> dict[str, Any]:
    return {
        "input_tokens": prompt,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": output,
    }


def _stream(start: dict[str, Any], blocks: list[dict[str, Any]], end: dict[str, Any]) -> EchoReply:
    events = [sse.write_typed({"type": "message_start", "message": start})]
    for index, block in enumerate(blocks):
        events += [sse.write_typed({"type": kind, "index": index, **rest}) for kind, rest in _block_events(block)]
    events.insert(2, sse.write_typed({"type": "ping"}))
    events.append(sse.write_typed({"type": "message_delta", **end}))
    broken = EchoError(529, "echo: the stream broke, as the request asked for.")
    error = sse.write_typed({"type": "error", "error": anthropic_error(broken)})
    return as_events([*events, sse.write_typed({"type": "message_stop"})], error)


def _block_events(block: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "content_block_start", {"content_block": {**block, **_EMPTY[block["type"]]}}
    for delta in _deltas(block):
        yield "content_block_delta", {"delta": delta}
    yield "content_block_stop", {}


_EMPTY: dict[str, dict[str, Any]] = {
    "thinking": {"thinking": "", "signature": ""},
    "text": {"text": ""},
    "tool_use": {"input": {}},
}


def _deltas(block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if block["type"] == "tool_use":
        yield {"type": "input_json_delta", "partial_json": ""}
        for piece in pieces(json.dumps(block["input"], ensure_ascii=False)):
            yield {"type": "input_json_delta", "partial_json": piece}
        return
    kind = str(block["type"])
    for piece in pieces(block[kind]):
        yield {"type": f"{kind}_delta", kind: piece}
    if kind == "thinking":
        yield {"type": "signature_delta", "signature": block["signature"]}
