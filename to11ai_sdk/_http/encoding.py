"""Encodes a request (names, path segments, query, JSON), and decodes a reply to an envelope or an exception."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from urllib.parse import quote, urlencode

from ..errors import To11aiResponseValidationError, api_error
from ..json_types import is_mapping, is_object, is_sequence
from .exchange import MAX_BODY
from .process_safety import from_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..errors import To11aiApiError
    from .exchange import Reply


class Request:
    """A request with an encoded path, an unencoded query, and a JSON body."""

    __slots__ = ("body", "method", "path", "query")

    def __init__(self, method: str, path: str, query: dict[str, str], body: dict[str, Any] | None) -> None:
        self.method: str = method
        self.path: str = path
        self.query: dict[str, str] = query
        self.body: dict[str, Any] | None = body

    @property
    def target(self) -> str:
        return target(self.path, self.query)


def camel(name: str) -> str:
    """Return the wire name of a Python name: ``version_id`` is ``versionId``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def text(value: Any) -> str:
    """Encode a value for a query; naive times are UTC."""
    if value is True:
        return "true"
    if hasattr(value, "isoformat"):
        return f"{value.isoformat()}{'' if value.tzinfo else 'Z'}"
    return str(value)


def segment(name: str, value: Any) -> str:
    """Percent-encode a path parameter (RFC 3986 section 2.1), so that it cannot change the path."""
    raw = str(value)
    if raw in ("", ".", ".."):
        raise ValueError(f"{name} must be an id, not {raw!r}")
    if any(char < " " or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff" for char in raw):
        raise ValueError(f"{name} must not hold control characters, not {raw!r:.100}")
    return quote(raw, safe="")


def target(path: str, query: Mapping[str, str]) -> str:
    """Return path and query for the request line (RFC 9112 section 3.2.1)."""
    return f"{path}?{urlencode(query, quote_via=quote, safe='')}" if query else path


_PACKAGE = __name__.rpartition("._http.")[0]


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        # In our models None means absent; in a user's model it may mean null.
        ours = any(kind.__module__.startswith(f"{_PACKAGE}.") for kind in type(value).__mro__)
        return value.model_dump(mode="json", by_alias=True, exclude_none=ours)
    if is_mapping(value):
        return dict(value)
    if is_sequence(value):
        return list(value)
    raise TypeError(
        f"a value of type {type(value).__name__} is not JSON; pass str, int, float, bool, None, list or dict"
    )


_encode = json.JSONEncoder(allow_nan=False, check_circular=True, separators=(",", ":"), default=_plain).encode
canonical: Callable[[Any], str] = json.JSONEncoder(
    allow_nan=False, separators=(",", ":"), sort_keys=True, default=_plain
).encode
"""JSON with sorted keys: the same text for equal values."""


def json_bytes(body: Mapping[str, Any]) -> bytes:
    """Encode the body of a request as compact JSON in ASCII (RFC 8259); errors name the parameter."""
    try:
        return _encode(body).encode("ascii")
    except (RecursionError, TypeError, ValueError) as exc:
        if from_handler(exc):
            raise
        for name, value in body.items():
            _raise_naming(name, value)
        raise ValueError("the body is nested too deeply for JSON") from exc


def _raise_naming(name: str, value: Any) -> None:
    try:
        _encode(value)
    except RecursionError as exc:
        raise ValueError(f"{name}: nested too deeply for JSON") from exc
    except (TypeError, ValueError) as exc:
        raise type(exc)(f"{name}: {exc}") from exc


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


def decode_valid(body: bytes) -> Any:
    """Decode JSON; ``None`` if it is invalid."""
    try:
        return decode(body)
    except ValueError as exc:
        if from_handler(exc):
            raise
        return None


def unwrap(reply: Reply) -> dict[str, Any]:
    """Return the envelope of a 2xx reply; ``To11aiApiError`` if it reports a failure."""
    if reply.body is None:
        raise _unusable(reply, f"the body is over {MAX_BODY} bytes")
    try:
        envelope = decode(reply.body)
    except ValueError as exc:
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
    """Return the exception for a reply that is not 2xx, whatever its body."""
    envelope = decode_valid(reply.body or b"")
    error = envelope.get("error") if is_object(envelope) else None
    reason = reply.reason or "no reason given"
    if 300 <= reply.status <= 399:
        reason = "a redirect that is not followed; set base_url to the address of the API itself"
    return api_error(reply.status, error, reason)
