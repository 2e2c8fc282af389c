"""Tools of one format for a model of another: their schemas, names, ids and arguments fit the reader, and come back."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from formats_samples import NAMES, numbered_formats

from to11ai_sdk.local.gateway.formats import FormatError, deltas_of
from to11ai_sdk.local.gateway.formats.neutral import ChatReply, PartDelta, Text, ToolCall

CHAT, RESPONSES, ANTHROPIC = NAMES
HELLO = [{"role": "user", "content": "Hello!"}]
TARGETS = {CHAT: (RESPONSES, ANTHROPIC), RESPONSES: (CHAT, ANTHROPIC), ANTHROPIC: (CHAT, RESPONSES)}
DIRECTIONS = [(source, target) for source, targets in TARGETS.items() for target in targets]
EMPTY = {"type": "object", "properties": {}}


def asked(source: str, **members: Any) -> dict[str, Any]:
    own = {CHAT: {"messages": HELLO}, RESPONSES: {"input": HELLO}, ANTHROPIC: {"messages": HELLO, "max_tokens": 9}}
    return {"model": "m", **own[source], **members}


def tool(source: str, name: str, schema: Any = None, **more: Any) -> dict[str, Any]:
    if source == CHAT:
        return {"type": "function", "function": {"name": name, "parameters": schema, **more}}
    if source == RESPONSES:
        return {"type": "function", "name": name, "parameters": schema, **more}
    return {"name": name, "input_schema": schema, **more}


def translated(body: dict[str, Any], source: str, target: str) -> dict[str, Any]:
    forms = numbered_formats()
    return forms[target].write_request(forms[source].read_request(body))


def refused(body: dict[str, Any], source: str, target: str) -> str:
    with pytest.raises(FormatError) as error:
        translated(body, source, target)
    return str(error.value)


def sent_tools(target: str, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Each tool that was sent, as name, schema and strict."""
    return [each.get("function", each) for each in body.get("tools", ())]


def schema_of(target: str, sent: dict[str, Any]) -> Any:
    return sent["input_schema" if target == ANTHROPIC else "parameters"]


def called(caller: str, request: dict[str, Any], *calls: ToolCall, stream: bool = False) -> list[dict[str, Any]]:
    """The calls that a caller gets of a model's reply."""
    form = numbered_formats()[caller]
    neutral, reply = form.read_request(request), ChatReply("x", "m", calls, "tool_use")
    if not stream:
        body = form.write_reply(reply, neutral)
        inner = {CHAT: lambda: body["choices"][0]["message"]["tool_calls"], RESPONSES: lambda: body["output"]}
        return inner.get(caller, lambda: body["content"])()
    events = b"".join(form.write_stream(deltas_of(reply), neutral)).decode()
    data = [json.loads(line[6:]) for line in events.splitlines() if line.startswith("data: {")]
    return [event["item"] for event in data if event.get("type") == "response.output_item.done"] or data


@pytest.mark.parametrize(("source", "target"), DIRECTIONS)
@pytest.mark.parametrize(
    ("schema", "sent"),
    [
        ({"type": "object"}, EMPTY),
        ({}, EMPTY),
        (None, EMPTY),
        ({"type": "object", "properties": None}, EMPTY),
        ({"type": None, "properties": {"a": {"type": "string"}}}, {**EMPTY, "properties": {"a": {"type": "string"}}}),
        ({"$ref": "#/$defs/A"}, {"type": "object", "$ref": "#/$defs/A", "properties": {}}),
        ({"type": "object", "additionalProperties": True}, {**EMPTY, "additionalProperties": True}),
    ],
    ids=str,
)
def test_the_schema_of_a_tool_is_an_object_with_properties(source: str, target: str, schema: Any, sent: Any) -> None:
    body = asked(source, tools=[tool(source, "f", schema)])
    assert schema_of(target, sent_tools(target, translated(body, source, target))[0]) == sent


@pytest.mark.parametrize("target", [CHAT, RESPONSES])
def test_for_openai_the_schemas_inside_are_complete_too(target: str) -> None:
    inside = {
        "meta": {"type": "object"},
        "tags": {"type": "array"},
        "some": {"anyOf": [{"type": "object"}, {"type": "null"}]},
        "maybe": {"type": ["array", "null"]},
        "rows": {"type": "array", "items": {"type": "object"}},
        "object": {"type": "string", "enum": ["object"], "default": {"type": "object"}},
    }
    schema = {"type": "object", "properties": inside, "$defs": {"A": {"type": "object"}}}
    body = asked(ANTHROPIC, tools=[tool(ANTHROPIC, "f", schema)])
    assert schema_of(target, sent_tools(target, translated(body, ANTHROPIC, target))[0]) == {
        "type": "object",
        "properties": {
            "meta": EMPTY,
            "tags": {"type": "array", "items": {}},
            "some": {"anyOf": [EMPTY, {"type": "null"}]},
            "maybe": {"type": ["array", "null"], "items": {}},
            "rows": {"type": "array", "items": EMPTY},
            "object": inside["object"],
        },
        "$defs": {"A": EMPTY},
    }
    assert inside["meta"] == {"type": "object"}


def test_a_property_called_like_a_word_of_json_schema_is_a_property() -> None:
    properties = {"properties": {"type": "object"}, "type": {"type": "string"}, "items": {"type": "array"}}
    body = asked(ANTHROPIC, tools=[tool(ANTHROPIC, "f", {"type": "object", "properties": properties})])
    assert sent_tools(CHAT, translated(body, ANTHROPIC, CHAT))[0]["parameters"]["properties"] == {
        "properties": EMPTY,
        "type": {"type": "string"},
        "items": {"type": "array", "items": {}},
    }


@pytest.mark.parametrize(("source", "target"), DIRECTIONS)
@pytest.mark.parametrize("strict", [None, False, True])
def test_strict_is_never_null(source: str, target: str, strict: bool | None) -> None:
    given = {} if strict is None else {"strict": strict}
    for members in (given, {"strict": strict}):
        sent = sent_tools(
            target, translated(asked(source, tools=[tool(source, "f", EMPTY, **members)]), source, target)
        )
        if target == RESPONSES:
            assert sent[0]["strict"] is bool(strict)
        else:
            assert sent[0].get("strict", "absent") == ("absent" if strict is None else strict)


def conversation(source: str, call_id: str, name: str, arguments: Any) -> dict[str, Any]:
    """A call of a tool and its result."""
    if source == CHAT:
        call = {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}
        turns: Any = [{"role": "assistant", "content": None, "tool_calls": [call]}]
        turns += [{"role": "tool", "tool_call_id": call_id, "content": "x"}]
    elif source == RESPONSES:
        turns = [{"type": "function_call", "call_id": call_id, "name": name, "arguments": arguments}]
        turns += [{"type": "function_call_output", "call_id": call_id, "output": "x"}]
    else:
        turns = [
            {"role": "assistant", "content": [{"type": "tool_use", "id": call_id, "name": name, "input": arguments}]}
        ]
        turns += [{"role": "user", "content": [{"type": "tool_result", "tool_use_id": call_id, "content": "x"}]}]
    return asked(source, **{"input" if source == RESPONSES else "messages": [*HELLO, *turns]})


def sent_call(target: str, body: dict[str, Any]) -> tuple[str, str, Any, str]:
    """Id, name and arguments of the call that was sent, and the id with its result."""
    if target == CHAT:
        call, result = body["messages"][1]["tool_calls"][0], body["messages"][2]
        return call["id"], call["function"]["name"], call["function"]["arguments"], result["tool_call_id"]
    if target == RESPONSES:
        call, result = body["input"][1:3]
        return call["call_id"], call["name"], call["arguments"], result["call_id"]
    call, result = body["messages"][1]["content"][0], body["messages"][2]["content"][0]
    return call["id"], call["name"], call["input"], result["tool_use_id"]


@pytest.mark.parametrize("target", NAMES)
@pytest.mark.parametrize("source", [CHAT, RESPONSES])
@pytest.mark.parametrize("arguments", ["", " \n", "null", " null ", None, "{}"])
def test_a_call_of_the_past_without_arguments_has_an_empty_object(source: str, target: str, arguments: Any) -> None:
    sent = sent_call(target, translated(conversation(source, "c1", "f", arguments), source, target))
    assert sent == ("c1", "f", {} if target == ANTHROPIC else "{}", "c1")


@pytest.mark.parametrize("target", [CHAT, RESPONSES])
@pytest.mark.parametrize("given", [None, {}])
def test_a_call_of_the_past_without_input_has_an_empty_object(target: str, given: Any) -> None:
    assert sent_call(target, translated(conversation(ANTHROPIC, "c1", "f", given), ANTHROPIC, target))[2] == "{}"


LIMITS = {CHAT: 40, RESPONSES: 64, ANTHROPIC: 64}


@pytest.mark.parametrize(("source", "target"), DIRECTIONS)
@pytest.mark.parametrize("call_id", ["c" * 39, "call_" + "9" * 60, "x" * 86, "", "functions.w:0", "c|1" * 30], ids=len)
def test_the_ids_of_calls_are_within_the_limits_of_the_reader(source: str, target: str, call_id: str) -> None:
    sent, _, _, result = (
        sent_call(target, translated(conversation(source, call_id, "f", {}), source, target))
        if (source == ANTHROPIC)
        else sent_call(target, translated(conversation(source, call_id, "f", "{}"), source, target))
    )
    assert sent == result
    assert 0 < len(sent) <= LIMITS[target]
    if target == ANTHROPIC:
        assert re.fullmatch(r"[a-zA-Z0-9_-]+", sent)
    if 0 < len(call_id) <= LIMITS[target] and re.fullmatch(r"[a-zA-Z0-9_-]+", call_id):
        assert sent == call_id


@pytest.mark.parametrize("target", [CHAT, RESPONSES])
def test_ids_that_are_cut_stay_apart(target: str) -> None:
    ids = ["a" * 90 + "1", "a" * 90 + "2", "a" * 90 + "1"]
    blocks = [{"type": "tool_use", "id": each, "name": "f", "input": {}} for each in ids[:2]]
    body = asked(ANTHROPIC, messages=[*HELLO, {"role": "assistant", "content": blocks}])
    sent = translated(body, ANTHROPIC, target)
    found = sent["input"][1:] if target == RESPONSES else sent["messages"][1]["tool_calls"]
    assert len({call["call_id" if target == RESPONSES else "id"] for call in found}) == 2
    assert translated(body, ANTHROPIC, target) == sent


def test_ids_that_become_one_without_their_odd_characters_stay_apart() -> None:
    calls = [{"id": each, "type": "function", "function": {"name": "f"}} for each in ("a.b", "a_b", "a:b")]
    body = asked(CHAT, messages=[*HELLO, {"role": "assistant", "tool_calls": calls}])
    sent = [block["id"] for block in translated(body, CHAT, ANTHROPIC)["messages"][1]["content"]]
    assert sent[1] == "a_b"
    assert len(set(sent)) == 3


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("caller", NAMES)
@pytest.mark.parametrize(
    "call_id", ["functions.w:0", "call|fc_1", "ü", "a" * 64, "c" * 86, "chatcmpl-tool-" + "0" * 32]
)
def test_an_id_in_a_reply_fits_the_caller_and_goes_back_as_it_was(caller: str, call_id: str, stream: bool) -> None:
    made = [*called(caller, asked(caller), ToolCall(call_id, "f", "{}"), stream=stream)]
    [shown] = set(
        re.findall(r'"(?:call_id|id)": "((?!fc_|chatcmpl-\d|msg_)[^"]*)"', json.dumps(made, ensure_ascii=False))
    )
    assert 0 < len(shown) <= LIMITS[caller]
    if caller == ANTHROPIC:
        assert re.fullmatch(r"[a-zA-Z0-9_-]+", shown)
    for target in TARGETS[caller]:
        arguments: Any = {} if caller == ANTHROPIC else "{}"
        sent, _, _, result = sent_call(target, translated(conversation(caller, shown, "f", arguments), caller, target))
        assert sent == result
        if len(call_id) <= min(LIMITS[caller] * 3 // 4 - 5, LIMITS[target]) and target != ANTHROPIC:
            assert sent == call_id


@pytest.mark.parametrize("call_id", ["to11_", "to11_x", "to11_****", "to11_____", "to11_YQ=="])
def test_an_id_that_only_looks_as_if_the_gateway_had_made_it_stays(call_id: str) -> None:
    assert sent_call(CHAT, translated(conversation(ANTHROPIC, call_id, "f", {}), ANTHROPIC, CHAT))[0] == call_id


LONG = "mcp__a_server_with_a_long_name__" + "and_a_tool_whose_name_says_everything_it_does_" * 2
NAMES_OF_TOOLS = [LONG, "files.read", "Dockerfile problems", "söker", "x" * 130]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("source", "target"), DIRECTIONS)
@pytest.mark.parametrize("name", NAMES_OF_TOOLS, ids=len)
def test_the_name_of_a_tool_fits_the_reader_and_comes_back(source: str, target: str, name: str, stream: bool) -> None:
    choice = {CHAT: {"type": "function", "function": {"name": name}}, RESPONSES: {"type": "function", "name": name}}
    body = conversation(source, "c1", name, {} if source == ANTHROPIC else "{}")
    body |= {"tools": [tool(source, name, EMPTY), tool(source, "other", EMPTY)]}
    body |= {"tool_choice": choice.get(source, {"type": "tool", "name": name})}
    sent = translated(body, source, target)
    wire = sent_tools(target, sent)[0]["name"]
    assert re.fullmatch(r"[a-zA-Z0-9_-]+", wire)
    assert len(wire) <= (128 if target == ANTHROPIC else 64)
    assert sent_call(target, sent)[1] == wire
    assert sent["tool_choice"].get("function", sent["tool_choice"])["name"] == wire
    assert translated(body, source, target) == sent
    reply = json.dumps(called(source, body, ToolCall("c2", wire, "{}"), stream=stream))
    assert json.dumps(name) in reply
    assert wire == name or json.dumps(wire) not in reply


def test_names_that_become_one_stay_apart() -> None:
    names = ["a.b", "a_b", "a b", "y" * 70 + "1", "y" * 70 + "2"]
    body = asked(ANTHROPIC, tools=[tool(ANTHROPIC, name, EMPTY) for name in names])
    wire = [each["name"] for each in sent_tools(CHAT, translated(body, ANTHROPIC, CHAT))]
    assert wire[1] == "a_b"
    assert len(set(wire)) == 5
    got = called(ANTHROPIC, body, *(ToolCall(f"c{index}", name, "{}") for index, name in enumerate(wire)))
    assert [block["name"] for block in got] == names


AGENTS = {
    "type": "namespace",
    "name": "agents",
    "description": "Other agents.",
    "tools": [
        {"type": "function", "name": "spawn", "description": "Start one.", "parameters": EMPTY, "strict": False},
        {"type": "custom", "name": "say", "description": "Say something."},
    ],
}
CODEX = [tool(RESPONSES, "shell_command", EMPTY), AGENTS, {"type": "web_search", "external_web_access": False}]


@pytest.mark.parametrize("target", [CHAT, ANTHROPIC])
def test_the_tools_of_a_namespace_are_offered_one_by_one(target: str) -> None:
    sent = translated(asked(RESPONSES, tools=CODEX, tool_choice="auto", parallel_tool_calls=False), RESPONSES, target)
    assert [each["name"] for each in sent_tools(target, sent)] == ["shell_command", "agents__spawn", "agents__say"]
    assert schema_of(target, sent_tools(target, sent)[2]) == {
        "type": "object",
        "properties": {"input": {"type": "string"}},
        "required": ["input"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize("stream", [False, True])
def test_calls_of_the_tools_of_a_namespace_come_back_with_it(stream: bool) -> None:
    calls = [
        ToolCall("c1", "agents__spawn", '{"n":1}'),
        ToolCall("c2", "agents__say", '{"input":"Hi \\"you\\""}'),
        ToolCall("c3", "shell_command", "{}"),
        ToolCall("c4", "agents__gone", "{}"),
    ]
    got = called(RESPONSES, asked(RESPONSES, tools=CODEX), *calls, stream=stream)
    kept = ("type", "call_id", "name", "namespace", "arguments", "input")
    assert [{key: item[key] for key in kept if key in item} for item in got] == [
        {"type": "function_call", "call_id": "c1", "name": "spawn", "namespace": "agents", "arguments": '{"n":1}'},
        {"type": "custom_tool_call", "call_id": "c2", "name": "say", "namespace": "agents", "input": 'Hi "you"'},
        {"type": "function_call", "call_id": "c3", "name": "shell_command", "arguments": "{}"},
        {"type": "function_call", "call_id": "c4", "name": "agents__gone", "arguments": "{}"},
    ]


def test_calls_with_a_namespace_in_the_input_are_read() -> None:
    turns = [
        *HELLO,
        {"type": "function_call", "call_id": "c1", "name": "spawn", "namespace": "agents", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "c2", "name": "say", "namespace": "agents", "input": "Hi"},
        {"type": "function_call_output", "call_id": "c1", "output": "started"},
        {"type": "custom_tool_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "said"}]},
    ]
    assert translated(asked(RESPONSES, input=turns, tools=CODEX), RESPONSES, ANTHROPIC)["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "tool_use", "id": "c1", "name": "agents__spawn", "input": {}},
                {"type": "tool_use", "id": "c2", "name": "agents__say", "input": {"input": "Hi"}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "c1", "content": "started"},
                {"type": "tool_result", "tool_use_id": "c2", "content": "said"},
            ],
        },
    ]


def test_a_tool_of_a_namespace_and_one_of_the_same_whole_name_stay_apart() -> None:
    tools = [tool(RESPONSES, "agents__spawn", EMPTY), AGENTS, {**AGENTS, "name": "mcp__x__"}]
    body = asked(RESPONSES, tools=tools)
    wire = [each["name"] for each in sent_tools(CHAT, translated(body, RESPONSES, CHAT))]
    assert (wire[0], wire[3]) == ("agents__spawn", "mcp__x__spawn")
    assert len(set(wire)) == 5
    got = called(RESPONSES, body, ToolCall("c1", wire[0], "{}"), ToolCall("c2", wire[1], "{}"))
    assert [(item.get("namespace"), item["name"]) for item in got] == [(None, "agents__spawn"), ("agents", "spawn")]


def test_a_choice_may_name_a_tool_of_a_namespace() -> None:
    body = asked(RESPONSES, tools=CODEX, tool_choice={"type": "function", "name": "spawn", "namespace": "agents"})
    wanted = {"type": "tool", "name": "agents__spawn"}
    assert translated(body, RESPONSES, ANTHROPIC)["tool_choice"] == wanted
    body["tool_choice"].pop("namespace")
    assert translated(body, RESPONSES, ANTHROPIC)["tool_choice"] == wanted
    body["tools"] = [*CODEX, tool(RESPONSES, "spawn", EMPTY)]
    assert translated(body, RESPONSES, ANTHROPIC)["tool_choice"] == {"type": "tool", "name": "spawn"}


GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: WORD"}
CUSTOM = {
    CHAT: {
        "type": "custom",
        "custom": {
            "name": "run",
            "description": "Runs code.",
            "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: WORD"}},
        },
    },
    RESPONSES: {"type": "custom", "name": "run", "description": "Runs code.", "format": GRAMMAR},
}


@pytest.mark.parametrize(("source", "target"), [each for each in DIRECTIONS if each[0] != ANTHROPIC])
def test_a_custom_tool_is_a_function_of_one_text(source: str, target: str) -> None:
    choice = {CHAT: {"type": "custom", "custom": {"name": "run"}}, RESPONSES: {"type": "custom", "name": "run"}}
    sent = translated(asked(source, tools=[CUSTOM[source]], tool_choice=choice[source]), source, target)
    [only] = sent_tools(target, sent)
    assert (only["name"], only["description"]) == ("run", "Runs code.")
    about = {"type": "string", "description": "Text in this lark grammar:\nstart: WORD"}
    assert schema_of(target, only)["properties"] == {"input": about}
    assert sent["tool_choice"].get("function", sent["tool_choice"])["name"] == "run"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ('{"input":"ls -l"}', "ls -l"),
        ("ls -l", "ls -l"),
        ("{}", ""),
        ('{"input":7}', '{"input":7}'),
        ('{"input":""}', ""),
    ],
)
def test_calls_of_a_custom_tool_come_back_as_such(arguments: str, text: str) -> None:
    call = ToolCall("c1", "run", arguments)
    for stream in (False, True):
        [item] = called(RESPONSES, asked(RESPONSES, tools=[CUSTOM[RESPONSES]]), call, stream=stream)
        assert (item["type"], item["call_id"], item["name"], item["input"]) == ("custom_tool_call", "c1", "run", text)
        assert item["id"].startswith("ctc_")
    expected = {"id": "c1", "type": "custom", "custom": {"name": "run", "input": text}}
    assert called(CHAT, asked(CHAT, tools=[CUSTOM[CHAT]]), call) == [expected]


def test_the_input_of_a_custom_tool_is_streamed_as_its_events() -> None:
    form = numbered_formats()[RESPONSES]
    reply = ChatReply("x", "m", (Text("Look."), ToolCall("c1", "run", '{"input":"ls"}')), "tool_use")
    request = form.read_request(asked(RESPONSES, tools=[CUSTOM[RESPONSES]]))
    events = b"".join(form.write_stream(deltas_of(reply), request)).decode()
    names = [line.removeprefix("event: ") for line in events.splitlines() if line.startswith("event: ")]
    assert names[-5:] == [
        "response.output_item.added",
        "response.custom_tool_call_input.delta",
        "response.custom_tool_call_input.done",
        "response.output_item.done",
        "response.completed",
    ]
    chat = numbered_formats()[CHAT]
    chunks = b"".join(
        chat.write_stream(deltas_of(reply), chat.read_request(asked(CHAT, tools=[CUSTOM[CHAT]])))
    ).decode()
    assert '"tool_calls":[{"index":0,"id":"c1","type":"custom","custom":{"name":"run","input":""}}]' in chunks
    assert '"tool_calls":[{"index":0,"custom":{"input":"ls"}}]' in chunks


def test_calls_of_custom_tools_in_a_chat_are_read() -> None:
    call = {"id": "c1", "type": "custom", "custom": {"name": "run", "input": "ls"}}
    turns = [*HELLO, {"role": "assistant", "content": None, "tool_calls": [call]}]
    sent = translated(asked(CHAT, messages=turns, tools=[CUSTOM[CHAT]]), CHAT, RESPONSES)
    assert sent["input"][1] == {"type": "function_call", "call_id": "c1", "name": "run", "arguments": '{"input":"ls"}'}


ALLOWED = {
    CHAT: lambda mode, *names: {
        "type": "allowed_tools",
        "allowed_tools": {"mode": mode, "tools": [{"type": "function", "function": {"name": name}} for name in names]},
    },
    RESPONSES: lambda mode, *names: {
        "type": "allowed_tools",
        "mode": mode,
        "tools": [{"type": "function", "name": name} for name in names],
    },
}


@pytest.mark.parametrize(("source", "target"), [each for each in DIRECTIONS if each[0] != ANTHROPIC])
def test_allowed_tools_are_those_that_are_offered(source: str, target: str) -> None:
    tools = [tool(source, name, EMPTY) for name in ("a", "b", "c")]
    for mode, word in (("auto", "auto"), ("required", "any" if target == ANTHROPIC else "required")):
        body = asked(source, tools=tools, tool_choice=ALLOWED[source](mode, "c", "a"))
        sent = translated(body, source, target)
        assert [each["name"] for each in sent_tools(target, sent)] == ["a", "c"]
        assert sent["tool_choice"] == ({"type": word} if target == ANTHROPIC else word)
    none = translated(asked(source, tools=tools, tool_choice=ALLOWED[source]("auto", "z")), source, target)
    assert "tools" not in none
    assert "tool_choice" not in none
    message = refused(asked(source, tools=tools, tool_choice=ALLOWED[source]("required", "z")), source, target)
    assert "has no function among those that the request offers" in message


def test_allowed_tools_may_be_a_whole_namespace() -> None:
    choice = {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "namespace", "name": "agents"}]}
    sent = translated(asked(RESPONSES, tools=CODEX, tool_choice=choice), RESPONSES, CHAT)
    assert [each["name"] for each in sent_tools(CHAT, sent)] == ["agents__spawn", "agents__say"]


RUN_BY_PROVIDER = {
    RESPONSES: [
        {"type": "web_search"},
        {"type": "web_search_preview_2025_03_11"},
        {"type": "file_search", "vector_store_ids": ["vs_1"]},
        {"type": "code_interpreter", "container": {"type": "auto"}},
        {"type": "image_generation"},
        {"type": "mcp", "server_label": "x", "server_url": "https://example.com"},
        {"type": "tool_search"},
    ],
    ANTHROPIC: [
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
        {"type": "web_fetch_20250910", "name": "web_fetch"},
        {"type": "code_execution_20250825", "name": "code_execution"},
        {"type": "mcp_toolset", "mcp_server_name": "x"},
        {"type": "tool_search_tool_regex_20251119", "name": "tool_search_tool_regex"},
    ],
}


@pytest.mark.parametrize(("source", "target"), [each for each in DIRECTIONS if each[0] != CHAT])
def test_tools_that_the_provider_runs_are_left_out(source: str, target: str) -> None:
    automatic: Any = {"type": "auto", "disable_parallel_tool_use": True} if source == ANTHROPIC else "auto"
    parallel = {} if source == ANTHROPIC else {"parallel_tool_calls": False}
    tools = RUN_BY_PROVIDER[source]
    both = asked(source, tools=[*tools, tool(source, "f", EMPTY)], tool_choice=automatic, **parallel)
    sent = translated(both, source, target)
    assert [each["name"] for each in sent_tools(target, sent)] == ["f"]
    assert "tool_choice" in sent
    alone = translated(asked(source, tools=tools, tool_choice=automatic, **parallel), source, target)
    assert not {"tools", "tool_choice", "parallel_tool_calls"} & alone.keys()


@pytest.mark.parametrize(
    ("source", "target", "choice", "message"),
    [
        (
            RESPONSES,
            CHAT,
            {"type": "web_search"},
            "tool_choice.type: 'web_search' is run by the provider itself, and no",
        ),
        (RESPONSES, ANTHROPIC, {"type": "mcp", "server_label": "x"}, "tool_choice.type: 'mcp' is run by the provider"),
        (
            RESPONSES,
            CHAT,
            "required",
            "tool_choice: forces a call, and the provider itself runs all tools ('web_search'",
        ),
        (ANTHROPIC, CHAT, {"type": "tool", "name": "web_fetch"}, "tool_choice: forces 'web_search', 'web_fetch', "),
        (
            ANTHROPIC,
            CHAT,
            {"type": "tool", "name": "x"},
            "tool_choice: forces a call, and the provider itself runs all",
        ),
        (ANTHROPIC, RESPONSES, {"type": "any"}, "tool_choice: forces a call, and the provider itself runs all tools ("),
    ],
)
def test_a_tool_that_the_provider_runs_and_that_is_forced_is_refused(
    source: str, target: str, choice: Any, message: str
) -> None:
    assert message in refused(asked(source, tools=RUN_BY_PROVIDER[source], tool_choice=choice), source, target)


def test_a_function_called_like_a_tool_of_the_provider_can_be_forced() -> None:
    tools = [*RUN_BY_PROVIDER[ANTHROPIC], tool(ANTHROPIC, "web_search", EMPTY)]
    body = asked(ANTHROPIC, tools=tools, tool_choice={"type": "tool", "name": "web_search"})
    assert translated(body, ANTHROPIC, RESPONSES)["tool_choice"] == {"type": "function", "name": "web_search"}


def test_what_the_provider_ran_before_is_left_out_of_the_conversation() -> None:
    said = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "It rains."}]}
    turns = [*HELLO, {"type": "web_search_call", "id": "ws_1", "status": "completed"}, said]
    assert translated(asked(RESPONSES, input=turns), RESPONSES, ANTHROPIC)["messages"][1:] == [
        {"role": "assistant", "content": "It rains."}
    ]


@pytest.mark.parametrize("target", [CHAT, RESPONSES])
@pytest.mark.parametrize(
    ("content", "sent"),
    [
        ("boom", "Error: boom"),
        ("", "Error"),
        (None, "Error"),
        ([], "Error"),
        ([{"type": "text", "text": " "}], "Error"),
        ([{"type": "text", "text": "boom"}], "Error: boom"),
        ("Error: no such file", "Error: no such file"),
    ],
    ids=str,
)
def test_that_a_tool_failed_reaches_the_model(target: str, content: Any, sent: str) -> None:
    result = {"type": "tool_result", "tool_use_id": "c1", "is_error": True, "content": content}
    body = asked(ANTHROPIC, messages=[*HELLO, {"role": "user", "content": [result]}])
    body = translated(body, ANTHROPIC, target)
    assert (body["input"][1]["output"] if target == RESPONSES else body["messages"][1]["content"]) == sent


def test_that_a_tool_failed_is_said_beside_its_image() -> None:
    image = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
    result = {"type": "tool_result", "tool_use_id": "c1", "is_error": True, "content": [image]}
    body = asked(ANTHROPIC, messages=[*HELLO, {"role": "user", "content": [result]}])
    assert translated(body, ANTHROPIC, RESPONSES)["input"][1]["output"][0] == {"type": "input_text", "text": "Error"}
    assert translated(body, ANTHROPIC, CHAT)["messages"][1]["content"] == "Error"


def test_more_of_a_call_after_a_custom_one_is_not_held_back() -> None:
    form = numbered_formats()[RESPONSES]
    request = form.read_request(asked(RESPONSES, tools=[CUSTOM[RESPONSES], tool(RESPONSES, "f", EMPTY)]))
    reply = ChatReply("x", "m", (ToolCall("c1", "run", '{"input":"a"}'), ToolCall("c2", "f", '{"a":1}')), "tool_use")
    deltas = list(form.read_stream(form.write_stream(deltas_of(reply), request)))
    assert PartDelta('{"a":1}') in deltas


def test_tools_that_the_input_adds_are_offered_too() -> None:
    item = {"type": "additional_tools", "role": "developer", "tools": [AGENTS, {"type": "web_search"}]}
    sent = translated(asked(RESPONSES, input=[*HELLO, item], tools=[tool(RESPONSES, "a", EMPTY)]), RESPONSES, ANTHROPIC)
    assert [each["name"] for each in sent["tools"]] == ["a", "agents__spawn", "agents__say"]
    assert sent["messages"] == HELLO


def test_what_anthropic_ran_before_is_left_out_of_the_conversation() -> None:
    blocks = [
        {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []},
        {"type": "text", "text": "It rains.", "citations": []},
    ]
    body = asked(ANTHROPIC, messages=[*HELLO, {"role": "assistant", "content": blocks}, *HELLO])
    assert translated(body, ANTHROPIC, CHAT)["messages"][1:] == [{"role": "assistant", "content": "It rains."}, *HELLO]


@pytest.mark.parametrize("source", [CHAT, RESPONSES])
def test_without_tools_nothing_is_said_about_calling_several(source: str) -> None:
    choice = ALLOWED[source]("auto", "z")
    body = asked(source, tools=[tool(source, "a", EMPTY)], tool_choice=choice, parallel_tool_calls=True)
    for target in TARGETS[source]:
        assert not {"tools", "tool_choice", "parallel_tool_calls"} & translated(body, source, target).keys()
