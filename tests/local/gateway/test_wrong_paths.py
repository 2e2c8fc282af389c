"""Calls that miss the gateway's paths are answered with what to write instead, in the shape that the caller reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from gateway_harness import HELLO, Caller
from werkzeug import Response

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.endpoints import below

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_httpserver import HTTPServer


@pytest.fixture(scope="module")
def to11() -> Generator[LocalTo11]:
    with LocalTo11() as local:
        yield local


OPENAI: dict[str, str] = {
    "/chat/completions": "call /v1/chat/completions; the base URL of a client of OpenAI's format ends in /v1",
    "/chat/completions/": "call /v1/chat/completions;",
    "/v1/chat/completions/": "call /v1/chat/completions",
    "/responses": "call /v1/responses;",
    "/embeddings": "call /v1/embeddings;",
    "/models": "call /v1/models;",
    "/models/gpt-4o": "call /v1/models/gpt-4o;",
    "/rerank": "call /v1/rerank;",
    "/audio/transcriptions": "call /v1/audio/transcriptions;",
    "/images/generations": "call /v1/images/generations;",
    "/files": "call /v1/files;",
    "/mistral/chat/completions": "call /v1/mistral/chat/completions;",
    "/v1/chat/completions/chat/completions": "call /v1/chat/completions;",
    "/chat/completions/chat/completions": "before it, without /chat/completions",
    "/v2/rerank": "the gateway has POST /v1/rerank: use cohere.Client",
    "/v1/v2/rerank": "the gateway has POST /v1/rerank: use cohere.Client",
    "/v2/chat": "Cohere's own chat is not served: call POST /v1/chat/completions",
    "/v1/chat": "Cohere's own chat is not served: call POST /v1/chat/completions",
    "/v1beta/models/gemini-x:generateContent": "let the base URL end in /v1/vertex",
    "/v1/v1beta/models/gemini-x:generateContent": "let the base URL end in /v1/vertex",
    "/v1beta1/projects/p/x": "let the base URL end in /v1/vertex",
    "/model/anthropic.claude-3%3A0/converse": "let the base URL end in /v1/bedrock",
    "/v1/model/anthropic.claude-3%3A0/converse": "let the base URL end in /v1/bedrock",
    "/openai/deployments/gpt-4o/chat/completions": "use a plain OpenAI client, not one for Azure",
    "/v1/completions": "it is not served: call POST /v1/chat/completions",
    "/completions": "it is not served: call POST /v1/chat/completions",
    "/api/chat": "it is not served: call POST /v1/chat/completions",
}
ANTHROPIC: dict[str, str] = {
    "/messages": "call /v1/messages;",
    "/messages/count_tokens": "call /v1/messages/count_tokens;",
    "/v1/messages/v1/messages": "call /v1/messages;",
    "/v1/messages/": "call /v1/messages",
}


@pytest.mark.parametrize("path", OPENAI)
@pytest.mark.parametrize("auth", [True, False])
def test_a_wrong_path_of_openais_format(to11: LocalTo11, path: str, auth: bool) -> None:
    reply = Caller(to11).send("POST", f"{path}?a=1", {}, auth=auth)
    assert (reply.status, reply.headers["x-to11-error-code"]) == (404, "bad_request")
    assert (reply.headers["x-should-retry"], reply.headers["content-type"]) == ("false", "application/json")
    assert reply.headers["x-to11-request-id"].startswith("gwreq_")
    assert set(reply.json) == {"error"}
    assert (reply.json["error"]["code"], reply.json["error"]["type"]) == ("not_found", "invalid_request_error")
    assert OPENAI[path] in reply.json["error"]["message"]
    assert f"nothing at {path}:" in reply.json["error"]["message"]


@pytest.mark.parametrize("path", ANTHROPIC)
def test_a_wrong_path_of_anthropics_format(to11: LocalTo11, path: str) -> None:
    reply = Caller(to11).send("POST", path, {})
    assert (reply.status, reply.headers["x-to11-error-code"]) == (404, "bad_request")
    assert (reply.json["type"], reply.json["error"]["type"]) == ("error", "not_found_error")
    assert ANTHROPIC[path] in reply.json["error"]["message"]


def test_the_shape_that_the_caller_names_wins(to11: LocalTo11) -> None:
    assert Caller(to11).send("POST", "/responses", {}, x_genai_sdk="anthropic").json["type"] == "error"


@pytest.mark.parametrize("path", ["/", "/nothing", "/v1", "/projects/x", "/v1/projects", "/v3/rerank", "/healthz"])
def test_what_nobody_means_for_the_gateway_stays_the_control_planes(to11: LocalTo11, path: str) -> None:
    reply = Caller(to11).send("POST", path, {})
    assert (reply.status, reply.json["success"]) == (404, False)


@pytest.mark.parametrize("path", ["/v1/nothing", "/v1/messages/batches", "/v1/responses/resp_1", "/v1/realtime"])
def test_what_the_gateway_does_not_know_is_said_so(to11: LocalTo11, path: str) -> None:
    reply = Caller(to11).send("GET", path)
    assert (reply.status, reply.json["error"]["message"]) == (404, f"the gateway has no endpoint GET {path}")


def test_a_long_path_is_shortened(to11: LocalTo11) -> None:
    reply = Caller(to11).send("POST", "/models/" + "x" * 9000, {})
    assert reply.status == 404
    assert len(reply.body) < 20_000


@pytest.mark.parametrize(
    ("path", "rest"),
    [
        ("/v1/messages", "/messages"),
        ("/v1/v1/messages", "/messages"),
        ("/v1/v1/v1/messages", "/v1/messages"),
        ("/v1/v1beta/x", "/v1beta/x"),
        ("/v1beta/x", "/v1beta/x"),
        ("/messages", "/messages"),
    ],
)
def test_the_path_below_v1_is_cut_at_slashes(path: str, rest: str) -> None:
    assert below(path) == rest


DOUBLED = [
    ("v1", "/v1/mistral/v1/chat/completions", "/v1/chat/completions"),
    ("v1/", "/v1/mistral/v1/fim/completions?a=1", "/v1/fim/completions"),
    ("v1", "/v1/mistral/chat/completions", "/v1/chat/completions"),
    ("v1", "/v1/mistral/v1beta/x", "/v1/v1beta/x"),
    ("v1", "/v1/mistral/v1/v1/x", "/v1/v1/x"),
    ("", "/v1/mistral/v1/chat/completions", "/v1/chat/completions"),
    ("", "/v1/mistral/chat/completions", "/chat/completions"),
]


@pytest.mark.parametrize(("address", "path", "sent"), DOUBLED)
def test_a_v1_that_is_there_twice_below_a_passthrough_is_taken_out_once(
    httpserver: HTTPServer, address: str, path: str, sent: str
) -> None:
    httpserver.expect_request(sent).respond_with_response(Response(b"{}"))
    provider = {"kind": "upstream", "base_url": httpserver.url_for(f"/{address}"), "key_env": "NO_SUCH_KEY"}
    with LocalTo11(providers={"mistral": provider}) as to11:
        assert Caller(to11).send("POST", path, {}).status == 200
    assert httpserver.log[-1][0].path == sent


def test_echo_stands_for_mistral_with_or_without_a_second_v1(to11: LocalTo11) -> None:
    body: dict[str, Any] = {"model": "mistral-large-latest", "messages": HELLO}
    for path in ("/v1/mistral/chat/completions", "/v1/mistral/v1/chat/completions"):
        reply = Caller(to11).send("POST", path, body)
        assert reply.json["choices"][0]["message"]["content"] == "echo: Hello!"
