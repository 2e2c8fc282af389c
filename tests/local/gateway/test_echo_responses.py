from __future__ import annotations

import json
from typing import Any

import pytest
from echo_harness import GPT, NOW, ask, calls_of, events, read, text_of, tool


def body_of(content: Any = "hi", **rest: Any) -> Any:
    return read(ask("responses", content, **rest))


def test_a_response() -> None:
    assert body_of("Hello!", instructions="Be brief.") == {
        "id": "resp_3",
        "object": "response",
        "created_at": NOW,
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "model": GPT,
        "output": [
            {
                "id": "msg_2",
                "type": "message",
                "role": "assistant",
                "status": "completed",
                "content": [{"type": "output_text", "text": "echo: Hello!", "annotations": [], "logprobs": []}],
            }
        ],
        "parallel_tool_calls": True,
        "instructions": "Be brief.",
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
        "previous_response_id": None,
        "usage": {
            "input_tokens": 3 + 4 + 3 + 4 + 2,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 4,
            "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 20,
        },
    }


def kinds(found: list[Any]) -> list[str]:
    assert [event["sequence_number"] for event in found] == list(range(len(found)))
    return [event["type"].removeprefix("response.") for event in found]


def test_a_stream() -> None:
    found = events(ask("responses", "Hello!", stream=True))
    assert kinds(found) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    assert found[0]["response"]["status"] == "in_progress"
    assert found[0]["response"]["output"] == []
    assert found[2]["item"]["content"] == []
    assert found[3]["part"]["text"] == ""
    assert found[4] == {
        "type": "response.output_text.delta",
        "item_id": "msg_2",
        "output_index": 0,
        "content_index": 0,
        "delta": "echo: ",
        "logprobs": [],
        "sequence_number": 4,
    }
    assert found[6]["text"] == "echo: Hello!"
    assert found[-1]["response"] == body_of("Hello!")


def test_a_streamed_tool_call() -> None:
    given = {"content": "get_weather", "tools": [tool("responses")]}
    found = events(ask("responses", **given, stream=True))
    assert kinds(found)[2:-1] == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    assert found[2]["item"]["arguments"] == ""
    assert "".join(event.get("delta", "") for event in found) == found[-3]["arguments"] == '{"location": "location"}'
    [item] = body_of(**given)["output"]
    assert item == found[-2]["item"]
    assert item == {
        "id": "fc_3",
        "type": "function_call",
        "status": "completed",
        "call_id": "call_2",
        "name": "get_weather",
        "arguments": '{"location": "location"}',
    }


def test_reasoning_with_a_summary() -> None:
    given = {"content": "hi", "reasoning": {"effort": "low", "summary": "auto"}}
    body = body_of(**given)
    assert body["output"][0] == {
        "id": "rs_2",
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "The user said: hi"}],
    }
    assert body["usage"]["output_tokens_details"] == {"reasoning_tokens": 5}
    found = events(ask("responses", **given, stream=True))
    assert kinds(found)[2:5] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
    ]
    deltas = [event["delta"] for event in found if event["type"] == "response.reasoning_summary_text.delta"]
    assert "".join(deltas) == "The user said: hi"
    assert found[-1]["response"] == body


@pytest.mark.parametrize(("reasoning", "items"), [({"effort": "none"}, 1), ({"effort": "high"}, 2), ({}, 2)])
def test_reasoning_without_a_summary(reasoning: dict[str, Any], items: int) -> None:
    output = body_of(reasoning=reasoning)["output"]
    assert len(output) == items
    assert all(not item["summary"] for item in output[:-1])


def test_an_incomplete_response() -> None:
    body = body_of("one two three", max_output_tokens=3)
    assert (body["status"], body["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert (text_of("responses", body), body["output"][0]["status"]) == ("echo: one", "incomplete")
    assert kinds(events(ask("responses", "one two three", max_output_tokens=3, stream=True)))[-1] == "incomplete"


def test_a_refusal() -> None:
    refusal = {"type": "refusal", "refusal": "echo: this request is refused."}
    assert body_of("[[echo:refuse]]")["output"][0]["content"] == [refusal]
    found = events(ask("responses", "[[echo:refuse]]", stream=True))
    deltas = [event["delta"] for event in found if event["type"] == "response.refusal.delta"]
    assert "".join(deltas) == found[-4]["refusal"] == "echo: this request is refused."


def test_items_of_the_input() -> None:
    parts = [
        {"type": "input_text", "text": "look"},
        {"type": "input_image", "image_url": "data:,"},
        {"type": "input_file", "file_id": "file-1"},
    ]
    items = [
        {"role": "developer", "content": "x"},
        {"type": "message", "role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        {"role": "user", "content": parts},
    ]
    assert text_of("responses", body_of(items)) == "echo: look [1 image]"


def test_results_are_quoted() -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    output = {"type": "function_call_output", "call_id": "c1", "output": [{"type": "input_text", "text": "done"}]}
    items = [{"role": "user", "content": "f"}, call, {**call, "call_id": "c2"}, output, {**output, "call_id": "c2"}]
    body = body_of(items, tools=[tool("responses", "f")])
    assert text_of("responses", body) == "echo: f returned done\necho: f returned done"


@pytest.mark.parametrize(
    ("items", "message"),
    [
        (
            [{"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}],
            "No tool output found for function call c1.",
        ),
        (
            [{"type": "function_call_output", "call_id": "c9", "output": "x"}],
            "No tool call found for function call output with call_id c9.",
        ),
    ],
)
def test_calls_and_results_go_together(items: list[Any], message: str) -> None:
    reply = ask("responses", items)
    assert (reply.status, read(reply)["error"]["message"]) == (400, message)


def test_text_format() -> None:
    schema = {"type": "object", "properties": {"ok": {"const": 1}}, "required": ["ok"]}
    form = {"type": "json_schema", "name": "x", "schema": schema, "strict": True}
    body = body_of(text={"format": form})
    assert json.loads(text_of("responses", body)) == {"ok": 1}
    assert body["text"] == {"format": form}
    assert json.loads(text_of("responses", body_of("hi", text={"format": {"type": "json_object"}}))) == {"echo": "hi"}


def test_allowed_tools_narrow_the_choice() -> None:
    tools = [tool("responses", "a"), tool("responses", "b"), {"type": "web_search"}]
    choice = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "b"}]}
    assert [name for name, _ in calls_of("responses", body_of(tools=tools, tool_choice=choice))] == ["b"]


def test_a_response_that_is_not_kept() -> None:
    reply = ask("responses", previous_response_id="resp_1")
    error = read(reply)["error"]
    assert (reply.status, error["code"]) == (400, "previous_response_not_found")
    assert error["message"] == "Previous response with id 'resp_1' not found."


@pytest.mark.parametrize(
    ("name", "place"),
    [("messages", "input"), ("max_tokens", "max_output_tokens"), ("response_format", "text.format")],
)
def test_parameters_of_chat_completions_are_refused(name: str, place: str) -> None:
    reply = ask("responses", **{name: 1})
    error = read(reply)["error"]
    assert (reply.status, error["code"], error["param"]) == (400, "unsupported_parameter", name)
    assert error["message"].endswith(f"has moved to '{place}'.")
