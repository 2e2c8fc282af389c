"""The WSGI application of the control plane."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Any

from ...endpoint import ENDPOINTS
from .control_request import ControlRequest
from .paths import Routes
from .responses import HttpReply, answered, success

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from _typeshed.wsgi import StartResponse

    from ..service import Platform
    from .failures import Fault, Faults
    from .request_log import RequestLog

# Compiled once per process: it takes three quarters of a start.
_ROUTES = Routes(ENDPOINTS.values())


class ControlPlane:
    """Answers every row of the table.

    Args:
        platform: does what is asked.
        log: keeps the requests.
        faults: failures to come.
        behaviors: flags that go with every success.
    """

    def __init__(self, platform: Platform, log: RequestLog, faults: Faults, behaviors: Mapping[str, Any]) -> None:
        self._platform = platform
        self._log = log
        self._faults = faults
        self._behaviors = behaviors
        self._numbers = count(1)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; a ``ConnectionAbortedError`` tells the server to hang up."""
        incoming = ControlRequest(environ, _ROUTES)
        if incoming.target.path == "/health":
            reply = success({"status": "ok"}, {})
        else:
            reply = self._reply(incoming)
            self._log.add(incoming.seen(reply.status))
        numbered = {"x-to11-request-id": f"req_{next(self._numbers):06}", **reply.headers}
        return reply._replace(headers=numbered).response()(environ, start_response)

    def _reply(self, incoming: ControlRequest) -> HttpReply:
        fault = self._faults.take(incoming.row_name)
        if fault is None:
            return self._answer(incoming)
        self._faults.wait(fault.delay_s)
        return self._faulty(incoming, fault)

    def _faulty(self, incoming: ControlRequest, fault: Fault) -> HttpReply:
        """The reply of a failure on demand."""
        if not (fault.drop or fault.replies):
            reply = self._answer(incoming)
            return reply._replace(headers={**reply.headers, **fault.headers})
        if fault.processed:
            self._answer(incoming)
        if fault.drop:
            self._log.add(incoming.seen(None))
            raise ConnectionAbortedError("fail_next asked to drop this connection")
        return HttpReply(*fault.reply(), fault.headers)

    def _answer(self, incoming: ControlRequest) -> HttpReply:
        request = f"{incoming.method} {incoming.target.path}"
        return answered(request, lambda: self._data(incoming), self._behaviors)

    def _data(self, incoming: ControlRequest) -> Any:
        match = incoming.wanted()
        with self._platform.call(match.row, match.arguments["project_id"], incoming.key) as answer:
            return answer(incoming.arguments(match))
