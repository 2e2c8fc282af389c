"""What ``echo`` keeps for later requests is in the store: another process continues a conversation at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bound import holding
from gateway_harness import Caller

from to11ai_sdk.local import LocalTo11, bounds
from to11ai_sdk.local.gateway.upstream.stored_responses import StoredResponses, StoredTally
from to11ai_sdk.local.service import Platform
from to11ai_sdk.local.store import open_store

psycopg = pytest.importorskip("psycopg")

if TYPE_CHECKING:
    from pathlib import Path

    from services.postgres import PostgresServer


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def data(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "SQLite":
        return str(tmp_path / "to11.db")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.url()


def respond(to11: LocalTo11, text: Any, previous: str | None = None, **more: Any) -> Any:
    body = {"model": "gpt-4o", "input": text, "previous_response_id": previous, **more}
    return Caller(to11).send("POST", "/v1/responses", body)


def test_servers_on_one_store_continue_each_others_responses(data: str) -> None:
    with LocalTo11(data) as one, LocalTo11(data) as two:
        previous, tokens = None, 0
        for turn in range(6):
            got = respond((one, two)[turn % 2], f"turn {turn}", previous)
            assert got.status == 200
            assert got.json["usage"]["input_tokens"] > tokens
            previous, tokens = got.json["id"], got.json["usage"]["input_tokens"]
            [item] = got.json["output"]
            other = (two, one)[turn % 2]
            referring = respond(other, [{"type": "item_reference", "id": item["id"]}, {"role": "user", "content": "x"}])
            assert referring.status == 200
        unknown = respond(two, "x", "resp_unknown")
        assert (unknown.status, unknown.json["error"]["code"]) == (400, "previous_response_not_found")
        forgotten = respond(one, "x", store=False).json["id"]
        assert respond(two, "x", forgotten).status == 400


def test_a_failure_for_some_times_is_counted_in_all_servers_together(data: str) -> None:
    with LocalTo11(data) as one, LocalTo11(data) as two:
        asked = [Caller(each).chat(text="[[echo:status=429 times=3]]").status for each in (one, two, two, one, two)]
        assert asked == [429, 429, 429, 200, 200]


def test_a_conversation_goes_on_after_a_restart(data: str) -> None:
    with LocalTo11(data) as to11:
        first = respond(to11, "one").json["id"]
    with LocalTo11(data) as to11:
        again = respond(to11, "one").json["id"]  # the same request has the same id
        assert again == first
        assert respond(to11, "two", first).status == 200


def test_projects_and_providers_have_their_own(data: str) -> None:
    with LocalTo11(data) as to11:
        previous = respond(to11, "one").json["id"]
        project_id, key = to11.create_project()
        own = {"x_to11_project_id": project_id, "x_to11_authorization": f"Bearer {key}"}
        body = {"model": "gpt-4o", "input": "x", "previous_response_id": previous}
        headers = {name.replace("_", "-"): value for name, value in own.items()}
        caller = Caller(to11)
        caller.auth = headers
        assert caller.send("POST", "/v1/responses", body).status == 400


@pytest.mark.parametrize("name", ["", "x" * 100_000, "\x00", "\ud800", "%", "resp_' OR 1=1 --", "é"], ids=ascii)
def test_no_id_of_a_caller_reaches_the_store_as_anything_else(data: str, name: str) -> None:
    with LocalTo11(data) as to11:
        assert respond(to11, "one").status == 200
        assert respond(to11, "two", name).status == 400
        assert respond(to11, [{"type": "item_reference", "id": name}]).status in (400, 404)


class Kept:
    """What one provider keeps, as two processes see it."""

    def __init__(self, data: str) -> None:
        self.store = open_store(data)
        project_id = Platform(self.store).main.project_id
        self.place = {"project_id": project_id, "provider_id": "openai"}
        self.here = StoredResponses(self.store, self.place)

    def keep(self, number: int, previous: int | None = None, size: int = 10) -> None:
        output = [{"id": f"msg_{number}", "text": "x" * size}]
        self.here.keep(f"resp_{number}", None if previous is None else f"resp_{previous}", [f"given {number}"], output)

    @property
    def elsewhere(self) -> StoredResponses:
        return StoredResponses(self.store, self.place)

    def kept(self, *numbers: int) -> list[bool]:
        return [self.elsewhere.history(f"resp_{number}") is not None for number in numbers]


@pytest.fixture
def kept(data: str) -> Any:
    made = Kept(data)
    yield made
    made.store.close()


def test_the_items_come_in_their_order(kept: Kept) -> None:
    kept.keep(1)
    kept.keep(2, 1)
    kept.keep(3, 2)
    found = kept.elsewhere.history("resp_3")
    assert found is not None
    assert [each if isinstance(each, str) else each["id"] for each in found] == [
        "given 1", "msg_1", "given 2", "msg_2", "given 3", "msg_3"
    ]  # fmt: skip
    assert kept.elsewhere.item("msg_2") == {"id": "msg_2", "text": "x" * 10}
    assert kept.elsewhere.item("given 1") is None


def test_the_least_recently_used_are_dropped_first(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_KEPT_RESPONSES", 4)
    kept.keep(1)
    kept.keep(2)
    kept.keep(3)
    kept.keep(4, 1)  # the first one is in use again
    kept.keep(5)
    assert kept.kept(1, 2, 3, 4, 5) == [True, False, True, True, True]
    assert kept.elsewhere.item("msg_2") is None
    kept.keep(6)
    kept.keep(7)
    kept.keep(8)
    # Of a conversation the beginning goes first, and then all of it cannot be continued.
    assert kept.kept(1, 4, 5, 6, 7, 8) == [False, False, True, True, True, True]


def test_their_bytes_are_bounded_too(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_KEPT_RESPONSES_BYTES", 1000)
    for number in range(5):
        kept.keep(number, size=300)
    assert kept.kept(0, 1, 2, 3, 4) == [False, False, False, True, True]
    kept.keep(9, size=2000)
    assert kept.kept(3, 4, 9) == [True, True, False]
    with kept.store.transaction(write=False) as tx:
        assert tx.value("SELECT sum(size) FROM gateway_responses") <= 1000
        assert tx.value("SELECT count(*) FROM gateway_response_items") == 2


def test_counts_are_bounded(kept: Kept, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_TALLIES", 3)
    tally = StoredTally(kept.store, kept.place)
    assert [tally.add(body) for body in (b"a", b"b", b"a", b"c", b"d")] == [1, 1, 2, 1, 1]
    with kept.store.transaction(write=False) as tx:
        assert tx.value("SELECT count(*) FROM gateway_tallies") == 3
    assert tally.add(b"a") == 3
    assert StoredTally(kept.store, kept.place).add(b"b") == 1  # forgotten


def test_while_the_file_is_held_a_reply_waits_a_bounded_time_and_its_process_continues_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "ECHO_WAIT_S", 0.05)
    data = tmp_path / "to11.db"
    with LocalTo11(data) as to11:
        with holding(data):
            got = respond(to11, "one")
            assert got.status == 200
            assert respond(to11, "two", got.json["id"]).status == 200
            assert respond(to11, "three", "resp_unknown").status == 400
            assert Caller(to11).chat(text="[[echo:status=429 times=1]]").status == 429
        assert respond(to11, "four", got.json["id"]).status == 200


def test_a_database_of_format_4_is_upgraded(postgres_server: PostgresServer) -> None:
    url = postgres_server.url()
    open_store(url).close()
    with psycopg.connect(url) as connection:
        connection.execute("DROP TABLE gateway_responses, gateway_response_items, gateway_tallies")
        connection.execute("DELETE FROM formats WHERE number = 5")
    with LocalTo11(url) as one, LocalTo11(url) as two:
        first = respond(one, "one").json["id"]
        assert respond(two, "two", first).status == 200


def test_in_memory_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    with LocalTo11() as to11:
        first = respond(to11, "one").json["id"]
        assert respond(to11, "two", first).status == 200
        with to11._platform.reading() as tx:
            assert tx.value("SELECT count(*) FROM gateway_responses") == 0
