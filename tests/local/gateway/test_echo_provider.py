from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest
from echo_harness import (
    CLAUDE,
    GPT,
    MODELS,
    OPENAI_MODELS,
    PATHS,
    ask,
    chat,
    message,
    provider,
    read,
    response,
    send,
    tool,
)
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from to11ai_sdk.local.gateway.echo import CountedIds, EchoProvider
from to11ai_sdk.local.gateway.echo.tokens import count, cut, pieces
from to11ai_sdk.local.gateway.provider import UnreachableError, UpstreamRequest


def test_a_dialect_that_is_none() -> None:
    with pytest.raises(ValueError, match="dialect must be one of openai, anthropic, cohere, native, not 'klingon'"):
        EchoProvider(dialect="klingon")


def test_with_nothing_told_it_answers_its_own_model() -> None:
    body = read(send(EchoProvider(dialect="openai"), "/chat/completions", {**chat(), "model": "echo"}))
    assert body["choices"][0]["message"]["content"] == "echo: hi"


def test_ids_are_made_of_the_request_and_a_count() -> None:
    one, other = CountedIds(), CountedIds()
    first = [one("a", b"x"), one("a", b"x"), one("b", b"y")]
    assert first == [other("a", b"x"), other("a", b"x"), other("b", b"y")]
    assert len({found[1:] for found in first}) == 3
    assert all(len(found) == 25 for found in first)


@pytest.mark.parametrize("kind", ["chat", "responses"])
def test_an_unknown_model_of_openai(kind: str) -> None:
    reply = ask(kind, model="nope")
    assert reply.status == 404
    assert read(reply) == {
        "error": {
            "message": "The model `nope` does not exist or you do not have access to it.",
            "type": "invalid_request_error",
            "param": None,
            "code": "model_not_found",
        }
    }


def test_an_unknown_model_of_anthropic() -> None:
    reply = ask("messages", model="nope")
    error = {"type": "not_found_error", "message": "model: nope"}
    assert (reply.status, read(reply)) == (404, {"type": "error", "error": error, "request_id": "req_1"})
    assert reply.headers["request-id"] == "req_1"


@pytest.mark.parametrize(
    ("dialect", "method", "path", "status", "text"),
    [
        ("openai", "POST", "/messages", 404, "Invalid URL (POST /messages)"),
        ("openai", "GET", "/chat/completions", 405, "Not allowed to GET on /chat/completions."),
        ("anthropic", "POST", "/chat/completions", 404, "Not found: POST /chat/completions"),
        ("cohere", "GET", "/rerank", 405, "Not allowed to GET on /rerank."),
    ],
)
def test_paths_that_are_none(dialect: str, method: str, path: str, status: int, text: str) -> None:
    reply = send(provider(dialect), f"{path}?x=1", {}, method=method)
    body = read(reply)
    assert (reply.status, body.get("error", body)["message"]) == (status, text)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 100_000, b'{"a": NaN}', b'{"a": 1e999}'])
@pytest.mark.parametrize("kind", list(PATHS))
def test_a_body_that_is_no_json(kind: str, body: bytes) -> None:
    echo = provider("anthropic" if kind == "messages" else "openai")
    reply = echo.send(UpstreamRequest("POST", PATHS[kind], {}, body))
    error = read(reply)["error"]
    assert (reply.status, error["type"]) == (400, "invalid_request_error")
    assert error["message"] == "We could not parse the JSON body of your request."


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ([], "The JSON body of your request must be an object."),
        ({"a": json.loads("[" * 200 + "]" * 200)}, "The JSON body of your request is nested deeper than 100 levels."),
    ],
)
def test_a_body_that_is_no_object_or_too_deep(body: Any, text: str) -> None:
    reply = send(provider(), "/chat/completions", body)
    assert (reply.status, read(reply)["error"]["message"]) == (400, text)


def with_message(**given: Any) -> dict[str, Any]:
    return {"messages": [given]}


@pytest.mark.parametrize(
    ("given", "param", "code"),
    [
        ({"model": None}, "model", "missing_required_parameter"),
        ({"model": 5}, "model", "invalid_type"),
        ({"messages": None}, "messages", "missing_required_parameter"),
        ({"messages": "hi"}, "messages", "invalid_type"),
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": ["hi"]}, "messages[0]", "invalid_type"),
        (with_message(content="x"), "messages[0].role", "missing_required_parameter"),
        (with_message(role="model", content="x"), "messages[0].role", "invalid_value"),
        (with_message(role="user"), "messages[0].content", "missing_required_parameter"),
        (with_message(role="user", content=[{"type": "x"}]), "messages[0].content[0].type", "invalid_value"),
        (with_message(role="tool", content="x"), "messages[0].tool_call_id", "missing_required_parameter"),
        (
            with_message(role="assistant", tool_calls=[{}]),
            "messages[0].tool_calls[0].type",
            "missing_required_parameter",
        ),
        ({"max_tokens": 0}, "max_tokens", "invalid_type"),
        ({"max_tokens": True}, "max_tokens", "invalid_type"),
        ({"n": 0}, "n", "invalid_type"),
        ({"n": 129}, "n", "invalid_type"),
        ({"stop": 1}, "stop", "invalid_type"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"tools": {}}, "tools", "invalid_type"),
        ({"tools": [{"type": "function"}]}, "tools[0].function", "missing_required_parameter"),
        ({"tool_choice": "any"}, "tool_choice", "invalid_value"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.type", "invalid_value"),
        ({"response_format": {"type": "xml"}}, "response_format.type", "invalid_value"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema", "missing_required_parameter"),
        ({"stop_sequences": ["x"]}, "stop_sequences", "unknown_parameter"),
        ({"system": "x"}, "system", "unknown_parameter"),
    ],
)
def test_a_malformed_request_to_openai(given: dict[str, Any], param: str, code: str) -> None:
    reply = send(provider(), "/chat/completions", chat(**given))
    error = read(reply)["error"]
    assert (reply.status, error["type"], error["param"], error["code"]) == (400, "invalid_request_error", param, code)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"messages": None}, "Missing required parameter: 'messages'."),
        ({"stream": 1}, "Invalid type for 'stream': expected a boolean, but got the number 1 instead."),
        ({"messages": {}}, "Invalid type for 'messages': expected an array, but got an object instead."),
        ({"tool_choice": "x"}, "Invalid value: 'x'. Supported values are: 'none', 'auto' or 'required'."),
    ],
)
def test_the_words_of_openai(given: dict[str, Any], text: str) -> None:
    assert read(send(provider(), "/chat/completions", chat(**given)))["error"]["message"] == text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"max_tokens": None}, "max_tokens: Field required"),
        ({"max_tokens": 0}, "max_tokens: Input should be an integer of 1 or more"),
        ({"messages": []}, "messages: at least one message is required"),
        ({"system": None}, "system: Input should be an array"),
        (with_message(role="tool", content="x"), "messages.0.role: Input should be 'user', 'assistant' or 'system'"),
        (with_message(role="user", content=[{"type": "image_url"}]), None),
        (with_message(role="user", content=[{"type": "image"}]), "messages.0.content.0.source: Field required"),
        ({"tools": [{"name": "x"}]}, "tools.0.input_schema: Field required"),
        ({"tools": [{"type": "function", "function": {}}], "tool_choice": {"type": "tool", "name": "x"}}, None),
        ({"tool_choice": "auto"}, "tool_choice: Input should be an object"),
        ({"thinking": {"type": "enabled"}}, "thinking.budget_tokens: Field required"),
        ({"response_format": {"type": "text"}}, "response_format: Extra inputs are not permitted"),
        ({"stop": "x"}, "stop: Extra inputs are not permitted"),
        (
            {"output_config": {"format": {"type": "json_object"}}},
            "output_config.format.type: Input should be 'json_schema'",
        ),
    ],
)
def test_a_malformed_request_to_anthropic(given: dict[str, Any], text: str | None) -> None:
    reply = send(provider("anthropic"), "/messages", message(**given))
    error = read(reply)["error"]
    assert (reply.status, error["type"]) == (400, "invalid_request_error")
    assert text in (None, error["message"])


@pytest.mark.parametrize(
    ("given", "param"),
    [
        ({"input": None}, "input"),
        ({"input": [{"type": "mystery", "id": "x"}]}, "input[0].type"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.type"),
        ({"stop": "x"}, "stop"),
        ({"text": {"format": {"type": "xml"}}}, "text.format.type"),
    ],
)
def test_a_malformed_request_for_a_response(given: dict[str, Any], param: str) -> None:
    reply = send(provider(), "/responses", {**response(), **given})
    assert (reply.status, read(reply)["error"]["param"]) == (400, param)


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


@pytest.mark.parametrize(
    ("messages", "text"),
    [
        ([{"role": "tool", "tool_call_id": "c9", "content": "x"}], "messages with role 'tool' must be a response"),
        ([{"role": "assistant", "tool_calls": [CALL]}], "did not have response messages: c1"),
        ([{"role": "assistant", "tool_calls": [CALL]}, {"role": "user", "content": "x"}], "response messages: c1"),
    ],
)
def test_calls_and_results_go_together(messages: list[Any], text: str) -> None:
    reply = send(provider(), "/chat/completions", chat(messages=messages))
    assert reply.status == 400
    assert text in read(reply)["error"]["message"]


def test_the_models_of_openai() -> None:
    body = read(send(provider(name="xai"), "/models", method="GET"))
    assert body["object"] == "list"
    assert [row["id"] for row in body["data"]] == list(OPENAI_MODELS)
    one = {"id": GPT, "object": "model", "created": 0, "owned_by": "xai"}
    assert body["data"][0] == one == read(send(provider(name="xai"), f"/models/{GPT}", method="GET"))


def test_the_models_of_anthropic() -> None:
    body = read(send(provider("anthropic"), "/models", method="GET"))
    assert (body["first_id"], body["last_id"], body["has_more"]) == (CLAUDE, CLAUDE, False)
    assert body["data"][0] == read(send(provider("anthropic"), f"/models/{CLAUDE}", method="GET"))
    assert body["data"][0]["type"] == "model"
    assert read(send(provider("anthropic", models=[]), "/models", method="GET"))["first_id"] is None


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_a_model_with_slashes_and_one_that_is_not_there(dialect: str) -> None:
    echo = provider(dialect, models=["org/model"])
    assert read(send(echo, "/models/org/model", method="GET"))["id"] == "org/model"
    assert send(echo, "/models/other", method="GET").status == 404


@pytest.mark.parametrize(
    ("dialect", "name", "path"),
    [
        ("native", "bedrock", "/model/anthropic.claude/converse?x=1"),
        ("native", "vertex", "/models/gemini:generateContent"),
        ("openai", "mistral", "/fim/completions"),
    ],
)
def test_a_native_api_is_answered_with_what_was_asked(dialect: str, name: str, path: str) -> None:
    body = b'{"any": "thing"}\xff'
    request = UpstreamRequest("PUT", path, {"content-type": "application/x"}, body)
    reply = provider(dialect, name=name).send(request)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert read(reply) == {
        "echo": {
            "provider": name,
            "method": "PUT",
            "path": path,
            "content_type": "application/x",
            "bytes": len(body),
            "sha256": hashlib.sha256(body).hexdigest(),
        }
    }


def test_a_native_api_fails_on_purpose() -> None:
    reply = send(provider("native", name="bedrock"), "/x", {"prompt": "[[echo:status=503]]"})
    assert (reply.status, read(reply)) == (503, {"message": "echo: status 503, as the request asked for."})


def test_mistral_speaks_openai_beside_its_own_api() -> None:
    reply = send(provider(name="mistral"), "/chat/completions", chat())
    assert read(reply)["object"] == "chat.completion"


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("How many tokens is this?", 6),
        ("don't", 3),
        ("snake_case 12.5", 4),
        ("naïve 東京 🎈!", 4),
        (" \n\t", 0),
        ("a" * 25_000, 1),
        ("ab " * 10_000, 10_000),
        (f"{'.' * 9_999}ab{'.' * 9_999}", 19_999),
        (f"{'a' * 10_000}.b", 3),
    ],
)
def test_tokens_are_words_and_marks(text: str, tokens: int) -> None:
    assert count(text) == tokens


@given(st.text(), st.integers(0, 20))
def test_cutting_leaves_so_many_tokens(text: str, limit: int) -> None:
    assert text.startswith(cut(text, limit))
    assert count(cut(text, limit)) == min(limit, count(text))


@given(st.text(), st.integers(1, 10))
def test_pieces_make_up_the_text(text: str, most: int) -> None:
    found = pieces(text, most)
    assert "".join(found) == text
    assert all(found)
    assert len(found) <= max(2, most)


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5000), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@st.composite
def spoilt_requests(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A good request of any kind in which one or two values are replaced, wherever they stand."""
    kind = draw(st.sampled_from(list(PATHS)))
    good = {"chat": chat, "responses": response, "messages": message}[kind](
        "f [[echo:slow=0]]", stream=draw(st.booleans())
    )
    body = {**good, "tools": [tool(kind, "f")], "tool_choice": {"type": "auto"} if kind == "messages" else "auto"}
    extra = [
        "n",
        "stop",
        "thinking",
        "reasoning",
        "response_format",
        "text",
        "system",
        "instructions",
        "stream_options",
    ]
    for _ in range(draw(st.integers(1, 2))):
        place: Any = body
        while True:
            keys = list(range(len(place))) if isinstance(place, list) else [*place, *(extra if place is body else ())]
            if not keys:
                break
            key = draw(st.sampled_from(keys))
            inner = place[key] if isinstance(place, list) or key in place else None
            if not isinstance(inner, dict | list) or draw(st.booleans()):
                place[key] = draw(VALUES)
                break
            place = inner
    return kind, body


@settings(max_examples=examples(300), deadline=None)
@given(spoilt_requests())
def test_whatever_is_sent_there_is_an_answer(given: tuple[str, dict[str, Any]]) -> None:
    kind, body = given
    dialect = "anthropic" if kind == "messages" else "openai"
    try:
        reply = send(provider(dialect, sleep=lambda _: None), PATHS[kind], body)
        content = b"".join(reply.body)
    except UnreachableError:
        return
    assert reply.status in (200, 400, 404)
    if reply.status != 200:
        assert json.loads(content)["error"]["message"]


def test_every_dialect_has_its_models() -> None:
    assert {dialect: EchoProvider(dialect=dialect, models=models).dialect for dialect, models in MODELS.items()} == {
        dialect: dialect for dialect in MODELS
    }
