"""A data file that another program holds, or that is full, damaged or read-only: what still works, and the words."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from bound import TEXT, Api, call, holding, refused

from to11ai_sdk import create_client
from to11ai_sdk.local import DataFileError, LocalTo11, bounds
from to11ai_sdk.local.store import StorageProblem, open_store
from to11ai_sdk.local.store.storage_problems import problem_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

CHAT = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hi"}]}).encode()
LONG = {**TEXT, "template_json": {"text": "x" * 20_000}}


def chat(to11: LocalTo11, path: str = "/v1/chat/completions", body: bytes = CHAT, **headers: str) -> Any:
    return call(to11, "POST", path, body, headers=gateway_headers(to11) | headers)


def gateway_headers(to11: LocalTo11) -> dict[str, str]:
    return {
        "x-to11-authorization": f"Bearer {to11.api_key}",
        "x-to11-project-id": to11.project_id,
        "content-type": "application/json",
    }


def test_reads_and_calls_of_the_gateway_go_on_while_another_program_holds_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "STORAGE_WAIT_S", 60.0)
    data = tmp_path / "to11.db"
    with LocalTo11(data) as to11:
        api = Api.of(to11, timeout_s=30)
        prompt, version = api.prompt("a", versions=1)
        api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id)
        with ThreadPoolExecutor(1) as pool:
            with holding(data):
                write = pool.submit(api.prompts.create, name="B", slug="b")
                assert [each.slug for each in api.prompts.list().items] == ["a"]
                assert api.prompts.resolve(slug="a", labels=["live"]).version_id == version.id
                assert api.environments.get(slug="prod").slug == "prod"
                assert call(to11, "GET", "/health").status == 200
                assert chat(to11).status == 200
                assert [span.endpoint for span in to11.traces()] == ["chat_completions"]
                assert call(to11, "GET", "/local/traces").status == 200
                assert not write.done()
            assert write.result(timeout=60).slug == "b"
        assert len(api.prompts.list().items) == 2


def test_a_call_is_answered_without_being_cached_while_another_program_holds_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "STORAGE_WAIT_S", 60.0)
    data = tmp_path / "to11.db"
    with LocalTo11(data, config={"cache": {"enabled": True}}) as to11:
        seen = [chat(to11).headers["x-to11-cache"] for _ in range(2)]
        other = CHAT.replace(b"Hi", b"Ho")
        with holding(data), monkeypatch.context() as patched:
            patched.setattr(bounds, "CACHE_WAIT_S", 0.0)
            seen += [chat(to11).headers["x-to11-cache"]]
            seen += [chat(to11, body=other).headers["x-to11-cache"] for _ in range(2)]
        seen += [chat(to11, body=other).headers["x-to11-cache"] for _ in range(2)]
        assert seen == ["miss", "hit", "hit", "miss", "miss", "miss", "hit"]


def test_a_write_waits_and_then_says_that_the_file_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wait_s = bounds.STORAGE_WAIT_S
    monkeypatch.setattr(bounds, "STORAGE_WAIT_S", 0.2)
    data = tmp_path / "to11.db"
    with LocalTo11(data) as to11:
        api = Api.of(to11)
        with holding(data):
            begun = time.monotonic()
            with refused(503, "STORAGE_BUSY") as refusal:
                api.prompts.create(name="A", slug="a")
            assert time.monotonic() - begun >= 0.15
            assert "another program holds the data file" in str(refusal.error)
            assert "waited for 0.2 s" in str(refusal.error)
            with pytest.raises(DataFileError, match="another program"):
                to11.create_rule("r")
        assert api.prompts.create(name="A", slug="a").slug == "a"
    assert wait_s == 5


def test_all_writes_together_wait_no_longer_than_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "STORAGE_WAIT_S", 1.0)
    store = open_store(tmp_path / "to11.db")

    def write(_: int) -> str:
        with pytest.raises(StorageProblem) as caught, store.transaction() as tx:
            tx.count()
        return caught.value.code

    with holding(tmp_path / "to11.db"), ThreadPoolExecutor(40) as pool:
        begun = time.monotonic()
        assert set(pool.map(write, range(40))) == {"STORAGE_BUSY"}
        assert time.monotonic() - begun < 40 / 2
    store.close()


def test_an_upload_says_that_the_file_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "STORAGE_WAIT_S", 0.05)
    data = tmp_path / "to11.db"
    body = (
        b'--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n'
        b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nhello\r\n--b--\r\n'
    )
    form = {"content-type": "multipart/form-data; boundary=b"}
    with LocalTo11(data) as to11:
        with holding(data):
            reply = chat(to11, "/v1/files", body, **form)
            assert (reply.status, reply.code) == (503, "STORAGE_BUSY")
            assert "another program" in reply.json["error"]["message"]
        assert chat(to11, "/v1/files", body, **form).status == 200
        assert [span.status for span in to11.traces()] == [200, 503]


def test_a_server_stops_while_another_program_holds_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "STORAGE_WAIT_S", 60.0)
    data = tmp_path / "to11.db"
    store = open_store(data)
    refusals: list[StorageProblem] = []
    begun = threading.Event()

    def write() -> None:
        begun.set()
        with pytest.raises(StorageProblem) as caught, store.transaction():
            pass
        refusals.append(caught.value)

    with holding(data):
        writer = threading.Thread(target=write)
        writer.start()
        assert begun.wait(30)
        store.close()
        writer.join(30)
        assert not writer.is_alive()
    assert [each.code for each in refusals] == ["STORAGE_BUSY"]


@contextmanager
def server(data: Path) -> Generator[tuple[subprocess.Popen[str], Api]]:
    command = [sys.executable, "-m", "to11ai_sdk", "local", "--port", "0", "--json", "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            with create_client(api_key=ready["api_key"], base_url=ready["base_url"], max_retries=0) as client:
                yield process, Api(client, ready["project_id"])
        finally:
            process.terminate()
            process.wait(30)


def test_a_server_that_stops_writes_the_spans_that_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "SPAN_PAUSE_S", 60.0)
    data = tmp_path / "to11.db"
    with LocalTo11(data) as to11:
        assert [chat(to11).status for _ in range(3)] == [200] * 3
        spans = to11.traces()
    with LocalTo11(data) as to11:
        assert to11.traces() == spans
        assert len(spans) == 3


def test_a_killed_server_has_kept_every_change_that_it_answered(tmp_path: Path) -> None:
    data = tmp_path / "to11.db"
    with server(data) as (process, api):
        made = [api.prompt(slug) for slug in "abc"]
        process.kill()
    with LocalTo11(data) as to11:
        assert Api.of(to11).prompts.list(sort_by="slug").items == made
    assert [path.name for path in tmp_path.iterdir()] == ["to11.db"]


@pytest.mark.skipif(sys.platform != "linux", reason="sets a limit of another process")
def test_a_full_disk_is_said_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    import resource

    data = tmp_path / "to11.db"
    with server(data) as (process, api):
        prompt = api.prompt("a")
        _, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (600_000, hard))
        made: list[str] = []
        with refused(507, "STORAGE_FULL") as refusal:
            for _ in range(100):
                made.append(api.prompts.create_version(prompt_id=prompt.id, **LONG).id)
        assert "free some space" in str(refusal.error)
        assert [each.id for each in api.prompts.list_versions(prompt_id=prompt.id)] == made[::-1] != []
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
        made.append(api.prompts.create_version(prompt_id=prompt.id, **LONG).id)
    assert [path.name for path in tmp_path.iterdir()] == ["to11.db"]
    with LocalTo11(data) as to11:
        kept = Api.of(to11).prompts.list_versions(prompt_id=prompt.id)
        assert [each.id for each in kept] == made[::-1]


def test_a_file_that_may_not_grow_is_full(tmp_path: Path) -> None:
    store = open_store(tmp_path / "to11.db")
    rows = [(f"p{number}", "x" * 1000) for number in range(1000)]
    with store.transaction() as tx:
        tx.run("PRAGMA max_page_count = 1")
    with pytest.raises(StorageProblem) as caught, store.transaction() as tx:
        tx.run_many("INSERT INTO projects (id, created_at) VALUES (?, ?)", rows)
    assert (caught.value.status, caught.value.code) == (507, "STORAGE_FULL")
    with store.transaction(write=False) as tx:
        assert tx.all("SELECT * FROM projects") == []
    store.close()


def test_a_damaged_file_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    data = tmp_path / "to11.db"
    with LocalTo11(data) as to11:
        Api.of(to11).prompt("a")
    with sqlite3.connect(data) as shell:
        (page,) = shell.execute("SELECT rootpage FROM sqlite_master WHERE name = 'prompts'").fetchone()
        (size,) = shell.execute("PRAGMA page_size").fetchone()
    shell.close()
    with data.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)
    with LocalTo11(data) as to11:
        with refused(500, "STORAGE_DAMAGED") as refusal:
            Api.of(to11).prompts.list()
        assert ".recover" in str(refusal.error)
        assert chat(to11).status == 200
    assert caplog.text.count("STORAGE_DAMAGED") == 1
    assert "database disk image is malformed" in caplog.text


def test_a_file_that_cannot_be_written_or_opened_is_said(tmp_path: Path) -> None:
    data = tmp_path / "to11.db"
    open_store(data).close()
    shell = sqlite3.connect(f"{data.as_uri()}?mode=ro", uri=True)
    with pytest.raises(sqlite3.OperationalError) as caught:
        shell.execute("UPDATE counter SET value = 1")
    shell.close()
    problem = problem_of(caught.value, data)
    assert problem is not None
    assert (problem.status, problem.code) == (503, "STORAGE_READ_ONLY")
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(tmp_path / "no" / "such.db")
    problem = problem_of(caught.value, data)
    assert problem is not None
    assert (problem.status, problem.code) == (503, "STORAGE_UNAVAILABLE")


def test_a_process_may_change_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path)
    store = open_store("to11.db")
    monkeypatch.chdir("other")
    with store.transaction() as tx:
        number = tx.count()
    with store.transaction(write=False) as tx:
        assert tx.value("SELECT value FROM counter") == number
    store.close()
    assert [path.name for path in tmp_path.rglob("*.db")] == ["to11.db"]
    assert list((tmp_path / "other").iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps files in their place that are open")
@pytest.mark.parametrize("event", ["moved", "deleted", "replaced"])
def test_nothing_is_acknowledged_that_goes_to_a_file_in_another_place(tmp_path: Path, event: str) -> None:
    data, elsewhere = tmp_path / "to11.db", tmp_path / "elsewhere.db"
    store = open_store(data)
    data.rename(elsewhere)
    if event == "deleted":
        elsewhere.unlink()
    if event == "replaced":
        open_store(data).close()
    with pytest.raises(StorageProblem) as caught, store.transaction() as tx:
        tx.count()
    assert (caught.value.status, caught.value.code) == (503, "STORAGE_UNAVAILABLE")
    assert "was moved, deleted or replaced" in caught.value.message
    with pytest.raises(StorageProblem), store.transaction(write=False) as tx:
        tx.value("SELECT value FROM counter")
    assert data.exists() is (event == "replaced")
    if event == "moved":
        elsewhere.rename(data)
        with store.transaction() as tx:
            assert tx.count() > 0
    store.close()


def test_an_error_of_the_disk_is_said(tmp_path: Path) -> None:
    problem = problem_of(sqlite3.OperationalError("disk I/O error"), tmp_path)
    assert problem is not None
    assert (problem.status, problem.code) == (503, "STORAGE_FAILED")
    assert problem_of(sqlite3.OperationalError("no such table: x"), tmp_path) is None


def test_a_failed_start_says_that_another_program_holds_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "STORAGE_WAIT_S", 0.05)
    data = tmp_path / "to11.db"
    open_store(data).close()
    with holding(data), pytest.raises(DataFileError, match="another program"):
        open_store(data)


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    data = tmp_path / "to11.db"
    with LocalTo11(data) as to11:
        api = Api.of(to11)
        prompt = api.prompt("a")

        def work(_: int) -> tuple[str, int]:
            made = api.prompts.create_version(prompt_id=prompt.id, **TEXT)
            return made.id, len(api.prompts.list_versions(prompt_id=prompt.id))

        with ThreadPoolExecutor(16) as pool:
            found = list(pool.map(work, range(48)))
        listed = {each.id for each in api.prompts.list_versions(prompt_id=prompt.id)}
        assert listed == {version_id for version_id, _ in found}
    assert [path.name for path in tmp_path.iterdir()] == ["to11.db"]
