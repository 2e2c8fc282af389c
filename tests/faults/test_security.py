from __future__ import annotations

import pickle
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk import create_client
from to11ai_sdk.errors import To11aiError, To11aiNetworkError

from .certificates import serving, trusting
from .harness import KEY, PATIENCE_S, TIMEOUT_S, closed_port, create, exposed, get, impatient, watched
from .proxy import TunnelProxy
from .server import HEALTHY, HOLD, READ, RESET, Endless, Script, ScriptedServer, http

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "ftp_proxy")


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXY_VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def secure() -> Iterator[ScriptedServer]:
    with ScriptedServer(HEALTHY, tls=serving()) as server:
        yield server


@pytest.fixture
def plain() -> Iterator[ScriptedServer]:
    with ScriptedServer(HEALTHY) as server:
        yield server


@pytest.fixture
def proxy() -> Iterator[TunnelProxy]:
    with TunnelProxy() as proxy:
        yield proxy


# Where the key goes


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("call", [get, create])
def test_a_redirect_never_takes_a_request_to_another_origin(call: object, status: int, plain: ScriptedServer) -> None:
    elsewhere = http(status, b"", {"Location": f"{plain.url}/v1/projects/p/prompts/a"})
    with ScriptedServer((READ, elsewhere)) as server, impatient(server.url) as client:
        with pytest.raises(To11aiError, match=f"HTTP {status}: a redirect that is not followed"):
            call(client, "a")  # type: ignore[operator]
        assert len(server.requests) == 1
    assert plain.connections == 0


def test_netrc_is_not_read(plain: ScriptedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login user password secret\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with impatient(plain.url) as client:
        get(client, "a")
    assert plain.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_what_a_request_says(plain: ScriptedServer) -> None:
    with impatient(plain.url) as client:
        create(client, "a")
    (request,) = plain.requests
    assert request.version == "HTTP/1.1"
    assert set(request.headers) == {
        "host", "authorization", "content-type", "accept", "accept-encoding", "user-agent", "content-length",
    }  # fmt: skip
    assert request.headers["host"] == f"127.0.0.1:{plain.port}"
    assert request.headers["accept-encoding"] == "identity"
    assert request.headers["user-agent"].startswith("to11ai-sdk-python/")
    assert request.raw.count(KEY.encode()) == 1


# Proxies


def test_https_goes_through_the_proxy_and_the_key_only_inside_the_tunnel(
    secure: ScriptedServer, proxy: TunnelProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:p%40ss@127.0.0.1:{proxy.port}")
    with impatient(secure.url, ssl_context=trusting()) as client:
        assert get(client, "a") == "a"
        assert get(client, "b") == "b"
        assert create(client, "c") == "c"
    assert len(proxy.heads) == 2  # two safe calls share a tunnel, the create has its own
    for head in proxy.heads:
        assert head.startswith(f"CONNECT 127.0.0.1:{secure.port} HTTP/1.".encode())
        assert b"Proxy-Authorization: Basic " + b64encode(b"user:p@ss") in head
        assert KEY.encode() not in head
        assert b"\r\nAuthorization" not in head
    for request in secure.requests:
        assert request.headers["authorization"] == f"Bearer {KEY}"
        assert "proxy-authorization" not in request.headers
        assert request.headers["host"] == f"127.0.0.1:{secure.port}"
        assert request.target.startswith("/v1/")


def test_a_proxy_may_be_written_without_a_scheme(
    secure: ScriptedServer, proxy: TunnelProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("https_proxy", f"127.0.0.1:{proxy.port}")
    with impatient(secure.url, ssl_context=trusting()) as client:
        assert get(client, "a") == "a"
    assert len(proxy.heads) == 1


@pytest.mark.parametrize("hosts", ["127.0.0.1", "*", "other.example,127.0.0.1", "127.0.0.1:{port}"])
def test_no_proxy_is_honoured(
    hosts: str, secure: ScriptedServer, proxy: TunnelProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
    monkeypatch.setenv("NO_PROXY", hosts.format(port=secure.port))
    with impatient(secure.url, ssl_context=trusting()) as client:
        assert get(client, "a") == "a"
    assert proxy.heads == []


def test_the_environment_is_read_per_client(
    secure: ScriptedServer, proxy: TunnelProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    with impatient(secure.url, ssl_context=trusting()) as direct:
        assert get(direct, "a") == "a"
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        with impatient(secure.url, ssl_context=trusting()) as tunnelled:
            assert get(tunnelled, "b") == "b"
        direct.close()
        assert get(direct, "c") == "c"
    assert len(proxy.heads) == 1


def test_a_call_that_needed_no_proxy_never_takes_one_that_was_not_looked_at(
    secure: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with impatient(secure.url, ssl_context=trusting()) as client:
        monkeypatch.setenv("NO_PROXY", "*")
        monkeypatch.setenv("HTTPS_PROXY", "socks5://127.0.0.1:1")
        assert get(client, "a") == "a"
        monkeypatch.delenv("NO_PROXY")
        client.close()
        assert get(client, "b") == "b"


REFUSALS: dict[str, tuple[Script, str, int]] = {
    "407": (
        (READ, http("407 Proxy Authentication Required")),
        "the proxy does not connect (407 Proxy",
        1,
    ),
    "403": ((READ, http("403 Forbidden", b"no")), "403 Forbidden", 1),
    "502": ((READ, http("502 Bad Gateway")), "502 Bad Gateway", 2),
    "302": ((READ, http(302, b"", {"Location": "http://evil.example/"})), "302", 2),
    "closes": ((READ,), "", 2),
    "resets": ((READ, RESET), "", 2),
    "silent": ((READ, HOLD), "no complete reply in time", 2),
    "not HTTP": ((READ, b"hello\r\n\r\n"), "not valid HTTP", 2),
    "cut in the status line": ((READ, b"HTTP/1.1 20"), "ended before the reply did", 2),
    "endless headers": ((READ, b"HTTP/1.1 200 OK\r\n", Endless(b"X: y\r\n" * 1000)), "", 2),
    "endless interim replies": ((READ, Endless(b"HTTP/1.1 103 x\r\n\r\n")), "", 2),
    "200, then no TLS": ((READ, b"HTTP/1.1 200 OK\r\n\r\n", 0.05, b"plain text"), "no TLS connection", 1),
    "200, then the end": ((READ, b"HTTP/1.1 200 OK\r\n\r\n", 0.05), "during the TLS handshake", 1),
    "200, then silence": ((READ, b"HTTP/1.1 200 OK\r\n\r\n", HOLD), "no complete reply in time", 2),
}


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("call", [get, create])
def test_a_proxy_that_fails_is_named_and_never_sees_the_key(
    call: object, refusal: str, secure: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, words, attempts = REFUSALS[refusal]
    timeout_s = TIMEOUT_S if "silent" in refusal or "silence" in refusal else PATIENCE_S
    with ScriptedServer(script) as proxy, impatient(secure.url, ssl_context=trusting(), timeout_s=timeout_s) as client:
        monkeypatch.setenv("HTTPS_PROXY", f"http://user:secret@127.0.0.1:{proxy.port}")
        with pytest.raises(To11aiNetworkError) as caught:
            watched(lambda: call(client, "a"))  # type: ignore[operator]
        assert all(KEY.encode() not in request.raw for request in proxy.requests)
    message = str(caught.value)
    assert words in message
    assert message.startswith(f"127.0.0.1:{secure.port} through the proxy 127.0.0.1:{proxy.port}: ")
    assert message.endswith("see HTTPS_PROXY and NO_PROXY")
    assert "secret" not in message
    # The request itself never left, so that even a create may be tried again.
    assert (caught.value.attempts, caught.value.unsent) == (attempts, True)
    assert exposed(caught.value) == []
    assert secure.requests == []


def test_a_proxy_that_is_not_there(secure: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{closed_port()}")
    with (
        impatient(secure.url, ssl_context=trusting()) as client,
        pytest.raises(To11aiNetworkError, match=r"through the proxy .*: connection refused.*HTTPS_PROXY"),
    ):
        get(client, "a")


BAD_PROXIES = [
    "http://",
    "http://:3128",
    "http://proxy:notaport",
    "http://proxy:99999",
    "http://proxy:0",
    "http:proxy.example",
    "http://[::1",
    "http://pr\u00f6xy.example:3128",
    "socks5://127.0.0.1:1080",
    "ftp://user:hunter22@127.0.0.1",
    "://",
]


@pytest.mark.parametrize("address", BAD_PROXIES)
def test_a_proxy_address_that_is_none_is_refused(
    address: str, secure: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    with (
        impatient(secure.url, ssl_context=trusting()) as client,
        pytest.raises(To11aiNetworkError, match="HTTPS_PROXY is not the address of an HTTP proxy") as caught,
    ):
        get(client, "a")
    assert caught.value.attempts == 1
    assert "hunter22" not in str(caught.value)


def test_plain_http_to_another_machine_is_refused_when_a_proxy_would_see_the_key(
    plain: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", plain.url)
    with (
        impatient("http://to11.internal") as client,
        pytest.raises(To11aiNetworkError, match=r"http_proxy would see the API key .* NO_PROXY") as caught,
    ):
        create(client, "a")
    assert (caught.value.attempts, caught.value.unsent, caught.value.final) == (1, True, True)
    assert plain.connections == 0


def test_plain_http_to_another_machine_goes_directly_when_no_proxy_names_it(
    plain: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", plain.url)
    monkeypatch.setenv("no_proxy", "nowhere.invalid")
    with (
        impatient("http://nowhere.invalid") as client,
        pytest.raises(To11aiNetworkError, match="does not resolve"),
    ):
        get(client, "a")
    assert plain.connections == 0


def test_plain_http_on_this_machine_goes_directly(plain: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port()}")
    with impatient(plain.url) as client:
        assert get(client, "a") == "a"
    with impatient(plain.url.replace("127.0.0.1", "localhost")) as client:
        assert get(client, "b") == "b"


# What is refused before anything is sent


@pytest.mark.parametrize(
    "url",
    [
        "", " ", "api.to11.ai", "//api.to11.ai", "ftp://api.to11.ai", "file:///etc/passwd", "http://", "https:///v1",
        "https://user@api.to11.ai", "https://user:pw@api.to11.ai", "https://api.to11.ai?x=1", "https://api.to11.ai#x",
        "https://api.to11.ai?", "https://api.to11.ai/#", "https://api.to11.ai/a/../b", "https://api.to11.ai/./",
        "https://api.to11.ai/%2e%2e/", "https://api.to11.ai\\@evil.example", "https://api.to11.ai /",
        "https://api.to11.ai:99999", "https://api.to11.ai:-1", "https://api.to11.ai:port", "https://api.to11.ai:0",
        "https://api.to11.ai:", "https://[::1", "https://api.to11.ai\n", "https://api.to11.ai/\r\nX: y",
        "https://api.to11.ai/\x00", "https://\u00e4pi.to11.ai", "javascript:alert(1)",
    ],
)  # fmt: skip
def test_a_base_url_that_is_more_or_less_than_one_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="base_url") as caught:
        create_client(api_key=KEY, base_url=url)
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize("key", ["", " ", "a\nb", "a\rb", "a\r\nX: y", "a\x00b", "a\x7fb", "\u20ac-key", "\U0001f511"])
def test_a_key_that_no_header_can_hold_is_refused_without_printing_it(key: str) -> None:
    with pytest.raises(ValueError, match="api_key") as caught:
        create_client(api_key=key, base_url="https://api.to11.ai")
    assert not key.strip() or key not in str(caught.value)


IDS = [
    "a/b",
    "a/../b",
    "../..",
    "a?b=c",
    "a#b",
    "a%2fb",
    "a b",
    "a\\b",
    "%2e%2e",
    "\u00e9\u20ac",
    "a;b",
    "a:b",
    "a@b",
    "*",
]


@pytest.mark.parametrize("odd", IDS)
def test_no_id_can_change_the_path(odd: str, plain: ScriptedServer) -> None:
    plain.play((READ, http(404, b"{}"), *HEALTHY[2:]))
    with impatient(plain.url) as client, pytest.raises(To11aiError, match="HTTP 404"):
        client.prompts.get(project_id=odd, prompt_id=odd)
    target = plain.requests[0].target
    assert target.startswith("/v1/projects/")
    assert target.count("/") == 5
    assert not set(target) & set("?#;@ \\")


@pytest.mark.parametrize("bad", ["", ".", "..", "a\nb", "a\rb", "a\x00", "a\x7f", "\x85", "\ud800"])
def test_an_id_that_is_none_is_refused_before_anything_is_sent(bad: str, plain: ScriptedServer) -> None:
    with impatient(plain.url) as client, pytest.raises(ValueError, match="prompt_id"):
        client.prompts.get(project_id="p", prompt_id=bad)
    assert plain.connections == 0


# What a client gives away


def test_neither_the_client_nor_its_transport_shows_the_key_or_can_be_pickled(plain: ScriptedServer) -> None:
    with impatient(plain.url) as client:
        get(client, "a")
        for part in (client, client._transport):
            assert KEY not in repr(part) + str(part)
            with pytest.raises(TypeError, match="cannot be pickled"):
                pickle.dumps(part)
