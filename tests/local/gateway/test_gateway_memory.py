"""What the gateway keeps in memory between calls never outlives a change, whoever makes it."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from bound import Api, Clock
from gateway_harness import Caller, Reply

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.config.registry import Registry
from to11ai_sdk.local.gateway.routing import RouteQuery, Router
from to11ai_sdk.local.problems import Problem
from to11ai_sdk.local.service import Platform
from to11ai_sdk.local.store import environments
from to11ai_sdk.local.store.sqlite_store import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from to11ai_sdk.local.store import Transaction

TARGETS = ("gpt-4o", "gpt-4o-mini")


class Pair(NamedTuple):
    """A gateway that is called, and the local to11 through which the data are changed: the same, or another."""

    called: Caller
    other: LocalTo11
    clock: Clock
    path: Path

    @property
    def api(self) -> Api:
        return Api.of(self.other)

    def chat(self, model: str = "gpt-4o", **headers: Any) -> Reply:
        content = {"model": model, "messages": [{"role": "user", "content": "Hello!"}]}
        return self.called.send("POST", "/v1/chat/completions", content, **headers)

    def env(self, slug: str) -> int:
        return self.chat(x_to11_env=slug).status

    def code(self, **headers: str) -> str:
        return str(self.chat(**headers).json["error"]["code"])


@pytest.fixture(params=["the same process", "another process"])
def pair(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Pair]:
    path, clock = tmp_path / "to11.db", Clock()
    with LocalTo11(path, clock=clock) as one, LocalTo11(path, clock=clock) as two:
        pair = Pair(Caller(one), one if request.param == "the same process" else two, clock, path)
        assert pair.chat().status == 200
        yield pair


def test_a_new_key_opens_its_project_at_once_and_a_deleted_one_no_longer(pair: Pair) -> None:
    key = pair.other.create_key(permissions={"prompt:read"})
    bearer = {"x_to11_authorization": f"Bearer {key}"}
    assert pair.chat(**bearer).status == 200
    with sqlite3.connect(pair.path) as connection:
        connection.execute("DELETE FROM keys WHERE permissions IS NOT NULL")
    connection.close()
    assert pair.chat(**bearer).status == 401


def test_a_key_that_was_unknown_is_known_once_it_is_made(pair: Pair) -> None:
    project_id, key = "proj_later", "to11_local_later"
    later = {"x_to11_authorization": f"Bearer {key}", "x_to11_project_id": project_id}
    assert pair.chat(**later).status == 401
    access = pair.other.create_project()
    assert pair.chat(x_to11_authorization=f"Bearer {access.api_key}", x_to11_project_id=access.project_id).status == 200
    assert pair.chat(x_to11_authorization=f"Bearer {access.api_key}").status == 403


def test_an_environment_is_found_by_the_slugs_that_it_has_now(pair: Pair) -> None:
    assert pair.env("canary") == 404
    pair.api.environments.create(slug="canary", name="Canary")
    assert pair.env("canary") == 200
    pair.api.environments.update(slug="canary", new_slug="early")
    assert (pair.env("canary"), pair.env("early")) == (200, 200)
    pair.api.environments.archive(slug="early")
    assert (pair.env("canary"), pair.env("early")) == (404, 404)
    pair.api.environments.restore(slug="early")
    assert pair.env("early") == 200


def test_an_old_slug_ends_by_the_clock_although_nothing_changes(pair: Pair) -> None:
    pair.api.environments.create(slug="canary", name="Canary")
    pair.api.environments.update(slug="canary", new_slug="early")
    pair.clock.turn(days=7, seconds=-1)
    assert pair.env("canary") == 200
    pair.clock.turn(seconds=1)
    assert (pair.env("canary"), pair.env("early")) == (404, 200)


def test_the_fallback_is_the_one_of_now(pair: Pair) -> None:
    pair.other.disable_provider("staging", "openai")
    assert pair.chat().status == 200
    pair.api.environments.update(slug="staging", is_gateway_fallback=True)
    assert pair.code() == "ENV_NOT_ENABLED_FOR_PROVIDER"


def test_a_provider_is_switched_off_and_on_for_the_next_call(pair: Pair) -> None:
    pair.other.disable_provider("prod", "openai")
    assert pair.code() == "ENV_NOT_ENABLED_FOR_PROVIDER"
    pair.other.enable_provider("prod", "openai")
    assert pair.chat().status == 200


def test_a_rule_serves_what_was_released_last(pair: Pair) -> None:
    versions = [_version(pair, model) for model in TARGETS]
    assert pair.chat("function::assistant").status == 404
    for version, model in zip(versions, TARGETS, strict=True):
        pair.api.releases.set(rule_id="assistant", env_slug="prod", strategy="single", version_id=version)
        assert pair.chat("function::assistant").json["model"] == model
    first = pair.api.releases.list(rule_id="assistant", env_slug="prod")[-1]
    pair.api.releases.rollback(rule_id="assistant", env_slug="prod", reason="back", target_release_id=first.id)
    assert pair.chat("function::assistant").json["model"] == TARGETS[0]


def test_eight_threads_never_see_a_release_that_ended_before_their_call(pair: Pair) -> None:
    versions = [_version(pair, model) for model in TARGETS]
    api = pair.api

    def asked(_: int) -> Reply:
        return pair.chat("function::assistant")

    with ThreadPoolExecutor(8) as pool:
        for number in range(6):
            api.releases.set(rule_id="assistant", env_slug="prod", strategy="single", version_id=versions[number % 2])
            replies = list(pool.map(asked, range(8)))
            assert {reply.json["model"] for reply in replies} == {TARGETS[number % 2]}


class CountingStore(SqliteStore):
    """A store in memory that counts its transactions."""

    begun = 0

    @contextmanager
    def transaction(self, *, write: bool = True) -> Generator[Transaction]:
        self.begun += 1
        with super().transaction(write=write) as tx:
            yield tx


def test_a_call_like_the_last_one_asks_the_database_nothing() -> None:
    store = CountingStore()
    platform, router = Platform(store), Router(Registry())

    def asked() -> int:
        before = store.begun
        router.resolve(router.scope(platform.visit(*platform.main), RouteQuery("messages", "gpt-4o", "prod")))
        return store.begun - before

    assert asked() > 0
    assert asked() == 0
    platform.create_project()
    assert asked() > 0
    assert asked() == 0
    platform.close()


def test_what_callers_ask_for_in_vain_fills_no_memory() -> None:
    store = CountingStore()
    platform = Platform(store)
    for number in range(3000):
        with pytest.raises(Problem, match="unknown key"):
            platform.visit(platform.main.project_id, f"guess-{number}")
    session = platform.visit(*platform.main)
    before = store.begun
    for _ in range(2):
        assert environments.live(session.tx, session.project_id, "x" * 10_000) is None
    assert store.begun == before + 2, "the result for a long text was kept"
    platform.close()


def _version(pair: Pair, model: str) -> str:
    target: dict[str, Any] = {"providerId": "openai", "modelId": model}
    snapshot = {"endpoint": "chat", "strategy": "single", "target": target}
    return str(pair.api.versions.create(rule_id="assistant", snapshot=snapshot).id)
