"""The headers that join a call to the caller's trace (W3C Trace Context)."""

from __future__ import annotations

import sys

from .interrupts import from_handler
from .settings import header_value


def trace_headers() -> dict[str, str]:
    """Return ``traceparent`` and ``tracestate`` of the active OpenTelemetry span; nothing without one, or if it fails.

    Source: https://www.w3.org/TR/trace-context/.
    """
    # A process that has not loaded OpenTelemetry has no active span, and need not load it for us.
    module = sys.modules.get("opentelemetry.trace")
    if module is None:
        return {}
    try:
        context = module.get_current_span().get_span_context()
        if not context.is_valid:
            return {}
        headers = {"traceparent": f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"}
        state = context.trace_state.to_header()
        return {**headers, "tracestate": header_value("tracestate", state)} if state else headers
    except Exception as exc:
        # A tracer may raise anything, and while another thread imports it, the module is empty. A call is worth more
        # than its trace.
        if from_handler(exc):
            raise
        return {}
