"""Turns a finished response into the events of its stream.

Source: https://platform.openai.com/docs/api-reference/responses-streaming.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..formats import sse
from .context import EchoReply, as_events
from .tokens import pieces

if TYPE_CHECKING:
    from collections.abc import Iterator


def event_stream(response: dict[str, Any]) -> EchoReply:
    """Return the stream of a response; each event has its number."""
    events = [{**event, "sequence_number": number} for number, event in enumerate(_events(response))]
    message = "echo: the stream broke, as the request asked for."
    broken = {"type": "error", "code": "server_error", "message": message, "param": None}
    error = sse.write_typed({**broken, "sequence_number": len(events) // 2})
    return as_events([sse.write_typed(event) for event in events], error)


def _events(response: dict[str, Any]) -> Iterator[dict[str, Any]]:
    begun: dict[str, Any] = {
        **response,
        "status": "in_progress",
        "incomplete_details": None,
        "output": [],
        "usage": None,
    }
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}
    for index, item in enumerate(response["output"]):
        yield from _item_events(index, item)
    yield {"type": f"response.{response['status']}", "response": response}


def _item_events(index: int, item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    started, inner = _BEGINNINGS[item["type"]](item)
    place = {"item_id": item["id"], "output_index": index}
    yield {"type": "response.output_item.added", "output_index": index, "item": started}
    for event in inner:
        yield {**event, **place}
    yield {"type": "response.output_item.done", "output_index": index, "item": item}


_Beginning = tuple[dict[str, Any], "Iterator[dict[str, Any]]"]


def _message(item: dict[str, Any]) -> _Beginning:
    return {**item, "status": "in_progress", "content": []}, _message_events(item["content"][0])


def _message_events(part: dict[str, Any]) -> Iterator[dict[str, Any]]:
    name = "refusal" if part["type"] == "refusal" else "text"
    extra: dict[str, Any] = {"content_index": 0} if name == "refusal" else {"content_index": 0, "logprobs": []}
    yield {"type": "response.content_part.added", "content_index": 0, "part": {**part, name: ""}}
    for piece in pieces(part[name]):
        yield {"type": f"response.{part['type']}.delta", "delta": piece, **extra}
    yield {"type": f"response.{part['type']}.done", name: part[name], **extra}
    yield {"type": "response.content_part.done", "content_index": 0, "part": part}


def _call(item: dict[str, Any]) -> _Beginning:
    return {**item, "status": "in_progress", "arguments": ""}, _call_events(item)


def _call_events(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in pieces(item["arguments"]):
        yield {"type": "response.function_call_arguments.delta", "delta": piece}
    yield {"type": "response.function_call_arguments.done", "name": item["name"], "arguments": item["arguments"]}


def _custom_call(item: dict[str, Any]) -> _Beginning:
    return {**item, "status": "in_progress", "input": ""}, _custom_call_events(item)


def _custom_call_events(item: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for piece in pieces(item["input"]):
        yield {"type": "response.custom_tool_call_input.delta", "delta": piece}
    yield {"type": "response.custom_tool_call_input.done", "input": item["input"]}


def _reasoning(item: dict[str, Any]) -> _Beginning:
    return {**item, "summary": []}, _summary_events(item["summary"])


def _summary_events(summary: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for index, part in enumerate(summary):
        name, place = "response.reasoning_summary", {"summary_index": index}
        yield {"type": f"{name}_part.added", "part": {**part, "text": ""}, **place}
        for piece in pieces(part["text"]):
            yield {"type": f"{name}_text.delta", "delta": piece, **place}
        yield {"type": f"{name}_text.done", "text": part["text"], **place}
        yield {"type": f"{name}_part.done", "part": part, **place}


_BEGINNINGS = {"message": _message, "function_call": _call, "custom_tool_call": _custom_call, "reasoning": _reasoning}
