"""Defines the application of the gateway."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

from .. import bounds
from ..http.application import HttpReply
from . import wrong_paths
from .caller_format import format_at
from .endpoints import below
from .gateway_problem import GatewayProblem
from .incoming import Incoming
from .relay import error_answers

if TYPE_CHECKING:
    from ..http.application import HttpRequest
    from ..http.request_log import RequestLog
    from ..problems import Problem
    from .answer import Answer
    from .gateway import Gateway
    from .wrong_paths import WrongPath

_CODES = {413: "content_too_large", 408: "request_timeout"}


class GatewayApp:
    """Answers everything below ``/v1`` that does not belong to the control plane.

    Args:
        gateway: carries out the calls.
        log: records the requests.
        process: the name of this process in ids, if others serve the same store.
    """

    def __init__(self, gateway: Gateway, log: RequestLog, process: str = "") -> None:
        self._gateway = gateway
        self._log = log
        self._process = process
        self._numbers = count(1)

    @property
    def max_body(self) -> int:
        """The longest body that it accepts, in bytes."""
        return bounds.MAX_GATEWAY_BODY

    def __call__(self, request: HttpRequest) -> HttpReply:
        """Answer one request."""
        path, query = request.target
        incoming = Incoming(
            request.method,
            below(path),
            query,
            request.headers,
            request.body,
            f"gwreq_{self._process}{next(self._numbers):06}",
            request.hang_up,
            None if request.unread is None else _unread(request.unread),
        )
        wrong = wrong_paths.find(path)
        answer = _elsewhere(incoming, wrong) if wrong else self._gateway.answer(incoming)
        self._log.add(request, None, answer.status)
        return HttpReply(*answer)

    def close(self) -> None:
        """Close the idle connections to providers."""
        self._gateway.close()


def _elsewhere(incoming: Incoming, wrong: WrongPath) -> Answer:
    wire_format = format_at(wrong.meant, incoming.headers.get("x-genai-sdk"))
    answer = error_answers.answer(wrong.problem, wire_format)
    return answer._replace(headers={**answer.headers, "x-to11-request-id": incoming.request_id})


def _unread(problem: Problem) -> GatewayProblem:
    code = _CODES.get(problem.status, "invalid_body")
    return GatewayProblem(problem.status, code, "bad_request", problem.message)
