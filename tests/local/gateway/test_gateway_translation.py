"""Callers of each format at a provider that speaks another, over HTTP."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from formats_samples import NAMES, collect
from gateway_harness import HELLO, Caller

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.formats import FORMATS, deltas_of
from to11ai_sdk.local.gateway.formats.neutral import ChatReply, ChatRequest, Text, ToolCall, Usage

if TYPE_CHECKING:
    from pytest_httpserver import HTTPServer

CHAT, RESPONSES, ANTHROPIC = NAMES
ENDPOINTS = {CHAT: "/chat/completions", RESPONSES: "/responses", ANTHROPIC: "/messages"}
ASKED: dict[str, dict[str, Any]] = {
    CHAT: {"messages": [{"role": "system", "content": "Be brief."}, *HELLO], "max_completion_tokens": 99},
    RESPONSES: {"instructions": "Be brief.", "input": "Hello!", "max_output_tokens": 99},
    ANTHROPIC: {"system": "Be brief.", "messages": HELLO, "max_tokens": 99},
}
SENT: dict[str, dict[str, Any]] = {
    CHAT: {"messages": ASKED[CHAT]["messages"], "max_tokens": 99},
    RESPONSES: {"instructions": "Be brief.", "input": HELLO, "max_output_tokens": 99, "store": False},
    ANTHROPIC: ASKED[ANTHROPIC],
}
SAID = ChatReply(
    None, "m", (Text("Let me look."), ToolCall("call_1", "w", '{"in":"Paris"}')), "tool_use", usage=Usage(4, 2)
)
DIRECTIONS = [(caller, spoken) for caller in NAMES for spoken in NAMES if caller != spoken]


class Upstream:
    """A server that speaks one format, a gateway in front of it, and what it was sent."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server

    def ask(self, caller: str, spoken: list[str], answer: bytes, kind: str = "application/json", **more: Any) -> Any:
        """The reply to a caller of one format from a provider of others, to which the server gives this answer."""
        self._server.expect_request(f"/v1{ENDPOINTS[spoken[0]]}").respond_with_data(answer, content_type=kind)
        base_url, type_ = self._server.url_for("/v1"), more.pop("type", "up")
        up = {"kind": "upstream", "base_url": base_url, "models": ["*"], "formats": spoken, "type": type_}
        with LocalTo11(providers={"up": {"dialect": "openai", **up}}, sleep=lambda seconds: None) as to11:
            return Caller(to11).send("POST", f"/v1{ENDPOINTS[caller]}", {"model": "up::m", **ASKED[caller], **more})

    @property
    def sent(self) -> Any:
        return json.loads(self._server.log[-1][0].get_data())


@pytest.fixture
def up(httpserver: HTTPServer) -> Upstream:
    return Upstream(httpserver)


@pytest.mark.parametrize("stream", [False, True])
def test_the_body_of_a_translated_call_is_read_once(monkeypatch: pytest.MonkeyPatch, stream: bool) -> None:
    reading, read = FORMATS[ANTHROPIC].read_request, []
    monkeypatch.setattr(type(FORMATS[ANTHROPIC]), "read_request", lambda _, body: read.append(body) or reading(body))
    with LocalTo11() as to11:
        body = {"model": "gpt-4o", "stream": stream, **ASKED[ANTHROPIC]}
        assert Caller(to11).send("POST", "/v1/messages", body).status == 200
    assert len(read) == 1


@pytest.mark.parametrize(("caller", "spoken"), DIRECTIONS)
def test_request_and_reply_are_translated(up: Upstream, caller: str, spoken: str) -> None:
    reply = up.ask(caller, [spoken], json.dumps(FORMATS[spoken].write_reply(SAID)).encode())
    assert reply.status == 200
    assert up.sent == {"model": "m", **SENT[spoken]}
    assert replace(FORMATS[caller].read_reply(reply.json), id=None, created=None) == SAID


@pytest.mark.parametrize(("caller", "spoken"), DIRECTIONS)
def test_streams_are_translated(up: Upstream, caller: str, spoken: str) -> None:
    asked = ChatRequest("m", (), stream=True, include_usage=True)
    stream = b"".join(FORMATS[spoken].write_stream(deltas_of(SAID), asked))
    usage = {"stream_options": {"include_usage": True}}
    reply = up.ask(caller, [spoken], stream, "text/event-stream", stream=True, **(usage if caller == CHAT else {}))
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert up.sent == {"model": "m", **SENT[spoken], "stream": True, **(usage if spoken == CHAT else {})}
    heard = collect(FORMATS[caller].read_stream([reply.body]))
    assert replace(heard, id=None, created=None) == SAID


def test_a_format_that_is_among_those_spoken_is_passed_on_as_it_is(up: Upstream) -> None:
    message = json.dumps(FORMATS[ANTHROPIC].write_reply(SAID)).encode()
    reply = up.ask(ANTHROPIC, [ANTHROPIC, CHAT], message, unknown=1)
    assert reply.body == message
    assert up.sent == {"model": "m", **ASKED[ANTHROPIC], "unknown": 1}


def test_an_effort_makes_a_claude_model_think(to11: LocalTo11) -> None:
    body = {"model": "claude-sonnet-4-6", "input": "Hello!", "reasoning": {"effort": "high"}}
    output = Caller(to11).send("POST", "/v1/responses", body).json["output"]
    assert [item["type"] for item in output] == ["reasoning", "message"]


def test_openai_itself_gets_the_new_name_of_max_tokens(up: Upstream) -> None:
    up.ask(ANTHROPIC, [CHAT], json.dumps(FORMATS[CHAT].write_reply(SAID)).encode(), type="openai")
    assert up.sent["max_completion_tokens"] == 99
    assert "max_tokens" not in up.sent


@pytest.mark.parametrize(("caller", "spoken"), DIRECTIONS)
@pytest.mark.parametrize("body", [b"{}", b'{"type":"error","error":{"type":"api_error","message":"Oops"}}'])
def test_a_reply_without_an_answer_is_502(up: Upstream, caller: str, spoken: str, body: bytes) -> None:
    reply = up.ask(caller, [spoken], body)
    assert (reply.status, reply.headers["x-to11-error-code"]) == (502, "upstream")
    assert "cannot be read" in reply.json["error"]["message"]
