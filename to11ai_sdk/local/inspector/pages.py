"""Defines the application of the inspector: who may see it, which page is at a path, and what browsers must not do."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import parse_qsl

from .. import bounds
from ..http.application import HttpReply
from ..http.paths import Routes
from ..problems import Problem, invalid
from . import prompt_pages, rule_pages, traffic_pages
from .login import BrowserSessions, check_form, check_own_page
from .masking import masker
from .parts import SAFE_HEADERS, Visit
from .templating import PageTemplates, static_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..http.application import HttpRequest
    from .parts import InspectorParts, Shown

_log = logging.getLogger(__name__)
_STATIC = "/inspector/static/"
_SIGN_IN, _SIGN_OUT = ("POST", "/inspector/sign-in"), ("POST", "/inspector/sign-out")
_INTERNAL = Problem(500, "INTERNAL", "the inspector failed; the log of the server says why")
_USED = "This link has been used already, or is older than ten minutes."


class PageRow(NamedTuple):
    """A page, or what a form on one does.

    Attributes:
        method: HTTP method.
        path: path template.
        show: makes the page, or makes the change and says where to go.
    """

    method: str
    path: str
    show: Callable[[Visit], Shown]


_ROUTES = Routes(
    (
        PageRow("GET", "/", prompt_pages.show_list),
        PageRow("GET", "/inspector/prompts/{prompt_id}", prompt_pages.show_prompt),
        PageRow("POST", "/inspector/prompts/{prompt_id}", prompt_pages.show_prompt),
        PageRow("GET", "/inspector/rules", rule_pages.show_list),
        PageRow("GET", "/inspector/rules/{rule_id}", rule_pages.show_rule),
        PageRow("GET", "/inspector/requests", traffic_pages.show_requests),
        PageRow("GET", "/inspector/requests/{number}", traffic_pages.show_request),
        PageRow("POST", "/inspector/recording", traffic_pages.switch_recording),
        PageRow("GET", "/inspector/traces", traffic_pages.show_traces),
        PageRow("GET", "/inspector/traces/{span_id}", traffic_pages.show_trace),
        PageRow("GET", "/inspector/failures", traffic_pages.show_failures),
        PageRow("POST", "/inspector/failures", traffic_pages.change_failures),
    )
)


class InspectorPages:
    """Answers requests of browsers.

    Args:
        parts: what the inspector shows and changes.
    """

    def __init__(self, parts: InspectorParts) -> None:
        key = parts.platform.main.api_key
        self._parts = parts
        self._sessions = BrowserSessions(key, lambda: parts.platform.now().timestamp())
        self._templates = PageTemplates(masker(key))

    @property
    def max_body(self) -> int:
        """The longest body that it accepts, in bytes."""
        return bounds.MAX_INSPECTOR_BODY

    def __call__(self, request: HttpRequest) -> HttpReply:
        """Answer one request."""
        try:
            return self._answer(request)
        except Problem as exc:
            return self._problem(exc, request)
        except Exception:
            _log.exception("%s %s failed", request.method, request.target.path)
            return self._problem(_INTERNAL, request)

    def _answer(self, request: HttpRequest) -> HttpReply:
        if request.unread is not None:
            raise request.unread
        path = request.target.path
        if path.rstrip("/") == "/inspector":
            return _redirect(request)
        if path.startswith(_STATIC) and request.method in ("GET", "HEAD"):
            return _static(path.removeprefix(_STATIC))
        query, session = request.target.arguments(), self._sessions.find(request.headers)
        if path == "/" and "token" in query and request.method == "GET":
            return self._enter(query["token"], request, session)
        if (request.method, path) == _SIGN_IN:
            return self._sign_in(request)
        if session is None:
            return self._page("sign_in.html", {"error": None}, request, 401)
        return self._signed_in(request, query, session)

    def _signed_in(self, request: HttpRequest, query: Mapping[str, str], session: str) -> HttpReply:
        form: dict[str, str] = {}
        if request.method == "POST":
            check_own_page(request.headers)
            form = _form(request.body)
            check_form(self._sessions, session, form)
        if (request.method, request.target.path) == _SIGN_OUT:
            return _redirect(request, cookie=self._sessions.end(request.headers))
        match = _ROUTES.match(request.method, request.target.path)
        shown = match.row.show(Visit(self._parts, match.arguments, query, form, request.hang_up))
        if shown.location is not None:
            return _redirect(request, shown.location)
        return self._page(shown.template, shown.values, request, shown.status)

    def _enter(self, token: str, request: HttpRequest, session: str | None) -> HttpReply:
        """Exchange the token of the link for a session, and hide it from the address bar and the history."""
        is_preview = "prefetch" in request.headers.get("sec-purpose", "")
        link = self._parts.link
        if not is_preview and link is not None and link.redeem(token):
            return _redirect(request, cookie=self._sessions.begin(request.headers))
        return _redirect(request) if session is not None else self._page("sign_in.html", {"error": _USED}, request, 403)

    def _sign_in(self, request: HttpRequest) -> HttpReply:
        check_own_page(request.headers)
        if self._sessions.is_key(_form(request.body).get("key", "").strip()):
            return _redirect(request, cookie=self._sessions.begin(request.headers))
        error = "This is not the key of the main project, which the server printed at its start or was given."
        return self._page("sign_in.html", {"error": error}, request, 403)

    def _problem(self, problem: Problem, request: HttpRequest) -> HttpReply:
        return self._page("problem.html", {"problem": problem}, request, problem.status)

    def _page(self, template: str, values: dict[str, Any], request: HttpRequest, status: int) -> HttpReply:
        common = {"here": template, "root": _root(request), "csrf": None}
        session = self._sessions.find(request.headers)
        if session is not None and template != "sign_in.html":
            common |= {"csrf": self._sessions.form_token(session), **self._parts.state()}
        body = self._templates.render(template, {**common, **values})
        hint = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        return HttpReply(status, {"Content-Type": "text/html; charset=utf-8", **hint, **SAFE_HEADERS}, body)


def _static(name: str) -> HttpReply:
    found = static_file(name)
    if found is None:
        raise Problem(404, "NOT_FOUND", "there is no such file")
    return HttpReply(200, {"Content-Type": found[0], **SAFE_HEADERS}, found[1])


def _root(request: HttpRequest) -> str:
    """Return the way from an address to ``/``: links are relative, as a proxy may serve all of them below a path."""
    return "../" * (request.target.path.count("/") - 1) or "./"


def _redirect(request: HttpRequest, location: str = "", cookie: str | None = None) -> HttpReply:
    more = {} if cookie is None else {"Set-Cookie": cookie}
    return HttpReply(303, {"Location": _root(request) + location, **SAFE_HEADERS, **more}, b"")


def _form(body: bytes) -> dict[str, str]:
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=100))
    except ValueError as exc:
        raise invalid("the form cannot be read") from exc
