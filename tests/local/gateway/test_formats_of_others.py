"""Replies and streams as compatible servers send them: no odd member loses an answer, in any direction."""

from __future__ import annotations

import json
from typing import Any

import pytest
from formats_samples import NAMES, NOW, collect, numbered_formats

from to11ai_sdk.local.gateway.formats import FormatError, formats
from to11ai_sdk.local.gateway.formats.common import Peer
from to11ai_sdk.local.gateway.formats.neutral import (
    ChatReply,
    ChatRequest,
    Error,
    Refusal,
    Text,
    Thinking,
    ToolCall,
    Usage,
)

CHAT, RESPONSES, ANTHROPIC = NAMES
STREAMED = ChatRequest("m", (), stream=True, include_usage=True)


def sse_of(*events: Any) -> list[bytes]:
    return [f"data: {event if isinstance(event, str) else json.dumps(event)}\n\n".encode() for event in events]


def streamed(source: str, *events: Any) -> ChatReply:
    """What a stream says, which is the same for callers of all formats that have room for it."""
    reply = collect(numbered_formats()[source].read_stream(sse_of(*events)))
    for target in NAMES:
        form = numbered_formats()[target]
        deltas = numbered_formats()[source].read_stream(sse_of(*events))
        again = collect(form.read_stream(form.write_stream(deltas, STREAMED)))
        assert words_of(again) == words_of(reply)
        assert again.stop == reply.stop
    return reply


def whole(source: str, body: dict[str, Any]) -> ChatReply:
    """What a reply says, which is the same for callers of all formats that have room for it."""
    reply = numbered_formats()[source].read_reply(body)
    for target in NAMES:
        again = numbered_formats()[target].read_reply(numbered_formats()[target].write_reply(reply))
        assert words_of(again) == words_of(reply)
        assert again.stop == reply.stop
    return reply


def words_of(reply: ChatReply) -> list[Any]:
    texts = "".join(part.text for part in reply.parts if isinstance(part, Text))
    calls = [(part.name, json.loads(part.arguments)) for part in reply.parts if isinstance(part, ToolCall)]
    return [texts, calls]


def chunk(finish_reason: Any = None, **delta: Any) -> dict[str, Any]:
    return {"id": "c", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


def call(index: int | None, **members: Any) -> dict[str, Any]:
    function = {key: members.pop(key) for key in ("name", "arguments") if key in members}
    return chunk(tool_calls=[{**({} if index is None else {"index": index}), **members, "function": function}])


def message(finish_reason: Any = "stop", **members: Any) -> dict[str, Any]:
    choice = {"index": 0, "message": {"role": "assistant", **members}, "finish_reason": finish_reason}
    return {"id": "c", "model": "m", "choices": [choice]}


CALLS: dict[str, tuple[list[dict[str, Any]], list[Any]]] = {
    "id first, name next": (
        [call(0, id="c1", arguments=""), call(0, name="f", arguments="{}")],
        [("c1", "f", "{}")],
    ),
    "name first, id next": (
        [call(0, name="f", arguments=""), call(0, id="late", arguments='{"a":1}')],
        [("late", "f", '{"a":1}')],
    ),
    "name first, id after the arguments": (
        [call(0, name="f", arguments='{"a"'), call(0, id="late", arguments=":1}")],
        [("call_1", "f", '{"a":1}')],
    ),
    "the name in pieces": (
        [call(0, id="a", name="get_"), call(0, name="weather", arguments=""), call(0, arguments='{"a":1}')],
        [("a", "get_weather", '{"a":1}')],
    ),
    "the name as far as it is known": (
        [call(0, id="a", name="get_"), call(0, id="a", name="get_weather"), call(0, arguments='{"a":1}')],
        [("a", "get_weather", '{"a":1}')],
    ),
    "two calls without arguments": (
        [call(0, id="a", name="f", arguments=""), call(0, id="b", name="g", arguments="")],
        [("a", "f", "{}"), ("b", "g", "{}")],
    ),
    "a call without arguments before another": (
        [call(0, id="a", name="f", arguments=""), call(1, id="b", name="g", arguments="{}")],
        [("a", "f", "{}"), ("b", "g", "{}")],
    ),
    "a name that comes after another call": (
        [call(0, id="a"), call(1, id="b", name="g", arguments="{}"), call(0, name="f", arguments="")],
        [("b", "g", "{}"), ("a", "f", "{}")],
    ),
    "arguments before the name": (
        [call(0, arguments='{"a":'), call(0, arguments="1}"), call(0, id="c1", name="f")],
        [("c1", "f", '{"a":1}')],
    ),
    "another id in every delta": (
        [
            call(0, id="call-0", name="f", arguments=""),
            call(0, id="call-1", arguments='{"a"'),
            call(0, id="call-2", arguments=":1}"),
        ],
        [("call-0", "f", '{"a":1}')],
    ),
    "all calls are number 0": (
        [call(0, id="a", name="f", arguments="{}"), call(0, id="b", name="f", arguments='{"b":1}')],
        [("a", "f", "{}"), ("b", "f", '{"b":1}')],
    ),
    "all calls are number 0 and have one id": (
        [call(0, id="a", name="f", arguments="{}"), call(0, id="a", name="g", arguments="{}")],
        [("a", "f", "{}"), ("call_1", "g", "{}")],
    ),
    "all calls are number 0, of one tool, without ids": (
        [call(0, id="", name="f", arguments='{"a":1}'), call(0, id="", name="f", arguments='{"a":2}')],
        [("call_1", "f", '{"a":1}'), ("call_2", "f", '{"a":2}')],
    ),
    "id and name again with every piece": (
        [
            call(0, id="a", name="f", arguments='{"a"'),
            call(0, id="a", name="f", arguments=":1}"),
            call(0, id="a", name="f"),
        ],
        [("a", "f", '{"a":1}')],
    ),
    "pieces of two calls of one number, distinguished by their ids": (
        [
            call(0, id="a", name="f", arguments='{"a"'),
            call(0, id="b", name="g", arguments='{"b"'),
            call(0, id="a", arguments=":1}"),
            call(0, id="b", arguments=":2}"),
        ],
        [("a", "f", '{"a":1}'), ("b", "g", '{"b":2}')],
    ),
    "pieces of two calls without numbers, distinguished by their ids": (
        [
            call(None, id="a", name="f", arguments='{"a"'),
            call(None, id="b", name="g", arguments='{"b"'),
            call(None, id="a", arguments=":1}"),
            call(None, id="b", arguments=":2}"),
        ],
        [("a", "f", '{"a":1}'), ("b", "g", '{"b":2}')],
    ),
    "one id for calls that have numbers": (
        [
            call(0, id="a", name="f", arguments='{"a"'),
            call(1, id="a", name="f", arguments='{"b"'),
            call(0, id="a", arguments=":1}"),
            call(1, id="a", arguments=":2}"),
        ],
        [("a", "f", '{"a":1}'), ("call_1", "f", '{"b":2}')],
    ),
    "the whole call again at its end": (
        [
            call(0, id="a", name="f", arguments='{"a"'),
            call(0, id="a", arguments=":1}"),
            call(0, id="a", name="f", arguments='{"a":1}'),
        ],
        [("a", "f", '{"a":1}')],
    ),
    "the old function_call": (
        [
            chunk(function_call={"name": "f", "arguments": ""}),
            chunk(function_call={"arguments": '{"a"'}),
            chunk(function_call={"arguments": ":1}"}),
        ],
        [("call_1", "f", '{"a":1}')],
    ),
    "no numbers": (
        [
            call(None, id="a", name="f", arguments='{"a"'),
            call(None, arguments=":1}"),
            call(None, id="b", name="g", arguments=""),
            call(None, arguments="{}"),
        ],
        [("a", "f", '{"a":1}'), ("b", "g", "{}")],
    ),
    "a number for every piece": (
        [call(0, id="a", name="f", arguments=""), call(1, arguments='{"a"'), call(2, arguments=":1}")],
        [("a", "f", '{"a":1}')],
    ),
    "the second call before the first": (
        [call(1, id="b", name="g", arguments="{}"), call(0, id="a", name="f", arguments="{}")],
        [("b", "g", "{}"), ("a", "f", "{}")],
    ),
    "arguments as an object, and numbers as ids": (
        [call(0, id=7, name="f", arguments={"a": {"b": [1]}}), call("1", id=8.0, name="g", arguments={})],
        [("7", "f", '{"a":{"b":[1]}}'), ("8", "g", "{}")],
    ),
    "no arguments in four ways": (
        [
            call(0, id="a", name="f", arguments=""),
            call(1, id="b", name="f", arguments=None),
            call(2, id="c", name="f", arguments="nu"),
            call(2, arguments="ll"),
            call(3, id="d", name="f"),
        ],
        [("a", "f", "{}"), ("b", "f", "{}"), ("c", "f", "{}"), ("d", "f", "{}")],
    ),
    "without the object around name and arguments": (
        [chunk(tool_calls=[{"index": 0, "id": "a", "name": "f", "arguments": '{"a":1}'}])],
        [("a", "f", '{"a":1}')],
    ),
    "an entry that says nothing": (
        [call(0, id="a", name="f", arguments="{}"), chunk(tool_calls=[{"index": 1}, None, 5])],
        [("a", "f", "{}")],
    ),
    "brackets and quotes inside the arguments": (
        [
            call(0, id="a", name="f", arguments='{"a":"}\\'),
            call(1, id="b", name="g", arguments="{}"),
            call(0, arguments='""}'),
        ],
        [("a", "f", '{"a":"}\\""}'), ("b", "g", "{}")],
    ),
}


@pytest.mark.parametrize(("chunks", "expected"), CALLS.values(), ids=CALLS)
def test_calls_of_a_chat_stream(chunks: list[dict[str, Any]], expected: list[Any]) -> None:
    reply = streamed(CHAT, chunk(content="Hi"), *chunks, chunk("tool_calls"), "[DONE]")
    assert [(part.id, part.name, part.arguments) for part in reply.parts if isinstance(part, ToolCall)] == expected
    assert reply.parts[0] == Text("Hi")
    assert reply.stop == "tool_use"


def test_the_old_function_call_of_a_whole_reply() -> None:
    body = message("function_call", content=None, function_call={"name": "f", "arguments": {"a": 1}})
    reply = whole(CHAT, body)
    assert (reply.parts, reply.stop) == ((ToolCall("call_1", "f", '{"a":1}'),), "tool_use")


def test_a_call_whose_name_never_comes_is_an_error() -> None:
    deltas = list(numbered_formats()[CHAT].read_stream(sse_of(call(0, id="a", arguments="{}"), chunk("tool_calls"))))
    assert isinstance(deltas[-1], Error)
    assert "a tool call has no name" in deltas[-1].message


WHOLE_CALLS: dict[str, tuple[Any, str]] = {
    "object": ({"a": 1}, '{"a":1}'),
    "text": ('{"a": 1}', '{"a": 1}'),
    "empty text": ("", "{}"),
    "blank text": (" \n", "{}"),
    "null": (None, "{}"),
    "the word null": ("null", "{}"),
    "empty object": ({}, "{}"),
    "empty list": ([], "{}"),
    "text with an empty list": ("[ ]", "{}"),
    "empty objects": ("{} { }", "{}"),
    "an empty object before the arguments": ('{}{"a":"{}"}', '{"a":"{}"}'),
    "an object twice": ('{"a":"}"}{"a":"}"}', '{"a":"}"}'),
    "an object within text": ('"{\\"a\\":[1]}"', '{"a":[1]}'),
    "an object within text within text": (json.dumps(json.dumps('{"a":1}')), '{"a":1}'),
    "empty text within text": ('""', "{}"),
    "the word null within text": ('"null"', "{}"),
    "blanks around": (' \n{"a": 1}\n', '{"a": 1}'),
    "a nested empty object": ('{ "a": {} }', '{ "a": {} }'),
}


@pytest.mark.parametrize(("given", "expected"), WHOLE_CALLS.values(), ids=WHOLE_CALLS)
def test_arguments_of_whole_calls(given: Any, expected: str) -> None:
    tool_calls = [{"id": 5, "function": {"name": "f", "arguments": given}}]
    assert whole(CHAT, message(tool_calls=tool_calls)).parts == (ToolCall("5", "f", expected),)
    item = {"type": "function_call", "call_id": 5, "name": "f", "arguments": given}
    assert whole(RESPONSES, {"model": "m", "output": [item]}).parts == (ToolCall("5", "f", expected),)
    block = {"type": "tool_use", "id": 5, "name": "f", "input": given}
    assert whole(ANTHROPIC, {"content": [block]}).parts == (ToolCall("5", "f", expected),)


def cut(text: str, size: int) -> list[str]:
    return [text[place : place + size] for place in range(0, len(text), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 99])
@pytest.mark.parametrize(("given", "expected"), WHOLE_CALLS.values(), ids=WHOLE_CALLS)
def test_arguments_in_pieces_of_any_size(given: Any, expected: str, size: int) -> None:
    text = given if isinstance(given, str) else json.dumps(given, separators=(",", ":"))
    pieces = cut(text, size)
    calls = [call(0, id="a", name="f"), *(call(0, arguments=piece) for piece in pieces)]
    assert streamed(CHAT, *calls, chunk("stop")).parts == (ToolCall("a", "f", expected),)

    added = {"type": "response.output_item.added", "item": {"type": "function_call", "call_id": "a", "name": "f"}}
    deltas = [{"type": "response.function_call_arguments.delta", "delta": piece} for piece in pieces]
    assert streamed(RESPONSES, added, *deltas, completed()).parts == (ToolCall("a", "f", expected),)

    start = {"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "a", "name": "f"}}
    partial = [{"type": "input_json_delta", "partial_json": piece} for piece in pieces]
    blocks = [{"type": "content_block_delta", "index": 0, "delta": delta} for delta in partial]
    assert streamed(ANTHROPIC, start, *blocks, {"type": "message_stop"}).parts == (ToolCall("a", "f", expected),)


def test_text_that_is_no_object_stays_as_the_model_wrote_it() -> None:
    for text in ("[1]", '"Paris"', '{"a":1}{"a":2}', '{"a"', "Paris", "nu"):
        reply = whole_calls(text)
        assert [part.arguments for part in reply.parts if isinstance(part, ToolCall)] == [text]
        chunks = [call(0, id="a", name="f"), *(call(0, arguments=piece) for piece in text), chunk("stop")]
        assert collect(numbered_formats()[CHAT].read_stream(sse_of(*chunks))).parts == (ToolCall("a", "f", text),)


def whole_calls(arguments: Any) -> ChatReply:
    calls = [{"id": "a", "function": {"name": "f", "arguments": arguments}}]
    return numbered_formats()[CHAT].read_reply(message(tool_calls=calls))


def test_an_empty_object_that_comes_first_is_no_arguments_in_any_stream() -> None:
    item = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f"}
    added = {"type": "response.output_item.added", "output_index": 0, "item": {**item, "arguments": "{}"}}
    delta = {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": '{"a":1}'}
    last = {**item, "arguments": '{"a":1}'}
    assert words_of(streamed(RESPONSES, CREATED, added, delta, done(last), completed(last))) == ["", [("f", {"a": 1})]]
    for block in ({}, {"a": 1}):
        start = {"type": "tool_use", "id": "t", "name": "f", "input": block}
        events = [
            {"type": "content_block_start", "index": 0, "content_block": start},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "{}"}},
            {"type": "content_block_delta", "index": 0, "delta": {"partial_json": '{"a":1}'}},
            {"type": "message_stop"},
        ]
        if block:
            del events[1]
        assert words_of(streamed(ANTHROPIC, *events)) == ["", [("f", {"a": 1})]]


def test_calls_that_begin_with_empty_objects_side_by_side() -> None:
    calls = [call(index, id=f"c{index}", name="f", arguments="{}") for index in (0, 1)]
    more = [call(index, arguments=f'{{"a":{index}}}') for index in (0, 1)]
    assert words_of(streamed(CHAT, *calls, *more, chunk("stop"))) == ["", [("f", {"a": 0}), ("f", {"a": 1})]]


@pytest.mark.parametrize(("given", "expected"), WHOLE_CALLS.values(), ids=WHOLE_CALLS)
def test_arguments_reach_every_caller_as_an_object(given: Any, expected: str) -> None:
    reply = numbered_formats()[CHAT].read_reply(message(tool_calls=[{"function": {"name": "f", "arguments": given}}]))
    (choice,) = numbered_formats()[CHAT].write_reply(reply)["choices"]
    assert choice["message"]["tool_calls"][0]["function"]["arguments"] == expected
    assert numbered_formats()[RESPONSES].write_reply(reply)["output"][0]["arguments"] == expected
    assert numbered_formats()[ANTHROPIC].write_reply(reply)["content"][0]["input"] == json.loads(expected)


def done(item: dict[str, Any], index: int | None = 0) -> dict[str, Any]:
    place = {} if index is None else {"output_index": index}
    return {"type": "response.output_item.done", **place, "item": item}


def completed(*output: Any, **members: Any) -> dict[str, Any]:
    return {"type": "response.completed", "response": {"id": "r", "model": "m", "output": list(output), **members}}


def spoken(*texts: str) -> dict[str, Any]:
    content = [{"type": "output_text", "text": text, "annotations": []} for text in texts]
    return {"type": "message", "id": "msg_a", "role": "assistant", "content": content}


CREATED = {"type": "response.created", "response": {"id": "r", "model": "m", "created_at": 7}}
ADDED = {"type": "response.output_item.added", "output_index": 0, "item": {"type": "message", "id": "msg_a"}}
DELTA = {
    "type": "response.output_text.delta",
    "output_index": 0,
    "item_id": "msg_a",
    "content_index": 0,
    "delta": "Hel",
}
TEXT_DONE = {"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "Hello"}
PART_DONE = {
    "type": "response.content_part.done",
    "output_index": 0,
    "content_index": 0,
    "part": {"type": "output_text", "text": "Hello"},
}
ENDS = [TEXT_DONE, PART_DONE, done(spoken("Hello"))]


@pytest.mark.parametrize("last", [completed(), completed(spoken("Hello"))], ids=["empty", "whole"])
@pytest.mark.parametrize("ends", [[], ENDS[:1], ENDS[1:2], ENDS[2:], ENDS], ids=["none", "text", "part", "item", "all"])
@pytest.mark.parametrize("begun", [[], [DELTA]], ids=["silent", "begun"])
@pytest.mark.parametrize("head", [[CREATED, ADDED], [CREATED], []], ids=["added", "created", "nothing"])
def test_text_of_a_response_is_heard_once_wherever_it_comes(head: Any, begun: Any, ends: Any, last: Any) -> None:
    reply = streamed(RESPONSES, *head, *begun, *ends, last)
    expected = "Hello" if ends or last["response"]["output"] else "Hel" if begun else ""
    assert "".join(part.text for part in reply.parts if isinstance(part, Text)) == expected
    assert reply.stop == "end_turn"


@pytest.mark.parametrize("other", ["Bye", "Help", "He", ""])
def test_a_repetition_that_differs_adds_nothing(other: str) -> None:
    part = {**PART_DONE, "part": {"type": "output_text", "text": other}}
    for end in (
        {**TEXT_DONE, "text": other},
        part,
        done(spoken(other)),
        done(spoken(other, "x")),
        completed(spoken(other)),
    ):
        reply = streamed(RESPONSES, CREATED, ADDED, {**DELTA, "delta": "Hello"}, end, completed())
        assert reply.parts == (Text("Hello"),)


def test_a_call_of_a_response_without_a_name_is_an_error() -> None:
    item = {"type": "function_call", "call_id": "c", "arguments": '{"a":1}'}
    with pytest.raises(FormatError, match="a tool call has no name"):
        numbered_formats()[RESPONSES].read_reply({"output": [item]})
    for events in ([done(item), completed()], [completed(item)]):
        last = list(_deltas(RESPONSES, CREATED, *events))[-1]
        assert isinstance(last, Error)
        assert "a tool call has no name" in last.message


def test_refusals_reasoning_and_arguments_that_come_only_at_the_end() -> None:
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": "No."}]}
    thought = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hmm"}]}
    call_item = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}
    output = [thought, refusal, call_item]
    expected = "hmm", "No.", ToolCall("c1", "f", '{"a":1}')
    for events in (
        [completed(*output)],
        [done(item, index) for index, item in enumerate(output)] + [completed()],
        [done(item, index) for index, item in enumerate(output)] + [completed(*output)],
        [done(item, None) for item in output] + [completed(*output)],
    ):
        parts = collect(_deltas(RESPONSES, CREATED, *events)).parts
        assert (parts[0].text, parts[1].text, parts[2]) == expected  # type: ignore[union-attr]
        assert len(parts) == 3


def test_reasoning_that_comes_in_done_events() -> None:
    summary = {"type": "response.reasoning_summary_text.done", "item_id": "rs_1", "output_index": 0}
    item = {"type": "reasoning", "id": "rs_1", "summary": [{"text": "a"}, {"text": "b"}]}
    events = [{**summary, "summary_index": 0, "text": "a"}, {**summary, "summary_index": 1, "text": "b"}]
    for given in (
        [*events, completed()],
        [*events, done(item), completed(item)],
        [events[0], done(item), completed(item)],
    ):
        assert streamed(RESPONSES, CREATED, *given).parts == (Thinking("a\n\nb", None, "rs_1"),)


def test_items_that_all_have_one_place_or_another_id_each_time() -> None:
    def event(kind: str, item_id: str, **members: Any) -> dict[str, Any]:
        return {"type": f"response.{kind}", "output_index": 0, "item_id": item_id, **members}

    added = [
        event("output_item.added", "", item={"type": "function_call", "id": f"fc_{n}", "call_id": f"c{n}", "name": "f"})
        for n in (1, 2)
    ]
    pieces = [event("function_call_arguments.delta", f"fc_{n}", delta=f'{{"a":{n}}}') for n in (1, 2)]
    reply = streamed(RESPONSES, CREATED, *added, *pieces, completed())
    assert reply.parts == (ToolCall("c1", "f", '{"a":1}'), ToolCall("c2", "f", '{"a":2}'))
    changed = [
        event("output_item.added", "", item={"type": "message", "id": "one"}),
        event("output_text.delta", "two", delta="Hel"),
        event("output_text.delta", "three", delta="lo"),
        done({**spoken("Hello"), "id": "four"}),
        completed({**spoken("Hello"), "id": "five"}),
    ]
    assert streamed(RESPONSES, CREATED, *changed).parts == (Text("Hello"),)


def test_items_that_only_end_and_all_at_one_place() -> None:
    first, second = {**spoken("a"), "id": ""}, {**spoken("b"), "id": ""}
    assert streamed(RESPONSES, CREATED, done(first), done(second), completed()).parts == (Text("a"), Text("b"))
    again = done({**spoken("a"), "id": "msg_1"})
    added = {**ADDED, "item": {"type": "message", "id": "msg_1"}}
    assert streamed(RESPONSES, CREATED, added, again, again, completed(spoken("a"))).parts == (Text("a"),)


def test_many_parts_and_their_ends_are_read_in_linear_time() -> None:
    begun = [{**DELTA, "content_index": index, "delta": "x"} for index in range(10_000)]
    ends = [
        {**PART_DONE, "content_index": index, "part": {"type": "output_text", "text": "x"}} for index in range(10_000)
    ]
    items = [done(spoken("x"), index) for index in range(1, 3000)]
    reply = collect(_deltas(RESPONSES, CREATED, *begun, *ends, *items, *items, completed()))
    assert len(reply.parts) == 12_999


def test_arguments_of_a_response_are_heard_once() -> None:
    item = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": '{"a":1}'}
    added = {"type": "response.output_item.added", "output_index": 0, "item": {**item, "arguments": ""}}
    nameless = {**added, "item": {"type": "function_call", "id": "fc_1"}}
    begun = {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": '{"a"'}
    ended = {"type": "response.function_call_arguments.done", "output_index": 0, "arguments": '{"a":1}', "name": "f"}
    for events in (
        [added, begun, ended, done(item), completed(item)],
        [added, begun, ended, completed()],
        [added, begun, done(item), completed()],
        [added, begun, completed(item)],
        [added, completed(item)],
        [added, completed({**item, "arguments": {"a": 1}})],
        [nameless, begun, done(item), completed(item)],
        [nameless, begun, completed(item)],
        [nameless, {**ended, "call_id": "c1"}, completed()],
    ):
        assert [words_of(streamed(RESPONSES, CREATED, *events))] == [["", [("f", {"a": 1})]]]
    assert streamed(RESPONSES, CREATED, added, completed()).parts == (ToolCall("c1", "f", "{}"),)


def test_arguments_at_the_beginning_of_a_call_are_heard_once() -> None:
    block = {"type": "tool_use", "id": "a", "name": "f", "input": {"a": 1}}
    start = {"type": "content_block_start", "index": 0, "content_block": block}
    delta = {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "input_json_delta", "partial_json": '{"a":1}'},
    }
    for events in ([start], [start, delta]):
        assert streamed(ANTHROPIC, *events, {"type": "message_stop"}).parts == (ToolCall("a", "f", '{"a":1}'),)
    item = {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f", "arguments": '{"a":1}'}
    added = {"type": "response.output_item.added", "output_index": 0, "item": item}
    begun = {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": '{"a":1}'}
    for events in ([added], [added, begun], [added, begun, done(item)], [added, done(item)]):
        assert streamed(RESPONSES, CREATED, *events, completed()).parts == (ToolCall("a", "f", '{"a":1}'),)


def test_a_call_between_texts_keeps_its_place() -> None:
    reply = streamed(CHAT, chunk(content="a"), call(0, id="c", name="f"), chunk(content="b"), chunk("tool_calls"))
    assert reply.parts == (Text("a"), ToolCall("c", "f", "{}"), Text("b"))


STOPS: dict[str, tuple[str, dict[str, Any], list[Any], str]] = {
    "a call that is none, chat": (
        CHAT,
        message("tool_calls", content="x", tool_calls=[]),
        [chunk(content="x", tool_calls=[]), chunk("tool_calls")],
        "end_turn",
    ),
    "a function call that is none, chat": (
        CHAT,
        message("function_call", content="x"),
        [chunk(content="x"), chunk("function_call")],
        "end_turn",
    ),
    "a call that is one, chat": (
        CHAT,
        message("stop", content="x", tool_calls=[{"id": "a", "function": {"name": "f", "arguments": "{}"}}]),
        [chunk(content="x"), call(0, id="a", name="f", arguments="{}"), chunk("stop")],
        "tool_use",
    ),
    "a call cut short stays so, chat": (
        CHAT,
        message("length", content="x", tool_calls=[{"id": "a", "function": {"name": "f", "arguments": "{}"}}]),
        [chunk(content="x"), call(0, id="a", name="f", arguments="{}"), chunk("length")],
        "max_tokens",
    ),
    "a call that is none, messages": (
        ANTHROPIC,
        {"content": [{"type": "text", "text": "x"}], "stop_reason": "tool_use"},
        [
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
            {"type": "message_stop"},
        ],
        "end_turn",
    ),
    "a call that is one, messages": (
        ANTHROPIC,
        {
            "content": [{"type": "text", "text": "x"}, {"type": "tool_use", "id": "a", "name": "f", "input": {}}],
            "stop_reason": "end_turn",
        },
        [
            {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "x"}},
            {"type": "content_block_start", "index": 1, "content_block": {"type": "tool_use", "id": "a", "name": "f"}},
            {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
            {"type": "message_stop"},
        ],
        "tool_use",
    ),
    "incomplete without a reason, responses": (
        RESPONSES,
        {"status": "incomplete", "output": [spoken("x")]},
        [CREATED, {"type": "response.incomplete", "response": {"output": [spoken("x")]}}],
        "max_tokens",
    ),
}


@pytest.mark.parametrize(("source", "body", "events", "stop"), STOPS.values(), ids=STOPS)
def test_stop_reasons_fit_what_was_said(source: str, body: dict[str, Any], events: list[Any], stop: str) -> None:
    assert whole(source, body).stop == stop
    assert streamed(source, *events).stop == stop
    assert words_of(whole(source, body)) == words_of(streamed(source, *events))
    assert words_of(whole(source, body))[0] == "x"


def test_azures_first_chunk_names_nothing() -> None:
    first = {"id": "", "created": 0, "model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
    second = {**chunk(role="assistant", content=""), "id": "chatcmpl-9", "model": "gpt-4o", "created": 17}
    reply = streamed(CHAT, first, second, chunk(content="Hi"), chunk("stop"), "[DONE]")
    assert (reply.model, reply.id, reply.created) == ("gpt-4o", "chatcmpl-9", 17)
    events = b"".join(numbered_formats()[ANTHROPIC].write_stream(_deltas(CHAT, first, second, chunk("stop")), STREAMED))
    assert json.loads(events.split(b"\n")[1].removeprefix(b"data: "))["message"]["model"] == "gpt-4o"


def _deltas(source: str, *events: Any) -> Any:
    return numbered_formats()[source].read_stream(sse_of(*events))


def test_a_model_that_is_named_late_is_named_right() -> None:
    filtered = {"id": "", "model": "", "choices": [{"index": 0, "content_filter_results": {}, "finish_reason": None}]}
    role = {"id": "", "model": "", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]}
    reply = streamed(CHAT, filtered, role, chunk(content="Hi"), chunk("stop"), "[DONE]")
    assert (reply.id, reply.model, reply.parts) == ("c", "m", (Text("Hi"),))


def test_a_model_that_is_never_named_is_the_one_that_was_asked_for() -> None:
    asked = ChatRequest("asked", (), stream=True)
    unnamed = {"choices": [{"delta": {"content": "Hi"}, "finish_reason": "stop"}]}
    for target in NAMES:
        events = b"".join(numbered_formats()[target].write_stream(_deltas(CHAT, unnamed), asked))
        assert b'"model":"asked"' in events
        assert b'"model":""' not in events
        reply = numbered_formats()[CHAT].read_reply({"choices": [{"message": {"content": "Hi"}}]})
        assert numbered_formats()[target].write_reply(reply, asked)["model"] == "asked"


MAGISTRAL = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "2+2"}, {"type": "text", "text": "=4"}], "closed": True},
    {"type": "text", "text": "Fo"},
    {"type": "reference", "reference_ids": [1]},
    "ur",
]


def test_a_refusal_in_a_list_of_parts() -> None:
    body = message(content=[{"type": "refusal", "refusal": "No."}, {"type": "text", "text": "Sorry."}])
    assert numbered_formats()[CHAT].read_reply(body).parts == (Refusal("No."), Text("Sorry."))
    content = [{"type": "refusal", "refusal": "No."}, {"type": "other", "text": "x"}, "Sorry."]
    body = {"output": [{"type": "message", "content": content}]}
    assert numbered_formats()[RESPONSES].read_reply(body).parts == (Refusal("No."), Text("Sorry."))


def test_content_as_a_list_of_parts() -> None:
    expected = (Thinking("2+2=4"), Text("Four"))
    assert whole(CHAT, message(content=MAGISTRAL)).parts == expected
    chunks = [chunk(content=[part]) for part in MAGISTRAL]
    assert streamed(CHAT, *chunks, chunk("stop", content="")).parts == expected
    assert streamed(CHAT, chunk(content=MAGISTRAL[:1]), chunk("stop", content="Four")).parts == expected


DETAILS = [{"type": "reasoning.text", "text": "hmm"}]
THOUGHTS: dict[str, dict[str, Any]] = {
    "reasoning_content": {"reasoning_content": "hmm"},
    "reasoning": {"reasoning": "hmm"},
    "both": {"reasoning_content": "hmm", "reasoning": "hmm"},
    "one empty": {"reasoning_content": "", "reasoning": "hmm"},
    "one null": {"reasoning_content": None, "reasoning": "hmm"},
    "OpenRouter": {"reasoning": "hmm", "reasoning_details": DETAILS},
    "only details": {"reasoning_details": DETAILS},
    "a summary": {"reasoning_details": [{"type": "reasoning.summary", "summary": "hmm"}]},
}


@pytest.mark.parametrize("members", THOUGHTS.values(), ids=THOUGHTS)
def test_thoughts_are_heard_once_wherever_they_are(members: dict[str, Any]) -> None:
    assert whole(CHAT, message(content="4", **members)).parts == (Thinking("hmm"), Text("4"))
    assert streamed(CHAT, chunk(**members), chunk("stop", content="4")).parts == (Thinking("hmm"), Text("4"))
    late = [chunk(**members), chunk(reasoning_details=DETAILS), chunk("stop", content="4")]
    if members.keys() & {"reasoning", "reasoning_content"}:
        assert streamed(CHAT, *late).parts == (Thinking("hmm"), Text("4"))


@pytest.mark.parametrize("member", ["reasoning_content", "reasoning"])
def test_thoughts_go_back_in_the_member_that_they_came_in(member: str) -> None:
    forms = formats(lambda prefix: f"{prefix}1", lambda: NOW, Peer("deep", reasoning_field="reasoning_content"))
    body = message(**{member: "hmm"}, tool_calls=[{"id": "a", "function": {"name": "f", "arguments": {}}}])
    chunks = [chunk(**{member: "hmm"}), call(0, id="a", name="f", arguments=""), chunk("tool_calls")]
    replies = [forms[CHAT].read_reply(body), collect(forms[CHAT].read_stream(sse_of(*chunks)))]
    for reply in replies:
        content = forms[ANTHROPIC].write_reply(reply)["content"]
        turns = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": content}]
        result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": "x"}]}
        asked = {"model": "m", "max_tokens": 9, "messages": [*turns, result]}
        sent = forms[CHAT].write_request(forms[ANTHROPIC].read_request(asked))
        assert {key for key in sent["messages"][1] if key.startswith("reasoning")} == {member}
        assert sent["messages"][1][member] == "hmm"
        assert sent["messages"][1]["tool_calls"][0]["function"]["arguments"] == "{}"


def test_thoughts_reach_callers_as_they_come() -> None:
    deltas = _deltas(CHAT, chunk(reasoning="h"), chunk(reasoning="m"), chunk("stop", content="4"))
    events = list(numbered_formats()[ANTHROPIC].write_stream(deltas, STREAMED))
    found = [json.loads(event.split(b"data: ")[1]).get("delta", {}).get("thinking") for event in events]
    assert [text for text in found if text] == ["h", "m"]


COUNTS = [3, 3.0, "3", "3.0", " 3 "]


@pytest.mark.parametrize("three", COUNTS)
def test_counts_in_any_spelling(three: Any) -> None:
    counted = {"prompt_tokens": three, "completion_tokens": 0, "prompt_tokens_details": {"cached_tokens": three}}
    usage = Usage(3, 0, 3)
    assert whole(CHAT, {**message(content="x"), "usage": counted}).usage == usage
    assert streamed(CHAT, chunk("stop", content="x"), {"choices": [], "usage": counted}).usage == usage
    counted = {"input_tokens": three, "output_tokens": None, "input_tokens_details": {"cached_tokens": three}}
    assert whole(RESPONSES, {"output": [spoken("x")], "usage": counted}).usage == usage
    assert streamed(RESPONSES, completed(spoken("x"), usage=counted)).usage == usage
    counted = {"input_tokens": 0, "output_tokens": None, "cache_read_input_tokens": three}
    assert whole(ANTHROPIC, {"content": [{"type": "text", "text": "x"}], "usage": counted}).usage == usage
    start = {"type": "message_start", "message": {"model": "m", "usage": counted}}
    zero = {"type": "message_delta", "delta": {}, "usage": {**counted, "cache_read_input_tokens": 0}}
    assert streamed(ANTHROPIC, start, zero, {"type": "message_stop"}).usage == usage


@pytest.mark.parametrize("odd", [None, -1, True, "many", [], {}, "9" * 400, 2**70])
def test_counts_that_say_nothing(odd: Any) -> None:
    usage = {"prompt_tokens": odd, "completion_tokens": 2, "prompt_tokens_details": odd}
    assert whole(CHAT, {**message(content="x"), "usage": usage}).usage == Usage(0, 2)
    assert whole(CHAT, {**message(content="x"), "usage": odd}).usage is None
    assert whole(RESPONSES, {"output": [spoken("x")], "usage": odd}).usage is None
    assert whole(ANTHROPIC, {"content": [{"type": "text", "text": "x"}], "usage": odd}).usage is None


USAGES: dict[str, tuple[dict[str, Any], Usage]] = {
    "DeepSeek": (
        {"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 4, "prompt_cache_miss_tokens": 5},
        Usage(9, 2, 4),
    ),
    "Moonshot": ({"prompt_tokens": 9, "completion_tokens": 2, "cached_tokens": 4}, Usage(9, 2, 4)),
    "LiteLLM": (
        {
            "prompt_tokens": 9,
            "completion_tokens": 2,
            "prompt_tokens_details": {"cached_tokens": 0, "cache_creation_tokens": 4},
        },
        Usage(9, 2, 0, 4),
    ),
    "other names": ({"input_tokens": 9, "output_tokens": 2}, Usage(9, 2)),
}


@pytest.mark.parametrize(("usage", "expected"), USAGES.values(), ids=USAGES)
def test_counts_under_other_names(usage: dict[str, Any], expected: Usage) -> None:
    assert whole(CHAT, {**message(content="x"), "usage": usage}).usage == expected
    for last in (
        {"choices": [], "usage": usage},
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop", "usage": usage}]},
        {"choices": [], "x_groq": {"usage": usage}},
    ):
        empty = {"choices": [], "usage": {}}
        assert streamed(CHAT, chunk("stop", content="x"), last, empty, "[DONE]").usage == expected


CREATED_AT = [(17, 17), (17.9, 17), ("17", 17), ("1970-01-01T00:00:17Z", 17), ("1970-01-01T00:00:17.5", 17)]
NOT_CREATED = [(odd, None) for odd in (0, None, "", "today", [], -5, 2**70, True, "0000-00-00")]


@pytest.mark.parametrize(("given", "seconds"), [*CREATED_AT, *NOT_CREATED])
def test_times_in_any_spelling(given: Any, seconds: int | None) -> None:
    assert whole(CHAT, {**message(content="x"), "created": given}).created == seconds
    assert streamed(CHAT, {**chunk("stop", content="x"), "created": given}).created == seconds
    assert whole(RESPONSES, {"output": [spoken("x")], "created_at": given}).created == seconds
    assert numbered_formats()[CHAT].write_reply(ChatReply(None, "m", ()))["created"] == NOW


def test_a_stream_with_everything_odd_at_once() -> None:
    chunks: list[Any] = [
        {"choices": []},
        {"id": 1, "model": "m", "choices": [{"delta": {"role": "assistant", "content": None}}]},
        {"id": 2, "model": None, "choices": [{"index": None, "delta": {"role": "assistant", "content": "Hel"}}]},
        {"choices": [{"index": 0, "delta": None, "finish_reason": ""}]},
        {"choices": [None, 5, {"index": "0", "delta": {"content": "lo", "tool_calls": None}}]},
        {"choices": None},
        {"choices": [{"index": 0, "delta": [], "logprobs": 7, "finish_reason": {}}], "usage": None, "error": None},
        "[DONE]",
    ]
    reply = streamed(CHAT, *chunks)
    assert (reply.parts, reply.id, reply.model, reply.usage, reply.stop) == (
        (Text("Hello"),),
        "1",
        "m",
        None,
        "end_turn",
    )


def test_a_stream_that_is_one_whole_message() -> None:
    one = {**message("tool_calls", content="x"), "object": "chat.completion"}
    assert streamed(CHAT, one, "[DONE]").parts == (Text("x"),)
    last = {"choices": [{"index": 0, "message": {"content": "x"}, "finish_reason": "stop"}]}
    assert streamed(CHAT, chunk(content="x"), last, "[DONE]").parts == (Text("x"),)


@pytest.mark.parametrize(
    ("source", "events"),
    [
        (CHAT, [chunk(content="Hi"), chunk("stop")]),
        (CHAT, [chunk(content="Hi"), "[DONE]"]),
        (RESPONSES, [CREATED, completed(spoken("Hi"))]),
        (
            ANTHROPIC,
            [
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
                {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
            ],
        ),
    ],
)
@pytest.mark.parametrize("end", [b"", b"\n", b"\n\n", b'\n\ndata: {"cut', b"\n\n: bye"])
def test_the_end_of_a_stream_without_a_blank_line(source: str, events: list[Any], end: bytes) -> None:
    stream = b": hi\n\ndata:\n\nevent: ping\ndata: now\n\n" + b"".join(sse_of(*events))[:-2] + end
    assert collect(numbered_formats()[source].read_stream([stream])).parts == (Text("Hi"),)


def test_replies_of_anthropic_like_servers() -> None:
    assert whole(ANTHROPIC, {"content": "Hi", "stop_reason": None}).parts == (Text("Hi"),)
    blocks: list[Any] = [None, {"type": "text"}, {"type": "text", "text": None}, {"type": "text", "text": "Hi"}, {}]
    assert whole(ANTHROPIC, {"id": 7, "content": blocks}).parts == (Text("Hi"),)
    start = {"type": "content_block_start", "content_block": {"type": "thinking", "thinking": "hmm", "signature": "s"}}
    events = [
        start,
        {"type": "content_block_stop"},
        {"type": "content_block_delta", "delta": {"text": "Hi"}},
        {"type": "message_stop"},
    ]
    assert streamed(ANTHROPIC, *events).parts == (Thinking("hmm", "s"), Text("Hi"))


def test_events_whose_type_is_only_their_name() -> None:
    def named(kind: str, **members: Any) -> bytes:
        return f"event: {kind}\ndata: {json.dumps(members)}\n\n".encode()

    anthropic = [
        named("content_block_start", index=0, content_block={"type": "text", "text": ""}),
        named("content_block_delta", index=0, delta={"type": "text_delta", "text": "Hi"}),
        named("message_stop"),
    ]
    responses = [named("response.output_text.delta", delta="Hi"), named("response.completed", response={})]
    for source, events in ((ANTHROPIC, anthropic), (RESPONSES, responses)):
        assert collect(numbered_formats()[source].read_stream(events)).parts == (Text("Hi"),)
    failed = list(numbered_formats()[ANTHROPIC].read_stream([named("error", error={"message": "Oops"})]))
    assert isinstance(failed[-1], Error)


def test_a_response_whose_last_event_is_done() -> None:
    assert streamed(RESPONSES, CREATED, DELTA, TEXT_DONE, "[DONE]").parts == (Text("Hello"),)
    for events in ([CREATED, "[DONE]"], ["[DONE]"], [CREATED, DELTA]):
        assert isinstance(list(_deltas(RESPONSES, *events))[-1], Error)


@pytest.mark.parametrize("source", NAMES)
@pytest.mark.parametrize(
    "event", [{"error": {"message": "Oops"}}, {"error": "Oops"}, {"type": "error", "error": {"message": "Oops"}}]
)
def test_an_error_in_the_middle_of_a_stream(source: str, event: dict[str, Any]) -> None:
    last = list(_deltas(source, chunk(content="x"), event, "[DONE]"))[-1]
    assert isinstance(last, Error)
    assert last.message == "Oops"


def test_an_error_object_in_the_middle_of_a_chat() -> None:
    old = {"object": "error", "message": "Oops", "code": 400}
    last = list(_deltas(CHAT, chunk(content="x"), old, "[DONE]"))[-1]
    assert isinstance(last, Error)
    assert last.message == "Oops"
    assert streamed(CHAT, {**chunk("stop", content="x"), "error": {}}, "[DONE]").parts == (Text("x"),)


@pytest.mark.parametrize("source", NAMES)
def test_what_is_no_answer_stays_an_error(source: str) -> None:
    with pytest.raises(FormatError, match="there is no"):
        numbered_formats()[source].read_reply({"error": {"message": "Oops"}})
    last = list(numbered_formats()[source].read_stream(sse_of({"type": "error", "error": {"message": "Oops"}})))[-1]
    assert isinstance(last, Error)
    assert last.message == "Oops"


@pytest.mark.parametrize("piece", ["{", "{} ", " ", '"', "[ ] ", '{"a":1}'])
def test_arguments_that_say_nothing_are_read_in_linear_time(piece: str) -> None:
    pieces = [call(0, id="a", name="f"), *[call(0, arguments=piece * 50)] * 2000, chunk("stop")]
    (part,) = collect(numbered_formats()[CHAT].read_stream(sse_of(*pieces))).parts
    assert isinstance(part, ToolCall)


def test_hostile_arguments_are_read_in_linear_time() -> None:
    pieces = [call(0, id="a", name="f", arguments="{")] + [
        event for _ in range(5000) for event in (call(0, arguments='"}"' * 20), chunk(content="x"))
    ]
    reply = collect(numbered_formats()[CHAT].read_stream(sse_of(*pieces, chunk("stop"))))
    assert len(reply.parts) == 5001


@pytest.mark.parametrize("members", [{"name": "x", "arguments": ""}, {"id": "a", "name": "x", "arguments": " "}])
def test_a_call_that_never_begins_is_read_in_linear_time(members: dict[str, Any]) -> None:
    stream = sse_of(call(0, **members)) * 10_000
    reply = collect(numbered_formats()[CHAT].read_stream([*stream, *sse_of(chunk("stop"))]))
    assert len(reply.parts) == 1


def test_events_that_are_no_objects_say_nothing() -> None:
    assert streamed(CHAT, None, chunk(content="Hi"), "null", "[1]", '"busy"', chunk("stop")).parts == (Text("Hi"),)
    assert streamed(RESPONSES, CREATED, "null", completed(spoken("Hi"))).parts == (Text("Hi"),)
    block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": "Hi"}}
    assert streamed(ANTHROPIC, "null", block, {"type": "message_stop"}).parts == (Text("Hi"),)


def numbered(number: Any, **members: Any) -> dict[str, Any]:
    return {"id": "c", "model": "m", "choices": [{"index": number, **members}]}


def test_a_server_that_counts_choices_from_one() -> None:
    events = [numbered(1, delta={"content": "Hi"}), numbered(1, delta={}, finish_reason="length")]
    reply = streamed(CHAT, *events)
    assert (reply.parts, reply.stop) == ((Text("Hi"),), "max_tokens")
    body = {"model": "m", "choices": [{"index": 1, "message": {"content": "Hi"}, "finish_reason": "length"}]}
    assert whole(CHAT, body).parts == (Text("Hi"),)


def test_the_first_of_several_choices_answers_in_whatever_order_they_come() -> None:
    choices = [{"index": 1, "message": {"content": "B"}}, {"index": 0, "message": {"content": "A"}}]
    assert whole(CHAT, {"model": "m", "choices": choices}).parts == (Text("A"),)
    both = {"id": "c", "choices": [{"index": 1, "delta": {"content": "B"}}, {"index": 0, "delta": {"content": "A"}}]}
    events = [both, numbered(1, delta={"content": "C"}, finish_reason="length"), numbered(0, finish_reason="stop")]
    reply = streamed(CHAT, *events)
    assert (reply.parts, reply.stop) == ((Text("A"),), "end_turn")


def test_counts_of_zero_do_not_replace_counts() -> None:
    usage = [{"prompt_tokens": 3, "completion_tokens": 4}, {"prompt_tokens": 0, "completion_tokens": 0}]
    events = [{**chunk(content="Hi"), "usage": usage[0]}, {**chunk("stop"), "usage": usage[1]}]
    assert streamed(CHAT, *events).usage == Usage(3, 4)


def test_a_response_that_has_only_its_text() -> None:
    assert whole(RESPONSES, {"model": "m", "output": [], "output_text": "Hi"}).parts == (Text("Hi"),)
    assert streamed(RESPONSES, CREATED, completed(output_text="Hi")).parts == (Text("Hi"),)
    assert streamed(RESPONSES, CREATED, completed(spoken("Hi"), output_text="Hi")).parts == (Text("Hi"),)


def test_a_response_that_ends_with_another_event() -> None:
    last = {**completed(spoken("Hi")), "type": "response.done"}
    assert streamed(RESPONSES, CREATED, last).parts == (Text("Hi"),)
    failed = completed(status="failed", error={"code": "server_error", "message": "Oops"})
    deltas = list(numbered_formats()[RESPONSES].read_stream(sse_of(CREATED, failed)))
    assert isinstance(deltas[-1], Error)
    assert deltas[-1].message == "Oops"


def test_a_summary_that_comes_in_the_end_of_its_parts() -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": []}
    parts = [
        {
            "type": "response.reasoning_summary_part.done",
            "output_index": 0,
            "summary_index": index,
            "part": {"type": "summary_text", "text": text},
        }
        for index, text in enumerate(["One", "Two"])
    ]
    added = {"type": "response.output_item.added", "output_index": 0, "item": item}
    reply = streamed(RESPONSES, CREATED, added, *parts, completed(spoken("Hi")))
    assert [part.text for part in reply.parts if isinstance(part, Thinking)] == ["One\n\nTwo"]
    texts = [{**part, "type": "response.reasoning_summary_text.done", "text": part["part"]["text"]} for part in parts]
    reply = streamed(RESPONSES, CREATED, added, texts[0], parts[0], texts[1], parts[1], completed(spoken("Hi")))
    assert [part.text for part in reply.parts if isinstance(part, Thinking)] == ["One\n\nTwo"]


@pytest.mark.parametrize("head", [[], [chunk(role="assistant", content="")]])
@pytest.mark.parametrize("delta", [{}, {"delta": {}}, {"delta": None}, {"delta": {"content": ""}}])
def test_a_whole_message_beside_a_delta_that_says_nothing(head: list[Any], delta: dict[str, Any]) -> None:
    given = {"content": "Hi", "tool_calls": [{"id": "a", "function": {"name": "f", "arguments": "{}"}}]}
    reply = streamed(CHAT, *head, numbered(0, **delta, message=given, finish_reason="stop"))
    assert reply.parts == (Text("Hi"), ToolCall("a", "f", "{}"))
    again = streamed(CHAT, *head, chunk(content="Hi"), numbered(0, **delta, message=given, finish_reason="stop"))
    assert again.parts == reply.parts


@pytest.mark.parametrize("gap", ["\n", "\r\n"])
def test_events_without_blank_lines_between(gap: str) -> None:
    lines = [f"data: {json.dumps(event)}" for event in (chunk(content="H"), chunk(content="i"), chunk("stop"))]
    raw = gap.join([*lines, "data: [DONE]", "", ""]).encode()
    assert collect(numbered_formats()[CHAT].read_stream([raw])).parts == (Text("Hi"),)
    assert collect(numbered_formats()[CHAT].read_stream([raw.rstrip()])).parts == (Text("Hi"),)
