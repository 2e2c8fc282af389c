"""What is PostgreSQL's own: servers that share a database, a server that restarts or refuses, and the words for it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from bound import TEXT, Api, call, refused
from services.postgres import PostgresServer, running_postgres

from to11ai_sdk.local import DataFileError, LocalTo11, bounds
from to11ai_sdk.local.store import StorageProblem, open_store

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

psycopg = pytest.importorskip("psycopg")


@pytest.fixture
def url(postgres_server: PostgresServer) -> str:
    return postgres_server.url()


@pytest.fixture(scope="module")
def own_server() -> Iterator[PostgresServer]:
    """A server that tests may stop."""
    with running_postgres() as server:
        yield server


def schema_of(url: str) -> str:
    return url.rpartition("%3D")[2]


@contextmanager
def shell(url: str) -> Generator[Any]:
    """A session by hand; what it does is undone if it does not commit."""
    with psycopg.connect(url) as connection:
        yield connection
        connection.rollback()


def test_a_database_remembers_its_project_key_and_state(url: str) -> None:
    with LocalTo11(url) as to11:
        access = (to11.project_id, to11.api_key)
        api = Api.of(to11)
        prompt, version = api.prompt("a", versions=1)
        api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id)
        to11.enforce_label_registry = True
        limited = to11.create_key(permissions={"prompt:read"})
    with LocalTo11(url) as to11:
        assert (to11.project_id, to11.api_key) == access
        assert to11.enforce_label_registry is True
        assert Api.of(to11).prompts.resolve(slug="a", labels=["live"]).version_id == version.id
        assert call(to11, "POST", "prompts", b'{"name": "B", "slug": "b"}', key=limited).status == 403


def test_servers_that_share_a_database_see_each_others_changes_at_once(url: str) -> None:
    with LocalTo11(url) as one, LocalTo11(url) as two:
        assert (one.project_id, one.api_key) == (two.project_id, two.api_key)
        for number in range(5):
            prompt = Api.of(one).prompt(f"p{number}")
            assert Api.of(two).prompts.get(prompt_id=prompt.id) == prompt
            assert call(two, "GET", "prompts", key=one.create_key()).status == 200
            other = one.create_project()
            assert call(two, "GET", f"/v1/projects/{other.project_id}/prompts", key=other.api_key).status == 200


def test_writers_of_several_servers_give_no_number_twice(url: str) -> None:
    with LocalTo11(url) as one, LocalTo11(url) as two:
        prompt = Api.of(one).prompt("a")
        apis = [Api.of(one), Api.of(two)]

        def work(number: int) -> int:
            return int(apis[number % 2].prompts.create_version(prompt_id=prompt.id, **TEXT).version)

        with ThreadPoolExecutor(8) as pool:
            assert sorted(pool.map(work, range(24))) == list(range(1, 25))


def test_servers_make_the_tables_together(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        for store in pool.map(open_store, [url] * 4):
            store.close()


def test_the_version_notices_other_servers_and_a_change_by_hand(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store, other = open_store(url), open_store(url)
    before = store.version
    with other.transaction() as tx:
        tx.insert("projects", {"id": "p", "created_at": "now"})
    assert other.version != before
    assert store.fresh_version() == other.version
    with shell(url) as hand:
        hand.execute("UPDATE projects SET created_at = 'later'")
        hand.commit()
    monkeypatch.setattr(bounds, "VERSION_AGE_S", 0.0)
    assert store.version != other.fresh_version() - 1
    known = store.version
    with store.records() as tx:
        tx.run("DELETE FROM gateway_replies")
    assert store.version == known
    store.close()
    other.close()


def test_a_reader_sees_one_state_while_another_server_writes(url: str) -> None:
    store, other = open_store(url), open_store(url)
    with store.transaction(write=False) as tx:
        assert tx.all("SELECT id FROM projects") == []
        with other.transaction() as writing:
            writing.insert("projects", {"id": "p", "created_at": "now"})
        assert tx.all("SELECT id FROM projects") == []
    with store.transaction(write=False) as tx:
        assert tx.all("SELECT id FROM projects") == [{"id": "p"}]
    store.close()
    other.close()


def test_a_change_is_known_as_soon_as_it_is_committed_whoever_read_meanwhile(url: str) -> None:
    with LocalTo11(url) as to11, shell(url) as hand:
        # At the end of a transaction with a new prompt PostgreSQL waits for a lock, as for a slow disk.
        hand.execute(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_advisory_xact_lock(7); RETURN NULL; END $$"
        )
        hand.execute(
            "CREATE CONSTRAINT TRIGGER waits AFTER INSERT ON prompts DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION wait()"
        )
        hand.commit()
        hand.execute("SELECT pg_advisory_lock(7)")
        store = to11._platform._store
        with ThreadPoolExecutor(1) as pool:
            made = pool.submit(Api.of(to11).prompt, "a")
            sql = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'advisory'"
            while hand.execute(sql).fetchone() == (0,):
                time.sleep(0.01)
            time.sleep(0.01)
            before = store.fresh_version()
            hand.execute("SELECT pg_advisory_unlock(7)")
            made.result(60)
        assert store.version != before


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
def test_the_settings_of_a_user_do_not_change_what_a_transaction_sees(
    level: str, url: str, postgres_server: PostgresServer
) -> None:
    user = level.split()[0]
    postgres_server.run(f"CREATE ROLE {user} LOGIN", f"ALTER ROLE {user} SET default_transaction_isolation = '{level}'")
    postgres_server.run(f"CREATE SCHEMA {schema_of(url)} AUTHORIZATION {user}")
    url = url.replace("to11@", f"{user}@")
    with LocalTo11(url) as one, LocalTo11(url) as two:
        prompt = Api.of(one).prompt("a")

        def write(number: int) -> int:
            return Api.of((one, two)[number % 2]).prompts.create_version(prompt_id=prompt.id, **TEXT).version

        with ThreadPoolExecutor(4) as pool:
            assert sorted(pool.map(write, range(24))) == list(range(1, 25))


def test_tables_that_are_gone_are_said(url: str) -> None:
    with LocalTo11(url) as to11:
        with shell(url) as hand:
            hand.execute(f"DROP SCHEMA {schema_of(url)} CASCADE")
            hand.commit()
        with refused(503, "STORAGE_UNAVAILABLE"):
            Api.of(to11).prompts.list()
        assert call(to11, "GET", "/ready").status == 503


def test_a_transaction_that_fails_leaves_nothing(url: str) -> None:
    store = open_store(url)
    project = {"id": "p", "created_at": "now"}

    def write(*rows: dict[str, str]) -> None:
        with store.transaction() as tx:
            for row in rows:
                tx.insert("projects", row)
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        write(project)
    with pytest.raises(psycopg.IntegrityError):
        write(project, project)
    with pytest.raises(StorageProblem) as caught, store.transaction(write=False) as tx:
        tx.insert("projects", project)
    assert caught.value.code == "STORAGE_READ_ONLY"
    with store.transaction(write=False) as tx:
        assert tx.all("SELECT * FROM projects") == []
    store.close()


@pytest.mark.parametrize("text", ["\0", "a\0b\0", "\U0010fffe", "\U0010fffe0\0", "100 % 'of' :name ? ::x \\", "é漢😀"])
def test_every_text_comes_back_as_it_was(url: str, text: str) -> None:
    store = open_store(url)
    with store.transaction() as tx:
        tx.insert("projects", {"id": text, "created_at": "now"})
        assert tx.one("SELECT id FROM projects WHERE id = :id", id=text) == {"id": text}
    store.close()


def test_texts_sort_as_in_a_data_file(url: str) -> None:
    texts = ["a", "B", "_", "é", "Z", "-", "a-b", "ab", "😀", "0", "漢"]
    found = []
    for place in (None, url):
        store = open_store(place)
        with store.transaction() as tx:
            for text in texts:
                tx.insert("projects", {"id": text, "created_at": "now"})
            found.append([row["id"] for row in tx.all("SELECT id FROM projects ORDER BY id")])
        store.close()
    assert found == [sorted(texts)] * 2


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
        "UPDATE environments SET is_default = TRUE",
        "UPDATE environments SET archived_at = 'now'",
        "INSERT INTO prompt_labels VALUES ('nope', 'live', 1)",
    ],
)
def test_the_database_itself_refuses_what_must_never_be(filled: str, forbidden: str) -> None:
    with shell(filled) as hand, pytest.raises(psycopg.IntegrityError):
        hand.execute(forbidden)


@pytest.fixture(scope="module")
def filled(postgres_server: PostgresServer) -> str:
    """A database with each kind of row that never changes."""
    url = postgres_server.url()
    with LocalTo11(url) as to11:
        api = Api.of(to11)
        prompt, version = api.prompt("a", versions=1)
        api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id)
        (released,) = api.rule("r", 1)
        for _ in range(2):
            api.releases.set(rule_id="r", env_slug="prod", strategy="single", version_id=released)
    return url


def test_a_restart_of_postgresql_needs_none_of_ours(own_server: PostgresServer) -> None:
    with LocalTo11(own_server.url()) as to11:
        api = Api.of(to11)
        made = [api.prompt("a")]
        own_server.restart()
        made.append(api.prompt("b"))
        own_server.stop()
        with refused(503, "STORAGE_UNAVAILABLE") as refusal:
            api.prompts.create(name="C", slug="c")
        assert "nothing was changed" in str(refusal.error)
        with pytest.raises(DataFileError, match="PostgreSQL cannot be reached"):
            to11.create_rule("r")
        own_server.start()
        assert api.prompts.list(sort_by="slug").items == made


def test_calls_that_wait_for_a_server_that_does_not_answer_wait_together(
    own_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "STORAGE_WAIT_S", 2.0)
    monkeypatch.setattr(bounds, "VERSION_AGE_S", 0.0)
    store = open_store(own_server.url())
    assert store.version == 0
    own_server.stop()
    asked = threading.Barrier(20)

    def read(_: int) -> str:
        asked.wait(30)
        with pytest.raises(StorageProblem) as caught:
            assert store.version
        return caught.value.code

    # It accepts connections, and says nothing.
    with socket.socket(socket.AF_UNIX) as silent, ThreadPoolExecutor(20) as pool:
        silent.bind(str(own_server.folder / ".s.PGSQL.5432"))
        silent.listen(100)
        begun = time.monotonic()
        assert set(pool.map(read, range(20))) == {"STORAGE_UNAVAILABLE"}
        assert time.monotonic() - begun < 20 * 2.0 / 2
    (own_server.folder / ".s.PGSQL.5432").unlink()
    own_server.start()
    assert store.version == 0
    store.close()


def test_a_change_whose_commit_was_not_confirmed_is_uncertain(url: str) -> None:
    store = open_store(url)
    with shell(url) as hand:
        hand.execute(
            "CREATE FUNCTION vanish() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END $$"
        )
        hand.execute(
            "CREATE CONSTRAINT TRIGGER vanishing AFTER INSERT ON projects DEFERRABLE INITIALLY DEFERRED "
            "FOR EACH ROW EXECUTE FUNCTION vanish()"
        )
        hand.commit()
    with pytest.raises(StorageProblem) as caught, store.transaction() as tx:
        tx.insert("projects", {"id": "p", "created_at": "now"})
    assert (caught.value.status, caught.value.code) == (503, "STORAGE_UNCERTAIN")
    with store.transaction(write=False) as tx:
        assert tx.all("SELECT * FROM projects") == []
    store.close()


def test_a_write_waits_and_then_says_that_the_database_is_held(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "STORAGE_WAIT_S", 0.2)
    store, other = open_store(url), open_store(url)
    with other.transaction():
        with pytest.raises(StorageProblem) as caught, store.transaction():
            pass
        assert (caught.value.status, caught.value.code) == (503, "STORAGE_BUSY")
        with store.transaction(write=False) as tx:
            assert tx.all("SELECT * FROM projects") == []
        with store.records() as tx:
            tx.run("DELETE FROM gateway_replies")
        with other.records(), pytest.raises(StorageProblem), store.records(wait_s=0.0):
            pass
    with store.transaction() as tx:
        assert tx.count() == 1
    store.close()
    other.close()


def test_more_threads_than_connections_take_turns(url: str) -> None:
    store = open_store(url)

    def read(_: int) -> Any:
        with store.transaction(write=False) as tx:
            return tx.value("SELECT count(*) FROM projects")

    with ThreadPoolExecutor(40) as pool:
        assert set(pool.map(read, range(200))) == {0}
    with shell(url) as hand:
        sql = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'to11ai local'"
        (opened,) = hand.execute(sql).fetchone()
    assert opened <= bounds.MAX_STORE_CONNECTIONS
    store.close()
    with pytest.raises(StorageProblem), store.transaction():
        pass


@pytest.mark.parametrize(
    ("setting", "statement", "code"),
    [
        ("default_transaction_read_only%3Don", "DELETE FROM gateway_replies", "STORAGE_READ_ONLY"),
        ("work_mem%3D4MB", "SELECT pg_sleep(60)", "STORAGE_BUSY"),
    ],
)
def test_a_refusal_of_the_server_is_said(
    url: str, setting: str, statement: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store(url).close()
    monkeypatch.setattr(bounds, "STATEMENT_WAIT_S", 0.5)
    store = open_store(url.replace("&options=", f"&options=-c{setting}%20"))
    with pytest.raises(StorageProblem) as caught, store.transaction() as tx:
        tx.run(statement)
    assert (caught.value.status, caught.value.code) == (503, code)
    store.close()


def test_too_many_connections_are_said(own_server: PostgresServer) -> None:
    own_server.restart("max_connections=6", "superuser_reserved_connections=1")
    store = open_store(own_server.url())
    held: list[Any] = []
    try:
        with pytest.raises(psycopg.OperationalError):
            held.extend(iter(lambda: psycopg.connect(own_server.url()), None))
        with pytest.raises(StorageProblem) as caught, store.transaction():
            pass
        assert caught.value.code == "STORAGE_UNAVAILABLE"
        assert "too many connections" in caught.value.message
        held.pop().close()

        def count(_: int) -> Any:
            with store.transaction(write=False) as tx:
                return tx.value("SELECT count(*) FROM projects")

        with ThreadPoolExecutor(8) as pool:  # they take turns with the one that is left
            assert set(pool.map(count, range(40))) == {0}
    finally:
        for connection in held:
            connection.close()
        store.close()
        own_server.restart()


@pytest.mark.parametrize(
    ("place", "reason"),
    [
        ("postgresql://me:s3cret@127.0.0.1:1/db", "cannot use PostgreSQL at 127.0.0.1, db, schema to11"),
        ("postgresql://me:s3cret%zz@host/db", "cannot read the URL"),
        ("postgresql://me:s3cret@host/db?nope=1", "cannot read the URL"),
        ("postgres://me:s3cret@[::1/db", "cannot read the URL"),
        ("postgresql://me:a@s3cret@127.0.0.1:1/db", "cannot read the URL"),
        ("postgresql://me:s3cret/a@127.0.0.1:1/db", "cannot read the URL"),
        ("postgresql://me:1/s3cret@127.0.0.1:1/db", "cannot read the URL"),
        ("postgresql://127.0.0.1:s3cret", "cannot read the URL"),
        ("postgresql://me:s3cret%40%2F%3A%23@127.0.0.1:1/db", "cannot use PostgreSQL at 127.0.0.1, db, schema to11"),
        ("postgresql://me:s3cret@host/db?options=-csearch_path%3Dmy-schema", "name of one schema"),
        ("postgresql://me:s3cret@host/db?options=-csearch_path%3Da,b", "name of one schema"),
        ("postgresql://me:s3cret@host/db?options=--search-path%3D$user", "name of one schema"),
        ("postgresql://me:s3cret@host/db?options=-csearch_path%3D", "name of one schema"),
    ],
)
def test_a_place_that_cannot_be_used_is_said_without_the_password(place: str, reason: str) -> None:
    with pytest.raises(DataFileError, match="PostgreSQL") as caught:
        open_store(place)
    error: BaseException | None = caught.value
    assert reason in str(error)
    while error is not None:
        assert "s3cret" not in f"{error}{error!r}"
        error = error.__cause__


@pytest.mark.parametrize("place", ["sqlite:///to11.db", "mysql://me:s3cret@host/db", "POSTGRESQL://me:s3cret@host/db"])
def test_another_url_is_no_store(place: str) -> None:
    with pytest.raises(DataFileError, match="path of a SQLite file, without sqlite:///, or a postgresql:// URL"):
        open_store(place)


@pytest.mark.parametrize(
    ("options", "schema"),
    [
        ("-csearch_path%3DMine", "mine"),
        ('-csearch_path%3D"Mine"', "Mine"),
        ("--search-path%3Dmine", "mine"),
        ("-c%20Search_Path%3Done%20-c%20search_path%3Dtwo", "two"),
        ("-cwork_mem%3D4MB", "to11"),
    ],
)
def test_the_schema_is_the_one_that_postgresql_reads_in_the_url(options: str, schema: str) -> None:
    from to11ai_sdk.local.store.postgres.place import PostgresPlace

    assert PostgresPlace.of(f"postgresql://host/db?options={options}").schema == schema


def test_a_user_without_rights_learns_what_to_grant(postgres_server: PostgresServer) -> None:
    postgres_server.run("CREATE ROLE weak LOGIN")
    with pytest.raises(DataFileError, match="GRANT CREATE ON DATABASE"):
        open_store(postgres_server.url(user="weak"))
    with pytest.raises(DataFileError, match="CREATE SCHEMA own AUTHORIZATION"):
        open_store(postgres_server.url("own", user="weak"))
    postgres_server.run("CREATE SCHEMA own AUTHORIZATION weak")
    open_store(postgres_server.url("own", user="weak")).close()


def test_a_schema_of_something_else_or_of_a_newer_version_is_left_alone(url: str) -> None:
    open_store(url).close()
    with shell(url) as hand:
        hand.execute("INSERT INTO formats (number) VALUES (99)")
        hand.commit()
    with pytest.raises(DataFileError, match="has format 99"):
        open_store(url)
    with shell(url) as hand:
        hand.execute("DROP TABLE platform_changes")
        hand.commit()
    with pytest.raises(DataFileError, match="something else"):
        open_store(url)


def test_a_server_that_is_killed_holds_nothing(url: str) -> None:
    program = (
        "import sys, time\nfrom to11ai_sdk.local.store import open_store\n"
        "with open_store(sys.argv[1]).transaction() as tx:\n"
        "    tx.insert('projects', {'id': 'lost', 'created_at': 'now'})\n"
        "    print(flush=True)\n    time.sleep(100)\n"
    )
    store = open_store(url)
    with subprocess.Popen([sys.executable, "-c", program, url], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        done = threading.Event()

        def write() -> None:
            with store.transaction() as tx:
                tx.insert("projects", {"id": "p", "created_at": "now"})
            done.set()

        writer = threading.Thread(target=write)
        writer.start()
        process.kill()
        writer.join(60)
    assert done.is_set()
    with store.transaction(write=False) as tx:
        assert tx.all("SELECT id FROM projects") == [{"id": "p"}]
    store.close()


def test_without_the_library_the_message_says_what_to_install() -> None:
    program = (
        "import sys\nsys.modules['psycopg'] = None\nfrom to11ai_sdk.local.store import open_store\n"
        "open_store().close()\n"
        "try:\n    open_store('postgresql://x')\nexcept ImportError as exc:\n    print(exc)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "PostgreSQL needs psycopg: pip install 'to11ai-sdk[local,postgres]'\n"
