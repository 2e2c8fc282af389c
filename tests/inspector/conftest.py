"""A real Chromium, for the tests of the inspector; ``nox -s inspector`` names one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Iterator

NOT_SAFE = ("Content Security Policy", "Content-Security-Policy", "Refused to")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    chromium = os.environ.get("TO11_CHROMIUM", "")
    if not chromium:
        pytest.skip("TO11_CHROMIUM names no Chromium; nox -s inspector does")
    sync_api = pytest.importorskip("playwright.sync_api")
    options = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=options)
        yield browser
        browser.close()


@pytest.fixture
def to11() -> Iterator[LocalTo11]:
    with LocalTo11(seed=1) as to11:
        yield to11


@pytest.fixture
def scheme() -> str:
    return "light"


@pytest.fixture
def has_scripts() -> bool:
    return True


@pytest.fixture
def page(browser: Any, scheme: str, *, has_scripts: bool) -> Iterator[Any]:
    """A page that must ask no other machine, and whose policy must never have to refuse anything."""
    size = {"width": 1180, "height": 760}
    context = browser.new_context(color_scheme=scheme, viewport=size, java_script_enabled=has_scripts)
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    context.set_default_timeout(60_000)
    page = context.new_page()
    said: list[str] = []
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(f"Refused to go on: {error}"))
    yield page
    context.close()
    assert [text for text in said if any(word in text for word in NOT_SAFE)] == []
    assert {urlsplit(url).hostname for url in asked} <= {"127.0.0.1"}


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = Path(os.environ.get("TO11_PICTURES") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
