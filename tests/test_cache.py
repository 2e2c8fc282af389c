from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import Enum
from types import MappingProxyType
from typing import Any

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from scripted import Clock
from test_wire import JSON, OBJECT

from to11ai_sdk import To11aiApiError, To11aiError, To11aiNetworkError, To11aiResponseValidationError, cache
from to11ai_sdk.cache import PromptCache, is_outage
from to11ai_sdk.prompt_keys import prompt_key

TTL, STALE = 10.0, 100.0
KEY = prompt_key("pr_1", "welcome", ["production"], None)
assert KEY is not None


def made(
    clock: Clock | None = None, ttl_s: float = TTL, max_entries: int = 3, stale_if_error_s: float = STALE
) -> PromptCache:
    return PromptCache(ttl_s=ttl_s, max_entries=max_entries, stale_if_error_s=stale_if_error_s, clock=clock or Clock())


class Loader:
    """Loads ``{"promptId": "pm_1", "n": 1}``, then 2, ...; raises the error it is told to."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.retries: list[bool] = []

    def __call__(self, *, may_retry: bool = True) -> Any:
        self.retries.append(may_retry)
        if self.error:
            raise self.error
        return {"promptId": "pm_1", "n": len(self.retries)}


# --- keys


def key(**changes: Any) -> Any:
    return prompt_key(**{"project_id": "p", "slug": "s", "labels": ["a"], "variables": None, **changes})


class Word(str, Enum):
    A = "a"


class Number(int):
    """JSON knows no kinds of int."""


class Name(str):
    """Nor of str."""


class Odd(Mapping[Any, Any]):
    """A mapping whose values are made when they are asked for, once."""

    def __init__(self, *items: tuple[Any, Any]) -> None:
        self.items_ = items

    def __getitem__(self, name: Any) -> Any:
        return dict(self.items_)[name]

    def __iter__(self) -> Iterator[Any]:
        return (name for name, _ in self.items_)

    def __len__(self) -> int:
        return len(self.items_)


MANY = {f"v{number}": str(number) for number in range(50)}


SAME = [
    ({"labels": ["a", "b"]}, {"labels": ("a", "b")}),
    ({"variables": {"x": 1, "y": "z"}}, {"variables": {"y": "z", "x": 1}}),
    ({"variables": {"x": {"a": 1, "b": [2]}}}, {"variables": {"x": {"b": [2], "a": 1}}}),
    ({"variables": {"x": [1, 2]}}, {"variables": {"x": (1, 2)}}),
    ({"variables": {}}, {"variables": None}),
    ({"variables": {"x": [Word.A]}}, {"variables": {"x": ["a"]}}),
    ({"variables": MANY}, {"variables": dict(reversed(MANY.items()))}),
    ({"variables": {**MANY, "v0": [1]}}, {"variables": dict(reversed({**MANY, "v0": [1]}.items()))}),
    ({"variables": OrderedDict(x=1)}, {"variables": {"x": 1}}),
    ({"variables": Odd(("x", 1), ("y", 2))}, {"variables": {"y": 2, "x": 1}}),
    ({"variables": MappingProxyType({"x": 1})}, {"variables": {"x": 1}}),
    ({"variables": {Name("x"): 1}}, {"variables": {"x": 1}}),
    ({"variables": {"x": Number(1)}}, {"variables": {"x": Number(1)}}),
    ({"variables": {"x": {"y": Number(1)}}}, {"variables": {"x": {"y": 1}}}),
]
DIFFERENT = [
    ({"labels": ["a", "b"]}, {"labels": ["b", "a"]}),
    ({"labels": ["a"]}, {"labels": ["a", "a"]}),
    ({"labels": ["ab"]}, {"labels": ["a", "b"]}),
    ({"project_id": "q"}, {}),
    ({"slug": "t"}, {}),
    ({"variables": {"x": 1}}, {"variables": {"x": True}}),
    ({"variables": {"x": 1}}, {"variables": {"x": 1.0}}),
    ({"variables": {"x": 0}}, {"variables": {"x": False}}),
    ({"variables": {"x": 1}}, {"variables": {"x": "1"}}),
    ({"variables": {"x": None}}, {"variables": {}}),
    ({"variables": {"x": None}}, {"variables": {"x": "null"}}),
    ({"variables": {"x": [1]}}, {"variables": {"x": [True]}}),
    ({"variables": {"x": [1]}}, {"variables": {"x": [1.0]}}),
    ({"variables": {"x": [1, 2]}}, {"variables": {"x": [2, 1]}}),
    ({"variables": {"x": 0.0}}, {"variables": {"x": -0.0}}),
    ({"variables": MANY}, {"variables": {**MANY, "v49": "50"}}),
    ({"variables": MANY}, {"variables": {**MANY, "v50": "50"}}),
    ({"variables": MANY}, {"variables": {**MANY, "v49": 49}}),
    ({"variables": {"x": "a", "y": "b"}}, {"variables": {"x": "b", "y": "a"}}),
    ({"variables": {"x": 1, "y": True}}, {"variables": {"x": True, "y": 1}}),
    ({"variables": {"x": 1, "y": "1"}}, {"variables": {"x": "1", "y": 1}}),
    ({"variables": {"x": "a"}}, {"variables": {"y": "a"}}),
    ({"variables": {"x": "a"}}, {"variables": {"x": ["a"]}}),
    ({"variables": {"x": None, "y": 1}}, {"variables": {"y": 1}}),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_arguments_that_ask_for_the_same_have_one_key(one: Any, other: Any) -> None:
    assert key(**one) == key(**other)
    assert hash(key(**one)) == hash(key(**other))


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_arguments_that_ask_for_different_things_have_two_keys(one: Any, other: Any) -> None:
    assert key(**one) != key(**other)


@pytest.mark.parametrize(
    "changes",
    [
        {"labels": "production"},
        {"labels": None},
        {"labels": [["a"]]},
        {"project_id": ["p"]},
        {"variables": {"x": {1, 2}}},
        {"variables": {"x": [float("nan")]}},
        {"variables": {"x": [object()]}},
        {"variables": {"x": {1: 2, "a": 3}}},
        {"variables": {1: 2, "a": 3}},
        {"variables": {"x": [bytearray(b"a")]}},
        {"variables": {"x": object()}},
        {"variables": 5},
        {"variables": "ab"},
        {"variables": ["x"]},
        {"variables": Odd(("x", {1, 2}))},
        {"labels": 5},
        {"labels": {"a"}},
        {"slug": {}},
    ],
)
def test_arguments_that_cannot_be_sent_have_no_key(changes: Any) -> None:
    assert key(**changes) is None


def test_a_structure_that_holds_itself_has_no_key() -> None:
    ring: list[Any] = []
    ring.append(ring)
    assert key(variables={"x": ring}) is None


@given(OBJECT, st.randoms())
def test_the_order_of_variables_does_not_matter(variables: dict[str, Any], random: Any) -> None:
    items = list(variables.items())
    random.shuffle(items)
    assert key(variables=dict(items)) == key(variables=variables)


def unlike(value: Any) -> str:
    """What JSON tells apart: Python holds 1, 1.0 and True for equal."""
    if isinstance(value, dict):
        return f"object {sorted((name, unlike(item)) for name, item in value.items())}"
    return repr([unlike(item) for item in value]) if isinstance(value, list) else repr(value)


FEW = st.dictionaries(
    st.sampled_from("xy"), st.sampled_from([0, 1, 0.0, 1.0, True, False, None, "", "1"]) | JSON, max_size=2
)


@given(FEW, FEW)
def test_two_keys_are_equal_exactly_if_the_variables_are(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (key(variables=one) == key(variables=other)) is (unlike(one) == unlike(other))


# --- against a model

KEYS = [
    prompt_key("p", "one", ["a"], None),
    prompt_key("p", "one", ["a", "b"], None),
    prompt_key("p", "two", ["b"], {"x": 1}),
    prompt_key("q", "one", ["a"], None),
]


class CacheMachine(RuleBasedStateMachine):
    """Any sequence of calls and waits, on the cache and on a dictionary that does the same naively."""

    @initialize(ttl=st.sampled_from([0.0, TTL]), entries=st.integers(0, 3), stale=st.sampled_from([0.0, 5.0, STALE]))
    def start(self, ttl: float, entries: int, stale: float) -> None:
        self.clock, self.ttl, self.entries, self.stale = Clock(), ttl, entries, stale
        self.cache = made(self.clock, ttl, entries, stale)
        self.kept: OrderedDict[Any, list[Any]] = OrderedDict()
        self.count = 0

    @rule(seconds=st.sampled_from([0.5, 4.0, 10.0, 60.0, 110.0]))
    def wait(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule(which=st.sampled_from(KEYS), outcome=st.sampled_from(["found", "found", "found", 500, 429, 404, 422, "lost"]))
    def get(self, which: Any, outcome: Any) -> None:
        self.count += 1
        data = {"promptId": f"pm_{which[1]}", "n": self.count}
        errors = {"found": None, "lost": To11aiNetworkError("lost")}
        error = errors[outcome] if outcome in errors else To11aiApiError("no", status_code=outcome)
        expected, loads = self.expect(which, data, error)
        loader = Loader(error)
        loader_data = [data]

        def load(*, may_retry: bool = True) -> Any:
            loader(may_retry=may_retry)
            return loader_data[0]

        if isinstance(expected, To11aiError):
            with pytest.raises(type(expected)) as caught:
                self.cache.get(which, load)
            assert caught.value is expected
        else:
            assert self.cache.get(which, load) == expected
        assert len(loader.retries) == loads

    def expect(self, which: Any, data: Any, error: To11aiError | None) -> tuple[Any, int]:
        """What a call must give, and how many requests it may make."""
        entry, now = self.kept.get(which), self.clock.now
        if entry and now < entry[2]:
            if now < entry[1]:
                self.kept.move_to_end(which)
                return entry[0], 0
            if error and is_outage(error):
                entry[1] = min(now + self.ttl, entry[2])
                return entry[0], 1
            if error:
                del self.kept[which]
        if error:
            return error, 1
        if self.ttl > 0 and self.entries > 0:
            self.kept[which] = [data, now + self.ttl, now + self.ttl + self.stale]
            self.kept.move_to_end(which)
            while len(self.kept) > self.entries:
                self.kept.popitem(last=False)
        return data, 1

    @rule(
        project=st.sampled_from("pq"), prompt=st.sampled_from(["one", "two"]), label=st.sampled_from([None, "a", "b"])
    )
    def forget(self, project: str, prompt: str, label: str | None) -> None:
        self.cache.forget(project, f"pm_{prompt}", label)
        for which in list(self.kept):
            if which[:2] == (project, prompt) and (label is None or label in which[2]):
                del self.kept[which]

    @invariant()
    def keep_no_more_than_allowed(self) -> None:
        if hasattr(self, "cache"):
            assert len(self.cache) == len(self.kept) <= self.entries


CacheMachine.TestCase.settings = settings(max_examples=examples(60), stateful_step_count=30, deadline=None)
TestCacheAgainstAModel = CacheMachine.TestCase


# --- one request for many callers


class CountingEvent(threading.Event):
    """Tells how many wait."""

    waiting = 0
    all_wait = threading.Event()
    expected = 0

    def wait(self, timeout: float | None = None) -> bool:
        CountingEvent.waiting += 1
        if CountingEvent.waiting == CountingEvent.expected:
            CountingEvent.all_wait.set()
        return super().wait(timeout)


@pytest.fixture
def followers(monkeypatch: pytest.MonkeyPatch) -> type[CountingEvent]:
    monkeypatch.setattr(cache, "Event", CountingEvent)
    CountingEvent.waiting, CountingEvent.expected, CountingEvent.all_wait = 0, 7, threading.Event()
    return CountingEvent


def together(call: Any, count: int = 8) -> list[Any]:
    """What each of several threads gets: a value, or the exception."""

    def outcome() -> Any:
        try:
            return call()
        except Exception as exc:
            return exc

    with ThreadPoolExecutor(count) as pool:
        return [future.result() for future in [pool.submit(outcome) for _ in range(count)]]


def test_callers_that_miss_together_make_one_request(followers: type[CountingEvent]) -> None:
    store, loader = made(), Loader()

    def load(*, may_retry: bool = True) -> Any:
        assert followers.all_wait.wait(60)
        return loader(may_retry=may_retry)

    assert together(lambda: store.get(KEY, load)) == [{"promptId": "pm_1", "n": 1}] * 8
    assert loader.retries == [True]


def test_a_failure_is_told_to_all_that_wait_and_is_not_kept(followers: type[CountingEvent]) -> None:
    cause = OSError("down")
    error = To11aiApiError("HTTP 503", status_code=503, details={"a": 1})
    error.__cause__ = cause
    store, loader = made(), Loader(error)

    def load(*, may_retry: bool = True) -> Any:
        assert followers.all_wait.wait(60)
        return loader(may_retry=may_retry)

    errors = together(lambda: store.get(KEY, load))
    assert loader.retries == [True]
    assert {type(found) for found in errors} == {To11aiApiError}
    assert {(str(found), found.status_code, found.__cause__) for found in errors} == {("HTTP 503", 503, cause)}
    assert len({id(found) for found in errors}) == 8
    assert store.get(KEY, Loader()) == {"promptId": "pm_1", "n": 1}


def test_a_caller_that_is_interrupted_leaves_the_request_to_another(followers: type[CountingEvent]) -> None:
    store, loader, calls = made(), Loader(), []

    def load(*, may_retry: bool = True) -> Any:
        calls.append(may_retry)
        if len(calls) == 1:
            assert followers.all_wait.wait(60)
            raise TypeError("a value that cannot be sent")
        return loader(may_retry=may_retry)

    outcomes = together(lambda: store.get(KEY, load))
    refused = [found for found in outcomes if isinstance(found, TypeError)]
    assert len(refused) == 1
    assert all(found["promptId"] == "pm_1" for found in outcomes if found not in refused)


def interrupted(store: PromptCache, moment: int) -> bool:
    """Whether a call was, by an exception at a line of those that begin and end a request in flight."""
    lines, flights = iter(range(moment)), []

    def load(*, may_retry: bool = True) -> Any:
        flights.extend(store._in_flight.values())
        return {"promptId": "pm_1"}

    def strike(frame: Any, event: str, _: Any) -> Any:
        if frame.f_code.co_name not in ("_miss", "_refresh", "_load", "_land"):
            return None
        if event == "line" and next(lines, None) is None:
            sys.settrace(None)
            raise KeyboardInterrupt
        return strike

    previous = sys.gettrace()
    sys.settrace(strike)
    try:
        store.get(KEY, load)
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(previous)
        assert all(flight.done.is_set() for flight in flights)
    return False


@pytest.mark.parametrize("old", [False, True], ids=["miss", "refresh"])
def test_nobody_waits_for_a_caller_that_a_signal_handler_ended(old: bool) -> None:
    for moment in range(100):
        clock = Clock()
        store = made(clock)
        if old:
            store.get(KEY, Loader())
            clock.now += TTL
        ended = interrupted(store, moment)
        clock.now += TTL + STALE
        assert store.get(KEY, Loader(), 0) == {"promptId": "pm_1", "n": 1}
        if not ended:
            break
    assert 10 < moment < 99


def test_while_one_refreshes_the_others_get_the_old_value() -> None:
    clock = Clock()
    store = made(clock)
    old = store.get(KEY, Loader())
    clock.now += TTL
    began, go = threading.Event(), threading.Event()

    def slow(*, may_retry: bool = True) -> Any:
        began.set()
        assert go.wait(60)
        return {"promptId": "pm_1", "n": "new"}

    with ThreadPoolExecutor(1) as pool:
        refreshed = pool.submit(store.get, KEY, slow)
        assert began.wait(60)
        forbidden = Loader(AssertionError("a second request"))
        assert [store.get(KEY, forbidden) for _ in range(3)] == [old] * 3
        go.set()
        assert refreshed.result() == {"promptId": "pm_1", "n": "new"}
    assert store.get(KEY, forbidden) == {"promptId": "pm_1", "n": "new"}


def test_a_request_that_began_before_a_label_moved_is_not_kept() -> None:
    store = made()
    began, go = threading.Event(), threading.Event()

    def slow(*, may_retry: bool = True) -> Any:
        began.set()
        assert go.wait(60)
        return {"promptId": "pm_1", "n": "before"}

    with ThreadPoolExecutor(1) as pool:
        early = pool.submit(store.get, KEY, slow)
        assert began.wait(60)
        store.forget("pr_1", "pm_1", "production")
        assert store.get(KEY, lambda **_: {"promptId": "pm_1", "n": "after"})["n"] == "after"
        go.set()
        assert early.result()["n"] == "before"
    assert store.get(KEY, Loader())["n"] == "after"


class Emptied(OrderedDict[Any, Any]):
    """What another thread empties just after it was looked at."""

    def __init__(self, looks: int, content: Any = ()) -> None:
        super().__init__(content)
        self.looks = looks

    def look(self, found: Any) -> Any:
        self.looks -= 1
        if self.looks == 0:
            self.clear()
        return found

    def get(self, key: Any, default: Any = None) -> Any:
        return self.look(super().get(key, default))

    def __iter__(self) -> Iterator[Any]:
        return iter(self.look(list(super().__iter__())))


@pytest.mark.parametrize(("error", "looks"), [(None, 1), (None, 2), (To11aiNetworkError("lost"), 1)])
def test_a_load_that_is_forgotten_as_it_ends_ends(error: Exception | None, looks: int) -> None:
    store = made()
    store._in_flight = Emptied(looks)
    waiting: list[Any] = []

    def load(*, may_retry: bool = True) -> Any:
        (flight,) = store._in_flight.values()
        waiting.append(flight)
        return Loader(error)()

    if error:
        with pytest.raises(To11aiNetworkError, match="lost"):
            store.get(KEY, load)
    else:
        assert store.get(KEY, load)["n"] == 1
    assert waiting[0].done.is_set()
    assert not store._in_flight


@pytest.mark.parametrize("looks", [1, 2])
def test_a_prompt_that_goes_while_it_is_forgotten_is_forgotten(looks: int) -> None:
    store = made()
    store.get(KEY, Loader())
    store._entries = Emptied(looks, store._entries.items())
    store.forget("pr_1", "pm_1", "production")
    assert len(store) == 0


def test_a_refresh_that_began_before_a_label_moved_is_not_kept() -> None:
    clock = Clock()
    store = made(clock)
    store.get(KEY, Loader())
    clock.now += TTL

    def meanwhile_moved(*, may_retry: bool = True) -> Any:
        store.forget("pr_1", "pm_1", "production")
        return {"promptId": "pm_1", "n": "before"}

    store.get(KEY, meanwhile_moved)
    assert len(store) == 0


def test_a_refresh_that_fails_after_a_label_moved_keeps_nothing() -> None:
    clock = Clock()
    store = made(clock)
    old = store.get(KEY, Loader())
    clock.now += TTL

    def moved_and_lost(*, may_retry: bool = True) -> Any:
        store.forget("pr_1", "pm_1", "production")
        raise To11aiNetworkError("lost")

    assert store.get(KEY, moved_and_lost) == old
    assert len(store) == 0


# --- the old value in an outage


def test_a_refresh_is_one_attempt_and_a_miss_may_retry() -> None:
    clock, loader = Clock(), Loader()
    store = made(clock)
    store.get(KEY, loader)
    clock.now += TTL
    store.get(KEY, loader)
    assert loader.retries == [True, False]


def test_an_outage_is_told_in_the_log_without_secrets_of_the_variables(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    store = made(clock)
    secret = prompt_key("pr_1", "welcome", ["production"], {"email": "a@b.test"})
    assert secret is not None
    store.get(secret, Loader())
    clock.now += TTL
    with caplog.at_level(logging.WARNING, "to11ai_sdk"):
        store.get(secret, Loader(To11aiNetworkError("host: no reply")))
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.name == "to11ai_sdk"
    for word in ("welcome", "pr_1", "host: no reply"):
        assert word in record.getMessage()
    assert "a@b.test" not in record.getMessage()


# --- eviction by use


def test_the_least_recently_used_value_goes_first() -> None:
    clock = Clock()
    store = made(clock, max_entries=2)
    one, two, three = KEYS[:3]
    for which in (one, two, one, three):
        store.get(which, Loader())
    forbidden = Loader(AssertionError("gone"))
    assert store.get(one, forbidden)
    assert store.get(three, forbidden)
    assert store.get(two, Loader())["n"] == 1


def test_a_hit_on_what_another_thread_evicts_is_still_a_hit() -> None:
    clock = Clock()
    store = made(clock)
    store.get(KEY, Loader())
    real = clock.__call__

    class Evicting(Clock):
        def __call__(self) -> float:
            store.forget("pr_1", "pm_1")
            return real()

    store._clock = Evicting()
    assert store.get(KEY, Loader(AssertionError("a request")))["n"] == 1
    assert len(store) == 0


# --- fork


def test_a_child_process_does_not_wait_for_the_threads_of_its_parent() -> None:
    program = """
        import os, signal, sys, threading
        from to11ai_sdk.cache import PromptCache
        from to11ai_sdk.prompt_keys import prompt_key
        signal.alarm(90)
        cache = PromptCache(ttl_s=60, max_entries=9, stale_if_error_s=0)
        kept, flying = (prompt_key("p", slug, ["a"], None) for slug in ("kept", "flying"))
        cache.get(kept, lambda **_: {"promptId": "pm", "n": 0})
        began, go = threading.Event(), threading.Event()
        def slow(*, may_retry=True):
            began.set()
            go.wait(60)
            return {"promptId": "pm", "n": 1}
        thread = threading.Thread(target=cache.get, args=(flying, slow))
        thread.start()
        began.wait(60)
        cache._lock.acquire()
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            assert cache.get(kept, None)["n"] == 0
            if sys.argv[1] == "get":
                assert cache.get(flying, lambda **_: {"promptId": "pm", "n": 2})["n"] == 2
            cache.forget("p", "pm")
            assert len(cache) == 0
            os._exit(0)
        cache._lock.release()
        status = os.waitpid(child, 0)[1]
        go.set()
        thread.join()
        assert len(cache) == 2
        sys.exit(os.waitstatus_to_exitcode(status))
    """
    for first in ("get", "forget"):
        command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(program), first]
        run = subprocess.run(command, capture_output=True, text=True, timeout=100)
        assert run.returncode == 0, (first, run.returncode, run.stderr, signal.SIGALRM)


def test_in_a_new_process_nothing_is_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    store = made()

    def forked(*, may_retry: bool = True) -> Any:
        monkeypatch.setattr(os, "getpid", lambda: -1)
        return store.get(KEY, Loader())

    assert store.get(KEY, forked)["n"] == 1
    assert store.get(KEY, Loader(AssertionError("a request")))["n"] == 1


def test_a_caller_waits_for_another_thread_no_longer_than_it_has_time() -> None:
    cache = PromptCache(ttl_s=300, max_entries=10, stale_if_error_s=0)
    key = prompt_key("p", "s", ["l"], None)
    assert key is not None
    asked, answer = threading.Event(), threading.Event()

    def slow(*, may_retry: bool = True) -> object:
        asked.set()
        answer.wait()
        return {"promptId": "prompt_1"}

    first = threading.Thread(target=cache.get, args=(key, slow))
    first.start()
    asked.wait()
    with pytest.raises(To11aiNetworkError, match="total_timeout_s"):
        cache.get(key, slow, 0.01)
    answer.set()
    first.join()
    assert cache.get(key, slow, 0.01) == {"promptId": "prompt_1"}


def test_a_refresh_that_brings_nonsense_surfaces_and_keeps_the_old_value_for_an_outage() -> None:
    clock = Clock()
    store = PromptCache(ttl_s=10, max_entries=10, stale_if_error_s=100, clock=clock)
    key = prompt_key("p", "s", ["l"], None)
    assert key is not None
    good = store.get(key, lambda *, may_retry=True: {"promptId": "prompt_1"})

    def fail(error: To11aiError) -> Any:
        def load(*, may_retry: bool = True) -> Any:
            raise error

        return load

    clock.now += 11
    with pytest.raises(To11aiResponseValidationError):
        store.get(key, fail(To11aiResponseValidationError("a page of a hotel")))
    assert store.get(key, fail(To11aiNetworkError("down"))) is good
