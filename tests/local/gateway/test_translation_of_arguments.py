"""A call without arguments has an empty object in every format, whole and streamed, however a provider writes it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from formats_samples import NAMES, collect

from to11ai_sdk.local.gateway.formats import FORMATS
from to11ai_sdk.local.gateway.formats.neutral import ChatRequest, ToolCall

CHAT, RESPONSES, ANTHROPIC = NAMES
DIRECTIONS = [(source, caller) for source in NAMES for caller in NAMES if caller != source]
ABSENT: dict[str, Any] = {}
NOTHING = [ABSENT, *({"arguments": value} for value in ("", " ", "null", " null\n", None, {}, "{}"))]


def whole(source: str, given: dict[str, Any]) -> dict[str, Any]:
    """A reply that calls the tool ``f``."""
    if source == CHAT:
        call = {"id": "c", "type": "function", "function": {"name": "f", **given}}
        choice = {
            "message": {"role": "assistant", "content": None, "tool_calls": [call]},
            "finish_reason": "tool_calls",
        }
        return {"id": "x", "model": "m", "choices": [choice]}
    if source == RESPONSES:
        item = {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", **given}
        return {"id": "r", "model": "m", "status": "completed", "output": [item]}
    content = [{"type": "tool_use", "id": "c", "name": "f", **({"input": given["arguments"]} if given else {})}]
    return {"id": "m", "model": "m", "type": "message", "content": content, "stop_reason": "tool_use"}


def events(source: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    """The same as a stream."""
    if source == CHAT:
        call = {"index": 0, "id": "c", "function": {"name": "f", **given}}
        chunk = {"id": "x", "model": "m", "choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}
        return [chunk, {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}]
    reply = whole(source, given)
    if source == RESPONSES:
        [item] = reply["output"]
        started = {"type": "response.created", "response": {"id": "r", "model": "m"}}
        names = ("response.output_item.added", "response.output_item.done")
        items = [{"type": name, "output_index": 0, "item": item} for name in names]
        return [started, *items, {"type": "response.completed", "response": reply}]
    return [
        {"type": "message_start", "message": {"id": "m", "model": "m"}},
        {"type": "content_block_start", "index": 0, "content_block": reply["content"][0]},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        {"type": "message_stop"},
    ]


@pytest.mark.parametrize(("source", "caller"), DIRECTIONS)
@pytest.mark.parametrize("given", NOTHING, ids=str)
def test_a_call_without_arguments_has_an_empty_object(source: str, caller: str, given: dict[str, Any]) -> None:
    reply = FORMATS[caller].write_reply(FORMATS[source].read_reply(whole(source, given)))
    own = reply["choices"][0]["message"]["tool_calls"][0]["function"] if caller == CHAT else None
    called = own or (reply["output"] if caller == RESPONSES else reply["content"])[0]
    assert called["input" if caller == ANTHROPIC else "arguments"] == ({} if caller == ANTHROPIC else "{}")


@pytest.mark.parametrize(("source", "caller"), DIRECTIONS)
@pytest.mark.parametrize("given", NOTHING, ids=str)
def test_a_streamed_call_without_arguments_has_an_empty_object(source: str, caller: str, given: dict[str, Any]) -> None:
    data = "".join(f"data: {json.dumps(event)}\n\n" for event in events(source, given))
    deltas = FORMATS[source].read_stream([data.encode()])
    stream = FORMATS[caller].write_stream(deltas, ChatRequest("m", (), stream=True))
    text = b"".join(stream).decode()
    pieces = {CHAT: '"arguments":"{}"', RESPONSES: '"arguments":"{}"', ANTHROPIC: '"partial_json":"{}"'}
    assert pieces[caller] in text
    assert "null{" not in text
    assert collect(FORMATS[caller].read_stream([text.encode()])).parts == (ToolCall("c", "f", "{}"),)
