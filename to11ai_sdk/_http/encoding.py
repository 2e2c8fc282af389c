"""Encodes values for the wire: a request, names, path segments, queries, JSON."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

from ..json_types import is_mapping, is_sequence
from .process_safety import from_handler

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class Request:
    """A request before it is encoded to bytes: an encoded path, an unencoded query, and a JSON body."""

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
    """Encode a value for a query: ``true``, a number, or a time in ISO 8601 with its zone (naive times are UTC)."""
    if value is True:
        return "true"
    if hasattr(value, "isoformat"):
        return f"{value.isoformat()}{'' if value.tzinfo else 'Z'}"
    return str(value)


def segment(name: str, value: Any) -> str:
    """Percent-encode every reserved character of a path parameter (RFC 3986 section 2.1): it cannot change the path."""
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
        # Each value can be encoded alone, so the body itself is the one level too many.
        raise ValueError("the body is nested too deeply for JSON") from exc


def _raise_naming(name: str, value: Any) -> None:
    try:
        _encode(value)
    except RecursionError as exc:
        raise ValueError(f"{name}: nested too deeply for JSON") from exc
    except (TypeError, ValueError) as exc:
        raise type(exc)(f"{name}: {exc}") from exc
