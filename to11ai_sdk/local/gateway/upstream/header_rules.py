"""Selects the headers to pass on, from the caller to a provider and from a provider to the caller.

to11's own keys never reach a provider, wherever a caller put them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ....gateway import MANAGED_KEY
from ...headers import PROVIDER_KEYS, bearer
from .key_guard import KeyGuard

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..incoming import Incoming

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""RFC 9110 section 7.6.1."""
_NOT_UPSTREAM = PROVIDER_KEYS | frozenset(
    {
        "accept-encoding",  # the gateway itself reads the reply
        "content-length",
        "cookie",
        "expect",
        "forwarded",
        "host",
        "traceparent",
        "via",
        "x-conversation-id",
        "x-real-ip",
    }
)
_NOT_BACK = frozenset(
    {
        "content-encoding",
        "content-length",
        "date",
        "location",  # a caller that follows it would send its to11 key there
        "retry-after",
        "server",
        "set-cookie",
        "traceparent",
    }
)
_TO11 = "x-to11-"
_OURS = (_TO11, "x-genai-")
_PRIVATE = ("x-forwarded-",)
_BY_DIALECT = ("anthropic-", "openai-", "x-stainless-")
"""Headers that only one dialect understands."""


def to_upstream(headers: Mapping[str, str], traceparent: str, *, same_dialect: bool) -> dict[str, str]:
    """Return the headers for a provider; the credential is not among them.

    Args:
        headers: the caller's headers, names in lower case.
        traceparent: the header of the span of this call (W3C Trace Context).
        same_dialect: whether the provider speaks the caller's format.
    """
    dropped = (*_OURS, *_PRIVATE) if same_dialect else (*_OURS, *_PRIVATE, *_BY_DIALECT)
    kept = _travelling(headers, _NOT_UPSTREAM, dropped)
    return {**kept, "accept-encoding": "identity", "traceparent": traceparent}


def own_credentials(headers: Mapping[str, str], *, native: bool) -> dict[str, str]:
    """Return the caller's credentials that are passed on unchanged: keys for Azure or Google.

    For a provider's own API (``native``) also an ``Authorization`` that is not a bearer token, such as a signature.
    """
    kept = {name: headers[name] for name in ("api-key", "x-goog-api-key") if name in headers}
    value = headers.get("authorization", "")
    return {**kept, "authorization": value} if native and value and bearer(value) is None else kept


def to_caller(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a provider's reply that the caller may see; names in lower case."""
    return _travelling(headers, _NOT_BACK, _OURS)


def _travelling(headers: Mapping[str, str], without: frozenset[str], prefixes: tuple[str, ...]) -> dict[str, str]:
    dropped = _HOP_BY_HOP | without
    if "connection" in headers:
        dropped |= {name.strip().lower() for name in headers["connection"].split(",")}
    return {name: value for name, value in headers.items() if name not in dropped and not name.startswith(prefixes)}


_WORD = re.compile(r"[^\s,;:=\"']+")


def without_ours(incoming: Incoming, key: str | None) -> Incoming:
    """Return the request without the headers and query parameters that contain the caller's to11 key anywhere.

    In headers for a provider's key, any to11 key and the placeholder are removed, too. The headers of to11 stay.
    """
    guard = KeyGuard.of(key)
    headers = {name: value for name, value in incoming.headers.items() if not _is_ours(name, value, key)}
    lines = {name: f"{name}: {value}" for name, value in headers.items() if not name.startswith(_TO11)}
    if guard.is_in("\n".join(lines.values())):
        headers = {name: value for name, value in headers.items() if not guard.is_in(lines.get(name, ""))}
    query = incoming.query
    if query and guard.is_in(query):
        query = "&".join(part for part in query.split("&") if not guard.is_in(part))
    return incoming._replace(headers=headers, query=query)


def _is_ours(name: str, value: str, key: str | None) -> bool:
    """Return whether a header for a provider's key has a to11 key or the placeholder instead."""
    return name in PROVIDER_KEYS and any(
        word in (key, MANAGED_KEY) or word.startswith("to11_") for word in _WORD.findall(value)
    )
