"""Spans for an OpenTelemetry collector: what they say, how they join a trace, and that no reply waits for them."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from bound import Api
from collector import Collector, known
from gateway_harness import HELLO, Caller, saying
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from raw_provider import RawProvider, reply
from telemetry_harness import PARENT, TRACE, assert_has, calling, one, warnings_of
from test_readme import blocks

from to11ai_sdk.cli import main
from to11ai_sdk.gateway import gateway_prompt_headers
from to11ai_sdk.local import LocalTo11, bounds
from to11ai_sdk.local.gateway.telemetry import call_details, gen_ai
from to11ai_sdk.local.gateway.telemetry import collector as collector_room
from to11ai_sdk.local.gateway.telemetry.lost_spans import LostSpans

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.usefixtures("instant_export")
PAGE = (Path(__file__).parents[3] / "docs" / "opentelemetry.md").read_text("utf-8")


def test_a_chat_is_a_span_by_the_conventions(collector: Collector) -> None:
    with calling(collector) as caller:
        parameters = {"temperature": 0.5, "top_p": 1, "max_tokens": 7, "seed": 3, "n": 1, "frequency_penalty": 0.25}
        got = caller.send(
            "POST",
            "/v1/chat/completions",
            {"model": "gpt-4o", "messages": HELLO, **parameters},
            x_to11_conversation_id="conv_1",
            x_to11_session_id="s_1",
        )
        (kept,), project_id = caller.to11.traces(), caller.to11.project_id
    span, attributes = one(collector)
    assert (span.name, span.kind, span.status.code) == (
        "chat gpt-4o",
        SentSpan.SPAN_KIND_CLIENT,
        Status.STATUS_CODE_UNSET,
    )
    assert attributes == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 1.0,
        "gen_ai.request.max_tokens": 7,
        "gen_ai.request.seed": 3,
        "gen_ai.request.frequency_penalty": 0.25,
        "gen_ai.response.id": got.json["id"],
        "gen_ai.response.model": "gpt-4o",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": got.json["usage"]["prompt_tokens"],
        "gen_ai.usage.output_tokens": got.json["usage"]["completion_tokens"],
        "gen_ai.conversation.id": "conv_1",
        "session.id": "s_1",
        "http.response.status_code": 200,
        "to11.environment": "prod",
        "to11.project.id": project_id,
        "to11.provider.id": "openai",
        "to11.request.id": got.headers["x-to11-request-id"],
    }
    assert (span.trace_id.hex(), span.span_id.hex(), span.parent_span_id) == (kept.trace_id, kept.span_id, b"")
    assert span.end_time_unix_nano - span.start_time_unix_nano == int(kept.latency_ms * 1e6)
    assert abs(span.start_time_unix_nano / 1e9 - time.time()) < 600


def test_the_resource_names_the_service_which_the_environment_may_rename(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    with calling(collector) as caller:
        caller.chat()
    monkeypatch.setenv("OTEL_SERVICE_NAME", "mine")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=dev")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-api-key=abc%20d")
    with calling(collector) as caller:
        caller.chat()
    first, second = (known(request.resource_spans[0].resource) for request in collector.requests)
    assert first["service.name"] == "to11-local"
    assert (second["service.name"], second["deployment.environment.name"]) == ("mine", "dev")
    assert collector.headers[1]["x-api-key"] == "abc d"
    assert collector.paths == ["/v1/traces"] * 2


def test_it_joins_the_callers_trace_and_the_providers_spans_are_its_children(collector: Collector) -> None:
    with RawProvider() as provider, calling(collector, providers={"up": provider.config}) as caller:
        port = urlsplit(provider.url).port
        flags = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=1"}
        got = caller.send("POST", "/v1/chat/completions", {"model": "up::m", "messages": HELLO}, **flags)
    span, attributes = one(collector)
    assert (span.trace_id.hex(), span.parent_span_id.hex(), span.trace_state) == (TRACE, PARENT, "vendor=1")
    here = f"00-{TRACE}-{span.span_id.hex()}-01"
    assert got.headers["traceparent"] == here
    assert f"traceparent: {here}\r\n".encode() in provider.requests[0].lower()
    assert_has(attributes, server__address="127.0.0.1", server__port=port, gen_ai__request__model="m")
    assert attributes["to11.request.model"] == "up::m"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("vendor=1, t61@rs=a b ,,x*/_-=~", "vendor=1,t61@rs=a b,x*/_-=~"),
        (",".join(f"k{number}=v" for number in range(32)), ",".join(f"k{number}=v" for number in range(32))),
        (",".join(f"k{number}=v" for number in range(33)), ""),
        ("a=1,a=2", ""), ("UP=1", ""), ("a=1,b", ""), ("a=\xe9", ""), ("a=" + "x" * 300, ""), ("a=b=c", ""), (",,", ""),
    ],
)  # fmt: skip
def test_a_trace_state_is_kept_if_it_is_valid_and_else_costs_nothing(
    collector: Collector, caplog: pytest.LogCaptureFixture, given: str, kept: str
) -> None:
    with calling(collector) as caller:
        flags = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": given}
        assert (
            caller.send("POST", "/v1/chat/completions", {"model": "gpt-4o", "messages": HELLO}, **flags).status == 200
        )
    span, _ = one(collector)
    assert (span.parent_span_id.hex(), span.trace_state) == (PARENT, kept)
    assert warnings_of(caplog) == []


def test_a_trace_that_is_not_sampled_is_not_sent(collector: Collector) -> None:
    with calling(collector) as caller:
        for flags in ("00", "02", "03", "01"):
            body = {"model": "gpt-4o", "messages": HELLO}
            caller.send("POST", "/v1/chat/completions", body, traceparent=f"00-{TRACE}-{PARENT}-{flags}")
        assert len(caller.to11.traces()) == 4
    assert len(collector.spans) == 2


STREAMS: dict[str, tuple[str, str, dict[str, Any], str]] = {
    "chat": ("/v1/chat/completions", "gpt-4o", {"messages": HELLO}, "stop"),
    "messages": ("/v1/messages", "claude-sonnet-4-6", {"messages": HELLO, "max_tokens": 9}, "end_turn"),
    "responses": ("/v1/responses", "gpt-4o", {"input": "Hello!"}, "completed"),
    "translated": ("/v1/messages", "gpt-4o", {"messages": HELLO, "max_tokens": 9}, "stop"),
}


@pytest.mark.parametrize("streams", [True, False])
@pytest.mark.parametrize("kind", STREAMS)
def test_each_format_as_a_stream_and_at_once(collector: Collector, kind: str, streams: bool) -> None:
    path, model, body, reason = STREAMS[kind]
    with calling(collector) as caller:
        assert caller.send("POST", path, {"model": model, "stream": streams, **body}).status == 200
        (kept,) = caller.to11.traces()
    span, attributes = one(collector)
    assert span.name == f"chat {model}"
    assert_has(
        attributes,
        gen_ai__usage__input_tokens=kept.input_tokens,
        gen_ai__usage__output_tokens=kept.output_tokens,
        gen_ai__request__stream=True if streams else None,
        gen_ai__response__model=model,
    )
    assert attributes["gen_ai.response.finish_reasons"] == [reason]
    assert attributes["gen_ai.response.id"]
    assert ("gen_ai.response.time_to_first_chunk" in attributes) == streams


OPENAI_USAGE = {
    "prompt_tokens": 100,
    "completion_tokens": 50,
    "prompt_tokens_details": {"cached_tokens": 40, "cache_write_tokens": 10, "audio_tokens": 5, "text_tokens": 95},
    "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 7, "text_tokens": 0},
}
OPENAI_PARTS = {
    "input_tokens": 100, "output_tokens": 50, "cache_read.input_tokens": 40, "cache_write.input_tokens": 10,
    "audio.input_tokens": 5, "text.input_tokens": 95, "reasoning.output_tokens": 20, "audio.output_tokens": 7,
}  # fmt: skip
ANTHROPIC_USAGE = {
    "input_tokens": 10,
    "output_tokens": 5,
    "cache_read_input_tokens": 3,
    "cache_creation_input_tokens": 4,
}
ANTHROPIC_PARTS = {"input_tokens": 17, "output_tokens": 5, "cache_read.input_tokens": 3, "cache_write.input_tokens": 4}


def usage_of(attributes: dict[str, Any]) -> dict[str, Any]:
    prefix = "gen_ai.usage."
    return {name.removeprefix(prefix): value for name, value in attributes.items() if name.startswith(prefix)}


@pytest.mark.parametrize(
    ("usage", "parts"),
    [
        (OPENAI_USAGE, OPENAI_PARTS),
        # What proxies add of other formats is not counted twice.
        ({**OPENAI_USAGE, "cache_read_input_tokens": 40, "cache_creation_input_tokens": 10}, OPENAI_PARTS),
        (
            {"prompt_tokens": 9, "completion_tokens": 1, "prompt_cache_hit_tokens": 8, "prompt_tokens_details": None},
            {"input_tokens": 9, "output_tokens": 1, "cache_read.input_tokens": 8},
        ),
        (
            {"input_tokens": 9, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 8},
             "cache_read_input_tokens": 8, "output_tokens_details": {"reasoning_tokens": 1}},
            {"input_tokens": 9, "output_tokens": 2, "cache_read.input_tokens": 8, "reasoning.output_tokens": 1},
        ),
        (ANTHROPIC_USAGE, ANTHROPIC_PARTS),
        (
            {**ANTHROPIC_USAGE, "output_tokens_details": {"thinking_tokens": 2}},
            {**ANTHROPIC_PARTS, "reasoning.output_tokens": 2},
        ),
        (
            {"prompt_tokens": 9, "prompt_tokens_details": {"cached_tokens": -1, "audio_tokens": "x"},
             "completion_tokens_details": [3]},
            {"input_tokens": 9},
        ),
    ],
    ids=["chat", "both names", "deepseek", "responses", "messages", "thinking", "nonsense"],
)  # fmt: skip
def test_tokens_are_counted_by_kind_and_none_twice(
    collector: Collector, usage: dict[str, Any], parts: dict[str, int]
) -> None:
    content = {"id": "r", "model": "m", "choices": [], "usage": usage}
    body = reply(json.dumps(content).encode(), "content-type: application/json")
    with RawProvider(lambda request: body) as provider, calling(collector, providers={"up": provider.config}) as caller:
        caller.chat(model="up::m")
        (kept,) = caller.to11.traces()
    assert usage_of(known(collector.spans[0])) == parts
    assert kept.input_tokens == parts["input_tokens"]


def test_the_parts_of_a_translated_stream_are_counted_too(collector: Collector) -> None:
    chunk = {"id": "r", "model": "m", "choices": [{"index": 0, "delta": {"content": "Hi"}, "finish_reason": "length"}]}
    last = {**chunk, "choices": [], "usage": OPENAI_USAGE}
    events = "".join(f"data: {json.dumps(each)}\n\n" for each in (chunk, last)) + "data: [DONE]\n\n"
    body = reply(events.encode(), "content-type: text/event-stream")
    with RawProvider(lambda request: body) as provider, calling(collector, providers={"up": provider.config}) as caller:
        caller.message(model="up::m", stream=True)
    _, attributes = one(collector)
    names = ("input_tokens", "output_tokens", "cache_read.input_tokens", "cache_write.input_tokens")
    expected = {name: OPENAI_PARTS[name] for name in (*names, "reasoning.output_tokens")}
    assert usage_of(attributes) == expected
    assert attributes["gen_ai.response.finish_reasons"] == ["length"]


@pytest.mark.parametrize(
    ("path", "model", "parameters", "expected"),
    [
        ("/v1/responses", "gpt-4o", {"previous_response_id": "resp_1", "reasoning": {"effort": "high"}},
         {"gen_ai.request.previous_response.id": "resp_1", "gen_ai.request.reasoning.level": "high"}),
        ("/v1/responses", "gpt-4o", {"conversation": {"id": "conv_2"}}, {"gen_ai.conversation.id": "conv_2"}),
        ("/v1/responses", "gpt-4o", {"conversation": "conv_3"}, {"gen_ai.conversation.id": "conv_3"}),
        ("/v1/chat/completions", "gpt-4o", {"reasoning_effort": "low"}, {"gen_ai.request.reasoning.level": "low"}),
        ("/v1/messages", "claude-sonnet-4-6", {"top_k": 5, "output_config": {"effort": "medium"}},
         {"gen_ai.request.top_k": 5, "gen_ai.request.reasoning.level": "medium"}),
        ("/v1/chat/completions", "gpt-4o", {"reasoning_effort": ["low"], "conversation": {"id": 5}},
         {"gen_ai.request.reasoning.level": None, "gen_ai.conversation.id": None}),
    ],
)  # fmt: skip
def test_further_parameters(
    collector: Collector, path: str, model: str, parameters: dict[str, Any], expected: dict[str, Any]
) -> None:
    with calling(collector) as caller:
        caller.send("POST", path, {"model": model, "max_tokens": 9, "messages": HELLO, "input": "Hi", **parameters})
    _, attributes = one(collector)
    assert {name: attributes.get(name) for name in expected} == expected


def test_the_header_for_the_conversation_takes_precedence(collector: Collector) -> None:
    with calling(collector) as caller:
        body = {"model": "gpt-4o", "input": "Hi", "conversation": "conv_1"}
        caller.send("POST", "/v1/responses", body, x_to11_conversation_id="mine")
    assert one(collector)[1]["gen_ai.conversation.id"] == "mine"


def test_a_stream_that_is_refused_was_one_and_one_that_breaks_ended_in_an_error(collector: Collector) -> None:
    with calling(collector) as caller:
        assert caller.chat(text="[[echo:status=429]]", stream=True).status == 429
        assert caller.chat(text="[[echo:cut]]", stream=True).status == 200
    refused, broken = map(known, collector.spans)
    assert_has(refused, gen_ai__request__stream=True, error__type="rate_limit")
    assert "gen_ai.response.finish_reasons" not in refused
    assert_has(broken, gen_ai__request__stream=True, gen_ai__response__finish_reasons=["error"])


def test_other_endpoints_have_their_operation(collector: Collector) -> None:
    with calling(collector) as caller:
        body = {"model": "text-embedding-3-small", "input": "x", "dimensions": 8, "encoding_format": "float"}
        caller.send("POST", "/v1/embeddings", body)
        caller.send("GET", "/v1/models")
        caller.send("POST", "/v1/images/generations", {"model": "gpt-image-1", "prompt": "x"})
        caller.chat(response_format={"type": "json_object"}, text="as JSON", n=2)
    spans = collector.spans
    assert [span.name for span in spans] == [
        "embeddings text-embedding-3-small", "models", "image_generation gpt-image-1", "chat gpt-4o"
    ]  # fmt: skip
    first, models, image, chat = map(known, spans)
    assert_has(first, gen_ai__embeddings__dimension__count=8, gen_ai__request__encoding_formats=["float"])
    assert models["gen_ai.provider.name"] == "to11"
    assert image["gen_ai.output.type"] == "image"
    assert_has(chat, gen_ai__output__type="json", gen_ai__request__choice__count=2)
    assert chat["gen_ai.response.finish_reasons"] == ["stop", "stop"]


def test_errors_of_providers_and_of_the_gateway(collector: Collector) -> None:
    with calling(collector) as caller:
        assert caller.chat(text="[[echo:status=429]]").status == 429
        assert caller.chat(model="no-such-model").status == 404
        assert caller.chat(text="[[echo:error-event]]", stream=True).status == 200
        assert caller.message(text="[[echo:cut]]", stream=True).status == 200
    spans = collector.spans
    assert {span.status.code for span in spans} == {Status.STATUS_CODE_ERROR}
    assert {span.status.message for span in spans} == {""}
    refused, unknown, broken, cut = map(known, spans)
    assert_has(refused, error__type="rate_limit", http__response__status_code=429, gen_ai__provider__name="openai")
    assert_has(unknown, http__response__status_code=404, gen_ai__provider__name="to11")
    assert_has(broken, error__type="upstream", http__response__status_code=200)
    assert_has(cut, error__type="upstream", http__response__status_code=200, gen_ai__provider__name="anthropic")


def test_a_caller_that_hangs_up(collector: Collector) -> None:
    with RawProvider(lambda request: []) as provider, calling(collector, providers={"up": provider.config}) as caller:
        body = json.dumps({"model": "up::m", "messages": HELLO}).encode()
        with caller.raw("POST /v1/chat/completions HTTP/1.1", body, content_type="application/json"):
            provider.wait_for(lambda: len(provider.requests) == 1)
        provider.wait_for(lambda: provider.closed == 1)
    span, attributes = one(collector)
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert_has(attributes, http__response__status_code=499, error__type="client_closed_request")


def test_a_caller_that_hangs_up_in_the_middle_of_a_stream(collector: Collector) -> None:
    event = {"id": "r", "model": "m-1", "choices": [{"index": 0, "delta": {"content": "Hi"}}]}
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
    gone = threading.Event()

    def answer(request: bytes) -> Generator[bytes]:
        yield head + f"data: {json.dumps(event)}\n\n".encode()
        gone.wait(60)

    with RawProvider(answer) as provider, calling(collector, providers={"up": provider.config}) as caller:
        body = json.dumps({"model": "up::m", "messages": HELLO, "stream": True}).encode()
        with caller.raw("POST /v1/chat/completions HTTP/1.1", body, content_type="application/json") as connection:
            received = b""
            while b"m-1" not in received:
                received += connection.recv(65536)
        collector.wait_for(1)
        gone.set()
    span, attributes = one(collector)
    assert span.status.code == Status.STATUS_CODE_ERROR
    assert_has(
        attributes,
        http__response__status_code=499,
        error__type="client_closed_request",
        gen_ai__response__id="r",
        gen_ai__response__model="m-1",
        gen_ai__response__finish_reasons=["error"],
        gen_ai__request__stream=True,
    )
    assert "gen_ai.response.time_to_first_chunk" in attributes


def test_a_hit_of_the_cache_says_so_and_is_a_span_of_its_own(collector: Collector) -> None:
    with calling(collector, config={"cache": {"enabled": True}}) as caller:
        assert [caller.chat().headers["x-to11-cache"] for _ in range(2)] == ["miss", "hit"]
    miss, hit = map(known, collector.spans)
    assert (miss["to11.cache"], hit["to11.cache"]) == ("miss", "hit")
    same = ("gen_ai.response.id", "gen_ai.usage.output_tokens", "gen_ai.response.finish_reasons")
    assert [miss[name] for name in same] == [hit[name] for name in same]


def test_each_attempt_is_an_event_if_there_are_several(collector: Collector) -> None:
    with calling(collector) as caller:
        assert caller.chat(text="[[echo:status=503 times=1]]").status == 200
        assert caller.chat(text="[[echo:unreachable]]").status == 502
    once, never = collector.spans
    assert [event.name for event in once.events] == ["to11.attempt"] * 2
    failed, answered = map(known, once.events)
    assert_has(failed, http__response__status_code=503, error__type="503", gen_ai__request__model="gpt-4o")
    assert_has(answered, http__response__status_code=200, error__type=None, to11__provider__id="openai")
    assert [known(event)["error.type"] for event in never.events] == ["unreachable"] * 3
    times = [event.time_unix_nano for event in once.events]
    assert once.start_time_unix_nano <= times[0] <= times[1] <= once.end_time_unix_nano


def test_no_text_of_a_span_is_long_or_has_what_databases_refuse(collector: Collector) -> None:
    busy = reply(b"", status=503)
    with RawProvider(lambda request: busy) as provider, calling(collector, providers={"up": provider.config}) as caller:
        caller.chat(model="up::a\0\ud800" + "m" * 5000)
    span, attributes = one(collector)
    for texts in (attributes, *map(known, span.events)):
        assert texts["gen_ai.request.model"].startswith("a\ufffd?m")
        assert len(texts["gen_ai.request.model"]) == 1000
    assert len(span.events) > 1
    assert "\0" not in span.name


def test_a_prompt_is_named_by_its_slug_and_a_rule_by_its_parts(collector: Collector) -> None:
    with calling(collector) as caller:
        api = Api.of(caller.to11)
        prompt, made = api.prompt("welcome", 1)
        api.prompts.move_label(prompt_id=prompt.id, label="production", version_id=made.id)
        resolved = api.prompts.resolve(slug="welcome", labels=["production"])
        headers = {name.replace("-", "_"): value for name, value in gateway_prompt_headers(resolved).items()}
        rule = caller.to11.create_rule()
        (version,) = api.rule(rule, 1)
        api.releases.set(rule_id=rule, env_slug="prod", strategy="single", version_id=version)
        body = {"model": f"route::{rule}", "messages": HELLO}
        assert caller.send("POST", "/v1/chat/completions", body, **headers).status == 200
        body["model"] = "gpt-4o"
        caller.send("POST", "/v1/chat/completions", body, x_to11_prompt_id="prompt_unknown")
    span, unknown = collector.spans
    assert_has(
        known(span),
        gen_ai__prompt__name="welcome",
        to11__prompt__id=prompt.id,
        gen_ai__prompt__version="1",
        to11__prompt__version=1,
        to11__prompt__labels=["production"],
        to11__rule__id=rule,
        gen_ai__request__model="gpt-4o",
    )
    assert_has(known(unknown), gen_ai__prompt__name=None, to11__prompt__id="prompt_unknown")


def test_no_text_no_key_and_no_user_is_sent(collector: Collector) -> None:
    secret = "xyzzy-7391"
    with calling(collector) as caller:
        key = caller.to11.api_key
        for model, path in (("gpt-4o", "/v1/chat/completions"), ("claude-sonnet-4-6", "/v1/messages")):
            messages = [{"role": "user", "content": f"{secret} {saying(secret)}"}]
            body = {"model": model, "max_tokens": 9, "messages": messages, "user": secret, "stop": [secret]}
            own = {"authorization": f"Bearer {secret}", "x_to11_user_id": secret, "x_custom": secret}
            assert caller.send("POST", path, {**body, "metadata": {"a": secret}}, **own).status in (200, 400)
            caller.send("POST", path, {**body, "messages": f"{secret}"}, **own)
    assert len(collector.spans) == 4
    assert not [body for body in collector.bodies if secret.encode() in body or key.encode() in body]


@pytest.mark.parametrize(
    "member",
    [
        {"seed": 2**70}, {"temperature": True}, {"max_tokens": "9"}, {"top_p": 1e308}, {"n": None}, {"seed": -(2**63)},
        {"model": "m" * 5000}, {"model": "\ud800\x00"}, {"response_format": {"type": []}}, {"text": 3},
        {"temperature": [1]}, {"max_tokens": {}},
    ],
    ids=repr,
)  # fmt: skip
def test_no_value_of_a_request_costs_the_other_spans_of_its_batch(collector: Collector, member: dict[str, Any]) -> None:
    with RawProvider() as provider, calling(collector, providers={"up": provider.config}) as caller:
        caller.chat()
        caller.send("POST", "/v1/chat/completions", {"model": "up::m", "messages": HELLO, **member})
        caller.chat()
    assert [span.name for span in collector.spans][::2] == ["chat gpt-4o"] * 2
    assert max(len(value) for value in known(collector.spans[1]).values() if isinstance(value, str)) <= 1000


@pytest.mark.parametrize(
    "content",
    [
        {"id": 5, "choices": [{"finish_reason": ["x"]}, 3, {"index": "a", "finish_reason": "stop"}], "usage": {}},
        {"id": "\ud800", "model": "x" * 5000, "choices": [{"index": 2**80, "finish_reason": "y" * 5000}]},
        {"id": "r", "choices": [{"index": place, "finish_reason": "stop" * 999} for place in range(1000)]},
        {"id": "r", "usage": {"prompt_tokens": 10**40, "completion_tokens": -1}, "choices": None},
        {"object": "response", "status": [], "incomplete_details": {"reason": 5}, "stop_reason": {}},
        [],
    ],
    ids=["types", "long", "many", "numbers", "response", "list"],
)
def test_no_value_of_a_reply_does_either(collector: Collector, content: Any) -> None:
    body = reply(json.dumps(content).encode(), "content-type: application/json")
    with RawProvider(lambda request: body) as provider, calling(collector, providers={"up": provider.config}) as caller:
        caller.chat()
        caller.chat(model="up::m")
    span = known(collector.spans[1])
    reasons = span.get("gen_ai.response.finish_reasons", [])
    assert len("".join(reasons)) <= bounds.MAX_OTLP_ITEMS * bounds.MAX_OTLP_ITEM_TEXT


def refusing() -> str:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.mark.parametrize("status", [400, 401, 404])
def test_a_collector_that_refuses_is_one_line_in_the_log(
    collector: Collector, caplog: pytest.LogCaptureFixture, status: int
) -> None:
    collector.status = status
    with calling(collector) as caller:
        for number in range(3):
            assert caller.chat().status == 200
            collector.wait_for(number + 1)
    first, *more = warnings_of(caplog)
    assert first.startswith("1 span was not sent to http://127.0.0.1:")
    assert str(status) in first
    assert len(more) <= 1  # the rest, at the end


def test_a_collector_that_is_not_there(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "OTLP_CLOSE_S", 0.5)
    with LocalTo11(otlp=refusing()) as to11:
        assert [Caller(to11).chat().status for _ in range(3)] == [200] * 3
    assert len(to11_lines := warnings_of(caplog)) in (1, 2)
    assert " not sent to http://127.0.0.1:" in to11_lines[0]


def test_a_collector_that_hangs_delays_no_reply_and_the_stop_for_a_bounded_time(
    collector: Collector, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MAX_OTLP_SPANS", 5)
    monkeypatch.setattr(bounds, "OTLP_AT_ONCE", 2)
    monkeypatch.setattr(bounds, "OTLP_CLOSE_S", 0.3)
    collector.held.clear()
    with LocalTo11(otlp=collector.url) as to11:
        caller = Caller(to11)
        assert caller.chat().status == 200
        collector.wait_for(1)
        assert [caller.chat().status for _ in range(9)] == [200] * 9
        begun = time.monotonic()
    assert time.monotonic() - begun < 9  # less than the exporter's own timeout
    numbers = [int(line.split()[0]) for line in warnings_of(caplog)]
    assert sum(numbers) == 10
    assert numbers[0] == 1  # the first that found no place
    assert len(numbers) == 2


def test_a_collector_that_answers_after_the_stop_gets_no_more(
    collector: Collector, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "OTLP_AT_ONCE", 2)
    monkeypatch.setattr(bounds, "OTLP_CLOSE_S", 0.2)
    collector.held.clear()
    before = set(threading.enumerate())
    with LocalTo11(otlp=collector.url) as to11:
        for number in range(9):
            body = {"model": "gpt-4o", "messages": HELLO}
            Caller(to11).send("POST", "/v1/chat/completions", body, x_to11_prompt_id=f"prompt_{number}")
        collector.wait_for(1)
    collector.held.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(60)
    assert len(collector.bodies) == 1
    assert sum(int(line.split()[0]) for line in warnings_of(caplog)) == 9


def test_spans_that_wait_are_sent_when_the_server_stops(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "OTLP_PAUSE_S", 3600.0)
    with calling(collector) as caller:
        for _ in range(20):
            caller.chat()
        assert collector.bodies == []
    assert len(collector.spans) == 20
    assert len(collector.bodies) == 1


def test_losses_are_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    lost = LostSpans("http://c", lambda: now)
    for second in range(0, 130, 10):
        now = float(second)
        lost.add(2, "full")
    lost.log("the end")
    lost.log("the end")
    assert lost.total == 26
    assert warnings_of(caplog) == [
        "2 spans were not sent to http://c: full",
        "12 spans were not sent to http://c: full",
        "12 spans were not sent to http://c: full",
    ]


@pytest.mark.parametrize(
    "url",
    ["", "4318", "localhost:4318", "ftp://h", "http://", "http://u:pw@h", "http://h:x", "http://h:0", "http://h/a b",
     "http://h?k=pw", "http://h#pw", "http://[", "http://h\r\n", "http://\u2100"],
)  # fmt: skip
def test_no_url_of_a_collector(url: str) -> None:
    with pytest.raises(ValueError, match="otlp must be the http or https URL of a collector") as caught:
        LocalTo11(otlp=url)
    assert "pw" not in str(caught.value)


def test_a_collector_is_a_text() -> None:
    with pytest.raises(TypeError, match="otlp must be a str, not int"):
        LocalTo11(otlp=4318)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "full"),
    [
        ("http://h:4318", "http://h:4318/v1/traces"),
        ("https://h/", "https://h/v1/traces"),
        ("https://h/otlp", "https://h/otlp/v1/traces"),
        ("https://h/otlp/v1/traces", "https://h/otlp/v1/traces"),
        ("http://[::1]:4318", "http://[::1]:4318/v1/traces"),
    ],
)
def test_spans_go_below_the_url(given: str, full: str) -> None:
    assert collector_room.traces_url(given) == full


WITHOUT = """
import sys
from to11ai_sdk.cli import main
from to11ai_sdk.local import LocalTo11
with LocalTo11() as to11:
    pass
print([name for name in sys.modules if name.split(".")[0] in ("opentelemetry", "requests", "google")])
sys.modules["opentelemetry"] = None
try:
    LocalTo11(otlp="http://127.0.0.1:4318").start()
except ImportError as exc:
    print(exc)
sys.exit(main(["local", "--port", "0", "--otlp", "http://127.0.0.1:4318"]))
"""


def test_the_libraries_are_loaded_only_with_a_collector_and_named_if_they_are_missing() -> None:
    ran = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    loaded, missing = ran.stdout.splitlines()
    assert loaded == "[]"
    assert missing.startswith("otlp needs the extra 'otel', pip install 'to11ai-sdk[otel]'")
    assert ran.returncode == 2
    assert "pip install 'to11ai-sdk[otel]'" in ran.stderr
    assert "to11ai-sdk[local]" not in ran.stderr


def test_a_wrong_url_is_a_mistake_on_the_command_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["local", "--otlp", "http://me:pw@127.0.0.1"])
    assert leaving.value.code == 2
    said = capsys.readouterr().err
    assert "--otlp: must be the http or https URL of a collector" in said
    assert "pw" not in said


def test_the_example_of_the_page_runs(collector: Collector, capsys: pytest.CaptureFixture[str]) -> None:
    (line, code), _ = blocks("python", PAGE)  # the other one is run by tests/clients/test_traces.py
    code = code.replace("http://127.0.0.1:4318", collector.url)
    code += "    from gateway_harness import Caller\n    assert Caller(to11).chat().status == 200\n"
    exec(compile("\n" * line + code, "opentelemetry.md", "exec"), {})
    assert capsys.readouterr().out.startswith("http://127.0.0.1:")
    assert len(collector.spans) == 1


def test_the_page_names_each_attribute() -> None:
    names = {*gen_ai._FLOATS.values(), *gen_ai._INTEGERS.values(), *gen_ai._TEXTS.values(), *gen_ai._OF_SPAN.values()}
    names |= {f"gen_ai.usage.{part}" for part in call_details._PARTS}
    found = re.findall(r"`([\w.]+)`", PAGE)
    assert {
        name for name in names if not any(name == each or name.endswith(f".{each.lstrip('.')}") for each in found)
    } == set()


def test_calls_at_once_are_all_sent(collector: Collector) -> None:
    with calling(collector) as caller:
        threads = [threading.Thread(target=lambda: [caller.chat() for _ in range(10)]) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len({span.span_id for span in collector.spans}) == len(collector.spans) == 80
