"""Makes the key of a request in the cache: all that is sent to a provider and may change its reply.

That is the path, the query, the JSON, the targets, and the headers that are passed on, except those for tracing and
those that describe the caller's software. The caller's own provider key belongs to it if one of the targets would get
it. Only a digest of all this is stored.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, NamedTuple

from ....json_types import is_array, is_object
from ..upstream import header_rules
from ..upstream.outgoing import speaks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..call import RoutedCall
    from ..routing import Attempt, Plan

_NOT_OF_REPLY = frozenset(
    {
        "accept-encoding",
        "b3",
        "baggage",
        "cache-control",
        "dnt",
        "idempotency-key",
        "origin",
        "pragma",
        "priority",
        "referer",
        "sentry-trace",
        "traceparent",
        "tracestate",
        "uber-trace-id",
        "user-agent",
        "x-amzn-trace-id",
        "x-client-request-id",
        "x-cloud-trace-context",
        "x-correlation-id",
        "x-request-id",
    }
)
_NOT_OF_REPLY_PREFIXES = ("sec-", "x-b3-", "x-datadog-", "x-stainless-")


class CacheUse(NamedTuple):
    """How a call uses the cache.

    Attributes:
        reads: whether a cached reply may answer it.
        stores: whether its reply may be cached.
    """

    reads: bool
    stores: bool

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> CacheUse:
        """Read ``cache-control`` of a request, or ``pragma`` without it (RFC 9111 sections 5.2.1 and 5.4)."""
        value = headers.get("cache-control", headers.get("pragma", ""))
        named = {part.strip().lower().replace(" ", "") for part in value.split(",")}
        stores = "no-store" not in named
        return cls(stores and not named & {"no-cache", "max-age=0"}, stores)


def digest(plan: Plan, path: str, wire_format: str, body: Mapping[str, Any], forwarded: Any = None) -> str:
    """Return the key of a request.

    Args:
        plan: its targets.
        path: the called path, below ``/v1``, such as ``"/messages"``.
        wire_format: the caller's format, such as ``"anthropic_messages"``.
        body: the JSON of the request; numbers are compared by their values.
        forwarded: what else is sent, see :func:`forwarded`.
    """
    members = {name: value for name, value in body.items() if name != "stream" or value}
    targets = [_target(attempt) for attempt in plan.attempts]
    parts = [path, wire_format, _canonical(members), targets, forwarded]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def forwarded(call: RoutedCall) -> list[Any]:
    """Return the query, headers and keys of a call that are sent to one of its targets."""
    headers, attempts = call.incoming.headers, call.plan.attempts
    same = call.is_native or any(speaks(call, attempt) for attempt in attempts)
    sent = header_rules.to_upstream(headers, "", same_dialect=same)
    kept = {name: value for name, value in sent.items() if name not in _NOT_OF_REPLY}
    travelling = {name: value for name, value in kept.items() if not name.startswith(_NOT_OF_REPLY_PREFIXES)}
    return [call.incoming.query, travelling, _own_keys(call) if any(map(_gets_own_key, attempts)) else None]


def _own_keys(call: RoutedCall) -> list[Any]:
    return [call.provider_key, header_rules.own_credentials(call.incoming.headers, native=call.is_native)]


def _gets_own_key(attempt: Attempt) -> bool:
    try:
        return attempt.provider.credential() is None
    except ValueError:
        return False  # the call will be refused


def _target(attempt: Attempt) -> list[Any]:
    return [attempt.provider_id, attempt.model, _canonical(attempt.params), attempt.rule_id, attempt.variant]


def _canonical(value: Any) -> Any:
    """Return a value of JSON with one form for equal numbers: 1.0 becomes 1."""
    if is_object(value):
        return {name: _canonical(member) for name, member in value.items()}
    if is_array(value):
        return [_canonical(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
