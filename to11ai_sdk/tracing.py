"""The headers that join a call to the caller's trace (W3C Trace Context)."""

from __future__ import annotations

import sys


def trace_headers() -> dict[str, str]:
    """``traceparent`` and ``tracestate`` of the active OpenTelemetry span; nothing without a valid one.

    Source: https://www.w3.org/TR/trace-context/.
    """
    # A process that has not loaded OpenTelemetry has no active span, and need not load it for us.
    # While another thread imports it, the module is there without its content.
    current_span = getattr(sys.modules.get("opentelemetry.trace"), "get_current_span", None)
    context = current_span().get_span_context() if current_span else None
    if context is None or not context.is_valid:
        return {}
    headers = {"traceparent": f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"}
    state = context.trace_state.to_header()
    return {**headers, "tracestate": state} if state else headers
