"""Translates the place of a call in its trace into OpenTelemetry's terms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from opentelemetry.trace import SpanContext, TraceFlags
from opentelemetry.trace.span import TraceState

if TYPE_CHECKING:
    from ..call import AdmittedCall

_STATE_MEMBER = re.compile(
    r"([a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})"
    r"=[ -+\--<>-~]{0,255}[!-+\--<>-~]"
)
_MAX_STATE_MEMBERS = 32  # of W3C Trace Context


def contexts_of(call: AdmittedCall) -> tuple[SpanContext, SpanContext | None]:
    """Return the place of a call in its trace, and that of its parent."""
    place = call.context
    trace_id, flags = int(place.trace_id, 16), TraceFlags(int(place.flags, 16))
    if place.parent_span_id is None:
        return SpanContext(trace_id, int(place.span_id, 16), False, flags), None
    state = _state_of(call.incoming.headers.get("tracestate", ""))
    parent = SpanContext(trace_id, int(place.parent_span_id, 16), True, flags, state)
    return SpanContext(trace_id, int(place.span_id, 16), False, flags, state), parent


def _state_of(header: str) -> TraceState:
    """Return a caller's trace state; an invalid one is empty, and not written to the log for each call."""
    given = [member.strip(" \t") for member in header.split(",", _MAX_STATE_MEMBERS)]
    is_valid = len(given) <= _MAX_STATE_MEMBERS and all(_STATE_MEMBER.fullmatch(each) for each in given if each)
    return TraceState.from_header([header] if is_valid else [])
