"""What ``echo`` refuses because the provider it stands for does, in that provider's words."""

from __future__ import annotations

from typing import Any

import pytest
from echo_harness import CLAUDE, GPT, ask, chat, message, provider, read, response, send, tool, user

OBJECT = {"type": "object"}
CALLED = {"type": "function", "function": {"name": "f", "arguments": "{}"}}
TOO_LONG = "string too long. Expected a string with maximum length {}, but got a string with length {} instead."
NO_MATCH = "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9_-]+$'."


def chat_call(call_id: str, name: str = "f") -> list[Any]:
    call = {**CALLED, "id": call_id, "function": {"name": name, "arguments": "{}"}}
    said = {"role": "assistant", "content": None, "tool_calls": [call]}
    return [*user("f"), said, {"role": "tool", "tool_call_id": call_id, "content": "x"}]


def response_call(call_id: str, name: str = "f", **more: Any) -> list[Any]:
    call = {"type": "function_call", "call_id": call_id, "name": name, "arguments": "{}", **more}
    return [*user("f"), call, {"type": "function_call_output", "call_id": call_id, "output": "x"}]


def message_call(call_id: str, name: str = "f") -> list[Any]:
    use = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
    result = {"type": "tool_result", "tool_use_id": call_id, "content": "x"}
    return [*user("f"), {"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]


@pytest.mark.parametrize(
    ("path", "given", "param", "message", "code"),
    [
        ("chat", {"user": "u" * 65}, "user", TOO_LONG.format(64, 65), "string_above_max_length"),
        ("responses", {"user": "u" * 120}, "user", TOO_LONG.format(64, 120), "string_above_max_length"),
        (
            "chat",
            {"messages": chat_call("c" * 41)},
            "messages[1].tool_calls[0].id",
            TOO_LONG.format(40, 41),
            "string_above_max_length",
        ),
        (
            "responses",
            {"input": response_call("c" * 65)},
            "input[1].call_id",
            TOO_LONG.format(64, 65),
            "string_above_max_length",
        ),
        (
            "chat",
            {"messages": chat_call("c1", "a.b")},
            "messages[1].tool_calls[0].function.name",
            NO_MATCH,
            "invalid_value",
        ),
        ("responses", {"input": response_call("c1", "a b")}, "input[1].name", NO_MATCH, "invalid_value"),
        ("chat", {"tools": [tool("chat", "caf\u00e9")]}, "tools[0].function.name", NO_MATCH, "invalid_value"),
        ("responses", {"tools": [tool("responses", "a/b")]}, "tools[0].name", NO_MATCH, "invalid_value"),
        (
            "chat",
            {"tools": [tool("chat"), tool("chat", "n" * 65)]},
            "tools[1].function.name",
            TOO_LONG.format(64, 65),
            "string_above_max_length",
        ),
        ("chat", {"functions": [{"name": "a.b"}]}, "functions[0].name", NO_MATCH, "invalid_value"),
        (
            "responses",
            {"input": response_call("c1", id="call_1")},
            "input[1].id",
            "'call_1'. Expected an ID that begins with 'fc'.",
            "invalid_value",
        ),
        (
            "responses",
            {"input": [{"type": "message", "id": "msg_a:b", "role": "assistant", "content": "x"}, *user("y")]},
            "input[0].id",
            "'msg_a:b'. Expected an ID that contains letters, numbers, underscores, or dashes, but this value contained"
            " additional characters.",
            "invalid_value",
        ),
    ],
)
def test_openai_refuses_names_and_ids(path: str, given: Any, param: str, message: str, code: str) -> None:
    asked = {**(chat() if path == "chat" else response()), **given}
    reply = send(provider(), "/chat/completions" if path == "chat" else "/responses", asked)
    error = read(reply)["error"]
    assert (reply.status, error["param"], error["code"]) == (400, param, code)
    assert error["message"] == f"Invalid '{param}': {message}"


@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("chat", {"user": "u" * 64}),
        ("chat", {"messages": chat_call("c" * 40)}),
        ("chat", {"messages": chat_call("any.id:at all")}),
        ("responses", {"input": response_call("c" * 64, id="fc_1")}),
        ("chat", {"tools": [tool("chat", "n" * 64)]}),
        ("chat", {"tools": [tool("chat", "f", {**OBJECT, "properties": {"a": OBJECT}})]}),
    ],
)
def test_openai_takes_what_is_within_its_limits(path: str, given: Any) -> None:
    asked = {**(chat() if path == "chat" else response()), **given}
    assert send(provider(), "/chat/completions" if path == "chat" else "/responses", asked).status == 200


@pytest.mark.parametrize(
    ("path", "given", "param"),
    [
        ("chat", {"tools": [tool("chat", "t", OBJECT)]}, "tools[0].function.parameters"),
        ("responses", {"tools": [tool("responses", "t", OBJECT)]}, "tools[0].parameters"),
        ("chat", {"functions": [{"name": "t", "parameters": OBJECT}]}, "functions[0].parameters"),
    ],
)
def test_openai_refuses_an_object_without_properties(path: str, given: Any, param: str) -> None:
    asked = {**(chat() if path == "chat" else response()), **given}
    reply = send(provider(), "/chat/completions" if path == "chat" else "/responses", asked)
    error = read(reply)["error"]
    assert (reply.status, error["param"], error["code"]) == (400, param, "invalid_function_parameters")
    assert error["message"] == "Invalid schema for function 't': In context=(), object schema missing properties."


@pytest.mark.parametrize("name", ["xai", "mistral", "ollama"])
def test_the_limits_of_openai_are_not_those_of_others(name: str) -> None:
    asked = chat(user="u" * 99, tools=[tool("chat", "t", OBJECT)])
    assert send(provider(name=name), "/chat/completions", asked).status == 200


def refused_by_anthropic(**given: Any) -> str:
    reply = send(provider("anthropic"), "/messages", message(**given))
    body = read(reply)
    assert (reply.status, body["error"]["type"]) == (400, "invalid_request_error"), body
    return str(body["error"]["message"])


def turns(said: Any) -> list[Any]:
    return [*user("a"), {"role": "assistant", "content": said}, *user("b")]


EMPTY = "text content blocks must be non-empty"
BLANK = "text content blocks must contain non-whitespace text"
NOTHING = "all messages must have non-empty content except for the optional final assistant message"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"messages": user([{"type": "text", "text": ""}])}, f"messages: {EMPTY}"),
        ({"messages": user([{"type": "text", "text": " \n\t"}])}, f"messages: {BLANK}"),
        ({"messages": user("  ")}, f"messages: {BLANK}"),
        ({"messages": turns([{"type": "text", "text": "\n\n"}])}, f"messages: {BLANK}"),
        ({"messages": turns("\n")}, f"messages: {BLANK}"),
        ({"messages": user("")}, f"messages.0: {NOTHING}"),
        ({"messages": turns("")}, f"messages.1: {NOTHING}"),
        ({"messages": turns([])}, f"messages.1: {NOTHING}"),
        ({"system": [{"type": "text", "text": " "}]}, f"system: {BLANK}"),
        (
            {
                "messages": [
                    *message_call("t1")[:2],
                    {
                        "role": "user",
                        "content": [
                            {"type": "tool_result", "tool_use_id": "t1", "content": [{"type": "text", "text": ""}]}
                        ],
                    },
                ]
            },
            f"messages: {EMPTY}",
        ),
    ],
)
def test_anthropic_refuses_blank_texts_and_empty_turns(given: Any, message: str) -> None:
    assert refused_by_anthropic(**given) == message


@pytest.mark.parametrize("last", ["", [], "The answer is"])
def test_anthropic_takes_a_final_turn_of_the_assistant_that_is_empty_or_begun(last: Any) -> None:
    asked = message(messages=[*user("a"), {"role": "assistant", "content": last}])
    assert send(provider("anthropic"), "/messages", asked).status == 200


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"messages": message_call("functions.Bash:0")},
            "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
        ),
        (
            {"messages": message_call("t1", "a.b")},
            "messages.1.content.0.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
        ),
        (
            {"tools": [tool("messages", "caldav.create")]},
            "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
        ),
        (
            {"tools": [tool("messages"), tool("messages", "n" * 129)]},
            "tools.1.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
        ),
        ({"tools": [tool("messages", "t", {})]}, "tools.0.custom.input_schema.type: Field required"),
        (
            {"tools": [tool("messages", "t", {"type": "string"})]},
            "tools.0.custom.input_schema.type: Input should be 'object'",
        ),
    ],
)
def test_anthropic_refuses_ids_names_and_schemas(given: Any, message: str) -> None:
    assert refused_by_anthropic(**given) == message


@pytest.mark.parametrize(
    ("model", "status"),
    [
        (CLAUDE, 400),
        ("claude-sonnet-4-5-20250929", 400),
        ("claude-opus-4-1-20250805", 400),
        ("claude-haiku-5", 400),
        ("claude-opus-4-20250514", 200),
        ("claude-sonnet-4-0", 200),
        ("claude-3-5-haiku-20241022", 200),
        ("echo", 200),
    ],
)
def test_newer_models_of_anthropic_take_a_temperature_or_top_p(model: str, status: int) -> None:
    echo = provider("anthropic", models=[model])
    asked = {**message(), "model": model, "temperature": 1, "top_p": 1}
    reply = send(echo, "/messages", asked)
    assert reply.status == status
    if status == 400:
        message_ = "`temperature` and `top_p` cannot both be specified for this model. Please use only one."
        assert read(reply)["error"]["message"] == message_
    for name in ("temperature", "top_p"):
        assert send(echo, "/messages", {**message(), "model": model, name: 0.5}).status == 200


def test_counting_has_the_same_limits() -> None:
    asked = {"model": CLAUDE, "messages": turns("")}
    assert send(provider("anthropic"), "/messages/count_tokens", asked).status == 400


def test_thinking_that_somebody_else_signed_is_refused() -> None:
    thought = {"type": "thinking", "thinking": "Let me see", "signature": "gAAAAABforeign"}
    said = [thought, {"type": "text", "text": "x"}]
    assert refused_by_anthropic(messages=turns(said)) == (
        "messages.1.content.0: Invalid `signature` in `thinking` block"
    )


def test_a_model_of_openai_takes_both_ways_to_sample() -> None:
    assert ask("chat", temperature=1, top_p=1, model=GPT).status == 200


def test_anthropic_refuses_an_id_that_two_calls_or_two_results_have() -> None:
    asked, called, answered = message_call("t1")
    again = refused_by_anthropic(messages=[asked, called, answered, called, answered])
    assert again == "messages.3.content.0: `tool_use` ids must be unique"
    twice = {"role": "user", "content": answered["content"] * 2}
    single = "each tool_use must have a single result. Found multiple `tool_result` blocks with id: t1"
    assert refused_by_anthropic(messages=[asked, called, twice]) == f"messages.2.content.1: {single}"


def test_anthropic_refuses_a_name_that_two_tools_have() -> None:
    assert refused_by_anthropic(tools=[tool("messages", "f")] * 2) == "tools: Tool names must be unique."


@pytest.mark.parametrize("given", [{"tool_choice": "auto"}, {"tool_choice": "none"}, {"parallel_tool_calls": False}])
def test_openai_refuses_what_is_said_about_tools_without_any(given: dict[str, Any]) -> None:
    (param,) = given
    reply = ask("chat", "hi", provider("openai"), **given)
    message = f"Invalid value for '{param}': '{param}' is only allowed when 'tools' are specified."
    assert (reply.status, read(reply)["error"]["message"]) == (400, message)
    assert ask("responses", "hi", provider("openai"), **given).status == 200
    assert ask("chat", "hi", provider("openai", name="xai"), **given).status == 200
