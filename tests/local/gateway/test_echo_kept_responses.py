"""Responses that go on from earlier ones: kept items, ``previous_response_id`` and reasoning that comes back."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from echo_harness import ask, calls_of, events, provider, read, text_of, tool, user

from to11ai_sdk.local.bounds import MAX_KEPT_RESPONSES
from to11ai_sdk.local.gateway.echo import context
from to11ai_sdk.local.gateway.echo.kept_responses import KeptResponses

THINKING = {"effort": "low", "summary": "auto"}


def turn(echo: Any, content: Any, **rest: Any) -> Any:
    reply = ask("responses", content, echo, **rest)
    body = read(reply)
    assert reply.status == 200, body
    return body


def refused(echo: Any, content: Any, **rest: Any) -> tuple[int, Any]:
    reply = ask("responses", content, echo, **rest)
    return reply.status, read(reply)["error"]


def references(body: Any) -> list[Any]:
    return [{"type": "item_reference", "id": item["id"]} for item in body["output"]]


def test_items_named_by_id_are_those_of_the_earlier_turn() -> None:
    echo = provider()
    first = turn(echo, "get_weather", tools=[tool("responses")], reasoning=THINKING)
    call = first["output"][1]
    result = {"type": "function_call_output", "call_id": call["call_id"], "output": "sunny"}
    second = turn(echo, [*user("get_weather"), *references(first), result])
    assert text_of("responses", second) == "echo: get_weather returned sunny"
    by_value = turn(echo, [*user("get_weather"), *first["output"], result])
    assert second["usage"] == by_value["usage"]


def test_a_reference_may_go_without_its_type() -> None:
    echo = provider()
    first = turn(echo, "hello")
    second = turn(echo, [{"id": first["output"][0]["id"]}, *user("and you?")])
    assert text_of("responses", second) == "echo: and you?"


def test_a_streamed_response_is_kept_like_a_whole_one() -> None:
    echo = provider()
    first = events(ask("responses", "hello", echo, stream=True))[-1]["response"]
    assert text_of("responses", turn(echo, [*references(first), *user("again")])) == "echo: again"
    assert turn(echo, "again", previous_response_id=first["id"])["previous_response_id"] == first["id"]


def test_a_response_goes_on_from_all_before_it() -> None:
    echo = provider()
    tools = [tool("responses")]
    first = turn(echo, "hello", tools=tools)
    second = turn(echo, "get_weather", tools=tools, previous_response_id=first["id"])
    [called] = [item for item in second["output"] if item["type"] == "function_call"]
    result = [{"type": "function_call_output", "call_id": called["call_id"], "output": "sunny"}]
    third = turn(echo, result, tools=tools, previous_response_id=second["id"])
    assert text_of("responses", third) == "echo: get_weather returned sunny"
    assert third["usage"]["input_tokens"] > second["usage"]["input_tokens"] > first["usage"]["input_tokens"]


def test_instructions_are_not_taken_over() -> None:
    echo = provider()
    first = turn(echo, "hello", instructions="A long text of instructions that counts many tokens.")
    second = turn(echo, "hi", previous_response_id=first["id"])
    assert second["usage"]["input_tokens"] < first["usage"]["input_tokens"] + 10
    assert second["instructions"] is None


@pytest.mark.parametrize("store", [True, None, False])
def test_what_is_not_to_be_stored_is_not_found(store: bool | None) -> None:
    echo = provider()
    first = turn(echo, "hello", store=store)
    by_id = refused if store is False else turn
    found: Any = by_id(echo, "again", previous_response_id=first["id"])
    if store is False:
        assert (found[0], found[1]["code"]) == (400, "previous_response_not_found")
        status, error = refused(echo, [*references(first), *user("again")])
        assert (status, error["param"]) == (404, "input")
        assert error["message"] == (
            f"Item with id '{first['output'][0]['id']}' not found. Items are not persisted when `store` is set to"
            " false. Try again with `store` set to true, or remove this item from your input."
        )


def test_one_provider_does_not_know_the_responses_of_another() -> None:
    first = turn(provider(), "hello")
    assert refused(provider(), "again", previous_response_id=first["id"])[0] == 400
    assert refused(provider(), references(first))[0] == 404


def test_a_conversation_is_refused() -> None:
    for given in ("conv_1", {"id": "conv_1"}):
        status, error = refused(provider(), "hello", conversation=given)
        assert (status, error["param"]) == (400, "conversation")
        assert error["message"].startswith("Conversation with id 'conv_1' not found.")


def test_only_so_many_responses_are_kept() -> None:
    kept = KeptResponses(most=3)
    for number in range(5):
        kept.keep(f"resp_{number}", None, ["in"], [{"id": f"msg_{number}"}])
    assert [kept.history(f"resp_{number}") is None for number in range(5)] == [True, True, False, False, False]
    assert (kept.item("msg_1"), kept.item("msg_2")) == (None, {"id": "msg_2"})


def test_only_so_many_bytes_are_kept() -> None:
    kept = KeptResponses(most_bytes=1000)
    kept.keep("resp_1", None, ["x" * 400], [{"id": "msg_1"}])
    kept.keep("resp_2", "resp_1", ["x" * 400], [{"id": "msg_2"}])
    assert kept.history("resp_2") == ["x" * 400, {"id": "msg_1"}, "x" * 400, {"id": "msg_2"}]
    kept.keep("resp_3", "resp_2", ["x" * 400], [{"id": "msg_3"}])
    assert (kept.history("resp_1"), kept.history("resp_2"), kept.history("resp_3")) == (None, None, None)
    kept.keep("resp_4", None, ["x" * 2000], [{"id": "msg_4"}])
    assert (kept.history("resp_4"), kept.item("msg_4"), kept.item("msg_3")) == (None, None, {"id": "msg_3"})
    kept.keep("resp_5", None, [], [])
    assert kept.history("resp_5") == []


def test_a_conversation_that_goes_on_stays() -> None:
    kept = KeptResponses(most=3)
    kept.keep("resp_0", None, [], [])
    for number in range(1, 9):
        kept.keep(f"resp_{number}", None, [], [])
        assert kept.history("resp_0") == []


def test_many_threads_keep_and_look_up() -> None:
    kept = KeptResponses(most=50, most_bytes=5_000)

    def work(name: int) -> None:
        for number in range(200):
            kept.keep(f"{name}_{number}", None, [number], [{"id": f"i{name}_{number}"}])
            kept.history(f"{name}_{number // 2}")
            kept.item(f"i{(name + 1) % 4}_{number}")

    threads = [threading.Thread(target=work, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    left = [found for name in range(4) for number in range(200) if (found := kept.history(f"{name}_{number}"))]
    assert 0 < len(left) <= 50
    assert MAX_KEPT_RESPONSES == 1000


def test_reasoning_is_sealed_where_that_is_asked_for_and_comes_back() -> None:
    echo = provider()
    given = {"reasoning": THINKING, "include": ["reasoning.encrypted_content"], "store": False}
    first = turn(echo, "hello", **given)
    thought = first["output"][0]
    assert thought["encrypted_content"]
    streamed = events(ask("responses", "hello", stream=True, **given))[-1]["response"]["output"][0]
    assert streamed["encrypted_content"] == thought["encrypted_content"]
    without_id = {name: value for name, value in thought.items() if name != "id"}
    for again in (thought, without_id, {**without_id, "summary": []}):
        items = [*user("hello"), again, first["output"][1], *user("again")]
        assert text_of("responses", turn(provider(), items, **given)) == "echo: again"
    assert "encrypted_content" not in turn(echo, "hello", reasoning=THINKING)["output"][0]


@pytest.mark.parametrize(
    ("sealed", "shown"),
    [("gAAAAABforeign-content", "gAAA...tent"), ("é" * 10, "éééé...éééé"), ("", ""), ("AAAA", "AAAA")],
)
def test_foreign_reasoning_is_refused(sealed: str, shown: str) -> None:
    item = {"type": "reasoning", "id": "rs_0123", "summary": [], "encrypted_content": sealed}
    status, error = refused(provider(), [*user("hello"), item, *user("again")])
    assert (status, error["code"]) == (400, "invalid_encrypted_content")
    assert error["message"].startswith(f"The encrypted content {shown} could not be verified.")


def test_changed_reasoning_is_refused() -> None:
    echo = provider()
    first = turn(echo, "hello", reasoning=THINKING, include=["reasoning.encrypted_content"])
    sealed = first["output"][0]["encrypted_content"]
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    item = {**first["output"][0], "encrypted_content": changed}
    assert refused(echo, [item, *user("again")])[1]["code"] == "invalid_encrypted_content"


def test_reasoning_that_is_neither_kept_nor_sealed_is_refused() -> None:
    item = {"type": "reasoning", "id": "rs_0123", "summary": []}
    status, error = refused(provider(), [item, *user("again")])
    assert status == 404
    assert error["message"].startswith("Item with id 'rs_0123' not found.")
    nameless = refused(provider(), [{"type": "reasoning", "summary": []}, *user("again")])
    assert (nameless[0], nameless[1]["param"]) == (400, "input[0].id")


def test_custom_tools_are_called_with_the_text() -> None:
    echo = provider()
    tools = [{"type": "custom", "name": "apply_patch", "format": {"type": "text"}}, tool("responses")]
    first = turn(echo, "apply_patch to a.txt", tools=tools)
    [call] = first["output"]
    assert (call["type"], call["name"], call["input"]) == ("custom_tool_call", "apply_patch", "apply_patch to a.txt")
    assert call["id"].startswith("ctc_")
    found = events(ask("responses", "apply_patch to a.txt", stream=True, tools=tools))
    deltas = [event["delta"] for event in found if event["type"] == "response.custom_tool_call_input.delta"]
    [done] = [event for event in found if event["type"] == "response.custom_tool_call_input.done"]
    assert "".join(deltas) == done["input"] == found[-1]["response"]["output"][0]["input"] == "apply_patch to a.txt"
    result = {"type": "custom_tool_call_output", "call_id": call["call_id"], "output": "done"}
    for earlier in ([call], references(first)):
        second = turn(echo, [*user("apply_patch to a.txt"), *earlier, result], tools=tools)
        assert text_of("responses", second) == "echo: apply_patch returned done"


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "custom", "name": "apply_patch"},
        {"type": "allowed_tools", "mode": "required", "tools": [{"type": "custom", "name": "apply_patch"}]},
    ],
)
def test_a_custom_tool_can_be_forced(choice: Any) -> None:
    tools = [tool("responses"), {"type": "custom", "name": "apply_patch"}]
    body = turn(provider(), "hello", tools=tools, tool_choice=choice)
    assert [item["type"] for item in body["output"]] == ["custom_tool_call"]
    assert calls_of("responses", body) == []


def test_tools_in_a_namespace_are_called_by_both_names() -> None:
    echo = provider()
    group = {"type": "namespace", "name": "crm", "description": "", "tools": [tool("responses", "find_customer")]}
    group["tools"].append({"type": "custom", "name": "run_query"})
    for text, kind, name in (
        ("find_customer", "function_call", "find_customer"),
        ("run_query", "custom_tool_call", "run_query"),
    ):
        first = turn(echo, text, tools=[{"type": "web_search"}, group])
        [call] = first["output"]
        assert (call["type"], call["namespace"], call["name"]) == (kind, "crm", name)
        result = {"type": f"{kind}_output", "call_id": call["call_id"], "output": "done"}
        second = turn(echo, [*user(text), call, result], tools=[group])
        assert text_of("responses", second) == f"echo: {name} returned done"


def test_tools_that_an_item_adds_are_offered_from_then_on() -> None:
    echo = provider()
    added = {"type": "additional_tools", "role": "developer", "tools": [tool("responses")]}
    first = turn(echo, [added, *user("hello")])
    assert text_of("responses", first) == "echo: hello"
    second = turn(echo, user("get_weather"), previous_response_id=first["id"])
    assert [name for name, _ in calls_of("responses", second)] == ["get_weather"]
    forced = turn(echo, [added, *user("hello")], tool_choice={"type": "function", "name": "get_weather"})
    assert [name for name, _ in calls_of("responses", forced)] == ["get_weather"]


def test_items_of_other_tools_are_passed_over() -> None:
    call = {"type": "local_shell_call", "id": "lsh_1", "call_id": "c1", "status": "completed", "action": {}}
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    body = turn(provider(), [*user("hello"), call, search, {"type": "compaction_trigger"}, *user("and?")])
    assert text_of("responses", body) == "echo: and?"


def test_the_tools_of_a_namespace_have_the_same_limits() -> None:
    bare = {"type": "function", "name": "t", "parameters": {"type": "object"}}
    group = {"type": "namespace", "name": "crm", "description": "", "tools": [bare]}
    status, error = refused(provider(), "hello", tools=[group])
    assert (status, error["param"]) == (400, "tools[0].tools[0].parameters")


def test_the_failures_of_only_so_many_requests_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "MAX_TALLIES", 3)
    tally = context.Tally()
    assert [tally.add(body) for body in (b"a", b"b", b"a", b"c", b"d")] == [1, 1, 2, 1, 1]
    assert [tally.add(body) for body in (b"a", b"b")] == [3, 1]
