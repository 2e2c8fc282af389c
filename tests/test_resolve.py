"""Resolving a prompt: cache, refresh, outage and fallback as a caller of the client sees them."""

from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from recording import reply
from samples import POINTER, PROMPT, RESOLVED, RESOLVED_TEXT, refusal, success
from scripted import Stage, answer, lost, raw, staged, status

from to11ai_sdk import (
    ChatRendered,
    ResolvedPrompt,
    TextRendered,
    To11aiApiError,
    To11aiAuthError,
    To11aiError,
    To11aiNetworkError,
    To11aiRateLimitError,
    To11aiResponseValidationError,
)

if TYPE_CHECKING:
    from recording import RecordingServer

    from to11ai_sdk._http.exchange import Reply

ARGUMENTS: dict[str, Any] = {"project_id": "pr_1", "slug": "welcome", "labels": ["production"]}


def version(number: int, **changes: Any) -> Any:
    return answer({**RESOLVED, "version": number, **changes})


def resolve(stage: Stage, **changes: Any) -> ResolvedPrompt:
    return stage.client.prompts.resolve(**{**ARGUMENTS, **changes})


def versions(stage: Stage, count: int, **changes: Any) -> list[float]:
    return [resolve(stage, **changes).version for _ in range(count)]


# --- what one gets


def test_a_chat_prompt_is_its_messages() -> None:
    prompt = resolve(staged())
    assert isinstance(prompt.rendered, ChatRendered)
    assert [(message.role, message.content) for message in prompt.messages] == [("system", "Be kind.")]
    assert prompt.block_render_record == {"intro": "rendered", "vip": "dimmed"}


def test_a_text_prompt_is_one_message_of_the_user() -> None:
    prompt = resolve(staged(answer(RESOLVED_TEXT)))
    assert isinstance(prompt.rendered, TextRendered)
    assert prompt.rendered.text == "Hello."
    assert [(message.role, message.content) for message in prompt.messages] == [("user", "Hello.")]


def test_the_version_stays_the_number_it_was() -> None:
    assert repr(resolve(staged(version(3))).version) == "3"
    assert repr(resolve(staged(answer({**RESOLVED, "version": 3.0}))).version) == "3.0"


# --- hits


def test_a_prompt_is_asked_for_once_in_its_time() -> None:
    stage = staged(version(1), version(2))
    assert versions(stage, 2) == [1, 1]
    stage.clock.now += 299.9
    assert versions(stage, 1) == [1]
    stage.clock.now += 0.1
    assert versions(stage, 2) == [2, 2]
    assert len(stage.script.sent) == 2


def test_what_a_caller_does_to_a_prompt_changes_no_other() -> None:
    stage = staged()
    for _ in range(3):
        prompt = resolve(stage)
        untouched = ResolvedPrompt.from_dict(RESOLVED)
        assert prompt == untouched
        prompt.labels.append("mine")
        prompt.messages[0].content = "mine"
        prompt.messages.append(prompt.messages[0])
        assert prompt.block_render_record is not None
        prompt.block_render_record["intro"] = "mine"
        prompt.block_render_record.clear()
        prompt.version = 99
        prompt.rendered = TextRendered(format="text", text="mine")
        assert prompt != untouched
    assert len(stage.script.sent) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"labels": ["a", "b"]}, {"labels": ["b", "a"]}),
        ({"variables": {"n": 1}}, {"variables": {"n": True}}),
        ({"variables": {"n": 1}}, {"variables": {"n": 1.0}}),
        ({"project_id": "pr_2"}, {}),
        ({"slug": "other"}, {}),
    ],
)
def test_what_is_not_the_same_is_asked_for_apart(one: Any, other: Any) -> None:
    stage = staged(version(1), version(2))
    assert versions(stage, 1, **one) + versions(stage, 1, **other) + versions(stage, 1, **one) == [1, 2, 1]


def test_the_order_of_variables_does_not_matter() -> None:
    stage = staged(version(1), version(2))
    assert versions(stage, 1, variables={"a": 1, "b": [{"c": 1, "d": 2}]}) == [1]
    assert versions(stage, 1, variables={"b": [{"d": 2, "c": 1}], "a": 1}) == [1]


def test_cache_false_neither_reads_nor_writes() -> None:
    stage = staged(version(1), version(2), version(3), version(4))
    assert versions(stage, 1, cache=False) == [1]
    assert versions(stage, 2) == [2, 2]
    assert versions(stage, 1, cache=False) == [3]
    assert versions(stage, 1) == [2]


@pytest.mark.parametrize("options", [{"ttl_s": 0}, {"ttl_s": -1}, {"max_entries": 0}, {"max_entries": -1}])
def test_a_cache_can_be_switched_off(options: Any) -> None:
    stage = staged(version(1), version(2), **options)
    assert versions(stage, 2) == [1, 2]


def test_the_least_recently_used_prompt_goes_first() -> None:
    stage = staged(max_entries=2)
    for slug in ("a", "b", "a", "c", "a", "c"):
        resolve(stage, slug=slug)
    assert [json.loads(sent.body or b"")["slug"] for sent in stage.script.sent] == ["a", "b", "c"]
    resolve(stage, slug="b")
    assert len(stage.script.sent) == 4


def test_64_threads_that_miss_together_make_one_request_and_get_64_prompts(server: RecordingServer) -> None:
    server.will_send(reply(success(RESOLVED)))
    with server.client() as client, ThreadPoolExecutor(64) as pool:
        futures = [pool.submit(client.prompts.resolve, **ARGUMENTS) for _ in range(64)]
        prompts = [future.result() for future in futures]
    assert len(server.seen) == 1
    assert len({id(prompt) for prompt in prompts}) == 64
    assert len({id(prompt.messages[0]) for prompt in prompts}) == 64
    assert all(prompt == prompts[0] for prompt in prompts)


def test_who_waits_too_long_for_another_thread_is_told_of_which_call() -> None:
    asked, reply_now = Event(), Event()

    def slow() -> Reply:
        asked.set()
        reply_now.wait(60)
        return answer(RESOLVED)

    stage = staged(slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(resolve, stage)
        assert asked.wait(60)
        with pytest.raises(To11aiNetworkError, match="another thread") as caught:
            stage.client.with_options(total_timeout_s=0.01).prompts.resolve(**ARGUMENTS)
        reply_now.set()
        first.result()
    error = caught.value
    assert (error.attempts, error.elapsed_s, error.method) == (0, 0.01, "POST")
    assert error.endpoint == "/v1/projects/{project_id}/prompts:resolve"


def test_a_failure_is_not_kept() -> None:
    stage = staged(status(404), version(1))
    with pytest.raises(To11aiApiError):
        resolve(stage)
    assert versions(stage, 2) == [1, 1]


def test_a_reply_that_does_not_fit_is_not_kept() -> None:
    stage = staged(answer({**RESOLVED, "versionId": None}), version(1))
    with pytest.raises(To11aiResponseValidationError, match=r"prompts\.resolve: .*data\.versionId"):
        resolve(stage)
    assert versions(stage, 1) == [1]


# --- the old prompt in an outage


@pytest.mark.parametrize("failure", [lost(), status(500), status(503), status(599), status(429)])
def test_in_an_outage_the_old_prompt_is_served_with_a_warning(failure: Any, caplog: pytest.LogCaptureFixture) -> None:
    stage = staged(version(1), failure, version(2))
    versions(stage, 1)
    stage.clock.now += 300
    with caplog.at_level(logging.WARNING):
        assert versions(stage, 3) == [1, 1, 1]
    assert [record.name for record in caplog.records] == ["to11ai_sdk"]
    assert "welcome" in caplog.text
    assert stage.clock.slept == []
    stage.clock.now += 300
    assert versions(stage, 2) == [2, 2]


@pytest.mark.parametrize(
    ("code", "kind"), [(401, To11aiAuthError), (403, To11aiAuthError), (404, To11aiApiError), (422, To11aiApiError)]
)
def test_an_answer_about_the_prompt_itself_surfaces_and_drops_it(code: int, kind: type) -> None:
    stage = staged(version(1), status(code), status(500))
    versions(stage, 1)
    stage.clock.now += 300
    with pytest.raises(kind, match=f"^HTTP {code}"):
        resolve(stage)
    with pytest.raises(To11aiApiError, match=r"^HTTP 500"):
        resolve(stage)


def test_an_old_prompt_is_not_served_for_ever() -> None:
    stage = staged(version(1), lost(), stale_if_error_s=3600)
    versions(stage, 1)
    stage.clock.now += 300 + 3599
    assert versions(stage, 1) == [1]
    stage.clock.now += 1
    with pytest.raises(To11aiNetworkError):
        resolve(stage)


@pytest.mark.parametrize("stale_if_error_s", [0, -5])
def test_serving_old_prompts_can_be_switched_off(stale_if_error_s: float) -> None:
    stage = staged(version(1), status(500), stale_if_error_s=stale_if_error_s, max_retries=0)
    assert versions(stage, 2) == [1, 1]
    stage.clock.now += 300
    with pytest.raises(To11aiApiError, match=r"^HTTP 500"):
        resolve(stage)


# --- fallback


FALLBACK = ResolvedPrompt.from_dict({**RESOLVED_TEXT, "version": 0})


@pytest.mark.parametrize("failure", [lost(), lost(unsent=True, final=True), status(500), status(429)])
def test_the_fallback_is_the_last_resort(failure: Any) -> None:
    stage = staged(version(1), failure)
    assert resolve(stage, slug="known", fallback=FALLBACK).version == 1
    assert resolve(stage, fallback=FALLBACK) is FALLBACK
    assert resolve(stage, fallback=FALLBACK, cache=False) is FALLBACK
    stage.clock.now += 300
    assert resolve(stage, slug="known", fallback=FALLBACK).version == 1
    stage.clock.now += 4000
    assert resolve(stage, slug="known", fallback=FALLBACK) is FALLBACK


def test_the_fallback_is_never_kept() -> None:
    stage = staged(lost(final=True), version(1))
    assert resolve(stage, fallback=FALLBACK) is FALLBACK
    assert resolve(stage, fallback=FALLBACK).version == 1


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (status(401), To11aiAuthError),
        (status(404), To11aiApiError),
        (status(400), To11aiApiError),
        (raw("<html>"), To11aiResponseValidationError),
    ],
)
def test_a_fallback_hides_no_mistake(failure: Any, kind: type[To11aiError]) -> None:
    with pytest.raises(kind):
        resolve(staged(failure), fallback=FALLBACK)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"variables": {"x": {1}}}, TypeError),
        ({"variables": {"x": float("nan")}}, ValueError),
        ({"variables": {1: "x"}}, TypeError),
        ({"variables": [1]}, TypeError),
        ({"labels": "production"}, TypeError),
        ({"labels": [1]}, TypeError),
        ({"slug": None}, TypeError),
        ({"project_id": ""}, ValueError),
    ],
)
@pytest.mark.parametrize("cache", [True, False])
def test_a_wrong_argument_is_told_before_sending_whatever_the_fallback(changes: Any, kind: type, cache: bool) -> None:
    stage = staged()
    with pytest.raises(kind, match=next(iter(changes))):
        resolve(stage, fallback=FALLBACK, cache=cache, **changes)
    assert stage.script.sent == []


@pytest.mark.parametrize("labels", [{"production"}, iter(["production"]), {"production": 1}])
def test_labels_are_a_list_also_where_the_prompt_is_cached(labels: Any) -> None:
    stage = staged(answer(RESOLVED))
    resolve(stage, labels=["production"])
    with pytest.raises(TypeError, match="labels must be a list of str"):
        resolve(stage, labels=labels)


# --- what drops a cached prompt


def test_moving_a_label_drops_what_it_makes_stale() -> None:
    stage = staged(version(1), answer(POINTER), version(2))
    assert versions(stage, 1) == [1]
    stage.client.prompts.move_label(project_id="pr_1", prompt_id="pm_1", label="production", version_id="pv_2")
    assert versions(stage, 2) == [2, 2]


def test_moving_another_label_of_the_list_drops_it_too() -> None:
    stage = staged(version(1), answer(POINTER), version(2))
    versions(stage, 1, labels=["vip", "production"])
    stage.client.prompts.move_label(project_id="pr_1", prompt_id="pm_1", label="vip", version_id="pv_2")
    assert versions(stage, 1, labels=["vip", "production"]) == [2]


@pytest.mark.parametrize(
    "changes", [{"label": "other"}, {"prompt_id": "pm_2"}, {"project_id": "pr_2"}], ids=["label", "prompt", "project"]
)
def test_moving_something_else_leaves_it(changes: Any) -> None:
    stage = staged(version(1), answer(POINTER), version(2))
    versions(stage, 1)
    moved = {"project_id": "pr_1", "prompt_id": "pm_1", "label": "production", "version_id": "pv_2", **changes}
    stage.client.prompts.move_label(**moved)
    assert versions(stage, 1) == [1]


def test_a_move_that_failed_may_have_happened_and_drops_it_too() -> None:
    stage = staged(version(1), lost(), version(2), max_retries=0)
    versions(stage, 1)
    with pytest.raises(To11aiNetworkError):
        stage.client.prompts.move_label(project_id="pr_1", prompt_id="pm_1", label="production", version_id="pv_2")
    assert versions(stage, 1) == [2]


def test_archiving_a_prompt_drops_all_its_labels() -> None:
    stage = staged(version(1), version(1), version(7, promptId="pm_2"), answer(PROMPT), version(2))
    versions(stage, 1)
    versions(stage, 1, labels=["beta"])
    versions(stage, 1, slug="other")
    stage.client.prompts.archive(project_id="pr_1", prompt_id="pm_1")
    assert versions(stage, 1) == [2]
    assert versions(stage, 1, labels=["beta"]) == [2]
    assert versions(stage, 1, slug="other") == [7]


def test_a_client_with_other_options_shares_the_cache() -> None:
    stage = staged(version(1), version(2))
    versions(stage, 1)
    assert stage.client.with_options(max_retries=0).prompts.resolve(**ARGUMENTS).version == 1


def test_a_rate_limit_without_an_old_prompt_surfaces(server: RecordingServer) -> None:
    server.will_send(reply(refusal("SLOW", "down"), 429, retry_after="9"))
    with server.client() as client, pytest.raises(To11aiRateLimitError) as caught:
        client.prompts.resolve(**ARGUMENTS)
    assert caught.value.retry_after_seconds == 9
