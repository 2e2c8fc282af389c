"""What is sent back: an answer or what kept it from being made, in the envelope of the API."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from werkzeug.wrappers import Response

from ..problems import Problem
from . import envelope
from .request_body import UnreadableBodyError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_log = logging.getLogger(__name__)


class HttpReply(NamedTuple):
    """What is sent back."""

    status: int
    body: bytes
    headers: Mapping[str, str]

    def response(self) -> Response:
        """The reply as a WSGI application."""
        response = Response(self.body, self.status, content_type="application/json")
        response.headers.update(self.headers)
        return response


def answered(request: str, data: Callable[[], Any], behaviors: Mapping[str, Any]) -> HttpReply:
    """The reply to a request: the data it asks for, or the problem that making it raised.

    Args:
        request: what the log calls it.
        data: makes the data.
        behaviors: flags that go with a success.
    """
    try:
        return success(data(), behaviors)
    except UnreadableBodyError as exc:
        return _failure(exc, {"Connection": "close"})
    except Problem as exc:
        return _failure(exc, _hints(exc))
    except Exception:
        _log.exception("%s failed", request)
        return _failure(Problem(500, "INTERNAL", "the local server failed; its log says why"), {})


def success(data: Any, behaviors: Mapping[str, Any]) -> HttpReply:
    """The reply with some data."""
    return HttpReply(200, envelope.encode(envelope.success(data, behaviors)), {})


def _failure(problem: Problem, headers: Mapping[str, str]) -> HttpReply:
    return HttpReply(problem.status, envelope.encode(envelope.failure(problem)), headers)


def _hints(problem: Problem) -> dict[str, str]:
    """The header that HTTP asks for beside a status (RFC 9110 sections 15.5.2 and 15.5.6)."""
    if problem.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Allow": ", ".join(problem.details["allowed"])} if problem.status == 405 else {}
