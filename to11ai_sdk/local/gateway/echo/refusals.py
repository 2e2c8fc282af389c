"""Errors of ``echo``, in the shape of the provider that it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..formats.error_bodies import ANTHROPIC_SENT, OPENAI_SENT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...json_input.fields import Path


class EchoError(Exception):
    """An error of the provider.

    Attributes:
        status: HTTP status.
        message: what is wrong.
        param: the parameter that is wrong, OpenAI only.
        code: the machine-readable reason: OpenAI's ``error.code``, Anthropic's ``error.type``; ``None`` for the
            default of the status.
        retry_after: the value of ``Retry-After``, in seconds as written by the caller.
        details: facts for a program, Anthropic only.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        code: str | None = None,
        retry_after: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.retry_after = retry_after
        self.details = details


class InvalidError(Exception):
    """A body has a member that is missing or wrong; each dialect has its own message.

    Attributes:
        path: its place.
        expected: what is expected there, such as ``a string``; ``None`` if any value is.
        got: the value there.
        choices: the allowed words, if only some words are.
    """

    def __init__(self, path: Path, expected: str | None = None, got: Any = None, choices: Sequence[str] = ()) -> None:
        super().__init__(path, expected)
        self.path = path
        self.expected = expected
        self.got = got
        self.choices = choices


def refusal_of(error: InvalidError, dialect: str) -> EchoError:
    """Return the 400 of a dialect for a malformed body."""
    if dialect == "openai":
        return _openai_refusal(error)
    place = ".".join(map(str, error.path))
    if error.expected is None:
        return EchoError(400, f"{place}: Field required")
    return EchoError(400, f"{place}: Input should be {_listed(error)}")


def openai_place(path: Path) -> str:
    """Return a place in a body as OpenAI writes it."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")


def _openai_refusal(error: InvalidError) -> EchoError:
    place = openai_place(error.path)
    if error.expected is None:
        message, code = f"Missing required parameter: '{place}'.", "missing_required_parameter"
    elif error.choices:
        message = f"Invalid value: '{str(error.got)[:40]}'. Supported values are: {_listed(error)}."
        code = "invalid_value"
    else:
        message = f"Invalid type for '{place}': expected {error.expected}, but got {_kind(error.got)} instead."
        code = "invalid_type"
    return EchoError(400, message, param=place, code=code)


def _listed(error: InvalidError) -> str:
    *some, last = [f"'{choice}'" for choice in error.choices] or [str(error.expected)]
    return f"{', '.join(map(str, some))} or {last}" if some else str(last)


_KINDS = {type(None): "null", str: "a string", list: "an array", dict: "an object", bool: "a boolean"}


def _kind(value: Any) -> str:
    if type(value) in _KINDS:
        return _KINDS[type(value)]
    return f"the number {str(value)[:20]}"


def error_body(error: EchoError, dialect: str, request_id: str) -> dict[str, Any]:
    """Return the body of an error in a dialect.

    Sources: https://platform.openai.com/docs/guides/error-codes, https://docs.anthropic.com/en/api/errors,
    https://docs.cohere.com/reference/errors.
    """
    if dialect == "openai":
        return {"error": openai_error(error)}
    if dialect == "anthropic":
        return {"type": "error", "error": anthropic_error(error), "request_id": request_id}
    if dialect == "cohere":
        return {"id": request_id, "message": error.message}
    return {"message": error.message}


def openai_error(error: EchoError) -> dict[str, Any]:
    """Return the ``error`` object of OpenAI."""
    usual = "server_error" if error.status >= 500 else "invalid_request_error"
    kind, code = OPENAI_SENT.get(error.status, (usual, None))
    if error.code == "insufficient_quota":
        kind = "insufficient_quota"
    return {"message": error.message, "type": kind, "param": error.param, "code": error.code or code}


def anthropic_error(error: EchoError) -> dict[str, Any]:
    """Return the ``error`` object of Anthropic."""
    kind = ANTHROPIC_SENT.get(error.status, "api_error" if error.status >= 500 else "invalid_request_error")
    shown: dict[str, Any] = {"type": error.code or kind, "message": error.message}
    return shown if error.details is None else {**shown, "details": error.details}
