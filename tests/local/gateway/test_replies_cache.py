"""The cache of replies: what counts as the same request, and for how long."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from routing_harness import CLAUDE, GPT, Project, variant

from to11ai_sdk.local.bounds import MAX_CACHED_BYTES, MAX_CACHED_REPLIES, MAX_CACHED_REPLY
from to11ai_sdk.local.gateway.config.gateway_config import CacheConfig
from to11ai_sdk.local.gateway.observe.reply_cache import CachedReply, RepliesCache

if TYPE_CHECKING:
    from to11ai_sdk.local.gateway.routing import Plan

PATH = "/chat/completions"
BODY: dict[str, Any] = {"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]}
REPLY = CachedReply(200, {"content-type": "application/json"}, b'{"ok": true}')


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 6, 17, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now


class Desk:
    """A cache over a project with a clock."""

    def __init__(self, **config: Any) -> None:
        self.clock = Clock()
        self.project = Project(clock=self.clock)
        self.cache = RepliesCache(CacheConfig(**{"enabled": True, "ttl_s": 60.0, **config}))
        self.plan = self.project.plan("gpt-4o")

    def digest(
        self, body: dict[str, Any] = BODY, path: str = PATH, form: str = "openai_chat", plan: Plan | None = None
    ) -> str | None:
        return self.cache.digest(plan or self.plan, path, form, body)

    def keep(self, digest: str, reply: CachedReply = REPLY, plan: Plan | None = None) -> bool:
        with self.project.session() as session:
            return self.cache.keep(session, plan or self.plan, digest, reply)

    def find(self, digest: str, plan: Plan | None = None) -> CachedReply | None:
        with self.project.session() as session:
            return self.cache.find(session, plan or self.plan, digest)


def test_a_reply_is_found_again_with_its_age() -> None:
    desk = Desk()
    digest = desk.digest()
    assert digest is not None
    assert desk.find(digest) is None
    assert desk.keep(digest)
    assert desk.find(digest) == REPLY
    desk.clock.now += timedelta(seconds=59.9)
    assert desk.find(digest) == REPLY._replace(age_s=59)
    desk.clock.now -= timedelta(hours=1)
    assert desk.find(digest) == REPLY


def test_a_reply_ends_with_its_time() -> None:
    desk = Desk()
    digest = desk.digest()
    assert digest is not None
    desk.keep(digest)
    desk.clock.now += timedelta(seconds=60)
    assert desk.find(digest) is None
    newer = REPLY._replace(body=b"new")
    desk.keep(digest, newer)
    assert desk.find(digest) == newer


def test_the_same_json_is_the_same_request() -> None:
    desk = Desk()
    same = {"messages": [{"content": "hi", "role": "user"}], "model": "gpt-4o"}
    assert desk.digest(same) == desk.digest() is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"body": {**BODY, "messages": []}},
        {"body": {**BODY, "model": "gpt-4o-mini"}},
        {"path": "/messages"},
        {"form": "anthropic_messages"},
    ],
)
def test_another_request_is_another(changed: dict[str, Any]) -> None:
    desk = Desk()
    assert desk.digest(**changed) not in (None, desk.digest())


@pytest.mark.parametrize("body", [{}, {"stream": True}])
def test_streams_and_what_has_no_json_are_not_cached(body: dict[str, Any]) -> None:
    assert Desk().digest(body) is None


def test_a_stream_that_is_switched_off_is_none() -> None:
    assert Desk().digest({"stream": False}) is not None


def test_a_cache_that_is_off_caches_nothing() -> None:
    assert Desk(enabled=False).digest() is None


def test_each_environment_has_its_own() -> None:
    desk = Desk()
    digest = desk.digest()
    assert digest is not None
    staging = desk.project.plan("gpt-4o", env="staging")
    assert desk.digest(plan=staging) == digest
    desk.keep(digest)
    assert desk.find(digest, staging) is None
    desk.keep(digest, REPLY._replace(body=b"staging"), staging)
    assert desk.find(digest) == REPLY


def test_each_project_has_its_own() -> None:
    desk = Desk()
    digest = desk.digest()
    assert digest is not None
    desk.keep(digest)
    other = desk.project.platform.create_project()
    with desk.project.platform.owner(other.project_id) as session:
        assert desk.cache.find(session, desk.plan, digest) is None


def test_what_a_rule_publishes_takes_effect_at_once() -> None:
    desk = Desk()
    desk.project.rule("r", target=GPT)
    before = desk.digest(plan=desk.project.plan("r"))
    desk.project.rule("r", target=CLAUDE)
    after = desk.digest(plan=desk.project.plan("r"))
    desk.project.rule("r", target={**CLAUDE, "params": {"temperature": 0}})
    assert len({before, after, desk.digest(plan=desk.project.plan("r"))}) == 3


def test_the_variants_of_a_split_have_their_own() -> None:
    desk = Desk()
    desk.project.rule("r", "experiment", variants=[variant("a", GPT), variant("b", GPT)])
    plans = [desk.project.plan("r") for _ in range(30)]
    assert len({desk.digest(plan=plan) for plan in plans}) == 2


@pytest.mark.parametrize("status", [199, 300, 400, 429, 500])
def test_only_successes_are_kept(status: int) -> None:
    desk = Desk()
    assert not desk.keep("d", REPLY._replace(status=status))
    assert desk.find("d") is None


def test_a_reply_that_is_too_large_is_not_kept() -> None:
    desk = Desk()
    assert desk.keep("d", REPLY._replace(body=b"x" * MAX_CACHED_REPLY))
    assert not desk.keep("e", REPLY._replace(body=b"x" * (MAX_CACHED_REPLY + 1)))


def test_the_oldest_make_way_for_the_bytes_of_newer_ones() -> None:
    desk = Desk()
    large = REPLY._replace(body=b"x" * MAX_CACHED_REPLY)
    most = MAX_CACHED_BYTES // MAX_CACHED_REPLY
    for number in range(most + 9):
        desk.clock.now += timedelta(milliseconds=1)
        desk.keep(str(number), large)
        with desk.project.session() as session:
            assert session.tx.value("SELECT sum(length(body)) FROM gateway_replies") <= MAX_CACHED_BYTES
    kept = [desk.find(str(number)) is not None for number in range(most + 9)]
    assert kept == sorted(kept)
    assert most * 3 // 4 <= sum(kept) <= most


def test_the_oldest_make_way() -> None:
    desk = Desk(ttl_s=10_000.0)
    for number in range(MAX_CACHED_REPLIES + 5):
        desk.clock.now += timedelta(milliseconds=1)
        desk.keep(str(number))
    numbers = (0, 4, 5, MAX_CACHED_REPLIES + 4)
    assert [desk.find(str(number)) is None for number in numbers] == [True, True, False, False]
    desk.clock.now += timedelta(seconds=10_001)
    desk.keep("last")
    with desk.project.session() as session:
        assert session.tx.value("SELECT count(*) FROM gateway_replies") == 1
