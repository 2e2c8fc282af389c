from __future__ import annotations

import inspect
import json
import time
from typing import TYPE_CHECKING

import pytest
from bound import SNAPSHOT, Api, Clock, call, connection, envelope, exchange, head, plain, rest, send

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.service.handlers import HANDLERS
from to11ai_sdk.resources.table import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Generator


def test_every_row_has_a_handler_that_takes_its_arguments() -> None:
    assert set(HANDLERS) == set(ENDPOINTS)
    for name, row in ENDPOINTS.items():
        taken = inspect.signature(HANDLERS[name]).parameters
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in taken.values()):
            continue
        assert set(taken) - {"session", "is_system"} >= {row.name for row in row.parameters} - {"project_id"}, name


def test_a_success_is_an_envelope(to11: LocalTo11) -> None:
    reply = call(to11, "POST", "prompts", b'{"name": "A", "slug": "a"}')
    assert reply.status == 200
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.headers["x-to11-request-id"] == "req_000001"
    assert set(reply.json) == {"success", "code", "data", "error", "pagination"}
    assert (reply.json["success"], reply.json["code"], reply.json["error"]) == (True, 200, None)
    assert reply.json["data"]["createdAt"].endswith("Z")
    page = call(to11, "GET", "prompts?limit=5").json
    assert [prompt["slug"] for prompt in page["data"]] == ["a"]
    assert page["pagination"] == {"page": 1, "limit": 5, "total": 1, "totalPages": 1}
    events = call(to11, "GET", "label-events").json
    assert events["data"] == {"items": [], "pagination": {"page": 1, "limit": 20, "total": 0, "totalPages": 0}}
    assert events["pagination"] is None


def test_a_failure_is_an_envelope(to11: LocalTo11) -> None:
    reply = call(to11, "GET", "prompts/nope")
    assert reply.json == {
        "success": False,
        "code": 404,
        "data": None,
        "error": {
            "code": "PROMPT_NOT_FOUND",
            "message": "the project has no prompt with the id 'nope'",
            "details": {"promptId": "nope", "code": "PROMPT_NOT_FOUND"},
        },
        "pagination": None,
        "_tag": "NotFoundError",
    }


@pytest.mark.parametrize(
    ("key", "keys"),
    [
        ("createdAt", "createdByUserId createdAt description id name projectId slug status tags updatedAt"),
        (
            "version",
            "changelog createdAt createdByDisplayName createdByImage createdByUserId format id modelConfig promptId"
            " templateJson variablesSchema version",
        ),
    ],
)
def test_nullable_keys_are_there(to11: LocalTo11, api: Api, key: str, keys: str) -> None:
    prompt, _ = api.prompt("a", versions=1)
    path = f"prompts/{prompt.id}/versions/1" if key == "version" else f"prompts/{prompt.id}"
    assert set(call(to11, "GET", path).json["data"]) == set(keys.split())


def test_the_path_is_taken_apart_before_it_is_decoded(to11: LocalTo11, api: Api) -> None:
    odd = "a/b c:d?é%2F"
    api.versions.create(rule_id=odd, snapshot=SNAPSHOT)
    assert api.versions.list(rule_id=odd)[0].rule_id == odd
    assert to11.requests[-1].path.count("/") == 7
    assert call(to11, "GET", "routing/rules/%FF/versions").status == 400
    assert call(to11, "GET", "prompts?tags=%FF").status == 400


def test_there_is_nothing_beside_the_table(to11: LocalTo11) -> None:
    for path in ("/", "/v1", "/v1/projects", "//v1", "prompts/", "prompts/a/b/c", "prompts:other", "prompts//versions"):
        reply = call(to11, "GET", path)
        assert (reply.status, reply.code) == (404, "NOT_FOUND"), path
    reply = call(to11, "PUT", "prompts", b"{}")
    assert (reply.status, reply.code) == (405, "METHOD_NOT_ALLOWED")
    assert reply.headers["Allow"] == "GET, HEAD, POST"
    assert call(to11, "BREW", "prompts").status == 405


def test_health_needs_no_key(to11: LocalTo11) -> None:
    with connection(to11) as opened:
        reply = send(opened, "GET", "/health")
    assert (reply.status, reply.json["data"]) == (200, {"status": "ok"})
    assert to11.requests == []


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"\xff",
        b'{"name": NaN, "slug": "a"}',
        b'{"name": "\\ud800", "slug": "a"}',
        b'{"name": "A", "slug": "a", "tags": ["\\uDFFF"]}',
        b'{"name": "A", "slug": "a", "tags": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"name": "A", "slug": "a", "description": ' + b"9" * 5000 + b"}",
        b"",
        b"null",
    ],
)
def test_a_body_that_is_no_json_object_is_refused(to11: LocalTo11, body: bytes) -> None:
    reply = call(to11, "POST", "prompts", body)
    assert (reply.status, reply.code) == (400, "INVALID_INPUT")
    assert call(to11, "GET", "prompts").json["pagination"]["total"] == 0


@pytest.mark.parametrize("path", ["prompts", "/local/settings"])
def test_a_number_that_is_too_large_is_named_with_its_place(to11: LocalTo11, path: str) -> None:
    reply = call(to11, "PATCH" if path.startswith("/") else "POST", path, b'{"tags": ["a", -1e999]}')
    assert (reply.status, reply.code) == (400, "INVALID_INPUT")
    assert "tags.1: -1e999 is too large a number" in reply.json["error"]["message"]


def test_numbers_that_no_column_holds_are_refused(to11: LocalTo11, api: Api) -> None:
    api.rule("r", 1)
    assert call(to11, "GET", f"routing/rules/r/versions?cursor={2**63}").status == 400
    assert call(to11, "GET", f"routing/rules/r/versions?cursor={2**63 - 1}").status == 200
    assert call(to11, "GET", f"routing/rules/r/versions?cursor={'9' * 5000}").status == 400


def test_a_long_body_is_refused_in_either_framing(to11: LocalTo11) -> None:
    body = b'{"name": "' + b"x" * 9_000_000 + b'", "slug": "a"}'
    with connection(to11) as opened:
        path, headers = f"/v1/projects/{to11.project_id}/prompts", {"Authorization": f"Bearer {to11.api_key}"}
        reply = send(opened, "POST", path, body, headers)
        assert (reply.status, reply.code) == (413, "CONTENT_TOO_LARGE")
        assert reply.headers["Connection"] == "close"

        def chunks() -> Generator[bytes]:
            yield from (body[at : at + 1_000_000] for at in range(0, len(body), 1_000_000))

        opened.request("POST", path, chunks(), headers, encode_chunked=True)
        assert opened.getresponse().status == 413


def test_a_chunked_body_is_read(to11: LocalTo11) -> None:
    path, headers = f"/v1/projects/{to11.project_id}/prompts", {"Authorization": f"Bearer {to11.api_key}"}
    with connection(to11) as opened:
        for slug in (b"a", b"b"):
            parts = iter([b'{"name": "', slug, b'", "slug": "', slug, b'"}'])
            opened.request("POST", path, parts, headers, encode_chunked=True)
            reply = opened.getresponse()
            assert (reply.status, json.loads(reply.read())["data"]["slug"]) == (200, slug.decode())


def test_what_is_not_http_is_answered_and_ended(to11: LocalTo11) -> None:
    target = f"POST /v1/projects/{to11.project_id}/prompts HTTP/1.1"
    for request in (
        head(to11, target, "Content-Length: abc"),
        head(to11, target, "Content-Length: 50") + b'{"name": "half',
        head(to11, target, "Transfer-Encoding: chunked") + b"zz\r\n",
        head(to11, "GET http://[broken HTTP/1.1"),
        b"GET / HTTP/9.9.9\r\n\r\n",
    ):
        reply = exchange(to11, request)
        assert reply.startswith(b"HTTP/1.1 400 "), request
        assert b"Connection: close" in reply
        assert envelope(reply)["success"] is False
    assert call(to11, "GET", "prompts").json["data"] == []


def test_forms_of_a_request_that_clients_may_use(to11: LocalTo11) -> None:
    path = f"/v1/projects/{to11.project_id}/prompts"
    assert b"200" in exchange(to11, head(to11, f"GET http://localhost{path} HTTP/1.1")).splitlines()[0]
    old = exchange(to11, head(to11, f"GET {path} HTTP/1.0"))
    assert envelope(old)["success"] is True
    only_head = exchange(to11, head(to11, f"HEAD {path} HTTP/1.1"))
    assert only_head.endswith(b"\r\n\r\n")
    assert b"Content-Length: " in only_head


@pytest.mark.parametrize("status", [204, 304])
def test_a_reply_that_has_no_body_has_no_framing(to11: LocalTo11, status: int) -> None:
    to11.fail_next(status=status)
    reply = exchange(to11, head(to11, f"GET /v1/projects/{to11.project_id}/prompts HTTP/1.1"))
    assert reply.startswith(b"HTTP/1.1 %d " % status)
    assert reply.endswith(b"\r\n\r\n")
    assert reply.count(b"\r\n\r\n") == 1
    assert b"Transfer-Encoding" not in reply


def test_what_is_no_url_is_answered_with_a_head_where_only_that_was_asked_for(to11: LocalTo11) -> None:
    reply = exchange(to11, head(to11, "HEAD http://[broken HTTP/1.1"))
    assert reply.startswith(b"HTTP/1.1 400 ")
    assert reply.endswith(b"\r\n\r\n")


def test_the_body_is_asked_for_when_the_client_waits(to11: LocalTo11) -> None:
    body = b'{"name": "A", "slug": "a"}'
    line = f"POST /v1/projects/{to11.project_id}/prompts HTTP/1.1"
    with plain(to11) as opened:
        opened.sendall(head(to11, line, f"Content-Length: {len(body)}", "Expect: 100-continue", "Connection: close"))
        assert opened.recv(100).startswith(b"HTTP/1.1 100 Continue")
        opened.sendall(body)
        assert rest(opened).startswith(b"HTTP/1.1 200")


def test_a_connection_serves_many_requests_without_a_pause(to11: LocalTo11) -> None:
    headers = {"Authorization": f"Bearer {to11.api_key}"}
    with connection(to11) as opened:
        send(opened, "GET", "/health")
        local = opened.sock.getsockname()
        took_s: dict[str, list[float]] = {"POST": [], "GET": []}
        for number in range(25):
            body = json.dumps({"name": f"P{number}", "slug": f"p{number}"}).encode()
            requests = {"POST": ("prompts", body, 200), "GET": ("prompts/x", None, 404)}
            for method, (path, content, status) in requests.items():
                began = time.perf_counter()
                reply = send(opened, method, f"/v1/projects/{to11.project_id}/{path}", content, headers)
                took_s[method].append(time.perf_counter() - began)
                assert reply.status == status
        # A stall on a delayed acknowledgement would cost 40 ms each; a busy machine does not delay all of them.
        assert all(min(times[10:]) < 0.035 for times in took_s.values())
        assert opened.sock.getsockname() == local


def test_a_failure_of_the_server_tells_the_client_nothing_of_its_code(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(Clock):
        def __call__(self) -> object:  # type: ignore[override]
            if self.now.year > 2026:
                raise RuntimeError("the clock is broken")
            return super().__call__()

    clock = Broken()
    with LocalTo11(clock=clock) as to11:  # type: ignore[arg-type]
        clock.turn(days=365)
        reply = call(to11, "GET", "prompts")
        assert (reply.status, reply.code) == (500, "INTERNAL")
        assert b"clock" not in reply.content
        assert "the clock is broken" in caplog.text
        clock.turn(days=-365)
        assert call(to11, "GET", "prompts").status == 200
