from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState
from recording import reply
from samples import PROMPT, success

from to11ai_sdk._http.headers import trace_headers

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
        "import sys; from to11ai_sdk._http.headers import trace_headers;"
        "assert trace_headers() == {}; assert not [name for name in sys.modules if 'opentelemetry' in name]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_process_without_opentelemetry_sends_nothing(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with trace.use_span(NonRecordingSpan(context())):
        monkeypatch.delitem(sys.modules, "opentelemetry.trace")
        assert "traceparent" not in sent(server)


# --- a tracer that fails


class Tracer(ModuleType):
    """A module in the place of OpenTelemetry's, whose span has this context."""

    def __init__(self, context: object) -> None:
        super().__init__("opentelemetry.trace")
        self.context = context

    def get_current_span(self) -> Any:
        return SimpleNamespace(get_span_context=lambda: self.context)


class Failing:
    """A context of which one attribute raises."""

    is_valid, trace_id, span_id, trace_flags = True, TRACE, SPAN, 1
    trace_state = SimpleNamespace(to_header=lambda: "a=1")

    def __init__(self, name: str, error: BaseException) -> None:
        self._name, self._error = name, error

    def __getattribute__(self, name: str) -> Any:
        if name == object.__getattribute__(self, "_name"):
            raise object.__getattribute__(self, "_error")
        return object.__getattribute__(self, name)


PARTS = ["is_valid", "trace_id", "span_id", "trace_flags", "trace_state"]


def headers_with(server: RecordingServer, monkeypatch: pytest.MonkeyPatch, tracer: object) -> dict[str, str]:
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "opentelemetry.trace", tracer)
        return sent(server)


@pytest.mark.parametrize("name", PARTS)
def test_a_context_that_raises_never_fails_a_call(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    headers = headers_with(server, monkeypatch, Tracer(Failing(name, RuntimeError("tracer"))))
    assert not {"traceparent", "tracestate"} & headers.keys()
    # The same context is used where nothing of it raises.
    assert "traceparent" in headers_with(server, monkeypatch, Tracer(Failing("other", RuntimeError())))


def test_a_module_that_raises_never_fails_a_call(server: RecordingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    class Lazy(ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise ImportError(f"{name} could not be loaded")

    headers = headers_with(server, monkeypatch, Lazy("opentelemetry.trace"))
    assert not {"traceparent", "tracestate"} & headers.keys()


def test_a_lookup_that_raises_never_fails_a_call(server: RecordingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    class Raising(Tracer):
        def get_current_span(self) -> Any:
            raise LookupError("no context")

    headers = headers_with(server, monkeypatch, Raising(None))
    assert not {"traceparent", "tracestate"} & headers.keys()


@pytest.mark.parametrize(
    "changes",
    [
        {"trace_id": "abc"},
        {"span_id": None},
        {"trace_flags": "1"},
        {"trace_state": None},
        {"trace_state": SimpleNamespace(to_header=lambda: 7)},
        {"trace_state": SimpleNamespace(to_header=lambda: "a=1\r\nX-Evil: 1")},
        {"trace_state": SimpleNamespace(to_header=lambda: "a=\u2028")},
        {"trace_state": SimpleNamespace(to_header=lambda: " ")},
    ],
)
def test_a_value_that_no_header_holds_is_left_out(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    plain = Failing("nothing", RuntimeError())
    odd = SimpleNamespace(**{**{name: getattr(plain, name) for name in PARTS}, **changes})
    assert not {"traceparent", "tracestate", "x-evil"} & headers_with(server, monkeypatch, Tracer(odd)).keys()


@pytest.mark.parametrize("raised", [KeyboardInterrupt, SystemExit])
def test_what_is_no_exception_of_the_tracer_comes_out(
    server: RecordingServer, monkeypatch: pytest.MonkeyPatch, raised: type[BaseException]
) -> None:
    with pytest.raises(raised):
        headers_with(server, monkeypatch, Tracer(Failing("is_valid", raised())))
    assert server.seen == []


def test_a_span_of_another_tracer_that_raises_never_fails_a_call(server: RecordingServer) -> None:
    class Broken(NonRecordingSpan):
        def get_span_context(self) -> SpanContext:
            raise ValueError("no context")

    with trace.use_span(Broken(context())):
        headers = sent(server)
    assert not {"traceparent", "tracestate"} & headers.keys()


class Broken:
    """A tracer of one's own, with a fault."""

    def __init__(self, fault: Any) -> None:
        self.fault = fault

    def get_span_context(self) -> Any:
        if isinstance(self.fault, Exception):
            raise self.fault
        return self.fault


class State(TraceState):
    """A state that no header can hold."""

    def to_header(self) -> str:
        return "a=1\r\nX-Evil: 1"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(RuntimeError("no tracer"), id="raises"),
        pytest.param(OSError("no tracer"), id="raises like the network"),
        pytest.param(object(), id="returns nonsense"),
        pytest.param(context(trace_state=State()), id="has an invalid state"),
    ],
)
def test_a_broken_tracer_fails_no_call(fault: Any, server: RecordingServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "get_current_span", lambda: Broken(fault))
    assert not {"traceparent", "tracestate", "x-evil"} & sent(server).keys()


def test_what_a_signal_handler_raises_in_a_tracer_is_not_the_tracers(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow:
        def get_span_context(self) -> None:
            signal.raise_signal(signal.SIGUSR1)
            time.sleep(5)

    def handler(signum: int, frame: object) -> None:
        raise TimeoutError("too late")

    monkeypatch.setattr(trace, "get_current_span", Slow)
    before = signal.signal(signal.SIGUSR1, handler)
    try:
        with pytest.raises(TimeoutError, match="too late"):
            trace_headers()
    finally:
        signal.signal(signal.SIGUSR1, before)
