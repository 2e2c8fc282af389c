"""Chooses who answers at ``/``, and loads the inspector when a browser first asks for it."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from .. import bounds
from ..http.application import HttpReply

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..http.application import Application, HttpRequest
    from .parts import InspectorParts

_LACKING = (
    "The inspector needs Jinja2, which is part of the extra: pip install 'to11ai-sdk[local]'. In a frozen program it "
    "needs its templates, too; with PyInstaller --collect-data to11ai_sdk, "
    "with Nuitka --include-package-data=to11ai_sdk\n"
)


def wants_html(request: HttpRequest) -> bool:
    """Return whether a browser asks for a page; clients of the API do not name HTML."""
    return "text/html" in request.headers.get("accept", "").lower()


class InspectorEntry:
    """Answers at ``/`` and below ``/inspector/``.

    Args:
        api: answers requests at ``/`` that do not ask for HTML.
        parts: makes what the inspector shows; called when it is first asked for.
    """

    def __init__(self, api: Application, parts: Callable[[], InspectorParts]) -> None:
        self._api = api
        self._parts = parts
        self._pages: Application | None = None
        self._loading = Lock()

    @property
    def max_body(self) -> int:
        """The longest body that it accepts, in bytes."""
        return bounds.MAX_INSPECTOR_BODY

    def __call__(self, request: HttpRequest) -> HttpReply:
        """Answer one request."""
        if request.target.path == "/" and not wants_html(request):
            return self._api(request)
        try:
            pages = self._pages or self._load()
        except (ImportError, FileNotFoundError):
            from .parts import SAFE_HEADERS

            headers = {"Content-Type": "text/plain; charset=utf-8", **SAFE_HEADERS}
            return HttpReply(503, headers, _LACKING.encode())
        return pages(request)

    def _load(self) -> Application:
        with self._loading:
            if self._pages is None:
                from .pages import InspectorPages

                self._pages = InspectorPages(self._parts())
            return self._pages
