"""Using the inspector as people do: keys, the back button, double clicks, no scripts, a proxy, a small screen."""

from __future__ import annotations

import re
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest
from browsing import accessibility_problems, chat, signed_in
from inspector_visit import SCHEMA, fill
from werkzeug import Response

from to11ai_sdk import To11aiApiError
from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_httpserver import HTTPServer
    from werkzeug import Request

ADA = '{"name": "Ada", "plan": "pro"}'
RENDERED = "Welcome Ada to the plan pro."
without_scripts = pytest.mark.parametrize("has_scripts", [True, False], ids=["scripts", "no scripts"])


@without_scripts
def test_rendering_keeps_what_was_entered(page: Any, to11: LocalTo11, *, has_scripts: bool) -> None:
    prompt_id = fill(to11.client(), to11.project_id)
    signed_in(page, to11)
    page.goto(f"{to11.base_url}/inspector/prompts/{prompt_id}?left=2&right=1")
    page.get_by_label("Variables (JSON)").fill(ADA)
    page.get_by_role("button", name="Render").click()
    page.get_by_text(RENDERED).wait_for()
    assert page.get_by_role("heading", name="Version 2 and version 1").count() == 1
    assert page.get_by_label("Variables (JSON)").input_value() == ADA
    page.get_by_label("Variables (JSON)").fill("{")
    page.get_by_role("button", name="Render").click()
    page.get_by_text("the variables are not JSON").wait_for()
    assert page.get_by_text(RENDERED).count() == 0
    if has_scripts:
        posts: list[str] = []
        page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
        page.reload()
        page.get_by_role("link", name="v2").first.click()
        page.wait_for_url("**right=2*")
        page.go_back()
        page.get_by_role("heading", name="Version 2 and version 1").wait_for()
        assert posts == []


@without_scripts
def test_failures_happen_and_stop_and_every_page_says_so(page: Any, to11: LocalTo11, *, has_scripts: bool) -> None:
    client = to11.client(max_retries=0)
    signed_in(page, to11)
    page.get_by_role("link", name="Failures").click()
    page.get_by_label("How", exact=True).select_option("503")
    page.get_by_label("How many").fill("2")
    page.get_by_role("button", name="Let them fail").click()
    page.get_by_role("link", name="Failures 2").wait_for()
    page.get_by_role("link", name="Rules").click()
    assert page.get_by_role("link", name="Failures 2").count() == 1
    with pytest.raises(To11aiApiError) as caught:
        client.prompts.list(project_id=to11.project_id)
    assert caught.value.status_code == 503
    page.get_by_role("link", name="Failures").click()
    page.get_by_role("heading", name="Waiting: 1").wait_for()
    if has_scripts:
        with pytest.raises(To11aiApiError):
            client.prompts.list(project_id=to11.project_id)
        page.get_by_role("heading", name="Waiting: 0").wait_for()  # it comes without a click
    else:
        page.get_by_role("button", name="Cancel all").click()
        page.get_by_role("heading", name="Waiting: 0").wait_for()
    assert page.get_by_role("link", name="Failures", exact=True).count() == 1
    assert client.prompts.list(project_id=to11.project_id).items == []


def test_a_double_click_and_a_reload_send_a_form_once(page: Any, to11: LocalTo11) -> None:
    signed_in(page, to11)
    page.get_by_role("link", name="Failures").click()
    page.get_by_role("button", name="Let them fail").dblclick()
    page.get_by_role("heading", name="Waiting: 1").wait_for()
    page.reload()
    page.go_back()
    page.go_forward()
    page.get_by_role("heading", name="Waiting:").wait_for()
    assert page.get_by_role("heading", name="Waiting:").inner_text() == "Waiting: 1"


def test_a_refused_form_keeps_what_was_entered(page: Any, to11: LocalTo11) -> None:
    signed_in(page, to11)
    page.get_by_role("link", name="Failures").click()
    page.get_by_label("How", exact=True).select_option("delay")
    page.get_by_label("Which calls").select_option("prompts.resolve")
    page.get_by_label("How many").fill("7")
    page.get_by_label("Carry out the call").check()
    page.get_by_role("button", name="Let them fail").click()
    assert "needs a delay" in page.get_by_role("alert").inner_text()
    assert page.get_by_label("How", exact=True).input_value() == "delay"
    assert page.get_by_label("Which calls").input_value() == "prompts.resolve"
    assert page.get_by_label("How many").input_value() == "7"
    assert page.get_by_label("Carry out the call").is_checked()
    assert accessibility_problems(page) == []


def test_two_tabs_share_what_is_on_and_signing_out_ends_both(page: Any, to11: LocalTo11) -> None:
    signed_in(page, to11)
    page.get_by_role("link", name="Requests").click()
    other = page.context.new_page()
    other.goto(f"{to11.base_url}/inspector/traces")
    other.get_by_role("button", name="Record").click()
    page.reload()
    assert page.get_by_role("img", name="recording").count() == 1
    chat(to11, "Are you there?")
    page.get_by_role("link", name="chat/completions").wait_for()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    other.get_by_role("button", name="Stop and delete").click()
    page.get_by_text("chat/completions").wait_for(state="detached")
    page.get_by_role("img", name="recording").wait_for(state="detached")
    page.wait_for_timeout(2500)
    assert len(asked) < 9  # it does not ask all the time
    other.get_by_role("button", name="Sign out").click()
    other.get_by_role("heading", name="Sign in").wait_for()
    page.get_by_role("heading", name="Sign in").wait_for()  # a list that is live notices it


def test_a_stream_is_shown_while_it_goes_on(page: Any, to11: LocalTo11, httpserver: HTTPServer) -> None:
    more = Event()

    def stream(request: Request) -> Response:
        def pieces() -> Iterator[bytes]:
            yield b'data: {"choices": [{"delta": {"content": "half "}}]}\n\n'
            more.wait(60)
            yield b'data: {"choices": [{"delta": {"content": "whole"}}]}\n\ndata: [DONE]\n\n'

        return Response(pieces(), content_type="text/event-stream")

    httpserver.expect_request("/v1/chat/completions").respond_with_handler(stream)
    real = {"kind": "upstream", "dialect": "openai", "base_url": httpserver.url_for("/v1"), "models": ["*"]}
    with LocalTo11(providers={"real": real}) as other:
        signed_in(page, other)
        page.get_by_role("link", name="Requests").click()
        page.get_by_role("button", name="Record").click()
        caller = Thread(target=chat, args=(other, "hi"), kwargs={"stream": True, "model": "real/m"})
        caller.start()
        try:
            page.get_by_text("running").wait_for()
            page.get_by_role("link", name="chat/completions").click()
            page.get_by_text("half", exact=True).wait_for()
            page.get_by_text("Headers of the request").click()
            page.wait_for_timeout(2500)
            assert page.get_by_text("x-to11-project-id", exact=True).is_visible()  # it stays unfolded
        finally:
            more.set()
            caller.join()
        page.get_by_text("half whole").wait_for()  # it comes without a click
        page.get_by_role("link", name="Requests").first.click()
        page.get_by_text(" ms").wait_for()
        assert page.get_by_text("running").count() == 0


def test_a_list_stays_live_after_a_click_and_waits_for_who_is_in_it_by_keyboard(page: Any, to11: LocalTo11) -> None:
    signed_in(page, to11)
    page.get_by_role("link", name="Traces").click()
    chat(to11, "one", model="gpt-5-mini")
    page.get_by_role("cell", name="gpt-5-mini").click()
    chat(to11, "two", model="unknown-a")
    page.get_by_role("cell", name="unknown-a").wait_for()
    page.locator("tbody a").first.focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    chat(to11, "three", model="unknown-b")
    page.wait_for_timeout(2500)
    assert page.evaluate("document.activeElement.matches('#live a')")
    page.get_by_role("heading", name="Traces").click()
    page.get_by_role("cell", name="unknown-b").wait_for()


def test_a_list_says_when_the_server_is_gone(page: Any, to11: LocalTo11) -> None:
    signed_in(page, to11)
    page.get_by_role("link", name="Traces").click()
    to11.stop()
    page.wait_for_selector("#live.stale")


NAMES = ["\u202egnihton\u2066", "x" * 200, "<b>&amp;</b>", "\u05d0\u05d1 \u05d2", "\x1b[31mred"]


@pytest.mark.parametrize("width", [320, 360])
def test_hostile_and_long_texts_fit_on_a_small_screen(page: Any, to11: LocalTo11, width: int) -> None:
    client = to11.client(max_retries=0)
    prompts, project_id = client.prompts, to11.project_id
    fill(client, project_id)
    ids = [
        prompts.create(
            project_id=project_id, name=name, slug=f"s{place}-{'y' * 50}", description="w" * 500, tags=["t" * 60]
        ).id
        for place, name in enumerate(NAMES)
    ]
    where = {"project_id": project_id, "prompt_id": ids[0]}
    for text in ("z" * 3000 + "\u202e\x1b[2J", "z" * 2999 + "\r\n</script>"):
        version = prompts.create_version(
            **where, format="text", template_json={"text": text}, variables_schema=SCHEMA, changelog="c" * 400
        )
    prompts.move_label(**where, label="production", version_id=version.id, reason="r" * 400)
    signed_in(page, to11)
    page.set_viewport_size({"width": width, "height": 700})
    page.goto(f"{to11.base_url}/inspector/traces")
    page.get_by_role("button", name="Record").click()
    chat(to11, "z" * 2000 + "\u202e", model="m" * 300)
    prompts.resolve(project_id=project_id, slug=f"s0-{'y' * 50}", labels=["production"], variables={})
    trace = f"traces/{to11.traces()[0].span_id}"
    requests = ["requests", "requests/1", "requests/2", "traces", trace]
    paths = ["rules", "rules/chat-default", *requests, "failures", "nothing"]
    for path in ("/", *(f"/inspector/prompts/{each}" for each in ids), *(f"/inspector/{each}" for each in paths)):
        page.goto(f"{to11.base_url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert not set(page.inner_text("body")) & {"\x1b", "\r"}, path
        assert accessibility_problems(page) == [], path
    page.goto(f"{to11.base_url}/inspector/prompts/{ids[0]}")
    assert page.get_by_text("\u27e8U+202E\u27e9\u27e8U+001B\u27e9[2J").count() > 0


def test_all_can_be_done_with_the_keyboard(page: Any, to11: LocalTo11) -> None:
    fill(to11.client(), to11.project_id)
    page.goto(f"{to11.base_url}/")

    def tab_to(role: str, name: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            focused = page.locator(":focus")
            if focused.count() and page.get_by_role(role, name=name, exact=True).and_(focused).count():
                style = focused.evaluate("(e) => getComputedStyle(e).outlineStyle")
                assert style != "none", name
                return
        raise AssertionError(name)

    tab_to("textbox", "Key")
    page.keyboard.type(to11.api_key)
    tab_to("button", "Sign in")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Prompts").wait_for()
    tab_to("link", "Welcome")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Render").wait_for()
    tab_to("textbox", "Variables (JSON)")
    page.keyboard.press("Control+A")
    page.keyboard.type(ADA)
    tab_to("button", "Render")
    page.keyboard.press("Enter")
    page.get_by_text(RENDERED).wait_for()
    tab_to("link", "Failures")
    page.keyboard.press("Enter")
    tab_to("button", "Let them fail")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Waiting: 1").wait_for()


class Proxy(BaseHTTPRequestHandler):
    """Serves another server below ``/tools/to11/``, under its own host, as many do."""

    protocol_version = "HTTP/1.1"
    target = ""

    def do_GET(self) -> None:
        if not self.path.startswith("/tools/to11/"):
            self.send_error(404)
            return
        connection = HTTPConnection(self.target, timeout=60)
        body = self.rfile.read(int(self.headers.get("content-length", "0")))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
        connection.request(self.command, self.path.removeprefix("/tools/to11"), body, headers)
        reply = connection.getresponse()
        content = reply.read()
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("connection", "date", "server"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)
        connection.close()

    do_POST = do_GET

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def proxied(to11: LocalTo11) -> Iterator[str]:
    handler = type("Handler", (Proxy,), {"target": to11.base_url.partition("://")[2]})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/tools/to11/"
        finally:
            server.shutdown()
            thread.join()


def test_it_works_below_a_path_of_a_proxy(page: Any, to11: LocalTo11) -> None:
    fill(to11.client(), to11.project_id)
    with proxied(to11) as base:
        page.goto(f"{base}inspector/rules")
        page.get_by_label("Key").fill(to11.api_key)
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Welcome").click()
        page.get_by_label("Variables (JSON)").fill(ADA)
        page.get_by_role("button", name="Render").click()
        page.get_by_text(RENDERED).wait_for()
        page.get_by_role("link", name="Rules").click()
        page.get_by_role("link", name="chat-default").click()
        page.get_by_role("link", name="Failures").click()
        page.get_by_role("button", name="Let them fail").click()
        page.get_by_role("heading", name="Waiting: 1").wait_for()
        assert re.fullmatch(re.escape(base) + "inspector/failures", page.url)
        page.get_by_role("button", name="Sign out").click()
        page.get_by_role("heading", name="Sign in").wait_for()
        assert page.url == base


def test_the_policy_stops_what_would_get_into_a_page(browser: Any, to11: LocalTo11) -> None:
    context = browser.new_context()
    page = context.new_page()
    signed_in(page, to11)
    for path in ("/", "/inspector/nothing", "/?page=x", "/inspector/traces"):
        page.goto(f"{to11.base_url}{path}")
        with page.expect_event("console", lambda message: "Content Security Policy" in message.text):
            page.evaluate(
                """() => {
                  const script = document.createElement("script");
                  script.textContent = "document.title = 'ran'";
                  document.body.append(script);
                }"""
            )
        assert page.title() != "ran"
    context.close()
