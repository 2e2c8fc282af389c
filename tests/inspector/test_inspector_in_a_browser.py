"""The inspector in a real Chromium, with pictures of its pages; ``nox -s inspector`` runs this."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from browsing import accessibility_problems, chat, signed_in
from inspector_visit import fill

from to11ai_sdk import To11aiApiError
from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.inspector.login import LoginLink

if TYPE_CHECKING:
    from pathlib import Path

CONTRAST = """() => {
  const channels = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (color) => {
    const shares = channels(color).map((c) => c / 255);
    const [r, g, b] = shares.map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = getComputedStyle(at).backgroundColor;
      if (!/, 0\\)$/.test(color)) return color;
    }
    return "rgb(255, 255, 255)";
  };
  const poor = [];
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || element.closest("svg, .skip, select")) continue;
    const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) poor.push(element.textContent.trim().slice(0, 40) + " " + ratio.toFixed(2));
  }
  return poor;
}"""
NAMELESS = """() => [...document.querySelectorAll("a, button, input, select, textarea, [role=region]")]
  .filter((e) => e.type !== "hidden")
  .filter((e) => !(e.textContent.trim() || e.ariaLabel || e.labels?.length || e.getAttribute("aria-labelledby")))
  .map((e) => e.outerHTML)"""


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_the_way_through_all_pages(page: Any, to11: LocalTo11, scheme: str, pictures: Path) -> None:
    client = to11.client(max_retries=0)
    fill(client, to11.project_id)

    def picture(name: str) -> None:
        page.screenshot(path=pictures / f"{name}-{scheme}.png")
        assert page.evaluate(CONTRAST) == [], name
        assert page.evaluate(NAMELESS) == [], name
        assert accessibility_problems(page) == [], name
        assert page.locator("h1").count() == 1
        assert to11.api_key not in page.content()

    page.goto(f"{to11.base_url}/")
    picture("sign-in")
    signed_in(page, to11)
    picture("prompts")

    page.get_by_role("searchbox").fill("welc")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Welcome").click()
    assert page.locator("mark").first.inner_text() == "one"
    picture("prompt")
    page.get_by_label("Variables (JSON)").fill('{"name": "Ada", "plan": "pro"}')
    page.get_by_role("button", name="Render").click()
    assert page.get_by_text("Welcome Ada to the plan pro.").count() == 1
    page.get_by_role("heading", name="Render", exact=True).scroll_into_view_if_needed()
    picture("render")
    page.get_by_text("Copy as curl").click()
    page.locator("[data-copy=curl]").click()
    page.get_by_role("button", name="Copied").wait_for()
    assert "prompts:resolve" in page.evaluate("navigator.clipboard.readText()")

    page.get_by_role("link", name="Rules").click()
    assert page.get_by_role("img", name=re.compile("Shares in prod: small")).bounding_box()["width"] > 100
    picture("rules")
    page.get_by_role("link", name="chat-default").click()
    picture("rule")

    page.get_by_role("link", name="Traces").click()
    page.get_by_role("button", name="Record").click()
    page.get_by_role("link", name="Requests").click()
    chat(to11, "What does my plan include?")
    chat(to11, "And as a stream?", stream=True)
    chat(to11, "Who are you?", model="no-such-model")
    client.prompts.resolve(project_id=to11.project_id, slug="welcome", labels=["production"], variables={"name": "Ada"})
    page.get_by_role("link", name="prompts:resolve").wait_for()  # it comes without a click
    picture("requests")
    page.get_by_role("link", name="prompts:resolve").click()
    picture("request")
    page.get_by_role("link", name="Traces").click()
    picture("traces")
    page.locator("tbody a").nth(1).click()
    assert page.get_by_text("echo: And as a stream?").first.is_visible()
    picture("trace")

    page.get_by_role("link", name="Failures").click()
    page.get_by_label("How", exact=True).select_option("503")
    page.get_by_label("How many").fill("2")
    page.get_by_role("button", name="Let them fail").click()
    page.get_by_role("heading", name="Waiting: 2").wait_for()
    picture("failures")
    with pytest.raises(To11aiApiError):
        client.prompts.list(project_id=to11.project_id)
    page.get_by_role("button", name="Cancel all").click()
    page.get_by_role("heading", name="Waiting: 0").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()


def test_the_link_is_gone_from_the_address_bar(page: Any, to11: LocalTo11) -> None:
    to11.stop()
    with LoginLink() as link:
        to11._settings = to11._settings._replace(link=link)
        to11.start()
        page.goto(f"{to11.base_url}/?token={link.token}")
        page.get_by_role("heading", name="Prompts").wait_for()
        assert page.url == f"{to11.base_url}/"
        (cookie,) = page.context.cookies()
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Strict")
        assert page.evaluate("document.cookie") == ""


def test_the_page_of_another_site_changes_nothing(page: Any, to11: LocalTo11) -> None:
    signed_in(page, to11)
    with LocalTo11() as other:
        # Another port is another origin, yet the same site, so that the cookie is sent.
        page.route(f"{other.base_url}/page", lambda route: route.fulfill(content_type="text/html", body=FOREIGN))
        page.goto(f"{other.base_url}/page")
        page.evaluate(
            "(url) => { document.forms[0].action = url; document.forms[0].submit(); }",
            f"{to11.base_url}/inspector/failures",
        )
        page.get_by_text("FOREIGN_FORM").wait_for()
        page.goto(f"{other.base_url}/page")
        page.evaluate("(url) => { frames[0].location = url; }", f"{to11.base_url}/")
        page.wait_for_timeout(500)
        assert "Prompts" not in page.frames[1].content()
    assert to11.client().prompts.list(project_id=to11.project_id).items == []


def test_what_prompts_and_models_say_never_runs(page: Any, to11: LocalTo11) -> None:
    markup = "<img src=x onerror='document.title=1'><script>document.title=1</script>"
    prompts = to11.client().prompts
    made = prompts.create(project_id=to11.project_id, name=markup, slug="s", description=markup)
    where = {"project_id": to11.project_id, "prompt_id": made.id}
    text = {"format": "text", "template_json": {"text": markup}, "variables_schema": {"type": "object"}}
    version = prompts.create_version(**where, **text)
    prompts.move_label(**where, label="production", version_id=version.id, reason=markup)
    signed_in(page, to11)
    page.goto(f"{to11.base_url}/inspector/traces")
    page.get_by_role("button", name="Record").click()
    chat(to11, markup)
    page.get_by_text("chat_completions").wait_for()
    for path in ("/", f"/inspector/prompts/{made.id}", f"/inspector/traces/{to11.traces()[0].span_id}"):
        page.goto(f"{to11.base_url}{path}")
        assert page.get_by_text("<img src=x").count() > 0
        assert page.locator("main img, main script").count() == 0
        assert page.title() != "1"


def test_it_fits_on_a_telephone_and_works_with_the_keyboard(page: Any, to11: LocalTo11) -> None:
    prompt_id = fill(to11.client(), to11.project_id)
    signed_in(page, to11)
    page.set_viewport_size({"width": 360, "height": 700})
    for path in (
        "/",
        f"/inspector/prompts/{prompt_id}",
        "/inspector/rules",
        "/inspector/failures",
        "/inspector/traces",
    ):
        page.goto(f"{to11.base_url}{path}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360, path
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


FOREIGN = (
    "<!doctype html><form method=post><input name=kind value=429><input name=times value=5></form><iframe></iframe>"
)
