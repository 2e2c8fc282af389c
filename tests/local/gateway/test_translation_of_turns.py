"""Conversations of one format for a model of another: results follow their calls, ids differ, files can be read."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest
from formats_samples import NAMES, numbered_formats

from to11ai_sdk.local.gateway.formats import FormatError, deltas_of
from to11ai_sdk.local.gateway.formats.neutral import ChatReply, ToolCall

CHAT, RESPONSES, ANTHROPIC = NAMES
HELLO = {"role": "user", "content": "Hello"}


def translated(body: dict[str, Any], source: str, target: str) -> dict[str, Any]:
    forms = numbered_formats()
    return forms[target].write_request(forms[source].read_request({"model": "m", **body}))


def tool_calls(*calls: tuple[str, str]) -> dict[str, Any]:
    made = [{"id": name, "type": "function", "function": {"name": "f", "arguments": text}} for name, text in calls]
    return {"role": "assistant", "content": None, "tool_calls": made}


def answer(call_id: str, content: str) -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def call_item(call_id: str) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "f", "arguments": "{}"}


def output_item(call_id: str, output: str) -> dict[str, Any]:
    return {"type": "function_call_output", "call_id": call_id, "output": output}


def turns_of(target: str, body: dict[str, Any]) -> list[str]:
    """What is said in order: calls as ``call ID``, their results as ``ID: text``, the rest as it is."""
    if target == CHAT:
        return [each for message in body["messages"] for each in _chat_turn(message)]
    return [each for message in body["messages"] for each in _anthropic_turn(message["content"])]


def _chat_turn(message: dict[str, Any]) -> list[str]:
    calls = [f"call {call['id']}" for call in message.get("tool_calls", [])]
    text = message["content"]
    return [f"{message['tool_call_id']}: {text}"] if message["role"] == "tool" else [*([text] if text else []), *calls]


def _anthropic_turn(content: Any) -> list[str]:
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    said = {
        "text": lambda block: block["text"],
        "tool_use": lambda block: f"call {block['id']}",
        "tool_result": lambda block: f"{block['tool_use_id']}: {block.get('content', '')}",
    }
    return [said[block["type"]](block) for block in blocks]


LATE_RESULTS: dict[str, tuple[list[Any], list[str]]] = {
    "the user speaks first": (
        [HELLO, call_item("a"), {"role": "user", "content": "Wait"}, output_item("a", "1")],
        ["Hello", "call a", "a: 1", "Wait"],
    ),
    "the user speaks between two": (
        [HELLO, call_item("a"), call_item("b"), output_item("b", "2"), HELLO, output_item("a", "1")],
        ["Hello", "call a", "call b", "b: 2", "a: 1", "Hello"],
    ),
    "the model speaks between two": (
        [
            HELLO,
            call_item("a"),
            call_item("b"),
            output_item("a", "1"),
            {"role": "assistant", "content": "So"},
            output_item("b", "2"),
        ],
        ["Hello", "call a", "call b", "a: 1", "b: 2", "So"],
    ),
}


@pytest.mark.parametrize("target", [CHAT, ANTHROPIC])
@pytest.mark.parametrize(("items", "expected"), LATE_RESULTS.values(), ids=LATE_RESULTS)
def test_results_follow_their_calls_wherever_a_response_has_them(
    items: list[Any], expected: list[str], target: str
) -> None:
    assert turns_of(target, translated({"input": items}, RESPONSES, target)) == expected


def test_instructions_between_two_results_come_after_them_in_chat() -> None:
    developer = {"role": "developer", "content": "Be brief"}
    items = [HELLO, call_item("a"), call_item("b"), output_item("a", "1"), developer, output_item("b", "2")]
    sent = translated({"input": items}, RESPONSES, CHAT)["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "tool", "tool", "developer"]


def test_calls_that_share_an_id_are_told_apart_and_answered_in_turn() -> None:
    again = [
        HELLO,
        tool_calls(("call_0", '{"a":1}')),
        answer("call_0", "one"),
        tool_calls(("call_0", '{"a":2}'), ("call_0", '{"a":3}')),
        answer("call_0", "two"),
        answer("call_0", "three"),
    ]
    assert turns_of(ANTHROPIC, translated({"messages": again}, CHAT, ANTHROPIC)) == [
        "Hello",
        "call call_0",
        "call_0: one",
        "call call_0_2",
        "call call_0_3",
        "call_0_2: two",
        "call_0_3: three",
    ]
    items = translated({"messages": again}, CHAT, RESPONSES)["input"]
    assert [item["call_id"] for item in items[1:]] == [
        "call_0",
        "call_0",
        "call_0_2",
        "call_0_3",
        "call_0_2",
        "call_0_3",
    ]


def test_calls_without_ids_get_some() -> None:
    body = {"messages": [HELLO, tool_calls(("", "{}"), ("", "{}")), answer("", "one"), answer("", "two")]}
    _, one, two, first, second = turns_of(ANTHROPIC, translated(body, CHAT, ANTHROPIC))
    assert one != two
    assert (first, second) == (f"{one[5:]}: one", f"{two[5:]}: two")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("caller", NAMES)
def test_a_reply_does_not_use_an_id_of_the_conversation_again(caller: str, stream: bool) -> None:
    bodies: dict[str, dict[str, Any]] = {
        CHAT: {"messages": [HELLO, tool_calls(("call_0", "{}")), answer("call_0", "x")]},
        RESPONSES: {"input": [HELLO, call_item("call_0"), output_item("call_0", "x")]},
        ANTHROPIC: {
            "messages": [
                HELLO,
                {"role": "assistant", "content": [{"type": "tool_use", "id": "call_0", "name": "f", "input": {}}]},
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_0", "content": "x"}]},
            ]
        },
    }
    form = numbered_formats()[caller]
    request = form.read_request({"model": "m", **bodies[caller]})
    reply = ChatReply("x", "m", (ToolCall("call_0", "f", "{}"), ToolCall("call_1", "f", "{}")), "tool_use")
    if stream:
        written = b"".join(form.write_stream(deltas_of(reply), request)).decode()
    else:
        written = json.dumps(form.write_reply(reply, request), separators=(",", ":"))
    assert '"call_0_2"' in written
    assert '"call_1"' in written
    assert '"call_0"' not in written


@pytest.mark.parametrize("target", [RESPONSES, ANTHROPIC])
def test_a_conversation_of_instructions_alone_asks_the_last_of_them(target: str) -> None:
    alone = translated({"messages": [{"role": "system", "content": "Say hi"}]}, CHAT, target)
    both = [{"role": "system", "content": "Be brief"}, {"role": "developer", "content": "Say hi"}]
    two = translated({"messages": both}, CHAT, target)
    if target == RESPONSES:
        assert (alone.get("instructions"), alone["input"]) == (None, [{"role": "system", "content": "Say hi"}])
        assert (two["instructions"], two["input"]) == ("Be brief", [{"role": "developer", "content": "Say hi"}])
    else:
        assert (alone.get("system"), alone["messages"]) == (None, [{"role": "user", "content": "Say hi"}])
        assert (two["system"], two["messages"]) == ("Be brief", [{"role": "user", "content": "Say hi"}])


NO_TOOLS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": (CHAT, {"messages": [HELLO], "tool_choice": "auto", "parallel_tool_calls": True}),
    "chat, none": (CHAT, {"messages": [HELLO], "tools": [], "tool_choice": "none"}),
    "responses": (RESPONSES, {"input": "Hello", "tool_choice": "auto", "parallel_tool_calls": False}),
    "anthropic": (ANTHROPIC, {"messages": [HELLO], "tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}),
}


@pytest.mark.parametrize(("source", "body"), NO_TOOLS.values(), ids=NO_TOOLS)
def test_choices_are_left_out_where_there_are_no_tools(source: str, body: dict[str, Any]) -> None:
    for target in set(NAMES) - {source}:
        sent = translated(body, source, target)
        assert not {"tools", "tool_choice", "parallel_tool_calls"} & set(sent)


def test_a_forced_call_without_tools_is_refused() -> None:
    with pytest.raises(FormatError, match="tool_choice: forces a call, and the request offers no tools"):
        translated({"input": "Hello", "tool_choice": "required"}, RESPONSES, CHAT)


def file_part(data: str, **members: Any) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "file", "file": {"file_data": data, **members}}]}


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("data:text/plain;base64,SGVsbG8=", {"type": "text", "media_type": "text/plain", "data": "Hello"}),
        ("data:text/csv,a%2Cb", {"type": "text", "media_type": "text/plain", "data": "a,b"}),
        ("data:application/json;base64,e30=", {"type": "text", "media_type": "text/plain", "data": "{}"}),
        ("data:;base64,SGVsbG8=", {"type": "text", "media_type": "text/plain", "data": "Hello"}),
        ("DATA:Application/PDF;base64,JVBE", {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}),
    ],
)
def test_documents_are_sent_to_anthropic_as_it_reads_them(url: str, source: dict[str, str]) -> None:
    (turn,) = translated({"messages": [file_part(url)]}, CHAT, ANTHROPIC)["messages"]
    assert turn["content"] == [{"type": "document", "source": source}]


def test_a_text_that_is_no_text_is_refused() -> None:
    url = f"data:text/plain;base64,{b64encode(bytes([255, 254])).decode()}"
    with pytest.raises(FormatError, match="must be base64 of UTF-8 text"):
        translated({"messages": [file_part(url)]}, CHAT, ANTHROPIC)


def test_the_kind_of_an_image_is_spelled_as_anthropic_knows_it() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/JPG;base64,AAAA"}}
    (turn,) = translated({"messages": [{"role": "user", "content": [image]}]}, CHAT, ANTHROPIC)["messages"]
    assert turn["content"][0]["source"]["media_type"] == "image/jpeg"


@pytest.mark.parametrize(("title", "name"), [(None, "file.pdf"), ("Report", "Report.pdf"), ("a.pdf", "a.pdf")])
def test_files_have_a_name_that_tells_openai_their_kind(title: str | None, name: str) -> None:
    source = {"type": "base64", "media_type": "application/pdf", "data": "JVBE"}
    document = {"type": "document", "source": source, "title": title}
    body = {"messages": [{"role": "user", "content": [document]}], "max_tokens": 9}
    (message,) = translated(body, ANTHROPIC, CHAT)["messages"]
    assert message["content"][0]["file"]["filename"] == name
    (item,) = translated(body, ANTHROPIC, RESPONSES)["input"]
    assert item["content"][0]["filename"] == name


@pytest.mark.parametrize("content", ["One", [{"type": "text", "text": "One"}]])
def test_a_document_of_content_is_text_for_others(content: Any) -> None:
    document = {"type": "document", "source": {"type": "content", "content": content}}
    body = {"messages": [{"role": "user", "content": [document]}], "max_tokens": 9}
    assert translated(body, ANTHROPIC, CHAT)["messages"] == [{"role": "user", "content": "One"}]


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"temperature": 0, "top_p": 0.9}, {"temperature": 0}),
        ({"temperature": 0.5, "top_p": 0}, {"top_p": 0}),
        ({"temperature": 0, "top_p": 0}, {"temperature": 0}),
        ({"temperature": 0.5, "top_p": 0.9}, {"temperature": 0.5, "top_p": 0.9}),
    ],
)
def test_a_temperature_beside_a_top_p_is_left_out_where_one_of_them_decides(given: Any, sent: Any) -> None:
    body = translated({"messages": [HELLO], **given}, CHAT, ANTHROPIC)
    assert {key: body[key] for key in ("temperature", "top_p") if key in body} == sent


def test_values_that_mean_nothing_are_not_refused() -> None:
    body = {"messages": [HELLO], "max_tokens": 9, "top_k": 0, "stop_sequences": [""]}
    sent = translated(body, ANTHROPIC, RESPONSES)
    assert sent["input"] == [HELLO]


def test_the_schema_of_a_tool_is_of_one_type() -> None:
    schema = {"type": ["object", "null"], "properties": {"a": {"type": ["string", "null"]}}}
    tool = {"type": "function", "function": {"name": "f", "parameters": schema}}
    (sent,) = translated({"messages": [HELLO], "tools": [tool]}, CHAT, ANTHROPIC)["tools"]
    assert sent["input_schema"] == {**schema, "type": "object"}


def test_tools_that_the_provider_runs_are_left_out_of_a_namespace() -> None:
    function = {"type": "function", "name": "run", "parameters": {"type": "object", "properties": {}}}
    group = {"type": "namespace", "name": "x", "description": "", "tools": [function, {"type": "web_search"}]}
    sent = translated({"input": "Hello", "tools": [group]}, RESPONSES, CHAT)
    assert [tool["function"]["name"] for tool in sent["tools"]] == ["x__run"]


def test_a_tool_that_is_offered_twice_is_sent_once() -> None:
    tools = [{"type": "function", "function": {"name": name, "description": "d"}} for name in ("f", "g", "f")]
    sent = translated({"messages": [HELLO], "tools": tools}, CHAT, ANTHROPIC)["tools"]
    assert [tool["name"] for tool in sent] == ["f", "g"]


def test_an_id_with_half_a_character_goes_to_the_caller_and_back() -> None:
    item = {"type": "reasoning", "id": "rs_\ud800", "encrypted_content": "x", "summary": []}
    item["summary"] = [{"type": "summary_text", "text": "Hm"}]
    reply = numbered_formats()[RESPONSES].read_reply({"model": "m", "output": [item]})
    (block,) = numbered_formats()[ANTHROPIC].write_reply(reply)["content"]
    turns = [HELLO, {"role": "assistant", "content": [block, {"type": "text", "text": "Hi"}]}, HELLO]
    sent = translated({"messages": turns, "max_tokens": 9}, ANTHROPIC, RESPONSES)["input"]
    assert sent[1] == item


def test_tools_of_the_history_are_defined_for_anthropic_where_none_are_offered() -> None:
    body = {"messages": [HELLO, tool_calls(("a", "{}"), ("b", "{}")), answer("a", "1"), answer("b", "2"), HELLO]}
    sent = translated(body, CHAT, ANTHROPIC)
    assert sent["tools"] == [{"name": "f", "input_schema": {"type": "object", "properties": {}}}]
    assert sent["tool_choice"] == {"type": "none"}
    grouped = {**call_item("a"), "namespace": "x"}
    sent = translated({"input": [HELLO, grouped, output_item("a", "1")]}, RESPONSES, ANTHROPIC)
    assert [tool["name"] for tool in sent["tools"]] == ["x__f"]
    assert sent["messages"][1]["content"][0]["name"] == "x__f"
