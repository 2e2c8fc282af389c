"""Retries, waits and bounds on a virtual clock; what needs a socket is with the faults and the wire format."""

from __future__ import annotations

import copy
import json
import logging
import pickle
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from recording import reply
from samples import ENVIRONMENT, LABEL, PROMPT, PROMPT_VERSION, RELEASE, RESOLVED, RULE_VERSION, success
from scripted import KEY, URL, Stage, answer, lost, raw, staged, status
from werkzeug import Response

from to11ai_sdk import (
    RuleSnapshot,
    To11aiApiError,
    To11aiError,
    To11aiNetworkError,
    To11aiRateLimitError,
    To11aiResponseValidationError,
)
from to11ai_sdk._http.transport import Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from recording import RecordingServer

    from to11ai_sdk import To11aiClient

P: dict[str, Any] = {"project_id": "pr_1"}
PM: dict[str, Any] = {**P, "prompt_id": "pm_1"}
RU: dict[str, Any] = {**P, "rule_id": "ru_1"}
SNAPSHOT = {"endpoint": "messages", "strategy": "single"}

# fmt: off
SAFE: dict[str, tuple[Callable[[To11aiClient], Any], Any]] = {
    "GET": (lambda c: c.prompts.get(**PM), PROMPT),
    "PUT": (lambda c: c.routing_rules.releases.set(**RU, env_slug="prod", strategy="single"), RELEASE),
    "PATCH": (lambda c: c.prompts.update(**PM, name="x"), PROMPT),
    "DELETE": (lambda c: c.prompts.archive(**PM), PROMPT),
    "POST resolve": (lambda c: c.prompts.resolve(**P, slug="s", labels=["a"], cache=False), RESOLVED),
}
PLAIN: dict[str, tuple[Callable[[To11aiClient], Any], Any]] = {
    "create": (lambda c: c.prompts.create(**P, name="x", slug="x"), PROMPT),
    "create_version": (lambda c: c.prompts.create_version(
        **PM, format="text", template_json={"text": "x"}, variables_schema={}), PROMPT_VERSION),
    "create_project_label": (lambda c: c.prompts.create_project_label(**P, label="x"), LABEL),
    "environments.create": (lambda c: c.project_environments.create(**P, slug="x", name="x"), ENVIRONMENT),
    "archive": (lambda c: c.project_environments.archive(**P, slug="x"), {"environment": ENVIRONMENT}),
    "restore": (lambda c: c.project_environments.restore(**P, slug="x"), ENVIRONMENT),
    "versions.create": (lambda c: c.routing_rules.versions.create(**RU, snapshot=SNAPSHOT), RULE_VERSION),
    "rollback": (lambda c: c.routing_rules.releases.rollback(**RU, env_slug="prod", reason="x"), RELEASE),
}
# fmt: on
CALLS = {**SAFE, **PLAIN}
TRANSIENT = [408, 425, 500, 501, 502, 503, 504, 599]
LASTING = [301, 400, 401, 402, 403, 404, 409, 410, 413, 421, 422, 451]


def get(stage: Stage) -> Any:
    return stage.client.prompts.get(**PM)


def failed(stage: Stage, call: Callable[[To11aiClient], Any] = SAFE["GET"][0]) -> Any:
    with pytest.raises(To11aiError) as caught:
        call(stage.client)
    return caught.value


# --- what is sent again


@pytest.mark.parametrize("name", SAFE)
@pytest.mark.parametrize("failure", [*map(status, TRANSIENT), status(429), lost(), lost(unsent=True)])
def test_a_call_that_does_nothing_twice_is_sent_again(name: str, failure: Any) -> None:
    call, data = SAFE[name]
    stage = staged(failure, failure, failure, answer(data))
    assert call(stage.client) is not None
    assert len(stage.script.sent) == 4
    assert len({(sent.method, sent.url, sent.body) for sent in stage.script.sent}) == 1
    assert all(sent.safe for sent in stage.script.sent)


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("failure", [*map(status, TRANSIENT), lost()])
def test_a_call_that_might_do_something_twice_is_not(name: str, failure: Any) -> None:
    call, data = PLAIN[name]
    stage = staged(failure, answer(data))
    error = failed(stage, call)
    assert len(stage.script.sent) == error.attempts == 1
    assert not stage.script.sent[0].safe
    assert stage.clock.slept == []


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("failure", [status(429), lost(unsent=True)])
def test_unless_it_provably_did_nothing(name: str, failure: Any) -> None:
    call, data = PLAIN[name]
    stage = staged(failure, answer(data))
    assert call(stage.client) is not None
    assert len(stage.script.sent) == 2


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("failure", [*map(status, LASTING), lost(final=True), lost(unsent=True, final=True)])
def test_what_will_not_get_better_is_never_sent_again(name: str, failure: Any) -> None:
    call, data = CALLS[name]
    stage = staged(failure, answer(data))
    assert failed(stage, call).attempts == len(stage.script.sent) == 1


@pytest.mark.parametrize(
    "bad", [raw(""), raw("<html>"), raw("[]"), raw(None), answer(None), answer({}), raw('{"success": false}')]
)
def test_a_reply_that_is_no_answer_is_not_asked_for_again(bad: Any) -> None:
    stage = staged(bad, answer(PROMPT))
    assert failed(stage).attempts == len(stage.script.sent) == 1


@pytest.mark.parametrize("max_retries", [0, 1, 3, 6])
def test_max_retries_is_how_many_attempts_may_follow_the_first(max_retries: int) -> None:
    stage = staged(status(503), max_retries=max_retries)
    error = failed(stage)
    assert error.attempts == len(stage.script.sent) == max_retries + 1
    assert len(stage.clock.slept) == max_retries


def test_the_last_failure_is_the_one_that_is_raised() -> None:
    assert failed(staged(status(503), lost(), status(500), status(404))).status_code == 404


# --- how long one waits


@pytest.mark.parametrize(("jitter", "waits"), [(0.0, [0.1, 0.2, 0.4]), (1.0, [0.2, 0.4, 0.8])])
def test_the_waits_double_and_jitter(jitter: float, waits: list[float]) -> None:
    stage = staged(status(500), jitter=jitter)
    error = failed(stage)
    assert stage.clock.slept == pytest.approx(waits)
    assert error.elapsed_s == pytest.approx(sum(waits))


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("0", 0.1),
        ("1", 1.0),
        ("8", 8.0),
        ("Tue, 14 Nov 2023 22:13:25 GMT", 5.0),
        ("Tue, 14 Nov 2023 22:13:15 GMT", 0.1),
        ("soon", 0.1),
        ("-3", 0.1),
        ("1.5", 1.5),
        ("9" * 400, 0.1),
    ],
)
def test_retry_after_is_waited_for_up_to_eight_seconds(code: int, value: str, wait: float) -> None:
    stage = staged(status(code, retry_after=value), answer(PROMPT))
    get(stage)
    assert stage.clock.slept == pytest.approx([wait])


@pytest.mark.parametrize("code", [429, 503])
@pytest.mark.parametrize("value", ["9", "3600", "Tue, 14 Nov 2023 22:13:29 GMT"])
def test_a_longer_retry_after_is_left_to_the_caller(code: int, value: str) -> None:
    stage = staged(status(code, retry_after=value), answer(PROMPT))
    error = failed(stage)
    assert error.attempts == 1
    assert error.retry_after_seconds >= 9
    assert stage.clock.slept == []


@pytest.mark.parametrize("code", [408, 425, 500, 502])
def test_retry_after_counts_for_429_and_503_only(code: int) -> None:
    stage = staged(status(code, retry_after="60"), answer(PROMPT))
    get(stage)
    assert stage.clock.slept == pytest.approx([0.1])


def test_a_plain_post_that_was_throttled_waits_as_told() -> None:
    stage = staged(status(429, retry_after="2"), answer(PROMPT))
    stage.client.prompts.create(**P, name="x", slug="x")
    assert stage.clock.slept == [2.0]


# --- bounds on time


def test_an_attempt_may_take_timeout_s() -> None:
    stage = staged(status(500), answer(PROMPT), timeout_s=7.0)
    get(stage)
    assert [sent.deadline for sent in stage.script.sent] == [1007.0, pytest.approx(1007.1)]


def test_total_timeout_s_bounds_the_call_with_its_waits() -> None:
    stage = staged(status(500), timeout_s=30.0, total_timeout_s=0.5, max_retries=9)
    error = failed(stage)
    assert stage.clock.slept == pytest.approx([0.1, 0.2])
    assert error.attempts == 3
    assert [sent.deadline for sent in stage.script.sent] == [1000.5] * 3


def test_a_wait_that_does_not_fit_total_timeout_s_is_not_begun() -> None:
    stage = staged(status(429, retry_after="5"), answer(PROMPT), total_timeout_s=5.0)
    assert failed(stage).retry_after_seconds == 5.0
    assert stage.clock.slept == []
    stage = staged(status(429, retry_after="5"), answer(PROMPT), total_timeout_s=5.1)
    assert get(stage).id == "pm_1"


def test_elapsed_time_counts_attempts_and_waits() -> None:
    stage = staged(lambda: slow(), max_retries=1)

    def slow() -> Any:
        stage.clock.now += 2.0
        return status(500)

    assert failed(stage).elapsed_s == pytest.approx(4.1)


# --- the budget


def test_an_outage_ends_the_retries_of_a_client() -> None:
    stage = staged(status(500))
    attempts = [failed(stage).attempts for _ in range(10)]
    assert attempts == [4] * 6 + [3] + [1] * 3
    assert sum(attempts) == 10 + 20


def test_success_earns_retries_back() -> None:
    stage = staged(status(500))
    while failed(stage).attempts > 1:
        pass
    stage.script.steps = [answer(PROMPT)]
    for _ in range(11):
        get(stage)
    stage.script.steps = [status(500)]
    assert failed(stage).attempts == 2


def test_no_budget_is_spent_on_what_is_not_sent_again() -> None:
    stage = staged(status(404))
    for _ in range(50):
        failed(stage)
    stage.script.steps = [status(500)]
    assert failed(stage).attempts == 4


# --- with_options


def test_with_options_changes_what_is_told_and_shares_the_rest() -> None:
    stage = staged(status(500), timeout_s=30.0)
    hasty = stage.client.with_options(max_retries=0, timeout_s=1.0)
    assert failed(stage, lambda _: hasty.prompts.get(**PM)).attempts == 1
    assert stage.script.sent[-1].deadline == 1001.0
    assert failed(stage).attempts == 4
    twice = hasty.with_options(max_retries=1, total_timeout_s=60.0)
    stage.clock.now = 2000.0
    assert failed(stage, lambda _: twice.prompts.get(**PM)).attempts == 2
    assert stage.script.sent[-1].deadline == pytest.approx(2001.1)
    assert repr(twice) == repr(stage.client)


def test_with_options_shares_the_budget() -> None:
    stage = staged(status(500), max_retries=3)
    other = stage.client.with_options(max_retries=20)
    assert failed(stage, lambda _: other.prompts.get(**PM)).attempts == 21
    assert failed(stage).attempts == 1


def test_with_options_shares_behaviours() -> None:
    stage = staged(answer(PROMPT, sdkBehavior={"v": 1, "flags": {"sdk.x": 1}}))
    stage.client.with_options(max_retries=0).prompts.get(**PM)
    assert stage.client.resolve_behavior("sdk.x", 0) == 1


def test_closing_closes_the_connections() -> None:
    stage = staged(answer(PROMPT))
    with stage.client as client:
        client.prompts.get(**PM)
        assert stage.script.closed == 0
    assert stage.script.closed == 1
    assert get(stage).id == "pm_1"


# --- what is refused before sending


@pytest.mark.parametrize(
    ("value", "kind"), [({"x": float("nan")}, ValueError), ({"x": {1}}, TypeError), ({"x": b"1"}, TypeError)]
)
def test_a_body_that_json_cannot_hold_is_never_sent(value: Any, kind: type) -> None:
    stage = staged(answer(PROMPT_VERSION))
    with pytest.raises(kind, match=r"^templateJson: "):
        stage.client.prompts.create_version(**PM, format="text", template_json=value, variables_schema={})
    assert stage.script.sent == []


def test_a_body_that_is_a_circle_or_too_deep_is_never_sent() -> None:
    stage, ring, tower = staged(answer(RULE_VERSION)), {}, {}
    ring["chain"] = [ring]
    for _ in range(100_000):
        tower = {"x": tower}
    for snapshot in (ring, tower):
        with pytest.raises(ValueError, match=r"^snapshot: "):
            stage.client.routing_rules.versions.create(**RU, snapshot=snapshot)
    assert stage.script.sent == []


@pytest.mark.parametrize("tags", ["a,b", b"ab", {"a"}, {"a": 1}, ["a", 1], 7])
def test_a_list_of_words_is_a_list_of_words(tags: Any) -> None:
    stage = staged(answer(PROMPT))
    with pytest.raises(TypeError, match=r"^tags must be a list of str, not "):
        stage.client.prompts.create(**P, name="x", slug="x", tags=tags)
    assert stage.script.sent == []


def test_a_model_is_sent_in_the_words_of_the_api() -> None:
    stage = staged(answer(RULE_VERSION))
    snapshot = RuleSnapshot(endpoint="messages", strategy="single", model_bindings=[])
    stage.client.routing_rules.versions.create(**RU, snapshot=snapshot)
    assert stage.script.sent[0].body == b'{"snapshot":{"endpoint":"messages","strategy":"single","modelBindings":[]}}'


# --- what is told in the log


def test_each_attempt_is_a_line_of_debug_without_the_key(caplog: pytest.LogCaptureFixture) -> None:
    stage = staged(status(500), lost(), answer(PROMPT))
    with caplog.at_level(logging.DEBUG):
        get(stage)
    lines = [record.getMessage() for record in caplog.records if record.name == "to11ai_sdk"]
    line = "GET /v1/projects/{project_id}/prompts/{prompt_id}: "
    assert lines == [
        f"{line}500, attempt 1, 0.000 s",
        f"{line}failed, attempt 2, 0.000 s",
        f"{line}200, attempt 3, 0.000 s",
    ]
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}
    assert KEY not in caplog.text


def test_nothing_is_told_at_info(caplog: pytest.LogCaptureFixture) -> None:
    stage = staged(status(500), answer(PROMPT), status(404))
    with caplog.at_level(logging.INFO):
        get(stage)
        failed(stage)
    assert caplog.records == []


def test_a_process_without_logging_calls_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "logging")
    assert get(staged(answer(PROMPT))).id == "pm_1"


# --- redirects


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", [f"{URL}/v1/there?x=1", "/v1/there?x=1", "/v1/there?x=1#part"])
def test_a_read_is_followed_about_its_origin(code: int, location: str) -> None:
    stage = staged(raw("", code, location=location), answer(PROMPT))
    assert get(stage).id == "pm_1"
    assert [sent.url for sent in stage.script.sent] == [
        f"{URL}/v1/projects/pr_1/prompts/pm_1",
        f"{URL}/v1/there?x=1",
    ]
    assert len({sent.deadline for sent in stage.script.sent}) == 1


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.test/v1/there",
        "http://to11.test/v1/there",
        "https://to11.test:8443/v1/there",
        "https://user@to11.test/v1/there",
        "//evil.test/",
        "https://to11.test.evil.test/",
        "file:///etc/passwd",
        "https://[/",
        "/a b",
        "/é",
        "",
    ],
)
def test_the_key_never_follows_elsewhere(location: str) -> None:
    stage = staged(raw("", 302, location=location), answer(PROMPT))
    error = failed(stage)
    assert error.status_code == 302
    assert len(stage.script.sent) == 1


@pytest.mark.parametrize("name", [name for name in CALLS if name != "GET"])
def test_nothing_but_a_read_is_followed(name: str) -> None:
    call, data = CALLS[name]
    stage = staged(raw("", 307, location="/v1/there"), answer(data))
    assert failed(stage, call).status_code == 307
    assert len(stage.script.sent) == 1


def test_a_redirect_in_a_circle_ends() -> None:
    stage = staged(raw("", 302, location="/v1/there"))
    assert failed(stage).status_code == 302
    assert len(stage.script.sent) == 6


@pytest.mark.parametrize("code", [300, 304, 305, 306])
def test_other_3xx_are_errors(code: int) -> None:
    assert failed(staged(raw("", code, location="/v1/there"))).status_code == code


# --- envelopes


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "not JSON: it is empty"),
        ("<html>", "not JSON"),
        (b"\xff", "not UTF-8"),
        ("[" * 200_000, "nested too deeply"),
        ('{"data": NaN}', "NaN is not JSON"),
        ('{"data": 1e999}', "beyond what a float can hold"),
        ('{"data": -1e999}', "beyond what a float can hold"),
        (f'{{"data": {"9" * 5000}}}', "not JSON"),
        ("[]", "not an envelope"),
        ('"text"', "not an envelope"),
        ("null", "not an envelope"),
        ("{}", "data is missing or null"),
        ('{"success": true}', "data is missing or null"),
        ('{"success": true, "data": null}', "data is missing or null"),
        (None, "over 33554432 bytes"),
    ],
)
def test_a_2xx_that_is_no_envelope_is_refused_in_words(body: Any, words: str) -> None:
    error = failed(staged(raw(body)))
    assert type(error) is To11aiResponseValidationError
    assert words in str(error)
    assert "base_url" in str(error)


@pytest.mark.parametrize("code", [200, 201, 202, 204])
def test_any_2xx_with_data_will_do(code: int) -> None:
    reply_ = answer(PROMPT)
    reply_.status = code
    assert get(staged(reply_)).id == "pm_1"


def test_an_empty_204_is_no_answer_where_data_is_due() -> None:
    assert "HTTP 204" in str(failed(staged(raw("", 204))))


@pytest.mark.parametrize("value", [False, None, "true", 1, 0, {}])
def test_success_that_is_not_true_is_an_api_error_even_with_data(value: Any) -> None:
    body = {"success": value, "data": PROMPT, "error": {"code": "NOPE", "message": "no", "details": {"a": 1}}}
    stage = staged(answer(None))
    stage.script.steps = [raw(json.dumps(body))]
    error = failed(stage)
    assert type(error) is To11aiApiError
    assert (error.status_code, error.error_code, error.details) == (200, "NOPE", {"a": 1})
    assert str(error) == "HTTP 200 NOPE: no"


def test_success_that_is_missing_is_judged_by_the_data() -> None:
    envelope = success(PROMPT)
    del envelope["success"]
    assert get(staged(raw(json.dumps(envelope)))).id == "pm_1"


def test_a_byte_order_mark_is_no_fault() -> None:
    assert get(staged(raw(b"\xef\xbb\xbf" + (answer(PROMPT).body or b"")))).id == "pm_1"


# --- pickling


@pytest.mark.parametrize("protocol", range(6))
def test_a_client_is_not_pickled(protocol: int) -> None:
    client = staged().client
    for value in (client, client._transport):
        with pytest.raises(TypeError, match=r"API key.*cannot be pickled"):
            pickle.dumps(value, protocol)


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy])
def test_a_client_is_not_copied_either_and_says_so(duplicate: Any) -> None:
    client = staged().client
    parts = (client.prompts, client.project_environments, client.routing_rules, client.routing_rules.releases)
    for value in (client, client._transport, *parts):
        with pytest.raises(TypeError, match="cannot be copied") as caught:
            duplicate(value)
        assert type(value).__name__ in str(caught.value)
        assert "pickled" not in str(caught.value)
    with pytest.raises(TypeError, match=r"^a To11aiClient .* cannot be copied"):
        copy.deepcopy({"held by": [client]})


# --- over a socket, with the clock of the machine


def test_a_real_client_waits_and_tries_again(server: RecordingServer) -> None:
    server.will_send(reply({}, 503), reply({}, 429, retry_after="0"), reply(success(PROMPT)))
    with server.client(max_retries=2) as client:
        assert client.prompts.get(**PM).id == "pm_1"
    assert [seen.line for seen in server.seen] == ["GET /v1/projects/pr_1/prompts/pm_1"] * 3


def test_a_body_may_come_after_its_head_on_a_connection_that_ends_with_it(server: RecordingServer) -> None:
    def late() -> Iterator[bytes]:
        time.sleep(0.02)
        yield json.dumps(success(PROMPT)).encode()

    server.will_send(Response(late()))
    with server.client() as client:
        assert client.prompts.get(**PM).id == "pm_1"


def test_a_real_client_gives_up_with_a_rate_limit(server: RecordingServer) -> None:
    server.will_send(reply({}, 429, retry_after="60"))
    with server.client(max_retries=3) as client, pytest.raises(To11aiRateLimitError) as caught:
        client.prompts.get(**PM)
    assert (caught.value.retry_after_seconds, caught.value.attempts) == (60.0, 1)


def test_a_network_error_keeps_its_cause() -> None:
    cause = ConnectionResetError("reset")
    error = lost()
    error.__cause__ = cause
    raised = failed(staged(error, max_retries=0))
    assert type(raised) is To11aiNetworkError
    assert raised.__cause__ is cause


def test_the_parts_of_a_transport_have_defaults() -> None:
    script = staged(status(500), answer(PROMPT)).script
    transport = Transport(
        api_key=KEY,
        base_url=URL,
        timeout_s=1.0,
        max_retries=1,
        total_timeout_s=None,
        on_envelope=lambda _: None,
        exchange=script,
    )
    assert 0.0 <= transport._jitter() < 1.0
    assert 0 < transport._clock() < transport._now()
