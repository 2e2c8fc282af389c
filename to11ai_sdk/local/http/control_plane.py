"""Defines the WSGI application of the control plane."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from ...resources.table import ENDPOINTS
from ..headers import bearer
from ..problems import Problem
from . import later_versions, request_body
from .arguments import decode
from .paths import Match, Routes, Target
from .reply_envelope import HttpReply, reply_to, success_reply
from .request_log import headers_of, seen_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from _typeshed.wsgi import StartResponse

    from ...resources.endpoint import Endpoint
    from ..service import Platform
    from .failures import FailureQueue, InjectedFailure
    from .request_log import RequestLog, SeenRequest

_ROUTES = Routes(ENDPOINTS.values())


class ControlPlane:
    """Answers every row of the table.

    Args:
        platform: carries out the calls.
        log: records the requests.
        failures: failures on demand.
        behaviors: flags to send with every success.
    """

    def __init__(
        self, platform: Platform, log: RequestLog, failures: FailureQueue, behaviors: Mapping[str, Any]
    ) -> None:
        self._platform = platform
        self._log = log
        self._failures = failures
        self._behaviors = behaviors
        self._numbers = count(1)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; a ``ConnectionAbortedError`` makes the server hang up."""
        incoming = ControlRequest(environ, _ROUTES)
        if incoming.target.path == "/health":
            reply = success_reply({"status": "ok"}, {})
        else:
            reply = self._reply(incoming)
            self._log.add(incoming.seen(reply.status), incoming.size)
        numbered = {"x-to11-request-id": f"req_{next(self._numbers):06}", **reply.headers}
        return reply._replace(headers=numbered).response()(environ, start_response)

    def _reply(self, incoming: ControlRequest) -> HttpReply:
        failure = self._failures.take(incoming.row_name)
        if failure is None:
            return self._answer(incoming)
        self._failures.wait(failure.delay_s)
        return self._injected(incoming, failure)

    def _injected(self, incoming: ControlRequest, failure: InjectedFailure) -> HttpReply:
        """Return the reply of a failure on demand."""
        if not (failure.drop or failure.replies):
            reply = self._answer(incoming)
            return reply._replace(headers={**reply.headers, **failure.headers})
        if failure.processed:
            self._answer(incoming)
        if failure.drop:
            self._log.add(incoming.seen(None), incoming.size)
            raise ConnectionAbortedError("fail_next asked to drop this connection")
        return HttpReply(*failure.reply(), failure.headers)

    def _answer(self, incoming: ControlRequest) -> HttpReply:
        request = f"{incoming.method} {incoming.target.path}"
        return reply_to(request, lambda: self._data(incoming), self._behaviors)

    def _data(self, incoming: ControlRequest) -> Any:
        match = incoming.wanted()
        caller = self._platform.admit(match.arguments["project_id"], incoming.key)
        return self._platform.call(match.row, caller, incoming.arguments(match))


class ControlRequest:
    """One request.

    Attributes:
        method: HTTP method.
        target: path and query as they were sent.
        key: the token after ``Bearer`` in ``Authorization``, or ``None``.
        match: the row of the request, or ``None``.
        problem: the problem found before the arguments were read.
    """

    def __init__(self, environ: dict[str, Any], routes: Routes[Endpoint]) -> None:
        self.method: str = environ["REQUEST_METHOD"]
        self.target: Target = Target.of(environ)
        self.match: Match[Endpoint] | None = None
        self.problem: Problem | None = None
        self._body = b""
        self._headers = headers_of(environ)
        self.key: str | None = bearer(environ.get("HTTP_AUTHORIZATION", ""))
        try:
            self._body = request_body.read(environ)
            later_versions.refuse(self.method, self.target.path, self.target.names())
            self.match = routes.match(self.method, self.target.path)
        except Problem as exc:
            self.problem = exc

    @property
    def size(self) -> int:
        """How many bytes its body has."""
        return len(self._body)

    @property
    def row_name(self) -> str | None:
        """Name of its row."""
        return self.match.row.name if self.match else None

    def wanted(self) -> Match[Endpoint]:
        """Return its row; raises its problem, if there is one."""
        if self.match is None:
            raise self.problem or LookupError("neither a row nor a problem")
        return self.match

    def arguments(self, match: Match[Endpoint]) -> dict[str, Any]:
        """Return the arguments of the call.

        Raises:
            Problem: 400 if one is missing or wrong.
        """
        payload = request_body.parse(self._body) if match.row.has_body else None
        return decode(match.row, match.arguments, self.target.arguments(), payload)

    def seen(self, status: int | None) -> SeenRequest:
        """Return the request as the log keeps it."""
        return seen_request(self.method, self.target, self._headers, self._body, self.row_name, status)
