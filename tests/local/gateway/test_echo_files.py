from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from bound import Clock
from echo_harness import NOW, post_form, provider, read, send
from gateway_harness import Caller, Reply, form

from to11ai_sdk.local import LocalTo11, bounds
from to11ai_sdk.local.gateway.echo import CountedIds, EchoProvider, FileRow, MemoryFiles
from to11ai_sdk.local.gateway.upstream.stored_files import StoredFiles
from to11ai_sdk.local.service import Platform
from to11ai_sdk.local.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

FILE = {
    "id": "file-2",
    "object": "file",
    "bytes": 11,
    "created_at": NOW,
    "expires_at": None,
    "filename": "data.jsonl",
    "purpose": "assistants",
    "status": "processed",
    "status_details": None,
}
CONTENT = b"\r\n--xy\x00\xff\r\n\n"


def upload(echo: EchoProvider, **fields: str) -> Any:
    form = {"purpose": "assistants", **fields}
    return post_form(echo, "/files", form, name="data.jsonl", content=CONTENT)


def ask(echo: EchoProvider, path: str, method: str = "GET") -> tuple[int, Any]:
    reply = send(echo, path, method=method)
    return reply.status, read(reply)


def test_the_life_of_a_file() -> None:
    echo = provider()
    assert read(upload(echo)) == FILE
    assert ask(echo, "/files/file-2") == (200, FILE)
    found = send(echo, "/files/file-2/content", method="GET")
    assert (found.headers["content-type"], b"".join(found.body)) == ("application/octet-stream", CONTENT)
    assert ask(echo, "/files/file-2", "DELETE") == (200, {"id": "file-2", "object": "file", "deleted": True})
    for method, path in (("GET", "/files/file-2"), ("DELETE", "/files/file-2"), ("GET", "/files/file-2/content")):
        status, body = ask(echo, path, method)
        assert (status, body["error"]["message"]) == (404, "No such File object: file-2")
    assert ask(echo, "/files") == (
        200,
        {"object": "list", "data": [], "first_id": None, "last_id": None, "has_more": False},
    )


@pytest.mark.parametrize(
    ("query", "ids", "more"),
    [
        ("", ["c", "b", "a"], False),
        ("?order=asc", ["a", "b", "c"], False),
        ("?limit=2", ["c", "b"], True),
        ("?limit=2&after=b", ["a"], False),
        ("?purpose=batch", ["b"], False),
        ("?after=none", [], False),
    ],
)
def test_listing(query: str, ids: list[str], more: bool) -> None:
    files = MemoryFiles()
    for name in "abc":
        files.put(FileRow(name, f"{name}.txt", "batch" if name == "b" else "vision", 1, NOW, content=b"x"))
    status, body = ask(provider(files=files), f"/files{query}")
    assert (status, [row["id"] for row in body["data"]], body["has_more"]) == (200, ids, more)
    assert (body["first_id"], body["last_id"]) == ((ids[0], ids[-1]) if ids else (None, None))


@pytest.mark.parametrize("limit", ["0", "x", "-1", "10001"])
def test_a_limit_that_is_none(limit: str) -> None:
    status, body = ask(provider(), f"/files?limit={limit}")
    assert (status, body["error"]["param"]) == (400, "limit")


def test_a_lifetime_is_told() -> None:
    fields = {"expires_after[anchor]": "created_at", "expires_after[seconds]": "3600"}
    assert read(upload(provider(), **fields))["expires_at"] == NOW + 3600


def test_a_purpose_that_is_none() -> None:
    reply = upload(provider(), purpose="fun")
    error = read(reply)["error"]
    assert (reply.status, error["param"], error["code"]) == (400, "purpose", "invalid_value")
    assert error["message"].startswith("Invalid value: 'fun'. Supported values are: 'assistants', 'batch',")


def test_a_store() -> None:
    files = MemoryFiles()
    row = FileRow("a", "a.txt", "vision", 1, NOW, content=b"x")
    files.put(row)
    assert files.get("a") == row
    assert files.get("b") is None
    assert [kept._replace(content=b"x") for kept in files.list()] == [row]
    assert [files.delete("a"), files.delete("a")] == [True, False]


def test_providers_share_no_files() -> None:
    one, other = provider(), provider()
    upload(one)
    assert ask(other, "/files/file-2")[0] == 404


class Turning:
    """A clock to turn."""

    now = NOW + 0.5

    def __call__(self) -> float:
        return self.now


class Stores(NamedTuple):
    """A provider whose files are kept in one of the stores, and its clock."""

    echo: EchoProvider
    clock: Turning
    kept: Callable[[], int]


@pytest.fixture(params=["memory", "database", "data file", "postgres"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Stores]:
    clock = Turning()
    if request.param == "memory":
        files = MemoryFiles(clock)
        yield Stores(provider(files=files, clock=clock), clock, lambda: len(vars(files)["_rows"]))
        return
    places = {"database": lambda: None, "data file": lambda: tmp_path / "to11.db"}
    place = places.get(request.param, lambda: request.getfixturevalue("postgres_server").url())()
    store = open_store(place)
    platform = Platform(store)
    stored = StoredFiles(store, platform.main.project_id, "openai", clock)

    def kept() -> int:
        with store.transaction(write=False) as tx:
            return int(tx.value("SELECT count(*) FROM gateway_files"))

    yield Stores(provider(files=stored, clock=clock), clock, kept)
    platform.close()


@pytest.mark.parametrize("path", ["/files", "/files/file-2", "/files/file-2/content"])
def test_a_file_that_has_expired_is_gone_and_its_room_is_free(stores: Stores, path: str) -> None:
    upload(stores.echo, **{"expires_after[anchor]": "created_at", "expires_after[seconds]": "60"})
    stores.clock.now += 59
    assert send(stores.echo, path, method="GET").status == 200
    assert stores.kept() == 1
    stores.clock.now += 1
    reply = send(stores.echo, path, method="GET")
    if path == "/files":
        assert read(reply)["data"] == []
    else:
        assert (reply.status, read(reply)["error"]["message"]) == (404, "No such File object: file-2")
    assert stores.kept() == 0
    assert ask(stores.echo, "/files/file-2", "DELETE")[0] == 404


@pytest.mark.parametrize(("name", "most"), [("MAX_FILES", 3), ("MAX_FILES_BYTES", 3 * len(CONTENT) + 1)])
def test_files_are_bounded_by_number_and_bytes(
    stores: Stores, monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    monkeypatch.setattr(bounds, name, most)
    made = [read(upload(stores.echo))["id"] for _ in range(2)]
    assert upload(stores.echo, **{"expires_after[seconds]": "60"}).status == 200
    reply = upload(stores.echo)
    error = read(reply)["error"]
    assert (reply.status, error["type"], error["code"]) == (413, "invalid_request_error", "file_storage_limit_exceeded")
    assert "delete some of them" in error["message"]
    stores.clock.now += 60
    assert upload(stores.echo).status == 200
    assert upload(stores.echo).status == 413
    assert ask(stores.echo, f"/files/{made[0]}", "DELETE")[0] == 200
    assert upload(stores.echo).status == 200


class Uploads(Caller):
    """Uploads files to a gateway, each for an hour."""

    def post(self) -> Reply:
        body, content_type = form(purpose="batch", file=CONTENT, **{"expires_after[seconds]": "3600"})
        return self.send("POST", "/v1/files", body, content_type=content_type)


@pytest.mark.parametrize("data", [None, "to11.db"])
def test_a_file_of_the_gateway_ends_with_its_time(tmp_path: Path, data: str | None) -> None:
    clock = Clock()
    with LocalTo11(data and tmp_path / data, clock=clock) as to11:
        caller = Uploads(to11)
        file_id = caller.post().json["id"]
        assert caller.send("GET", f"/v1/files/{file_id}/content").body == CONTENT
        clock.turn(hours=1)
        assert caller.send("GET", f"/v1/files/{file_id}/content").status == 404
        assert caller.send("GET", "/v1/files").json["data"] == []


@pytest.mark.parametrize("data", [None, "to11.db"])
def test_the_files_of_the_gateway_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: str | None
) -> None:
    monkeypatch.setattr(bounds, "MAX_FILES", 2)
    with LocalTo11(data and tmp_path / data) as to11:
        assert [Uploads(to11).post().status for _ in range(3)] == [200, 200, 413]


@pytest.mark.parametrize("seconds", ["0", "-1", "x", "2592001", "9" * 40, "٣"])
def test_a_lifetime_that_is_none(seconds: str) -> None:
    reply = upload(provider(), **{"expires_after[seconds]": seconds})
    assert (reply.status, read(reply)["error"]["param"]) == (400, "expires_after.seconds")


def test_a_file_can_be_uploaded_again_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        platform = Platform(store := open_store(tmp_path / "to11.db"))
        stored = StoredFiles(store, platform.main.project_id, "openai", lambda: NOW)
        echo = provider(files=stored, new_id=CountedIds())
        assert upload(echo).status == 200
        assert len(ask(echo, "/files")[1]["data"]) == 1
        platform.close()
