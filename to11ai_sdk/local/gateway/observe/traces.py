"""Defines traces: one span for each call of the gateway, streams included."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from ...._http.encoding import camel
from ... import bounds
from ...service.session import timestamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...store import Row


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
        values = {**vars(self), "prompt_labels": list(self.prompt_labels)}
        return {camel(name): value for name, value in values.items()}


COLUMNS = ("project_id", *(each.name for each in fields(Span)))
"""The columns of a :data:`SpanRow`."""
SpanRow = tuple[Any, ...]
"""A span as a call leaves it: its project, then the attributes of ``Span``; the time is not formatted yet."""


def stored(row: SpanRow) -> list[Any]:
    """Return the values of a span as SQLite stores them: texts of a bounded length, no number that it cannot hold."""
    return [None if value is None else _storable(value) for value in row]


def _storable(value: object) -> object:
    if isinstance(value, str):
        return bounded_text(value)
    if isinstance(value, int):
        return value if abs(value) < 2**63 else None
    if isinstance(value, datetime):
        return timestamp(value)
    if isinstance(value, tuple):
        labels = cast("tuple[str, ...]", value)
        return json.dumps([bounded_text(each) for each in labels[: bounds.MAX_SPAN_LABELS]])
    return value


def bounded_text(value: str) -> str:
    """Return a text as a span has it: of a bounded length, and in UTF-8."""
    if len(value) <= bounds.MAX_SPAN_TEXT and value.isascii():
        return value
    # Half a surrogate pair cannot be encoded in UTF-8.
    return value[: bounds.MAX_SPAN_TEXT].encode("utf-8", "replace").decode()


def size_of(values: Sequence[Any]) -> int:
    """Return about how many bytes the stored values of a span take."""
    return sum(len(value) if value.isascii() else len(value.encode()) for value in values if type(value) is str)


def as_row(row: SpanRow) -> Row:
    """Return a span that is not written yet as a row of the database."""
    values = dict(zip(COLUMNS, stored(row), strict=True))
    return {**values, "prompt_labels": json.loads(values["prompt_labels"])}


def identity(row: Row) -> tuple[Any, ...]:
    """Return what distinguishes a span from all others; a seed repeats its id after a restart."""
    return row["span_id"], row["started_at"], row["latency_ms"]


def span_of(row: Row) -> Span:
    """Return the span of a row."""
    values: dict[str, Any] = {name: row[name] for name in COLUMNS[1:]}
    values["prompt_labels"] = tuple(row["prompt_labels"])
    return Span(**values)
