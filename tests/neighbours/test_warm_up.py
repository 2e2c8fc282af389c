"""``client.warm_up()``: what a first call needs is there before it, the connection included."""

from __future__ import annotations

import ssl
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from faults.certificates import authority, serving, trusting
from faults.harness import (
    CALLS,
    ENOUGH_S,
    KEY,
    PATIENCE_S,
    TIMEOUT_S,
    closed_port,
    deaf,
    descriptors,
    get,
    resolve,
    wait_until,
)
from faults.proxy import TunnelProxy
from faults.server import HEALTHY, HOLD, ScriptedServer

from to11ai_sdk import create_client
from to11ai_sdk.errors import To11aiNetworkError

from . import scripts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from to11ai_sdk import To11aiClient

VERSIONS: dict[str, ssl.TLSVersion | None] = {
    "HTTP": None,
    "TLS 1.2": ssl.TLSVersion.TLSv1_2,
    "TLS 1.3": ssl.TLSVersion.TLSv1_3,
}


@contextmanager
def healthy(version: ssl.TLSVersion | None, **options: Any) -> Iterator[tuple[ScriptedServer, To11aiClient]]:
    """A server that speaks one version of TLS only, or none, and a client of it."""
    context = trusting(minimum_version=version, maximum_version=version) if version else None
    with (
        ScriptedServer(HEALTHY, tls=serving() if version else None) as server,
        create_client(api_key=KEY, base_url=server.url, ssl_context=context, **options) as client,
    ):
        yield server, client


@pytest.mark.parametrize("call", ["get", "resolve"])
@pytest.mark.parametrize("pause_s", [0.0, 0.2], ids=["at once", "a moment later"])
@pytest.mark.parametrize("version", VERSIONS)
def test_the_first_call_uses_its_connection(version: str, pause_s: float, call: str) -> None:
    with healthy(VERSIONS[version]) as (server, client):
        client.warm_up()
        assert server.requests == []
        # In TLS 1.3 the session tickets arrive now: they are no reply.
        time.sleep(pause_s)
        assert CALLS[call](client, "a") == "a"
        assert CALLS[call](client, "b") == "b"
        assert (server.connections, len(server.requests)) == (1, 2)


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_connection_nothing_is_opened(version: str) -> None:
    with healthy(VERSIONS[version]) as (server, client):
        before = descriptors()
        client.warm_up(connect=False)
        assert descriptors() == before
        time.sleep(0.05)
        assert server.connections == 0
        assert get(client, "a") == "a"
        assert server.connections == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_a_connection_that_the_server_closed_meanwhile_is_replaced(version: str) -> None:
    with healthy(VERSIONS[version]) as (server, client):
        server.play((0.02,), HEALTHY)
        client.warm_up()
        assert server.rests.acquire(timeout=PATIENCE_S)
        assert get(client, "a") == "a"
        assert (server.connections, len(server.requests)) == (2, 1)


def test_a_server_that_closes_at_once_is_replaced_too() -> None:
    with healthy(ssl.TLSVersion.TLSv1_3) as (server, client):
        server.play((b"",), HEALTHY)
        client.warm_up()
        assert get(client, "a") == "a"
        assert len(server.requests) == 1


def test_bytes_that_nobody_asked_for_are_not_taken_for_the_reply() -> None:
    forged = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    with healthy(ssl.TLSVersion.TLSv1_3) as (server, client):
        server.play((forged, HOLD), HEALTHY)
        client.warm_up()
        assert server.rests.acquire(timeout=PATIENCE_S)
        assert get(client, "a") == "a"
        assert server.connections == 2


def test_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    with TunnelProxy() as proxy, healthy(ssl.TLSVersion.TLSv1_3) as (server, client):
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("NO_PROXY", "")
        client.warm_up()
        time.sleep(0.1)
        assert get(client, "a") == "a"
        assert (server.connections, len(proxy.heads)) == (1, 1)


def test_a_client_with_other_options_shares_the_connection() -> None:
    with healthy(ssl.TLSVersion.TLSv1_3) as (server, client):
        client.warm_up()
        assert resolve(client.with_options(timeout_s=3), "a") == "a"
        assert server.connections == 1


@contextmanager
def unheard() -> Iterator[str]:
    with deaf() as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def reserved(url: str) -> Iterator[str]:
    yield url


FAILURES = {
    "refused": (lambda: reserved(f"http://127.0.0.1:{closed_port()}"), "connection refused"),
    "unresolvable": (lambda: reserved("http://nowhere.invalid"), "does not resolve"),
    "not connecting": (unheard, "in time"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_a_network_error(failure: str) -> None:
    place, words = FAILURES[failure]
    timeout_s = TIMEOUT_S if words == "in time" else PATIENCE_S
    with place() as url, create_client(api_key=KEY, base_url=url, timeout_s=timeout_s, max_retries=0) as client:
        started = time.monotonic()
        with pytest.raises(To11aiNetworkError, match=words) as caught:
            client.warm_up()
        assert time.monotonic() - started < ENOUGH_S
        assert KEY not in f"{caught.value!r} {vars(caught.value)}"
        client.warm_up(connect=False)


TLS_FAILURES = {
    "untrusted": ("of an unknown authority", "not trusted"),
    "expired": ("expired", "not trusted"),
    "no TLS there": ("", "no TLS connection|closed during the TLS handshake|in time"),
    "a silent handshake": ("silent", "in time"),
}


@pytest.mark.parametrize("failure", TLS_FAILURES)
def test_the_client_is_good_for_calls_after_a_failure(failure: str) -> None:
    kind, words = TLS_FAILURES[failure]
    script = (HOLD,) if kind == "silent" else (b"HTTP/1.1 400 Bad Request\r\n\r\n",)
    with ScriptedServer(script, tls=serving(kind) if kind not in ("", "silent") else None) as server:
        timeout_s = TIMEOUT_S if kind == "silent" else PATIENCE_S
        options = {"ssl_context": trusting(), "timeout_s": timeout_s, "max_retries": 0}
        with create_client(api_key=KEY, base_url=server.https_url, **options) as client:  # type: ignore[arg-type]
            before = {name for name in descriptors() if "socket" in name}
            with pytest.raises(To11aiNetworkError, match=words):
                client.warm_up()
            time.sleep(0.1)
            assert len({name for name in descriptors() if "socket" in name} - before) <= 1, "the server's own end"
            server.play(HEALTHY, tls=serving())
            assert get(client.with_options(timeout_s=PATIENCE_S), "a") == "a"
            client.with_options(timeout_s=PATIENCE_S).warm_up()
        assert len(server.requests) == 1


IN_INIT = f"""
# bare
import json, os, sys, time
from to11ai_sdk import create_client

url, call, connect = sys.argv[1:]
it = create_client(api_key={KEY!r}, base_url=url, timeout_s=60)
it.warm_up(connect=connect == "yes")
before = set(sys.modules)
print("ready", flush=True)
sys.stdin.readline()
if call == "get":
    name = it.prompts.get(project_id="p", prompt_id="a").id
elif call == "resolve":
    name = it.prompts.resolve(project_id="p", slug="a", labels=["prod"], variables={{"v": 1}}).messages[0].content
else:
    name = it.prompts.create(project_id="p", name="a", slug="a").name
print(json.dumps({{"name": name, "imported": sorted(set(sys.modules) - before)}}))
"""


@pytest.mark.parametrize(
    ("tls", "call", "connect"),
    [
        (True, "resolve", "yes"),
        (False, "resolve", "yes"),
        (True, "get", "yes"),
        (True, "create", "yes"),
        (True, "resolve", "no"),
        (False, "resolve", "no"),
    ],
)
def test_the_first_call_of_a_process_imports_nothing(tls: bool, call: str, connect: str, tmp_path: Path) -> None:
    authority().cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    env = scripts.environment(SSL_CERT_FILE=str(tmp_path / "authority.pem"))
    with ScriptedServer(HEALTHY, tls=serving() if tls else None) as server:
        command = scripts.command(IN_INIT, server.url, call, connect)
        with subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            assert process.stderr is not None
            ready = process.stdout.readline()
            assert ready == "ready\n", process.stderr.read()
            wait_until(lambda: server.connections == int(connect == "yes"))
            assert server.requests == []
            printed, _ = process.communicate("go\n", timeout=100)
        found = scripts.findings(printed)
        assert found == {"name": "a", "imported": []}
        # A create opens a connection of its own: it may not be sent on one that the server may just have closed.
        assert server.connections <= 2 if call == "create" else server.connections == 1
        assert len(server.requests) == 1
