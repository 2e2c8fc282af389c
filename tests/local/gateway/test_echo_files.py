from __future__ import annotations

from typing import Any

import pytest
from echo_harness import NOW, post_form, provider, read, send

from to11ai_sdk.local.gateway.echo import EchoProvider, FileRow, MemoryFiles

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
