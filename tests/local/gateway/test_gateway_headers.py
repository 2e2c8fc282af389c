"""Each row of the table of response headers on the page "API reference"; where calls say that they come from."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from bound import Api, Clock
from gateway_harness import HELLO, Caller, Reply, saying

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Generator

BODY: dict[str, Any] = {"model": "gpt-4o", "messages": HELLO}
CACHED = {"cache": {"enabled": True, "ttl": 60}}


@pytest.fixture
def to11() -> Generator[LocalTo11]:
    """Waits for nothing."""
    with LocalTo11(sleep=lambda seconds: None) as local:
        yield local


def chat(to11: LocalTo11, text: str = "Hello!", **headers: str) -> Reply:
    body = {"model": "gpt-4o", "messages": [{"role": "user", "content": text}]}
    return Caller(to11).send("POST", "/v1/chat/completions", body, **headers)


def test_x_to11_error_code_every_error_response(to11: LocalTo11) -> None:
    assert "x-to11-error-code" not in chat(to11).headers
    assert chat(to11, "[[echo:status=401]]").headers["x-to11-error-code"] == "auth"
    assert Caller(to11).send("GET", "/v1/files/nothing").headers["x-to11-error-code"] == "bad_request"


def test_x_to11_upstream_provider_errors_that_reached_an_upstream(to11: LocalTo11) -> None:
    assert chat(to11, "[[echo:status=401]]").headers["x-to11-upstream-provider"] == "openai"
    assert "x-to11-upstream-provider" not in chat(to11).headers
    assert "x-to11-upstream-provider" not in Caller(to11).chat("no-such-model").headers
    assert "x-to11-upstream-provider" not in Caller(to11).chat("echo-unreachable").headers


@pytest.mark.parametrize("shape", ["chat", "message"])
def test_retry_after_upstream_429_that_carried_it(to11: LocalTo11, shape: str) -> None:
    caller = Caller(to11)
    ask = caller.chat if shape == "chat" else caller.message
    assert ask("gpt-4o", "[[echo:retry-after=3]]").headers["retry-after"] == "3"
    assert "retry-after" not in ask("gpt-4o", "[[echo:status=429]]").headers
    assert "retry-after" not in ask("gpt-4o", "[[echo:status=503,retry-after=3]]").headers


def test_x_to11_cache_when_response_caching_is_enabled(to11: LocalTo11) -> None:
    assert "x-to11-cache" not in chat(to11).headers
    with LocalTo11(config=CACHED) as cached:
        first, second = chat(cached), chat(cached)
        assert [first.headers["x-to11-cache"], second.headers["x-to11-cache"]] == ["miss", "hit"]
        assert first.body == second.body
        assert second.headers["content-type"] == "application/json"
        assert chat(cached, "Another").headers["x-to11-cache"] == "miss"
        assert chat(cached, x_to11_env="staging").headers["x-to11-cache"] == "miss"
        streamed = [Caller(cached).chat(stream=True).headers["x-to11-cache"] for _ in range(2)]
        assert streamed == ["miss", "miss"]
        assert [span.cache for span in cached.traces()[::-1]] == ["miss", "hit", *["miss"] * 4]


@pytest.mark.parametrize(
    ("model", "text", "status"),
    [
        ("no-such-model", "Hello!", 404),
        ("gpt-4o", "project x", 400),
        ("gpt-4o", saying("project x"), 422),
        ("gpt-4o", "[[echo:status=429]]", 429),
        ("gpt-4o", "[[echo:status=503]]", 502),
        ("gpt-4o", "[[echo:unreachable]]", 502),
    ],
)
def test_x_to11_cache_of_a_call_that_fails(model: str, text: str, status: int) -> None:
    config = {**CACHED, "guardrails": {"enabled": True, "blocklist": ["project x"]}}
    with LocalTo11(config=config, sleep=lambda seconds: None) as cached:
        reply = Caller(cached).chat(model, text)
        assert (reply.status, reply.headers["x-to11-cache"], cached.traces()[0].cache) == (status, "miss", "miss")


@pytest.mark.parametrize(("path", "status"), [("models", 200), ("files", 200), ("mistral/x", 200), ("nothing", 404)])
def test_x_to11_cache_where_the_cache_has_no_part(path: str, status: int) -> None:
    with LocalTo11(config=CACHED) as cached:
        reply = Caller(cached).send("GET", f"/v1/{path}")
        assert (reply.status, reply.headers.get("x-to11-cache")) == (status, None)
        assert Caller(cached).send("POST", "/v1/messages", b"{").headers.get("x-to11-cache") is None


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-6"])
def test_the_span_of_a_cache_hit_says_what_that_of_the_miss_does(model: str) -> None:
    provider = "openai" if model == "gpt-4o" else "anthropic"
    with LocalTo11(config=CACHED) as cached:
        api = Api.of(cached)
        snapshot = {"endpoint": "chat", "strategy": "single", "target": {"providerId": provider, "modelId": model}}
        version = api.versions.create(rule_id="r", snapshot=snapshot)
        api.releases.set(rule_id="r", env_slug="prod", strategy="single", version_id=version.id)
        for _ in range(2):
            assert Caller(cached).chat("route::r").status == 200
        hit, miss = cached.traces()
    assert (hit.cache, miss.cache) == ("hit", "miss")
    assert (hit.provider_id, hit.upstream_model, hit.version_id, hit.output_tokens) == (provider, model, version.id, 4)
    own: dict[str, Any] = {
        "cache": None,
        "span_id": "",
        "trace_id": "",
        "request_id": None,
        "started_at": "",
        "latency_ms": 0.0,
    }
    assert replace(hit, **own) == replace(miss, **own)


def test_x_to11_cache_age_on_a_cache_hit() -> None:
    clock = Clock()
    with LocalTo11(config=CACHED, clock=clock) as cached:
        assert "x-to11-cache-age" not in chat(cached).headers
        clock.turn(seconds=42)
        assert chat(cached).headers["x-to11-cache-age"] == "42"
        clock.turn(seconds=30)
        assert chat(cached).headers["x-to11-cache"] == "miss"


def test_errors_are_not_cached() -> None:
    with LocalTo11(config=CACHED, sleep=lambda seconds: None) as cached:
        replies = [chat(cached, "[[echo:status=503,times=3]]") for _ in range(2)]
    assert [reply.status for reply in replies] == [502, 200]


def test_x_to11_request_id(to11: LocalTo11) -> None:
    replies = [chat(to11), Caller(to11).chat("no-such-model"), Caller(to11).send("GET", "/v1/models")]
    ids = [reply.headers["x-to11-request-id"] for reply in replies]
    assert len(set(ids)) == 3
    assert [span.request_id for span in to11.traces()[::-1]] == ids


def test_a_list_of_models_leaves_a_span(to11: LocalTo11) -> None:
    for path, status in (("models", 200), ("models/gpt-4o", 200), ("models/no%2Fsuch", 404)):
        assert Caller(to11).send("GET", f"/v1/{path}", x_to11_env="staging", x_to11_session_id="s").status == status
    spans = to11.traces()[::-1]
    assert {(span.endpoint, span.env, span.session_id, span.provider_id) for span in spans} == {
        ("models", "staging", "s", None)
    }
    assert [(span.status, span.model, span.error_code) for span in spans] == [
        (200, None, None),
        (200, "gpt-4o", None),
        (404, "no/such", "model_not_found"),
    ]


def test_traceparent_continues_the_callers_trace(to11: LocalTo11) -> None:
    trace, span = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
    found = re.fullmatch(
        f"00-{trace}-([0-9a-f]{{16}})-01", chat(to11, traceparent=f"00-{trace}-{span}-01").headers["traceparent"]
    )
    assert found
    assert found[1] != span
    kept = to11.traces()[0]
    assert (kept.trace_id, kept.span_id, kept.parent_span_id) == (trace, found[1], span)


def test_traceparent_is_new_without_one(to11: LocalTo11) -> None:
    first, second = (chat(to11, traceparent=value).headers["traceparent"] for value in ("", "rubbish"))
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", first)
    assert first[3:35] != second[3:35]


def test_a_span_has_what_the_call_said_of_itself(to11: LocalTo11) -> None:
    headers = {
        "x_to11_prompt_id": "prompt_1",
        "x_to11_prompt_version": "3",
        "x_to11_prompt_labels": "production,beta",
        "x_to11_session_id": "s1",
        "x_to11_conversation_id": "c1",
        "x_to11_user_id": "u1",
    }
    for stream in (False, True):
        reply = Caller(to11).send("POST", "/v1/messages", {**BODY, "max_tokens": 9, "stream": stream}, **headers)
        assert reply.status == 200
    for span in to11.traces():
        assert (span.prompt_id, span.prompt_version, span.prompt_labels) == ("prompt_1", 3, ("production", "beta"))
        assert (span.session_id, span.conversation_id, span.user_id) == ("s1", "c1", "u1")
        assert (span.endpoint, span.model, span.provider_id, span.upstream_model) == (
            "messages",
            "gpt-4o",
            "openai",
            "gpt-4o",
        )
        assert (span.status, span.input_tokens, span.output_tokens) == (200, 9, 4)
        assert span.latency_ms > 0
    assert [span.is_stream for span in to11.traces()] == [True, False]


def test_spans_are_read_as_json_with_the_key(to11: LocalTo11) -> None:
    chat(to11)
    caller = Caller(to11)
    reply = caller.send("GET", "/local/traces?limit=5", auth=False, authorization=f"Bearer {to11.api_key}")
    assert reply.json["data"] == [span.as_json() for span in to11.traces()]
    assert reply.json["data"][0]["providerId"] == "openai"
    assert caller.send("GET", "/local/traces", auth=False).status == 401
    assert caller.send("GET", "/local/other", auth=False).status == 404
    assert caller.send("POST", "/local/traces", {}, auth=False).status == 405
    assert caller.send("DELETE", "/local/traces", auth=False).status == 401
    assert len(to11.traces()) == len(reply.json["data"]) > 0
    gone = caller.send("DELETE", "/local/traces", auth=False, authorization=f"Bearer {to11.api_key}")
    assert gone.json["data"] == {"deleted": len(reply.json["data"])}
    assert to11.traces() == []
    caller.chat()
    assert (to11.clear_traces(), to11.clear_traces()) == (1, 0)
    wrong = caller.send("GET", "/local/traces?limit=x", auth=False, authorization=f"Bearer {to11.api_key}")
    assert wrong.status == 400


def test_what_was_sent_is_remembered_without_secrets(to11: LocalTo11) -> None:
    chat(to11, authorization="Bearer sk-secret", x_api_key="sk-secret")
    seen = to11.requests[-1]
    assert (seen.method, seen.path, seen.body, seen.status) == ("POST", "/v1/chat/completions", BODY, 200)
    assert "sk-secret" not in str(seen)
    assert to11.api_key not in str(seen)
