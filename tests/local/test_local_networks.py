"""Who reaches a local to11: the address it listens on, the key it needs there, and the hosts that requests may name."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from bound import call, envelope, exchange

from to11ai_sdk import To11aiApiError
from to11ai_sdk.local import DataFileError, LocalTo11, bounds
from to11ai_sdk.local.http.address import find_address
from to11ai_sdk.local.http.expected_hosts import ExpectedHosts

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

VARIABLE = "TO11_LOCAL_API_KEY"
KEY = "k3y-of-this-test-0123456789"
HAS_IPV6 = socket.has_ipv6 and os.path.exists("/proc/net/if_inet6")
IPV6 = pytest.param("::", marks=pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6"))
IPV6_LOOPBACK = pytest.param("::1", marks=pytest.mark.skipif(not HAS_IPV6, reason="this machine has no IPv6"))


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, KEY)


@pytest.fixture(autouse=True)
def not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


@contextmanager
def command(*arguments: str, **variables: str) -> Generator[subprocess.Popen[str]]:
    """The command ``to11ai local`` in a process of its own."""
    words = [sys.executable, "-m", "to11ai_sdk", "local", "--port", "0", *arguments]
    environment = {**os.environ, **variables}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def ended(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGTERM)
    return process.communicate(timeout=60)


def of_host(to11: LocalTo11, host: str, path: str = "/local/settings", *headers: str) -> Any:
    """The status and the JSON of a request with the right key, whatever the host."""
    lines = (f"GET {path} HTTP/1.1", f"Host: {host}", f"Authorization: Bearer {to11.api_key}", *headers, "", "")
    reply = exchange(to11, "\r\n".join(lines).encode())
    return int(reply.split()[1]), envelope(reply)


# The key


@pytest.mark.parametrize("host", ["0.0.0.0", IPV6, "0"])
def test_beyond_this_machine_a_key_is_needed_before_it_listens(host: str) -> None:
    with pytest.raises(ValueError, match=f"set {VARIABLE} to a key of at least 24 characters"):
        LocalTo11(host=host)


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("x" * 23, "has 23 characters, a key has 24 to 512"),
        ("x" * 513, "has 513 characters"),
        (" ", "only visible ASCII"),
        (" " * 30, "only visible ASCII"),
        ("secret-secret-secret-secret\n", "only visible ASCII"),
        ("secret secret secret secret", "only visible ASCII"),
        ("schl\u00fcssel-schl\u00fcssel-schl\u00fcssel", "only visible ASCII"),
    ],
)
@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0"])
def test_a_key_that_is_none_is_refused_and_not_shown(
    key: str, says: str, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, key)
    with pytest.raises(ValueError, match=VARIABLE) as caught:
        LocalTo11(host=host)
    assert says in str(caught.value)
    assert key not in str(caught.value) or not key.strip()


@pytest.mark.parametrize("workers", [1, 2])
def test_the_command_refuses_before_it_listens(workers: int, tmp_path: Path) -> None:
    for variables in ({VARIABLE: ""}, {VARIABLE: "short"}):
        more = ("--workers", "2", "--data", str(tmp_path / "to11.db")) if workers > 1 else ()
        with command("--host", "0.0.0.0", *more, **variables) as process:
            out, err = process.communicate(timeout=60)
            assert (process.returncode, out) == (1, "")
            assert re.fullmatch(f"to11ai local: .*{VARIABLE}.*\n", err)


@pytest.mark.usefixtures("given")
def test_the_key_opens_the_project_on_every_start_and_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for data in (None, tmp_path / "a.db", tmp_path / "a.db", tmp_path / "b.db"):
        with LocalTo11(data, host="0.0.0.0") as to11:
            assert to11.api_key == KEY
            assert to11.client().prompts.list(project_id=to11.project_id).items == []
    monkeypatch.setenv(VARIABLE, "")
    with LocalTo11() as to11:
        assert to11.api_key != KEY


def test_it_replaces_the_key_of_a_store_whose_authors_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "to11.db"
    with LocalTo11(data) as to11:
        former, project_id = to11.api_key, to11.project_id
        other = to11.create_key()
        author = to11.client().prompts.create(project_id=project_id, name="A", slug="a").created_by_user_id
    monkeypatch.setenv(VARIABLE, KEY)
    with LocalTo11(data) as to11:
        assert to11.project_id == project_id
        assert call(to11, "GET", "prompts", key=former).status == 401
        assert [call(to11, "GET", "prompts", key=key).status for key in (KEY, other)] == [200, 200]
        made = to11.client().prompts.create(project_id=project_id, name="B", slug="b")
        assert made.created_by_user_id == author
    stored = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert KEY.encode() not in stored
    monkeypatch.setenv(VARIABLE, KEY.upper())
    with LocalTo11(data) as to11:
        assert [call(to11, "GET", "prompts", key=key).status for key in (KEY, KEY.upper())] == [401, 200]
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(DataFileError, match=f"is not stored: set {VARIABLE}"):
        LocalTo11(data).start()
    monkeypatch.setenv(VARIABLE, other)
    with pytest.raises(DataFileError, match="another key of this store"):
        LocalTo11(data).start()


@pytest.mark.usefixtures("given")
def test_the_key_is_not_printed_and_the_exports_work_where_it_is_set() -> None:
    with command("--json", **{VARIABLE: KEY}) as process:
        assert process.stdout is not None
        ready = json.loads(process.stdout.readline())
        assert ready["api_key"] is None
        assert KEY not in str(ready) + "".join(ended(process))
    with command(**{VARIABLE: KEY}) as process:
        assert process.stdout is not None
        exports = [process.stdout.readline() for _ in range(4)]
        assert KEY not in "".join(exports) + "".join(ended(process))
    shell = "".join(exports) + 'printf %s "$TO11_API_KEY"'
    assert subprocess.run(["sh", "-c", shell], capture_output=True, text=True, check=True).stdout == KEY


# The address


@pytest.mark.usefixtures("given")
@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:"),
        ("127.0.0.2", "http://127.0.0.2:"),
        ("localhost", "http://"),
        ("0.0.0.0", "http://127.0.0.1:"),
        pytest.param("::1", "http://[::1]:", marks=IPV6_LOOPBACK.marks),
        pytest.param("::", "http://[::1]:", marks=IPV6_LOOPBACK.marks),
    ],
)
def test_it_listens_where_it_is_asked_to(host: str, url: str) -> None:
    with LocalTo11(host=host) as to11:
        assert to11.base_url.startswith(url)
        assert to11.client().prompts.list(project_id=to11.project_id).items == []
        port = urlsplit(to11.base_url).port
        if host in ("::", "0.0.0.0"):
            opened = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
            opened.request("GET", "/health")
            assert opened.getresponse().status == 200
            opened.close()


@pytest.mark.parametrize("host", ["", " ", "no.such.name.invalid", "1.2.3.4.5", "a" * 300, "a\0b", "[::1]", "http://x"])
def test_a_host_that_is_no_address_is_refused(host: str) -> None:
    with pytest.raises(ValueError, match="is no address of this machine; use 127"):
        LocalTo11(host=host)


@pytest.mark.usefixtures("given")
def test_an_address_of_another_machine_is_explained() -> None:
    with pytest.raises(OSError, match=r"cannot listen on 192\.0\.2\.1, port 0: "):
        LocalTo11(host="192.0.2.1").start()
    with pytest.raises(TypeError, match="host must be a str"):
        LocalTo11(host=1)  # type: ignore[arg-type]


# The header Host

OWN = [
    "localhost", "LOCALHOST", "localhost.", "localhost:1", "localhost:", "app.localhost", "a.b.localhost:4500",
    "127.0.0.1", "127.0.0.1:65535", "127.1.2.3", "[::1]", "[::1]:4500", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]",
]  # fmt: skip
FOREIGN = [
    "evil.example", "evil.example:4500", "localhost.evil.example", "127.0.0.1.evil.example", "notlocalhost", "to11",
    "10.0.0.1", "0.0.0.0", "128.0.0.1", "[::]", "[::2]", "127.1", "2130706433", "0x7f.0.0.1", "", ":80",
    "localhost,evil", "[127.0.0.1]", ".localhost.evil", "localhost..", "local%68ost", "%6cocalhost", "evil;localhost",
]  # fmt: skip
MALFORMED = [
    "localhost, evil", "evil@localhost", "localhost@evil", "localhost/", "localhost:80:80", "::1", "[::1",
    "localhost:a", "local\u00a0host", "localhost#evil",
]  # fmt: skip
PATHS = ["/v1/projects/p/prompts", "/v1/models", "/local/settings", "/", "/v1/chat/completions"]


@pytest.mark.parametrize("host", OWN)
def test_names_of_this_machine_are_expected(to11: LocalTo11, host: str) -> None:
    assert of_host(to11, host)[0] == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_any_other_host_is_refused_everywhere_but_by_the_probe(to11: LocalTo11, host: str) -> None:
    for path in PATHS:
        status, reply = of_host(to11, host, path)
        assert (status, reply["error"]["code"]) == (421, "HOST_NOT_EXPECTED"), path
        assert "--allow-host NAME" in reply["error"]["message"]
    assert of_host(to11, host, "/health")[0] == 200


@pytest.mark.parametrize("host", MALFORMED)
def test_what_is_no_host_is_no_request(to11: LocalTo11, host: str) -> None:
    assert [of_host(to11, host, path)[0] for path in (*PATHS, "/health")] == [400] * 6


def test_a_refused_request_changes_nothing_and_the_connection_goes_on(to11: LocalTo11) -> None:
    body = b'{"name": "A", "slug": "a"}'
    path = f"/v1/projects/{to11.project_id}/prompts"
    lines = (f"Authorization: Bearer {to11.api_key}", f"Content-Length: {len(body)}", "", "")
    requests = [
        "\r\n".join((f"POST {path} HTTP/1.1", f"Host: {host}", *lines)).encode() + body
        for host in ("evil.example", "localhost")
    ]
    reply = exchange(to11, *requests)
    assert re.findall(rb"HTTP/1.1 (\d+)", reply) == [b"421", b"200"]
    assert [seen.status for seen in to11.requests] == [200]


def test_the_host_of_the_target_counts_where_it_has_one(to11: LocalTo11) -> None:
    for target, status in {
        "http://evil.example/local/settings": 421,
        "http://127.0.0.1:1/local/settings": 200,
        "HTTP://localhost/local/settings": 200,
        "http://evil.example?/local/settings": 421,
        "http://localhost@evil.example/local/settings": 421,
        "http:///local/settings": 421,
    }.items():
        assert of_host(to11, "localhost", target)[0] == status, target
    assert of_host(to11, "evil.example", "http://localhost/local/settings")[0] == 200


def test_an_old_client_without_the_header_is_served(to11: LocalTo11) -> None:
    reply = exchange(to11, f"GET /local/settings HTTP/1.0\r\nAuthorization: Bearer {to11.api_key}\r\n\r\n".encode())
    assert reply.startswith(b"HTTP/1.1 200 ")


def test_names_are_added() -> None:
    names = ("to11", "To11.Example.com", "my_service", "192.0.2.7", "2001:db8::7", "[2001:db8::8]", "fe80::1%eth0")
    with LocalTo11(allowed_hosts=names) as to11:
        for host in ("to11:4500", "TO11", "to11.example.com", "my_service", "192.0.2.7", "[2001:db8:0::7]:1",
                     "[2001:db8::8]", "[fe80::1]", "localhost"):  # fmt: skip
            assert of_host(to11, host)[0] == 200, host
        for host in ("a.to11", "to11.example.org", "192.0.2.8", "[2001:db8::9]"):
            assert of_host(to11, host)[0] == 421, host


@pytest.mark.parametrize(
    "name", ["", " ", "*", "http://to11", "to11:4500", "to11/", "a b", "\u00fc.example", ".to11", "["]
)
def test_a_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="write it as in a URL, without scheme and port"):
        LocalTo11(allowed_hosts=[name])


def test_names_are_given_as_a_list() -> None:
    with pytest.raises(TypeError, match="allowed_hosts must be a list of str"):
        LocalTo11(allowed_hosts="to11")


@pytest.mark.usefixtures("given")
def test_a_server_on_all_addresses_is_reached_by_each_but_by_no_name() -> None:
    with LocalTo11(host="0.0.0.0") as to11:
        for host in ("172.17.0.2:4500", "0.0.0.0", "localhost", "[2001:db8::7]"):
            assert of_host(to11, host)[0] == 200, host
        assert of_host(to11, "evil.example")[0] == 421
    with LocalTo11(host="127.0.0.2") as to11:
        assert of_host(to11, "127.0.0.2:1")[0] == 200
        assert of_host(to11, "192.0.2.7")[0] == 421


def test_the_name_it_listens_on_is_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = ExpectedHosts(find_address("192.0.2.7")._replace(name="To11.example.com"))
    for host, is_expected in {"to11.example.com:1": True, "192.0.2.7": True, "192.0.2.8": False}.items():
        request: Any = type("Request", (), {"headers": {"host": host}, "target": type("T", (), {"path": "/"})})
        if is_expected:
            hosts.check(request)
        else:
            with pytest.raises(Exception, match="does not expect"):
                hosts.check(request)


def test_what_is_remembered_of_hosts_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_CACHED_HOSTS", 3)
    with LocalTo11() as to11:
        for port in range(10):
            assert of_host(to11, f"localhost:{port}")[0] == 200
        assert len(to11._settings.hosts._accepted) == 3
        assert of_host(to11, "a." * 200 + "localhost")[0] == 200


# A page of another site that knows the address


def test_a_page_of_another_site_gets_no_permission_to_send_or_read(to11: LocalTo11) -> None:
    origin = {"Origin": "https://evil.example"}
    asks = {**origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for path in (*PATHS, "/health"):
        for method, headers in (("OPTIONS", asks), ("GET", origin), ("POST", {**origin, "Content-Type": "text/plain"})):
            reply = call(to11, method, path, headers=headers)
            assert not [name for name in reply.headers if name.lower().startswith("access-control-")]
            assert "set-cookie" not in {name.lower() for name in reply.headers}
            assert reply.status >= 400 or path == "/health"


def test_what_a_page_can_send_without_permission_does_not_open_a_project(to11: LocalTo11) -> None:
    for query in ("key", "api_key", "apiKey", "access_token", "token"):
        for path in ("/local/settings", "/v1/models", f"/v1/projects/{to11.project_id}/prompts"):
            reply = call(to11, "GET", f"{path}?{query}={to11.api_key}", headers={"Cookie": f"{query}={to11.api_key}"})
            assert reply.status == 401, path


@pytest.mark.parametrize("page", ["GET /local/settings", "PATCH /local/settings", "GET /local/traces",
                                  "DELETE /local/traces", "POST /local/releases/r/approve",
                                  "POST /local/releases/r/reject"])  # fmt: skip
def test_the_pages_of_the_owner_need_the_key(to11: LocalTo11, page: str) -> None:
    method, path = page.split()
    assert call(to11, method, path, b"{}", headers={"X": "y"}).status == 401
    with pytest.raises(To11aiApiError):
        to11.client(api_key="wrong", max_retries=0).prompts.list(project_id=to11.project_id)
