from __future__ import annotations

import re
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState
from recording import reply
from samples import PROMPT, success

TYPE_CHECKING = False
if TYPE_CHECKING:
    from recording import RecordingServer

TRACE, SPAN = 0x0AF7651916CD43DD8448EB211C80319C, 0x00F067AA0BA902B7


def sent(server: RecordingServer) -> dict[str, str]:
    """The headers of one call."""
    server.will_send(reply(success(PROMPT)))
    with server.client() as client:
        client.prompts.get(project_id="pr_1", prompt_id="pm_1")
    return server.seen[-1].headers


def context(**changes: Any) -> SpanContext:
    return SpanContext(
        **{"trace_id": TRACE, "span_id": SPAN, "is_remote": False, "trace_flags": TraceFlags(1), **changes}
    )


def test_a_call_while_another_thread_imports_opentelemetry_or_logging_goes_without(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # For so long, the modules are there and empty.
    with monkeypatch.context() as patch:
        for name in ("opentelemetry.trace", "logging"):
            patch.setitem(sys.modules, name, ModuleType(name))
        headers = sent(server)
    assert "traceparent" not in headers


def test_a_call_in_a_span_carries_it(server: RecordingServer) -> None:
    tracer = TracerProvider().get_tracer("test")
    with tracer.start_as_current_span("work") as span:
        headers = sent(server)
    ids = span.get_span_context()
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", headers["traceparent"])
    _, trace_id, span_id, flags = (int(part, 16) for part in headers["traceparent"].split("-"))
    assert (trace_id, span_id, flags) == (ids.trace_id, ids.span_id, ids.trace_flags)
    assert flags & TraceFlags.SAMPLED
    assert "tracestate" not in headers


def test_a_span_that_is_not_sampled_says_so(server: RecordingServer) -> None:
    tracer = TracerProvider(sampler=ALWAYS_OFF).get_tracer("test")
    with tracer.start_as_current_span("work"):
        flags = int(sent(server)["traceparent"].rpartition("-")[2], 16)
    assert not flags & TraceFlags.SAMPLED


def test_ids_keep_their_leading_zeros_and_the_state_goes_along(server: RecordingServer) -> None:
    state = TraceState([("vendor", "value"), ("other", "1")])
    with trace.use_span(NonRecordingSpan(context(trace_state=state))):
        headers = sent(server)
    assert headers["traceparent"] == "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"
    assert headers["tracestate"] == "vendor=value,other=1"


@pytest.mark.parametrize("changes", [{"trace_id": 0}, {"span_id": 0}, {"trace_id": 0, "span_id": 0}])
def test_a_span_without_ids_is_none(server: RecordingServer, changes: Any) -> None:
    with trace.use_span(NonRecordingSpan(context(**changes))):
        headers = sent(server)
    assert not {"traceparent", "tracestate"} & headers.keys()


def test_outside_a_span_nothing_is_sent(server: RecordingServer) -> None:
    assert not {"traceparent", "tracestate"} & sent(server).keys()


def test_opentelemetry_is_never_loaded_for_it() -> None:
    code = (
        "import sys; from to11ai_sdk.tracing import trace_headers;"
        "assert trace_headers() == {}; assert not [name for name in sys.modules if 'opentelemetry' in name]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_process_without_opentelemetry_sends_nothing(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trace.use_span(NonRecordingSpan(context())):
        monkeypatch.delitem(sys.modules, "opentelemetry.trace")
        assert "traceparent" not in sent(server)
