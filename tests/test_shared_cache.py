"""What a fleet shares through a store: a value's age, one refresh for all, and what a label's move makes old."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from unittest.mock import AsyncMock, MagicMock, Mock

import pytest
import redis
import redis.asyncio
from faults.shared_cache import Memory
from hypothesis import given
from hypothesis import strategies as st
from samples import RESOLVED, success
from scripted import KEY, URL, Clock, Stage, answer, lost, raw, staged, status
from test_cache import DIFFERENT, SAME

from to11ai_sdk import ResolvedPrompt, To11aiApiError, To11aiNetworkError, create_client
from to11ai_sdk.models.rendered import ChatRendered, RenderedChatMessage, TextRendered
from to11ai_sdk.prompt_keys import prompt_key
from to11ai_sdk.resources.table import ENDPOINTS
from to11ai_sdk.shared_cache import fleet_cache, guarded_store, signed_values
from to11ai_sdk.shared_cache.fleet_cache import WAIT_S, SharedPromptCache
from to11ai_sdk.shared_cache.fleet_values import LOCK_S, MAX_KEPT_S, MAX_KNOWN, MAX_PENDING, MAX_SKEW_S
from to11ai_sdk.shared_cache.guarded_store import IDLE_S, MAX_PAUSE_S, MAX_THREADS, PAUSE_S, GuardedStore
from to11ai_sdk.shared_cache.signed_values import MAX_VALUE, SignedValues
from to11ai_sdk.shared_cache.store_calls import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.redis import RedisServer

TTL, STALE = 300.0, 3600.0
KEPT = (TextRendered, ChatRendered, RenderedChatMessage)
PATIENCE_S = 60.0
PROMPT_ID = RESOLVED["promptId"]


def reply(text: str, **changes: Any) -> Any:
    return answer({**RESOLVED, "rendered": {"format": "text", "text": text}, **changes})


def process(
    store: Any,
    *steps: Any,
    clock: Clock | None = None,
    behind_s: float = 0.0,
    timeout_s: float = PATIENCE_S,
    sleep: Callable[[float], None] | None = None,
    ttl_s: float = TTL,
    **options: Any,
) -> Stage:
    """A process of the fleet: a client with a cache of its own, whose clock may be behind those of the others."""
    clock = clock or Clock()
    cache = SharedPromptCache(
        store=GuardedStore(store, timeout_s, clock),
        values=SignedValues(options.pop("key", KEY), URL),
        row=ENDPOINTS["prompts.resolve"],
        now=lambda: clock.now - behind_s + 1e9,
        sleep=sleep or clock.sleep,
        jitter=lambda: 0.5,
        ttl_s=ttl_s,
        max_entries=100,
        stale_if_error_s=STALE,
        clock=clock,
    )
    return staged(*steps, cache=cache, clock=clock, **options)


def text(one: Stage, **changes: Any) -> str:
    arguments = {"project_id": "p", "slug": "s", "labels": ["production"], "variables": None, **changes}
    return one.client.prompts.resolve(**arguments).messages[0].content


def requests(*fleet: Stage) -> int:
    return sum(len(one.script.sent) for one in fleet)


def move(one: Stage, label: str = "production", **changes: Any) -> None:
    with contextlib.suppress(Exception):  # the script answers with a prompt, which is no label
        one.client.prompts.move_label(
            **{"project_id": "p", "prompt_id": PROMPT_ID, "label": label, "version_id": "v", **changes}
        )


@pytest.fixture(params=["redis", "redis, decoded", "memory"])
def store(request: pytest.FixtureRequest) -> Iterator[Any]:
    """A real server, through redis-py; and the least a store can be."""
    if request.param == "memory":
        yield Memory()
        return
    server: RedisServer = request.getfixturevalue("redis_server")
    with redis.Redis(port=server.port, decode_responses="decoded" in request.param) as client:
        client.flushall()
        yield client


# --- time


def test_a_value_is_fresh_in_every_process_for_the_rest_of_its_ttl(store: Any) -> None:
    clock = Clock()
    one, two = process(store, reply("old"), clock=clock), process(store, reply("new"), clock=clock)
    assert text(one) == "old"
    clock.now += TTL - 1
    assert (text(two), requests(two)) == ("old", 0)
    clock.now += 1
    assert (text(two), requests(two)) == ("new", 1)
    assert (text(one), requests(one)) == ("new", 1)


def test_what_it_finds_it_keeps_and_gives_as_a_private_copy(store: Any) -> None:
    made = raw(json.dumps(success({**RESOLVED})), **{"x-request-id": "req_1"})
    one, two = process(store, made), process(store, lost())
    first = one.client.prompts.resolve(project_id="p", slug="s", labels=["production"])
    found = [two.client.prompts.resolve(project_id="p", slug="s", labels=["production"]) for _ in range(2)]
    assert found == [first, first]
    assert {one.request_id for one in (first, *found)} == {"req_1"}
    assert found[0] is not found[1]
    assert len(two.cache) == 1


def test_an_old_value_is_served_in_an_outage_by_a_process_that_never_saw_the_server(
    store: Any, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    text(process(store, reply("old"), clock=clock))
    clock.now += TTL + STALE - 2
    late = process(store, status(503), clock=clock)
    assert (text(late), requests(late)) == ("old", 1)
    assert "serving the expired prompt 's'" in caplog.text
    assert (text(late), requests(late)) == ("old", 1)
    others = [process(store, status(503), clock=clock) for _ in range(5)]
    assert {text(one) for one in others} == {"old"}
    assert requests(*others) == 0
    clock.now += 2
    with pytest.raises(To11aiApiError):
        text(late)


def test_an_error_about_the_call_surfaces_and_is_forgotten_there(store: Any) -> None:
    clock = Clock()
    text(process(store, reply("old"), clock=clock))
    clock.now += TTL
    for _ in range(2):
        with pytest.raises(To11aiApiError, match="404"):
            text(process(store, status(404), clock=clock))
    assert requests(process(store, clock=clock)) == 0
    with pytest.raises(To11aiNetworkError):
        text(process(store, lost(), clock=clock, max_retries=0))


@pytest.mark.parametrize(("behind_s", "asks"), [(MAX_SKEW_S, 0), (MAX_SKEW_S + 1, 1), (-TTL + 1, 0), (-TTL, 1)])
def test_a_wrong_clock_makes_a_value_older_or_a_minute_younger(behind_s: float, asks: int) -> None:
    store, clock = Memory(), Clock()
    text(process(store, reply("a"), clock=clock))
    other = process(store, reply("b"), clock=clock, behind_s=behind_s)
    text(other)
    assert requests(other) == asks
    clock.now += TTL + MAX_SKEW_S
    text(other)
    assert requests(other) == asks + 1


def test_values_without_end_expire_in_the_store(store: Any) -> None:
    text(process(store, ttl_s=float("inf")))
    other = process(store, lost(), ttl_s=float("inf"))
    text(other)
    if not isinstance(store, Memory):
        assert [store.ttl(name) for name in store.scan_iter()] == [pytest.approx(MAX_KEPT_S, abs=60)]


# --- one for all


def test_while_one_refreshes_the_others_take_the_old_value(store: Any) -> None:
    clock = Clock()
    warm = process(store, lost(), clock=clock)
    text(process(store, reply("old"), clock=clock))
    text(warm)
    clock.now += TTL
    began, go = threading.Event(), threading.Event()
    slow = process(store, waiting(began, go, reply("new")), clock=clock)
    with ThreadPoolExecutor(1) as pool:
        refreshed = pool.submit(text, slow)
        assert began.wait(PATIENCE_S)
        cold = process(store, lost(), clock=clock)
        assert [text(warm), text(cold), text(warm), text(cold)] == ["old"] * 4
        go.set()
        assert refreshed.result() == "new"
    clock.now += fleet_cache.RECHECK_S
    assert [text(warm), text(cold)] == ["new", "new"]
    assert requests(warm, cold) == 0


def test_a_warm_process_keeps_its_own_old_value_where_the_store_lost_it() -> None:
    store, clock = Memory(), Clock()
    warm = process(store, reply("old"), lost(), clock=clock)
    text(warm)
    clock.now += TTL
    store.kept.clear()
    began, go = threading.Event(), threading.Event()
    slow = process(store, waiting(began, go, reply("new")), clock=clock)
    with ThreadPoolExecutor(1) as pool:
        refreshed = pool.submit(text, slow)
        assert began.wait(PATIENCE_S)
        assert [text(warm), text(warm)] == ["old"] * 2
        go.set()
        assert refreshed.result() == "new"
    assert requests(warm) == 1


def waiting(began: threading.Event, go: threading.Event, then: Any) -> Callable[[], Any]:
    def step() -> Any:
        began.set()
        assert go.wait(PATIENCE_S)
        if isinstance(then, Exception):
            raise then
        return then

    return step


def test_cold_processes_wait_for_the_one_that_asks(store: Any) -> None:
    began, go = threading.Event(), threading.Event()
    first = process(store, waiting(began, go, reply("a")))

    def sleep(seconds: float) -> None:
        go.set()
        asked.result(PATIENCE_S)

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(text, first)
        assert began.wait(PATIENCE_S)
        second = process(store, lost(), sleep=sleep)
        assert text(second) == "a"
    assert requests(first, second) == 1


def test_a_process_that_waits_in_vain_asks_and_does_not_wait_again(store: Any) -> None:
    began, go = threading.Event(), threading.Event()
    dead = process(store, waiting(began, go, lost()), max_retries=0)
    with ThreadPoolExecutor(2) as pool:
        failed = pool.submit(text, dead)
        assert began.wait(PATIENCE_S)
        began.clear()
        failed_too = pool.submit(text, dead, slug="t")
        assert began.wait(PATIENCE_S)
        other = process(store, reply("a"))
        assert text(other) == "a"
        assert 0 < sum(other.clock.slept) <= WAIT_S
        waited = len(other.clock.slept)
        assert waited < 30
        text(other, slug="t")
        assert len(other.clock.slept) == waited
        go.set()
        for call in (failed, failed_too):
            with pytest.raises(To11aiNetworkError):
                call.result()


def test_nobody_waits_for_a_process_that_failed(store: Any) -> None:
    with pytest.raises(To11aiNetworkError):
        text(process(store, lost(), max_retries=0))
    with pytest.raises(To11aiApiError):
        text(process(store, status(404)))
    other = process(store, reply("a"))
    assert (text(other), other.clock.slept) == ("a", [])


def test_the_wait_is_part_of_the_total_time_of_a_call() -> None:
    store = Memory()
    began, go = threading.Event(), threading.Event()
    first = process(store, waiting(began, go, reply("a")))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(text, first)
        assert began.wait(PATIENCE_S)
        hurried = process(store, reply("b"), total_timeout_s=1.0, max_retries=0)
        started = hurried.clock.now
        assert text(hurried) == "b"
        assert 0 < sum(hurried.clock.slept) <= 0.5
        assert hurried.script.sent[0].deadline == pytest.approx(started + 1.0)
        go.set()
        assert asked.result() == "a"


def test_threads_of_a_process_make_one_request_together(store: Any) -> None:
    began, go = threading.Event(), threading.Event()
    one = process(store, waiting(began, go, reply("a")))
    with ThreadPoolExecutor(16) as pool:
        calls = [pool.submit(text, one) for _ in range(16)]
        assert began.wait(PATIENCE_S)
        go.set()
        assert {call.result() for call in calls} == {"a"}
    assert requests(one) == 1


class WithoutNx(Memory):
    def set(self, name: str, value: str, *, ex: int) -> Any:  # type: ignore[override]
        return super().set(name, value, ex=ex)


class Silent(Memory):
    """Says nothing of what it did, and cannot delete."""

    delete = None  # type: ignore[assignment]

    def set(self, name: str, value: str, *, ex: int, nx: bool = False) -> Any:
        super().set(name, value, ex=ex, nx=nx)


@pytest.mark.parametrize("kind", [WithoutNx, Silent])
def test_a_store_may_lack_what_redis_has(kind: type[Memory]) -> None:
    store = kind()
    first = process(store, reply("a"))
    assert (text(first), text(process(store, lost())), requests(first)) == ("a", "a", 1)
    move(first)
    assert text(process(store, reply("b"))) == "b"


def test_without_nx_a_lock_is_seen_all_the_same() -> None:
    store = WithoutNx()
    began, go = threading.Event(), threading.Event()
    first = process(store, waiting(began, go, reply("a")))
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(text, first)
        assert began.wait(PATIENCE_S)
        other = process(store, reply("b"))
        text(other)
        assert other.clock.slept
        go.set()
        assert asked.result() == "a"


def test_a_lock_that_nobody_signed_delays_nobody(store: Any) -> None:
    one = process(store, reply("a"), reply("b"))
    name = one.cache._values.name_of(prompt_key("p", "s", ["production"], None))  # type: ignore[attr-defined]
    store.set(one.cache._values.name("lock", name), "mine", ex=60)  # type: ignore[attr-defined]
    assert (text(one), one.clock.slept) == ("a", [])


@pytest.mark.parametrize("kind", [Memory, WithoutNx])
def test_a_lock_that_the_store_does_not_let_expire_ends_all_the_same(kind: type[Memory]) -> None:
    store, clock = kind(), Clock()
    text(process(store, reply("old"), clock=clock))
    clock.now += TTL
    began, go = threading.Event(), threading.Event()
    dead = process(store, waiting(began, go, lost()), clock=clock, max_retries=0)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(text, dead)
        assert began.wait(PATIENCE_S)
        other = process(store, reply("new"), clock=clock)
        assert text(other) == "old"
        clock.now += LOCK_S + MAX_SKEW_S
        assert text(other) == "new"
        go.set()
        assert asked.result() == "old"


# --- labels


def test_a_moved_label_is_seen_by_all_that_ask_the_store(store: Any) -> None:
    clock = Clock()
    one = process(store, reply("old"), status(404), reply("new"), clock=clock, max_retries=0)
    text(one)
    other = process(store, lost(), clock=clock)
    move(one)
    assert text(one) == "new"
    assert text(process(store, lost(), clock=clock)) == "new"
    assert requests(one) == 3
    assert text(other) == "new"


@pytest.mark.parametrize("knows", [True, False], ids=["had a value", "cold"])
def test_a_reply_that_was_on_its_way_during_a_move_is_not_shared(knows: bool, store: Any) -> None:
    clock = Clock()
    if knows:
        text(process(store, reply("older"), clock=clock))
        clock.now += TTL
    began, go = threading.Event(), threading.Event()
    slow = process(store, waiting(began, go, reply("old")), clock=clock)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(text, slow)
        assert began.wait(PATIENCE_S)
        move(process(store, status(404), clock=clock))
        go.set()
        assert asked.result() == "old"
    assert text(process(store, reply("new"), clock=clock)) == "new"


def test_a_new_value_is_shared_again_after_a_move(store: Any) -> None:
    clock = Clock()
    move(process(store, status(404), clock=clock))
    clock.now += MAX_SKEW_S + 1
    text(process(store, reply("new"), clock=clock))
    assert text(process(store, lost(), clock=clock)) == "new"


def test_a_prompt_that_no_process_knew_before_a_move_is_asked_for_twice(store: Any) -> None:
    clock = Clock()
    move(process(store, status(404), clock=clock))
    fleet = [process(store, reply("new"), clock=clock) for _ in range(5)]
    assert [text(one) for one in fleet] == ["new"] * 5
    assert [requests(one) for one in fleet] == [1, 1, 0, 0, 0]


def test_only_the_moved_prompt_is_forgotten(store: Any) -> None:
    text(process(store, reply("other", promptId="pm_other")), slug="other")
    move(process(store, status(404)))
    assert text(process(store, lost()), slug="other") == "other"


class Switched(Memory):
    """A store that can be down."""

    down = False

    def get(self, name: str) -> Any:
        if self.down:
            raise OSError("down")
        return super().get(name)

    def set(self, name: str, value: str, *, ex: int, nx: bool = False) -> Any:
        if self.down:
            raise OSError("down")
        return super().set(name, value, ex=ex, nx=nx)


def test_a_move_while_the_store_is_down_is_made_up_for() -> None:
    store, clock = Switched(), Clock()
    one = process(store, reply("old"), status(404), reply("new"), clock=clock)
    text(one)
    store.down = True
    move(one)
    store.down = False
    clock.now += PAUSE_S
    assert text(one) == "new"
    assert text(process(store, lost(), clock=clock)) == "new"


def test_what_was_fetched_while_the_store_was_down_is_shared_if_it_is_back() -> None:
    clock, store = Clock(), Switched()
    store.down = True

    def back() -> Any:
        store.down = False
        clock.now += PAUSE_S
        return reply("a")

    assert text(process(store, back, clock=clock)) == "a"
    assert text(process(store, lost(), clock=clock)) == "a"


def test_the_moves_to_make_up_for_are_bounded() -> None:
    store = Switched()
    store.down = True
    one = process(store, status(404), max_retries=0)
    for number in range(MAX_PENDING + 5):
        one.cache.forget("p", f"pm_{number}")
    assert len(one.cache._fleet._pending) == MAX_PENDING  # type: ignore[attr-defined]


def test_threads_that_outdate_many_prompts_at_once_do_not_disturb_each_other() -> None:
    fleet = process(Memory()).cache._fleet  # type: ignore[attr-defined]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            work = [pool.submit(fleet.outdate, "p", f"pm_{number}") for number in range(5 * MAX_PENDING)]
            assert [one.result() for one in work] == [None] * len(work)
    finally:
        sys.setswitchinterval(before)
    assert len(fleet._pending) <= MAX_PENDING


def test_a_move_with_invalid_arguments_is_refused_as_always() -> None:
    one = process(Memory(), status(404))
    with pytest.raises(TypeError, match="prompt_id"):
        one.client.prompts.archive(project_id="p", prompt_id=5)  # type: ignore[arg-type]
    assert one.cache._fleet._pending == {}  # type: ignore[attr-defined]


def test_a_generation_that_cannot_be_read_makes_values_misses() -> None:
    store = Memory()
    text(process(store, reply("old")))
    move(process(store, status(404)))
    for name, value in store.kept.items():
        if "rendered" not in value:
            store.kept[name] = "spoiled"
    for _ in range(2):
        one = process(store, reply("new"))
        assert (text(one), requests(one)) == ("new", 1)


class Together(Memory):
    """A store that reads many names at once, in its own way."""

    def __init__(self, mget: Callable[[list[Any]], Any]) -> None:
        super().__init__()
        self.give, self.reads = mget, 0

    def get(self, name: str) -> Any:
        self.reads += 1
        return super().get(name)

    def mget(self, names: list[str]) -> Any:
        return self.give([self.kept.get(name) for name in names])


def raises(values: Any) -> Any:
    raise OSError("CROSSSLOT")


@pytest.mark.parametrize(
    ("mget", "reads"), [(list, 0), (raises, 2), (tuple, 2), (lambda values: values[:1], 2), (lambda values: None, 2)]
)
def test_a_value_and_its_generation_are_read_together_if_the_store_can(mget: Any, reads: int) -> None:
    store, clock = Together(mget), Clock()
    one = process(store, reply("old"), clock=clock)
    text(one)
    for _ in range(2):
        one.cache._entries.clear()
        store.reads = 0
        assert text(one) == "old"
        assert store.reads == reads
    move(process(store, status(404), clock=clock))
    one.cache._entries.clear()
    other = process(store, reply("new"), clock=clock)
    assert text(other) == "new"
    assert text(one) == "new"


def test_a_slug_may_come_to_mean_another_prompt() -> None:
    store, clock = Memory(), Clock()
    one = process(store, reply("old"), reply("older"), clock=clock)
    text(one)
    clock.now += TTL
    text(process(store, reply("new", promptId="pm_2"), clock=clock))
    assert text(one) == "new"
    move(process(store, status(404), clock=clock), prompt_id="pm_2")
    one.cache._entries.clear()
    assert text(one) == "older"


def test_the_ids_that_are_known_are_bounded() -> None:
    one = process(Memory(), reply("a"))
    known = one.cache._fleet._ids  # type: ignore[attr-defined]
    known.update({("p", str(number)): "pm" for number in range(MAX_KNOWN)})
    text(one)
    assert known == {("p", "s"): PROMPT_ID}


# --- names and values


def name_of(**changes: Any) -> str | None:
    key = prompt_key(**{"project_id": "p", "slug": "s", "labels": ["a"], "variables": None, **changes})
    assert key is not None
    return SignedValues(KEY, URL).name_of(key)


@pytest.mark.parametrize(("one", "other"), SAME)
def test_arguments_that_ask_for_the_same_have_one_name(one: Any, other: Any) -> None:
    assert name_of(**one) == name_of(**other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_arguments_that_ask_for_different_things_have_two_names(one: Any, other: Any) -> None:
    assert name_of(**one) != name_of(**other)


def test_names_differ_by_key_and_origin_and_show_nothing() -> None:
    key = prompt_key("p", "s", ["a"], {"user": "ada@example.com"})
    assert key is not None
    names = {SignedValues(*made).name_of(key) for made in [(KEY, URL), (f"{KEY}x", URL), (KEY, f"{URL}x")]}
    assert len(names) == 3
    assert all(re.fullmatch(r"to11:[0-9a-f]{64}", str(name)) for name in names)


def test_another_format_has_names_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    now = name_of()
    monkeypatch.setattr(signed_values, "FORMAT", signed_values.FORMAT + 1)
    assert name_of() != now


def test_a_change_of_what_is_kept_needs_another_format() -> None:
    fields = {name for model in (ResolvedPrompt, *KEPT) for name in model.model_fields}
    assert (signed_values.FORMAT, sorted(fields)) == (1, [
        "block_render_record", "content", "content_hash", "format", "labels", "messages", "prompt_id", "release_id",
        "rendered", "role", "subject_hash", "text", "variant_name", "version", "version_id",
    ])  # fmt: skip


def test_all_that_is_kept_shows_neither_key_nor_names_of_variables() -> None:
    store = Memory()
    one = process(store, reply("a"))
    text(one, variables={"secret_name": "secret-value"})
    move(one)
    kept = repr(store.kept)
    assert not any(word in kept for word in (KEY, KEY[8:], "secret", URL))


@pytest.mark.parametrize("variables", [{1: 2}, {True: "x"}])
def test_arguments_that_the_call_refuses_are_not_looked_for(variables: Any) -> None:
    store = Memory()
    with pytest.raises((TypeError, ValueError)):
        text(process(store), variables=variables)
    assert store.kept == {}


VALUES = SignedValues(KEY, URL)
NAME = VALUES.name("prompt", "x")
VALUE = VALUES.signed(NAME, {"at": 1.0, "data": {"text": "Grüße"}}) or ""


def test_a_value_reads_back_as_text_and_as_bytes() -> None:
    content = {"at": 1.0, "data": {"text": "Grüße"}}
    assert VALUES.verified(NAME, VALUE) == VALUES.verified(NAME, VALUE.encode()) == content


@given(st.integers(0, len(VALUE) - 1), st.characters())
def test_a_value_with_any_character_changed_is_refused(index: int, char: str) -> None:
    changed = VALUE[:index] + char + VALUE[index + 1 :]
    assert changed == VALUE or VALUES.verified(NAME, changed) == {}


@given(st.integers(0, len(VALUE) - 1))
def test_a_value_cut_anywhere_is_refused(length: int) -> None:
    assert VALUES.verified(NAME, VALUE[:length]) == {}


@given(st.text() | st.binary() | st.integers() | st.none())
def test_what_nobody_signed_is_refused(value: object) -> None:
    assert VALUES.verified(NAME, value) == {}


def test_a_value_is_bound_to_its_name_key_and_origin() -> None:
    assert VALUES.verified(VALUES.name("prompt", "y"), VALUE) == {}
    assert SignedValues(f"{KEY}x", URL).verified(NAME, VALUE) == {}


def test_what_is_too_large_or_not_json_is_not_kept() -> None:
    assert VALUES.signed(NAME, {"a": "x" * MAX_VALUE}) is None
    assert VALUES.signed(NAME, {"a": object()}) is None
    assert VALUES.signed(NAME, {"a": float("nan")}) is None
    store = Memory()
    large = process(store, reply("x" * MAX_VALUE))
    assert len(text(large)) == MAX_VALUE
    assert store.kept == {}


@pytest.mark.parametrize("content", [
    {}, {"at": 1}, {"at": "now"}, {"data": []}, {"data": {}}, {"data": {"promptId": 1}}, {"generation": None},
    {"at": float(2**60)}, {"data": {"promptId": PROMPT_ID, "version": []}},
])  # fmt: skip
def test_a_genuine_value_of_another_shape_is_a_miss(content: dict[str, Any]) -> None:
    store = Memory()
    text(process(store, reply("a")))
    (name,) = store.kept
    good = VALUES.verified(name, store.kept[name])
    store.kept[name] = VALUES.signed(name, {**good, **content} if content else {})
    one = process(store, reply("b"))
    assert (text(one), requests(one)) == ("b", 1)


# --- a store that fails


def test_a_store_that_hangs_delays_one_call_and_is_tried_again_later(caplog: pytest.LogCaptureFixture) -> None:
    entered, over = list[str](), threading.Event()

    class Hanging(Memory):
        def get(self, name: str) -> Any:
            entered.append(name)
            assert over.wait(PATIENCE_S)
            return super().get(name)

    clock = Clock()
    one = process(Hanging(), reply("a"), clock=clock, timeout_s=0.01)

    def call() -> bool:
        assert text(one, slug=str(clock.now)) == "a"
        clock.now += MAX_PAUSE_S
        return len(entered) == MAX_THREADS

    ends_when(call)
    for _ in range(3):
        call()
    assert len(entered) == MAX_THREADS
    assert len(caplog.messages) == 1
    assert "gave no answer in 0.01 s" in caplog.messages[0]
    over.set()
    ends_when(lambda: one.cache._guarded._hanging == 0)  # type: ignore[attr-defined]
    clock.now += MAX_PAUSE_S
    guarded = one.cache._guarded  # type: ignore[attr-defined]
    guarded._timeout_s = PATIENCE_S
    text(one, slug="again")
    assert text(process(guarded._store, lost(), clock=clock), slug="again") == "a"


def ends_when(condition: Callable[[], bool]) -> None:
    waiter = threading.Event()
    for _ in range(int(PATIENCE_S * 100)):
        if condition():
            return
        waiter.wait(0.01)
    raise AssertionError("it never came true")


def test_each_episode_is_logged_once_and_the_pauses_grow(caplog: pytest.LogCaptureFixture) -> None:
    store, clock = Switched(), Clock()
    guarded = GuardedStore(store, PATIENCE_S, clock)
    tries = []
    for episode in (1, 2):
        store.down = True
        for _ in range(6):
            started = clock.now
            while guarded.run(lambda: tries.append(guarded.get("a")) or "done") is None and clock.now < started + 200:
                if not store.down:
                    break
                clock.now += 1
        store.down = False
        clock.now += MAX_PAUSE_S
        assert guarded.run(lambda: "fine") == "fine"
        assert len(caplog.messages) == episode
    assert "OSError" in caplog.messages[0]
    assert "down" not in caplog.messages[0].replace("left alone", "")


def test_only_one_caller_tries_a_store_that_failed() -> None:
    store, clock = Switched(), Clock()
    guarded = GuardedStore(store, PATIENCE_S, clock)
    store.down = True
    assert guarded.run(lambda: guarded.get("a") or "x") is None
    clock.now += PAUSE_S
    began, go = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        tried = pool.submit(guarded.run, lambda: began.set() or go.wait(PATIENCE_S))
        assert began.wait(PATIENCE_S)
        assert guarded.run(lambda: "too early") is None
        go.set()
        assert tried.result() is True
    assert guarded.run(lambda: "fine") == "fine"


def test_other_work_is_done_while_the_store_works() -> None:
    go = threading.Event()
    assert GuardedStore(Memory(), PATIENCE_S, Clock()).run(lambda: go.wait(PATIENCE_S), meanwhile=go.set) is True


def test_our_own_errors_are_not_blamed_on_the_store() -> None:
    guarded = GuardedStore(Memory(), PATIENCE_S, Clock())
    with pytest.raises(ZeroDivisionError):
        guarded.run(lambda: 1 / 0)
    assert guarded.run(lambda: "fine") == "fine"


def test_callers_that_fail_together_count_once() -> None:
    clock = Clock()
    guarded = GuardedStore(Switched(), PATIENCE_S, clock)
    barrier = threading.Barrier(MAX_THREADS)

    def fail() -> Any:
        barrier.wait(PATIENCE_S)
        raise StoreError

    with ThreadPoolExecutor(MAX_THREADS) as pool:
        assert list(pool.map(lambda _: guarded.run(fail), range(MAX_THREADS))) == [None] * MAX_THREADS
    clock.now += PAUSE_S
    assert guarded.run(lambda: "fine") == "fine"


def test_where_no_thread_can_be_started_the_store_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: object) -> None:
        raise RuntimeError("can't start new thread")

    clock = Clock()
    store = Memory()
    one = process(store, reply("a"), clock=clock)
    with monkeypatch.context() as patch:
        patch.setattr(guarded_store.Thread, "start", start)
        assert text(one) == "a"
    clock.now += PAUSE_S
    text(one, slug="t")
    assert text(process(store, lost(), clock=clock), slug="t") == "a"


def test_what_a_signal_handler_raises_comes_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: object) -> None:
        raise RuntimeError("of a handler")

    monkeypatch.setattr(guarded_store, "from_handler", lambda exc: True)
    monkeypatch.setattr(guarded_store.Thread, "start", start)
    with pytest.raises(RuntimeError, match="of a handler"):
        text(process(Memory()))


def test_work_that_waited_too_long_for_a_thread_is_not_done() -> None:
    guarded = GuardedStore(Memory(), PATIENCE_S, Clock())
    began, go, done = threading.Semaphore(0), threading.Event(), []
    with ThreadPoolExecutor(MAX_THREADS) as pool:
        busy = [pool.submit(guarded.run, lambda: began.release() or go.wait(PATIENCE_S)) for _ in range(MAX_THREADS)]
        assert all(began.acquire(timeout=PATIENCE_S) for _ in busy)
        guarded._timeout_s = 0.01
        assert guarded.run(lambda: done.append("late")) is None
        go.set()
        assert [one.result() for one in busy] == [True] * MAX_THREADS
    ends_when(lambda: guarded._idle == guarded._threads == MAX_THREADS)
    assert (done, guarded._hanging) == ([], 0)


def test_a_process_that_is_busy_leaves_the_store_alone_only_while_it_is_and_writes_late() -> None:
    guarded = GuardedStore(Memory(), PATIENCE_S, Clock())
    began, go, done = threading.Semaphore(0), threading.Event(), []
    with ThreadPoolExecutor(MAX_THREADS) as pool:
        busy = [pool.submit(guarded.run, lambda: began.release() or go.wait(PATIENCE_S)) for _ in range(MAX_THREADS)]
        assert all(began.acquire(timeout=PATIENCE_S) for _ in busy)
        guarded._timeout_s = 0.01
        assert guarded.run(lambda: done.append("late"), is_write=True) is None
        guarded._timeout_s = PATIENCE_S
        assert guarded.run(lambda: "not yet") is None
        go.set()
        assert [one.result() for one in busy] == [True] * MAX_THREADS
    ends_when(lambda: done == ["late"] and guarded.run(lambda: "fine") == "fine")


@pytest.mark.parametrize("succeeds", [True, False])
def test_after_a_late_wake_up_an_answer_shows_that_the_store_is_fine(succeeds: bool) -> None:
    times = iter(range(1_000_000))
    guarded = GuardedStore(Memory(), 0.01, lambda: next(times) * 0.01)
    over = threading.Event()

    def work() -> None:
        assert over.wait(PATIENCE_S)
        if not succeeds:
            raise StoreError

    assert guarded.run(work) is None
    guarded._timeout_s = PATIENCE_S
    assert guarded.run(lambda: "not yet") is None
    over.set()
    ends_when(lambda: guarded._hanging == 0)
    assert guarded.run(lambda: "fine") == ("fine" if succeeds else None)


def test_a_slow_answer_does_not_show_that_the_store_is_fine() -> None:
    began, over = threading.Barrier(MAX_THREADS), threading.Event()
    busy = threading.Event()

    class Seconds(float):
        def __truediv__(self, parts: float) -> float:
            assert busy.wait(PATIENCE_S)
            return 0.005

    def work() -> None:
        began.wait(PATIENCE_S)
        busy.set()
        assert over.wait(PATIENCE_S)

    guarded = GuardedStore(Memory(), Seconds(0.01), Clock())
    with ThreadPoolExecutor(2 * MAX_THREADS) as pool:
        calls = [pool.submit(guarded.run, work) for _ in range(2 * MAX_THREADS)]
        assert [call.result() for call in calls] == [None] * len(calls)
    over.set()
    ends_when(lambda: guarded._hanging == 0)
    assert guarded.run(lambda: "too early") is None


def test_threads_that_notice_a_fork_together_all_get_an_answer() -> None:
    guarded = GuardedStore(Memory(), PATIENCE_S, Clock())
    for _ in range(20):
        guarded._pid = -1
        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda _: guarded.run(lambda: 1), range(64))) == [1] * 64
        assert guarded._threads <= MAX_THREADS


def test_a_fork_that_another_thread_noticed_first_is_noticed_once() -> None:
    class Noticed(GuardedStore):
        pids = iter((-1,))
        _pid = property(lambda self: next(self.pids, os.getpid()), lambda self, value: None)

    guarded = Noticed(Memory(), PATIENCE_S, Clock())
    jobs = guarded._jobs
    assert guarded.run(lambda: 1) == 1
    assert guarded._jobs is jobs


def test_an_answer_that_comes_as_it_is_given_up_is_no_failure() -> None:
    guarded = GuardedStore(Memory(), PATIENCE_S, Clock())
    late = guarded_store._Job(lambda: 1, is_write=False)
    late.is_late_here = True
    late.run()
    late.done.release()
    guarded._fail(guarded._paused_until, None, late)
    assert guarded._failures == 0


def test_an_interrupted_start_of_a_thread_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(self: object) -> None:
        raise KeyboardInterrupt

    guarded = GuardedStore(Memory(), PATIENCE_S, Clock())
    with monkeypatch.context() as patch:
        patch.setattr(guarded_store.Thread, "start", start)
        for _ in range(MAX_THREADS + 1):
            with pytest.raises(KeyboardInterrupt):
                guarded.run(lambda: "fine")
    assert guarded.run(lambda: "fine") == "fine"


def test_a_pipeline_is_no_store(redis_server: RedisServer, caplog: pytest.LogCaptureFixture) -> None:
    with redis.Redis(port=redis_server.port) as client, client.pipeline() as pipeline:
        one = process(pipeline, reply("a"), reply("b"))
        assert [text(one), text(one, slug="t")] == ["a", "b"]
        assert len(pipeline.command_stack) == 1
    assert len(caplog.messages) == 1


def test_idle_threads_end_and_new_ones_start(monkeypatch: pytest.MonkeyPatch) -> None:
    assert IDLE_S >= 1
    monkeypatch.setattr(guarded_store, "IDLE_S", 0.01)
    guarded = GuardedStore(Memory(), PATIENCE_S, Clock())
    for _ in range(2):
        assert guarded.run(lambda: "fine") == "fine"
        ends_when(lambda: guarded._threads == 0)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_shares_what_its_parent_found(redis_server: RedisServer) -> None:
    with redis.Redis(port=redis_server.port) as store:
        store.flushall()
        one = process(store, reply("a"), reply("b"))
        text(one)
        child = os.fork()
        if child == 0:
            with contextlib.suppress(BaseException):
                one.cache._entries.clear()
                os._exit(0 if text(one) == "a" and len(one.script.sent) == 1 else 1)
            os._exit(2)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        one.cache._entries.clear()
        assert text(one) == "a"


# --- the client


@pytest.mark.parametrize("wrong", [{}, object(), redis.Redis, "redis://localhost", 5, lambda name: None])
def test_what_is_no_store_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError, match=r"shared_cache must be an object with get\(name\) and set"):
        create_client(api_key=KEY, base_url=URL, shared_cache=wrong)


class Awaited:
    async def get(self, name: str) -> Any: ...

    async def set(self, name: str, value: str, *, ex: int) -> Any: ...


class WithoutEx:
    def get(self, name: str) -> Any: ...

    def set(self, name: str, value: str, expire: int = 0) -> Any: ...


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (redis.asyncio.Redis(), "Redis, which is asynchronous"),
        (Awaited(), "asynchronous"),
        (AsyncMock(), "asynchronous"),
        (WithoutEx(), "'ex'.*pass an adapter"),
        (Mock(get=lambda: None), "arguments.*pass an adapter"),
    ],
)
def test_a_store_that_no_call_could_use_is_refused(wrong: Any, why: str) -> None:
    with pytest.raises(TypeError, match=why):
        create_client(api_key=KEY, base_url=URL, shared_cache=wrong)


@pytest.mark.parametrize("store", [redis.Redis(), MagicMock(), MagicMock(spec=redis.Redis), Mock(get=vars, set=iter)])
def test_a_store_is_not_called_before_the_first_call(store: Any) -> None:
    create_client(api_key=KEY, base_url=URL, shared_cache=store)
    assert not getattr(store, "method_calls", [])


@pytest.mark.parametrize(("wrong", "error"), [(0, ValueError), (-1, ValueError), ("1", TypeError), (None, TypeError)])
def test_the_time_for_the_store_is_checked(wrong: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="shared_cache_timeout_s"):
        create_client(api_key=KEY, base_url=URL, shared_cache_timeout_s=wrong)


def test_neither_key_nor_password_shows() -> None:
    store = redis.from_url("redis://:Correct-Horse-9@127.0.0.1:1")
    client = create_client(api_key=KEY, base_url=URL, shared_cache=store)
    cache = client._cache
    shown = repr([client, cache, cache._guarded, cache._values])  # type: ignore[attr-defined]
    assert KEY not in shown
    assert "Correct-Horse" not in shown


def test_it_is_imported_only_where_it_is_used() -> None:
    code = (
        "import sys, to11ai_sdk\n"
        "client = to11ai_sdk.create_client(api_key='k', base_url='http://127.0.0.1:1', max_retries=0)\n"
        "try: client.prompts.resolve(project_id='p', slug='s', labels=['l'])\n"
        "except to11ai_sdk.To11aiNetworkError: pass\n"
        "print([name for name in sys.modules if 'shared' in name or name == 'hmac'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"


def test_cache_false_neither_reads_nor_writes_it(store: Any) -> None:
    text(process(store, reply("a")))
    one = process(store, reply("b"))
    assert text(one, cache=False) == "b"
    assert text(process(store, lost())) == "a"


@pytest.mark.parametrize("options", [{"ttl_s": 0.0}, {"ttl_s": -1.0}])
def test_a_cache_that_is_off_shares_nothing(options: Any) -> None:
    store = Memory()
    text(process(store, reply("a"), **options))
    assert store.kept == {}


@pytest.fixture(autouse=True)
def _logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "to11ai_sdk")
