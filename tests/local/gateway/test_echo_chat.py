from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

import pytest
from echo_harness import GPT, NOW, ask, calls_of, chat, events, provider, read, send, tool


def body_of(**rest: Any) -> Any:
    return read(ask("chat", **rest))


def test_a_completion() -> None:
    reply = ask("chat", "What is the capital of France?", max_tokens=256)
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-request-id"] == "req_1"
    assert read(reply) == {
        "id": "chatcmpl-2",
        "object": "chat.completion",
        "created": NOW,
        "model": GPT,
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "echo: What is the capital of France?",
                    "refusal": None,
                    "annotations": [],
                },
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 14,
            "completion_tokens": 9,
            "total_tokens": 23,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
        "system_fingerprint": "fp_echo",
    }


def test_a_tool_call() -> None:
    [choice] = body_of(content="What's the weather in Paris?", tools=[tool("chat")])["choices"]
    assert choice["finish_reason"] == "tool_calls"
    assert choice["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": None,
        "annotations": [],
        "tool_calls": [
            {
                "id": "call_2",
                "type": "function",
                "function": {"name": "get_weather", "arguments": '{"location": "location"}'},
            }
        ],
    }


def test_a_stream() -> None:
    found = events(ask("chat", "Count to 3", stream=True))
    head = {"id": "chatcmpl-2", "object": "chat.completion.chunk", "created": NOW, "model": GPT}
    head["system_fingerprint"] = "fp_echo"
    assert found[-1] == "[DONE]"
    assert all({**chunk, **head} == chunk and "usage" not in chunk for chunk in found[:-1])
    choices = [chunk["choices"] for chunk in found[:-1]]
    assert [choice["delta"] for [choice] in choices] == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "echo: "},
        {"content": "Count "},
        {"content": "to "},
        {"content": "3"},
        {},
    ]
    assert [choice["finish_reason"] for [choice] in choices] == [None] * 5 + ["stop"]


def test_a_stream_ends_in_its_usage_where_that_is_wanted() -> None:
    whole = body_of(content="hi")["usage"]
    *chunks, last, done = events(ask("chat", "hi", stream=True, stream_options={"include_usage": True}))
    assert all(chunk["usage"] is None for chunk in chunks)
    assert (last["choices"], last["usage"], done) == ([], whole, "[DONE]")


def test_a_streamed_tool_call_comes_in_pieces() -> None:
    given = 'get_weather {"location": "New York"}'
    found = events(ask("chat", given, stream=True, tools=[tool("chat")]))
    deltas = [chunk["choices"][0]["delta"] for chunk in found[:-1]]
    assert deltas[0] == {"role": "assistant", "content": None, "refusal": None}
    function = {"name": "get_weather", "arguments": ""}
    assert deltas[1] == {"tool_calls": [{"index": 0, "id": "call_2", "type": "function", "function": function}]}
    pieces = [delta["tool_calls"][0]["function"]["arguments"] for delta in deltas[2:-1]]
    assert len(pieces) > 1
    assert json.loads("".join(pieces)) == {"location": "New York"}
    assert found[-2]["choices"][0]["finish_reason"] == "tool_calls"


@pytest.mark.parametrize("content", ["a few words", "x", "", "line\n\n  next\tπ 🎈 \n", "word " * 3000])
def test_a_stream_says_what_the_answer_says(content: str) -> None:
    [choice] = body_of(content=content)["choices"]
    chunks = events(ask("chat", content, stream=True))[:-1]
    pieces = [chunk["choices"][0]["delta"].get("content", "") for chunk in chunks]
    assert "".join(pieces) == choice["message"]["content"]
    assert 3 < len(chunks) < 210


def test_several_choices() -> None:
    body = body_of(content="hi", n=3)
    assert [choice["message"]["content"] for choice in body["choices"]] == ["echo: hi", "echo: hi (2)", "echo: hi (3)"]
    assert body["usage"]["completion_tokens"] == 3 + 6 + 6


def test_several_choices_come_interleaved() -> None:
    texts: dict[int, str] = defaultdict(str)
    order = []
    for chunk in events(ask("chat", "hi", n=2, stream=True))[:-1]:
        [choice] = chunk["choices"]
        texts[choice["index"]] += choice["delta"].get("content", "")
        order.append(choice["index"])
    assert texts == {0: "echo: hi", 1: "echo: hi (2)"}
    assert order[:4] == [0, 1, 0, 1]


def test_a_refusal() -> None:
    [choice] = body_of(content="[[echo:refuse]]")["choices"]
    assert choice["message"]["content"] is None
    assert choice["message"]["refusal"] == "echo: this request is refused."
    assert choice["finish_reason"] == "stop"
    chunks = events(ask("chat", "[[echo:refuse]]", stream=True))[:-1]
    pieces = [chunk["choices"][0]["delta"].get("refusal") or "" for chunk in chunks]
    assert "".join(pieces) == "echo: this request is refused."


@pytest.mark.parametrize(("effort", "tokens"), [("low", 5), ("none", 0)])
def test_reasoning_counts(effort: str, tokens: int) -> None:
    usage = body_of(content="hi", reasoning_effort=effort)["usage"]
    assert usage["completion_tokens_details"] == {"reasoning_tokens": tokens}
    assert usage["completion_tokens"] == 3 + tokens
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_max_completion_tokens_wins() -> None:
    [choice] = body_of(content="one two three", max_completion_tokens=3, max_tokens=100)["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("echo: one", "length")


def test_a_stop_sequence() -> None:
    [choice] = body_of(content="one two three", stop="two")["choices"]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("echo: one ", "stop")


def test_parts_of_a_message() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    parts = [{"type": "text", "text": "look"}, image, image, {"type": "file", "file": {"file_id": "file-1"}}]
    body = body_of(content=parts)
    assert body["choices"][0]["message"]["content"] == "echo: look [2 images]"
    assert body["usage"]["prompt_tokens"] == 3 + 4 + 1 + 2 * 85


def test_one_image_is_no_plural() -> None:
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]
    assert body_of(content=parts)["choices"][0]["message"]["content"] == "echo: look [1 image]"


def test_the_last_words_of_the_user_are_answered() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]},
        {"role": "user", "content": "second"},
        {"role": "assistant", "content": "prefilled"},
    ]
    body = read(send(provider(), "/chat/completions", {"model": GPT, "messages": messages}))
    assert body["choices"][0]["message"]["content"] == "echo: second"
    assert body["usage"]["prompt_tokens"] == 3 + 6 * 4 + 3 + 3 + 1 + 1 + 1 + 1


def test_results_are_quoted() -> None:
    calls = [{"id": str(at), "type": "function", "function": {"name": f"f{at}", "arguments": "{}"}} for at in (1, 2)]
    messages = [
        {"role": "user", "content": "f1 f2"},
        {"role": "assistant", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "2", "content": "two"},
        {"role": "tool", "tool_call_id": "1", "content": [{"type": "text", "text": "one"}]},
    ]
    tools = [tool("chat", "f1"), tool("chat", "f2")]
    body = read(send(provider(), "/chat/completions", chat(messages=messages, tools=tools)))
    assert body["choices"][0]["message"]["content"] == "echo: f2 returned two\necho: f1 returned one"


def test_allowed_tools_narrow_the_choice() -> None:
    choice = {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [tool("chat", "b")]}}
    body = body_of(content="hi", tools=[tool("chat", "a"), tool("chat", "b")], tool_choice=choice)
    assert [name for name, _ in calls_of("chat", body)] == ["b"]


def test_json_object() -> None:
    [choice] = body_of(content='say "hi"', response_format={"type": "json_object"})["choices"]
    assert json.loads(choice["message"]["content"]) == {"echo": 'say "hi"'}


def test_json_schema() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}, "required": ["n"]}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body = body_of(response_format=form, n=2)
    assert [json.loads(choice["message"]["content"]) for choice in body["choices"]] == [{"n": 3}] * 2


def test_a_schema_without_a_value_is_refused() -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"enum": [1], "type": "string"}}}
    reply = ask("chat", response_format=form)
    error = read(reply)["error"]
    assert (reply.status, error["param"]) == (400, "response_format")
    assert error["message"].startswith("Invalid schema for response_format: ")
