"""Which headers travel: from the caller to a provider, and from a provider to the caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...http.control_request import bearer
from ...http.request_log import PROVIDER_KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        "accept-encoding",  # what comes back is read here
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
        "location",  # a caller that goes there takes its to11 key along
        "retry-after",
        "server",
        "set-cookie",
        "traceparent",
    }
)
_OURS = ("x-to11-", "x-genai-")
_PRIVATE = ("x-forwarded-",)
_BY_DIALECT = ("anthropic-", "openai-", "x-stainless-")
"""Headers that one dialect only understands."""


def to_upstream(headers: Mapping[str, str], traceparent: str, *, same_dialect: bool) -> dict[str, str]:
    """The headers for a provider; the credential is not among them.

    Args:
        headers: those of the caller, names in lower case.
        traceparent: the header of the span of this call (W3C Trace Context).
        same_dialect: whether the provider speaks the caller's format.
    """
    dropped = (*_OURS, *_PRIVATE) if same_dialect else (*_OURS, *_PRIVATE, *_BY_DIALECT)
    kept = _travelling(headers, _NOT_UPSTREAM, dropped)
    return {**kept, "accept-encoding": "identity", "traceparent": traceparent}


def own_credentials(headers: Mapping[str, str], *, native: bool) -> dict[str, str]:
    """What a caller authenticates with in a header that a provider reads as it is: a key for Azure or Google.

    At a provider's own API (``native``) also an ``Authorization`` that is no bearer token: a signature, for one.
    """
    kept = {name: headers[name] for name in ("api-key", "x-goog-api-key") if name in headers}
    value = headers.get("authorization", "")
    return {**kept, "authorization": value} if native and value and bearer(value) is None else kept


def to_caller(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers of a provider's reply that the caller may see; names in lower case."""
    return _travelling(headers, _NOT_BACK, _OURS)


def _travelling(headers: Mapping[str, str], without: frozenset[str], prefixes: tuple[str, ...]) -> dict[str, str]:
    named = {name.strip().lower() for name in headers.get("connection", "").split(",")}
    dropped = _HOP_BY_HOP | named | without
    return {name: value for name, value in headers.items() if name not in dropped and not name.startswith(prefixes)}
