"""Reads and writes errors of the providers, by one table of their types and codes for each HTTP status.

Sources: https://platform.openai.com/docs/guides/error-codes and https://docs.anthropic.com/en/api/errors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_types import is_mapping
from .neutral import Error

if TYPE_CHECKING:
    from collections.abc import Mapping

OPENAI_TYPES: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "insufficient_quota",
    403: "permission_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
    500: "server_error",
}
OPENAI_SENT: Mapping[int, tuple[str, str]] = {
    401: ("invalid_request_error", "invalid_api_key"),
    429: ("requests", "rate_limit_exceeded"),
}
"""``type`` and ``code`` that OpenAI's API itself sends where they are others than its page has."""
ANTHROPIC_SENT: Mapping[int, str] = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}
"""The statuses of Anthropic's API."""
ANTHROPIC_TYPES: Mapping[int, str] = {**ANTHROPIC_SENT, 503: "overloaded_error"}
"""The same with one that other providers have."""
_STATUS: Mapping[str, int] = {
    **{word: status for status, word in reversed([*OPENAI_TYPES.items(), *ANTHROPIC_TYPES.items()])},
    "server_error": 500,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "overloaded_error": 529,
}


def type_for(types: Mapping[int, str], type: str | None, status: int) -> str:  # noqa: A002 - the API's own word
    """Return a provider's type of an error: the given one if it has it for that status, else the one for the status.

    Providers use the same types for different things: OpenAI has ``invalid_request_error`` for nearly every 4xx.
    """
    if type in types.values() and _STATUS.get(str(type)) == status:
        return str(type)
    return types.get(status) or types[500 if status >= 500 else 400]


def read_error(body: Any, status: int | None = None) -> Error:
    """Return the error in a provider's body or event, whatever its shape; never raises.

    Args:
        body: ``{"error": {...}}``, ``{"type": "error", "error": {...}}``, the inner object, or anything else.
        status: HTTP status of the reply; ``None`` infers it from the provider's type and code.
    """
    inner: Any = body.get("error", body) if is_mapping(body) else body
    words: Mapping[str, Any] = inner if is_mapping(inner) else {"message": inner}
    kind, code, message = (_word(words.get(key)) for key in ("type", "code", "message"))
    inferred = _STATUS.get(code or "") or _STATUS.get(kind or "") or 500
    return Error(kind, code, message or "the provider gave no reason", inferred if status is None else status)


def openai_error(type: str | None, code: str | None, message: str, status: int) -> dict[str, Any]:  # noqa: A002
    """``{"error": {"message", "type", "param", "code"}}``."""
    kind = type_for(OPENAI_TYPES, type, status)
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def anthropic_error(type: str | None, code: str | None, message: str, status: int) -> dict[str, Any]:  # noqa: A002
    """``{"type": "error", "error": {"type", "message"}}``, and ``code`` inside if there is one."""
    error = {"type": type_for(ANTHROPIC_TYPES, type, status), "message": message}
    return {"type": "error", "error": {**error, "code": code} if code else error}


def _word(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
