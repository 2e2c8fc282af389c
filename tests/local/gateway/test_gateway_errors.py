"""Each row of the table of errors on the page "API reference", and who is let in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bound import Api, rest
from gateway_harness import HELLO, Caller, Reply, saying

from to11ai_sdk import (
    EnvNotEnabledForProviderError,
    NoApplicableRouteError,
    RuleNotFoundError,
    To11aiAuthError,
    To11aiRateLimitError,
)
from to11ai_sdk.gateway import error_from_gateway
from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Generator

SHAPES = {"openai": "chat/completions", "responses": "responses", "anthropic": "messages"}
GUARDED = {"guardrails": {"enabled": True, "blocklist": ["project x", "機密"]}}


@pytest.fixture
def to11() -> Generator[LocalTo11]:
    """Waits for nothing."""
    with LocalTo11(sleep=lambda seconds: None) as local:
        yield local


def ask(to11: LocalTo11, shape: str, model: str, text: str = "Hello!", **more: Any) -> Reply:
    asked: dict[str, Any] = {"messages": [{"role": "user", "content": text}]}
    if shape == "responses":
        asked = {"input": text}
    limit = {"max_tokens": 99} if shape == "anthropic" else {}
    return Caller(to11).send("POST", f"/v1/{SHAPES[shape]}", {"model": model, **asked, **limit, **more})


def check(reply: Reply, shape: str, status: int, word: str, provider: str | None = None) -> dict[str, Any]:
    """What every error has; returns its ``error``."""
    assert reply.status == status, reply.body
    assert reply.headers["x-to11-error-code"] == word
    assert reply.headers.get("x-to11-upstream-provider") == provider
    assert reply.headers["content-type"] == "application/json"
    error: dict[str, Any] = reply.json["error"]
    assert isinstance(error["type"], str)
    assert isinstance(error["message"], str)
    assert reply.json.get("type") == ("error" if shape == "anthropic" else None)
    return error


@pytest.mark.parametrize("shape", SHAPES)
def test_unknown_model(to11: LocalTo11, shape: str) -> None:
    error = check(ask(to11, shape, "no-such-model"), shape, 404, "model_not_found")
    assert "no-such-model" in error["message"]
    check(ask(to11, shape, "nobody::gpt-4o"), shape, 404, "model_not_found")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("text", ["Tell me about Project X", "I am at ada@example.com"], ids=["blocklist", "pii"])
@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-6"])
def test_input_guardrail_violation(shape: str, text: str, model: str) -> None:
    with LocalTo11(config=GUARDED) as to11:
        error = check(ask(to11, shape, model, text), shape, 400, "content_policy")
        assert to11.traces()[0].provider_id is None
    assert "ada" not in error["message"]
    assert "Project" not in error["message"]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-6"])
def test_output_guardrail_violation(shape: str, model: str) -> None:
    with LocalTo11(config=GUARDED) as to11:
        check(ask(to11, shape, model, saying("ada@example.com")), shape, 422, "content_policy")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-6"])
def test_output_guardrail_ends_a_stream_with_an_error_event(shape: str, model: str) -> None:
    hidden = saying("fine so far, now ada@example.com and more words")
    with LocalTo11(config=GUARDED) as to11:
        reply = ask(to11, shape, model, hidden, stream=True)
        span = to11.traces()[0]
    assert reply.status == 200
    assert b"fine" in reply.body
    assert b"more" not in reply.body
    last = reply.events[-1]
    assert last.get("type") in ({"openai": None, "responses": "error", "anthropic": "error"}[shape], "response.failed")
    assert "guardrail" in str(last)
    assert (span.is_stream, span.status, span.error_code) == (True, 200, "content_policy")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-6"])
@pytest.mark.parametrize(
    "text", ["mail ada@example.com", "今日は良い天気です。" * 99 + "機密"], ids=["last word", "no space"]
)
def test_output_guardrail_sees_all_of_a_stream(shape: str, model: str, text: str) -> None:
    limit = {} if shape == "responses" else {"max_tokens": 9999}
    with LocalTo11(config=GUARDED) as to11:
        reply = ask(to11, shape, model, saying(text), stream=True, **limit)
        assert to11.traces()[0].error_code == "content_policy"
    assert "guardrail" in str(reply.events[-1])
    for end in (b"[DONE]", b"message_stop", b"response.completed", "機密".encode(), b"\\u6a5f\\u5bc6"):
        assert end not in reply.body


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-6"])
@pytest.mark.parametrize("text", ["[[echo:cut]] a b c d", saying("a b c project x d")], ids=["cut", "guardrail"])
def test_an_error_event_of_a_response_goes_on_with_the_count(model: str, text: str) -> None:
    with LocalTo11(config=GUARDED) as to11:
        events = ask(to11, "responses", model, text, stream=True).events
    assert events[-1]["type"] == "error"
    assert [event["sequence_number"] for event in events] == [*range(len(events))]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("embeddings", {"model": "text-embedding-3-small", "input": ["fine", "about project x"]}),
        ("images/generations", {"model": "dall-e-3", "prompt": "project x"}),
        ("audio/speech", {"model": "tts-1", "voice": "alloy", "input": "project x"}),
    ],
)
def test_input_guardrail_violation_beside_chat(path: str, body: dict[str, Any]) -> None:
    with LocalTo11(config=GUARDED) as to11:
        check(Caller(to11).send("POST", f"/v1/{path}", body), "openai", 400, "content_policy")


@pytest.mark.parametrize("shape", SHAPES)
def test_ambiguous_model_name(shape: str) -> None:
    with LocalTo11(providers={"second": {"kind": "echo", "models": ["gpt-4o"]}}) as to11:
        error = check(ask(to11, shape, "gpt-4o"), shape, 409, "bad_request")
        assert error["details"]["candidates"] == ["openai::gpt-4o", "second::gpt-4o"]
        assert ask(to11, shape, "second::gpt-4o").status == 200


@pytest.mark.parametrize(
    "wanted", [{"type": "json_object"}, {"type": "json_schema", "json_schema": {"name": "a", "schema": {}}}]
)
def test_unsupported_response_format_for_provider(to11: LocalTo11, wanted: dict[str, Any]) -> None:
    error = check(ask(to11, "openai", "claude-sonnet-4-6", response_format=wanted), "openai", 400, "bad_request")
    assert wanted["type"] in error["message"]
    text = {"format": {"type": wanted["type"], "name": "a", "schema": {}}}
    check(ask(to11, "responses", "claude-sonnet-4-6", text=text), "responses", 400, "bad_request")
    assert ask(to11, "openai", "claude-sonnet-4-6", response_format={"type": "text"}).status == 200
    assert ask(to11, "openai", "gpt-4o", text="as JSON", response_format=wanted).status == 200


WORDS = {400: "bad_request", 401: "auth", 402: "quota", 403: "forbidden", 404: "model_not_found", 429: "rate_limit"}


ANTHROPIC_TYPES = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("status", [400, 401, 402, 403, 404, 409, 413, 422, 429])
def test_upstream_provider_4xx(to11: LocalTo11, shape: str, provider: str, status: int) -> None:
    reply = ask(to11, shape, f"{provider}::echo-status-{status}")
    error = check(reply, shape, status, WORDS.get(status, "bad_request"), provider)
    assert "as the request asked for" in error["message"]
    if shape == "anthropic":
        assert error["type"] == ANTHROPIC_TYPES.get(status, "invalid_request_error")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("provider", ["openai", "anthropic"])
@pytest.mark.parametrize("status", [500, 502, 503, 504, 529])
def test_upstream_provider_5xx(to11: LocalTo11, shape: str, provider: str, status: int) -> None:
    word = "overloaded" if status in (503, 529) else "upstream"
    error = check(ask(to11, shape, f"{provider}::echo-status-{status}"), shape, 502, word, provider)
    assert (error["message"], error["code"]) == (f"provider returned status {status}", word)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_provider_that_cannot_be_reached(to11: LocalTo11, shape: str) -> None:
    error = check(ask(to11, shape, "openai::echo-unreachable"), shape, 502, "upstream")
    assert error["message"].startswith("no answer from the provider openai: ")
    assert to11.traces()[0].provider_id == "openai"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_provider_that_breaks_off_was_reached(to11: LocalTo11, shape: str) -> None:
    check(ask(to11, shape, "openai::echo-cut"), shape, 502, "upstream", "openai")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-6"])
def test_an_error_event_of_the_provider_is_the_end_of_a_stream(to11: LocalTo11, shape: str, model: str) -> None:
    reply = ask(to11, shape, model, "[[echo:error-event]] a b c", stream=True)
    assert "as the request asked for" in str(reply.events[-1])
    span = to11.traces()[0]
    assert (span.status, span.error_code, span.provider_id is None) == (200, "upstream", False)


def test_quota_and_content_policy_are_told_apart(to11: LocalTo11) -> None:
    quota = ask(to11, "openai", "gpt-4o", "[[echo:status=429,code=insufficient_quota]]")
    assert quota.headers["x-to11-error-code"] == "quota"
    policy = ask(to11, "openai", "gpt-4o", "[[echo:status=400,code=content_policy_violation]]")
    assert policy.headers["x-to11-error-code"] == "content_policy"


@pytest.mark.parametrize("status", [400, 404, 429, 500, 503])
def test_errors_of_native_passthrough_come_byte_for_byte(to11: LocalTo11, status: int) -> None:
    reply = Caller(to11).send("POST", "/v1/mistral/x", b"[[echo:status=%d,retry-after=3]]" % status)
    assert reply.status == status
    assert reply.headers.get("retry-after") == ("3" if status == 429 else None)
    assert b"as the request asked for" in reply.body
    assert reply.headers["x-to11-upstream-provider"] == "mistral"


@pytest.mark.parametrize("shape", SHAPES)
def test_a_missing_or_wrong_key_is_401(to11: LocalTo11, shape: str) -> None:
    caller = Caller(to11)
    path = f"/v1/{SHAPES[shape]}"
    for key in ("", "Bearer wrong", f"Basic {to11.api_key}"):
        reply = caller.send("POST", path, {}, x_to11_authorization=key)
        check(reply, shape, 401, "auth")
        assert to11.api_key not in str(reply.json)
    with pytest.raises(To11aiAuthError):
        raise error_from_gateway(reply.status, reply.headers, reply.body)
    # The key belongs into the header of its own: where the provider's key stands it opens nothing.
    reply = caller.send("POST", path, {}, x_to11_authorization="", authorization=f"Bearer {to11.api_key}")
    check(reply, shape, 401, "auth")


def test_a_key_of_another_project_is_403(to11: LocalTo11) -> None:
    project_id, _ = to11.create_project()
    check(Caller(to11).send("GET", "/v1/models", x_to11_project_id=project_id), "openai", 403, "forbidden")


def test_the_project_must_be_named(to11: LocalTo11) -> None:
    reply = Caller(to11).send("GET", "/v1/models", x_to11_project_id="")
    assert "x-to11-project-id" in check(reply, "openai", 400, "bad_request")["message"]


@pytest.mark.parametrize("name", ["x-to11-env", "x-to11-prompt-labels", "x-to11-session-id", "x-genai-sdk"])
def test_empty_headers_of_to11_are_refused(to11: LocalTo11, name: str) -> None:
    reply = Caller(to11).send("POST", "/v1/messages", {"model": "x"}, **{name: " "})
    assert name in check(reply, "anthropic", 400, "bad_request")["message"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"model": 1}', b'{"a": NaN}', b"\xff", b"[" * 100_000])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_body_that_is_no_request_is_400(to11: LocalTo11, shape: str, body: bytes) -> None:
    check(Caller(to11).send("POST", f"/v1/{SHAPES[shape]}", body), shape, 400, "bad_request")


@pytest.mark.parametrize("path", [*SHAPES.values(), "embeddings"])
@pytest.mark.parametrize("member", ["messages", "input", "metadata"])
def test_a_body_that_is_nested_too_deeply_is_400(to11: LocalTo11, path: str, member: str) -> None:
    body = b'{"model":"gpt-4o","%b":%b}' % (member.encode(), b"[" * 1500 + b"]" * 1500)
    reply = Caller(to11).send("POST", f"/v1/{path}", body)
    assert "200 levels" in check(reply, "anthropic" if path == "messages" else "openai", 400, "bad_request")["message"]


@pytest.mark.parametrize("path", [*SHAPES.values(), "embeddings"])
def test_a_number_that_is_too_large_is_named_with_its_place(to11: LocalTo11, path: str) -> None:
    body = b'{"model":"gpt-4o","tools":[{"parameters":{"maximum":1e999}}]}'
    reply = Caller(to11).send("POST", f"/v1/{path}", body)
    error = check(reply, "anthropic" if path == "messages" else "openai", 400, "bad_request")
    assert "tools.0.parameters.maximum: 1e999 is too large a number" in error["message"]


def test_a_fault_of_the_gateway_is_not_the_providers(to11: LocalTo11, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("to11ai_sdk.local.gateway.upstream.outgoing.request", lambda *given: 1 / 0)
    error = check(ask(to11, "anthropic", "gpt-4o"), "anthropic", 500, "internal")
    assert error["code"] == "internal"
    assert to11.traces()[0].error_code == "internal"


@pytest.mark.parametrize(
    "headers", [{"x_genai_sdk": "cohere"}, {"x_genai_provider": "nobody"}, {"x_genai_provider": "anthropic"}]
)
def test_hints_that_make_no_sense_are_400(to11: LocalTo11, headers: dict[str, str]) -> None:
    body = {"model": "openai::gpt-4o", "messages": HELLO}
    check(Caller(to11).send("POST", "/v1/chat/completions", body, **headers), "openai", 400, "bad_request")


def test_what_cannot_be_translated_is_400_and_says_where(to11: LocalTo11) -> None:
    body = {"model": "gpt-4o", "max_tokens": 9, "messages": [{"role": "user", "content": 5}]}
    error = check(Caller(to11).send("POST", "/v1/messages", body), "anthropic", 400, "bad_request")
    assert "messages.0.content" in error["message"]


def test_environments(to11: LocalTo11) -> None:
    caller, body = Caller(to11), {"model": "gpt-4o", "messages": HELLO}
    assert caller.send("POST", "/v1/chat/completions", body, x_to11_env="staging").status == 200
    assert to11.traces()[0].env == "staging"
    check(caller.send("POST", "/v1/chat/completions", body, x_to11_env="nowhere"), "openai", 404, "bad_request")


def test_the_errors_of_rules_are_those_of_the_sdk(to11: LocalTo11) -> None:
    api = Api.of(to11)
    never = {"op": "==", "left": {"var": "model"}, "right": {"literal": "another"}}
    target = {"providerId": "openai", "modelId": "gpt-4o", "when": never}
    snapshot = {"endpoint": "chat", "strategy": "single", "target": target}
    version = api.versions.create(rule_id="never", snapshot=snapshot)
    api.releases.set(rule_id="never", env_slug="prod", strategy="single", version_id=version.id)
    vectors = api.versions.create(rule_id="vectors", snapshot={"endpoint": "embeddings", "strategy": "single"})
    api.releases.set(rule_id="vectors", env_slug="prod", strategy="single", version_id=vectors.id)
    cases = [
        ("function::nothing", 404, RuleNotFoundError),
        ("route::vectors", 404, RuleNotFoundError),
        ("route::never", 422, NoApplicableRouteError),
    ]
    for model, status, kind in cases:
        reply = ask(to11, "openai", model)
        assert reply.status == status, reply.body
        found = error_from_gateway(reply.status, reply.headers, reply.body)
        assert type(found) is kind
        assert found.request_id == reply.headers["x-to11-request-id"]
    span = to11.traces()[0]
    assert (span.env, span.rule_id, span.version_id, span.provider_id) == ("prod", "never", version.id, None)
    assert isinstance(found, NoApplicableRouteError)
    assert (found.rule_id, found.version_id, found.reason) == ("never", version.id, "all_conditions_false")
    to11.disable_provider("prod", "anthropic")
    reply = ask(to11, "anthropic", "claude-sonnet-4-6")
    off = error_from_gateway(reply.status, reply.headers, reply.body)
    assert isinstance(off, EnvNotEnabledForProviderError)
    assert (off.env_slug, off.provider_id) == ("prod", "anthropic")
    assert to11.traces()[0].env == "prod"


def test_rate_limits_of_the_provider_are_those_of_the_sdk(to11: LocalTo11) -> None:
    reply = ask(to11, "anthropic", "gpt-4o", "[[echo:retry-after=7]]")
    found = error_from_gateway(reply.status, reply.headers, reply.body)
    assert isinstance(found, To11aiRateLimitError)
    assert found.retry_after_seconds == 7


@pytest.mark.parametrize("shape", SHAPES)
def test_a_body_that_is_too_large_is_413(to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, shape: str) -> None:
    monkeypatch.setattr("to11ai_sdk.local.bounds.MAX_GATEWAY_BODY", 1000)
    reply = Caller(to11).send("POST", f"/v1/{SHAPES[shape]}", b" " * 1001)
    check(reply, shape, 413, "bad_request")
    assert reply.headers["connection"] == "close"
    span = to11.traces()[0]
    assert (span.status, span.span_id) == (413, reply.headers["traceparent"].split("-")[2])


def test_a_body_whose_length_is_no_number_is_400_in_the_callers_shape(to11: LocalTo11) -> None:
    with Caller(to11).raw("POST /v1/messages HTTP/1.1", content_length="-1") as opened:
        reply = rest(opened)
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert b"traceparent: 00-" in reply
    assert b'{"type":"error","error":{"type":"invalid_request_error"' in reply


@pytest.mark.parametrize("path", ["chat/completions", "responses", "embeddings", "models", "nothing", "messages"])
@pytest.mark.parametrize("sdk", ["anthropic", "openai"])
@pytest.mark.parametrize(
    "headers", [{"x_to11_authorization": ""}, {"x_to11_project_id": ""}, {"x_to11_env": "nowhere"}], ids=str
)
def test_early_errors_have_the_shape_that_x_genai_sdk_asks_for(
    to11: LocalTo11, path: str, sdk: str, headers: dict[str, Any]
) -> None:
    method = "GET" if path == "models" else "POST"
    reply = Caller(to11).send(method, f"/v1/{path}", {"model": "gpt-4o"}, x_genai_sdk=sdk, **headers)
    assert reply.status in (400, 401, 404)
    assert reply.json.get("type") == ("error" if sdk == "anthropic" else None)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "messages/batches"), ("GET", "messages"), ("POST", "v1/messages/x")]
)
def test_what_is_not_there_below_messages_is_told_in_anthropics_shape(to11: LocalTo11, method: str, path: str) -> None:
    reply = Caller(to11).send(method, f"/v1/{path}")
    check(reply, "anthropic", 405 if path == "messages" else 404, "bad_request")
