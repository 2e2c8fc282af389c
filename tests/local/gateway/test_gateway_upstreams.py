"""What is sent to two recorded upstreams, an OpenAI-like and an Anthropic-like one, and what comes back of it."""

from __future__ import annotations

import gzip
import json
import socket
import ssl
import threading
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from bound import Api
from gateway_harness import HELLO, Caller, form
from pytest_httpserver import HTTPServer
from werkzeug import Response

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.provider import UnreachableError, UpstreamRequest
from to11ai_sdk.local.gateway.upstream.http_provider import UpstreamProvider

if TYPE_CHECKING:
    from collections.abc import Generator

    from werkzeug import Request

CHAT = (
    b'{"id": "chatcmpl-1",  "object":"chat.completion","created":1,"model":"gpt-4o","choices":[{"index":0,'
    b'"message":{"role":"assistant","content":"Paris."},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":14,"completion_tokens":3,"total_tokens":17},"odd":1.50}'
)
MESSAGE = (
    b'{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-4-6","content":[{"type":"text",'
    b'"text":"Paris."}],"stop_reason":"end_turn","stop_sequence":null,'
    b'"usage":{"input_tokens":10,"cache_read_input_tokens":4,"output_tokens":5}}'
)
CHUNKS = (
    b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"gpt-4o","choices":[{"index":0,"delta":'
    b'{"role":"assistant","content":"Par"},"finish_reason":null}]}\r\n\r\n'
    b": a comment\n\n"
    b'data:{"id":"c","choices":[{"index":0,"delta":{"content":"is"},"finish_reason":"stop"}]}\n\n'
    b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":14,"completion_tokens":3,"total_tokens":17}}\n\n'
    b"data: [DONE]\n\n"
)


class Upstreams:
    """Both upstreams, and what they were sent."""

    def __init__(self, server: HTTPServer) -> None:
        self.server = server
        self.url = server.url_for("")

    @property
    def last(self) -> Request:
        return self.server.log[-1][0]

    def answer(self, path: str, body: bytes, status: int = 200, **headers: str) -> None:
        """What comes for a path from now on."""
        self.server.clear_all_handlers()
        fields = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        self.server.expect_request(path).respond_with_response(Response(body, status, fields))


@pytest.fixture
def up(httpserver: HTTPServer) -> Upstreams:
    return Upstreams(httpserver)


@pytest.fixture
def to11(up: Upstreams, monkeypatch: pytest.MonkeyPatch) -> Generator[LocalTo11]:
    monkeypatch.setenv("MANAGED_KEY", "sk-managed")
    models = {"models": ["*"]}
    providers = {
        "openai": {"kind": "upstream", "base_url": f"{up.url}openai/v1", "key_env": "NO_SUCH_KEY", **models},
        "anthropic": {"kind": "upstream", "base_url": f"{up.url}anthropic/v1", "key_env": "NO_SUCH_KEY", **models},
        "managed": {
            "kind": "upstream",
            "dialect": "anthropic",
            "base_url": f"{up.url}managed",
            "key_env": "MANAGED_KEY",
            **models,
        },
        "mistral": {"kind": "upstream", "base_url": f"{up.url}mistral/v1", "key_env": "NO_SUCH_KEY", **models},
    }
    with LocalTo11(providers=providers, sleep=lambda seconds: None) as local:
        yield local


ODD = (
    b' {"model" : "gpt-4o","messages":[{"role":"user","content":"caf\\u00e9 \xc3\xa9"}], "temperature":1.0,'
    b'"seed":12345678901234567890, "unknown":{"b":1,"a":[1.50,null]}}\n'
)


def test_the_same_format_is_sent_byte_for_byte(to11: LocalTo11, up: Upstreams) -> None:
    up.answer("/openai/v1/chat/completions", CHAT, openai_processing_ms="5")
    body = ODD.replace(b'"gpt-4o"', b'"openai::gpt-4o"')
    reply = Caller(to11).send("POST", "/v1/chat/completions?beta=a%20b", body)
    assert up.last.get_data() == ODD
    assert up.last.query_string == b"beta=a%20b"
    assert (reply.status, reply.body, reply.headers["openai-processing-ms"]) == (200, CHAT, "5")
    span = to11.traces()[0]
    assert (span.input_tokens, span.output_tokens, span.model, span.upstream_model) == (
        14,
        3,
        "openai::gpt-4o",
        "gpt-4o",
    )


def test_messages_are_sent_byte_for_byte(to11: LocalTo11, up: Upstreams) -> None:
    up.answer("/anthropic/v1/messages", MESSAGE)
    body = b'{"max_tokens": 9,"messages":[ ],"model":"anthropic::claude-sonnet-4-6" , "thinking":{"type":"later"}}'
    reply = Caller(to11).send("POST", "/v1/v1/messages", body, anthropic_beta="a-1", anthropic_version="2099-01-01")
    assert up.last.get_data() == body.replace(b"anthropic::", b"")
    assert (up.last.headers["anthropic-beta"], up.last.headers["anthropic-version"]) == ("a-1", "2099-01-01")
    assert reply.body == MESSAGE
    span = to11.traces()[0]
    assert (span.input_tokens, span.output_tokens) == (14, 5)


def test_responses_are_sent_byte_for_byte(to11: LocalTo11, up: Upstreams) -> None:
    content = b'{"id":"resp_1","object":"response","model":"gpt-4o","usage":{"input_tokens":1,"output_tokens":2}}'
    up.answer("/openai/v1/responses", content)
    body = b'{"input":"x",  "model":"openai::gpt-4o"}'
    assert Caller(to11).send("POST", "/v1/responses", body).body == content
    assert up.last.get_data() == b'{"input":"x",  "model":"gpt-4o"}'


USAGE_CHUNK = CHUNKS.split(b"\n\n")[-3] + b"\n\n"


@pytest.mark.parametrize(
    ("options", "sent"),
    [
        ("", b',"stream_options":{"include_usage":true}}'),
        (',"stream_options": null', b'"stream_options": {"include_usage":true}}'),
        (',"stream_options":{"include_usage": false}', b'"stream_options":{"include_usage":true}}'),
        (',"stream_options":{"x": 1.50}', b'"stream_options":{"x":1.5,"include_usage":true}}'),
        (',"stream_options": {"include_usage": true}', b'"stream_options": {"include_usage": true}}'),
        (',"stream_options": "odd"', b'"stream_options": "odd"}'),
    ],
)
def test_a_stream_of_the_same_format_comes_byte_for_byte(
    to11: LocalTo11, up: Upstreams, options: str, sent: bytes
) -> None:
    up.answer("/openai/v1/chat/completions", CHUNKS, content_type="text/event-stream")
    head = b'{ "model":"openai::gpt-4o","messages":[],  "stream":true'
    reply = Caller(to11).send("POST", "/v1/chat/completions", head + options.encode() + b"}")
    assert up.last.get_data().startswith(head.replace(b"openai::", b""))
    assert up.last.get_data().endswith(sent)
    assert reply.body == (CHUNKS if "true" in options else CHUNKS.replace(USAGE_CHUNK, b""))
    span = to11.traces()[0]
    assert (span.is_stream, span.input_tokens, span.output_tokens) == (True, 14, 3)


@pytest.mark.parametrize("shape", ["chat", "message"])
def test_a_server_that_knows_no_stream_options_is_asked_again_without(
    to11: LocalTo11, up: Upstreams, shape: str
) -> None:
    def strict(request: Request) -> Response:
        if b"stream_options" in request.get_data():
            return Response(b'{"detail": "extra: body.stream_options"}', 422, content_type="application/json")
        return Response(CHUNKS, 200, content_type="text/event-stream")

    up.server.clear_all_handlers()
    up.server.expect_request("/openai/v1/chat/completions").respond_with_handler(strict)
    caller = Caller(to11)
    reply = (caller.chat if shape == "chat" else caller.message)("openai::gpt-4o", stream=True)
    assert (reply.status, len(up.server.log)) == (200, 2)
    assert b"Par" in reply.body
    assert to11.traces()[0].output_tokens == 3


def test_a_server_that_refuses_the_callers_own_stream_options_is_asked_once(to11: LocalTo11, up: Upstreams) -> None:
    up.answer("/openai/v1/chat/completions", b"no stream_options", 422)
    options = {"include_usage": True}
    assert Caller(to11).chat("openai::gpt-4o", stream=True, stream_options=options).status == 422
    assert len(up.server.log) == 1


@pytest.mark.parametrize("status", [300, 301, 302, 304, 307, 308])
@pytest.mark.parametrize("path", ["chat/completions", "messages", "embeddings", "mistral/x"])
def test_a_redirect_of_a_provider_goes_no_further(to11: LocalTo11, up: Upstreams, path: str, status: int) -> None:
    server = "mistral/v1/x" if path == "mistral/x" else f"openai/v1/{path.replace('messages', 'chat/completions')}"
    up.answer(f"/{server}", b"there", status, location="http://elsewhere.example/")
    body = {"model": "openai::m", "messages": HELLO, "max_tokens": 9}
    reply = Caller(to11).send("POST", f"/v1/{path}", body)
    provider = "mistral" if path == "mistral/x" else "openai"
    assert (reply.status, reply.headers["x-to11-error-code"]) == (502, "upstream")
    assert reply.headers["x-to11-upstream-provider"] == provider
    assert "location" not in reply.headers
    assert "base_url" in reply.json["error"]["message"]
    assert len(up.server.log) == 1


def test_a_form_is_sent_byte_for_byte(to11: LocalTo11, up: Upstreams) -> None:
    up.answer("/openai/v1/audio/transcriptions", b'{"text":"hi"}')
    sound = bytes(range(256)) * 50 + b'\r\n\r\nname="model"\r\n\r\n'
    for given, sent in (("openai::whisper-1", "whisper-1"), ("openai::x", "x")):
        content, content_type = form(file=sound, model=given, language="en")
        reply = Caller(to11).send("POST", "/v1/audio/transcriptions", content, content_type=content_type)
        assert reply.json == {"text": "hi"}
        assert up.last.get_data() == form(file=sound, model=sent, language="en")[0]
        assert up.last.headers["content-type"] == content_type


def test_the_version_that_mistrals_own_sdk_adds_counts_once(to11: LocalTo11, up: Upstreams) -> None:
    up.answer("/mistral/v1/fim/completions", b"{}")
    assert Caller(to11).send("POST", "/v1/mistral/v1/fim/completions", {"model": "m"}).status == 200
    up.answer("/mistral/v1/v1beta", b"{}")
    assert Caller(to11).send("POST", "/v1/mistral/v1beta", {"model": "m"}).status == 200


def test_native_passthrough_is_sent_byte_for_byte(to11: LocalTo11, up: Upstreams) -> None:
    up.answer("/mistral/v1/fim/completions", b"\x00\x01", 418, content_type="application/x-odd", x_odd="1")
    body = b"\x00 \xff not JSON"
    reply = Caller(to11).send("POST", "/v1/mistral/fim/completions?a=1&b", body, authorization="Bearer sk-mine")
    assert up.last.get_data() == body
    assert up.last.query_string == b"a=1&b"
    assert up.last.headers["authorization"] == "Bearer sk-mine"
    assert (reply.status, reply.body, reply.headers["x-odd"]) == (418, b"\x00\x01", "1")
    assert reply.headers["content-type"] == "application/x-odd"


OURS = {
    "x_to11_env": "staging",
    "x_to11_prompt_id": "prompt_1",
    "x_to11_user_id": "u",
    "x_genai_sdk": "openai",
    "x_conversation_id": "c",
    "cookie": "a=b",
    "connection": "keep-alive, x-hop",
    "x_hop": "1",
    "te": "trailers",
    "proxy_authorization": "Basic x",
    "x_forwarded_for": "10.0.0.1",
}


@pytest.mark.parametrize("provider", ["openai", "anthropic", "managed"])
def test_nothing_of_to11_leaks_upstream(to11: LocalTo11, up: Upstreams, provider: str) -> None:
    path = {"openai": "/openai/v1/chat/completions", "anthropic": "/anthropic/v1/messages"}.get(
        provider, "/managed/messages"
    )
    up.answer(path, CHAT if provider == "openai" else MESSAGE)
    body = {"model": f"{provider}::m", "messages": HELLO}
    key = f"Bearer {to11.api_key}"
    reply = Caller(to11).send("POST", "/v1/chat/completions", body, authorization=key, x_api_key=to11.api_key, **OURS)
    assert reply.status == 200
    sent = {name.lower(): value for name, value in up.last.headers.items()}
    assert to11.api_key not in str(sent)
    assert to11.project_id not in str(sent)
    expected = {"host", "content-type", "content-length", "accept-encoding", "traceparent"}
    if provider != "openai":
        expected.add("anthropic-version")
    if provider == "managed":
        expected.add("x-api-key")
    assert set(sent) == expected
    assert sent["traceparent"] == reply.headers["traceparent"]
    assert sent["accept-encoding"] == "identity"


@pytest.mark.parametrize("given", [{"authorization": "Bearer sk-mine"}, {"x_api_key": "sk-mine"}])
@pytest.mark.parametrize("endpoint", ["chat/completions", "messages"])
def test_the_callers_key_goes_to_the_provider_in_its_own_header(
    to11: LocalTo11, up: Upstreams, given: dict[str, str], endpoint: str
) -> None:
    caller, body = Caller(to11), {"max_tokens": 9, "messages": HELLO}
    up.answer("/openai/v1/chat/completions", CHAT)
    caller.send("POST", f"/v1/{endpoint}", {"model": "openai::m", **body}, **given)
    assert up.last.headers.get("authorization") == "Bearer sk-mine"
    assert "x-api-key" not in up.last.headers
    up.answer("/anthropic/v1/messages", MESSAGE)
    caller.send("POST", f"/v1/{endpoint}", {"model": "anthropic::m", **body}, **given)
    assert up.last.headers.get("x-api-key") == "sk-mine"
    assert "authorization" not in up.last.headers


@pytest.mark.parametrize("key", ["sk-mine", "managed-by-to11"])
def test_a_managed_key_wins(to11: LocalTo11, up: Upstreams, key: str) -> None:
    up.answer("/managed/messages", MESSAGE)
    Caller(to11).message("managed::m", x_api_key=key)
    body = {"model": "managed::m", "max_tokens": 9, "messages": HELLO}
    Caller(to11).send("POST", "/v1/messages", body, x_api_key=key)
    assert up.last.headers["x-api-key"] == "sk-managed"


@pytest.mark.parametrize("key", ["managed-by-to11", "to11_live_something"])
def test_a_placeholder_is_no_key(to11: LocalTo11, up: Upstreams, key: str) -> None:
    up.answer("/openai/v1/chat/completions", CHAT)
    body = {"model": "openai::m", "messages": HELLO}
    Caller(to11).send("POST", "/v1/chat/completions", body, authorization=f"Bearer {key}")
    assert "authorization" not in up.last.headers


LEAKS = [
    {"authorization": "Bearer KEY"},
    {"authorization": "Token KEY"},
    {"authorization": "KEY"},
    {"api_key": "KEY"},
    {"x_goog_api_key": "KEY"},
    {"x_api_key": "Bearer KEY"},
    {"x_own": "a, KEY"},
]


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("path", ["chat/completions", "messages", "mistral/x"])
def test_the_to11_key_is_forwarded_from_no_header(
    to11: LocalTo11, up: Upstreams, path: str, leak: dict[str, str]
) -> None:
    for place, content in (("mistral/v1/x", b"{}"), ("openai/v1/chat/completions", CHAT)):
        up.server.expect_request(f"/{place}").respond_with_data(content, content_type="application/json")
    body = {"model": "openai::m", "max_tokens": 9, "messages": HELLO}
    given: dict[str, Any] = {name: value.replace("KEY", to11.api_key) for name, value in leak.items()}
    assert Caller(to11).send("POST", f"/v1/{path}", body, **given).status == 200
    sent = {name.lower(): value for name, value in up.last.headers.items()}
    assert not set(sent) & {name.replace("_", "-") for name in leak}
    assert to11.api_key not in str(sent)


@pytest.mark.parametrize("path", ["mistral/x", "chat/completions"])
def test_the_to11_key_is_forwarded_from_no_query(to11: LocalTo11, up: Upstreams, path: str) -> None:
    up.answer("/mistral/v1/x" if path == "mistral/x" else "/openai/v1/chat/completions", CHAT)
    query = f"a=%20&key={to11.api_key.replace('_', '%5F')}&b"
    Caller(to11).send("POST", f"/v1/{path}?{query}", {"model": "openai::m", "messages": HELLO})
    assert up.last.query_string == b"a=%20&b"


@pytest.mark.parametrize("name", ["api-key", "x-goog-api-key"])
def test_a_key_for_azure_or_google_goes_where_no_managed_key_does(to11: LocalTo11, up: Upstreams, name: str) -> None:
    up.answer("/openai/v1/chat/completions", CHAT)
    given: dict[str, Any] = {name.replace("-", "_"): "sk-mine"}
    Caller(to11).send("POST", "/v1/chat/completions", {"model": "openai::m", "messages": HELLO}, **given)
    assert up.last.headers[name] == "sk-mine"
    assert "sk-mine" not in str(to11.requests)
    up.answer("/managed/messages", MESSAGE)
    body = {"model": "managed::m", "max_tokens": 9, "messages": HELLO}
    Caller(to11).send("POST", "/v1/messages", body, authorization="Bearer sk-mine", **given)
    assert "sk-mine" not in str(up.last.headers)


def test_a_managed_key_that_no_header_can_hold_is_told_and_not_shown(
    to11: LocalTo11, up: Upstreams, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MANAGED_KEY", "sk-managed\nsk-other")
    reply = Caller(to11).message("managed::m")
    assert (reply.status, reply.headers["x-to11-error-code"]) == (500, "internal")
    assert "MANAGED_KEY must hold only" in reply.json["error"]["message"]
    assert "sk-" not in reply.body.decode() + caplog.text
    assert up.server.log == []


def test_a_chat_request_for_anthropic_is_translated(to11: LocalTo11, up: Upstreams) -> None:
    up.answer("/anthropic/v1/messages", MESSAGE)
    function = {"name": "f", "description": "d", "parameters": {"type": "object", "properties": {}}}
    body = {
        "model": "anthropic::claude-sonnet-4-6",
        "messages": [{"role": "system", "content": "Be brief."}, *HELLO],
        "tools": [{"type": "function", "function": function}],
    }
    reply = Caller(to11).send("POST", "/v1/chat/completions?q=1", body, openai_organization="org", anthropic_beta="b")
    sent = json.loads(up.last.get_data())
    assert up.last.query_string == b""
    assert "openai-organization" not in up.last.headers
    assert (sent["model"], sent["max_tokens"] > 0) == ("claude-sonnet-4-6", True)
    assert "Be brief." in json.dumps(sent["system"])
    assert sent["tools"] == [{"name": "f", "description": "d", "input_schema": function["parameters"]}]
    assert reply.json["choices"][0]["message"]["content"] == "Paris."
    assert reply.json["usage"]["total_tokens"] == 19


def test_a_message_for_openai_is_translated_and_its_stream_asks_for_usage(to11: LocalTo11, up: Upstreams) -> None:
    up.answer("/openai/v1/chat/completions", CHUNKS, content_type="text/event-stream")
    reply = Caller(to11).message("openai::gpt-4o", system="Be brief.", stream=True)
    sent = json.loads(up.last.get_data())
    assert sent["messages"][0] == {"role": "system", "content": "Be brief."}
    assert sent["stream_options"] == {"include_usage": True}
    texts = [event["delta"]["text"] for event in reply.events if event["type"] == "content_block_delta"]
    assert texts == ["Par", "is"]
    assert to11.traces()[0].output_tokens == 3


def test_a_reply_that_is_no_stream_is_made_one_for_a_caller_that_wants_one(to11: LocalTo11, up: Upstreams) -> None:
    up.answer("/openai/v1/chat/completions", CHAT)
    reply = Caller(to11).message("openai::gpt-4o", stream=True)
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.events[-1]["type"] == "message_stop"


@pytest.mark.parametrize("status", [400, 401, 404, 429])
def test_an_error_of_the_same_format_comes_byte_for_byte(to11: LocalTo11, up: Upstreams, status: int) -> None:
    content = b'{"error":  {"message":"No.","type":"odd","param":null,"code":"c"}}'
    up.answer("/openai/v1/chat/completions", content, status, retry_after="9", x_request_id="u")
    reply = Caller(to11).chat("openai::m")
    assert (reply.status, reply.body, reply.headers["x-request-id"]) == (status, content, "u")
    assert reply.headers.get("retry-after") == ("9" if status == 429 else None)
    translated = Caller(to11).message("openai::m")
    assert (translated.status, translated.json["error"]["message"]) == (status, "No.")


def test_what_a_provider_says_when_it_fails_stays_behind(to11: LocalTo11, up: Upstreams) -> None:
    up.answer("/openai/v1/chat/completions", b"<html>secret internals</html>", 500, content_type="text/html")
    reply = Caller(to11).chat("openai::m")
    assert (reply.status, reply.json["error"]["message"]) == (502, "provider returned status 500")
    assert len(up.server.log) == 3


def test_a_reply_that_cannot_be_read_is_502_where_it_must_be_read(to11: LocalTo11, up: Upstreams) -> None:
    up.answer("/openai/v1/chat/completions", b"no JSON")
    assert Caller(to11).chat("openai::m").body == b"no JSON"
    reply = Caller(to11).message("openai::m")
    assert (reply.status, reply.headers["x-to11-error-code"]) == (502, "upstream")
    assert reply.json["error"]["message"].endswith("it is not JSON")


@pytest.mark.parametrize("kind", ["Application/JSON", "text/json", "text/plain", ""])
def test_a_reply_is_read_whatever_it_is_called(up: Upstreams, kind: str) -> None:
    up.answer("/chat/completions", CHAT, content_type=kind)
    provider = {"kind": "upstream", "dialect": "openai", "base_url": up.url, "models": ["*"]}
    with LocalTo11(providers={"up": provider}) as to11:
        assert Caller(to11).message("up::m").json["content"][0]["text"] == "Paris."
    config = {"guardrails": {"enabled": True, "blocklist": ["paris"]}, "providers": {"up": provider}}
    with LocalTo11(config=config) as to11:
        assert Caller(to11).chat("up::m").status == 422
        up.answer("/chat/completions", b"Go to Paris", content_type=kind)
        assert Caller(to11).chat("up::m").status == 422


@pytest.mark.parametrize("shape", ["chat", "message"])
def test_a_reply_that_is_compressed_all_the_same_is_unpacked(to11: LocalTo11, up: Upstreams, shape: str) -> None:
    up.answer("/openai/v1/chat/completions", gzip.compress(CHAT), content_encoding="gzip")
    caller = Caller(to11)
    reply = (caller.chat if shape == "chat" else caller.message)("openai::m")
    assert (reply.status, b"Paris." in reply.body, "content-encoding" in reply.headers) == (200, True, False)
    assert reply.body == CHAT or shape == "message"
    up.answer("/openai/v1/chat/completions", CHAT, content_encoding="br")
    reply = (caller.chat if shape == "chat" else caller.message)("openai::m")
    assert (reply.status, reply.headers["x-to11-error-code"]) == (502, "upstream")
    assert "'br'" in reply.json["error"]["message"]


def test_a_compressed_stream_is_unpacked(to11: LocalTo11, up: Upstreams) -> None:
    headers: dict[str, Any] = {"content_type": "text/event-stream", "content_encoding": "gzip"}
    up.answer("/openai/v1/chat/completions", gzip.compress(CHUNKS), **headers)
    assert Caller(to11).chat("openai::m", stream=True).body == CHUNKS.replace(USAGE_CHUNK, b"")


@pytest.mark.parametrize("method", ["DELETE", "HEAD"])
def test_a_reply_without_a_body_has_no_length(to11: LocalTo11, up: Upstreams, method: str) -> None:
    up.server.expect_request("/mistral/v1/x").respond_with_response(Response(status=204))
    reply = Caller(to11).send(method, "/v1/mistral/x")
    assert (reply.status, reply.body, "content-length" in reply.headers) == (204, b"", False)
    span = to11.traces()[0]
    assert (span.status, span.error_code) == (204, None)


def test_headers_that_are_not_the_callers_to_see_stay_behind(to11: LocalTo11, up: Upstreams) -> None:
    given: Any = {"set_cookie": "a=b", "x_to11_cache": "hit", "server": "x", "location": "http://x/", "x_rate": "7"}
    up.answer("/openai/v1/chat/completions", CHAT, **given)
    reply = Caller(to11).chat("openai::m")
    assert reply.headers["x-rate"] == "7"
    assert reply.headers["server"] == "to11-local"
    assert not {"set-cookie", "x-to11-cache", "location"} & set(reply.headers)


def test_parameters_of_a_rule_are_added_and_the_callers_win(to11: LocalTo11, up: Upstreams) -> None:
    api = Api.of(to11)
    params = {"temperature": 0.5, "max_tokens": 7}
    target = {"providerId": "openai", "modelId": "gpt-4o", "params": params}
    snapshot = {"endpoint": "chat", "name": "fast", "strategy": "single", "target": target}
    version = api.versions.create(rule_id="r", snapshot=snapshot)
    api.releases.set(rule_id="r", env_slug="prod", strategy="single", version_id=version.id)
    up.answer("/openai/v1/chat/completions", CHAT)
    body = b'{ "temperature": 0.10, "model":"route::fast","messages":[] }'
    assert Caller(to11).send("POST", "/v1/chat/completions", body).status == 200
    assert up.last.get_data() == b'{ "temperature": 0.10, "model":"gpt-4o","messages":[],"max_tokens":7}'
    span = to11.traces()[0]
    assert (span.rule_id, span.version_id, span.model) == ("r", version.id, "route::fast")


@pytest.mark.parametrize(
    ("params", "sent"),
    [
        ({"stop": "END"}, {"stop": ["END"]}),
        ({"temperature": 0.5, "top_p": 1}, {"temperature": 0.5, "top_p": 1}),
        ({"seed": 7, "frequency_penalty": 0.5}, {"seed": 7, "frequency_penalty": 0.5}),
    ],
)
def test_parameters_of_a_rule_reach_a_provider_of_another_format(
    to11: LocalTo11, up: Upstreams, params: dict[str, Any], sent: dict[str, Any]
) -> None:
    api = Api.of(to11)
    target = {"providerId": "openai", "modelId": "gpt-4o", "params": params}
    snapshot = {"endpoint": "chat", "name": "fast", "strategy": "single", "target": target}
    version = api.versions.create(rule_id="r", snapshot=snapshot)
    api.releases.set(rule_id="r", env_slug="prod", strategy="single", version_id=version.id)
    up.answer("/openai/v1/chat/completions", CHAT)
    body = {"model": "route::fast", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 9}
    assert Caller(to11).send("POST", "/v1/messages", body).status == 200
    asked = json.loads(up.last.get_data())
    assert asked == {"model": "gpt-4o", "messages": body["messages"], "max_completion_tokens": 9, **sent}
    refused = Caller(to11).send("POST", "/v1/messages", {**body, "seed": 7})
    assert (refused.status, refused.json["error"]["details"]["field"]) == (400, "seed")


def test_fallback_skips_a_target_that_cannot_take_the_request(up: Upstreams) -> None:
    def provider(name: str) -> dict[str, Any]:
        return {"kind": "upstream", "dialect": "openai", "base_url": f"{up.url}{name}", "models": ["*"]}

    up.answer("/last/chat/completions", CHAT)  # anything else is answered with 500
    claude = {"providerId": "anthropic", "modelId": "claude-sonnet-4-6"}
    first, last = ({"providerId": name, "modelId": "m"} for name in ("first", "last"))
    with LocalTo11(providers={name: provider(name) for name in ("first", "last")}, sleep=lambda seconds: None) as to11:
        for place, chain in enumerate([[first, claude, last], [first, claude], [claude, last]]):
            api = Api.of(to11)
            snapshot = {"endpoint": "chat", "strategy": "fallback", "retry": {"maxRetries": 0}, "chain": chain}
            version = api.versions.create(rule_id=f"r{place}", snapshot=snapshot)
            api.releases.set(rule_id=f"r{place}", env_slug="prod", strategy="single", version_id=version.id)
        replies = [Caller(to11).chat(f"route::r{place}", seed=7) for place in range(3)]
        assert [reply.status for reply in replies] == [200, 502, 400]
        assert "provider returned status 500" in replies[1].json["error"]["message"]
        assert replies[2].json["error"]["details"]["field"] == "seed"
        assert [span.provider_id for span in reversed(to11.traces())] == ["last", "first", "anthropic"]


def test_fallback_goes_on_after_5xx_and_lost_connections_and_not_after_4xx(up: Upstreams) -> None:
    waits: list[float] = []
    providers: dict[str, Any] = {
        "down": {"kind": "upstream", "dialect": "openai", "base_url": "http://127.0.0.1:9", "models": ["*"]},
        "failing": {"kind": "upstream", "dialect": "openai", "base_url": f"{up.url}f", "models": ["*"]},
    }
    up.answer("/f/chat/completions", b"{}", 503)
    targets = [{"providerId": name, "modelId": "m"} for name in ("down", "failing")]
    snapshot = {
        "endpoint": "chat",
        "strategy": "fallback",
        "retry": {"maxRetries": 1, "backoffBaseMs": 100},
        "chain": [*targets, {"providerId": "anthropic", "modelId": "claude-sonnet-4-6"}],
    }
    with LocalTo11(providers=providers, sleep=waits.append) as to11:
        api = Api.of(to11)
        version = api.versions.create(rule_id="r", snapshot=snapshot)
        api.releases.set(rule_id="r", env_slug="prod", strategy="single", version_id=version.id)
        reply = Caller(to11).chat("route::r")
        assert reply.json["choices"][0]["message"]["content"] == "echo: Hello!"
        assert to11.traces()[0].provider_id == "anthropic"
        assert (len(up.server.log), waits) == (2, [0.1, 0.1])
        up.answer("/f/chat/completions", b'{"error":{"message":"No."}}', 429)
        assert Caller(to11).chat("route::r").status == 429
        assert len(up.server.log) == 3


def test_a_target_is_tried_again_twice_with_growing_waits() -> None:
    waits: list[float] = []
    with LocalTo11(sleep=waits.append) as to11:
        assert Caller(to11).chat(text="[[echo:status=503,times=2]] hi").status == 200
        assert waits == [0.5, 1.0]
        assert Caller(to11).chat("echo-unreachable").status == 502
        assert waits == [0.5, 1.0] * 2
        assert Caller(to11).chat("echo-status-429").status == 429
        assert len(waits) == 4


def test_tls_and_slowness(tmp_path: Any) -> None:
    providers = {
        "tls": {"kind": "upstream", "dialect": "openai", "base_url": "https://127.0.0.1:9/v1", "models": ["*"]},
        "slow": {"kind": "echo", "dialect": "openai", "models": ["m"], "timeout": 0.5},
    }
    with LocalTo11(providers=providers, sleep=lambda seconds: None) as to11:
        refused, slow = Caller(to11).chat("tls::m"), Caller(to11).chat("slow::m", "[[echo:slow=60]]")
    assert refused.json["error"]["message"] == "no answer from the provider tls: the connection was refused"
    assert slow.json["error"]["message"] == "no answer from the provider slow: no answer within 0.5 s"
    # Only the second was reached.
    assert [reply.headers.get("x-to11-upstream-provider") for reply in (refused, slow)] == [None, "slow"]


def test_a_server_that_hangs_up_without_an_answer_was_reached() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        accepting = threading.Thread(target=lambda: listener.accept()[0].close())
        accepting.start()
        request = UpstreamRequest("GET", "/models", {}, b"")
        with pytest.raises(UnreachableError, match="the connection broke") as caught:
            UpstreamProvider(dialect="openai", base_url=url).send(request)
        accepting.join()
    assert caught.value.was_connected


def test_a_native_call_may_bring_a_signature_and_odd_paths(to11: LocalTo11, up: Upstreams) -> None:
    up.server.clear_all_handlers()
    up.server.expect_request("/mistral/v1/\u00e9 a/x").respond_with_data(b"ok")
    signature = "AWS4-HMAC-SHA256 Credential=x"
    reply = Caller(to11).send("GET", "/v1/mistral/%C3%A9%20a/x", authorization=signature)
    assert reply.body == b"ok"
    assert up.last.headers["authorization"] == signature
    Caller(to11).send("POST", "/v1/chat/completions", {"model": "openai::m", "messages": []}, authorization=signature)
    assert "authorization" not in up.last.headers


def test_errors_of_a_third_dialect_are_said_in_the_callers(to11: LocalTo11) -> None:
    body = {"model": "cohere::echo-status-429", "query": "a", "documents": ["a"]}
    reply = Caller(to11).send("POST", "/v1/rerank", body)
    assert (reply.status, reply.headers["x-to11-error-code"]) == (429, "rate_limit")
    assert "as the request asked for" in reply.json["error"]["message"]


def test_a_head_request_leaves_the_connection_in_order(to11: LocalTo11) -> None:
    reply = Caller(to11).send("HEAD", "/v1/models")
    assert (reply.status, reply.body) == (200, b"")
    assert int(reply.headers["content-length"]) > 100


def test_tls_is_checked_against_the_authorities() -> None:
    authority = trustme.CA()
    serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(serving)
    authority.configure_trust(trusting)
    request = UpstreamRequest("GET", "/models", {}, b"", "sk-mine")
    with HTTPServer(host="127.0.0.1", ssl_context=serving) as server:
        server.expect_request("/v1/models").respond_with_data(b"ok")
        url = server.url_for("/v1/")
        reply = UpstreamProvider(dialect="openai", base_url=url, context=trusting).send(request)
        assert b"".join(reply.body) == b"ok"
        assert server.log[-1][0].headers["authorization"] == "Bearer sk-mine"
        with pytest.raises(UnreachableError, match="TLS") as caught:
            UpstreamProvider(dialect="openai", base_url=url).send(request)
        assert not caught.value.was_connected
