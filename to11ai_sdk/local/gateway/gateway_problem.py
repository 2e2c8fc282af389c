"""Defines errors of a call to the gateway, before they are written in the caller's format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import descriptors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..problems import Problem
    from .provider import UnreachableError

OVERLOADED = (503, 529)
"""Statuses of an overloaded provider."""
TOO_LARGE = "reply_too_large"
"""The code of a reply that is over the limit, which another try would not change."""
HUNG_UP = 499
"""The status of a call whose caller did not wait for the answer."""


class GatewayProblem(Exception):  # noqa: N818 - it becomes a reply, not a traceback
    """The error of a call that cannot be answered, or that a provider refused.

    Attributes:
        status: HTTP status of the reply.
        code: ``error.code`` of the body, such as ``"NO_APPLICABLE_ROUTE"``.
        header_code: the value of ``x-to11-error-code``, such as ``"model_not_found"``.
        message: one sentence for a person.
        details: structured facts that go with the code.
        upstream_provider: the provider that gave this answer, ``None`` if none was reached.
    """

    def __init__(
        self,
        status: int,
        code: str,
        header_code: str,
        message: str,
        details: Mapping[str, Any] | None = None,
        *,
        upstream_provider: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.header_code = header_code
        self.message = message
        self.details: dict[str, Any] = dict(details or {})
        self.upstream_provider = upstream_provider


def of_platform(problem: Problem) -> GatewayProblem:
    """Return the error of a call that the platform refuses: its key, or a data file that cannot be used now."""
    code = {401: "auth", 403: "forbidden"}.get(problem.status, "internal" if problem.status >= 500 else "bad_request")
    shown = problem.code if code == "internal" else code
    return GatewayProblem(problem.status, shown, code, problem.message, problem.details)


def bad_request(code: str, message: str, details: Mapping[str, Any] | None = None) -> GatewayProblem:
    """Return a 400: the request itself is wrong."""
    return GatewayProblem(400, code, "bad_request", message, details)


def unreachable(provider_id: str, cause: UnreachableError) -> GatewayProblem:
    """Return a 502: a provider did not answer; it is named as upstream only if a connection was made."""
    message = f"no answer from the provider {provider_id}: {str(cause).removeprefix(f'{provider_id}: ')}"
    reached = provider_id if cause.was_connected else None
    return GatewayProblem(502, "upstream", "upstream", message, upstream_provider=reached)


def out_of_files() -> GatewayProblem:
    """Return a 503: no connection to a provider can be opened, because too many files and sockets are open."""
    return GatewayProblem(503, "out_of_files", "overloaded", descriptors.MESSAGE)


def too_large(provider_id: str, limit: int) -> GatewayProblem:
    """Return a 502: a provider's reply is longer than the configuration allows."""
    message = f"the reply of the provider {provider_id} has more than {limit} bytes; max_reply_bytes sets the limit"
    details = {"max_reply_bytes": limit}
    return GatewayProblem(502, TOO_LARGE, "upstream", message, details, upstream_provider=provider_id)


def unreadable(provider_id: str, reason: str) -> GatewayProblem:
    """Return a 502: a provider's reply violates its format."""
    message = f"the reply of the provider {provider_id} cannot be read: {reason}"
    return GatewayProblem(502, "upstream", "upstream", message, upstream_provider=provider_id)


def redirected(provider_id: str, status: int) -> GatewayProblem:
    """Return a 502: a provider redirects, but the headers of to11 must not be sent elsewhere."""
    message = f"the provider {provider_id} redirects (status {status}): give its final address as its base_url"
    return GatewayProblem(502, "upstream", "upstream", message, upstream_provider=provider_id)


def broken_stream(provider_id: str) -> GatewayProblem:
    """Return a 502: a provider ended its stream with an error, which was passed on to the caller."""
    message = "the provider ended the stream with an error"
    return GatewayProblem(502, "upstream", "upstream", message, upstream_provider=provider_id)


def hung_up() -> GatewayProblem:
    """Return a 499, for the trace only: the caller did not wait for the answer."""
    code = "client_closed_request"
    return GatewayProblem(HUNG_UP, code, code, "the client closed the connection")


def redacted(provider_id: str, status: int) -> GatewayProblem:
    """Return a 502: a provider failed; its own message is not passed on."""
    code = "overloaded" if status in OVERLOADED else "upstream"
    message = f"provider returned status {status}"
    return GatewayProblem(502, code, code, message, upstream_provider=provider_id)
