"""Defines the error of a refused request: a service raises it, the HTTP layer writes it as an error envelope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Problem(Exception):  # noqa: N818 - the request's, not an error of the program
    """A request that is refused.

    Args:
        status: HTTP status of the reply.
        code: the API's code for it, in upper case, such as ``"PROMPT_NOT_FOUND"``.
        message: what is wrong and what to do about it, for a person.
        details: structured details with the API's own names, JSON values only.
    """

    def __init__(self, status: int, code: str, message: str, details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details: dict[str, Any] = dict(details or {})


def invalid(message: str, **details: Any) -> Problem:
    """Return a 400 ``INVALID_INPUT``: a value that the API does not accept."""
    return Problem(400, "INVALID_INPUT", message, details)
