"""Defines the WSGI application of the gateway."""

from __future__ import annotations

from http.client import responses
from itertools import count
from typing import TYPE_CHECKING, Any

from ..hang_up import HangUp
from ..http import request_body
from ..http.paths import Target
from ..http.request_log import headers_of, seen_request
from . import wrong_paths
from .answer import Stream
from .caller_format import format_at
from .endpoints import below
from .gateway_problem import GatewayProblem
from .incoming import Incoming
from .relay import error_answers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse

    from ..http.request_log import RequestLog
    from .answer import Answer
    from .gateway import Gateway
    from .wrong_paths import WrongPath

LIMIT = 64 * 2**20
"""The longest body that is accepted, in bytes."""


class GatewayApp:
    """Answers everything below ``/v1`` that does not belong to the control plane.

    Args:
        gateway: carries out the calls.
        log: records the requests.
    """

    def __init__(self, gateway: Gateway, log: RequestLog) -> None:
        self._gateway = gateway
        self._log = log
        self._numbers = count(1)

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        target = Target.of(environ)
        content, unread = _read(environ)
        incoming = Incoming(
            environ["REQUEST_METHOD"],
            below(target.path),
            target.query,
            headers_of(environ),
            content,
            f"gwreq_{next(self._numbers):06}",
            environ.get("to11.hang_up") or HangUp(),
            unread,
        )
        wrong = wrong_paths.find(target.path)
        answer = _elsewhere(incoming, wrong) if wrong else self._gateway.answer(incoming)
        if unread is not None:
            answer = answer._replace(headers={**answer.headers, "connection": "close"})
        seen = seen_request(incoming.method, target, incoming.headers, incoming.body, None, answer.status)
        self._log.add(seen, len(incoming.body))
        return _send(answer, start_response, with_body=incoming.method != "HEAD")

    def close(self) -> None:
        """Close the idle connections to providers."""
        self._gateway.close()


def _elsewhere(incoming: Incoming, wrong: WrongPath) -> Answer:
    wire_format = format_at(wrong.meant, incoming.headers.get("x-genai-sdk"))
    answer = error_answers.answer(wrong.problem, wire_format)
    return answer._replace(headers={**answer.headers, "x-to11-request-id": incoming.request_id})


def _read(environ: dict[str, Any]) -> tuple[bytes, GatewayProblem | None]:
    try:
        return request_body.read(environ, LIMIT), None
    except request_body.UnreadableBodyError as exc:
        code = "content_too_large" if exc.status == 413 else "invalid_body"
        return b"", GatewayProblem(exc.status, code, "bad_request", exc.message)


def _send(answer: Answer, start_response: StartResponse, *, with_body: bool) -> Iterable[bytes]:
    headers = dict(answer.headers)
    if not isinstance(answer.body, Stream) and answer.status != 204:
        headers["content-length"] = str(len(answer.body))
    start_response(f"{answer.status} {responses.get(answer.status, 'Unknown')}", list(headers.items()))
    if isinstance(answer.body, Stream):
        return answer.body
    return [answer.body] if with_body else []
