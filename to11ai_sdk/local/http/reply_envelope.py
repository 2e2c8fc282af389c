"""Writes replies of the control plane: data or an error, in the envelope of the API."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from .. import descriptors
from ..problems import Problem
from ..service.views import Page
from .application import HttpReply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


_log = logging.getLogger(__name__)
_JSON = {"content-type": "application/json"}
_INTERNAL = Problem(500, "INTERNAL", "the local to11 failed; its log says why")


def reply_to(request: str, data: Callable[[], Any], behaviors: Mapping[str, Any]) -> HttpReply:
    """Return the reply to a request: its data, or the problem raised while making it.

    Args:
        request: the request as named in the log.
        data: makes the data.
        behaviors: flags to send with a success.
    """
    try:
        return success_reply(data(), behaviors)
    except Problem as exc:
        return error_reply(exc)
    except Exception as exc:
        _log.exception("%s failed", request)
        return failure_reply(exc)


def success_reply(data: Any, behaviors: Mapping[str, Any]) -> HttpReply:
    """Return a success with data."""
    return HttpReply(200, _JSON, encode(data_envelope(data, behaviors)))


def error_reply(problem: Problem) -> HttpReply:
    """Return an error."""
    return HttpReply(problem.status, {**_JSON, **_hints(problem)}, encode(error_envelope(problem)))


def failure_reply(exc: Exception) -> HttpReply:
    """Return the error of a failure within the server, which says nothing of its code."""
    return error_reply(descriptors.out_of_files() if descriptors.is_out_of_files(exc) else _INTERNAL)


def with_headers(reply: HttpReply, more: Mapping[str, str]) -> HttpReply:
    """Return a reply with further headers, which replace those of the same name."""
    names = {name.lower() for name in more}
    kept = {name: value for name, value in reply.headers.items() if name.lower() not in names}
    return reply._replace(headers={**kept, **more})


def _hints(problem: Problem) -> dict[str, str]:
    """Return the header that HTTP requires with a status (RFC 9110 sections 15.5.2 and 15.5.6)."""
    if problem.status == 401:
        return {"WWW-Authenticate": "Bearer"}
    return {"Allow": ", ".join(problem.details["allowed"])} if problem.status == 405 else {}


_TAGS = {
    400: "BadRequestError",
    401: "UnauthorizedError",
    403: "ForbiddenError",
    404: "NotFoundError",
    405: "MethodNotAllowedError",
    408: "RequestTimeoutError",
    409: "ConflictError",
    410: "GoneError",
    413: "ContentTooLargeError",
    421: "MisdirectedRequestError",
    422: "UnprocessableEntityError",
    429: "TooManyRequestsError",
    500: "InternalServerError",
    503: "ServiceUnavailableError",
}


def data_envelope(answer: Any, behaviors: Mapping[str, Any]) -> dict[str, Any]:
    """Return the envelope of a handler's result; pagination goes next to the array of a page."""
    data, pagination = answer if isinstance(answer, Page) else (answer, None)
    envelope = {"success": True, "code": 200, "data": data, "error": None, "pagination": pagination}
    if behaviors:
        envelope["sdkBehavior"] = {"v": 1, "flags": dict(behaviors)}
    return envelope


def error_envelope(problem: Problem) -> dict[str, Any]:
    """Return the envelope of a problem; its code is in both places where clients look for it."""
    error = {
        "code": problem.code,
        "message": problem.message,
        "details": {**problem.details, "code": problem.code},
    }
    tag = {"_tag": _TAGS[problem.status]} if problem.status in _TAGS else {}
    return {"success": False, "code": problem.status, "data": None, "error": error, "pagination": None, **tag}


def encode(envelope: Any) -> bytes:
    """Encode a value as JSON in ASCII."""
    return json.dumps(envelope, separators=(",", ":")).encode("ascii")
