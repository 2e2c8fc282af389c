"""What goes wrong with a call to the gateway, before it has the shape of the caller's format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class GatewayProblem(Exception):  # noqa: N818 - it becomes a reply, not a traceback
    """A call that cannot be answered, or that a provider refused.

    Attributes:
        status: HTTP status of the reply.
        code: ``error.code`` of the body, such as ``"NO_APPLICABLE_ROUTE"``.
        header_code: the word of ``x-to11-error-code``, such as ``"model_not_found"``.
        message: one sentence for a person.
        details: structured facts that go with the code.
        upstream_provider: the provider whose answer this is, ``None`` if none was reached.
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


def bad_request(code: str, message: str, details: Mapping[str, Any] | None = None) -> GatewayProblem:
    """400: the request itself is wrong."""
    return GatewayProblem(400, code, "bad_request", message, details)
