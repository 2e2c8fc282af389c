"""Who sees the inspector, and what no page of another site can do with it."""

from __future__ import annotations

import http.client
import json
import re
import sys
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from bound import Clock
from inspector_visit import HTML, Visitor, fill
from test_local_serve import lines, serving

from to11ai_sdk.local import LocalTo11, bounds
from to11ai_sdk.local.inspector.login import LoginLink

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

PATHS = [
    "/",
    "/?q=a",
    "/inspector/prompts/x",
    "/inspector/rules",
    "/inspector/requests",
    "/inspector/traces",
    "/inspector/failures",
    "/inspector/nothing",
]


@pytest.fixture(scope="module")
def to11() -> Iterator[LocalTo11]:
    with LocalTo11(seed=1) as to11:
        yield to11


def test_at_the_root_clients_of_the_api_get_what_they_always_got(to11: LocalTo11) -> None:
    visitor = Visitor(to11.base_url)
    for accept in ("application/json", "*/*", ""):
        seen = visitor.send("GET", "/", headers={"Accept": accept})
        assert (seen.status, json.loads(seen.text)["error"]["code"]) == (404, "NOT_FOUND")


@pytest.mark.parametrize("path", PATHS)
def test_without_a_session_there_is_nothing_but_the_form_for_the_key(to11: LocalTo11, path: str) -> None:
    visitor = Visitor(to11.base_url)
    for cookie in ("", "to11_inspector_0=1.2.3", "a=b; c"):
        visitor.cookie = cookie
        seen = visitor.get(path)
        assert seen.status == 401
        assert "Sign in" in seen.words
        assert to11.project_id not in seen.text
    assert visitor.send("GET", path, headers={"Authorization": f"Bearer {to11.api_key}"}).status == 401


def test_only_the_main_key_opens_it(to11: LocalTo11) -> None:
    _, other = to11.create_project()
    for key in ("", "x", "é", to11.api_key[:-1], other, to11.create_key(permissions={"prompt:read"})):
        visitor = Visitor(to11.base_url)
        seen = visitor.post("/inspector/sign-in", key=key)
        assert (seen.status, "set-cookie" in seen.headers) == (403, False)
    visitor = Visitor(to11.base_url)
    cookie = visitor.post("/inspector/sign-in", key=to11.api_key).headers["set-cookie"]
    assert re.search("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict$", cookie)
    assert visitor.get("/").status == 200
    assert to11.api_key not in cookie
    assert "max-age=0" in visitor.post("/inspector/sign-out").headers["set-cookie"].lower()
    assert visitor.get("/").status == 401


def test_a_server_has_one_cookie_of_its_own_also_after_a_restart() -> None:
    with LocalTo11() as first, LocalTo11() as other:
        port = int(first.base_url.rpartition(":")[2])
        visitors = [Visitor(each.base_url).sign_in(each.api_key) for each in (first, other)]
        both = "; ".join(visitor.cookie for visitor in visitors)
        for visitor in visitors:
            assert visitor.send("GET", "/", headers={"Cookie": both}).status == 200
    with LocalTo11(port=port) as again:
        visitor = Visitor(again.base_url)
        visitor.cookie = visitors[0].cookie
        assert visitor.get("/").status == 401
        names = {each.cookie.partition("=")[0] for each in (visitors[0], visitor.sign_in(again.api_key))}
    assert names == {f"to11_inspector_{port}"}


@pytest.mark.parametrize("host", ["localhost", "localhost:80", "[::1]", "[::1]:8080", "127.0.0.1:"])
def test_any_form_of_host_can_sign_in(to11: LocalTo11, host: str) -> None:
    visitor, headers = Visitor(to11.base_url), {"Host": host}
    entered = visitor.send("POST", "/inspector/sign-in", urlencode({"key": to11.api_key}), headers)
    assert entered.status == 303
    assert visitor.send("GET", "/", headers=headers).status == 200


def test_a_changed_cookie_and_an_old_one_are_refused() -> None:
    clock = Clock()
    with LocalTo11(clock=clock) as to11:
        visitor = Visitor(to11.base_url).sign_in(to11.api_key)
        name, _, value = visitor.cookie.partition("=")
        end, nonce, signature = value.split(".")
        for changed in (
            f"{int(end) + 9}.{nonce}.{signature}",
            f"{end}.{nonce}.{'0' * 64}",
            f"{end}.{nonce}",
            "é",
            "..",
        ):
            other = Visitor(to11.base_url)
            other.cookie = f"{name}={changed}"
            assert (
                other.send("GET", "/", headers={"Cookie": f"{name}={changed}".encode().decode("latin-1")}).status == 401
            )
        clock.now += timedelta(seconds=bounds.INSPECTOR_SESSION_S + 1)
        assert visitor.get("/").status == 401


def test_a_link_works_once_and_not_for_ever() -> None:
    now = [0.0]
    with LoginLink(lambda: now[0]) as link:
        assert not link.redeem("x")
        assert not link.redeem("é")
        assert link.redeem(link.token)
        assert not link.redeem(link.token)
    with LoginLink(lambda: now[0]) as link:
        now[0] = bounds.LOGIN_LINK_S
        assert not link.redeem(link.token)


def link_of(process: subprocess.Popen[str]) -> tuple[str, str]:
    """The address and the token that a server printed."""
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(r"Inspector: (http://[^/]+)/\?token=(\S+)", line)
        if found:
            return found[1], found[2]
    raise AssertionError("no link")


@pytest.mark.parametrize("workers", [1, 3])
def test_the_printed_link_opens_it_once_and_the_session_holds_in_every_process(tmp_path: Path, workers: int) -> None:
    if workers > 1 and sys.platform == "win32":
        pytest.skip("no workers there")
    with serving(f"port=0, data={str(tmp_path / 'd.sqlite')!r}, workers={workers}") as process:
        lines(process, 4)
        base_url, token = link_of(process)
        visitor = Visitor(base_url)
        assert visitor.send("GET", f"/?token={token}", headers={"Sec-Purpose": "prefetch"}).status == 403
        assert visitor.send("GET", f"/?token={token}", headers={"Accept": "*/*"}).status == 404
        assert visitor.get("/?token=x").status == 403
        entered = visitor.get(f"/?token={token}")
        assert (entered.status, entered.headers["location"]) == (303, "/")
        assert {visitor.get("/").status for _ in range(2 * workers)} == {200}
        assert visitor.get(f"/?token={token}").headers["location"] == "/"
        for _ in range(2 * workers):
            again = Visitor(base_url).get(f"/?token={token}")
            assert (again.status, "has been used" in again.words, "set-cookie" in again.headers) == (403, True, False)
        if workers > 1:
            assert "several workers" in visitor.get("/inspector/failures").words
            assert "only without --workers" in visitor.get("/inspector/requests").words
            for path, form in (("/inspector/failures", {"kind": "429"}), ("/inspector/recording", {"record": "on"})):
                assert visitor.post(path, **form).status == 409


def test_with_a_given_key_nothing_that_is_printed_opens_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TO11_LOCAL_API_KEY", key := "k" * 20 + "&\"'<>" + "e" * 20)
    with serving("port=0") as process:
        exports = lines(process, 4)
        assert process.stderr is not None
        line = next(line for line in process.stderr if line.startswith("Inspector"))
        assert re.fullmatch(r"Inspector: http://127.0.0.1:\d+/ \(sign in with the key\)\n", line)
        visitor = Visitor(exports[0].partition("=")[2]).sign_in(key)
        assert visitor.get(f"/?{urlencode({'q': key})}").text.count("k" * 20) == 0


def test_forms_of_other_sites_are_refused(to11: LocalTo11) -> None:
    visitor = Visitor(to11.base_url).sign_in(to11.api_key)
    form = {"kind": "429"}
    host = to11.base_url.partition("://")[2]
    refused = [
        {"Origin": "http://evil.example"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "null"},
        {"Sec-Fetch-Site": "same-site", "Origin": f"http://{host}"},
        {"Sec-Fetch-Site": ""},
    ]
    for headers in refused:
        assert visitor.post("/inspector/failures", headers, **form).status == 403
        assert visitor.post("/inspector/sign-in", headers, key=to11.api_key).status == 403
        assert visitor.post("/inspector/sign-out", headers).status == 403
    other = Visitor(to11.base_url).sign_in(to11.api_key)
    other.get("/")
    for csrf in ("", "x", "é", other._csrf):
        assert visitor.send("POST", "/inspector/failures", urlencode({"csrf": csrf, **form})).status == 403
        assert visitor.send("POST", "/inspector/recording", urlencode({"csrf": csrf, "record": "on"})).status == 403
    assert "Waiting: 0" in visitor.get("/inspector/failures").words
    own = [
        {},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},
        {"Origin": f"http://{host}"},
        {"Origin": "https://to11.example", "Sec-Fetch-Site": "same-origin"},  # a proxy changed the host
    ]
    for headers in own:
        assert visitor.post("/inspector/failures", headers, **form).status == 303
    assert visitor.post("/inspector/failures", do="clear").status == 303


def test_what_people_type_leads_to_it(to11: LocalTo11) -> None:
    visitor = Visitor(to11.base_url)
    for path in ("/inspector", "/inspector/"):
        assert (visitor.get(path).status, visitor.get(path).headers["location"]) == (303, "/")
    for path in ("/inspector/static/inspector.css", "/"):
        head, full = visitor.send("HEAD", path), visitor.get(path)
        assert (head.status, head.headers["content-length"]) == (full.status, full.headers["content-length"])


def test_no_form_is_sent_by_get(to11: LocalTo11) -> None:
    visitor = Visitor(to11.base_url).sign_in(to11.api_key)
    for path in ("/inspector/recording?record=on", "/inspector/sign-out"):
        assert visitor.get(path).status in (404, 405)
    assert "Waiting: 0" in visitor.get("/inspector/failures?kind=429").words


def test_every_reply_forbids_what_a_page_does_not_need(to11: LocalTo11) -> None:
    client = to11.client()
    prompt_id = fill(client, to11.project_id)
    visitor = Visitor(to11.base_url)
    assets = ["/inspector/static/inspector.css", "/inspector/static/inspector.js", "/inspector/static/icon.svg"]
    before = [visitor.get(path) for path in ("/", "/?token=x", *assets)]
    visitor.sign_in(to11.api_key)
    paths = [*PATHS, *assets, f"/inspector/prompts/{prompt_id}", "/inspector/rules/chat-default", "/?page=x"]
    for seen in [*before, *map(visitor.get, paths), visitor.post("/inspector/failures", do="clear")]:
        policy = dict(part.strip().split(" ", 1) for part in seen.headers["content-security-policy"].split(";"))
        assert (policy["default-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'none'",) * 3
        assert (policy["script-src"], policy["style-src"], policy["form-action"]) == ("'self'",) * 3
        assert "unsafe" not in seen.headers["content-security-policy"]
        assert seen.headers["x-content-type-options"] == "nosniff"
        assert seen.headers["referrer-policy"] == "no-referrer"
        assert seen.headers["cache-control"] == "no-store"
        if "text/html" in seen.headers["content-type"] if seen.text else False:
            assert not re.search(r'(?:href|src|action)="/', seen.text)
            assert not re.search(
                r"<style|<script(?! src=)|\sstyle=|\son\w+=|javascript:|https?://(?!www.w3.org)", seen.text
            )


def test_another_host_is_refused_here_too(to11: LocalTo11) -> None:
    connection = http.client.HTTPConnection(to11.base_url.partition("://")[2], timeout=60)
    connection.request("GET", "/", headers={"Host": "evil.example", "Accept": HTML})
    assert connection.getresponse().status == 421
    connection.close()


def test_a_form_that_is_too_long_or_malformed_is_refused(to11: LocalTo11) -> None:
    visitor = Visitor(to11.base_url).sign_in(to11.api_key)
    assert visitor.post("/inspector/failures", kind="x" * bounds.MAX_INSPECTOR_BODY).status == 413
    assert visitor.send("POST", "/inspector/failures", "&".join(f"a{i}=" for i in range(200))).status == 400
    assert visitor.send("POST", "/inspector/failures", "kind=%FF").status == 400


def test_what_it_needs_is_loaded_when_a_page_is_asked_for() -> None:
    import subprocess

    code = (
        "import sys\nfrom to11ai_sdk.local import LocalTo11\nfrom urllib.request import ProxyHandler, build_opener\n"
        "with LocalTo11() as to11:\n"
        "    try: build_opener(ProxyHandler({})).open(to11.base_url + '/')\n"
        "    except Exception as exc: print(exc.code)\n"
        "    names = [n for n in sys.modules if n.startswith(('jinja2', 'to11ai_sdk.local.inspector.'))]\n"
        "    print(sorted(names))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120)
    assert done.stdout.splitlines() == ["404", "['to11ai_sdk.local.inspector.entry']"]
