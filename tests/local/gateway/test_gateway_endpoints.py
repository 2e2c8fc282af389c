"""Each row of the table of endpoints on the page "API reference"."""

from __future__ import annotations

import base64
import io
import json
import struct
import wave
from typing import Any

import pytest
from gateway_harness import HELLO, Caller, Reply, form

from to11ai_sdk.local import LocalTo11


def test_post_responses(to11: LocalTo11) -> None:
    reply = Caller(to11).send("POST", "/v1/responses", {"model": "gpt-4o", "input": "Hello!"})
    assert reply.status == 200
    assert reply.json["object"] == "response"
    assert reply.json["output"][-1]["content"][0]["text"] == "echo: Hello!"


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-6", "grok-4"])
@pytest.mark.parametrize(
    ("body", "headers", "shape"),
    [
        ({"input": "Hello!"}, {}, "response"),
        ({"messages": HELLO}, {}, "chat.completion"),
        ({"messages": HELLO}, {"x_genai_sdk": "xai"}, "chat.completion"),
        ({"messages": HELLO, "max_tokens": 9}, {"anthropic_version": "2023-06-01"}, "message"),
        ({"messages": HELLO, "max_tokens": 9, "system": "Be brief."}, {}, "message"),
        ({"messages": HELLO, "max_tokens": 9}, {"x_genai_sdk": "anthropic"}, "message"),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello!"}]}]}, {}, "chat.completion"),
        (
            {"messages": HELLO, "max_tokens": 9, "tools": [{"name": "f", "input_schema": {"type": "object"}}]},
            {},
            "message",
        ),
    ],
    ids=["responses", "chat", "xai", "version", "system", "sdk", "parts", "tools"],
)
def test_post_responses_answers_in_the_shape_it_was_asked_in(
    to11: LocalTo11, model: str, body: dict[str, Any], headers: dict[str, str], shape: str
) -> None:
    reply = Caller(to11).send("POST", "/v1/responses", {"model": model, **body}, **headers)
    assert reply.status == 200
    assert reply.json.get("object", reply.json.get("type")) == shape


@pytest.mark.parametrize("odd", [[], {}, 5, None])
def test_post_responses_with_parts_of_an_odd_type(to11: LocalTo11, odd: Any) -> None:
    messages = [{"role": "user", "content": [{"type": odd}]}]
    reply = Caller(to11).send("POST", "/v1/responses", {"model": "claude-sonnet-4-6", "messages": messages})
    assert (reply.status, reply.headers["x-to11-error-code"]) == (400, "bad_request")


def test_post_chat_completions(to11: LocalTo11) -> None:
    reply = Caller(to11).chat(max_tokens=256)
    assert (reply.status, reply.headers["content-type"]) == (200, "application/json")
    assert reply.json["choices"][0]["message"]["content"] == "echo: Hello!"
    assert reply.json["choices"][0]["finish_reason"] == "stop"
    usage = reply.json["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]


def test_post_messages(to11: LocalTo11) -> None:
    reply = Caller(to11).message()
    assert (reply.status, reply.json["type"], reply.json["role"]) == (200, "message", "assistant")
    assert reply.json["content"] == [{"type": "text", "text": "echo: Hello!"}]
    assert reply.json["stop_reason"] == "end_turn"
    assert set(reply.json["usage"]) >= {"input_tokens", "output_tokens"}


def test_get_models(to11: LocalTo11) -> None:
    reply = Caller(to11).send("GET", "/v1/models")
    assert reply.json["object"] == "list"
    by_id = {model["id"]: model for model in reply.json["data"]}
    assert by_id["gpt-4o"] == {"id": "gpt-4o", "object": "model", "created": 0, "owned_by": "openai"}
    assert by_id["claude-sonnet-4-6"]["owned_by"] == "anthropic"


def test_get_models_model_id(to11: LocalTo11) -> None:
    caller = Caller(to11)
    expected = {"id": "gpt-4o", "object": "model", "created": 0, "owned_by": "openai"}
    assert caller.send("GET", "/v1/models/gpt-4o").json == expected
    missing = caller.send("GET", "/v1/models/no%2Fsuch")
    assert (missing.status, missing.headers["x-to11-error-code"]) == (404, "model_not_found")


def test_post_embeddings(to11: LocalTo11) -> None:
    body = {"model": "text-embedding-3-small", "input": "hello world"}
    reply = Caller(to11).send("POST", "/v1/embeddings", body)
    vector = reply.json["data"][0]["embedding"]
    assert sum(each * each for each in vector) == pytest.approx(1.0, abs=1e-3)


def test_post_messages_count_tokens(to11: LocalTo11) -> None:
    body = {"model": "claude-sonnet-4-6", "messages": [{"role": "user", "content": "How many tokens is this?"}]}
    reply = Caller(to11).send("POST", "/v1/messages/count_tokens", body)
    assert (reply.status, reply.json) == (200, {"input_tokens": 14})


def test_post_rerank(to11: LocalTo11) -> None:
    body = {"model": "rerank-v3.5", "query": "red apple", "documents": ["a blue car", "an apple, red"]}
    reply = Caller(to11).send("POST", "/v1/rerank", body)
    assert (reply.status, reply.json["results"][0]["index"]) == (200, 1)


def test_post_images_generations(to11: LocalTo11) -> None:
    body = {"model": "dall-e-3", "prompt": "a white cat", "n": 1, "size": "1024x1024", "response_format": "b64_json"}
    reply = Caller(to11).send("POST", "/v1/images/generations", body)
    png = base64.b64decode(reply.json["data"][0]["b64_json"])
    assert png.startswith(b"\x89PNG\r\n")
    assert struct.unpack(">II", png[16:24]) == (1024, 1024)


def test_post_audio_transcriptions(to11: LocalTo11) -> None:
    content, content_type = form(file=b"ID3 not really music", model="whisper-1")
    reply = Caller(to11).send("POST", "/v1/audio/transcriptions", content, content_type=content_type)
    assert reply.status == 200
    assert "file.bin" in reply.json["text"]


def test_post_audio_speech(to11: LocalTo11) -> None:
    body = {"model": "tts-1", "input": "Hello world", "voice": "alloy"}
    reply = Caller(to11).send("POST", "/v1/audio/speech", body)
    assert reply.status == 200
    with wave.open(io.BytesIO(reply.body)) as sound:
        assert sound.getnframes() > 0


def test_files(to11: LocalTo11) -> None:
    caller = Caller(to11)
    content, content_type = form(purpose="assistants", file=b'{"a": 1}\n')
    uploaded = caller.send("POST", "/v1/files", content, content_type=content_type).json
    assert caller.send("GET", "/v1/files").json["data"] == [uploaded]
    place = f"/v1/files/{uploaded['id']}"
    assert caller.send("GET", place).json == uploaded
    assert caller.send("GET", f"{place}/content").body == b'{"a": 1}\n'
    assert caller.send("DELETE", place).json["deleted"] is True
    assert caller.send("GET", place).status == 404


def test_files_are_kept_with_the_state_and_per_project(tmp_path: Any) -> None:
    content, content_type = form(purpose="assistants", file=b"abc")
    with LocalTo11(tmp_path / "state") as to11:
        uploaded = Caller(to11).send("POST", "/v1/files", content, content_type=content_type).json
        other = Caller(to11)
        project_id, key = to11.create_project()
        other.auth = {"x-to11-authorization": f"Bearer {key}", "x-to11-project-id": project_id}
        assert other.send("GET", "/v1/files").json["data"] == []
        assert other.send("DELETE", f"/v1/files/{uploaded['id']}").status == 404
    with LocalTo11(tmp_path / "state") as to11:
        assert Caller(to11).send("GET", f"/v1/files/{uploaded['id']}/content").body == b"abc"


@pytest.mark.parametrize("name", ["mistral", "bedrock", "vertex"])
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_native_passthrough(name: str, method: str) -> None:
    dialect = {"kind": "echo", "dialect": "native"}
    with LocalTo11(providers={"aws-bedrock": dialect, "gcp-vertex-ai": dialect}) as to11:
        body = None if method == "GET" else b"\x00 not JSON"
        reply = Caller(to11).send(method, f"/v1/{name}/model/a%2Fb/invoke?x=1", body)
    assert reply.status == 200
    assert (reply.json["echo"]["method"], reply.json["echo"]["path"]) == (method, "/model/a%2Fb/invoke?x=1")
    assert reply.json["echo"]["bytes"] == len(body or b"")


def test_native_passthrough_is_for_projects_that_have_the_provider(to11: LocalTo11) -> None:
    reply = Caller(to11).send("POST", "/v1/bedrock/model/x/invoke", {})
    assert (reply.status, reply.headers["x-to11-error-code"]) == (403, "feature_disabled")


def test_health(to11: LocalTo11) -> None:
    assert Caller(to11).send("GET", "/health", auth=False).status == 200


@pytest.mark.parametrize("path", ["messages", "v1/messages"])
def test_v1_may_stand_there_twice(to11: LocalTo11, path: str) -> None:
    reply = Caller(to11).send("POST", f"/v1/{path}", {"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": HELLO})
    assert reply.json["type"] == "message"


def _only_anthropic(reply: Reply) -> None:
    assert (reply.status, reply.headers["x-to11-error-code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("embeddings", {"model": "claude-sonnet-4-6", "input": "x"}),
        ("images/generations", {"model": "claude-sonnet-4-6", "prompt": "x"}),
        ("audio/speech", {"model": "claude-sonnet-4-6", "input": "x", "voice": "alloy"}),
        ("messages/count_tokens", {"model": "gpt-4o", "messages": HELLO}),
        ("chat/completions", {"model": "rerank-v3.5", "messages": HELLO}),
        ("rerank", {"model": "claude-sonnet-4-6", "query": "x", "documents": ["x"]}),
    ],
    ids=["embeddings", "images", "speech", "count_tokens", "chat", "rerank"],
)
def test_a_model_that_is_not_for_the_endpoint_is_400(to11: LocalTo11, path: str, body: dict[str, Any]) -> None:
    _only_anthropic(Caller(to11).send("POST", f"/v1/{path}", body))


def test_an_anthropic_model_for_forms_is_400(to11: LocalTo11) -> None:
    content, content_type = form(file=b"x", model="claude-sonnet-4-6")
    caller = Caller(to11)
    _only_anthropic(caller.send("POST", "/v1/audio/transcriptions", content, content_type=content_type))
    content, content_type = form(file=b"x", purpose="assistants")
    hint = {"content_type": content_type, "x_genai_provider": "anthropic"}
    _only_anthropic(caller.send("POST", "/v1/files", content, **hint))


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/v1/nothing", 404), ("GET", "/v1/messages", 405), ("PUT", "/v1/files", 405)]
)
def test_there_is_nothing_beside_the_table(to11: LocalTo11, method: str, path: str, status: int) -> None:
    reply = Caller(to11).send(method, path)
    assert (reply.status, reply.headers["x-to11-error-code"]) == (status, "bad_request")
    assert path in reply.json["error"]["message"]
    assert ("allow" in reply.headers) == (status == 405)


@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-6"])
@pytest.mark.parametrize("endpoint", ["chat/completions", "messages", "responses"])
def test_every_chat_endpoint_streams_in_the_callers_format(to11: LocalTo11, endpoint: str, model: str) -> None:
    asked: dict[str, Any] = {"input": "Count to 3"} if endpoint == "responses" else {"messages": HELLO}
    limit = {"max_tokens": 99} if endpoint == "messages" else {}
    reply = Caller(to11).send("POST", f"/v1/{endpoint}", {"model": model, "stream": True, **limit, **asked})
    assert reply.headers["content-type"].startswith("text/event-stream")
    assert reply.headers["transfer-encoding"] == "chunked"
    last = {"messages": "message_stop", "responses": "response.completed"}.get(endpoint)
    assert reply.events[-1]["type"] == last if last else reply.events[-1] == "[DONE]"
    assert len(reply.events) >= 5
    assert to11.traces()[0].is_stream


def test_tools_and_system_go_across_formats(to11: LocalTo11) -> None:
    schema = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}
    caller = Caller(to11)
    tools = [{"name": "get_weather", "description": "Get it", "input_schema": schema}]
    message = caller.message("gpt-4o", "What's the weather in Paris?", tools=tools, system="Be brief.").json
    assert (message["content"][-1]["type"], message["content"][-1]["name"]) == ("tool_use", "get_weather")
    functions = [{"type": "function", "function": {"name": "get_weather", "parameters": schema}}]
    reply = caller.chat("claude-sonnet-4-6", "What's the weather in Paris?", tools=functions).json
    called = reply["choices"][0]["message"]["tool_calls"][0]["function"]
    assert called["name"] == "get_weather"
    assert set(json.loads(called["arguments"])) == {"location"}


def test_thinking_passes_as_it_is(to11: LocalTo11) -> None:
    reply = Caller(to11).message(thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2048)
    assert [part["type"] for part in reply.json["content"]] == ["thinking", "text"]
    assert reply.json["content"][0]["signature"]
