"""Defines traces: one span for each call of the gateway, streams included."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from ...._http.encoding import camel
from ...store import gateway_records

if TYPE_CHECKING:
    from ...service import Session
    from ...store import Row

_MAX_LIMIT = 1000


@dataclass(frozen=True, kw_only=True)
class Span:
    """One call of the gateway.

    Attributes:
        trace_id: 32 hexadecimal digits.
        span_id: 16 hexadecimal digits.
        parent_span_id: the caller's span, if it sent one.
        request_id: ``x-to11-request-id`` of the reply.
        started_at: when the call was received, ISO 8601 in UTC.
        latency_ms: milliseconds until its last byte.
        endpoint: such as ``"messages"``.
        env: slug of the environment.
        model: the requested model.
        provider_id: the provider that answered or was tried last; for a cache hit the first of the plan.
        upstream_model: the model requested from it.
        is_stream: whether the reply was a stream.
        status: HTTP status of the reply.
        error_code: ``x-to11-error-code`` of the reply, or the code of a stream that ended in an error.
        input_tokens: input tokens, as counted by the provider.
        output_tokens: output tokens.
        rule_id: the rule that chose the provider, with ``version_id``, ``release_id`` and ``variant``; also a rule
            without a usable target.
        cache: ``"hit"`` or ``"miss"``, ``None`` if the cache was not used.
        prompt_id: the prompt that the call was made from, with ``prompt_version`` and ``prompt_labels``.
        session_id: as stated by the caller, like ``conversation_id`` and ``user_id``.
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
        """Return the span as JSON for ``/local/traces``."""
        values = {**asdict(self), "prompt_labels": list(self.prompt_labels)}
        return {camel(name): value for name, value in values.items()}


def record(session: Session, span: Span) -> None:
    """Store a span; values of a caller or provider that SQLite cannot store are left out."""
    values = {name: _storable(value) for name, value in asdict(span).items()}
    gateway_records.add_span(session.tx, {"project_id": session.project_id, **values})


def _storable(value: Any) -> Any:
    if isinstance(value, str):  # half a surrogate pair cannot be encoded in UTF-8
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
