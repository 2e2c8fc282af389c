from __future__ import annotations

import json
from typing import Any

import pytest
from echo_harness import CLAUDE, ask, events, message, provider, read, send, tool

THINKING = {"type": "enabled", "budget_tokens": 1024}


def body_of(content: Any = "hi", **rest: Any) -> Any:
    return read(ask("messages", content, **rest))


def test_a_message() -> None:
    reply = ask("messages", "Hello!")
    assert (reply.status, reply.headers["request-id"]) == (200, "req_1")
    assert read(reply) == {
        "id": "msg_2",
        "type": "message",
        "role": "assistant",
        "model": CLAUDE,
        "content": [{"type": "text", "text": "echo: Hello!"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 10,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 4,
            "service_tier": "standard",
        },
    }


def test_a_tool_call() -> None:
    body = body_of("What's the weather in Paris?", tools=[tool("messages")])
    [block] = body["content"]
    assert block == {"type": "tool_use", "id": "toolu_2", "name": "get_weather", "input": {"location": "location"}}
    assert body["stop_reason"] == "tool_use"


def test_a_stream() -> None:
    found = events(ask("messages", "Hello!", stream=True))
    whole = body_of("Hello!")
    start = {**whole, "content": [], "stop_reason": None, "usage": {**whole["usage"], "output_tokens": 1}}
    assert found == [
        {"type": "message_start", "message": start},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "echo: "}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hello!"}},
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {
                "input_tokens": 10,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": 4,
            },
        },
        {"type": "message_stop"},
    ]


def assembled(found: list[Any]) -> list[Any]:
    """The blocks that a stream adds up to."""
    blocks: list[Any] = []
    arguments = ""
    for event in found:
        delta = event.get("delta", {})
        if event["type"] == "content_block_start":
            assert event["index"] == len(blocks)
            blocks.append(event["content_block"])
        elif delta.get("type") == "input_json_delta":
            arguments += delta["partial_json"]
        elif delta.get("type") == "signature_delta":
            blocks[-1]["signature"] = delta["signature"]
        elif event["type"] == "content_block_delta":
            kind = delta["type"].removesuffix("_delta")
            blocks[-1][kind] += delta[kind]
        elif event["type"] == "content_block_stop" and arguments:
            blocks[-1]["input"], arguments = json.loads(arguments), ""
    return blocks


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"content": "nothing", "stop_sequences": ["echo"]},
        {"content": "π  and\n\nlines "},
        {"thinking": THINKING},
        {"thinking": THINKING, "content": "get_weather", "tools": [tool("messages")]},
        {"content": "[[echo:refuse]]"},
        {"content": "one two three", "max_tokens": 3},
        {"content": "one two three", "stop_sequences": ["two", "one"]},
    ],
)
def test_a_stream_says_what_the_answer_says(given: dict[str, Any]) -> None:
    whole, found = body_of(**given), events(ask("messages", **{"content": "hi", **given}, stream=True))
    assert assembled(found) == whole["content"]
    end = found[-2]
    assert end["delta"] == {key: whole[key] for key in whole if key.startswith("stop_")}
    assert end["usage"] == {name: value for name, value in whole["usage"].items() if name.endswith("_tokens")}


def test_thinking() -> None:
    thought, text = body_of("Hello!", thinking=THINKING)["content"]
    assert thought["type"] == "thinking"
    assert thought["thinking"] == "The user said: Hello!"
    assert len(thought["signature"]) == 44
    assert text == {"type": "text", "text": "echo: Hello!"}


@pytest.mark.parametrize(("kind", "blocks"), [("disabled", 1), ("adaptive", 2)])
def test_thinking_may_be_off_or_up_to_the_model(kind: str, blocks: int) -> None:
    assert len(body_of("Hello!", thinking={"type": kind})["content"]) == blocks


def test_the_budget_must_be_below_max_tokens() -> None:
    reply = ask("messages", thinking={"type": "enabled", "budget_tokens": 2000})
    assert (reply.status, read(reply)["error"]["type"]) == (400, "invalid_request_error")


def conversation(thought: dict[str, Any], *, result: Any = "sunny", call_id: str = "toolu_1") -> list[Any]:
    use = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"location": "Paris"}}
    answer = {"type": "tool_result", "tool_use_id": call_id, "content": result}
    return [
        {"role": "user", "content": "get_weather"},
        {"role": "assistant", "content": [thought, {"type": "redacted_thinking", "data": "x"}, use]},
        {"role": "user", "content": [answer, {"type": "text", "text": "go on"}]},
    ]


@pytest.mark.parametrize("result", ["sunny", [{"type": "text", "text": "sunny"}], None])
def test_a_thinking_block_comes_back_as_it_was_and_a_result_is_quoted(result: Any) -> None:
    thought = body_of("get_weather", thinking=THINKING)["content"][0]
    body = body_of(messages=conversation(thought, result=result), tools=[tool("messages")])
    assert body["content"] == [{"type": "text", "text": f"echo: get_weather returned {'sunny' if result else ''}"}]


def test_a_changed_thinking_block_is_refused() -> None:
    thought = {**body_of("get_weather", thinking=THINKING)["content"][0], "thinking": "changed"}
    reply = ask("messages", messages=conversation(thought))
    error = read(reply)["error"]
    assert (reply.status, error["message"]) == (400, "messages.1.content.0: Invalid `signature` in `thinking` block")


def test_a_result_of_no_call_is_refused() -> None:
    reply = ask("messages", messages=conversation({"type": "text", "text": "x"}, call_id="toolu_9"))
    assert reply.status == 400
    assert "unexpected `tool_use_id` found in `tool_result` blocks: toolu_9" in read(reply)["error"]["message"]


def test_a_call_without_a_result_is_refused() -> None:
    messages = [*conversation({"type": "text", "text": "x"})[:2], {"role": "user", "content": "and?"}]
    reply = ask("messages", messages=messages)
    assert reply.status == 400
    message = read(reply)["error"]["message"]
    assert "`tool_use` ids were found without `tool_result` blocks immediately after: toolu_1" in message


def test_a_refusal() -> None:
    body = body_of("[[echo:refuse]]")
    assert body["stop_reason"] == "refusal"
    assert body["stop_details"]["type"] == "refusal"


def test_a_stop_sequence_is_named() -> None:
    body = body_of("one two three", stop_sequences=["three", "two"])
    assert body["content"][0]["text"] == "echo: one "
    assert (body["stop_reason"], body["stop_sequence"]) == ("stop_sequence", "two")


def test_max_tokens() -> None:
    body = body_of("one two three", max_tokens=4)
    assert (body["content"][0]["text"], body["stop_reason"]) == ("echo: one two", "max_tokens")
    assert body["usage"]["output_tokens"] == 4


@pytest.mark.parametrize("place", ["output_config", "output_format"])
def test_output_format(place: str) -> None:
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    form = {"type": "json_schema", "schema": schema}
    body = body_of(**{place: form if place == "output_format" else {"format": form}})
    assert json.loads(body["content"][0]["text"]) == {"ok": True}


def test_two_output_formats_are_refused() -> None:
    form = {"type": "json_schema", "schema": {"type": "object"}}
    reply = ask("messages", output_format=form, output_config={"format": form})
    error = read(reply)["error"]
    assert (reply.status, error["type"]) == (400, "invalid_request_error")
    assert error["message"].startswith("output_format: ")


@pytest.mark.parametrize(
    ("given", "unsupported"),
    [
        ({"thread": {"type": "create"}}, ["thread"]),
        ({"thread": {"type": "continue", "previous_message_id": "msg_1"}}, ["thread"]),
        (
            {"thread": {"type": "create"}, "thinking": {"type": "adaptive"}, "context_management": {"edits": []}},
            ["context_management", "thinking"],
        ),
    ],
)
def test_a_thread_is_refused_so_that_the_sdk_goes_on_without_it(given: Any, unsupported: list[str]) -> None:
    reply = ask("messages", **given)
    error = read(reply)["error"]
    assert (reply.status, error["type"]) == (400, "invalid_request_error")
    assert error["details"] == {"error_code": "thread_unsupported_request", "unsupported": unsupported}
    assert "without `thread`" in error["message"]


@pytest.mark.parametrize("container", ["container_1", {"id": "container_1", "skills": []}, {"skills": []}])
def test_a_container_is_taken(container: Any) -> None:
    assert body_of("Hello!", container=container)["content"][0]["text"] == "echo: Hello!"


def test_context_management_is_answered_with_no_edits() -> None:
    edits = {"edits": [{"type": "clear_tool_uses_20250919"}]}
    assert body_of(context_management=edits)["context_management"] == {"applied_edits": []}
    found = events(ask("messages", context_management=edits, stream=True))
    assert found[-2]["context_management"] == {"applied_edits": []}
    assert "context_management" not in body_of()


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"container": 5}, "container"),
        ({"container": {"skills": 5}}, "container.skills"),
        ({"context_management": "x"}, "context_management"),
        ({"context_management": {"edits": [{}]}}, "context_management.edits.0.type"),
    ],
)
def test_malformed_containers_and_context_management_are_refused(given: Any, place: str) -> None:
    reply = ask("messages", **given)
    assert (reply.status, read(reply)["error"]["message"].split(": ")[0]) == (400, place)


@pytest.mark.parametrize(
    ("given", "tokens"),
    [
        ({"content": "How many tokens is this?"}, 14),
        ({"content": "Hello!", "system": "Be brief."}, 17),
        ({"content": "Hello!", "system": [{"type": "text", "text": "Be brief."}]}, 17),
        ({"content": [{"type": "text", "text": "a"}, {"type": "image", "source": {"type": "url", "url": "x"}}]}, 94),
    ],
)
def test_counting_is_the_usage(given: dict[str, Any], tokens: int) -> None:
    asked = message(**given)
    body = read(send(provider("anthropic"), "/messages?beta=true", asked))
    del asked["max_tokens"]
    assert read(send(provider("anthropic"), "/messages/count_tokens", asked)) == {"input_tokens": tokens}
    assert body["usage"]["input_tokens"] == tokens


def test_tools_count() -> None:
    with_tool = body_of("hi", tools=[tool("messages")])["usage"]["input_tokens"]
    assert with_tool > body_of("hi")["usage"]["input_tokens"] + 20


def test_blocks_and_tools_of_the_providers_own_servers_are_passed_over() -> None:
    use = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {}}
    kinds = ("tool_search_tool_result", "advisor_tool_result", "compaction", "fallback", "mcp_tool_listing")
    blocks = [use, *({"type": kind} for kind in kinds)]
    messages = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": blocks}]
    tools = [{"type": "web_search_20250305", "name": "web_search"}]
    body = body_of(messages=[*messages, {"role": "user", "content": "web_search"}], tools=tools)
    assert body["content"][0]["text"] == "echo: web_search"
