"""The WSGI application of the control plane."""

from __future__ import annotations

import logging
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.wrappers import Response

from ..problems import Problem
from . import envelope
from .body import UnreadableBodyError
from .incoming import Incoming
from .routing import Routes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from _typeshed.wsgi import StartResponse

    from ..service import Platform
    from .faults import Fault, Faults
    from .log import RequestLog

_log = logging.getLogger(__name__)


class Reply(NamedTuple):
    """What is sent back."""

    status: int
    body: bytes
    headers: Mapping[str, str]


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
        self._routes = Routes()
        self._numbers = count(1)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request; a ``ConnectionAbortedError`` tells the server to hang up."""
        incoming = Incoming(environ, self._routes)
        if incoming.target.path == "/health":
            reply = _reply(200, envelope.success({"status": "ok"}, {}))
        else:
            reply = self._faulty(incoming) or self._answer(incoming)
            self._log.add(incoming.seen(reply.status))
        response = Response(reply.body, reply.status, content_type="application/json")
        response.headers["x-to11-request-id"] = f"req_{next(self._numbers):06}"
        response.headers.update(reply.headers)
        return response(environ, start_response)

    def _faulty(self, incoming: Incoming) -> Reply | None:
        """The reply of a failure on demand, if there is one for this request."""
        fault = self._faults.take(incoming.row_name)
        if fault is None:
            return None
        self._faults.wait(fault.delay_s)
        return self._failed(incoming, fault)

    def _failed(self, incoming: Incoming, fault: Fault) -> Reply | None:
        if fault.processed:
            self._answer(incoming)
        if fault.drop:
            self._log.add(incoming.seen(None))
            raise ConnectionAbortedError("fail_next asked to drop this connection")
        return Reply(*fault.reply(), fault.headers or {}) if fault.replies else None

    def _answer(self, incoming: Incoming) -> Reply:
        try:
            return _reply(200, envelope.success(self._data(incoming), self._behaviors))
        except UnreadableBodyError as exc:
            return _reply(exc.status, envelope.failure(exc), {"Connection": "close"})
        except Problem as exc:
            return _reply(exc.status, envelope.failure(exc), _hints(exc))
        except Exception:
            _log.exception("%s %s failed", incoming.method, incoming.target.path)
            problem = Problem(500, "INTERNAL", "the local server failed; its log says why")
            return _reply(500, envelope.failure(problem))

    def _data(self, incoming: Incoming) -> Any:
        match = incoming.wanted()
        with self._platform.call(match.row, match.arguments["project_id"], incoming.key) as answer:
            return answer(incoming.arguments(match))


def _reply(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(status, envelope.encode(content), headers or {})


def _hints(problem: Problem) -> dict[str, str]:
    """The header that HTTP asks for beside a status (RFC 9110 sections 15.5.2 and 15.5.6)."""
    if problem.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Allow": ", ".join(problem.details["allowed"])} if problem.status == 405 else {}
