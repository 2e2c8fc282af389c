"""Agents: what a loop of model and tools sends to ``echo``, turn by turn, until the agent ends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from echo_harness import ask, calls_of, provider, read, text_of, tool, user

KINDS = ["chat", "responses", "messages"]
ANY = {"chat": "required", "responses": "required", "messages": {"type": "any"}}
REMINDER = "<system-reminder>\nYou have Read, Write, Bash and get_weather. get_time!\n</system-reminder>"


def results_of(kind: str, body: Any, more: str | None = None) -> list[Any]:
    """What an agent appends to its history: the answer, and a result for each of its calls."""
    if kind == "chat":
        said = body["choices"][0]["message"]
        results = [{"role": "tool", "tool_call_id": call["id"], "content": "ok"} for call in said["tool_calls"]]
        return [said, *results, *(user(more) if more else [])]
    if kind == "messages":
        uses = [block for block in body["content"] if block["type"] == "tool_use"]
        results = [{"type": "tool_result", "tool_use_id": use["id"], "content": "ok"} for use in uses]
        texts = [{"type": "text", "text": more}] if more else []
        return [{"role": "assistant", "content": body["content"]}, {"role": "user", "content": [*results, *texts]}]
    calls = [item for item in body["output"] if item["type"] == "function_call"]
    results = [{"type": "function_call_output", "call_id": call["call_id"], "output": "ok"} for call in calls]
    return [*body["output"], *results, *(user(more) if more else [])]


def run(
    kind: str, text: str, names: list[str], *, choice: Any = None, turns: int = 12, more: str | None = None
) -> list[str]:
    """Run an agent that ends with its last tool, or with an answer without a call; return the tools it was to call."""
    echo = provider("anthropic" if kind == "messages" else "openai")
    history, called = user(text), list[str]()
    given: dict[str, Any] = {"tools": [tool(kind, name) for name in names]}
    if choice is not None:
        given["tool_choice"] = choice
    for _ in range(turns):
        field = "input" if kind == "responses" else "messages"
        reply = ask(kind, history, echo, **given, **({} if kind == "responses" else {field: history}))
        body = read(reply)
        assert reply.status == 200, body
        now = [name for name, _ in calls_of(kind, body)]
        called += now
        if not now or (choice is not None and names[-1] in now):
            return called
        history = [*history, *results_of(kind, body, more)]
    raise AssertionError(f"no end after {called}")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("more", [None, "Remember to call final.", REMINDER])
@pytest.mark.parametrize(
    ("text", "names", "called"),
    [
        ("hello", ["get_weather", "final"], ["get_weather", "final"]),
        ("weather", ["get_weather", "final"], ["get_weather", "final"]),
        ("hello", ["a", "b", "final"], ["a", "b", "final"]),
        ("b", ["a", "b", "final"], ["b", "a", "final"]),
        ("b and a", ["a", "b", "final"], ["a", "b", "final"]),
        ("final", ["a", "b", "final"], ["final"]),
        ("hello", ["only"], ["only"]),
        ("hello", [*"abcdefghijklmnopqrst", "final"], [*"abcdefgh", "final"]),
    ],
)
def test_an_agent_that_is_forced_to_call_at_every_turn_ends_with_its_last_tool(
    kind: str, more: str | None, text: str, names: list[str], called: list[str]
) -> None:
    assert run(kind, text, names, choice=ANY[kind], more=more) == called


@pytest.mark.parametrize("kind", KINDS)
def test_tools_that_were_called_before_the_user_spoke_again_are_called_again(kind: str) -> None:
    echo = provider("anthropic" if kind == "messages" else "openai")
    given: dict[str, Any] = {"tools": [tool(kind, "a"), tool(kind, "final")], "tool_choice": ANY[kind]}
    history = user("hello")
    for _ in range(2):
        for name in ("a", "final"):
            rest = {} if kind == "responses" else {"messages": history}
            body = read(ask(kind, history, echo, **given, **rest))
            assert [called for called, _ in calls_of(kind, body)] == [name]
            history = [*history, *results_of(kind, body)]
        history = [*history, {"role": "assistant", "content": "done"}, *user("again")]


@pytest.mark.parametrize("kind", KINDS)
def test_what_the_user_says_after_the_last_tool_is_a_new_request(kind: str) -> None:
    echo = provider("anthropic" if kind == "messages" else "openai")
    given: dict[str, Any] = {"tools": [tool(kind, "get_weather"), tool(kind, "final")], "tool_choice": ANY[kind]}
    history = user('hello {"location": "Paris"}')
    called: list[Any] = []
    for more in (None, 'again {"location": "Oslo"}', None, None):
        rest = {} if kind == "responses" else {"messages": history}
        body = read(ask(kind, history, echo, **given, **rest))
        called += calls_of(kind, body)
        history = [*history, *results_of(kind, body, more)]
    paris, oslo = {"location": "Paris"}, {"location": "Oslo"}
    assert called == [("get_weather", paris), ("final", paris), ("get_weather", oslo), ("final", oslo)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("more", [None, "get_time", REMINDER])
def test_an_agent_that_is_free_to_call_ends_after_the_results(kind: str, more: str | None) -> None:
    assert run(kind, "weather?", ["get_weather", "get_time"], more=more) == ["get_weather"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("blocks", [[REMINDER, "Hello there"], ["Hello there", REMINDER], [f"{REMINDER}\nHello there"]])
def test_a_reminder_asks_for_nothing_and_is_not_said_again(kind: str, blocks: list[str]) -> None:
    kinds = {"chat": "text", "messages": "text", "responses": "input_text"}
    content: Any = [{"type": kinds[kind], "text": text} for text in blocks]
    names = ["Read", "Write", "Bash", "get_weather", "get_time"]
    asked = [{"role": "user", "content": content}] if kind == "responses" else content
    body = read(ask(kind, asked, tools=[tool(kind, name) for name in names]))
    assert (calls_of(kind, body), text_of(kind, body)) == ([], "echo: Hello there")


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_last_block_of_text_asks_for_tools(kind: str) -> None:
    word = "input_text" if kind == "responses" else "text"
    blocks = [{"type": word, "text": "You work with get_weather and get_time."}, {"type": word, "text": "Hello."}]
    asked: Any = [{"role": "user", "content": blocks}] if kind == "responses" else blocks
    body = read(ask(kind, asked, tools=[tool(kind), tool(kind, "get_time")]))
    assert calls_of(kind, body) == []
    assert text_of(kind, body) == "echo: You work with get_weather and get_time.\nHello."


def test_a_turn_of_the_environment_is_no_request() -> None:
    environment = "<environment_context><shell>shell_command</shell></environment_context>"
    items = [*user("get_weather"), *user(environment)]
    body = read(ask("responses", items, tools=[tool("responses"), tool("responses", "shell_command")]))
    assert [name for name, _ in calls_of("responses", body)] == ["get_weather"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("text", "name", "called"),
    [
        ("Read the file", "Read", True),
        ("Please, Read!", "Read", True),
        ("read the file", "Read", False),
        ("READ the file", "Read", False),
        ("a read-only file", "read", False),
        ("Readme", "Read", False),
        ("section 2", "Read2", False),
        ("search the web", "WebSearch", True),
        ("web_search", "web_search", True),
    ],
)
def test_a_name_of_one_word_counts_as_it_is_written(kind: str, text: str, name: str, called: bool) -> None:
    assert bool(calls_of(kind, read(ask(kind, text, tools=[tool(kind, name)])))) == called


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("many", "calls"), [(2, 2), (4, 4), (5, 0), (40, 0)])
def test_a_text_that_names_a_great_many_tools_asks_for_none(kind: str, many: int, calls: int) -> None:
    names = [f"tool_{letter}{letter}" for letter in map(chr, range(97, 97 + 26))][:many]
    names += [f"tool_x{number}x" for number in range(many - len(names))]
    body = read(ask(kind, " ".join(names), tools=[tool(kind, name) for name in names]))
    assert len(calls_of(kind, body)) == calls


@pytest.mark.parametrize("kind", ["chat", "responses"])
@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ('Give me {"a": [1, {"b": null}]} please', {"a": [1, {"b": None}]}),
        ('not {this} but {"city": "Paris"} and {"city": "Rome"}', {"city": "Paris"}),
        ('{"a": NaN}', {"echo": '{"a": NaN}'}),
        ('{"a": 1e999}', {"echo": '{"a": 1e999}'}),
        ("hi", {"echo": "hi"}),
        ("[1]", {"echo": "[1]"}),
    ],
)
def test_a_json_object_is_that_of_the_users_text(kind: str, text: str, answer: Any) -> None:
    form = {"type": "json_object"}
    given = {"response_format": form} if kind == "chat" else {"text": {"format": form}}
    assert json.loads(text_of(kind, read(ask(kind, text, **given)))) == answer
