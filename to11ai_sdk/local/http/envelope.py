"""The JSON around every reply: data or an error, and what goes with it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ..service.paging import Page

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..problems import Problem

_TAGS = {
    400: "BadRequestError",
    401: "UnauthorizedError",
    403: "ForbiddenError",
    404: "NotFoundError",
    405: "MethodNotAllowedError",
    409: "ConflictError",
    410: "GoneError",
    413: "ContentTooLargeError",
    421: "MisdirectedRequestError",
    422: "UnprocessableEntityError",
    429: "TooManyRequestsError",
    500: "InternalServerError",
    503: "ServiceUnavailableError",
}


def success(answer: Any, behaviors: Mapping[str, Any]) -> dict[str, Any]:
    """The envelope of what a handler answered; a page stands beside its array."""
    data, pagination = answer if isinstance(answer, Page) else (answer, None)
    envelope = {"success": True, "code": 200, "data": data, "error": None, "pagination": pagination}
    if behaviors:
        envelope["sdkBehavior"] = {"v": 1, "flags": dict(behaviors)}
    return envelope


def failure(problem: Problem) -> dict[str, Any]:
    """The envelope of a problem; its code stands where older and newer clients look for it."""
    error = {
        "code": problem.code,
        "message": problem.message,
        "details": {**problem.details, "code": problem.code},
    }
    tag = {"_tag": _TAGS[problem.status]} if problem.status in _TAGS else {}
    return {"success": False, "code": problem.status, "data": None, "error": error, "pagination": None, **tag}


def encode(envelope: Any) -> bytes:
    """JSON in ASCII."""
    return json.dumps(envelope, separators=(",", ":")).encode("ascii")
