"""Defines the application of the control plane."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import count
from typing import TYPE_CHECKING, Any

from ...resources.table import ENDPOINTS
from .. import bounds
from ..headers import bearer
from ..problems import Problem
from ..work_budget import long_work
from . import later_versions, request_body
from .arguments import decode
from .paths import Match, Routes
from .reply_envelope import reply_to, success_reply, with_headers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...resources.endpoint import Endpoint
    from ..service import Platform
    from .application import HttpReply, HttpRequest
    from .failures import FailureQueue, InjectedFailure
    from .request_log import RequestLog

_ROUTES = Routes(ENDPOINTS.values())


class ControlPlane:
    """Answers every row of the table.

    Args:
        platform: carries out the calls.
        log: records the requests.
        failures: failures on demand.
        behaviors: flags to send with every success.
        process: the name of this process in ids, if others serve the same store.
    """

    def __init__(
        self,
        platform: Platform,
        log: RequestLog,
        failures: FailureQueue,
        behaviors: Mapping[str, Any],
        process: str = "",
    ) -> None:
        self._platform = platform
        self._log = log
        self._failures = failures
        self._behaviors = behaviors
        self._process = process
        self._numbers = count(1)

    @property
    def max_body(self) -> int:
        """The longest body that it accepts, in bytes."""
        return bounds.MAX_BODY

    def __call__(self, request: HttpRequest) -> HttpReply:
        """Answer one request; a ``ConnectionAbortedError`` makes the server hang up."""
        if request.target.path == "/health":
            reply = success_reply({"status": "ok"}, {})
        else:
            incoming = ControlRequest(request, _ROUTES)
            reply = self._reply(incoming)
            self._log.add(request, incoming.row_name, reply.status)
        return reply._replace(
            headers={"x-to11-request-id": f"req_{self._process}{next(self._numbers):06}", **reply.headers}
        )

    def _reply(self, incoming: ControlRequest) -> HttpReply:
        failure = self._failures.take(incoming.row_name)
        if failure is None:
            return self._answer(incoming)
        self._failures.wait(failure.delay_s, incoming.request.hang_up)
        return self._injected(incoming, failure)

    def _injected(self, incoming: ControlRequest, failure: InjectedFailure) -> HttpReply:
        """Return the reply of a failure on demand."""
        if not (failure.drop or failure.replies):
            return with_headers(self._answer(incoming), failure.headers)
        if failure.processed:
            self._answer(incoming)
        if failure.drop:
            self._log.add(incoming.request, incoming.row_name, None)
            raise ConnectionAbortedError("fail_next asked to drop this connection")
        return with_headers(failure.reply(), failure.headers)

    def _answer(self, incoming: ControlRequest) -> HttpReply:
        request = incoming.request
        return reply_to(f"{request.method} {request.target.path}", lambda: self._data(incoming), self._behaviors)

    def _data(self, incoming: ControlRequest) -> Any:
        match = incoming.wanted()
        caller = self._platform.admit(match.arguments["project_id"], incoming.key)
        request = incoming.request
        is_long = len(request.body) > bounds.LONG_BODY
        with long_work(request.hang_up) if is_long else nullcontext():
            arguments = incoming.arguments(match)
        return self._platform.call(match.row, caller, arguments, request.hang_up, is_long=is_long)


class ControlRequest:
    """One request.

    Attributes:
        request: the request as it was received.
        match: the row of the request, or ``None``.
        problem: the problem found before the arguments were read.
    """

    def __init__(self, request: HttpRequest, routes: Routes[Endpoint]) -> None:
        self.request: HttpRequest = request
        self.match: Match[Endpoint] | None = None
        self.problem: Problem | None = request.unread
        if self.problem is None:
            try:
                later_versions.refuse(request.method, request.target)
                self.match = routes.match(request.method, request.target.path)
            except Problem as exc:
                self.problem = exc

    @property
    def key(self) -> str | None:
        """The token after ``Bearer`` in ``Authorization``, or ``None``."""
        return bearer(self.request.headers.get("authorization", ""))

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
        payload = request_body.parse(self.request.body) if match.row.has_body else None
        return decode(match.row, match.arguments, self.request.target.arguments(), payload)
