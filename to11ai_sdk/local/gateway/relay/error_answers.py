"""Writes errors in the caller's format, and maps providers' errors to the gateway's codes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_types import is_object
from ...json_input.reader import read_json
from ..answer import Answer
from ..formats import FORMATS
from ..formats.common import escaped
from ..formats.error_bodies import read_error
from ..gateway_problem import OVERLOADED, GatewayProblem
from ..upstream.header_rules import to_caller

if TYPE_CHECKING:
    from ..provider import UpstreamReply
    from ..routing import Attempt

_CODES = {401: "auth", 402: "quota", 403: "forbidden", 404: "model_not_found", 429: "rate_limit"}
_PASSING = (408, 425, 429, 499)
_BY_CODE = {
    "insufficient_quota": "quota",
    "billing_error": "quota",
    "content_policy_violation": "content_policy",
    "content_filter": "content_policy",
    "organization_verification_required": "org_verification_required",
}


def answer(problem: GatewayProblem, wire_format: str) -> Answer:
    """Return the reply for a problem, in the caller's format."""
    body = FORMATS[wire_format].error_body(None, problem.code, problem.message, problem.status)
    if problem.details:
        # Details with a code of their own are the provider's, which its SDK reads.
        code = {} if "error_code" in problem.details else {"code": problem.code}
        body["error"]["details"] = {**problem.details, **code}
    headers = {"content-type": "application/json", "x-to11-error-code": problem.header_code}
    if problem.upstream_provider:
        headers["x-to11-upstream-provider"] = problem.upstream_provider
    if stays(problem.status):
        headers["x-should-retry"] = "false"
    if problem.status == 405:
        headers["allow"] = ", ".join(problem.details["allowed"])
    return Answer(problem.status, headers, escaped(body))


def stays(status: int) -> bool:
    """Whether an error of the gateway itself would be the same again.

    The SDKs of OpenAI and Anthropic send a 409 again unless ``x-should-retry: false`` says otherwise.
    """
    return 400 <= status < 500 and status not in _PASSING


def seen(answer: Answer) -> GatewayProblem | None:
    """Return the problem of a provider's error that is passed on, for the trace; ``None`` if it is not an error."""
    if answer.status < 400:
        return None
    code = answer.headers["x-to11-error-code"]
    return GatewayProblem(answer.status, code, code, "the provider refused")


def refused(attempt: Attempt, reply: UpstreamReply, body: bytes, wire_format: str | None) -> Answer:
    """Return the reply for a provider's 4xx: its own body, or the error translated to the caller's format.

    Args:
        attempt: the target that answered.
        reply: head of its reply.
        body: body of its reply.
        wire_format: the caller's format; ``None`` if the provider speaks it.
    """
    decoded = _decoded(body)
    code = code_for(reply.status, decoded, has_model=attempt.model is not None)
    headers = refusal_headers(attempt, reply, code)
    if wire_format is None:
        return Answer(reply.status, headers, body)
    error = read_error(decoded, reply.status)
    translated = FORMATS[wire_format].error_body(error.type, error.code, error.message, reply.status)
    headers["content-type"] = "application/json"
    return Answer(reply.status, headers, escaped(translated))


def refusal_headers(attempt: Attempt, reply: UpstreamReply, code: str) -> dict[str, str]:
    """Return the headers of a provider's error: the permitted ones, the provider, the code, when to retry."""
    headers = to_caller(reply.headers)
    headers |= {"x-to11-error-code": code, "x-to11-upstream-provider": attempt.provider_id}
    if stays(reply.status) and reply.status != 409:  # a provider's 409 may be a lock that others hold
        headers.setdefault("x-should-retry", "false")
    if reply.status == 429 and "retry-after" in reply.headers:
        headers["retry-after"] = reply.headers["retry-after"]
    return headers


def code_for(status: int, body: Any = None, *, has_model: bool = True) -> str:
    """Return the value of ``x-to11-error-code`` for a provider's error; some calls have no model."""
    error = body.get("error") if is_object(body) else None
    said = [error.get("code"), error.get("type")] if is_object(error) else []
    for code in said:
        if isinstance(code, str) and code in _BY_CODE:
            return _BY_CODE[code]
    if status >= 500:
        return "overloaded" if status in OVERLOADED else "upstream"
    return _CODES.get(status, "bad_request") if has_model or status != 404 else "bad_request"


def _decoded(body: bytes) -> Any:
    try:
        return read_json(body)
    except (RecursionError, ValueError):
        return body.decode("utf-8", "replace")[:1000]
