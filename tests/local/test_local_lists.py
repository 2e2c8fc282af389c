"""Lists: right whatever their length, filters and clock, and read by an index however long they are."""

from __future__ import annotations

import itertools
import random
import re
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from bound import SNAPSHOT, TEXT, Api, Clock, call

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.service import Platform
from to11ai_sdk.local.store import label_events, open_store, prompts, readers
from to11ai_sdk.local.store.data_file import open_reader

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

PROMPTS = ("prompt_a", "prompt_b", "prompt_c")
LABELS = ("beta", "live")
EVENT = (
    "INSERT INTO prompt_label_events (id, project_id, prompt_id, label, to_version_id, moved_by_user_id, moved_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?)"
)


class Move(NamedTuple):
    """One event, as far as a list knows it."""

    id: str
    prompt_id: str
    label: str
    moved_at: str


def moment(second: int) -> str:
    return f"2026-06-17T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}.000000Z"


class Filled:
    """A project with many events, and another one that has some in between."""

    def __init__(self, moves: list[Move], place: str | None) -> None:
        self.moves = moves
        self.store = open_store(place)
        platform = Platform(self.store)
        self.project_id, other = platform.main.project_id, platform.create_project().project_id
        with self.store.transaction() as tx:
            for project_id, names in ((self.project_id, PROMPTS), (other, ("prompt_z",))):
                author = tx.value("SELECT id FROM keys WHERE project_id = :project_id", project_id=project_id)
                for name in names:
                    _add_prompt(tx, project_id, name, author)
            for number, move in enumerate(moves):
                rest = (f"v_{move.prompt_id}", author, move.moved_at)
                tx.run_many(EVENT, [(move.id, self.project_id, move.prompt_id, move.label, *rest)])
                if number % 3 == 0:
                    tx.run_many(EVENT, [(f"z{number}", other, "prompt_z", "live", "v_prompt_z", author, move.moved_at)])

    def page(self, limit: int, offset: int, **filters: Any) -> tuple[list[str], int]:
        with self.store.transaction(write=False) as tx:
            rows, total = label_events.events(tx, self.project_id, limit=limit, offset=offset, **filters)
        return [row["id"] for row in rows], total

    def expected(
        self, prompt_id: str | None = None, label: str | None = None, since: str | None = None, until: str | None = None
    ) -> list[Move]:
        """The events that pass these filters, oldest first."""
        return [
            move
            for move in self.moves
            if prompt_id in (None, move.prompt_id)
            and label in (None, move.label)
            and (since is None or move.moved_at >= since)
            and (until is None or move.moved_at <= until)
        ]


def _add_prompt(tx: Any, project_id: str, name: str, author: str) -> None:
    times = {"created_at": "now", "updated_at": "now"}
    row = {"id": name, "project_id": project_id, "name": name, "slug": name, "tags": [], "status": "active"}
    tx.insert("prompts", {**row, **times, "created_by_user_id": author})
    version = {"id": f"v_{name}", "prompt_id": name, "version": 1, "format": "text", "template_json": {}}
    tx.insert(
        "prompt_versions", {**version, "variables_schema": None, "created_by_user_id": author, "created_at": "now"}
    )


def moves(count: int, seconds: list[int]) -> list[Move]:
    chosen = random.Random(1)
    return [
        Move(f"e{number}", chosen.choice(PROMPTS[:2]), chosen.choice(LABELS), moment(seconds[number]))
        for number in range(count)
    ]


def filters() -> Iterator[dict[str, Any]]:
    times = (None, moment(0), moment(700), moment(1500), moment(99_999 % 86_400))
    for prompt_id, label, since, until in itertools.product((None, *PROMPTS), (None, "live"), times, times):
        yield {"prompt_id": prompt_id, "label": label, "since": since, "until": until}


@pytest.mark.parametrize("clock", ["straight", "still", "back"])
def test_every_page_of_label_events_is_right(clock: str, place: str | None) -> None:
    count = 3300
    seconds = {
        "straight": [number // 2 for number in range(count)],
        "still": [700] * count,
        "back": [number // 2 - (900 if number > 2000 else 0) for number in range(count)],
    }[clock]
    filled = Filled(moves(count, seconds), place)
    for given in filters():
        expected = filled.expected(**given)
        if clock == "back" and (given["since"] or given["until"]):
            expected.sort(key=lambda move: (move.moved_at, int(move.id[1:])))
        ids = [move.id for move in reversed(expected)]
        for limit, offset in ((20, 0), (7, len(ids) // 2), (100, max(0, len(ids) - 30)), (10, len(ids)), (1, 10**6)):
            assert filled.page(limit, offset, **given) == (ids[offset : offset + limit], len(ids)), given
    filled.store.close()


def test_pages_of_label_events_over_http(to11: LocalTo11) -> None:
    api = Api.of(to11)
    prompt, *versions = api.prompt("a", versions=2)
    for number in range(7):
        api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=versions[number % 2].id)
    pages = [api.prompts.list_label_events(scope="project", page=page, limit=3) for page in (1, 2, 3, 4)]
    assert [len(page.items) for page in pages] == [3, 3, 1, 0]
    assert {(page.pagination.total, page.pagination.total_pages) for page in pages} == {(7, 3)}
    other = api.prompts.list_label_events(scope="project", prompt_id="prompt_of_nobody")
    assert (other.items, other.pagination.total) == ([], 0)


def test_the_pages_of_prompts_are_right(place: str | None) -> None:
    store = open_store(place)
    platform = Platform(store)
    project_id = platform.main.project_id
    chosen = random.Random(2)
    rows: list[dict[str, Any]] = []
    for number in range(1200):
        tags = ["all", f"t{number % 3}", *(["rare"] if number % 400 == 0 else [])]
        row = {"id": f"p{number}", "name": f"N{number * 7919 % 1200:04}", "slug": f"s{number * 31 % 1200:04}"}
        row |= {"tags": tags, "status": chosen.choice(["active", "draft"]), "created_at": moment(number // 5)}
        rows.append({**row, "updated_at": moment(chosen.randrange(50))})
    with store.transaction() as tx:
        author = tx.value("SELECT id FROM keys")
        for row in rows:
            tx.insert("prompts", {**row, "project_id": project_id, "created_by_user_id": author})
        for row in rows[::10]:
            row["status"] = "archived"
            tx.update("prompts", {"id": row["id"]}, {"status": "archived"})
        for row in rows[5::10]:
            row["tags"] = ["all", "other"]
            tx.update("prompts", {"id": row["id"]}, {"tags": row["tags"]})
    columns = {"name": "name", "slug": "slug", "createdAt": "created_at", "updatedAt": "updated_at"}
    wanted = ([], ["all"], ["t1"], ["rare"], ["all", "t2"], ["rare", "t0", "all"], ["none"], ["all", "none"])
    statuses = (None, "active", "draft", "archived")
    with store.transaction(write=False) as tx:
        for status, tags, (key, column), sign in itertools.product(statuses, wanted, columns.items(), ("", "-")):
            found = [
                row
                for row in rows
                if {*tags} <= {*row["tags"]} and row["status"] in ((status,) if status else ("active", "draft"))
            ]
            found.sort(key=lambda row: (row[column], int(row["id"][1:])), reverse=sign == "-")
            ids = [row["id"] for row in found]
            for limit, offset in ((20, 0), (7, len(ids) // 2), (9, max(0, len(ids) - 4)), (5, len(ids) + 1)):
                shown, total = prompts.find(
                    tx,
                    project_id=project_id,
                    status=status,
                    tags=tags,
                    order=sign + key,
                    limit=limit,
                    offset=offset,
                )
                assert ([row["id"] for row in shown], total) == (ids[offset : offset + limit], len(ids))
    platform.close()


def test_as_many_tags_as_fit_into_a_request_can_be_asked_for(to11: LocalTo11) -> None:
    api = Api.of(to11)
    tags = [f"t{number}" for number in range(1500)]
    made = api.prompts.create(name="A", slug="a", tags=tags)
    assert [prompt.id for prompt in api.prompts.list(tags=",".join(tags)).items] == [made.id]
    assert api.prompts.list(tags=",".join([*tags, "other"])).items == []


class Plans:
    """The plans of the queries that readers of a data file ran."""

    def __init__(self) -> None:
        self.queries: list[str] = []

    def open(self, path: Any) -> sqlite3.Connection:
        connection = open_reader(path)
        connection.set_trace_callback(self.queries.append)
        return connection

    def of(self, data: Path) -> dict[str, list[str]]:
        connection = sqlite3.connect(data)
        # That table has one row.
        queries = {query for query in self.queries if query.lstrip().startswith("SELECT") and "_changes" not in query}
        plans = {
            query: [row[-1] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}").fetchall()]
            for query in queries
        }
        connection.close()
        return plans


@contextmanager
def planned(monkeypatch: pytest.MonkeyPatch, data: Path) -> Generator[tuple[Api, Plans]]:
    plans = Plans()
    monkeypatch.setattr(readers, "open_reader", plans.open)
    with LocalTo11(data, clock=Clock()) as to11:
        yield Api.of(to11), plans


def test_every_list_follows_an_index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = tmp_path / "to11.db"
    with planned(monkeypatch, data) as (api, plans):
        prompt = api.prompts.create(name="A", slug="a", tags=["one", "two"])
        version = api.prompts.create_version(prompt_id=prompt.id, **TEXT)
        api.prompts.move_label(prompt_id=prompt.id, label="production", version_id=version.id)
        rule = api.versions.create(rule_id="r", snapshot=SNAPSHOT)
        release = api.releases.set(rule_id="r", env_slug="prod", strategy="single", version_id=rule.id)
        plans.queries.clear()
        for status, tags, sort in itertools.product((None, "draft"), (None, "one", "one,two"), ("name", "-createdAt")):
            api.prompts.list(status=status, tags=tags, sort_by=sort)
        for dates in ({}, {"since": "2026-01-01", "until": "2027-01-01"}):
            api.prompts.list_label_events(scope="project", **dates)
            api.prompts.list_label_events(scope="project", label="production", **dates)
            api.prompts.list_label_events(scope="prompt", prompt_id=prompt.id, **dates)
            api.prompts.list_label_events(scope="label", prompt_id=prompt.id, label="production", **dates)
        api.prompts.list_versions(prompt_id=prompt.id)
        api.prompts.list_labels(prompt_id=prompt.id)
        for archived in (True, False):
            api.prompts.list_project_labels(include_archived=archived)
            api.environments.list(include_archived=archived)
        api.prompts.list_project_label_usages(label="production")
        api.environments.get(slug="prod")
        api.prompts.resolve(slug="a", labels=["other", "production"])
        for more in ({}, {"cursor": 2}):
            api.versions.list(rule_id="r", **more)
        for more in ({}, {"cursor": release.id}):
            api.releases.list(rule_id="r", **more)
            api.releases.list(rule_id="r", env_slug="prod", **more)
        found = plans.of(data)
    assert len(found) > 30
    for query, plan in found.items():
        text = "\n".join(plan)
        assert not re.search(r"SCAN (?!\w+ VIRTUAL TABLE|CONSTANT ROW)", text), (query, text)
        # A few prompts with a rare tag are sorted; of more, an index is followed.
        is_rare = "FROM prompt_tags AS t" in query
        assert is_rare or "TEMP B-TREE" not in text, (query, text)


class Steps:
    """Counts the steps of SQLite's machine, in hundreds, in all connections of this process."""

    def __init__(self) -> None:
        self.hundreds = 0

    def connect(self, *args: Any, **options: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = CONNECT(*args, **options)
        connection.set_progress_handler(self._count, 100)
        return connection

    def _count(self) -> int:
        self.hundreds += 1
        return 0


CONNECT = sqlite3.connect
PAGES = [
    "label-events",
    "label-events?page=80&limit=100",
    "label-events?label=live",
    "label-events?since=2026-06-17T01:00:00Z&until=2026-06-17T02:00:00Z",
    "prompts/{}/label-events",
    "prompts/{}/labels/live/events",
    "prompts",
    "prompts?sortBy=name",
    "prompts?sortBy=-updatedAt&status=draft",
    "prompts?tags=all",
]


def fill(data: Path, prompts: int, events: int) -> None:
    """Give the project of a data file that many prompts and label events, as fast as SQLite can."""
    with closing(CONNECT(data)) as file, file:
        (project_id, author) = file.execute("SELECT project_id, id FROM keys").fetchone()
        file.executemany(
            "INSERT INTO prompts (id, project_id, name, slug, tags, status, created_by_user_id, created_at, updated_at)"
            f" VALUES (?1, '{project_id}', ?1, ?1, '[\"all\"]', ?2, '{author}', ?3, ?3)",
            ((f"p{number}", "active" if number % 9 else "draft", moment(number)) for number in range(prompts)),
        )
        file.executemany(
            "INSERT INTO prompt_versions (id, prompt_id, version, format, template_json, variables_schema,"
            f" created_by_user_id, created_at) VALUES (?1, ?2, 1, 'text', '{{}}', 'null', '{author}', 'now')",
            ((f"v{number}", f"p{number}") for number in range(prompts)),
        )
        moved = ((number, number % prompts, LABELS[number // prompts % 2]) for number in range(events))
        file.executemany(
            EVENT,
            (
                (f"e{number}", project_id, f"p{prompt}", label, f"v{prompt}", author, moment(number))
                for number, prompt, label in moved
            ),
        )


def test_the_work_for_a_page_does_not_grow_with_the_list(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    data = tmp_path / "to11.db"
    with LocalTo11(data):
        pass
    fill(data, 1500, 12_000)
    steps = Steps()
    monkeypatch.setattr(sqlite3, "connect", steps.connect)
    needed: dict[str, int] = {}
    with LocalTo11(data) as to11:
        for path in PAGES:
            before = steps.hundreds
            assert call(to11, "GET", path.format("p1")).json["data"]
            needed[path] = steps.hundreds - before
    # A page needs up to 42; a look at each of the prompts or events needs from 300 up.
    assert {path: count for path, count in needed.items() if count > 100} == {}
