"""``GET /local/traces``: what the gateway did, for the one who runs the local server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Response

from ..problems import Problem, invalid
from . import envelope
from .incoming import bearer
from .routing import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse

    from ..gateway.traces import Span
    from ..service import Platform, Session

    Recent = Callable[[Session, int], list[Span]]


class LocalPages:
    """Answers what is below ``/local``. It takes the key of the main project, as the control plane does.

    Args:
        platform: knows the key.
        recent: the newest spans of the project of a session.
    """

    def __init__(self, platform: Platform, recent: Recent) -> None:
        self._platform = platform
        self._recent = recent

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        target = Target.of(environ["REQUEST_URI"])
        try:
            status, content = 200, envelope.success(self._data(environ, target), {})
        except Problem as exc:
            status, content = exc.status, envelope.failure(exc)
        # A body that nobody reads would be taken for the next request.
        headers = {"Connection": "close"} if environ.get("CONTENT_LENGTH") else {}
        response = Response(envelope.encode(content), status, headers, content_type="application/json")
        return response(environ, start_response)

    def _data(self, environ: dict[str, Any], target: Target) -> Any:
        if target.path != "/local/traces":
            raise Problem(404, "NOT_FOUND", f"there is nothing at {target.path}, only at /local/traces")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            raise Problem(405, "METHOD_NOT_ALLOWED", "/local/traces is only read", {"allowed": ["GET", "HEAD"]})
        limit = target.arguments().get("limit", "100")
        if not (limit.isascii() and limit.isdigit()):
            raise invalid("limit must be a number of spans", field="limit")
        key = bearer(environ.get("HTTP_AUTHORIZATION", ""))
        project_id = environ.get("HTTP_X_TO11_PROJECT_ID") or self._platform.main.project_id
        with self._platform.visit(project_id, key) as session:
            return [span.as_json() for span in self._recent(session, int(limit[:9]))]
