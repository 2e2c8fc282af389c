"""vcrpy and pytest-recording: what is recorded is replayed, and with a cassette alone nothing real is sent."""

from __future__ import annotations

import gzip
import json
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from faults.certificates import serving, trusting
from faults.harness import CALLS, ENOUGH_S, KEY, PATIENCE_S, get, resolve, warm
from faults.proxy import TunnelProxy
from faults.server import HEALTHY, HOLD, KEEP, READ, Script, ScriptedServer, answer, good, http

from to11ai_sdk import create_client
from to11ai_sdk.errors import To11aiApiError, To11aiNetworkError, To11aiResponseValidationError

from . import scripts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from to11ai_sdk import To11aiClient

vcr = pytest.importorskip("vcr", reason="vcrpy is not installed")
UNKNOWN = pytest.importorskip("vcr.errors").CannotOverwriteExistingCassetteException

TLS = pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])


@pytest.fixture(autouse=True)
def warmed() -> None:
    warm()


@contextmanager
def serving_a_client(
    script: Script = HEALTHY, *, tls: bool = False, **options: Any
) -> Iterator[tuple[ScriptedServer, To11aiClient]]:
    with ScriptedServer(script, tls=serving() if tls else None) as server:
        known = {"api_key": KEY, "base_url": server.url, "ttl_seconds": 0, "ssl_context": trusting() if tls else None}
        with create_client(**{**known, **options}) as client:
            yield server, client


def names(server: ScriptedServer) -> list[str]:
    """What was asked for, request by request."""
    return [
        request.target.rpartition("/")[2] if request.method == "GET" else request.json["slug"]
        for request in server.requests
    ]


@TLS
@pytest.mark.parametrize("call", CALLS)
def test_a_call_is_recorded_and_replayed(call: str, tls: bool, tmp_path: Path) -> None:
    with serving_a_client(tls=tls) as (server, client):
        with vcr.use_cassette(tmp_path / "a.yaml") as cassette:
            assert CALLS[call](client, "a") == "a"
            assert len(cassette) == 1
        assert names(server) == ["a"]
        with vcr.use_cassette(tmp_path / "a.yaml", record_mode="none") as cassette:
            assert CALLS[call](client, "a") == "a"
            assert cassette.play_count == 1
        assert names(server) == ["a"]


@TLS
@pytest.mark.parametrize("call", CALLS)
def test_what_is_not_recorded_is_not_sent(
    call: str, tls: bool, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "to11ai_sdk")
    with serving_a_client(tls=tls) as (server, client):
        with vcr.use_cassette(tmp_path / "a.yaml", record_mode="none"), pytest.raises(UNKNOWN):
            CALLS[call](client, "a")
        assert len([record for record in caplog.records if record.name == "to11ai_sdk"]) == 1, "one attempt"
        assert (server.requests, server.connections) == ([], 0)


@TLS
def test_a_connection_from_before_is_not_used_within(tls: bool, tmp_path: Path) -> None:
    with serving_a_client(tls=tls) as (server, client):
        assert get(client, "before") == "before"
        with vcr.use_cassette(tmp_path / "a.yaml", record_mode="none"), pytest.raises(UNKNOWN):
            get(client, "a")
        with vcr.use_cassette(tmp_path / "a.yaml"):
            assert get(client, "a") == "a"
        with vcr.use_cassette(tmp_path / "a.yaml", record_mode="none"):
            assert get(client, "a") == "a"
        assert names(server) == ["before", "a"]


@TLS
def test_a_connection_of_a_cassette_is_not_used_afterwards(tls: bool, tmp_path: Path) -> None:
    with serving_a_client(tls=tls) as (server, client):
        for name in ("a", "b"):
            with vcr.use_cassette(tmp_path / f"{name}.yaml") as cassette:
                assert get(client, name) == name
                assert get(client, "both") == "both"
                assert [request.path.rpartition("/")[2] for request in cassette.requests] == [name, "both"]
            assert get(client, "after") == "after"
        assert names(server) == ["a", "both", "after", "b", "both", "after"]
        with vcr.use_cassette(tmp_path / "a.yaml", record_mode="none"):
            assert get(client, "a") == "a"
        assert len(server.requests) == 6


def test_the_request_is_recorded_as_it_would_be_sent(tmp_path: Path) -> None:
    with serving_a_client() as (server, client):
        CALLS["create"](client, "a")
        with vcr.use_cassette(tmp_path / "a.yaml") as cassette:
            CALLS["create"](client, "a")
            request = cassette.requests[0]
        plain, recorded = server.requests
    assert recorded.raw.split(b"\r\n")[0] == plain.raw.split(b"\r\n")[0]
    assert recorded.body == plain.body == request.body
    assert (request.method, request.uri) == ("POST", f"{server.url}/v1/projects/p/prompts")
    for name in ("authorization", "content-type", "accept", "user-agent"):
        assert request.headers[name] in (plain.headers[name], [plain.headers[name]])
        assert recorded.headers[name] == plain.headers[name]


def test_the_key_can_be_left_out_of_the_cassette(tmp_path: Path) -> None:
    with serving_a_client() as (_, client):
        with vcr.use_cassette(tmp_path / "a.yaml", filter_headers=["authorization"]):
            assert get(client, "a") == "a"
        assert KEY not in (tmp_path / "a.yaml").read_text(encoding="utf-8")
        with vcr.use_cassette(tmp_path / "a.yaml", record_mode="none", filter_headers=["authorization"]):
            assert get(client, "a") == "a"


def zipped(request: Any) -> bytes:
    return http(200, gzip.compress(json.dumps(answer(request)).encode()), {"Content-Encoding": "gzip"})


def chunked(request: Any) -> bytes:
    body = json.dumps(answer(request)).encode()
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)


def to_the_end(request: Any) -> bytes:
    return http(200, answer(request), length=False)


@pytest.mark.parametrize("script", [(READ, zipped, KEEP), (READ, chunked, KEEP), (READ, to_the_end)])
def test_however_the_reply_is_framed(script: Script, tmp_path: Path) -> None:
    with serving_a_client(script) as (server, client):
        for mode in ("once", "none", "none"):
            with vcr.use_cassette(tmp_path / "a.yaml", record_mode=mode):
                assert get(client, "a") == "a"
        assert names(server) == ["a"]


def test_an_error_is_recorded_with_its_code_and_headers(tmp_path: Path) -> None:
    body = {"success": False, "error": {"code": "TOO_MANY", "message": "no", "details": None}}
    with serving_a_client((READ, http(429, body, {"retry-AFTER": "60"}), KEEP)) as (server, client):
        for mode in ("once", "none"):
            with vcr.use_cassette(tmp_path / "a.yaml", record_mode=mode), pytest.raises(To11aiApiError) as caught:
                get(client, "a")
            error = caught.value
            assert (error.status_code, error.error_code, error.retry_after_seconds) == (429, "TOO_MANY", 60)
        assert len(server.requests) == 1


def test_a_retry_is_recorded_and_replayed(tmp_path: Path) -> None:
    replies = [http(503, b"{}"), b""]

    def unwell(request: Any) -> bytes:
        return replies.pop(0) or good(request)

    with serving_a_client((READ, unwell, KEEP)) as (server, client):
        for mode in ("once", "none"):
            with vcr.use_cassette(tmp_path / "a.yaml", record_mode=mode) as cassette:
                assert get(client, "a") == "a"
                assert len(cassette) == 2
        assert names(server) == ["a", "a"]


def test_a_reply_that_is_no_json_is_refused_in_both(tmp_path: Path) -> None:
    with serving_a_client((READ, http(200, b"<html>"), KEEP)) as (server, client):
        for mode in ("once", "none"):
            with (
                vcr.use_cassette(tmp_path / "a.yaml", record_mode=mode),
                pytest.raises(To11aiResponseValidationError),
            ):
                get(client, "a")
        assert len(server.requests) == 1


@TLS
def test_a_recording_ends_with_the_attempt(tls: bool, tmp_path: Path) -> None:
    with serving_a_client((READ, HOLD), tls=tls, timeout_s=2, max_retries=0) as (server, client):
        started = time.monotonic()
        with vcr.use_cassette(tmp_path / "a.yaml"), pytest.raises(To11aiNetworkError, match="in time"):
            get(client, "a")
        assert time.monotonic() - started < ENOUGH_S
        assert server.rests.acquire(timeout=PATIENCE_S)
        assert len(server.requests) == 1


def test_a_server_that_is_not_there_is_a_network_error_while_recording(tmp_path: Path) -> None:
    with serving_a_client(max_retries=0) as (server, client):
        pass
    with vcr.use_cassette(tmp_path / "a.yaml"), pytest.raises(To11aiNetworkError, match="refused"):
        get(client, "a")
    assert server.requests == []


def test_a_host_that_is_ignored_is_called(tmp_path: Path) -> None:
    with serving_a_client() as (server, client):
        with vcr.use_cassette(tmp_path / "a.yaml", record_mode="none", ignore_hosts=["127.0.0.1"]):
            assert get(client, "a") == "a"
        assert names(server) == ["a"]


def test_recording_through_a_proxy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with TunnelProxy() as proxy, serving_a_client(tls=True) as (server, client):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        with vcr.use_cassette(tmp_path / "a.yaml") as cassette:
            assert get(client, "a") == "a"
            assert [request.uri for request in cassette.requests] == [f"{server.url}/v1/projects/p/prompts/a"]
        assert len(proxy.heads) == 1
        with vcr.use_cassette(tmp_path / "a.yaml", record_mode="none"):
            assert get(client, "a") == "a"
        assert (len(proxy.heads), len(server.requests)) == (1, 1)


def test_a_cached_prompt_needs_no_cassette(tmp_path: Path) -> None:
    with serving_a_client(ttl_seconds=300) as (server, client):
        assert resolve(client, "a") == "a"
        with vcr.use_cassette(tmp_path / "a.yaml", record_mode="none"):
            assert resolve(client, "a") == "a"
        assert names(server) == ["a"]


@pytest.mark.parametrize("moment", ["before the cassette", "within it"])
def test_a_client_that_was_warmed_up(moment: str, tmp_path: Path) -> None:
    with serving_a_client() as (server, client):
        if moment == "before the cassette":
            client.warm_up()
        with vcr.use_cassette(tmp_path / "a.yaml", record_mode="none"):
            if moment == "within it":
                client.warm_up()
            with pytest.raises(UNKNOWN):
                get(client, "a")
        assert server.requests == []
        assert get(client, "b") == "b"


FIRST = """
import vcr

def played(mode, name, file):
    with vcr.use_cassette(file, record_mode=mode) as cassette:
        return {**ended(get, it, name), "played": cassette.play_count, "kept": len(cassette)}

order, url, folder = sys.argv[1:]
it = client(url)
if order == "a call first":
    get(it, "first")
findings = [
    played("once", "a", folder + "/a.yaml"),
    played("none", "a", folder + "/a.yaml"),
    played("none", "unknown", folder + "/a.yaml"),
    played("once", "b", folder + "/b.yaml"),
    played("none", "b", folder + "/b.yaml"),
]
report(findings=findings, last=get(it, "last"))
"""


@pytest.mark.parametrize("order", ["a cassette first", "a call first"])
def test_whatever_comes_first_in_the_process(order: str, tmp_path: Path) -> None:
    with ScriptedServer(HEALTHY) as server:
        found = scripts.run(FIRST, order, server.url, tmp_path)
        got = [(find["value"] or find["raised"], find["played"], find["kept"]) for find in found["findings"]]
        assert got == [("a", 0, 1), ("a", 1, 1), (UNKNOWN.__name__, 0, 1), ("b", 0, 1), ("b", 1, 1)]
        assert names(server) == [*(["first"] if order == "a call first" else []), "a", "b", "last"]


RECORDED = f"""
import os, pytest
from to11ai_sdk import create_client

client = create_client(api_key={KEY!r}, base_url=os.environ["TO11_URL"], ttl_seconds=0)

def name(given):
    return client.prompts.get(project_id="p", prompt_id=given).id

@pytest.mark.skipif("TO11_BEFORE" not in os.environ, reason="not asked for")
def test_before():
    assert name("before") == "before"

@pytest.mark.vcr
def test_one():
    assert name("one") == "one"

@pytest.mark.vcr
@pytest.mark.block_network
def test_two():
    assert name("one") == "one"

@pytest.mark.block_network
def test_blocked():
    with pytest.raises(RuntimeError, match="Network is disabled"):
        name("blocked")

def test_after():
    assert name("after") == "after"
"""


@pytest.mark.parametrize("before", [False, True], ids=["", "after a call"])
def test_pytest_recording(before: bool, tmp_path: Path) -> None:
    pytest.importorskip("pytest_recording", reason="pytest-recording is not installed")
    with ScriptedServer(HEALTHY) as server:
        env = {"TO11_URL": server.url, **({"TO11_BEFORE": "yes"} if before else {})}
        with_it: dict[str, Any] = {"plugins": ("recording",), "env": env, "test_it": RECORDED}
        ends, printed = scripts.suite(tmp_path, "--record-mode=once", "-k", "one", **with_it)
        assert ends["test_one"] == "passed", printed
        cassettes = tmp_path / "cassettes" / "test_it"
        (cassettes / "test_two.yaml").write_bytes((cassettes / "test_one.yaml").read_bytes())
        assert names(server) == ["one"]
        ends, printed = scripts.suite(tmp_path, "--record-mode=none", **with_it)
        chosen = {name: end for name, end in ends.items() if before or name != "test_before"}
        assert set(chosen.values()) == {"passed"}, printed
        assert names(server) == ["one", *(["before"] if before else []), "after"]
