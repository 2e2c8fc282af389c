from __future__ import annotations

import inspect
import json
import os
from types import MappingProxyType
from typing import Any

import pytest
from recording import reply
from samples import PROMPT, refusal, success
from scripted import answer, raw, staged, status

from to11ai_sdk import BehaviorStore, To11aiClient, To11aiError, create_client, env_var_name_for_key

TYPE_CHECKING = False
if TYPE_CHECKING:
    from recording import RecordingServer

VARIABLE = "TO11_SDK_BEHAVIOR_SDK_RETRY_V2"


def told(*behaviors: Any, **options: Any) -> To11aiClient:
    """A client that got a reply with each of these as ``sdkBehavior``."""
    stage = staged(*(answer(PROMPT, sdkBehavior=behavior) for behavior in behaviors), **options)
    for _ in behaviors:
        stage.client.prompts.get(project_id="pr_1", prompt_id="pm_1")
    return stage.client


def flags(**values: Any) -> dict[str, Any]:
    return {"v": 1, "flags": {f"sdk.{name}": value for name, value in values.items()}}


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("sdk.retry-v2", "TO11_SDK_BEHAVIOR_SDK_RETRY_V2"),
        ("a.b.c", "TO11_SDK_BEHAVIOR_A_B_C"),
        ("X", "TO11_SDK_BEHAVIOR_X"),
        ("", "TO11_SDK_BEHAVIOR_"),
    ],
)
def test_the_environment_variable_of_a_key(key: str, name: str) -> None:
    assert env_var_name_for_key(key) == name


# --- what counts


def test_the_order_is_overrides_environment_server_default(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.will_send(reply(success(PROMPT, sdkBehavior={"v": 1, "flags": {"sdk.retry-v2": "served"}})))
    with server.client() as plain, server.client(behavior_overrides={"sdk.retry-v2": "override"}) as overridden:
        assert plain.resolve_behavior("sdk.retry-v2", "default") == "default"
        for client in (plain, overridden):
            client.prompts.get(project_id="pr_1", prompt_id="pm_1")
        assert plain.resolve_behavior("sdk.retry-v2", "default") == "served"
    monkeypatch.setenv(VARIABLE, "environment")
    with server.client() as plain, server.client(behavior_overrides={"sdk.retry-v2": "override"}) as overridden:
        plain.prompts.get(project_id="pr_1", prompt_id="pm_1")
        assert plain.resolve_behavior("sdk.retry-v2", "default") == "environment"
        assert overridden.resolve_behavior("sdk.retry-v2", "default") == "override"


def test_the_environment_is_read_when_the_client_is_made(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    with server.client() as early:
        monkeypatch.setenv(VARIABLE, "2")
        monkeypatch.setenv("TO11_SDK_BEHAVIOR_SDK_NEW", "2")
        with server.client() as late:
            monkeypatch.delenv(VARIABLE)
            assert [client.resolve_behavior("sdk.retry-v2", 0) for client in (early, late)] == [1, 2]
            assert [client.resolve_behavior("sdk.new", 0) for client in (early, late)] == [0, 2]
            assert early.with_options(timeout_s=1).resolve_behavior("sdk.retry-v2", 0) == 1


@pytest.mark.parametrize(
    ("text", "default", "value"),
    [
        ("true", False, True),
        ("7", 1, 7),
        ("7", 1.5, 7),
        ("0.5", 1, 0.5),
        ("plain words", "x", "plain words"),
        ('"quoted"', "x", "quoted"),
        ("[1, 2]", [], [1, 2]),
        ('{"a": 1}', {}, {"a": 1}),
        ("", "x", ""),
        ("[" * 100_000, "x", "[" * 100_000),
        ("null", "x", "x"),
        ("7", "x", "x"),
        ("yes", True, True),
        ("1", True, True),
        ("true", 1, 1),
    ],
)
def test_the_environment_is_json_else_text(
    monkeypatch: pytest.MonkeyPatch, text: str, default: Any, value: Any
) -> None:
    monkeypatch.setenv(VARIABLE, text)
    assert BehaviorStore().resolve("sdk.retry-v2", default) == value
    assert type(BehaviorStore().resolve("sdk.retry-v2", default)) is type(value)


@pytest.mark.parametrize(
    ("served", "default", "fits"),
    [
        (True, False, True),
        (1, False, False),
        (0, True, False),
        ("true", False, False),
        (True, 1, False),
        (2, 1, True),
        (2.5, 1, True),
        (2, 1.5, True),
        ("2", 1, False),
        ("a", "b", True),
        (1, "b", False),
        ([1], [], True),
        ([1], (), True),
        ({"a": 1}, {}, True),
        ({"a": 1}, MappingProxyType({}), True),
        ({"a": 1}, [], False),
        ([], {}, False),
        ("abc", [], False),
        (None, "b", False),
        ("a", None, True),
        (False, None, True),
        ([], None, True),
        (None, None, False),
        ("a", object(), False),
    ],
)
def test_a_value_of_another_type_than_the_default_is_passed_over(served: Any, default: Any, fits: bool) -> None:
    client = told(flags(x=served))
    assert client.resolve_behavior("sdk.x", default) is (served if fits else default) or fits
    assert (client.resolve_behavior("sdk.x", default) == served) is (fits or served == default)


def test_a_value_that_is_passed_over_lets_the_next_one_speak(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TO11_SDK_BEHAVIOR_SDK_X", "words")
    store = BehaviorStore(init_overrides={"sdk.x": True})
    store.update_from_envelope(flags(x=5))
    assert store.resolve("sdk.x", 1) == 5
    assert store.resolve("sdk.x", "default") == "words"
    assert store.resolve("sdk.x", False) is True
    assert store.resolve("sdk.x", []) == []


# --- what the server says


def test_the_last_word_on_a_key_counts_and_silence_clears_nothing() -> None:
    client = told(flags(a=1, b=1), flags(b=2, c=2), None, {"v": 1, "flags": {}})
    assert [client.resolve_behavior(f"sdk.{name}", 0) for name in "abcd"] == [1, 2, 2, 0]


@pytest.mark.parametrize(
    "behavior",
    [
        {"v": 2, "flags": {"sdk.x": 1}},
        {"v": "1", "flags": {"sdk.x": 1}},
        {"v": None, "flags": {"sdk.x": 1}},
        {"flags": {"sdk.x": 1}},
        {"v": 1, "flags": [["sdk.x", 1]]},
        {"v": 1, "flags": None},
        {"v": 1},
        ["v", 1],
        "v1",
        7,
    ],
)
def test_what_is_not_version_1_is_ignored_as_a_whole(behavior: Any) -> None:
    assert told(behavior).resolve_behavior("sdk.x", 0) == 0


def envelope(**changes: Any) -> str:
    return json.dumps({**success(PROMPT, sdkBehavior=flags(x=1)), **changes})


@pytest.mark.parametrize(
    "given",
    [
        raw(envelope(), 404),
        raw(envelope(), 302),
        raw(envelope(success=False)),
        raw(envelope(success="true")),
        raw(envelope(data=None)),
        raw(json.dumps({**refusal("X"), "sdkBehavior": flags(x=1)}), 400),
        status(500),
    ],
)
def test_only_a_success_is_listened_to(given: Any) -> None:
    stage = staged(given, max_retries=0)
    with pytest.raises(To11aiError):
        stage.client.prompts.get(project_id="pr_1", prompt_id="pm_1")
    assert stage.client.resolve_behavior("sdk.x", 0) == 0


def test_success_that_is_missing_is_not_exactly_true() -> None:
    body = json.loads(envelope())
    del body["success"]
    stage = staged(raw(json.dumps(body)))
    stage.client.prompts.get(project_id="pr_1", prompt_id="pm_1")
    assert stage.client.resolve_behavior("sdk.x", 0) == 0


def test_overrides_are_copied() -> None:
    overrides = {"sdk.x": 1}
    with create_client(api_key="key", base_url="http://127.0.0.1:1", behavior_overrides=overrides) as client:
        overrides["sdk.x"] = 2
        assert client.resolve_behavior("sdk.x", 0) == 1


# --- a store made by hand, as 0.2.0 had it


def test_the_arguments_of_a_store() -> None:
    parameters = inspect.signature(BehaviorStore).parameters.values()
    assert {parameter.kind for parameter in parameters} == {inspect.Parameter.KEYWORD_ONLY}
    assert {parameter.name: parameter.default for parameter in parameters} == {"init_overrides": None, "env": None}


def test_a_store_reads_the_environment_it_is_given_once_and_only_its_own_variables(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "of the process")
    env = {VARIABLE: "given", "SECRET": "s", "to11_sdk_behavior_x": "lower case"}
    store = BehaviorStore(env=MappingProxyType(env))
    env[VARIABLE] = "changed"
    env["TO11_SDK_BEHAVIOR_NEW"] = "added"
    assert store.resolve("sdk.retry-v2", "default") == "given"
    assert store.resolve("new", "default") == "default"
    assert store.resolve("x", "default") == "default"
    assert "SECRET" not in repr(vars(store))
    assert BehaviorStore(env={}).resolve("sdk.retry-v2", "default") == "default"


def test_an_environment_that_was_replaced_is_read_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {VARIABLE: "7"})
    assert BehaviorStore().resolve("sdk.retry-v2", 0) == 7


def test_a_value_of_a_given_environment_need_be_no_text() -> None:
    assert BehaviorStore(env={VARIABLE: 5}).resolve("sdk.retry-v2", 0) == 5  # type: ignore[dict-item]


def test_what_is_read_from_a_list_of_the_environment_is_fresh_each_time() -> None:
    store = BehaviorStore(env={VARIABLE: "[1]"})
    store.resolve("sdk.retry-v2", [0]).append(2)
    assert store.resolve("sdk.retry-v2", [0]) == [1]


def test_a_store_takes_what_stands_in_an_envelope() -> None:
    store = BehaviorStore(init_overrides=MappingProxyType({"sdk.set": 1}), env={})
    store.update_from_envelope(MappingProxyType({"v": 1, "flags": MappingProxyType({"sdk.set": 2, "sdk.x": 2})}))
    for nothing in (None, {}, {"v": 1}, {"v": 2, "flags": {"sdk.x": 3}}, [], "text", 7):
        store.update_from_envelope(nothing)  # type: ignore[arg-type]
    assert [store.resolve(key, 0) for key in ("sdk.set", "sdk.x")] == [1, 2]


@pytest.mark.parametrize("name", ["init_overrides", "env"])
@pytest.mark.parametrize("wrong", ["abc", 5, [("a", 1)], True, "", {5: 1}])
def test_what_is_no_mapping_is_refused_by_name(name: str, wrong: Any) -> None:
    with pytest.raises(TypeError, match=f"^{name} must be a mapping with str keys, not {type(wrong).__name__}"):
        BehaviorStore(**{name: wrong})
