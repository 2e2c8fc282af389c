"""What a model thought goes back to its maker as it came, and to others in the form they take, never as their own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from formats_samples import NAMES
from gateway_harness import Caller

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.config.providers import ProviderConfig
from to11ai_sdk.local.gateway.formats import FORMATS, Peer, deltas_of, formats
from to11ai_sdk.local.gateway.formats.marks import without_marked
from to11ai_sdk.local.gateway.formats.neutral import ChatReply, RedactedThinking, Text, Thinking, ToolCall

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_httpserver import HTTPServer

CHAT, RESPONSES, ANTHROPIC = NAMES
ENDPOINTS = {CHAT: "/chat/completions", RESPONSES: "/responses", ANTHROPIC: "/messages"}
HELLO = [{"role": "user", "content": "Hello!"}]
OTHERS = Peer(name="up", is_openai=False, reasoning_field="reasoning_content")

TOOLS = {
    CHAT: [{"type": "function", "function": {"name": "f"}}],
    RESPONSES: [{"type": "function", "name": "f", "parameters": {}}],
    ANTHROPIC: [{"name": "f", "input_schema": {"type": "object"}}],
}
CALL = ToolCall("c1", "f", "{}")
RESULT: dict[str, dict[str, Any]] = {
    CHAT: {"role": "tool", "tool_call_id": "c1", "content": "x"},
    RESPONSES: {"type": "function_call_output", "call_id": "c1", "output": "x"},
    ANTHROPIC: {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "x"}]},
}


def place(name: str) -> str:
    return "input" if name == RESPONSES else "messages"


def asked(caller: str, *turns: Any, **members: Any) -> dict[str, Any]:
    limit = {"max_tokens": 9} if caller == ANTHROPIC else {}
    return {"model": "m", place(caller): [*HELLO, *turns], "tools": TOOLS[caller], **limit, **members}


def sent_on(body: dict[str, Any], source: str, target: str, peer: Peer = OTHERS) -> Any:
    """The conversation that a provider gets, after the first turn."""
    return formats(peer=peer)[target].write_request(FORMATS[source].read_request(body))[place(target)][1:]


def test_thoughts_that_nobody_signed_go_back_as_reasoning_content() -> None:
    turns = [
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Let me see", "signature": ""},
                {"type": "tool_use", "id": "t1", "name": "f", "input": {}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t1", "content": "x"}]},
    ]
    call = {"id": "t1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert sent_on(asked(ANTHROPIC, *turns), ANTHROPIC, CHAT) == [
        {"role": "assistant", "content": None, "reasoning_content": "Let me see", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "t1", "content": "x"},
    ]
    to_openai = sent_on(asked(ANTHROPIC, *turns), ANTHROPIC, CHAT, Peer())
    assert to_openai[0] == {"role": "assistant", "content": None, "tool_calls": [call]}


@pytest.mark.parametrize(
    ("type_", "field"),
    [
        ("deepseek", "reasoning_content"),
        ("up", "reasoning_content"),
        ("ollama", "reasoning"),
        ("vllm", "reasoning"),
        ("openai", None),
        ("azure-openai", None),
        ("mistral", None),
    ],
)
def test_each_kind_of_server_takes_thoughts_in_its_own_member(type_: str, field: str | None) -> None:
    provider = ProviderConfig("up", "upstream", type_, "openai")
    item = {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hmm"}]}
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    [said] = sent_on(asked(RESPONSES, item, call), RESPONSES, CHAT, provider.peer)
    assert {key: value for key, value in said.items() if "reasoning" in key} == ({field: "hmm"} if field else {})


@pytest.mark.parametrize(
    ("thinking", "kept"),
    [
        (Thinking("hmm", maker="reasoning"), {"reasoning": "hmm"}),
        (Thinking("hmm", maker="reasoning_content"), {"reasoning_content": "hmm"}),
    ],
)
@pytest.mark.parametrize("caller", [RESPONSES, ANTHROPIC])
@pytest.mark.parametrize("stream", [False, True])
def test_thoughts_go_back_in_the_member_they_came_in(
    caller: str, stream: bool, thinking: Thinking, kept: dict[str, str]
) -> None:
    turns = [*answered(caller, "up", thinking, CALL, stream=stream), RESULT[caller]]
    [said, _] = sent_on(asked(caller, *turns), caller, CHAT)
    assert {key: value for key, value in said.items() if "reasoning" in key} == kept
    elsewhere = Peer(name="other", reasoning_field="reasoning_content")
    assert sent_on(asked(caller, *turns), caller, CHAT, elsewhere)[0]["reasoning_content"] == "hmm"


def answered(caller: str, provider: str, *parts: Any, stream: bool = False) -> list[dict[str, Any]]:
    """The turns or items that a caller has after a reply, as a client keeps them."""
    form, reply = formats(peer=Peer(name=provider))[caller], ChatReply("x", "m", parts, "tool_use")
    request = FORMATS[caller].read_request(asked(caller))
    if stream:
        events = b"".join(form.write_stream(deltas_of(reply), request)).decode()
        data = [json.loads(line[6:]) for line in events.splitlines() if line.startswith("data: {")]
        return gathered(caller, data)
    body = form.write_reply(reply, request)
    if caller == CHAT:
        return [body["choices"][0]["message"]]
    return body["output"] if caller == RESPONSES else [{"role": "assistant", "content": body["content"]}]


def gathered(caller: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if caller == RESPONSES:
        return [event["item"] for event in events if event["type"] == "response.output_item.done"]
    if caller == CHAT:
        return [gathered_message([event["choices"][0]["delta"] for event in events])]
    blocks: list[dict[str, Any]] = []
    for event in events:
        if event["type"] == "content_block_start":
            blocks.append(dict(event["content_block"]))
        elif event["type"] == "content_block_delta":
            for key in ("thinking", "signature", "text"):
                if key in event["delta"]:
                    blocks[-1][key] += event["delta"][key]
    return [{"role": "assistant", "content": blocks}]


def gathered_message(deltas: list[dict[str, Any]]) -> dict[str, Any]:
    """A message made of the deltas of a chat stream, as openai's own helper adds them up."""
    message: dict[str, Any] = {"role": "assistant", "content": None, "reasoning_content": ""}
    for delta in deltas:
        message["reasoning_content"] += delta.get("reasoning_content", "")
        for call in delta.get("tool_calls", ()):
            message.setdefault("tool_calls", []).append(call) if "id" in call else None
            if "id" not in call:
                message["tool_calls"][call["index"]]["function"]["arguments"] += call["function"]["arguments"]
        for key, member in delta.items():
            if key == "reasoning_details":
                message.setdefault(key, []).extend(member)
            elif key == "content" and member:
                message[key] = (message[key] or "") + member
    return message


SIGNED = Thinking("hmm", "Er/8+abc==", maker=ANTHROPIC)
HIDDEN = RedactedThinking("Em/9secret==", ANTHROPIC)
ENCRYPTED = Thinking("A summary.", "gAAAAABo_-=", "rs_0123", maker=RESPONSES)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("text", ["hmm", ""])
@pytest.mark.parametrize("caller", [RESPONSES, CHAT])
def test_what_anthropic_signed_goes_back_exactly_through_any_caller(caller: str, stream: bool, text: str) -> None:
    thinking = Thinking(text, SIGNED.signature, maker=ANTHROPIC)
    items = answered(caller, "up", thinking, HIDDEN, Text("Look."), CALL, stream=stream)
    assert sent_on(asked(caller, *items, RESULT[caller]), caller, ANTHROPIC)[0] == {
        "role": "assistant",
        "content": [
            {"type": "thinking", "thinking": text, "signature": "Er/8+abc=="},
            {"type": "redacted_thinking", "data": "Em/9secret=="},
            {"type": "text", "text": "Look."},
            {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
        ],
    }


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("caller", [ANTHROPIC, CHAT])
def test_what_openai_encrypted_goes_back_exactly_through_any_caller(caller: str, stream: bool) -> None:
    turns = [*answered(caller, "up", ENCRYPTED, CALL, stream=stream), RESULT[caller]]
    assert sent_on(asked(caller, *turns), caller, RESPONSES)[0] == {
        "type": "reasoning",
        "id": "rs_0123",
        "summary": [{"type": "summary_text", "text": "A summary."}],
        "encrypted_content": "gAAAAABo_-=",
    }


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("caller", "thoughts", "target"),
    [
        (RESPONSES, (SIGNED, HIDDEN), CHAT),
        (ANTHROPIC, (ENCRYPTED,), CHAT),
        (CHAT, (SIGNED, HIDDEN), RESPONSES),
        (CHAT, (ENCRYPTED,), ANTHROPIC),
        (ANTHROPIC, (Thinking("hmm", maker="reasoning"),), RESPONSES),
        (RESPONSES, (Thinking("hmm", maker="reasoning"),), ANTHROPIC),
    ],
)
def test_no_proof_goes_to_a_provider_of_another_format(
    caller: str, thoughts: tuple[Any, ...], target: str, stream: bool
) -> None:
    turns = [*answered(caller, "up", *thoughts, CALL, stream=stream), RESULT[caller]]
    sent = json.dumps(sent_on(asked(caller, *turns), caller, target, Peer(name="up")))
    assert "hmm" not in sent
    assert "secret" not in sent
    assert "gAAAA" not in sent
    assert "to11:" not in sent
    assert "c1" in sent


@pytest.mark.parametrize(
    ("caller", "thought", "target"),
    [(RESPONSES, SIGNED, ANTHROPIC), (ANTHROPIC, ENCRYPTED, RESPONSES), (CHAT, SIGNED, ANTHROPIC)],
)
def test_no_proof_goes_to_another_provider_of_the_same_format(caller: str, thought: Any, target: str) -> None:
    turns = [*answered(caller, "a provider: 1", thought, CALL), RESULT[caller]]
    body = asked(caller, *turns)
    assert str(thought.signature) in json.dumps(sent_on(body, caller, target, Peer(name="a provider: 1")))
    assert str(thought.signature) not in json.dumps(sent_on(body, caller, target, Peer(name="another")))


def test_a_provider_that_keeps_nothing_is_asked_for_the_proof_where_the_caller_sends_it_back() -> None:
    def included(source: str, **members: Any) -> Any:
        body = FORMATS[RESPONSES].write_request(FORMATS[source].read_request(asked(source, **members)))
        return body.get("include")

    assert included(ANTHROPIC, output_config={"effort": "high"}) == ["reasoning.encrypted_content"]
    assert included(ANTHROPIC, thinking={"type": "adaptive"}) is None
    assert included(CHAT, reasoning_effort="high") is None


def test_a_summary_without_a_proof_does_not_go_to_openai_which_would_look_for_it() -> None:
    turns = [*answered(ANTHROPIC, "up", Thinking("hmm", None, "rs_1", maker=RESPONSES), CALL), RESULT[ANTHROPIC]]
    sent = sent_on(asked(ANTHROPIC, *turns), ANTHROPIC, RESPONSES, Peer(name="up"))
    assert [item["type"] for item in sent] == ["function_call", "function_call_output"]
    others = sent_on(asked(ANTHROPIC, *turns), ANTHROPIC, RESPONSES)
    assert others[0] == {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hmm"}]}


def test_what_the_caller_had_from_elsewhere_is_never_sent_as_signed() -> None:
    item = {
        "type": "reasoning",
        "id": "rs_0123",
        "summary": [{"type": "summary_text", "text": "hmm"}],
        "encrypted_content": "gAAAAAB...",
    }
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    [said, _] = sent_on(asked(RESPONSES, item, call, RESULT[RESPONSES]), RESPONSES, ANTHROPIC)
    assert said == {"role": "assistant", "content": [{"type": "tool_use", "id": "c1", "name": "f", "input": {}}]}
    block = {"type": "thinking", "thinking": "hmm", "signature": "EuYBCkQ"}
    hidden = {"type": "redacted_thinking", "data": "EuYBCkQ"}
    use = {"type": "tool_use", "id": "c1", "name": "f", "input": {}}
    turn = {"role": "assistant", "content": [block, hidden, use]}
    sent = sent_on(asked(ANTHROPIC, turn, RESULT[ANTHROPIC]), ANTHROPIC, RESPONSES)
    assert [each["type"] for each in sent] == ["function_call", "function_call_output"]


@pytest.mark.parametrize(
    "proof", ["to11:", "to11:x", "to11:anthropic_messages", "to11:redacted_thinking:%zz:::", "to11::::"]
)
@pytest.mark.parametrize("target", NAMES)
def test_a_mark_that_somebody_made_up_is_left_out(proof: str, target: str) -> None:
    item = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": proof}
    call = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
    assert "to11:" not in json.dumps(sent_on(asked(RESPONSES, item, call), RESPONSES, target))


@pytest.mark.parametrize("wire_format", NAMES)
@pytest.mark.parametrize(
    "items", [7, "x", None, [7, None, "x", {}, {"content": "to11:"}, {"content": [7, {}]}]], ids=str
)
def test_what_is_no_message_passes_unchanged(wire_format: str, items: Any) -> None:
    body = {"model": "m", place(wire_format): items}
    assert without_marked(wire_format, body, takes_thoughts=False) == body


def test_a_turn_does_not_end_with_thoughts() -> None:
    turn = {"role": "assistant", "content": [{"type": "thinking", "thinking": "hmm", "signature": "proof"}]}
    both = {"role": "assistant", "content": [{"type": "text", "text": "Hi"}, *turn["content"]]}
    sent = sent_on(asked(ANTHROPIC, turn, *HELLO, both), ANTHROPIC, ANTHROPIC)
    assert sent == [*HELLO, {"role": "assistant", "content": "Hi"}]


class Upstreams:
    """Two servers behind a gateway, one of each of two formats, and what they were sent."""

    def __init__(self, server: HTTPServer, to11: LocalTo11) -> None:
        self.server = server
        self.caller = Caller(to11)

    def answers(self, provider: str, wire_format: str, *parts: Any) -> None:
        """From now on a provider answers this."""
        self.server.clear()
        body = FORMATS[wire_format].write_reply(ChatReply("x", "m", parts, "tool_use"))
        self.server.expect_request(f"/{provider}{ENDPOINTS[wire_format]}").respond_with_json(body)

    @property
    def sent(self) -> Any:
        return json.loads(self.server.log[-1][0].get_data())


@pytest.fixture
def up(httpserver: HTTPServer) -> Iterator[Upstreams]:
    def provider(name: str, *spoken: str) -> dict[str, Any]:
        base_url = httpserver.url_for(f"/{name}")
        return {"kind": "upstream", "dialect": "openai", "base_url": base_url, "models": ["*"], "formats": [*spoken]}

    providers = {
        "chat": provider("chat", CHAT),
        "openai": provider("openai", CHAT),
        "res": provider("res", RESPONSES),
        "ant": provider("ant", ANTHROPIC),
    }
    with LocalTo11(providers=providers, sleep=lambda seconds: None) as to11:
        yield Upstreams(httpserver, to11)


def test_a_caller_of_anthropic_goes_on_with_anthropic_without_the_thoughts_of_others(up: Upstreams) -> None:
    message = {"role": "assistant", "content": "Hi", "reasoning_content": "hmm"}
    up.server.expect_request("/chat/chat/completions").respond_with_json(
        {"id": "1", "model": "m", "choices": [{"message": message, "finish_reason": "stop"}]}
    )
    body = {"model": "chat::m", "max_tokens": 9, "messages": HELLO}
    reply = up.caller.send("POST", "/v1/messages", body).json["content"]
    assert [block["type"] for block in reply] == ["thinking", "text"]
    up.answers("ant", ANTHROPIC, Text("Yes."))
    own = {"role": "assistant", "content": [{"type": "thinking", "thinking": "own", "signature": "proof"}, *reply[1:]]}
    turns = [*HELLO, {"role": "assistant", "content": reply}, *HELLO, own, *HELLO]
    up.caller.send("POST", "/v1/messages", {**body, "model": "ant::m", "messages": turns})
    assert up.sent["messages"] == [*HELLO, {"role": "assistant", "content": reply[1:]}, *HELLO, own, *HELLO]
    up.answers("chat", CHAT, Text("Yes."))
    up.caller.send("POST", "/v1/messages", {**body, "messages": turns})
    assert [turn.get("reasoning_content") for turn in up.sent["messages"]] == [None, "hmm", None, "own", None]


def test_a_caller_of_responses_goes_on_with_openai_without_the_thoughts_of_others(up: Upstreams) -> None:
    up.answers("ant", ANTHROPIC, SIGNED, Text("Hi"))
    reply = up.caller.send("POST", "/v1/responses", {"model": "ant::m", "input": HELLO}).json["output"]
    assert [item["type"] for item in reply] == ["reasoning", "message"]
    own = {"type": "reasoning", "id": "rs_9", "summary": [], "encrypted_content": "gAAAA"}
    turns = [*HELLO, *reply, own, *HELLO]
    up.answers("res", RESPONSES, Text("Yes."))
    up.caller.send("POST", "/v1/responses", {"model": "res::m", "input": turns})
    assert up.sent["input"] == [*HELLO, reply[1], own, *HELLO]
    up.answers("ant", ANTHROPIC, Text("Yes."))
    up.caller.send("POST", "/v1/responses", {"model": "ant::m", "input": turns})
    assert up.sent["messages"][1]["content"] == [
        {"type": "thinking", "thinking": "hmm", "signature": "Er/8+abc=="},
        {"type": "text", "text": "Hi"},
    ]


@pytest.mark.parametrize("target", [CHAT, RESPONSES])
def test_a_turn_of_nothing_but_thoughts_is_left_out_where_nobody_takes_them(target: str) -> None:
    turn = {"role": "assistant", "content": [{"type": "thinking", "thinking": "hmm", "signature": "proof"}]}
    assert sent_on(asked(ANTHROPIC, turn, *HELLO), ANTHROPIC, target, Peer()) == HELLO
    if target == CHAT:
        said = {"role": "assistant", "content": "", "reasoning_content": "hmm"}
        assert sent_on(asked(ANTHROPIC, turn, *HELLO), ANTHROPIC, target) == [said, *HELLO]


def test_a_caller_of_chat_sees_what_claude_thought_and_keeps_it_for_claude(up: Upstreams) -> None:
    up.answers("ant", ANTHROPIC, SIGNED, HIDDEN, Text("Hi"))
    message = up.caller.send("POST", "/v1/chat/completions", {"model": "ant::m", "messages": HELLO}).json["choices"][0][
        "message"
    ]
    assert (message["content"], message["reasoning_content"]) == ("Hi", "hmm")
    turns = [*HELLO, message, *HELLO]
    up.answers("ant", ANTHROPIC, Text("Yes."))
    up.caller.send("POST", "/v1/chat/completions", {"model": "ant::m", "messages": turns})
    assert [block["type"] for block in up.sent["messages"][1]["content"]] == ["thinking", "redacted_thinking", "text"]
    up.answers("chat", CHAT, Text("Yes."))
    up.caller.send("POST", "/v1/chat/completions", {"model": "chat::m", "messages": turns})
    assert up.sent["messages"][1] == {key: value for key, value in message.items() if key != "reasoning_details"}
    up.answers("openai", CHAT, Text("Yes."))
    up.caller.send("POST", "/v1/chat/completions", {"model": "openai::m", "messages": turns})
    assert up.sent["messages"][1] == {"role": "assistant", "content": "Hi", "refusal": None}


def sent_by(maker: str) -> tuple[dict[str, Any], list[dict[str, Any]], Any]:
    """A reply with thoughts and a call as its maker sends it, the same as events, and what the maker wants back."""
    if maker == ANTHROPIC:
        blocks: list[dict[str, Any]] = [
            {"type": "thinking", "thinking": "hmm", "signature": "Er/8+abc=="},
            {"type": "redacted_thinking", "data": "Em/9secret=="},
            {"type": "tool_use", "id": "c1", "name": "f", "input": {}},
        ]
        events = [
            {"type": "message_start", "message": {"id": "m", "model": "m"}},
            {"type": "content_block_start", "index": 0, "content_block": {"type": "thinking", "thinking": ""}},
            {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hmm"}},
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "signature_delta", "signature": "Er/8+abc=="},
            },
            {"type": "content_block_stop", "index": 0},
            {"type": "content_block_start", "index": 1, "content_block": blocks[1]},
            {"type": "content_block_stop", "index": 1},
            {"type": "content_block_start", "index": 2, "content_block": blocks[2]},
            {"type": "content_block_stop", "index": 2},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
            {"type": "message_stop"},
        ]
        reply = {"id": "m", "type": "message", "model": "m", "content": blocks, "stop_reason": "tool_use"}
        return reply, events, {"role": "assistant", "content": blocks}
    if maker == RESPONSES:
        summary = [{"type": "summary_text", "text": "hmm"}]
        item = {"type": "reasoning", "id": "rs_1", "summary": summary, "encrypted_content": "gAAAAABo=="}
        call = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
        reply = {"id": "r", "model": "m", "status": "completed", "output": [item, call]}
        text = {"item_id": "rs_1", "output_index": 0, "summary_index": 0, "delta": "hmm"}
        events = [
            {"type": "response.created", "response": {"id": "r", "model": "m"}},
            {"type": "response.output_item.added", "output_index": 0, "item": {**item, "summary": []}},
            {"type": "response.reasoning_summary_text.delta", **text},
            {"type": "response.output_item.done", "output_index": 0, "item": item},
            {"type": "response.output_item.added", "output_index": 1, "item": call},
            {"type": "response.output_item.done", "output_index": 1, "item": call},
            {"type": "response.completed", "response": reply},
        ]
        return reply, events, item
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    message = {"role": "assistant", "content": None, maker: "hmm", "tool_calls": [call]}
    deltas: list[dict[str, Any]] = [{maker: "h"}, {maker: "mm"}, {"tool_calls": [{"index": 0, **call}]}]
    chunks = [{"id": "x", "model": "m", "choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"id": "x", "model": "m", "choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]})
    reply = {"id": "x", "model": "m", "choices": [{"message": message, "finish_reason": "tool_calls"}]}
    return reply, chunks, message


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("maker", [ANTHROPIC, RESPONSES, "reasoning_content", "reasoning"])
@pytest.mark.parametrize("caller", NAMES)
def test_thoughts_are_the_same_after_the_whole_way_and_back(caller: str, maker: str, stream: bool) -> None:
    spoken = CHAT if maker.startswith("reasoning") else maker
    if caller == spoken:
        return
    reply, events, wanted = sent_by(maker)
    request, writer = FORMATS[caller].read_request(asked(caller)), formats(peer=OTHERS)[caller]
    if stream:
        data = "".join(f"data: {json.dumps(event)}\n\n" for event in events).encode()
        written = b"".join(writer.write_stream(FORMATS[spoken].read_stream([data]), request)).decode()
        lines = [json.loads(line[6:]) for line in written.splitlines() if line.startswith("data: {")]
        turns = gathered(caller, lines)
    else:
        body = writer.write_reply(FORMATS[spoken].read_reply(reply), request)
        own = {CHAT: lambda: [body["choices"][0]["message"]], RESPONSES: lambda: body["output"]}
        turns = own.get(caller, lambda: [{"role": "assistant", "content": body["content"]}])()
    assert sent_on(asked(caller, *turns, RESULT[caller]), caller, spoken)[0] == wanted
