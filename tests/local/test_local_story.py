"""One story told to a server in a process of its own, with and without killing that process on the way."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from bound import SNAPSHOT, TEXT, Api

from to11ai_sdk import To11aiNetworkError, create_client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVE = "import sys; from to11ai_sdk.local.serve import serve; sys.exit(serve(0, sys.argv[1], as_json=True))"


class Server:
    """A local to11 on a data file, in a process that can be killed."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._start()

    def _start(self) -> None:
        command = [sys.executable, "-c", SERVE, str(self._data)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        ready = json.loads(self._process.stdout.readline())
        self._client = create_client(api_key=ready["api_key"], base_url=ready["base_url"], max_retries=0)
        self.api = Api(self._client, ready["project_id"])

    def end(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        self._process.communicate(timeout=60)
        self._client.close()

    def kill(self) -> None:
        """SIGKILL, and another server on the same file."""
        self.end(signal.SIGKILL)
        self._start()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "to11.db"


@pytest.fixture
def server(data: Path) -> Iterator[Server]:
    server = Server(data)
    yield server
    server.end(signal.SIGTERM)


class Story:
    """What a team does in a day; ``tell`` stops after every write that was acknowledged."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.names: dict[str, str] = {}

    def _api(self) -> Api:
        return self._server.api

    def _named(self, name: str, made: Any) -> str:
        self.names[made.id] = name
        return str(made.id)

    def tell(self) -> Iterator[str]:
        yield from self._prompts()
        yield from self._environment()
        yield from self._weighted()

    def _prompts(self) -> Iterator[str]:
        ids: dict[str, str] = {}
        for slug, versions in (("greeting", 3), ("farewell", 2)):
            ids[slug] = self._named(slug, self._api().prompts.create(name=slug, slug=slug))
            yield f"create {slug}"
            for number in range(1, versions + 1):
                name = f"{slug}.{number}"
                ids[name] = self._named(name, self._api().prompts.create_version(prompt_id=ids[slug], **TEXT))
                yield f"version {name}"
        for slug, label, number in (
            ("greeting", "production", 1),
            ("greeting", "production", 2),
            ("greeting", "production", 1),
            ("greeting", "canary", 3),
            ("farewell", "production", 1),
            ("farewell", "production", 2),
            ("farewell", "production", 2),
        ):
            self._api().prompts.move_label(
                prompt_id=ids[slug], label=label, version_id=ids[f"{slug}.{number}"], reason=f"to {number}"
            )
            yield f"{label} of {slug} to {number}"

    def _environment(self) -> Iterator[str]:
        self._api().environments.create(slug="qa", name="Quality")
        yield "create qa"
        self._api().environments.update(slug="qa", new_slug="quality")
        yield "rename qa"
        made = self._api().versions.create(rule_id="r", snapshot=SNAPSHOT)
        self.one = self._named("r.1", made)
        yield "rule version 1"
        single = {"strategy": "single", "version_id": self.one}
        self._named("R1", self._api().releases.set(rule_id="r", env_slug="quality", **single))
        yield "release to quality"
        counts = self._api().environments.archive(slug="qa").live_pointer_counts
        assert counts.model_dump() == {"prompts": 0, "providers": 0, "rules": 1}
        yield "archive quality"
        self._api().environments.restore(slug="quality")
        yield "restore quality"

    def _weighted(self) -> Iterator[str]:
        two = self._named("r.2", self._api().versions.create(rule_id="r", snapshot=SNAPSHOT))
        yield "rule version 2"
        for name, first in (("R2", 90), ("R3", 50)):
            shares = [{"versionId": self.one, "weight": first}, {"versionId": two, "weight": 100 - first}]
            made = self._api().releases.set(rule_id="r", env_slug="prod", strategy="weighted", weights=shares)
            self._named(name, made)
            yield f"release {name}"
        self._named("R4", self._api().releases.rollback(rule_id="r", env_slug="prod", reason="errors"))
        yield "roll back"


EVENTS = [
    ("farewell", "production", "farewell.1", "farewell.2", "to 2"),
    ("farewell", "production", None, "farewell.1", "to 1"),
    ("greeting", "canary", None, "greeting.3", "to 3"),
    ("greeting", "production", "greeting.2", "greeting.1", "to 1"),
    ("greeting", "production", "greeting.1", "greeting.2", "to 2"),
    ("greeting", "production", None, "greeting.1", "to 1"),
]
LABELS = {"greeting": {"canary": "greeting.3", "production": "greeting.1"}, "farewell": {"production": "farewell.2"}}
ENVIRONMENTS = [("prod", False), ("staging", False), ("quality", False)]
RELEASES = [
    ("R4", "prod", "release_rolled_back", "R3", {"r.1": 90, "r.2": 10}, "serves"),
    ("R3", "prod", "release_weight_changed", "R2", {"r.1": 50, "r.2": 50}, "closed"),
    ("R2", "prod", "release_initial", None, {"r.1": 90, "r.2": 10}, "closed"),
    ("R1", "quality", "release_initial", None, {"r.1": 100}, "closed"),
]
ROWS = {
    "projects": 1,
    "keys": 1,
    "prompts": 2,
    "prompt_versions": 5,
    "prompt_label_events": 6,
    "prompt_labels": 3,
    "project_labels": 1,
    "environments": 3,
    "environment_aliases": 1,
    "provider_activations": 0,
    "rules": 1,
    "rule_versions": 2,
    "rule_releases": 4,
}


def check_state(api: Api, names: dict[str, str]) -> None:
    """Everything that the story leaves, and nothing else."""
    ids = {name: identity for identity, name in names.items()}
    page = api.prompts.list(sort_by="createdAt")
    assert [(prompt.slug, prompt.status) for prompt in page.items] == [("greeting", "active"), ("farewell", "active")]
    for slug, labels in LABELS.items():
        versions = api.prompts.list_versions(prompt_id=ids[slug])
        assert [(names[row.id], row.version) for row in versions[::-1]] == [
            (f"{slug}.{number}", number) for number in range(1, len(versions) + 1)
        ]
        pointers = api.prompts.list_labels(prompt_id=ids[slug])
        assert {row.label: names[row.version_id] for row in pointers} == labels
    events = api.prompts.list_label_events(scope="project").items
    assert [
        (names[row.prompt_id], row.label, names.get(row.from_version_id or ""), names[row.to_version_id], row.reason)
        for row in events
    ] == EVENTS
    check_routing(api, names)


def check_routing(api: Api, names: dict[str, str]) -> None:
    environments = api.environments.list(include_archived=True)
    assert [(row.slug, row.archived_at is not None) for row in environments] == ENVIRONMENTS
    assert api.environments.get(slug="qa") == environments[2]
    assert [(names[row.id], row.version) for row in api.versions.list(rule_id="r")] == [("r.2", 2), ("r.1", 1)]
    releases = []
    for row in api.releases.list(rule_id="r"):
        shares = {share.version_id: share.weight for share in row.weights or []} or {row.version_id: 100}
        served = {names[version_id]: weight for version_id, weight in shares.items()}
        state = "serves" if row.active_to is None else "closed"
        prior = names.get(row.prior_release_id or "")
        releases.append((names[row.id], row.env_slug, row.change_kind, prior, served, state))
    assert releases == RELEASES


def check_file(data: Path) -> None:
    """The rows of each table, and that the file is sound."""
    database = sqlite3.connect(data)
    try:
        counted = {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ROWS}
        assert counted == ROWS
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        database.close()


@pytest.mark.parametrize("kill_after", [(), (3, 9), (15, 17, 20), (6, 18, 22)])
def test_the_story_leaves_the_same_rows_and_events_however_often_the_server_is_killed(
    server: Server, data: Path, kill_after: tuple[int, ...]
) -> None:
    story = Story(server)
    steps = 0
    for steps, _ in enumerate(story.tell(), start=1):
        if steps in kill_after:
            server.kill()
    assert steps == 24
    check_state(server.api, story.names)
    server.kill()
    check_state(server.api, story.names)
    check_file(data)


def test_a_kill_amid_writes_loses_nothing_acknowledged_and_leaves_nothing_half_written(
    server: Server, data: Path
) -> None:
    api = server.api
    prompt = api.prompts.create(name="a", slug="a")
    enough = Event()
    acknowledged: list[tuple[int, str, str]] = []

    def write(thread: int) -> None:
        try:
            while True:
                version = api.prompts.create_version(prompt_id=prompt.id, **TEXT)
                api.prompts.move_label(prompt_id=prompt.id, label=f"l{thread}", version_id=version.id)
                acknowledged.append((version.version, version.id, f"l{thread}"))
                if len(acknowledged) > 60:
                    enough.set()
        except To11aiNetworkError:
            enough.set()

    with ThreadPoolExecutor(6) as pool:
        for thread in range(6):
            pool.submit(write, thread)
        assert enough.wait(100)
        server.kill()

    versions = server.api.prompts.list_versions(prompt_id=prompt.id)
    assert [row.version for row in versions] == list(range(len(versions), 0, -1))
    there = {(row.version, row.id) for row in versions}
    assert {(number, version_id) for number, version_id, _ in acknowledged} <= there
    events = sqlite3.connect(data)
    moved = events.execute("SELECT to_version_id, label FROM prompt_label_events").fetchall()
    pointing = events.execute(
        "SELECT count(*) FROM prompt_labels WHERE event <> "
        "(SELECT max(sequence) FROM prompt_label_events AS e WHERE e.label = prompt_labels.label)"
    ).fetchone()
    assert events.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    events.close()
    assert {(version_id, label) for _, version_id, label in acknowledged} <= set(moved)
    assert pointing == (0,)
