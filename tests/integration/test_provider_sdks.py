"""The packages ``openai`` and ``anthropic`` against the local gateway, through our own options."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anthropic
import httpx2
import openai
import pytest

from to11ai_sdk import NoApplicableRouteError, RuleNotFoundError, To11aiAuthError, To11aiNetworkError
from to11ai_sdk.errors import To11aiApiError, To11aiRateLimitError
from to11ai_sdk.gateway import raise_for_gateway
from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Generator

    from pytest_httpserver import HTTPServer

NODE_MODULES = os.environ.get("TO11_NODE_MODULES")
"""Folder with ``node_modules/@anthropic-ai/sdk``."""
MODELS = ["gpt-4o", "claude-sonnet-4-6", "anthropic::claude-sonnet-4-6", "grok-4"]
SCHEMA = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}
HELLO: Any = [{"role": "user", "content": "Hello!"}]
WEATHER: Any = [{"role": "user", "content": "What's the weather in Paris?"}]
COUNT: Any = [{"role": "user", "content": "Count to 3"}]


@pytest.fixture(params=[None, "sk-mine"], ids=["managed", "own key"])
def options(to11: LocalTo11, request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"project_id": to11.project_id, "gateway_url": to11.gateway_url, "provider_api_key": request.param}


@pytest.fixture
def claude(to11: LocalTo11, options: dict[str, Any]) -> Generator[anthropic.Anthropic]:
    with anthropic.Anthropic(**to11.client().anthropic_options(**options), max_retries=0) as client:
        yield client


@pytest.fixture
def gpt(to11: LocalTo11, options: dict[str, Any]) -> Generator[openai.OpenAI]:
    with openai.OpenAI(**to11.client().openai_options(**options), max_retries=0) as client:
        yield client


@pytest.mark.parametrize("model", MODELS)
def test_messages(claude: anthropic.Anthropic, model: str) -> None:
    message = claude.messages.create(model=model, max_tokens=99, system="Be brief.", messages=HELLO)
    assert (message.content[0].text, message.stop_reason) == ("echo: Hello!", "end_turn")
    assert message.usage.input_tokens
    assert message.usage.output_tokens


@pytest.mark.parametrize("model", MODELS)
def test_message_streams(claude: anthropic.Anthropic, model: str) -> None:
    with claude.messages.stream(model=model, max_tokens=99, messages=COUNT) as stream:
        pieces = list(stream.text_stream)
        final = stream.get_final_message()
    assert len(pieces) > 2
    assert "".join(pieces) == final.content[0].text == "echo: Count to 3"
    assert final.usage.output_tokens


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("streamed", [False, True])
def test_tools_of_messages(claude: anthropic.Anthropic, model: str, streamed: bool) -> None:
    tools: Any = [{"name": "get_weather", "description": "Weather", "input_schema": SCHEMA}]
    asked: Any = {"model": model, "max_tokens": 99, "tools": tools}
    if streamed:
        with claude.messages.stream(messages=WEATHER, **asked) as stream:
            message = stream.get_final_message()
    else:
        message = claude.messages.create(messages=WEATHER, **asked)
    called = message.content[-1]
    assert (message.stop_reason, called.type, called.name) == ("tool_use", "tool_use", "get_weather")
    result = {"type": "tool_result", "tool_use_id": called.id, "content": "sunny, 21 degrees"}
    turns = [*WEATHER, {"role": "assistant", "content": message.content}, {"role": "user", "content": [result]}]
    answer = claude.messages.create(messages=turns, **asked)
    assert "sunny" in answer.content[-1].text


@pytest.mark.parametrize("streamed", [False, True])
def test_extended_thinking(claude: anthropic.Anthropic, streamed: bool) -> None:
    asked: Any = {"model": "claude-sonnet-4-6", "max_tokens": 2048, "messages": HELLO}
    asked["thinking"] = {"type": "enabled", "budget_tokens": 1024}
    if streamed:
        with claude.messages.stream(**asked) as stream:
            message = stream.get_final_message()
    else:
        message = claude.messages.create(**asked)
    assert [part.type for part in message.content] == ["thinking", "text"]
    assert message.content[0].thinking
    assert message.content[0].signature


def test_thinking_is_dropped_where_the_other_format_has_no_room(claude: anthropic.Anthropic) -> None:
    thinking: Any = {"type": "enabled", "budget_tokens": 1024}
    message = claude.messages.create(model="gpt-4o", max_tokens=2048, messages=HELLO, thinking=thinking)
    assert message.content[-1].text == "echo: Hello!"


@pytest.mark.parametrize("model", MODELS)
def test_chat_completions(gpt: openai.OpenAI, model: str) -> None:
    messages: Any = [{"role": "system", "content": "Be brief."}, *HELLO]
    reply = gpt.chat.completions.create(model=model, messages=messages, max_tokens=99)
    assert (reply.choices[0].message.content, reply.choices[0].finish_reason) == ("echo: Hello!", "stop")
    assert reply.usage
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("include_usage", [False, True])
def test_chat_completion_streams(gpt: openai.OpenAI, model: str, include_usage: bool) -> None:
    more: Any = {"stream_options": {"include_usage": True}} if include_usage else {}
    chunks = list(gpt.chat.completions.create(model=model, messages=COUNT, stream=True, **more))
    pieces = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]
    assert "".join(filter(None, pieces)) == "echo: Count to 3"
    assert bool(chunks[-1].usage) == include_usage


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("streamed", [False, True])
def test_tools_of_chat_completions(gpt: openai.OpenAI, model: str, streamed: bool) -> None:
    tools: Any = [{"type": "function", "function": {"name": "get_weather", "parameters": SCHEMA}}]
    if streamed:
        with gpt.chat.completions.stream(model=model, messages=WEATHER, tools=tools) as stream:
            message = stream.get_final_completion().choices[0].message
    else:
        message = gpt.chat.completions.create(model=model, messages=WEATHER, tools=tools).choices[0].message
    assert message.tool_calls
    call = message.tool_calls[0]
    assert call.function.name == "get_weather"
    turns: Any = [
        *WEATHER,
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.function.name, "arguments": call.function.arguments},
                }
            ],
        },
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
    ]
    answer = gpt.chat.completions.create(model=model, messages=turns, tools=tools)
    assert "sunny" in str(answer.choices[0].message.content)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("streamed", [False, True])
def test_responses(gpt: openai.OpenAI, model: str, streamed: bool) -> None:
    if streamed:
        with gpt.responses.stream(model=model, input="Count to 3") as stream:
            response = stream.get_final_response()
    else:
        response = gpt.responses.create(model=model, input="Count to 3", instructions="Be brief.")
    assert (response.output_text, response.status) == ("echo: Count to 3", "completed")


def test_structured_output(gpt: openai.OpenAI) -> None:
    wanted: Any = {"type": "json_object"}
    messages: Any = [{"role": "user", "content": "List 3 colors as JSON"}]
    reply = gpt.chat.completions.create(model="gpt-4o", messages=messages, response_format=wanted)
    assert reply.choices[0].message.content
    with pytest.raises(openai.BadRequestError):
        gpt.chat.completions.create(model="claude-sonnet-4-6", messages=messages, response_format=wanted)


def test_everything_beside_chat(gpt: openai.OpenAI, claude: anthropic.Anthropic) -> None:
    assert {model.id for model in gpt.models.list()} >= {"gpt-4o", "claude-sonnet-4-6"}
    assert gpt.models.retrieve("gpt-4o").owned_by == "openai"
    assert claude.messages.count_tokens(model="claude-sonnet-4-6", messages=HELLO).input_tokens > 0
    vectors = gpt.embeddings.create(model="text-embedding-3-small", input=["a", "b"]).data
    assert len(vectors[0].embedding) == len(vectors[1].embedding) > 1
    assert len(gpt.images.generate(model="dall-e-3", prompt="a white cat", n=1, size="1024x1024").data or []) == 1
    heard = gpt.audio.transcriptions.create(model="openai::whisper-1", file=("a.mp3", b"ID3"))
    assert "a.mp3" in heard.text
    assert gpt.audio.speech.create(model="tts-1", input="Hello", voice="alloy").content.startswith(b"RIFF")


def test_files(gpt: openai.OpenAI) -> None:
    made = gpt.files.create(file=("data.jsonl", b'{"a": 1}\n'), purpose="assistants")
    assert [each.id for each in gpt.files.list()] == [made.id]
    assert gpt.files.retrieve(made.id).filename == "data.jsonl"
    assert gpt.files.content(made.id).content == b'{"a": 1}\n'
    assert gpt.files.delete(made.id).deleted


@pytest.mark.parametrize("model", ["openai::echo-status-%d", "anthropic::echo-status-%d"])
@pytest.mark.parametrize(
    ("status", "name"),
    [(400, "BadRequest"), (401, "Authentication"), (403, "PermissionDenied"), (404, "NotFound"), (429, "RateLimit")],
)
def test_errors_are_those_of_the_sdks(
    gpt: openai.OpenAI, claude: anthropic.Anthropic, model: str, status: int, name: str
) -> None:
    with pytest.raises(getattr(openai, f"{name}Error")):
        gpt.chat.completions.create(model=model % status, messages=HELLO)
    with pytest.raises(getattr(anthropic, f"{name}Error")):
        claude.messages.create(model=model % status, max_tokens=9, messages=HELLO)


@pytest.mark.parametrize("text", ["[[echo:cut]] a b c d", "[[echo:error-event]] a b c d"])
@pytest.mark.parametrize("model", ["gpt-4o", "claude-sonnet-4-6"])
def test_streams_that_break_raise(gpt: openai.OpenAI, claude: anthropic.Anthropic, model: str, text: str) -> None:
    messages: Any = [{"role": "user", "content": text}]
    with pytest.raises(openai.APIError):
        list(gpt.chat.completions.create(model=model, messages=messages, stream=True))
    with (
        pytest.raises(anthropic.APIError),
        claude.messages.stream(model=model, max_tokens=99, messages=messages) as stream,
    ):
        list(stream.text_stream)


def test_errors_of_the_sdks_become_those_of_to11(
    to11: LocalTo11, gpt: openai.OpenAI, claude: anthropic.Anthropic
) -> None:
    def kind(**asked: Any) -> type[Exception]:
        try:
            try:
                gpt.chat.completions.create(messages=HELLO, **asked)
            except openai.APIError as exc:
                raise_for_gateway(exc)
        except To11aiApiError as found:
            return type(found)
        raise AssertionError("nothing was raised")

    assert kind(model="function::nothing") is RuleNotFoundError
    assert kind(model="echo-status-429") is To11aiRateLimitError
    assert kind(model="echo-status-401") is To11aiAuthError
    never = {"op": "==", "left": {"var": "model"}, "right": {"literal": "x"}}
    target = {"providerId": "openai", "modelId": "gpt-4o", "when": never}
    rules = to11.client().routing_rules
    snapshot = {"endpoint": "chat", "strategy": "single", "target": target}
    version = rules.versions.create(project_id=to11.project_id, rule_id="r", snapshot=snapshot)
    rules.releases.set(
        project_id=to11.project_id, rule_id="r", env_slug="prod", strategy="single", version_id=version.id
    )
    assert kind(model="route::r") is NoApplicableRouteError
    to11.stop()
    with pytest.raises(anthropic.APIConnectionError) as nobody:
        claude.messages.create(model="gpt-4o", max_tokens=9, messages=HELLO)
    with pytest.raises(To11aiNetworkError):
        raise_for_gateway(nobody.value)


@pytest.mark.parametrize("status", [409, 404, 400])
@pytest.mark.parametrize("sdk", ["openai", "anthropic"])
def test_an_error_that_stays_is_one_request(sdk: str, status: int) -> None:
    models = {"kind": "echo", "dialect": "openai", "models": ["twice"]}
    model = {409: "twice", 404: "nope", 400: ""}[status]
    with LocalTo11(providers={"one": models, "two": models}) as to11:
        options: dict[str, Any] = {"project_id": to11.project_id, "gateway_url": to11.gateway_url}
        if sdk == "openai":
            gpt = openai.OpenAI(**to11.client().openai_options(**options), max_retries=2)
            with gpt, pytest.raises(openai.APIStatusError) as refused:
                gpt.chat.completions.create(model=model, messages=HELLO)
            assert refused.value.status_code == status
        else:
            claude = anthropic.Anthropic(**to11.client().anthropic_options(**options), max_retries=2)
            with claude, pytest.raises(anthropic.APIStatusError) as denied:
                claude.messages.create(model=model, max_tokens=9, messages=HELLO)
            assert denied.value.status_code == status
        assert len([call for call in to11.requests if call.path.startswith("/v1/")]) == 1


def test_a_new_error_class_and_a_raw_transport_error_become_ours(httpserver: HTTPServer) -> None:
    details = {"type": "user_profile_required_error", "error_code": "user_profile_required"}
    error = {"type": "invalid_request_error", "message": "No profile.", "details": details}
    httpserver.expect_request("/v1/messages").respond_with_json({"type": "error", "error": error}, 400)
    with anthropic.Anthropic(base_url=httpserver.url_for(""), api_key="k", max_retries=0) as client:
        with pytest.raises(anthropic.BadRequestError) as refused:
            client.messages.create(model="m", max_tokens=9, messages=HELLO)
        with pytest.raises(To11aiApiError, match="No profile") as caught:
            raise_for_gateway(refused.value)
    assert caught.value.status_code == 400
    for raw in (
        httpx2.RemoteProtocolError("cut"),
        httpx2.ReadTimeout("slow", request=httpx2.Request("GET", "http://x")),
    ):
        with pytest.raises(To11aiNetworkError, match=type(raw).__name__):
            raise_for_gateway(raw)


def test_a_base_url_that_misses_v1_is_explained(to11: LocalTo11) -> None:
    options = {**to11.client().openai_options(project_id=to11.project_id), "base_url": to11.base_url}
    with openai.OpenAI(**options) as client:
        with pytest.raises(openai.NotFoundError, match="call /v1/chat/completions; the base URL of a client") as caught:
            client.chat.completions.create(model="gpt-4o", messages=HELLO)
        with pytest.raises(To11aiApiError, match="ends in /v1"):
            raise_for_gateway(caught.value)
    options["base_url"] = f"{to11.gateway_url}/messages"
    with anthropic.Anthropic(**options) as claude, pytest.raises(anthropic.NotFoundError, match="without /messages"):
        claude.messages.create(model="gpt-4o", max_tokens=9, messages=HELLO)


IN_NODE = """
const options = {
  baseURL: process.argv[2], apiKey: "managed-by-to11",
  defaultHeaders: {"x-to11-authorization": `Bearer ${process.argv[3]}`, "x-to11-project-id": process.argv[4]},
};
const messages = [{role: "user", content: "Hello!"}];
const Anthropic = (await import("@anthropic-ai/sdk")).default;
try {
  await new Anthropic(options).messages.create({model: "twice", max_tokens: 9, messages});
} catch (error) {
  console.log(error.constructor.name, error.status);
}
"""


@pytest.mark.skipif(not (NODE_MODULES and shutil.which("node")), reason="needs Node and @anthropic-ai/sdk")
def test_an_error_that_stays_is_one_request_of_node_js(tmp_path: Path) -> None:
    assert NODE_MODULES
    (tmp_path / "node_modules").symlink_to(Path(NODE_MODULES, "node_modules"))
    (tmp_path / "once.mjs").write_text(IN_NODE, "utf-8")
    models = {"kind": "echo", "dialect": "openai", "models": ["twice"]}
    with LocalTo11(providers={"one": models, "two": models}) as to11:
        command = ["node", "once.mjs", to11.base_url, to11.api_key, to11.project_id]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)
        assert done.stdout.strip() == "ConflictError 409", done.stderr
        assert len([call for call in to11.requests if call.path.startswith("/v1/")]) == 1
