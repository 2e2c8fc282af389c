"""What the tests of the inspector do in a browser, and the calls that it then shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

try:
    from axe_playwright_python.sync_playwright import Axe
except ImportError:
    Axe = None

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11


def signed_in(page: Any, to11: LocalTo11) -> None:
    page.goto(f"{to11.base_url}/")
    page.get_by_label("Key").fill(to11.api_key)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Prompts").wait_for()


def chat(to11: LocalTo11, text: str, *, stream: bool = False, model: str = "gpt-5-mini") -> None:
    body = {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}]}
    keys = {"x-to11-authorization": f"Bearer {to11.api_key}", "x-to11-project-id": to11.project_id}
    request = Request(f"{to11.gateway_url}/chat/completions", json.dumps(body).encode(), keys)
    try:
        build_opener(ProxyHandler({})).open(request, timeout=60).read()
    except HTTPError as error:
        error.close()


def accessibility_problems(page: Any) -> list[str]:
    """What axe finds, if it is installed."""
    if Axe is None:
        return []
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {[node['html'] for node in each['nodes']]}" for each in found]
