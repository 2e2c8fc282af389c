"""Names, ids and proofs of any kind get through translation and back, each to itself."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from examples import examples
from formats_samples import NAMES
from hypothesis import given, settings
from hypothesis import strategies as st

from to11ai_sdk.local.gateway.formats import FORMATS, Peer, deltas_of, formats
from to11ai_sdk.local.gateway.formats.neutral import (
    ChatReply,
    ChatRequest,
    Message,
    RedactedThinking,
    Text,
    Thinking,
    Tool,
    ToolCall,
)

CHAT, RESPONSES, ANTHROPIC = NAMES
some = settings(max_examples=examples(100), deadline=None)
# Few letters make names that differ little, and that meet where odd characters and ends are cut.
names = st.text(st.sampled_from("a_.-é "), min_size=1, max_size=6) | st.text(
    st.sampled_from("ab"), min_size=60, max_size=140
)
tools = st.builds(Tool, names, namespace=st.none() | names)
proofs = st.text(min_size=1, max_size=20)


@some
@given(offered=st.lists(tools, min_size=1, max_size=8, unique_by=lambda tool: (tool.namespace, tool.name)))
@pytest.mark.parametrize("target", NAMES)
def test_every_tool_has_a_name_of_its_own_and_is_called_by_it(target: str, offered: list[Tool]) -> None:
    request = ChatRequest("m", (Message("user", (Text("Hi"),)),), tools=tuple(offered))
    sent = FORMATS[target].write_request(request)["tools"]
    wire = [tool.get("function", tool)["name"] for tool in sent]
    assert len(set(wire)) == len(wire)
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]+", name) for name in wire)
    assert max(map(len, wire)) <= (128 if target == ANTHROPIC else 64)
    reply = ChatReply("x", "m", tuple(ToolCall(f"c{index}", name, "{}") for index, name in enumerate(wire)))
    called = FORMATS[RESPONSES].write_reply(reply, request)["output"]
    assert [(item.get("namespace"), item["name"]) for item in called] == [(it.namespace, it.name) for it in offered]


@some
@given(ids=st.lists(names | st.just(""), min_size=1, max_size=8, unique=True))
@pytest.mark.parametrize("target", NAMES)
def test_every_call_has_an_id_of_its_own(target: str, ids: list[str]) -> None:
    calls = tuple(ToolCall(call_id, "f", "{}") for call_id in ids)
    request = ChatRequest("m", (Message("user", (Text("Hi"),)), Message("assistant", calls)))
    sent = FORMATS[target].write_request(request)
    if target == RESPONSES:
        wire = [item["call_id"] for item in sent["input"][1:]]
    else:
        turn = sent["messages"][1]
        wire = [call["id"] for call in turn["tool_calls" if target == CHAT else "content"]]
    assert len(set(wire)) == len(wire)
    assert all(0 < len(call_id) <= (40 if target == CHAT else 64) for call_id in wire)
    if target == ANTHROPIC:
        assert all(re.fullmatch(r"[a-zA-Z0-9_-]+", call_id) for call_id in wire)


@some
@given(text=st.text(max_size=9), proof=proofs, hidden=proofs, provider=proofs, stream=st.booleans())
@pytest.mark.parametrize("caller", [CHAT, RESPONSES])
def test_what_anthropic_signed_is_the_same_after_its_way_through_a_caller(
    caller: str, text: str, proof: str, hidden: str, provider: str, stream: bool
) -> None:
    peer = Peer(name=provider)
    parts = (Thinking(text, proof, maker=ANTHROPIC), RedactedThinking(hidden, ANTHROPIC), Text("Hi"))
    form, reply = formats(peer=peer)[caller], ChatReply("x", "m", parts)
    if caller == CHAT:
        turns = {"messages": [form.write_reply(reply)["choices"][0]["message"]]}
    elif stream:
        events = list(form.write_stream(deltas_of(reply), ChatRequest("m", ())))
        turns = {"input": json_of(events[-1])["response"]["output"]}
    else:
        turns = {"input": form.write_reply(reply)["output"]}
    request = FORMATS[caller].read_request({"model": "m", **turns})
    assert formats(peer=peer)[ANTHROPIC].write_request(request)["messages"] == [
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": text, "signature": proof},
                {"type": "redacted_thinking", "data": hidden},
                {"type": "text", "text": "Hi"},
            ],
        }
    ]


def json_of(event: bytes) -> Any:
    """The data of an event."""
    return json.loads(event.decode().split("data: ", 1)[1])
