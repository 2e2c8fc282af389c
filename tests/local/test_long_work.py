"""Long work, and what comes with large bodies, neither slows other calls nor keeps the server from stopping."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections import Counter
from contextlib import contextmanager
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest
from bound import Api, a_server, call, released

from to11ai_sdk import To11aiApiError, To11aiError
from to11ai_sdk.local import LocalTo11, bounds
from to11ai_sdk.local.hang_up import NEVER, HangUp
from to11ai_sdk.local.http import request_body
from to11ai_sdk.local.json_input.reader import TooManyValuesError, read_json
from to11ai_sdk.local.problems import Problem
from to11ai_sdk.local.work_budget import WorkBudget, long_work

if TYPE_CHECKING:
    from collections.abc import Generator

MOST = bounds.MAX_SCHEMA_WORK
MEDIUM, LONG = MOST // 50, MOST // 10


def schema(x: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": x}, **more}


BRANCHING = schema(
    {"$ref": "#/$defs/d0"},
    **{"$defs": {**{f"d{n}": {"allOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)}, "d30": {}}},
)
"""Thirty schemas, each of which refers to the next one twice."""


@pytest.mark.parametrize("units", [MEDIUM, LONG])
def test_two_of_a_kind_take_turns_and_other_kinds_do_not_wait(units: int) -> None:
    began, first_ends = Event(), Event()
    order: list[int] = []

    def work(amount: int, number: int) -> None:
        with WorkBudget(MOST, "") as budget:
            began.set()
            budget.spend(amount)
            order.append(number)

    with WorkBudget(MOST, "") as budget:
        budget.spend(units)
        same = Thread(target=work, args=(units, 1))
        same.start()
        assert began.wait(60)
        for amount in (MOST // 1000, MEDIUM + LONG - units):
            another = Thread(target=work, args=(amount, 0))
            another.start()
            another.join(60)
        assert order == [0, 0]
        first_ends.set()
    same.join(60)
    assert order == [0, 0, 1]


def test_long_work_leaves_the_interpreter_to_others() -> None:
    """Without it the others would have to wait for the switch interval, several times for each call."""
    done = Event()

    def work() -> None:
        with WorkBudget(MOST, "") as budget:
            while budget.left > 1000:
                budget.spend(100)
        done.set()

    with switching_every(60):
        thread = Thread(target=work)
        thread.start()
        assert turns_until(done) > 10
        thread.join()


@pytest.mark.parametrize(
    "value",
    [list(range(49_000)), [n / 7 for n in range(20_000)], [{"a": n} for n in range(16_000)], [10**4000] * 400],
    ids=["integers", "fractions", "objects", "long integers"],
)
def test_while_a_long_text_is_read_others_have_their_turns(value: Any) -> None:
    body, done = json.dumps({"x": value, "y": "z" * 100_000}).encode(), Event()

    def read() -> None:
        for _ in range(5):
            assert request_body.parse(body)["x"] == value
        done.set()

    with switching_every(1e-5):
        thread = Thread(target=read)
        thread.start()
        # Reading holds the interpreter: without turns in it there are a few, between one text and the next.
        assert turns_until(done) > 50
        thread.join()


@contextmanager
def switching_every(seconds: float) -> Generator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(seconds)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def turns_until(done: Event) -> int:
    """How often this thread gets the interpreter until then."""
    turns = 0
    while not done.is_set():
        time.sleep(0)
        turns += 1
    return turns


MANY = {
    "integers": list(range(bounds.MAX_BODY_VALUES)),
    "objects": [{"a": 1}] * (bounds.MAX_BODY_VALUES // 2),
    "empty arrays": [[]] * bounds.MAX_BODY_VALUES,
    "texts": ["a,b"] * bounds.MAX_BODY_VALUES,
    "names": {f"name {n}": None for n in range(bounds.MAX_BODY_VALUES // 2)},
}


@pytest.mark.parametrize("what", MANY)
def test_a_body_with_too_many_values_is_refused(to11: LocalTo11, what: str) -> None:
    for path in ("prompts", "/local/settings"):
        reply = call(to11, "POST" if path == "prompts" else "PATCH", path, json.dumps({"x": MANY[what]}).encode())
        assert (reply.status, reply.code) == (413, "CONTENT_TOO_LARGE")
        assert str(bounds.MAX_BODY_VALUES) in reply.json["error"]["message"]


def test_a_call_of_the_gateway_with_too_many_values_is_refused(to11: LocalTo11) -> None:
    body = json.dumps({"model": "echo", "input": [[1] * 1000] * (bounds.MAX_GATEWAY_VALUES // 1000)}).encode()
    headers = {"x-to11-authorization": f"Bearer {to11.api_key}", "x-to11-project-id": to11.project_id}
    reply = call(to11, "POST", "/v1/embeddings", body, headers=headers)
    assert (reply.status, reply.code) == (413, "content_too_large")


@pytest.mark.parametrize(
    "text",
    [
        '"' + "a, b: [c] {d} " * 1000 + '"',
        '["\\"", "\\\\", "[1,2,3,4,5,6,7,8,9"]',
        '{"a": [1, -2.5e3, true, null, {}]}',
    ],
)
def test_separators_in_texts_are_no_values(text: str) -> None:
    assert read_json(text + " " * 100, max_values=8) == json.loads(text)


def test_values_and_names_are_counted_exactly() -> None:
    text = '{"a": [1, -2.5e3, true, null, {}]}' + " " * 100
    read_json(text, max_values=8)
    with pytest.raises(TooManyValuesError, match="more than 7 values"):
        read_json(text, max_values=7)


def test_a_large_text_is_no_large_number_of_values(to11: LocalTo11) -> None:
    template = {"text": "a, b: [c] " * 40_000}
    api = Api.of(to11)
    released(api, "large", template_json=template)
    assert api.prompts.resolve(slug="large", labels=["live"]).rendered.text == template["text"]


# The stop


def test_long_work_is_refused_when_the_server_stops_and_short_work_is_not() -> None:
    hang_up = HangUp()
    hang_up.is_stopping = True
    with WorkBudget(MOST, "", hang_up) as budget:
        budget.spend(MEDIUM)
        with pytest.raises(Problem) as caught:
            budget.spend(LONG)
    assert (caught.value.status, caught.value.code) == (503, "SERVER_STOPPING")
    with WorkBudget(MOST, "", hang_up) as budget, pytest.raises(Problem, match="send the request again"):
        budget.announce(LONG)
    with pytest.raises(Problem, match="send the request again"), long_work(hang_up):
        pass


def test_a_large_body_for_which_nobody_waits_is_not_read() -> None:
    hang_up = HangUp()
    hang_up.report()
    with pytest.raises(Problem) as caught, long_work(hang_up):
        pass
    assert caught.value.status == 499


def test_a_large_body_waits_for_other_long_work() -> None:
    entered = Event()

    def enter() -> None:
        with long_work(NEVER):
            entered.set()

    with WorkBudget(MOST, "") as budget:
        budget.spend(LONG)
        thread = Thread(target=enter)
        thread.start()
        assert not entered.wait(0.05)
    assert entered.wait(60)
    thread.join()


def test_long_work_in_progress_does_not_delay_the_stop() -> None:
    ends: Counter[str] = Counter()

    def resolve(api: Api, number: int) -> None:
        try:
            api.prompts.resolve(slug="dear", labels=["live"], variables={"x": number})
        except To11aiApiError as error:
            ends[str(error.error_code)] += 1
        except To11aiError:
            ends["not accepted"] += 1

    with a_server() as (process, api):
        released(api, "dear", variables_schema=BRANCHING)
        threads = [Thread(target=resolve, args=(api, number)) for number in range(24)]
        for thread in threads:
            thread.start()
        while not ends["VARIABLES_INVALID"]:
            time.sleep(0.01)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0
        # All of them together would need more than the five seconds that other calls have.
        assert time.monotonic() - began < 4
        for thread in threads:
            thread.join()
    assert ends["SERVER_STOPPING"] > 10, ends
