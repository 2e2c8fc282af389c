"""What ``warm_up`` does beforehand, so that the first call need not."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk import To11aiNetworkError, create_client
from to11ai_sdk.resources.table import ENDPOINTS

from .certificates import authority, serving, trusting
from .harness import ENOUGH_S, KEY, PATIENCE_S, TIMEOUT_S, closed_port, create, get, impatient, resolve
from .proxy import TunnelProxy
from .server import HEALTHY, HOLD, READ, ScriptedServer, http

if TYPE_CHECKING:
    from collections.abc import Iterator

    from to11ai_sdk import To11aiClient

KINDS = ["HTTP", "good", "TLS 1.2 only"]
"""Plain HTTP, TLS 1.3 and TLS 1.2."""


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[ScriptedServer]:
    with ScriptedServer(HEALTHY, tls=None if request.param == "HTTP" else serving(request.param)) as server:
        yield server


@pytest.fixture
def client(server: ScriptedServer) -> Iterator[To11aiClient]:
    context = trusting() if server.url.startswith("https") else None
    with impatient(server.url, ssl_context=context) as client:
        yield client


def arrived() -> None:
    """Give the tickets of TLS 1.3, which the server sends after the handshake, the time to arrive."""
    time.sleep(0.1)


def test_the_first_read_uses_the_connection_that_was_opened(server: ScriptedServer, client: To11aiClient) -> None:
    client.warm_up()
    arrived()
    assert (server.connections, server.requests) == (1, [])
    assert get(client, "a") == "a"
    assert resolve(client, "b") == "b"
    assert server.connections == 1


def test_a_write_connects_anew_and_may_be_first(server: ScriptedServer, client: To11aiClient) -> None:
    client.warm_up()
    assert create(client, "a") == "a"
    assert get(client, "b") == "b"
    assert server.connections == 2


def test_it_may_open_none(server: ScriptedServer, client: To11aiClient) -> None:
    client.warm_up(connect=False)
    assert get(client, "a") == "a"
    assert server.connections == 1


def test_it_may_be_called_again_and_by_many_threads(server: ScriptedServer, client: To11aiClient) -> None:
    threads = [threading.Thread(target=client.warm_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    arrived()
    assert server.connections == 4
    assert get(client, "a") == "a"
    assert server.connections == 4


def test_a_client_with_other_options_shares_the_connection(server: ScriptedServer, client: To11aiClient) -> None:
    client.with_options(timeout_s=70).warm_up()
    arrived()
    assert get(client, "a") == "a"
    assert server.connections == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_connection_that_the_server_closed_meanwhile_is_not_used(kind: str) -> None:
    slept: list[float] = []
    tls = None if kind == "HTTP" else serving(kind)
    with (
        ScriptedServer((b"",), HEALTHY, tls=tls) as server,
        impatient(server.url, ssl_context=trusting() if tls else None, sleep=slept.append) as client,
    ):
        client.warm_up()
        assert server.rests.acquire(timeout=PATIENCE_S)
        assert get(client, "a") == "a"
        assert (server.connections, slept) == (2, [])


def test_a_connection_that_said_something_of_itself_is_not_used() -> None:
    with ScriptedServer((http(408), HOLD), HEALTHY) as server, impatient(server.url) as client:
        client.warm_up()
        assert server.rests.acquire(timeout=PATIENCE_S)
        assert get(client, "a") == "a"
        assert server.connections == 2


@pytest.mark.parametrize("kind", ["good", "TLS 1.2 only"])
def test_the_connection_goes_through_the_proxy(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer(HEALTHY, tls=serving(kind)) as server, TunnelProxy() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{proxy.port}")
        with impatient(server.url, ssl_context=trusting()) as client:
            client.warm_up()
            arrived()
            assert (server.connections, server.requests) == (1, [])
            assert get(client, "a") == "a"
            assert server.connections == len(proxy.heads) == 1
            assert b"\r\nProxy-Authorization: Basic " in proxy.heads[0]


CODE = f"""
import sys
from to11ai_sdk import create_client
client = create_client(api_key={KEY!r}, base_url=sys.argv[1])
client.warm_up(connect=sys.argv[2] == "connect")
before = set(sys.modules)
client.prompts.resolve(project_id="p", slug="a", labels=["l"], variables={{"x": 1.5}})
client.prompts.get(project_id="p", prompt_id="a")
client.prompts.create(project_id="p", slug="a", name="a")
client.prompts.create_version(
    project_id="p", prompt_id="a", format="text", template_json={{"text": "a"}}, variables_schema={{}}
)
client.project_environments.create(project_id="p", slug="e", name="e")
client.routing_rules.versions.create(project_id="p", rule_id="r", snapshot={{}})
print(sorted(set(sys.modules) - before))
"""


@pytest.mark.parametrize("connect", ["connect", "no"])
@pytest.mark.parametrize("no_proxy", ["", "10.0.0.0/8"])
def test_no_module_is_left_for_the_calls_to_import(
    connect: str, no_proxy: str, server: ScriptedServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    trusted = tmp_path_factory.mktemp("trusted") / "authority.pem"
    authority().cert_pem.write_to_path(trusted)
    command = [sys.executable, "-c", CODE, server.url, connect]
    environment = {"SSL_CERT_FILE": str(trusted), "NO_PROXY": no_proxy}
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")


def test_all_rows_are_ready_to_read_their_replies() -> None:
    with create_client(api_key=KEY, base_url="http://127.0.0.1:1") as client:
        client.warm_up(connect=False)
    assert all("result" in vars(row) for row in ENDPOINTS.values())


def test_no_connection_is_an_error_that_does_no_harm() -> None:
    port = closed_port()
    slept: list[float] = []
    with impatient(f"http://127.0.0.1:{port}", sleep=slept.append) as client:
        with pytest.raises(To11aiNetworkError, match=f"^127.0.0.1:{port}: connection refused") as caught:
            client.warm_up()
        assert (caught.value.attempts, caught.value.unsent, slept) == (1, True, [])
        assert 0 <= caught.value.elapsed_s < ENOUGH_S
        with ScriptedServer(HEALTHY, port=port):
            assert get(client, "a") == "a"


@pytest.mark.parametrize("total_timeout_s", [None, TIMEOUT_S, 60.0])
def test_it_waits_no_longer_than_a_call_would(total_timeout_s: float | None) -> None:
    with (
        ScriptedServer((HOLD,)) as server,
        create_client(
            api_key=KEY,
            base_url=server.https_url,
            ssl_context=trusting(),
            timeout_s=60 if total_timeout_s == TIMEOUT_S else TIMEOUT_S,
            total_timeout_s=total_timeout_s,
        ) as client,
    ):
        client.warm_up(connect=False)
        started = time.monotonic()
        with pytest.raises(To11aiNetworkError, match="in time"):
            client.warm_up()
        assert time.monotonic() - started < ENOUGH_S
        assert server.rests.acquire(timeout=PATIENCE_S)
        assert server.connections == 1


def test_a_certificate_that_is_not_trusted_shows_before_a_call() -> None:
    with (
        ScriptedServer(HEALTHY, tls=serving("of an unknown authority")) as server,
        impatient(server.url, ssl_context=trusting()) as client,
    ):
        with pytest.raises(To11aiNetworkError, match="not trusted") as caught:
            client.warm_up()
        assert caught.value.final


def test_what_a_proxy_refuses_shows_before_a_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer((READ, http(407))) as proxy:
        monkeypatch.setenv("https_proxy", f"http://:{KEY}@127.0.0.1:{proxy.port}")
        with (
            impatient("https://to11.test", ssl_context=trusting()) as client,
            pytest.raises(To11aiNetworkError, match=r"the proxy does not connect \(407") as caught,
        ):
            client.warm_up()
    assert KEY not in str(caught.value)


def test_an_unusable_key_log_is_an_error_of_the_network_not_of_the_preparation(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", f"{tmp_path}/nowhere/keys")
    with create_client(api_key=KEY, base_url="https://127.0.0.1:1", max_retries=0) as client:
        client.warm_up(connect=False)
        for call in (client.warm_up, lambda: get(client, "a")):
            with pytest.raises(To11aiNetworkError, match="FileNotFoundError"):
                call()
