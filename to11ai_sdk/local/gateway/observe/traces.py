"""Traces: one span for each call of the gateway, streams included."""

from __future__ import annotations

import re
import secrets
from dataclasses import asdict, dataclass, fields
from hashlib import blake2s
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple

from ....wire import camel
from ...store import gateway_records
from ..gateway_problem import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...service import Session
    from ...store import Row

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_MAX_LIMIT = 1000


class SpanIds:
    """Makes the ids of traces and spans.

    Args:
        seed: the same seed gives the same ids in the same order; without one they are random.
    """

    def __init__(self, seed: int | str | None = None) -> None:
        self._seed = seed
        self._numbers = count(1)

    def new(self, length: int) -> str:
        """So many bytes as hexadecimal digits, never all zero."""
        if self._seed is None:
            return secrets.token_hex(length - 1) + f"{1 + secrets.randbelow(255):02x}"
        return blake2s(f"{self._seed}:span:{next(self._numbers)}".encode(), digest_size=length).hexdigest()


class TraceContext(NamedTuple):
    """Where a call stands in a trace (W3C Trace Context, level 1).

    Attributes:
        trace_id: 32 hexadecimal digits.
        span_id: 16 hexadecimal digits, the gateway's own span.
        parent_span_id: the caller's span, ``None`` where the trace begins here.
        flags: 2 hexadecimal digits; ``01`` is sampled.
    """

    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    flags: str = "01"

    @property
    def traceparent(self) -> str:
        """The header for the provider and for the reply."""
        return f"00-{self.trace_id}-{self.span_id}-{self.flags}"

    @classmethod
    def begin(cls, traceparent: str | None, ids: SpanIds) -> TraceContext:
        """Return a span in the caller's trace, or in a new one if the header is not there or not valid."""
        found = _TRACEPARENT.fullmatch((traceparent or "").strip())
        if found is None or not _is_valid(found):
            return cls(ids.new(16), ids.new(8))
        return cls(found[2], ids.new(8), found[3], f"{int(found[4], 16) & 1:02x}")


def _is_valid(found: re.Match[str]) -> bool:
    version, rest = found[1], found[5]
    # A later version may add parts, version 00 has none, and ff is never one.
    known = version != "ff" and (rest is None or version != "00")
    return known and set(found[2]) != {"0"} and set(found[3]) != {"0"}


@dataclass(frozen=True)
class Origin:
    """Where a call says that it comes from.

    Attributes:
        prompt_id: ``x-to11-prompt-id``.
        prompt_version: ``x-to11-prompt-version``.
        prompt_labels: ``x-to11-prompt-labels``, separated by commas there.
        session_id: ``x-to11-session-id``.
        conversation_id: ``x-to11-conversation-id``, else ``x-conversation-id``.
        user_id: ``x-to11-user-id``, else ``user`` of the request.
    """

    prompt_id: str | None = None
    prompt_version: int | None = None
    prompt_labels: tuple[str, ...] = ()
    session_id: str | None = None
    conversation_id: str | None = None
    user_id: str | None = None

    @classmethod
    def of(cls, headers: Mapping[str, str], user: Any = None) -> Origin:
        """Return what the headers (lower-case names) and the field ``user`` of a request say.

        Raises:
            GatewayProblem: 400: a header of to11's is empty, or the version is no number.
        """
        _refuse_empty(headers)
        labels = headers.get("x-to11-prompt-labels", "").split(",")
        return cls(
            headers.get("x-to11-prompt-id"),
            _version(headers.get("x-to11-prompt-version")),
            tuple(label.strip() for label in labels if label.strip()),
            headers.get("x-to11-session-id"),
            headers.get("x-to11-conversation-id") or headers.get("x-conversation-id"),
            headers.get("x-to11-user-id") or (user if isinstance(user, str) and user else None),
        )


def _refuse_empty(headers: Mapping[str, str]) -> None:
    empty = [name for name, value in headers.items() if name.startswith("x-to11-") and not value.strip()]
    if empty:
        raise bad_request("empty_header", f"the header {empty[0]} is empty; leave it out instead", {"header": empty[0]})


def _version(text: str | None) -> int | None:
    if text is None:
        return None
    if not re.fullmatch(r"\d{1,10}", text.strip(), re.ASCII):
        message = "the header x-to11-prompt-version must be the number of a version, such as 3"
        raise bad_request("invalid_header", message, {"header": "x-to11-prompt-version"})
    return int(text)


@dataclass(frozen=True, kw_only=True)
class Span:
    """One call of the gateway.

    Attributes:
        trace_id: 32 hexadecimal digits.
        span_id: 16 hexadecimal digits.
        parent_span_id: the caller's span, if it sent one.
        request_id: ``x-to11-request-id`` of the reply.
        started_at: when the call came, ISO 8601 in UTC.
        latency_ms: milliseconds until its last byte.
        endpoint: such as ``"messages"``.
        env: slug of the environment.
        model: the model asked for.
        provider_id: the provider that answered, or that was asked last; for a cache hit the one to ask first.
        upstream_model: the model that it was asked for.
        is_stream: whether the reply was a stream.
        status: HTTP status of the reply.
        error_code: ``x-to11-error-code`` of the reply; also that of a stream that ended in an error.
        input_tokens: tokens in, as the provider counted them.
        output_tokens: tokens out.
        rule_id: the rule that chose the provider, with ``version_id``, ``release_id`` and ``variant``; also one that
            led nowhere.
        cache: ``"hit"`` or ``"miss"``, ``None`` where the cache has no part.
        prompt_id: the prompt it was made from, with ``prompt_version`` and ``prompt_labels``.
        session_id: as the caller says, like ``conversation_id`` and ``user_id``.
    """

    trace_id: str
    span_id: str
    parent_span_id: str | None = None
    request_id: str | None = None
    started_at: str
    latency_ms: float
    endpoint: str
    env: str | None = None
    model: str | None = None
    provider_id: str | None = None
    upstream_model: str | None = None
    is_stream: bool = False
    status: int
    error_code: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    rule_id: str | None = None
    version_id: str | None = None
    release_id: str | None = None
    variant: str | None = None
    cache: str | None = None
    prompt_id: str | None = None
    prompt_version: int | None = None
    prompt_labels: tuple[str, ...] = ()
    session_id: str | None = None
    conversation_id: str | None = None
    user_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the span as ``/local/traces`` shows it."""
        values = {**asdict(self), "prompt_labels": list(self.prompt_labels)}
        return {camel(name): value for name, value in values.items()}


def record(session: Session, span: Span) -> None:
    """Keep a span; what a caller or a provider says that SQLite cannot hold is left out of it."""
    values = {name: _storable(value) for name, value in asdict(span).items()}
    gateway_records.add_span(session.tx, {"project_id": session.project_id, **values})


def _storable(value: Any) -> Any:
    if isinstance(value, str):  # half a surrogate pair is no text in UTF-8
        return value.encode("utf-8", "replace").decode()
    return None if isinstance(value, int) and abs(value) >= 2**63 else value


def recent(session: Session, limit: int = 100) -> list[Span]:
    """Return the spans of the project, newest first, at most 1000."""
    return [
        _span(row)
        for row in gateway_records.newest_spans(session.tx, session.project_id, max(0, min(limit, _MAX_LIMIT)))
    ]


def _span(row: Row) -> Span:
    values: dict[str, Any] = {each.name: row[each.name] for each in fields(Span)}
    values["prompt_labels"] = tuple(row["prompt_labels"])
    return Span(**values)
