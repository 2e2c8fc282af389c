"""Serves the addresses below ``/local``, for the owner of the local to11; they are not part of the platform's API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from ...json_types import is_object
from .. import bounds
from ..headers import bearer
from ..problems import invalid
from ..service import Platform, releases
from . import request_body
from .paths import Routes
from .reply_envelope import reply_to

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .application import HttpReply, HttpRequest


class HasJson(Protocol):
    """An object that ``/local`` can show as JSON."""

    def as_json(self) -> dict[str, Any]:
        """Return the members of its JSON object."""
        ...


class Spans(Protocol):
    """The spans that ``/local`` can show and delete."""

    def recent(self, project_id: str, limit: int) -> Sequence[HasJson]:
        """Return the newest spans of a project."""
        ...

    def clear(self, project_id: str) -> int:
        """Delete the spans of a project; return how many there were."""
        ...


class OwnerRequest(NamedTuple):
    """A request to one of these addresses."""

    project_id: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any


class OwnerEndpoint(NamedTuple):
    """One of these addresses.

    Attributes:
        method: HTTP method.
        path: path template.
        answer: makes the data of the reply.
        permissions: those that the key needs.
    """

    method: str
    path: str
    answer: Callable[[LocalPages, OwnerRequest], Any]
    permissions: tuple[str, ...] = ()


class LocalPages:
    """Answers requests below ``/local``. They need a key of the project, as in the control plane.

    The header ``x-to11-project-id`` names the project, by default the main one.

    Args:
        platform: carries out the requests.
        traces: the spans of all projects.
    """

    def __init__(self, platform: Platform, traces: Spans) -> None:
        self._platform = platform
        self._spans = traces

    @property
    def max_body(self) -> int:
        """The longest body that it accepts, in bytes."""
        return bounds.MAX_BODY

    def __call__(self, request: HttpRequest) -> HttpReply:
        """Answer one request."""
        return reply_to(f"{request.method} {request.target.path}", lambda: self._data(request), {})

    def _data(self, request: HttpRequest) -> Any:
        if request.unread is not None:
            raise request.unread
        match = _ROUTES.match(request.method, request.target.path)
        project_id = request.headers.get("x-to11-project-id") or self._platform.main.project_id
        session = self._platform.visit(project_id, bearer(request.headers.get("authorization", "")))
        session.require(*match.row.permissions)
        query, body = request.target.arguments(), request_body.parse(request.body)
        return match.row.answer(self, OwnerRequest(project_id, match.arguments, query, body))

    def _traces(self, asked: OwnerRequest) -> list[dict[str, Any]]:
        limit = asked.query.get("limit", "100")
        if not (limit.isascii() and limit.isdigit()):
            raise invalid("limit must be a number of spans", field="limit")
        return [span.as_json() for span in self._spans.recent(asked.project_id, int(limit[:9]))]

    def _clear_traces(self, asked: OwnerRequest) -> dict[str, int]:
        return {"deleted": self._spans.clear(asked.project_id)}

    def _settings(self, asked: OwnerRequest) -> dict[str, bool]:
        return {name: switch(self._platform, asked.project_id) for name, switch in _SETTINGS.items()}

    def _set(self, asked: OwnerRequest) -> dict[str, bool]:
        given: dict[str, Any] = asked.body if is_object(asked.body) else {}
        wrong = next((name for name in given if name not in _SETTINGS or not isinstance(given[name], bool)), None)
        if not given or wrong is not None:
            forms = " or ".join(f'{{"{name}": true}}' for name in _SETTINGS)
            raise invalid(f"the body must be {forms}, or false, or both", field=wrong or next(iter(_SETTINGS)))
        return {name: _SETTINGS[name](self._platform, asked.project_id, value) for name, value in given.items()}

    def _approve(self, asked: OwnerRequest) -> dict[str, Any]:
        return self._review(asked, approve=True)

    def _reject(self, asked: OwnerRequest) -> dict[str, Any]:
        return self._review(asked, approve=False)

    def _review(self, asked: OwnerRequest, *, approve: bool) -> dict[str, Any]:
        with self._platform.owner(asked.project_id) as session:
            return releases.review(session, asked.path["release_id"], approve=approve)

    PAGES = (
        OwnerEndpoint("GET", "/local/traces", _traces),
        OwnerEndpoint("DELETE", "/local/traces", _clear_traces),
        OwnerEndpoint("GET", "/local/settings", _settings),
        OwnerEndpoint("PATCH", "/local/settings", _set, ("project:manage_labels",)),
        OwnerEndpoint("POST", "/local/releases/{release_id}/approve", _approve, ("routing:review",)),
        OwnerEndpoint("POST", "/local/releases/{release_id}/reject", _reject, ("routing:review",)),
    )


_SETTINGS: dict[str, Callable[..., bool]] = {
    "enforceLabelRegistry": Platform.strict_labels,
    "strictVariables": Platform.strict_variables,
}
_ROUTES = Routes(LocalPages.PAGES)
