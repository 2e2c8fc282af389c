from __future__ import annotations

import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from bound import Api, call

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.store import DataFileError, open_store


def test_a_data_file_remembers_its_project_key_and_state(tmp_path: Path) -> None:
    data = tmp_path / "to11.db"
    with LocalTo11(data) as to11:
        access = (to11.project_id, to11.api_key)
        api = Api.of(to11)
        prompt, version = api.prompt("a", versions=1)
        api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id)
        to11.enforce_label_registry = True
        limited = to11.create_key(permissions={"prompt:read"})
        other = to11.create_project()
    assert [path.name for path in tmp_path.iterdir()] == ["to11.db"]
    with LocalTo11(data) as to11:
        assert (to11.project_id, to11.api_key) == access
        assert to11.enforce_label_registry is True
        resolved = Api.of(to11).prompts.resolve(slug="a", labels=["live"])
        assert resolved.version_id == version.id
        assert call(to11, "POST", "prompts", b'{"name": "B", "slug": "b"}', key=limited).status == 403
        assert call(to11, "GET", f"/v1/projects/{other.project_id}/prompts", key=other.api_key).status == 200


def test_only_the_main_key_is_kept_in_clear_and_only_for_the_owner(tmp_path: Path) -> None:
    data = tmp_path / "to11.db"
    with LocalTo11(data) as to11:
        main, other, project = to11.api_key, to11.create_key(), to11.create_project()
    content = data.read_bytes()
    assert main.encode() in content
    assert other.encode() not in content
    assert project.api_key.encode() not in content
    assert stat.S_IMODE(data.stat().st_mode) == 0o600


def test_two_servers_may_share_a_file(tmp_path: Path) -> None:
    data = tmp_path / "to11.db"
    with LocalTo11(data) as one, LocalTo11(data) as two:
        prompt = Api.of(one).prompt("a")
        assert Api.of(two).prompts.get(prompt_id=prompt.id) == prompt


def test_a_file_of_something_else_is_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "other.db"
    with sqlite3.connect(data) as other:
        other.execute("CREATE TABLE mine (value)")
    other.close()
    before = data.read_bytes()
    with pytest.raises(DataFileError, match="something else"):
        open_store(data)
    assert data.read_bytes() == before
    text = tmp_path / "notes.txt"
    text.write_text("not a database, and long enough to be told from one" * 50)
    with pytest.raises(DataFileError, match="not a database"):
        open_store(text)


def test_a_file_of_another_version_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "to11.db"
    open_store(data).close()
    with sqlite3.connect(data) as changed:
        changed.execute("PRAGMA user_version = 99")
    changed.close()
    with pytest.raises(DataFileError, match="has format 99"):
        open_store(data)


def restored(tmp_path: Path, number: int) -> Path:
    """A data file as an older version of this project left it."""
    data = tmp_path / "to11.db"
    with sqlite3.connect(data) as shell:
        shell.executescript((Path(__file__).parent / "data_files" / f"format_{number}.sql").read_text("utf-8"))
    shell.close()
    return data


def definitions(data: Path) -> list[tuple[str, ...]]:
    with sqlite3.connect(data) as shell:
        rows = shell.execute("SELECT type, name, tbl_name FROM sqlite_master ORDER BY type, name").fetchall()
        assert shell.execute("PRAGMA user_version").fetchone() == (5,)
        assert shell.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert shell.execute("PRAGMA foreign_key_check").fetchall() == []
    shell.close()
    return rows


@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_file_of_an_older_format_is_upgraded(tmp_path: Path, number: int, caplog: pytest.LogCaptureFixture) -> None:
    data = restored(tmp_path, number)
    with LocalTo11(data) as to11:
        api = Api.of(to11)
        assert to11.strict_variables is True
        farewell, welcome = api.prompts.list().items
        assert (farewell.slug, welcome.slug) == ("farewell", "welcome")
        assert [each.slug for each in api.prompts.list(status="archived").items] == ["gone"]
        assert [each.slug for each in api.prompts.list(tags="mail").items] == ["farewell", "welcome"]
        assert [each.slug for each in api.prompts.list(tags="mail,first").items] == ["welcome"]
        resolved = api.prompts.resolve(slug="welcome", labels=["live"], variables={"name": "Ada"})
        assert (resolved.version, resolved.rendered.text) == (1, "Hello Ada")  # type: ignore[union-attr]
        events = api.prompts.list_label_events(scope="project", limit=5)
        assert (events.pagination.total, len(events.items)) == (12, 5)
        dated = api.prompts.list_label_events(scope="project", label="live", since=events.items[4].moved_at)
        assert dated.pagination.total == 3
        assert len(api.prompts.list_versions(prompt_id=welcome.id)) == 2
        first, second = api.releases.list(rule_id="r", env_slug="prod")
        assert (first.prior_release_id, first.active_to) == (second.id, None)
        assert [each.slug for each in api.environments.list()] == ["prod", "staging", "test"]
        assert len(to11.traces()) == (0 if number == 1 else 3)
        api.prompts.move_label(
            prompt_id=welcome.id, label="live", version_id=api.prompts.list_versions(prompt_id=welcome.id)[0].id
        )
        assert api.prompts.list_label_events(scope="prompt", prompt_id=welcome.id).pagination.total == 5
    assert caplog.messages == [f"{data} is upgraded from format {number} to 5; a large file needs seconds"]
    fresh = tmp_path / "fresh.db"
    open_store(fresh).close()
    assert definitions(data) == definitions(fresh)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh.db", "to11.db"]


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    data = restored(tmp_path, 2)
    with sqlite3.connect(data) as shell:
        shell.execute("CREATE VIEW prompt_tags AS SELECT 1")
    shell.close()
    with pytest.raises(DataFileError, match="cannot use"):
        open_store(data)
    with sqlite3.connect(data) as shell:
        assert shell.execute("PRAGMA user_version").fetchone() == (2,)
        shell.execute("DROP VIEW prompt_tags")
    shell.close()
    open_store(data).close()


def test_two_servers_upgrade_a_file_together(tmp_path: Path) -> None:
    data = restored(tmp_path, 2)
    with ThreadPoolExecutor(2) as pool:
        for store in pool.map(open_store, [data, data]):
            store.close()
    assert len(definitions(data)) > 50


def test_servers_make_a_file_together(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        for number in range(20):
            for store in pool.map(open_store, [tmp_path / f"{number}.db"] * 3):
                store.close()


def test_a_path_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "no" / "such" / "folder"):
        with pytest.raises(DataFileError, match="cannot use"):
            open_store(path)


def test_a_file_is_written_safely(tmp_path: Path) -> None:
    store = open_store(tmp_path / "to11.db")
    with store.transaction() as tx:
        assert tx.value("PRAGMA journal_mode") == "wal"
        assert tx.value("PRAGMA synchronous") == 2
        assert tx.value("PRAGMA foreign_keys") == 1
        assert tx.value("SELECT value FROM counter WHERE value < 0") is None
    store.close()


def test_a_transaction_that_fails_leaves_nothing() -> None:
    store = open_store()
    project = {"id": "p", "created_at": "now"}

    def write(*rows: dict[str, str]) -> None:
        with store.transaction() as tx:
            for row in rows:
                tx.insert("projects", row)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write(project)
    with store.transaction(write=False) as tx:
        assert tx.all("SELECT * FROM projects") == []
    with pytest.raises(sqlite3.IntegrityError):
        write(project, project)
    with store.transaction(write=False) as tx:
        assert tx.all("SELECT * FROM projects") == []
    store.close()


@pytest.mark.parametrize(
    "forbidden",
    [
        "UPDATE prompt_label_events SET reason = 'other'",
        "DELETE FROM prompt_label_events",
        "UPDATE prompt_versions SET changelog = 'other'",
        "DELETE FROM prompt_versions",
        "DELETE FROM prompts",
        "UPDATE prompts SET status = 'lost'",
        "UPDATE rule_versions SET description = 'other'",
        "DELETE FROM rule_versions",
        "UPDATE rule_releases SET reason = 'other'",
        "UPDATE rule_releases SET active_to = NULL",
        "DELETE FROM rule_releases",
        "UPDATE environments SET slug = 'same'",
        "UPDATE environments SET is_default = 1",
        "UPDATE environments SET is_gateway_fallback = 1",
        "UPDATE environments SET archived_at = 'now'",
        "INSERT INTO prompt_labels VALUES ('nope', 'live', 1)",
    ],
)
def test_the_database_itself_refuses_what_must_never_be(tmp_path: Path, forbidden: str) -> None:
    data = tmp_path / "to11.db"
    with LocalTo11(data) as to11:
        api = Api.of(to11)
        prompt, version = api.prompt("a", versions=1)
        api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id)
        (released,) = api.rule("r", 1)
        for _ in range(2):
            api.releases.set(rule_id="r", env_slug="prod", strategy="single", version_id=released)
    store = open_store(data)
    with pytest.raises(sqlite3.IntegrityError), store.transaction() as tx:
        tx.run(forbidden)
    store.close()


@pytest.mark.parametrize("place", ["memory", "file"])
def test_the_version_changes_with_the_platform_and_not_with_records_of_the_gateway(tmp_path: Path, place: str) -> None:
    store = open_store(tmp_path / "to11.db" if place == "file" else None)
    first = store.version
    with store.transaction() as tx:
        tx.insert("projects", {"id": "p", "created_at": "now"})
    second = store.version
    assert second != first
    with store.records() as tx:
        tx.run("DELETE FROM gateway_replies")
        tx.run("UPDATE counter SET value = value + 1")
    with store.transaction(write=False) as tx:
        tx.all("SELECT * FROM projects")
    assert store.version == second
    store.close()


def test_the_version_notices_another_server_and_a_change_by_hand(tmp_path: Path) -> None:
    data = tmp_path / "to11.db"
    store = open_store(data)
    with LocalTo11(data) as other:
        before = store.version
        Api.of(other).prompt("a")
        after = store.version
        assert after != before
    with sqlite3.connect(data) as shell:
        shell.execute("UPDATE environments SET name = 'Other'")
    shell.close()
    assert store.version != after
    store.close()


def test_a_reader_sees_one_state_of_the_file_while_another_writes(tmp_path: Path) -> None:
    store = open_store(tmp_path / "to11.db")
    with store.transaction(write=False) as tx:
        assert tx.all("SELECT id FROM projects") == []
        with store.transaction() as other:
            other.insert("projects", {"id": "p", "created_at": "now"})
        assert tx.all("SELECT id FROM projects") == []
    with store.transaction(write=False) as tx:
        assert tx.all("SELECT id FROM projects") == [{"id": "p"}]
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["to11.db"]
