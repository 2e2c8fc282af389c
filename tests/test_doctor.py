"""``to11ai doctor`` against real servers, proxies and certificates."""

from __future__ import annotations

import json
import os
import re
import socket
import ssl
import sys
import threading
from email.utils import formatdate
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from faults.certificates import authority, serving
from faults.proxy import TunnelProxy
from faults.server import HOLD, KEEP, READ, Endless, ScriptedServer

from to11ai_sdk.cli import main
from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.tools import checks as probes
from to11ai_sdk.local.tools import doctor, network_checks

if TYPE_CHECKING:
    from .faults.server import Received, Script

ROOT = Path(__file__).parents[1]
KEY = "to11_key_that_must_not_be_shown"
OPENAI, ANTHROPIC = "sk-openai-not-to-be-shown", "sk-ant-not-to-be-shown"
Doctor = "Callable[..., tuple[int, dict[str, dict[str, Any]]]]"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No key, proxy or trust store of this machine; trust in the authority of the tests."""
    for name in os.environ:
        if name.lower().endswith(("_proxy", "_api_key", "_ca_bundle", "_ca_certs")) or name.startswith("TO11_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("TO11_API_KEY", KEY)
    monkeypatch.setenv("TO11_PROJECT_ID", "proj_1")
    authority().cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


@pytest.fixture
def checks(capsys: pytest.CaptureFixture[str]) -> Doctor:
    """A function that runs the doctor and returns its exit code and the checks by name."""

    def run(*argv: str) -> tuple[int, dict[str, dict[str, Any]]]:
        code = main(["doctor", "--json", *argv])
        out, err = capsys.readouterr()
        report = json.loads(out)
        assert err == ""
        assert report["ok"] is (code == 0)
        found = {check.pop("name"): check for check in report["checks"]}
        assert all(list(check) == ["status", "message", "advice", "values"] for check in found.values())
        assert all(check["advice"] for check in found.values() if check["status"] in ("failed", "warning"))
        assert [secret for secret in (KEY, OPENAI, ANTHROPIC) if secret in out] == []
        return code, found

    return run


@pytest.fixture
def to11(monkeypatch: pytest.MonkeyPatch) -> Any:
    with LocalTo11() as server:
        monkeypatch.setenv("TO11_API_KEY", server.api_key)
        monkeypatch.setenv("TO11_API_URL", server.base_url)
        monkeypatch.setenv("TO11_PROJECT_ID", server.project_id)
        yield server


def statuses(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: check["status"] for name, check in found.items()}


def reply(request: Received, *, status: int = 200, date: float | None = None, data: object = ()) -> bytes:
    """What an API that has nothing answers, with the date of its clock."""
    ok = status < 300
    error = None if ok else {"code": "NOPE", "message": f"\x1b[31m{request.headers.get('authorization')}"}
    body = json.dumps({"success": ok, "code": status, "data": data if ok else None, "error": error}).encode()
    if request.method == "HEAD":
        body = b""
    head = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\nDate: {formatdate(date, usegmt=True)}\r\n\r\n"
    return head.encode() + body


def always(**answer: Any) -> Script:
    return (READ, partial(reply, **answer), KEEP) * 20


def test_all_is_well_with_a_local_to11(to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, checks: Any) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", OPENAI)
    monkeypatch.setenv("ANTHROPIC_API_KEY", ANTHROPIC)
    monkeypatch.setenv("XAI_API_KEY", "xai-key")
    code, found = checks()
    assert code == 0
    assert statuses(found) == {
        **dict.fromkeys(probes.NEEDS, "ok"),
        "tls": "skipped",
        "gateway_openai": "ok",
        "gateway_anthropic": "ok",
        "gateway_xai": "skipped",
    }
    assert found["python"]["values"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert 0 < found["latency"]["values"]["p50_ms"] <= found["latency"]["values"]["max_ms"]
    assert abs(found["clock"]["values"]["skew_s"]) < 60
    assert len(found["permissions"]["values"]["refused"]) == 0


def test_nothing_is_changed_and_nothing_costs_money(
    to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, checks: Any
) -> None:
    for provider in probes.PROVIDERS:
        monkeypatch.setenv(f"{provider.upper()}_API_KEY", OPENAI)
    checks()
    sent = {(request.method, request.path.rpartition("/")[2]) for request in to11.requests}
    assert {method for method, _ in sent} == {"GET", "POST"}
    assert {path for method, path in sent if method == "POST"} == {"count_tokens"}


def test_each_check_is_one_line_and_the_key_is_in_none(
    to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    out = capsys.readouterr().out
    assert [line.split()[1] for line in out.splitlines()] == list(probes.NEEDS)
    assert to11.api_key not in out
    monkeypatch.setenv("TO11_API_KEY", KEY)
    assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert re.search("^failed +key +.*401.*; set TO11_API_KEY", out, re.MULTILINE)
    assert re.search("^skipped +project +because key is not ok", out, re.MULTILINE)
    assert KEY not in out


def test_the_page_shows_what_is_printed(to11: LocalTo11, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) == 0
    page = (ROOT / "docs" / "guide.md").read_text("utf-8")
    shown = re.findall(r"to11ai doctor\n```\n\n```text\n(.*?)```", page, re.DOTALL)[0]

    def shape(text: str) -> list[str]:
        measured = r"\S+ on .*|2\.\S+ with .*|\d+\.\d+ ms|127\.0\.0\.1:\d+|proj_\w+|\d+ s .*|\d+ models"
        return re.sub(measured, "#", text).splitlines()

    assert shape(capsys.readouterr().out) == shape(shown)


def test_a_key_in_the_place_of_a_project_is_not_shown(checks: Any, capsys: pytest.CaptureFixture[str]) -> None:
    with ScriptedServer(always(), tls=serving()) as server:
        _, found = checks("--base-url", server.url, "--project-id", KEY)
        main(["doctor", "--base-url", server.url, "--project-id", KEY])
    assert found["project"]["values"] == {"id": "[hidden]"}
    assert KEY not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("variable", "value", "check", "says"),
    [
        ("TO11_API_KEY", "", "key", "there is none"),
        ("TO11_API_KEY", f"{KEY}\n", "key", "must hold only what an HTTP header can"),
        ("TO11_PROJECT_ID", "", "project", "there is none"),
        ("TO11_PROJECT_ID", "proj_other", "project", "403"),
    ],
)
def test_a_wrong_setting_fails_its_check(
    variable: str, value: str, check: str, says: str, to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, checks: Any
) -> None:
    monkeypatch.setenv(variable, value)
    code, found = checks()
    assert (code, found[check]["status"]) == (1, "failed")
    assert says in found[check]["message"]
    assert found["latency"]["message"] == f"because {check} is not ok"


def test_permissions_that_a_key_lacks_are_named(to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, checks: Any) -> None:
    monkeypatch.setenv("TO11_API_KEY", to11.create_key(permissions={"prompt:read"}))
    code, found = checks()
    assert (code, found["permissions"]["status"]) == (0, "warning")
    assert "routing_rules.versions.list" in found["permissions"]["values"]["refused"]
    assert "prompts.list" not in found["permissions"]["values"]["refused"]
    assert found["latency"]["status"] == "ok"


def test_a_name_that_does_not_resolve(checks: Any) -> None:
    code, found = checks("--base-url", "https://api.invalid")
    assert (code, found["dns"]["status"]) == (1, "failed")
    assert found["dns"]["advice"] == "check base_url and the DNS"
    later = list(probes.NEEDS)[list(probes.NEEDS).index("connection") :]
    assert {found[name]["message"] for name in later if name != "clock"} == {"because dns is not ok"}


def test_a_port_where_nobody_listens(checks: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    code, found = checks("--base-url", f"https://127.0.0.1:{port}")
    assert (code, found["dns"]["status"], found["connection"]["status"]) == (1, "ok", "failed")
    assert "connection refused" in found["connection"]["message"]
    assert found["tls"]["message"] == "because connection is not ok"


def test_a_good_certificate_and_when_it_expires(checks: Any) -> None:
    with ScriptedServer(always(), tls=serving()) as server:
        code, found = checks("--base-url", server.url)
    assert code == 0
    assert statuses(found) == {**dict.fromkeys(probes.NEEDS, "ok"), "gateway": "ok"}
    assert found["tls"]["values"]["version"] == "TLSv1.3"
    assert found["tls"]["values"]["expires"].endswith("GMT")


def test_a_certificate_that_expires_soon_is_a_warning(checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = network_checks.now
    monkeypatch.setattr(network_checks, "now", lambda: real() + 25 * 86_400)
    with ScriptedServer(always(), tls=serving()) as server:
        code, found = checks("--base-url", server.url)
    assert (code, found["tls"]["status"], found["tls"]["advice"]) == (
        0,
        "warning",
        "renew the certificate of the server",
    )


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("expired", "certificate has expired"),
        ("not yet valid", "certificate is not yet valid"),
        ("for another host", "IP address mismatch"),
        ("of an unknown authority", "unable to get local issuer certificate"),
        ("self-signed", "self.signed certificate"),
    ],
)
def test_a_certificate_that_is_not_trusted(kind: str, says: str, checks: Any) -> None:
    with ScriptedServer(always(date=0), tls=serving(kind)) as server:
        code, found = checks("--base-url", server.url)
        keys = [request.headers.get("authorization") for request in server.requests]
    assert (code, found["connection"]["status"], found["tls"]["status"]) == (1, "ok", "failed")
    assert re.search(says, found["tls"]["message"])
    assert "the clock" in found["tls"]["advice"]
    assert found["key"]["message"] == "because tls is not ok"
    # The reason may be this machine's clock, which an untrusted server without a key is enough to suspect.
    assert found["clock"]["status"] == "warning"
    assert keys == [None]


@pytest.mark.parametrize(
    ("kind", "off_s", "advice"),
    [
        ("expired", 0, "renew the certificate of the server"),
        ("expired", -90_000, "set this machine's clock"),
        ("not yet valid", 0, "have the certificate of the server issued again"),
        ("of an unknown authority", 0, "perhaps the server does not send its intermediate certificate"),
        ("without its intermediate", 0, "perhaps the server does not send its intermediate certificate"),
        ("self-signed", 0, "the server or a proxy before it signed its certificate itself"),
        ("wants a certificate, TLS 1.2", 0, "perhaps the server wants a client certificate"),
        ("TLS 1.1 only", 0, "the server must offer TLS 1.2 or newer"),
    ],
)
def test_the_advice_fits_the_fault_of_the_handshake(kind: str, off_s: int, advice: str, checks: Any) -> None:
    with ScriptedServer(always(date=network_checks.now() + off_s), tls=serving(kind)) as server:
        code, found = checks("--base-url", server.url)
    assert (code, found["tls"]["status"]) == (1, "failed")
    assert found["tls"]["advice"].startswith(advice)


def test_a_trust_store_that_is_not_there_is_named(checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file.pem")
    with ScriptedServer(always(), tls=serving()) as server:
        _, found = checks("--base-url", server.url)
    assert found["tls"]["advice"].startswith("SSL_CERT_FILE names no file; ")


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_trust_store_of_other_programs_is_named(variable: str, checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(variable, os.environ["SSL_CERT_FILE"])
    monkeypatch.delenv("SSL_CERT_FILE")
    with ScriptedServer(always(), tls=serving()) as server:
        _, found = checks("--base-url", server.url)
    assert found["tls"]["advice"].startswith(f"{variable} is not read, so set SSL_CERT_FILE to its value; ")


def test_a_python_without_a_trust_store_is_named(checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    real = ssl.get_default_verify_paths()
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: real._replace(cafile=None, capath=None))
    with ScriptedServer(always(), tls=serving("of an unknown authority")) as server:
        _, found = checks("--base-url", server.url)
    assert found["tls"]["advice"].startswith("this Python finds no trusted authorities")


def test_a_port_that_does_not_speak_tls(checks: Any) -> None:
    with ScriptedServer((b"SSH-2.0-OpenSSH\r\n",)) as server:
        code, found = checks("--base-url", server.https_url)
    assert (code, found["connection"]["status"], found["tls"]["status"]) == (1, "ok", "failed")
    assert "scheme and port" in found["tls"]["advice"]


@pytest.mark.parametrize(("off_s", "how"), [(-86_400 * 400, "ahead of"), (90_000, "behind")])
def test_a_clock_that_is_off_is_a_warning(off_s: int, how: str, checks: Any) -> None:
    with ScriptedServer(always(date=network_checks.now() + off_s), tls=serving()) as server:
        code, found = checks("--base-url", server.url)
    assert (code, found["clock"]["status"]) == (0, "warning")
    assert f"s {how} the server's" in found["clock"]["message"]
    assert abs(found["clock"]["values"]["skew_s"] - off_s) < 60


@pytest.mark.parametrize("date", ["", "yesterday", "Mon, 99 Foo 99999999999999999999 00:00:00 GMT", "0"])
def test_a_date_that_is_none_is_not_judged(date: str, checks: Any) -> None:
    body = b'{"success": true, "code": 200, "data": []}'
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\nDate: {date}\r\n\r\n".encode() + body
    with ScriptedServer((READ, answer, KEEP) * 20, tls=serving()) as server:
        _, found = checks("--base-url", server.url)
    assert (found["clock"]["status"], found["clock"]["message"]) == ("skipped", "because no reply had a date")


@pytest.mark.parametrize(
    ("answer", "advice"),
    [
        ({"status": 302}, "the address that it redirects to"),
        ({"status": 401}, "set TO11_API_KEY to a valid one"),
        ({"status": 401, "page": True}, "no proxy answers for it"),
        ({"status": 403, "page": True}, "no proxy answers for it"),
        ({"status": 404, "page": True}, "no proxy answers for it"),
        ({"status": 429, "after": "30"}, "try again in 30 s"),
        ({"status": 429, "after": "soon"}, "try again later"),
        ({"status": 429, "after": "1e999"}, "try again later"),
        ({"status": 503, "after": "7"}, "try again in 7 s"),
    ],
)
def test_the_advice_fits_what_the_server_answers(answer: dict[str, Any], advice: str, checks: Any) -> None:
    def respond(request: Received) -> bytes:
        body = b"<p>Sign in</p>" if answer.get("page") else b'{"success": false, "error": {}}'
        head = f"HTTP/1.1 {answer['status']} X\r\nRetry-After: {answer.get('after', '')}\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    with ScriptedServer((READ, respond, KEEP) * 20, tls=serving()) as server:
        code, found = checks("--base-url", server.url)
    assert code == 1
    assert advice in found["key"]["advice"]
    assert found["project"]["status"] == ("failed" if answer["status"] == 429 else "skipped")
    assert found["latency"]["status"] == "skipped"


def test_a_server_that_slows_callers_down_meanwhile_fails_without_being_asked_more(checks: Any) -> None:
    statuses = iter([200])

    def answer(request: Received) -> bytes:
        return reply(request, status=next(statuses, 429))

    with ScriptedServer((READ, answer, KEEP) * 20, tls=serving()) as server:
        code, found = checks("--base-url", server.url)
        asked = len(server.requests)
    assert (code, found["key"]["status"], found["project"]["status"]) == (1, "ok", "failed")
    assert "429" in found["project"]["message"]
    assert asked == 5


def test_a_redirect_is_followed_as_a_client_does(checks: Any) -> None:
    def answer(request: Received) -> bytes:
        if request.target.startswith("/new"):
            return reply(request)
        return f"HTTP/1.1 307 X\r\nContent-Length: 0\r\nLocation: /new{request.target}\r\n\r\n".encode()

    def elsewhere(request: Received) -> bytes:
        return b"HTTP/1.1 307 X\r\nContent-Length: 0\r\nLocation: https://elsewhere.invalid/\r\n\r\n"

    with ScriptedServer((READ, answer, KEEP) * 40, tls=serving()) as server:
        code, found = checks("--base-url", server.url, "--gateway-url", f"{server.url}/new")
    assert (code, found["key"]["status"], found["latency"]["status"]) == (0, "ok", "ok")
    with ScriptedServer((READ, elsewhere, KEEP) * 40, tls=serving()) as server:
        code, found = checks("--base-url", server.url)
        asked = len(server.requests)
    assert (code, found["key"]["status"], asked) == (1, "failed", 1)


def test_a_url_with_a_path_is_suspected_if_there_is_no_project(to11: LocalTo11, checks: Any) -> None:
    code, found = checks("--base-url", f"{to11.base_url}/v1")
    assert (code, found["project"]["status"]) == (1, "failed")
    assert found["project"]["advice"].endswith("the URL of the API is probably without /v1")


@pytest.mark.parametrize("key", [f"{KEY} ", f" {KEY}", f'"{KEY}"', f"'{KEY}'"])
def test_a_key_with_a_space_or_quote_around_it_is_noticed_if_it_is_refused(
    key: str, checks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TO11_API_KEY", key)
    with ScriptedServer(always(status=401), tls=serving()) as server:
        code, found = checks("--base-url", server.url)
    assert (code, found["key"]["status"]) == (1, "failed")
    assert "without the space or quote" in found["key"]["advice"]
    assert KEY in doctor._secrets(key)


def test_a_slow_server_is_measured_and_given_its_time_for_each_call(
    checks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, skipped = network_checks.monotonic, [0.0]
    for module in (network_checks, probes):
        monkeypatch.setattr(module, "monotonic", lambda: real() + skipped[0])

    def slow(request: Received) -> bytes:
        skipped[0] += 40
        return reply(request)

    with ScriptedServer((READ, slow, KEEP) * 20, tls=serving()) as server:
        code, found = checks("--base-url", server.url, "--timeout-s", "100")
    assert (code, found["project"]["status"], found["latency"]["status"]) == (0, "ok", "warning")
    assert found["latency"]["values"]["calls"] == 3
    assert 40_000 <= found["latency"]["values"]["p50_ms"] <= found["latency"]["values"]["max_ms"] < 100_000


def test_a_name_server_or_address_that_answers_late_is_a_warning(checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, skipped, find = network_checks.monotonic, [0.0], socket.getaddrinfo

    def late(*arguments: Any, **options: Any) -> Any:
        skipped[0] += 5
        return find(*arguments, **options)

    monkeypatch.setattr(network_checks, "monotonic", lambda: clock() + skipped[0])
    monkeypatch.setattr(socket, "getaddrinfo", late)
    with ScriptedServer(always(), tls=serving()) as server:
        code, found = checks("--base-url", server.url)
    assert (code, found["dns"]["status"], found["connection"]["status"]) == (0, "warning", "warning")
    assert "name servers" in found["dns"]["advice"]
    assert "IPv6" in found["connection"]["advice"]


@pytest.mark.parametrize(("status", "verdict"), [(429, "warning"), (500, "failed"), (503, "failed"), (302, "failed")])
def test_what_the_server_answers_is_judged_and_not_repeated(status: int, verdict: str, checks: Any) -> None:
    with ScriptedServer(always(status=status), tls=serving()) as server:
        code, found = checks("--base-url", server.url)
    assert (code, found["key"]["status"]) == (1, verdict)
    assert str(status) in found["key"]["message"]
    assert "\x1b" not in str(found)


def test_a_project_that_is_not_there(checks: Any) -> None:
    with ScriptedServer(always(status=404), tls=serving()) as server:
        code, found = checks("--base-url", server.url)
    assert (code, found["key"]["status"], found["project"]["status"]) == (1, "ok", "failed")
    assert "no such project" in found["project"]["message"]


def test_a_success_that_is_none(checks: Any) -> None:
    body = json.dumps({"success": False, "error": {"code": "NOPE", "message": f"\x1b[2J{KEY}"}}).encode()
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with ScriptedServer((READ, answer, KEEP) * 20, tls=serving()) as server:
        code, found = checks("--base-url", server.url)
    assert (code, found["key"]["status"], found["key"]["message"]) == (1, "failed", "HTTP 200")


def test_a_page_instead_of_the_api(checks: Any) -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 14\r\n\r\n<p>Sign in</p>"
    with ScriptedServer((READ, answer, KEEP) * 20, tls=serving()) as server:
        code, found = checks("--base-url", server.url)
    assert (code, found["key"]["status"]) == (1, "failed")
    assert "no proxy answers for it" in found["key"]["advice"]


@pytest.mark.parametrize("script", [(READ, HOLD), (READ, b"HTTP/1.1 200 OK\r\n", Endless(b"X: y\r\n", 0.05))])
def test_a_server_that_does_not_end_is_given_up(script: Script, checks: Any) -> None:
    with ScriptedServer(script, tls=serving()) as server:
        code, found = checks("--base-url", server.url, "--timeout-s", "0.5")
    assert (code, found["key"]["status"], found["project"]["message"]) == (1, "failed", "because key is not ok")


def test_a_system_that_knows_no_names_of_ports_is_no_problem(checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(host: str | bytes, port: int | str, *_: Any, **__: Any) -> Any:
        if isinstance(port, str):
            raise socket.gaierror(socket.EAI_SERVICE, "Servname not supported for ai_socktype")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 1))]

    monkeypatch.setattr(socket, "getaddrinfo", find)
    _, found = checks("--base-url", "https://api.invalid")
    assert (found["dns"]["status"], found["connection"]["status"]) == ("ok", "failed")


def test_a_name_server_that_does_not_answer_is_given_up(checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [over.wait(60)])
    code, found = checks("--base-url", "https://api.invalid", "--timeout-s", "0.1")
    over.set()
    assert (code, found["dns"]["status"]) == (1, "failed")
    assert "in time" in found["dns"]["message"]
    assert found["dns"]["advice"].startswith("check the name servers")


def test_a_proxy_that_does_not_answer_is_suspected(checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with ScriptedServer((READ, HOLD)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.port}")
        code, found = checks("--base-url", "https://api.invalid", "--timeout-s", "0.5")
    assert (code, found["dns"]["status"], found["connection"]["status"]) == (1, "ok", "failed")
    assert found["connection"]["advice"].startswith("check that the proxy is running; ")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems accept more than the backlog")
def test_a_firewall_that_drops_connections_is_suspected(checks: Any) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        waiting = [socket.socket() for _ in range(4)]
        for client in waiting:  # fill the backlog, so that further ones get no answer
            client.setblocking(False)
            client.connect_ex(listener.getsockname())
        port = listener.getsockname()[1]
        code, found = checks("--base-url", f"https://127.0.0.1:{port}", "--timeout-s", "0.5")
        for client in waiting:
            client.close()
    assert (code, found["dns"]["status"], found["connection"]["status"]) == (1, "ok", "failed")
    assert found["connection"]["advice"].startswith("perhaps a firewall drops it, and HTTPS_PROXY must name a proxy")


def test_a_proxy_is_used_and_its_password_is_not_shown(
    checks: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with TunnelProxy() as proxy, ScriptedServer(always(), tls=serving()) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://someone:pass%20word@127.0.0.1:{proxy.port}")
        code, found = checks("--base-url", server.url)
        assert main(["doctor", "--base-url", server.url]) == 0
    assert (code, found["proxy"]["values"]) == (0, {"proxy": f"127.0.0.1:{proxy.port}"})
    assert {head.split(b" ")[0] for head in proxy.heads} == {b"CONNECT"}
    shown = str(found) + capsys.readouterr().out
    assert [secret for secret in ("someone", "pass%20word", "pass word") if secret in shown] == []


@pytest.mark.parametrize(
    ("variables", "says"),
    [
        ({}, "none, HTTPS_PROXY is not set"),
        ({"HTTPS_PROXY": "http://proxy.invalid:1", "NO_PROXY": "other,127.0.0.0/8"}, "none, by NO_PROXY (127.0.0.0/8)"),
        ({"HTTP_PROXY": "http://proxy.invalid:1"}, "none, HTTPS_PROXY is not set"),
        ({"ALL_PROXY": "http://proxy.invalid:1"}, "none, HTTPS_PROXY is not set; ALL_PROXY is not read"),
        (
            {"https_proxy": "", "HTTPS_PROXY": "http://proxy.invalid:1"},
            "none, https_proxy is empty and overrides HTTPS_PROXY",
        ),
        ({"https_proxy": "http://proxy.invalid:1", "no_proxy": "a .0.0.1"}, "none, by NO_PROXY (.0.0.1)"),
        (
            {"HTTPS_PROXY": "http://proxy.invalid:1", "NO_PROXY": "127.0.0.1:{port}"},
            "none, by NO_PROXY (127.0.0.1:{port})",
        ),
    ],
)
def test_why_no_proxy_is_used(
    variables: dict[str, str], says: str, checks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.name == "nt" and any(name.islower() for name in variables):
        pytest.skip("Windows has no names in lower case")
    with ScriptedServer(always(), tls=serving()) as server:
        for name, value in variables.items():
            monkeypatch.setenv(name, value.replace("{port}", str(server.port)))
        code, found = checks("--base-url", server.url)
    assert (code, found["proxy"]["message"]) == (0, says.replace("{port}", str(server.port)))


@pytest.mark.parametrize("variable", ["HTTPS_PROXY"] if os.name == "nt" else ["https_proxy", "HTTPS_PROXY"])
def test_the_variable_that_names_the_proxy_is_named(
    variable: str, checks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "http://127.0.0.1:1")
    _, found = checks("--base-url", "https://api.invalid")
    assert found["proxy"]["message"] == f"127.0.0.1:1, by {variable}"


def test_a_proxy_may_have_an_ipv6_address(checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://someone:password1@[::1]:1")
    code, found = checks("--base-url", "https://api.invalid")
    assert (code, found["proxy"]["values"], found["dns"]["status"]) == (1, {"proxy": "[::1]:1"}, "ok")
    assert found["connection"]["status"] == "failed"


def test_a_setting_that_no_header_can_hold_fails_its_check(
    to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, checks: Any
) -> None:
    with ScriptedServer(always(), tls=serving()) as server:
        code, found = checks("--base-url", server.url, "--project-id", "proj_é")
    assert (code, found["project"]["status"], found["gateway"]["status"]) == (1, "ok", "failed")
    assert "project_id" in found["gateway"]["message"]


def test_a_host_name_that_no_dns_can_hold(checks: Any) -> None:
    code, found = checks("--base-url", f"https://{'a.' * 200}invalid")
    assert (code, found["dns"]["status"]) == (1, "failed")


def test_a_proxy_that_refuses_fails_the_connection(checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = b"HTTP/1.1 407 You are someone:password1 c29tZW9uZTpwYXNzd29yZDE=\x1b[2J\r\n\r\n"
    with ScriptedServer((READ, refusal)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://someone:password1@127.0.0.1:{proxy.port}")
        code, found = checks("--base-url", "https://api.invalid")
    assert (code, found["dns"]["status"], found["connection"]["status"]) == (1, "ok", "failed")
    assert "407" in found["connection"]["message"]
    assert [word for word in ("someone", "password1", "c29tZW9uZTpwYXNzd29yZDE=") if word in str(found)] == []


@pytest.mark.parametrize(
    "address",
    [
        "socks5://someone:pass1@127.0.0.1:1",
        "http://someone:12#pass1@127.0.0.1:1",
        "http://someone:12/pass1@127.0.0.1:1",
        "http://someone:12?pass1@127.0.0.1:1",
        "someone:1@pass1/pass1@127.0.0.1:1",
        "http://someone:pass1@",
    ],
)
def test_an_unusable_proxy_fails_its_check_and_no_part_of_it_is_shown(
    address: str, checks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", address)
    code, found = checks("--base-url", "https://api.invalid")
    assert (code, found["proxy"]["status"], found["dns"]["message"]) == (1, "failed", "because proxy is not ok")
    assert [word for word in ("someone", "pass1", ":12") if word in str(found)] == []


def test_plain_http_beyond_this_machine_is_a_warning(checks: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *args, **options: real("127.0.0.1", *args, **options))
    monkeypatch.setenv("OPENAI_API_KEY", OPENAI)
    with ScriptedServer(always()) as server:
        url = f"http://to11.test:{server.port}"
        code, found = checks("--base-url", url, "--gateway-url", f"{url}/v1")
        sent = b"".join(request.raw for request in server.requests)
    assert (code, found["tls"]["status"], found["gateway"]["status"]) == (0, "warning", "ok")
    assert found["gateway_openai"]["status"] == "skipped"
    assert OPENAI.encode() not in sent


def test_a_gateway_of_unknown_address_is_skipped_with_its_providers(
    checks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", OPENAI)
    monkeypatch.setattr(probes, "is_loopback", lambda _: False)
    with ScriptedServer(always(), tls=serving()) as server:
        code, found = checks("--base-url", server.url)
    assert (code, found["gateway"]["status"], found["gateway"]["advice"]) == (0, "skipped", "set TO11_GATEWAY_URL")
    assert found["gateway_openai"]["message"] == "because gateway is not ok"


@pytest.mark.parametrize(
    "answer", [{"status": 404}, {"status": 401}, {"status": 502}, {"data": "none"}, {"data": None}]
)
def test_what_is_no_gateway_fails(answer: dict[str, Any], to11: LocalTo11, checks: Any) -> None:
    with ScriptedServer(always(**answer), tls=serving()) as server:
        code, found = checks("--gateway-url", server.url)
    assert (code, found["latency"]["status"], found["gateway"]["status"]) == (1, "ok", "failed")


def test_a_gateway_that_is_down_is_named_by_its_own_setting(to11: LocalTo11, checks: Any) -> None:
    code, found = checks("--gateway-url", "http://127.0.0.1:1")
    assert (code, found["latency"]["status"], found["gateway"]["status"]) == (1, "ok", "failed")
    assert found["gateway"]["advice"].startswith("check TO11_GATEWAY_URL")


def test_every_provider_with_a_key_is_tried_or_named(
    to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, checks: Any
) -> None:
    listed = [{"id": "new-1", "owned_by": "new-provider"}, {"id": "x", "owned_by": "\x1b[2J"}, {"id": "y"}]
    for name in ("GROQ", "PERPLEXITY", "GEMINI", "AZURE_OPENAI", "MISTRAL", "NEW_PROVIDER"):
        monkeypatch.setenv(f"{name}_API_KEY", f"key-of-{name}")
    monkeypatch.setenv("AWS_BEARER_TOKEN_BEDROCK", "key-of-bedrock")

    def answer(request: Received) -> bytes:
        return reply(request, data=listed, status=401 if "mistral" in request.target else 200)

    with ScriptedServer((READ, answer, KEEP) * 20, tls=serving()) as server:
        _, found = checks("--gateway-url", server.url)
        sent = b"".join(request.raw for request in server.requests)
    later = {name.removeprefix("gateway_"): check for name, check in found.items() if name.startswith("gateway_")}
    assert later.pop("mistral")["status"] == "failed"
    assert set(later) == {"gemini", "groq", "perplexity", "azure-openai", "bedrock", "new-provider"}
    assert {check["status"] for check in later.values()} == {"skipped"}
    assert later["new-provider"]["message"].startswith("NEW_PROVIDER_API_KEY was not tried")
    assert "lists 1 of its models" in later["new-provider"]["message"]
    assert "lists none of its models" in later["groq"]["message"]
    assert sent.count(b"key-of-") == sent.count(b"key-of-MISTRAL") == 1
    assert "key-of" not in str(found)


def test_a_provider_that_refuses_its_key(to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, checks: Any) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", OPENAI)
    monkeypatch.setenv("ANTHROPIC_API_KEY", f"{ANTHROPIC}\n")

    def answer(request: Received) -> bytes:
        return reply(request, status=401 if request.target.endswith("/files") else 200)

    with ScriptedServer((READ, answer, KEEP) * 20, tls=serving()) as server:
        code, found = checks("--gateway-url", server.url)
    assert (code, found["gateway_openai"]["status"], found["gateway_anthropic"]["status"]) == (1, "failed", "failed")
    assert "OPENAI_API_KEY" in found["gateway_openai"]["advice"]
    assert "ANTHROPIC_API_KEY" in found["gateway_anthropic"]["message"]


def test_a_pydantic_that_does_not_fit_is_named(to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, checks: Any) -> None:
    def refuse() -> None:
        raise ImportError("No module named 'pydantic_core._pydantic_core'. It does not fit; install it, like this")

    monkeypatch.setattr(network_checks.models, "load", refuse)
    code, found = checks()
    assert (code, found["pydantic"]["status"], found["pydantic"]["advice"]) == (1, "failed", "install it, like this")
    assert found["latency"]["status"] == "ok"


def test_a_pydantic_that_is_too_old_is_named(to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, checks: Any) -> None:
    oldest = ".".join(map(str, network_checks.OLDEST_PYDANTIC))
    assert f'"pydantic>={oldest}"' in (ROOT / "pyproject.toml").read_text("utf-8")
    for version, status in [("1.10.18", "failed"), ("2.12.9", "failed"), (f"{oldest}.0b1", "ok"), ("3.0a1", "ok")]:
        monkeypatch.setattr("pydantic.VERSION", version)
        _, found = checks()
        assert found["pydantic"]["status"] == status
    assert found["pydantic"]["values"]["version"] == "3.0a1"


@pytest.mark.parametrize(
    "argv",
    [
        ("--base-url", "ftp://x"),
        ("--base-url", f"https://someone:{KEY}@api.invalid"),
        ("--gateway-url", f"https://someone:{KEY}@gw.invalid"),
        ("--timeout-s", "0"),
        ("--timeout-s", "soon"),
        ("--project-id", ".."),
        ("--nonsense",),
    ],
)
def test_a_wrong_command_line_is_exit_code_2(argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = main(["doctor", *argv])
    except SystemExit as exc:
        code = int(exc.code or 0)
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert KEY not in err


@pytest.mark.parametrize("variable", ["TO11_API_URL", "TO11_GATEWAY_URL"])
def test_a_variable_that_holds_no_url_is_named(
    variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, "api.to11.ai")
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err.startswith(f"to11ai: {variable} must be like https://")


def test_short_words_are_not_hidden() -> None:
    assert doctor._hide("a 407 for secret1", ["secret1"]) == "a 407 for [hidden]"
