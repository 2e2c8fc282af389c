from __future__ import annotations

import json
from typing import Any

import pytest
from echo_harness import ask, calls_of, chat, events, provider, read, said, send, text_of, tool, user

KINDS = ["chat", "responses", "messages"]
LONG = "a" * 60 + "!"
REQUIRED = {"chat": "required", "responses": "required", "messages": {"type": "any"}}
NONE = {"chat": "none", "responses": "none", "messages": {"type": "none"}}
AUTO = {"chat": "auto", "responses": "auto", "messages": {"type": "auto"}}
SINGLE: dict[str, Any] = {
    "chat": {"parallel_tool_calls": False},
    "responses": {"parallel_tool_calls": False},
    "messages": {"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}},
}


def named(kind: str, name: str) -> Any:
    if kind == "messages":
        return {"type": "tool", "name": name}
    return {"type": "function", **({"name": name} if kind == "responses" else {"function": {"name": name}})}


def called(kind: str, content: str, names: list[str], **rest: Any) -> list[str]:
    reply = ask(kind, content, tools=[tool(kind, name) for name in names], **rest)
    assert reply.status == 200
    return [name for name, _ in calls_of(kind, read(reply))]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("please use get_weather", ["get_weather"]),
        ("GET_WEATHER!", ["get_weather"]),
        ("What's the weather in Paris?", ["get_weather"]),
        ("what is the current weather", ["getCurrentWeather"]),
        ("what is the weather", []),
        ("forget_weathering", []),
        ("weather and time", ["get_weather"]),
        ("get_weather and get_time", ["get_weather", "get_time"]),
        ("the time by get_weather", ["get_weather"]),
    ],
)
def test_the_text_names_the_tools(kind: str, content: str, names: list[str]) -> None:
    offered = ["get_weather", "get_time"] if "getCurrentWeather" not in names else ["getCurrentWeather"]
    if content == "what is the weather":
        offered = ["getCurrentWeather"]
    assert called(kind, content, offered) == names


@pytest.mark.parametrize("kind", KINDS)
def test_a_choice_that_is_required_takes_the_first_tool_or_the_one_named(kind: str) -> None:
    assert called(kind, "hi", ["a", "b"], tool_choice=REQUIRED[kind]) == ["a"]
    assert called(kind, "use b", ["a", "b"], tool_choice=REQUIRED[kind]) == ["b"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_named_choice_is_followed(kind: str) -> None:
    assert called(kind, "use a", ["a", "b"], tool_choice=named(kind, "b")) == ["b"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_named_tool_must_be_offered(kind: str) -> None:
    reply = ask(kind, tools=[tool(kind, "a")], tool_choice=named(kind, "b"))
    assert reply.status == 400
    assert "'b' not found in" in read(reply)["error"]["message"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_tool_is_called_if_none_may_be(kind: str) -> None:
    assert called(kind, "use a", ["a"], tool_choice=NONE[kind]) == []
    assert called(kind, "use a", ["a"], tool_choice=AUTO[kind]) == ["a"]


@pytest.mark.parametrize("kind", KINDS)
def test_only_one_tool_is_called_if_calls_may_not_be_parallel(kind: str) -> None:
    assert called(kind, "a b", ["b", "a"], **SINGLE[kind]) == ["b"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        ("f", {"city": "city", "unit": "c", "days": 1, "exact": True}),
        ("f { {city}", {"city": "city", "unit": "c", "days": 1, "exact": True}),
        ('f {"city": "Paris", "unit": "f", "days": 3, "exact": false}', None),
        ('f {"city": 1} then {"city": "Rome", "unit": "c", "days": 2, "exact": true} {', None),
    ],
)
def test_arguments_fit_the_schema(kind: str, content: str, arguments: Any) -> None:
    properties = {
        "city": {"type": "string"},
        "unit": {"enum": ["c", "f"]},
        "days": {"type": "integer", "minimum": 1},
        "exact": {"type": "boolean"},
        "left_out": {"type": "string"},
    }
    parameters = {"type": "object", "properties": properties, "required": ["city", "unit", "days", "exact"]}
    [(_, found)] = calls_of(kind, read(ask(kind, content, tools=[tool(kind, "f", parameters)])))
    expected = {"Paris": {"city": "Paris", "unit": "f", "days": 3, "exact": False}}
    expected["Rome"] = {"city": "Rome", "unit": "c", "days": 2, "exact": True}
    assert found == (arguments or next(value for city, value in expected.items() if city in content))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("schema", "arguments"),
    [
        ({"properties": {"pattern": {"pattern": "^(a+)+$"}}, "additionalProperties": False}, {"pattern": LONG}),
        ({"patternProperties": {"^(a+)+$": {}}, "additionalProperties": False}, {LONG: 1}),
        ({"propertyNames": {"pattern": "^(a+)+$"}}, {LONG: 1}),
        ({"allOf": [{"const": {"pattern": "x"}}]}, {"pattern": "x"}),
    ],
)
def test_no_pattern_of_a_schema_is_tried_on_the_users_text(kind: str, schema: Any, arguments: Any) -> None:
    whole = {"type": "object", "properties": {}, **schema}
    reply = ask(kind, f"f {json.dumps(arguments)}", tools=[tool(kind, "f", whole)])
    assert calls_of(kind, read(reply)) == [("f", arguments)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_that_is_none_is_refused(kind: str) -> None:
    reply = ask(kind, "f", tools=[tool(kind, "f", {"type": "object", "required": 5})])
    assert reply.status == 400
    assert read(reply)["error"]["message"].startswith("Invalid schema for function 'f': ")


@pytest.mark.parametrize("kind", KINDS)
def test_a_tool_without_parameters(kind: str) -> None:
    parameters = {"type": "object"} if kind == "messages" else {}
    assert calls_of(kind, read(ask(kind, "f", tools=[tool(kind, "f", parameters)]))) == [("f", {})]


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_request_is_answered_the_same(kind: str) -> None:
    first, second = (read(ask(kind, "weather", tools=[tool(kind)])) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("kind", KINDS)
def test_a_tool_that_is_not_meant_is_not_called(kind: str) -> None:
    assert said(kind, "hello", tools=[tool(kind)]) == "echo: hello"


FUNCTIONS = [{"name": "get_weather", "parameters": tool("chat")["function"]["parameters"]}, {"name": "final"}]


@pytest.mark.parametrize(
    ("text", "choice", "name"),
    [
        ("What's the weather?", None, "get_weather"),
        ("hello", {"name": "final"}, "final"),
        ("get_weather final", "auto", "get_weather"),
        ("get_weather", "none", None),
        ("hello", "auto", None),
    ],
)
def test_functions_of_the_old_form_are_called(text: str, choice: Any, name: str | None) -> None:
    given = {"functions": FUNCTIONS, **({"function_call": choice} if choice else {})}
    [answer] = read(ask("chat", text, **given))["choices"]
    assert answer["message"].get("function_call", {}).get("name") == name
    assert answer["finish_reason"] == ("function_call" if name else "stop")
    assert "tool_calls" not in answer["message"]


def test_a_function_of_the_old_form_in_a_stream() -> None:
    found = events(ask("chat", "get_weather", functions=FUNCTIONS, stream=True))[:-1]
    deltas = [event["choices"][0]["delta"] for event in found]
    assert deltas[1] == {"function_call": {"name": "get_weather", "arguments": ""}}
    written = "".join(delta.get("function_call", {}).get("arguments", "") for delta in deltas)
    assert json.loads(written) == {"location": "location"}
    assert found[-1]["choices"][0]["finish_reason"] == "function_call"


def test_an_agent_of_the_old_form_ends() -> None:
    called = {"role": "assistant", "content": None, "function_call": {"name": "get_weather", "arguments": "{}"}}
    history = [*user("weather"), called, {"role": "function", "name": "get_weather", "content": "sunny"}]
    assert said("chat", messages=history, functions=FUNCTIONS) == "echo: get_weather returned sunny"


def test_a_function_of_the_old_form_must_be_offered() -> None:
    reply = ask("chat", functions=FUNCTIONS, function_call={"name": "other"})
    error = read(reply)["error"]
    assert (reply.status, error["param"]) == (400, "function_call")
    assert "'other' not found in 'functions'" in error["message"]


CUSTOM = {"type": "custom", "custom": {"name": "run_code", "description": "Runs code"}}


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("run_code print(1)", "auto"),
        ("print(1)", {"type": "custom", "custom": {"name": "run_code"}}),
        ("print(1)", {"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [CUSTOM]}}),
    ],
)
def test_a_custom_tool_is_called_with_the_text(text: str, choice: Any) -> None:
    given: Any = {"tools": [tool("chat"), CUSTOM], "tool_choice": choice}
    [answer] = read(ask("chat", text, **given))["choices"]
    [call] = answer["message"]["tool_calls"]
    assert (call["type"], call["custom"]) == ("custom", {"name": "run_code", "input": text})
    assert answer["finish_reason"] == "tool_calls"
    found = events(ask("chat", text, stream=True, **given))[:-1]
    parts = [part for event in found for part in event["choices"][0]["delta"].get("tool_calls", [])]
    assert parts[0] == {"index": 0, "id": call["id"], "type": "custom", "custom": {"name": "run_code", "input": ""}}
    assert "".join(part["custom"]["input"] for part in parts) == text
    history = [*user(text), answer["message"], {"role": "tool", "tool_call_id": call["id"], "content": "1"}]
    assert said("chat", messages=history, tools=[CUSTOM]) == "echo: run_code returned 1"


@pytest.mark.parametrize("given", [{"name": "mistral"}, {"name": "eu", "provider_type": "mistral"}])
def test_mistral_has_a_word_of_its_own_for_any_tool(given: dict[str, str]) -> None:
    asked = chat("hello", tools=[tool("chat", "a"), tool("chat", "b")], tool_choice="any")
    assert calls_of("chat", read(send(provider(**given), "/chat/completions", asked)))[0][0] == "a"
    reply = send(provider(), "/chat/completions", asked)
    assert reply.status == 400
    assert read(reply)["error"]["message"].endswith("Supported values are: 'none', 'auto' or 'required'.")


def test_mistral_takes_the_url_of_an_image_alone() -> None:
    parts = [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": "data:image/png;base64,AA=="}]
    asked = {"model": "gpt-4o", "messages": [{"role": "user", "content": parts}]}
    body = read(send(provider(name="mistral"), "/chat/completions", asked))
    assert text_of("chat", body) == "echo: look [1 image]"
    refused = send(provider(), "/chat/completions", asked)
    assert (refused.status, read(refused)["error"]["param"]) == (400, "messages[0].content[1].image_url")


@pytest.mark.parametrize("name", ["openai", "mistral"])
def test_a_doubled_version_in_the_path_counts_once(name: str) -> None:
    body = read(send(provider(name=name), "/v1/chat/completions", chat("hello")))
    assert text_of("chat", body) == "echo: hello"
