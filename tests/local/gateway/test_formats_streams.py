"""Streams, literally, as the providers' public formats have them, and how each becomes another."""

from __future__ import annotations

import json
from typing import Any

import pytest
from formats_samples import NAMES, NOW, collect, numbered_formats

from to11ai_sdk.local.gateway.formats import sse
from to11ai_sdk.local.gateway.formats.neutral import (
    ChatRequest,
    Delta,
    End,
    Error,
    PartDelta,
    PartStart,
    PartStop,
    RedactedThinking,
    Refusal,
    Signature,
    Start,
    Text,
    Thinking,
    ToolCall,
    Usage,
)

CHAT, RESPONSES, ANTHROPIC = NAMES
PLAIN = ChatRequest("m", (), stream=True)
WITH_USAGE = ChatRequest("m", (), stream=True, include_usage=True)

# The basic example of Anthropic's page on streaming messages.
ANTHROPIC_STREAM = b"""event: message_start
data: {"type": "message_start", "message": {"id": "msg_1", "type": "message", "role": "assistant", "content": [], \
"model": "claude-sonnet-4-6", "stop_reason": null, "stop_sequence": null, \
"usage": {"input_tokens": 25, "output_tokens": 1}}}

event: content_block_start
data: {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}

event: ping
data: {"type": "ping"}

event: content_block_delta
data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello"}}

event: content_block_delta
data: {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "!"}}

event: content_block_stop
data: {"type": "content_block_stop", "index": 0}

event: message_delta
data: {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null}, \
"usage": {"output_tokens": 15}}

event: message_stop
data: {"type": "message_stop"}

"""
HELLO: list[Delta] = [
    Start("msg_1", "claude-sonnet-4-6", usage=Usage(25, 1)),
    PartStart(Text("")),
    PartDelta("Hello"),
    PartDelta("!"),
    PartStop(),
    End("end_turn", usage=Usage(25, 15)),
]
CALLS: list[Delta] = [
    Start("x", "m", NOW),
    PartStart(Thinking("")),
    PartDelta("hmm"),
    Signature("proof"),
    PartStop(),
    PartStart(RedactedThinking("secret")),
    PartStop(),
    PartStart(ToolCall("call_1", "w", "")),
    PartDelta('{"in":'),
    PartDelta('"Paris"}'),
    PartStop(),
    PartStart(ToolCall("call_2", "w", "")),
    PartDelta("{}"),
    PartStop(),
    End("tool_use", usage=Usage(3, 4)),
]


def read(name: str, *events: Any) -> list[Delta]:
    data = [event if isinstance(event, str) else json.dumps(event) for event in events]
    return list(numbered_formats()[name].read_stream(f"data: {line}\n\n".encode() for line in data))


def written(name: str, deltas: list[Delta], request: ChatRequest = PLAIN) -> list[tuple[str, Any]]:
    chunks = list(numbered_formats()[name].write_stream(deltas, request))
    events = list(sse.read(chunks))
    assert len(events) == len(chunks)
    return [(event.type, event.data if event.data == "[DONE]" else json.loads(event.data)) for event in events]


def test_the_stream_of_anthropics_page_is_read() -> None:
    assert list(numbered_formats()[ANTHROPIC].read_stream([ANTHROPIC_STREAM])) == HELLO


def test_a_stream_for_an_openai_caller() -> None:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": NOW, "model": "claude-sonnet-4-6"}

    def chunk(delta: dict[str, Any], finish_reason: str | None = None) -> tuple[str, dict[str, Any]]:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return "message", {**head, "choices": [choice]}

    expected = [
        chunk({"role": "assistant", "content": ""}),
        chunk({"content": "Hello"}),
        chunk({"content": "!"}),
        chunk({}, "stop"),
    ]
    assert written(CHAT, HELLO) == [*expected, ("message", "[DONE]")]
    usage = {
        "prompt_tokens": 25,
        "completion_tokens": 15,
        "total_tokens": 40,
        "prompt_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
    with_usage = [(name, {**data, "usage": None}) for name, data in expected]
    last = ("message", {**head, "choices": [], "usage": usage})
    assert written(CHAT, HELLO, WITH_USAGE) == [*with_usage, last, ("message", "[DONE]")]


def test_calls_for_an_openai_caller() -> None:
    chunks = [data["choices"][0] for _, data in written(CHAT, CALLS)[:-1]]

    def call(index: int, arguments: str, **start: Any) -> dict[str, Any]:
        function = {"name": "w", "arguments": arguments} if start else {"arguments": arguments}
        return {"tool_calls": [{"index": index, **start, "function": function}]}

    assert [choice["delta"] for choice in chunks] == [
        {"role": "assistant", "content": None},
        call(0, "", id="call_1", type="function"),
        call(0, '{"in":'),
        call(0, '"Paris"}'),
        call(1, "", id="call_2", type="function"),
        call(1, "{}"),
        {},
    ]
    assert chunks[-1]["finish_reason"] == "tool_calls"


def test_an_empty_stream_for_an_openai_caller() -> None:
    choices = [data["choices"][0] for _, data in written(CHAT, [Start(None, "m"), End("max_tokens")], WITH_USAGE)[:-1]]
    assert [choice["delta"] for choice in choices] == [{"role": "assistant", "content": ""}, {}]
    assert choices[-1]["finish_reason"] == "length"


def test_a_stream_for_an_anthropic_caller() -> None:
    def block(index: int, **members: Any) -> dict[str, Any]:
        return {"index": index, **members}

    call = {"type": "tool_use", "name": "w", "input": {}}
    usage = {"input_tokens": 0, "output_tokens": 0}
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "content": []}
    expected: list[tuple[str, dict[str, Any]]] = [
        ("message_start", {"message": {**message, "stop_reason": None, "stop_sequence": None, "usage": usage}}),
        ("content_block_start", block(0, content_block={"type": "thinking", "thinking": "", "signature": ""})),
        ("content_block_delta", block(0, delta={"type": "thinking_delta", "thinking": "hmm"})),
        ("content_block_delta", block(0, delta={"type": "signature_delta", "signature": "proof"})),
        ("content_block_stop", block(0)),
        ("content_block_start", block(1, content_block={"type": "redacted_thinking", "data": "secret"})),
        ("content_block_stop", block(1)),
        ("content_block_start", block(2, content_block={**call, "id": "call_1"})),
        ("content_block_delta", block(2, delta={"type": "input_json_delta", "partial_json": '{"in":'})),
        ("content_block_delta", block(2, delta={"type": "input_json_delta", "partial_json": '"Paris"}'})),
        ("content_block_stop", block(2)),
        ("content_block_start", block(3, content_block={**call, "id": "call_2"})),
        ("content_block_delta", block(3, delta={"type": "input_json_delta", "partial_json": "{}"})),
        ("content_block_stop", block(3)),
        (
            "message_delta",
            {
                "delta": {"stop_reason": "tool_use", "stop_sequence": None},
                "usage": {"input_tokens": 3, "output_tokens": 4},
            },
        ),
        ("message_stop", {}),
    ]
    assert written(ANTHROPIC, CALLS) == [(name, {"type": name, **members}) for name, members in expected]


def test_what_anthropic_said_is_written_as_it_said_it() -> None:
    events = [(event.type, json.loads(event.data)) for event in sse.read([ANTHROPIC_STREAM]) if event.type != "ping"]
    events[-2][1]["usage"] = {"input_tokens": 25, "output_tokens": 15}
    assert written(ANTHROPIC, HELLO) == events


def test_a_stream_for_a_caller_of_responses() -> None:
    events = written(RESPONSES, [*HELLO[:-1], *CALLS[1:11], End("max_tokens", usage=Usage(1, 2))])
    assert [name for name, _ in events] == [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.output_item.added",
        "response.reasoning_summary_part.added",
        "response.reasoning_summary_text.delta",
        "response.reasoning_summary_text.done",
        "response.reasoning_summary_part.done",
        "response.output_item.done",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.incomplete",
    ]
    assert all(data["type"] == name for name, data in events)
    assert [data["sequence_number"] for _, data in events] == list(range(len(events)))
    assert events[0][1]["response"]["status"] == "in_progress"
    assert events[0][1]["response"]["output"] == []
    assert events[4][1] == {
        "type": "response.output_text.delta",
        "item_id": "msg_2",
        "output_index": 0,
        "content_index": 0,
        "delta": "Hello",
        "logprobs": [],
        "sequence_number": 4,
    }
    done = [data["item"] for name, data in events if name == "response.output_item.done"]
    last = events[-1][1]["response"]
    assert last["output"] == done
    assert (last["status"], last["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    assert last["usage"]["total_tokens"] == 3
    assert [item["type"] for item in done] == ["message", "reasoning", "reasoning", "function_call"]
    assert [item["encrypted_content"] for item in done[1:3]] == ["proof", "to11:redacted_thinking:::secret"]
    assert done[3]["arguments"] == '{"in":"Paris"}'


def test_words_of_refusal_in_each_format() -> None:
    deltas: list[Delta] = [Start(None, "m"), PartStart(Refusal("")), PartDelta("No."), PartStop(), End()]
    chunks = [data["choices"][0]["delta"] for _, data in written(CHAT, deltas)[:-1]]
    assert chunks == [{"role": "assistant", "content": None, "refusal": ""}, {"refusal": "No."}, {}]
    names = [name for name, _ in written(RESPONSES, deltas)]
    assert names[4:6] == ["response.refusal.delta", "response.refusal.done"]
    assert written(ANTHROPIC, deltas)[-2][1]["delta"]["stop_reason"] == "refusal"


BROKEN: list[Delta] = [*HELLO[:3], Error("overloaded_error", "busy", "Overloaded", 529), PartStop(), End()]


def test_an_error_in_the_middle_becomes_the_error_event_and_ends_the_stream() -> None:
    error = {"message": "Overloaded", "type": "server_error", "param": None, "code": "busy"}
    assert written(CHAT, BROKEN)[-1] == ("message", {"error": error})
    error = {"type": "overloaded_error", "message": "Overloaded", "code": "busy"}
    assert written(ANTHROPIC, BROKEN)[-1] == ("error", {"type": "error", "error": error})
    event, failed = written(RESPONSES, BROKEN)[-2:]
    members = {"code": "busy", "message": "Overloaded", "param": None}
    assert event == ("error", {"type": "error", **members, "sequence_number": 5})
    assert failed[1]["response"]["status"] == "failed"
    assert failed[1]["response"]["error"] == {"code": "server_error", "message": "Overloaded"}


def test_an_error_before_the_start_is_all_there_is() -> None:
    error = Error(None, None, "Slow down", 429)
    assert len(written(RESPONSES, [error])) == len(written(CHAT, [error])) == len(written(ANTHROPIC, [error])) == 1
    failed = written(RESPONSES, [Start(None, "m"), error])[-1][1]["response"]
    assert failed["error"]["code"] == "rate_limit_exceeded"


@pytest.mark.parametrize(
    ("name", "event", "error"),
    [
        (CHAT, {"error": {"type": "server_error", "message": "Oops"}}, Error("server_error", None, "Oops", 500)),
        (
            ANTHROPIC,
            {"type": "error", "error": {"type": "overloaded_error", "message": "Busy"}},
            Error("overloaded_error", None, "Busy", 529),
        ),
        (
            RESPONSES,
            {"type": "error", "code": "rate_limit_exceeded", "message": "Slow", "param": None, "sequence_number": 3},
            Error(None, "rate_limit_exceeded", "Slow", 429),
        ),
        (
            RESPONSES,
            {"type": "error", "error": {"type": "server_error", "code": None, "message": "Oops"}},
            Error("server_error", None, "Oops", 500),
        ),
        (
            RESPONSES,
            {"type": "response.failed", "response": {"error": {"code": "server_error", "message": "Oops"}}},
            Error(None, "server_error", "Oops", 500),
        ),
    ],
)
def test_an_error_of_the_provider_ends_the_deltas(name: str, event: dict[str, Any], error: Error) -> None:
    assert read(name, event, "this is not even read") == [error]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("nonsense", "the provider's stream is malformed: is not JSON"),
        ("[1]", "the provider's stream ended before its last event"),
        ("[" * 70 + "]" * 70, "the provider's stream is malformed: may be nested 64 levels deep at most"),
        ("[" * 200_000, "the provider's stream is malformed: is not JSON"),
        ('{"x": NaN}', "the provider's stream is malformed: is not JSON: NaN is not a number of JSON"),
    ],
)
def test_a_malformed_stream_ends_with_an_error(name: str, data: str, message: str) -> None:
    (error,) = read(name, data)
    assert isinstance(error, Error)
    assert error.message.startswith(message)
    assert error.status == 502


@pytest.mark.parametrize("name", NAMES)
def test_a_cut_stream_ends_with_an_error(name: str) -> None:
    whole = b"".join(numbered_formats()[name].write_stream(HELLO, PLAIN))
    *deltas, error = numbered_formats()[name].read_stream([whole[: len(whole) // 2]])
    assert isinstance(deltas[0], Start)
    assert isinstance(error, Error)
    assert "ended before its last event" in error.message


@pytest.mark.parametrize("name", NAMES)
def test_exceptions_of_the_connection_pass_through(name: str) -> None:
    def chunks() -> Any:
        yield b"data: "
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        list(numbered_formats()[name].read_stream(chunks()))


def chat_chunk(finish_reason: str | None = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"id": "chatcmpl-1", "model": "m", "choices": [choice]}


def call_chunk(index: int | None, arguments: str | None = None, call_id: str | None = None) -> dict[str, Any]:
    function = {"name": "w" if call_id else None, "arguments": arguments}
    return chat_chunk(tool_calls=[{"index": index, "id": call_id, "type": "function", "function": function}])


def chat_calls(*chunks: dict[str, Any]) -> list[Any]:
    deltas = read(CHAT, *chunks, chat_chunk("tool_calls"), "[DONE]")
    return [delta for delta in deltas if not isinstance(delta, Start | End)]


def test_calls_one_after_the_other_flow_as_they_come() -> None:
    first, second = ToolCall("a", "w", ""), ToolCall("b", "w", "")
    deltas = chat_calls(call_chunk(0, "", "a"), call_chunk(0, '{"x"'), call_chunk(0, ":1}"), call_chunk(1, "{}", "b"))
    assert deltas == [
        PartStart(first),
        PartDelta('{"x"'),
        PartDelta(":1}"),
        PartStop(),
        PartStart(second),
        PartDelta("{}"),
        PartStop(),
    ]


def test_calls_that_come_mixed_are_put_in_order() -> None:
    first, second = ToolCall("a", "w", ""), ToolCall("b", "w", "")
    mixed = [call_chunk(0, '{"x"', "a"), call_chunk(1, '{"y"', "b"), call_chunk(0, ":1}"), call_chunk(1, ":2}")]
    assert chat_calls(*mixed) == [
        PartStart(first),
        PartDelta('{"x"'),
        PartDelta(":1}"),
        PartStop(),
        PartStart(second),
        PartDelta('{"y"'),
        PartDelta(":2}"),
        PartStop(),
    ]


def test_calls_that_a_server_numbers_alike_are_told_apart_by_their_ids() -> None:
    deltas = chat_calls(call_chunk(0, "{}", "a"), call_chunk(0, "{}", "b"))
    assert [delta.part for delta in deltas if isinstance(delta, PartStart)] == [
        ToolCall("a", "w", ""),
        ToolCall("b", "w", ""),
    ]


def test_more_of_a_call_that_is_complete_is_malformed() -> None:
    deltas = read(CHAT, call_chunk(0, '{"a":1}', "a"), call_chunk(1, "{}", "b"), call_chunk(0, '{"a":2}'), "[DONE]")
    assert isinstance(deltas[-1], Error)
    assert "after its end" in deltas[-1].message


def test_a_chat_stream_with_thoughts_text_and_calls_in_turn() -> None:
    deltas = read(
        CHAT,
        {"id": "", "model": "m", "choices": []},
        chat_chunk(role="assistant", content=""),
        chat_chunk(reasoning_content="hmm"),
        chat_chunk(content="a"),
        chat_chunk(content="b"),
        call_chunk(None, '{"x":{}', "c"),
        chat_chunk(content="d"),
        call_chunk(None, "}"),
        chat_chunk("stop"),
        {"id": "", "model": "m", "choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
    )
    reply = collect(deltas)
    assert reply.parts == (Thinking("hmm"), Text("ab"), ToolCall("c", "w", '{"x":{}}'), Text("d"))
    assert (reply.id, reply.stop, reply.usage) == (None, "tool_use", Usage(1, 2))


def test_only_the_first_of_several_choices_is_heard() -> None:
    other = {"id": "x", "model": "m", "choices": [{"index": 1, "delta": {"content": "no"}, "finish_reason": "stop"}]}
    assert collect(read(CHAT, other, chat_chunk("stop", content="yes"), "[DONE]")).parts == (Text("yes"),)


def test_what_anthropic_says_at_the_start_of_a_block_and_mixes() -> None:
    start, delta, stop = "content_block_start", "content_block_delta", "content_block_stop"
    call = {"type": "tool_use", "id": "a", "name": "w", "input": {"x": 1}}
    silent = {"type": "tool_use", "id": "b", "name": "w", "input": {}}
    details = {"type": "refusal", "category": None, "explanation": "Not this."}
    events = [
        {"type": start, "index": 0, "content_block": {"type": "text", "text": "a"}},
        {"type": start, "index": 1, "content_block": call},
        {"type": delta, "index": 0, "delta": {"type": "text_delta", "text": "b"}},
        {"type": delta, "index": 0, "delta": {"type": "citations_delta", "citation": {}}},
        {"type": stop, "index": 0},
        {"type": stop, "index": 1},
        {
            "type": start,
            "index": 2,
            "content_block": {"type": "server_tool_use", "id": "s", "name": "w"},
        },
        {"type": delta, "index": 2, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
        {"type": stop, "index": 2},
        {"type": start, "index": 3, "content_block": silent},
        {"type": delta, "index": 3, "delta": {"type": "input_json_delta", "partial_json": ""}},
        {"type": stop, "index": 3},
        {"type": "message_delta", "delta": {"stop_reason": "refusal", "stop_details": details}},
        {"type": "message_stop"},
    ]
    reply = collect(read(ANTHROPIC, *events))
    calls = (ToolCall("a", "w", '{"x":1}'), ToolCall("b", "w", "{}"))
    assert reply.parts == (Text("ab"), *calls, Refusal("Not this."))
    assert (reply.stop, reply.usage) == ("refusal", None)


@pytest.mark.parametrize(
    "events",
    [
        [
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "b"}},
        ],
        [
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "a"}},
            {"type": "content_block_stop", "index": 0},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "b"}},
        ],
    ],
    ids=["begun twice", "after its end"],
)
def test_text_of_blocks_out_of_order_is_not_lost(events: list[dict[str, Any]]) -> None:
    reply = collect(read(ANTHROPIC, *events, {"type": "message_stop"}))
    assert reply.parts == (Text("a"), Text("b"))


@pytest.mark.parametrize("kinds", [[], ["tool_use"]], ids=["before its call", "after its end"])
def test_input_of_a_tool_out_of_order_is_malformed(kinds: list[str]) -> None:
    block = {"type": "tool_use", "id": "t", "name": "w", "input": {}}
    begun = [{"type": "content_block_start", "index": 0, "content_block": block} for _ in kinds]
    stops = [{"type": "content_block_stop", "index": 0} for _ in kinds]
    late = {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{}"}}
    deltas = read(ANTHROPIC, *begun, *stops, late)
    assert isinstance(deltas[-1], Error)
    assert "the input of a tool came before its call, or after its end" in deltas[-1].message


def test_responses_with_thoughts_whose_events_differ_from_server_to_server() -> None:
    thought = {"type": "response.reasoning_summary_text.delta", "item_id": "rs_1", "output_index": 0}
    response = {"id": "resp_1", "model": "m", "created_at": 7, "status": "completed"}
    item = {"type": "function_call", "call_id": "c", "name": "w", "arguments": ""}
    arguments = {"type": "response.function_call_arguments.delta", "output_index": 3, "delta": ""}
    events = [
        {"type": "response.created", "response": response},
        {"type": "response.in_progress", "response": response},
        {"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning", "id": "rs_1"}},
        {**thought, "summary_index": 0, "delta": "a"},
        {**thought, "summary_index": 1, "delta": "b"},
        {"type": "response.reasoning_text.delta", "item_id": "rs_1", "output_index": 0, "delta": "the whole of it"},
        {
            "type": "response.output_item.done",
            "output_index": 0,
            "item": {"type": "reasoning", "id": "rs_1", "encrypted_content": "proof"},
        },
        {
            "type": "response.output_item.done",
            "output_index": 1,
            "item": {"type": "reasoning", "id": "rs_2", "encrypted_content": "other"},
        },
        {"type": "response.output_text.delta", "output_index": 2, "content_index": 0, "delta": "no part was added"},
        {"type": "response.output_item.done", "output_index": 2, "item": {"type": "message"}},
        {"type": "response.output_item.added", "output_index": 3, "item": item},
        arguments,
        {"type": "response.output_item.done", "output_index": 3, "item": {**item, "arguments": "{}"}},
        {"type": "response.completed", "response": {**response, "usage": {"input_tokens": 1, "output_tokens": 2}}},
    ]
    reply = collect(read(RESPONSES, *events))
    assert reply.parts == (
        Thinking("a\n\nb", "proof", "rs_1"),
        Thinking("", "other", "rs_2"),
        Text("no part was added"),
        ToolCall("c", "w", "{}"),
    )
    assert (reply.id, reply.created, reply.stop, reply.usage) == ("resp_1", 7, "tool_use", Usage(1, 2))


def test_a_long_part_is_collected_in_linear_time() -> None:
    deltas: list[Delta] = [Start(None, "m"), PartStart(Text("")), *[PartDelta("x" * 10)] * 200_000, PartStop(), End()]
    assert len(collect(deltas).parts[0].text) == 2_000_000  # type: ignore[union-attr]
