"""Reads a reply: turns status, headers and bytes into an envelope or an exception."""

from __future__ import annotations

import json
from codecs import BOM_UTF8

from ..errors import To11aiResponseValidationError, api_error
from ..json_types import is_object
from .exchange import MAX_BODY
from .process_safety import from_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..errors import To11aiApiError
    from .exchange import Reply


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if value in (float("inf"), float("-inf")):
        raise ValueError("a number is beyond what a float can hold")
    return value


_decoder = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite)


def decode(body: bytes) -> Any:
    """Decode JSON (RFC 8259) in UTF-8, without a byte order mark; ``ValueError`` if invalid or nested too deeply."""
    try:
        return _decoder.decode(body.removeprefix(BOM_UTF8).decode())
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def unwrap(reply: Reply) -> dict[str, Any]:
    """Return the envelope of a 2xx reply, which has data; ``To11aiApiError`` if it reports a failure."""
    if reply.body is None:
        raise _unusable(reply, f"the body is over {MAX_BODY} bytes")
    try:
        envelope = decode(reply.body)
    except ValueError as exc:
        # JSONDecodeError keeps the whole document, and its text has the position.
        fault = str(exc)[:200] if reply.body else "it is empty"
        raise _unusable(reply, f"the body is not JSON: {fault}") from exc
    if not is_object(envelope):
        raise _unusable(reply, "the body is not an envelope, a JSON object")
    if envelope.get("success", True) is not True:
        raise api_error(reply.status, envelope.get("error"), "the envelope says that the call failed")
    if envelope.get("data") is None:
        raise _unusable(reply, "data is missing or null")
    return envelope


def _unusable(reply: Reply, fault: str) -> To11aiResponseValidationError:
    return To11aiResponseValidationError(
        f"HTTP {reply.status}, but {fault}; check that base_url is the to11 API and no proxy answers for it"
    )


def error_from_reply(reply: Reply) -> To11aiApiError:
    """Return the exception for a reply that is not 2xx; never fails itself, whatever the body."""
    try:
        envelope = decode(reply.body or b"")
    except ValueError as exc:
        if from_handler(exc):
            raise
        envelope = None
    error = envelope.get("error") if is_object(envelope) else None
    reason = reply.reason or "no reason given"
    if 300 <= reply.status <= 399:
        reason = "a redirect that is not followed; set base_url to the address of the API itself"
    return api_error(reply.status, error, reason)
