"""Test tools that stand in for the network: classes of ``http.client`` and sockets that are replaced for a while."""

from __future__ import annotations

import gzip
import http.client
import socket
from typing import TYPE_CHECKING, Any

import pytest

from to11ai_sdk import (
    To11aiApiError,
    To11aiNetworkError,
    To11aiResponseValidationError,
    create_client,
)
from to11ai_sdk._http import urllib_exchange

from .certificates import authority, serving
from .harness import KEY, PATIENCE_S, create, get, impatient
from .proxy import TunnelProxy
from .server import HEALTHY, HOLD, KEEP, READ, RESET, Received, Script, ScriptedServer, answer, good
from .server import http as reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from to11ai_sdk import To11aiClient

REAL_SOCKET, REAL_HTTPS = socket.socket, http.client.HTTPSConnection
made: list[Any] = []


class RecordedHTTP(http.client.HTTPConnection):
    """A connection of a tool, such as vcrpy's: of another module."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        made.append(self)


class RecordedHTTPS(http.client.HTTPSConnection):
    """The same with TLS."""

    def __init__(self, *args: Any, **options: Any) -> None:
        with pytest.MonkeyPatch.context() as patch:  # its initializer asks for its own class by name
            patch.setattr(http.client, "HTTPSConnection", REAL_HTTPS)
            super().__init__(*args, **options)
        made.append(self)


class FakeSocket:
    """A socket of a tool, such as httpretty's: no kind of the real one."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.real = REAL_SOCKET(*args, **options)
        made.append(self)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)


Replace = "Callable[[pytest.MonkeyPatch], None]"


def classes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(http.client, "HTTPConnection", RecordedHTTP)
    patch.setattr(http.client, "HTTPSConnection", RecordedHTTPS)


def sockets(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(socket, "socket", FakeSocket)


@pytest.fixture(autouse=True)
def _none_made() -> None:
    made.clear()


@pytest.fixture(params=[classes, sockets])
def replace(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def client() -> Iterator[To11aiClient]:
    """A client whose server is played by each test."""
    with ScriptedServer(HEALTHY) as server, impatient(server.url, max_retries=1) as client:
        client.server = server  # type: ignore[attr-defined]
        yield client


def served(client: Any, *scripts: Script) -> ScriptedServer:
    server: ScriptedServer = client.server
    server.play(*scripts)
    return server


def test_calls_go_through_what_was_put_in_place(
    replace: Callable[..., None], client: To11aiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(monkeypatch)
    assert get(client, "a") == "a"
    assert create(client, "b") == "b"
    assert get(client, "c") == "c"
    assert len([one for one in made if not isinstance(one, FakeSocket) or one.real.family]) >= 3
    assert served(client, HEALTHY).requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_kept_connections_are_not_used_across(
    replace: Callable[..., None], client: To11aiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    get(client, "real")
    with monkeypatch.context() as patch:
        replace(patch)
        get(client, "double")
        client.warm_up()
        get(client, "double")
        used = len(made)
        assert used >= 2
    get(client, "real")
    assert len(made) == used
    assert [request.connection for request in served(client, HEALTHY).requests] == [0, 1, 2, 0]


def test_a_refusal_of_the_tool_comes_out_as_it_is(client: To11aiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    class CannotOverwriteError(Exception):
        """As vcrpy says that a request is not on its cassette."""

    class Refusing(RecordedHTTP):
        def getresponse(self) -> Any:
            raise CannotOverwriteError

        def request(self, *args: object) -> None:
            pass

    monkeypatch.setattr(http.client, "HTTPConnection", Refusing)
    with pytest.raises(CannotOverwriteError):
        get(client, "a")
    assert len([one for one in made if isinstance(one, Refusing)]) == 1
    assert served(client, HEALTHY).connections == 0


def zipped(request: Received) -> bytes:
    body = gzip.compress(reply(200, answer(request)).partition(b"\r\n\r\n")[2])
    return reply(200, body, {"Content-Encoding": "GZIP"})


def test_a_compressed_reply_is_read(
    replace: Callable[..., None], client: To11aiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(monkeypatch)
    served(client, (READ, zipped, KEEP))
    assert get(client, "a") == "a"


@pytest.mark.parametrize("pack", [lambda body: body, gzip.compress], ids=["plain", "gzip"])
def test_a_reply_over_the_bound_is_refused(
    pack: Callable[[bytes], bytes],
    replace: Callable[..., None],
    client: To11aiClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    replace(monkeypatch)
    monkeypatch.setattr(urllib_exchange, "MAX_BODY", 100)
    headers = {"Content-Encoding": "gzip"} if pack is gzip.compress else {}
    served(client, (READ, reply(200, pack(b" " * 101), headers), KEEP))
    with pytest.raises(To11aiResponseValidationError, match="the body is over"):
        get(client, "a")


def test_repeated_headers_are_one_list(
    replace: Callable[..., None], client: To11aiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(monkeypatch)
    served(client, (READ, reply(404, {"error": {"code": "X"}}, [("X-Request-Id", "a"), ("x-request-id", "b")]), KEEP))
    with pytest.raises(To11aiApiError, match="HTTP 404") as caught:
        get(client, "a")
    assert caught.value.request_id == "a, b"


FAILURES: dict[str, tuple[Script, str]] = {
    "reset": ((READ, RESET), "closed before a reply came"),
    "closed": ((READ,), "closed before a reply came"),
    "silent": ((READ, HOLD), "no complete reply in time"),
    "cut": ((READ, lambda request: good(request)[:-5]), "ended before the reply did"),
    "no HTTP": ((READ, b"SSH-2.0-OpenSSH\r\n\r\n"), "not valid HTTP"),
    "broken gzip": ((READ, reply(200, b"x", {"Content-Encoding": "gzip"})), "compressed body of the reply is broken"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_its_failures_are_those_of_the_network(
    failure: str, replace: Callable[..., None], client: To11aiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(monkeypatch)
    script, words = FAILURES[failure]
    server = served(client, script)
    with pytest.raises(To11aiNetworkError, match=words) as caught:
        get(client.with_options(timeout_s=1) if failure == "silent" else client, "a")
    for _ in range(2):
        assert server.rests.acquire(timeout=PATIENCE_S)
    assert caught.value.attempts == len(server.requests) == 2
    served(client, HEALTHY)
    assert get(client, "b") == "b"


def test_warm_up_opens_nothing(
    replace: Callable[..., None], client: To11aiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    replace(monkeypatch)
    client.warm_up()
    assert made == []
    assert served(client, HEALTHY).connections == 0


@pytest.mark.parametrize("given", [False, True], ids=["SSL_CERT_FILE", "ssl_context"])
def test_tls_and_a_proxy_as_always(
    given: bool, replace: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    import ssl

    authority().cert_pem.write_to_path(tmp_path / "authority.pem")
    context = ssl.create_default_context(cafile=tmp_path / "authority.pem") if given else None
    if not given:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    with ScriptedServer(HEALTHY, tls=serving()) as server, TunnelProxy() as proxy:
        monkeypatch.setenv("https_proxy", f"http://user:secret@127.0.0.1:{proxy.port}")
        if replace is classes:  # the stand-ins of this test for sockets cannot be wrapped
            replace(monkeypatch)
        with create_client(api_key=KEY, base_url=server.url, ssl_context=context) as client:
            assert get(client, "a") == "a"
        assert len(proxy.heads) == 1
        assert b"Proxy-Authorization: Basic" in proxy.heads[0]
        assert "proxy-authorization" not in server.requests[0].headers


def test_sockets_of_a_cooperative_package_are_real_ones(client: To11aiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    cooperative = type("socket", (FakeSocket,), {"__module__": "gevent._socket3"})
    monkeypatch.setattr(socket, "socket", cooperative)
    for name in ("a", "b", "c"):
        assert get(client, name) == name
    assert served(client, HEALTHY).requests[-1].connection == 0


@pytest.mark.parametrize("error", [RuntimeError("blocked"), ValueError("blocked"), Exception("blocked")])
def test_a_socket_that_a_test_tool_blocks_is_its_error(
    error: Exception, client: To11aiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Guarded(socket.socket):
        """As pytest-socket does it."""

        def __new__(cls, *args: object, **options: object) -> Any:
            raise error

    fallback = client.prompts.resolve(project_id="p", slug="s", labels=["a"])
    client.close()
    tries: list[float] = []
    monkeypatch.setattr(client._transport, "_sleep", tries.append)
    monkeypatch.setattr(socket, "socket", Guarded)
    for call in (
        lambda: get(client, "a"),
        lambda: create(client, "a"),
        lambda: client.prompts.resolve(project_id="p", slug="s", labels=["a"], fallback=fallback),
        client.warm_up,
    ):
        with pytest.raises(type(error), match="blocked") as caught:
            call()
        assert caught.value is error
    assert tries == []


@pytest.mark.parametrize("error", [RuntimeError("blocked"), KeyError("blocked")])
def test_a_connection_that_a_test_tool_blocks_is_its_error(
    error: Exception, client: To11aiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(self: object, address: object) -> None:
        raise error

    get(client, "before")
    monkeypatch.setattr(socket.socket, "connect", connect)
    for _ in range(2):
        with pytest.raises(type(error), match="blocked"):
            get(client, "a")
    assert len(served(client, HEALTHY).requests) == 1
