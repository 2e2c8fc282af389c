"""Tracing tools that add headers of their own: one of each name leaves, and a tool that fails costs no call."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from faults.certificates import serving, trusting
from faults.harness import CALLS, KEY, descriptors, get, wait_until
from faults.server import HEALTHY, Received, ScriptedServer

from to11ai_sdk import create_client

from . import scripts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from to11ai_sdk import To11aiClient

urllib_tracing = pytest.importorskip(
    "opentelemetry.instrumentation.urllib", reason="opentelemetry-instrumentation-urllib is not installed"
)
context_api = pytest.importorskip("opentelemetry.context")
propagate = pytest.importorskip("opentelemetry.propagate")
trace = pytest.importorskip("opentelemetry.trace")
sdk = pytest.importorskip("opentelemetry.sdk.trace", reason="opentelemetry-sdk is not installed")
export = pytest.importorskip("opentelemetry.sdk.trace.export")
in_memory = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")


class Broken(Exception):
    """What a tracer of these tests raises."""


def sent(request: Received) -> dict[str, list[str]]:
    """The values of each header as they left, by name in lower case."""
    fields: dict[str, list[str]] = {}
    for line in request.raw.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")[1:]:
        name, _, value = line.partition(":")
        fields.setdefault(name.lower(), []).append(value.strip())
    return fields


def judge(server: ScriptedServer) -> None:
    """Each request has one header of each name, and the key where it belongs."""
    for request in server.requests:
        doubled = {name: values for name, values in sent(request).items() if len(values) > 1}
        assert doubled == {}
        assert sent(request)["authorization"] == [f"Bearer {KEY}"]


class Tracing:
    """A tracer and the spans that it finished."""

    def __init__(self, *processors: Any) -> None:
        self.exporter = in_memory.InMemorySpanExporter()
        self.provider = sdk.TracerProvider()
        self.provider.add_span_processor(export.SimpleSpanProcessor(self.exporter))
        for processor in processors:
            self.provider.add_span_processor(processor)
        self.tracer = self.provider.get_tracer("tests")

    def finished(self) -> list[Any]:
        return list(self.exporter.get_finished_spans())


@contextmanager
def instrumented(*processors: Any, **hooks: Any) -> Iterator[Tracing]:
    tracing = Tracing(*processors)
    tool = urllib_tracing.URLLibInstrumentor()
    tool.instrument(tracer_provider=tracing.provider, **hooks)
    try:
        yield tracing
    finally:
        tool.uninstrument()


@contextmanager
def healthy(*, tls: bool = False) -> Iterator[tuple[ScriptedServer, To11aiClient]]:
    context = trusting() if tls else None
    with (
        ScriptedServer(HEALTHY, tls=serving() if tls else None) as server,
        create_client(api_key=KEY, base_url=server.url, ssl_context=context, ttl_seconds=0) as client,
    ):
        yield server, client


@pytest.mark.parametrize("tls", [False, True], ids=["HTTP", "HTTPS"])
@pytest.mark.parametrize("call", CALLS)
def test_one_traceparent_leaves_and_it_is_the_innermost(call: str, tls: bool) -> None:
    with instrumented() as tracing, healthy(tls=tls) as (server, client):
        with tracing.tracer.start_as_current_span("the user's") as outer:
            for name in ("a", "b"):
                assert CALLS[call](client, name) == name
        judge(server)
        inner = [span for span in tracing.finished() if span.kind is trace.SpanKind.CLIENT]
        assert len(inner) == 2
        for span, request in zip(inner, server.requests, strict=True):
            assert span.parent.span_id == outer.get_span_context().span_id
            assert span.context.trace_id == outer.get_span_context().trace_id
            version, trace_id, span_id, _ = sent(request)["traceparent"][0].split("-")
            assert (version, int(trace_id, 16), int(span_id, 16)) == ("00", span.context.trace_id, span.context.span_id)


def test_one_tracestate_leaves_too() -> None:
    state = trace.TraceState([("vendor", "1")])
    flags = trace.TraceFlags(trace.TraceFlags.SAMPLED)
    remote = trace.NonRecordingSpan(trace.SpanContext(0xA, 0xB, True, flags, state))
    with instrumented(), healthy() as (server, client), trace.use_span(remote):
        assert get(client, "a") == "a"
        judge(server)
        assert sent(server.requests[0])["tracestate"] == ["vendor=1"]
        assert sent(server.requests[0])["traceparent"][0].startswith(f"00-{0xA:032x}-")


def test_without_a_span_of_the_user() -> None:
    with instrumented() as tracing, healthy() as (server, client):
        assert get(client, "a") == "a"
        judge(server)
        (span,) = tracing.finished()
        assert sent(server.requests[0])["traceparent"][0].split("-")[1] == f"{span.context.trace_id:032x}"


def test_without_the_tool_the_users_span_is_sent() -> None:
    tracing = Tracing()
    with healthy() as (server, client), tracing.tracer.start_as_current_span("the user's") as outer:
        assert get(client, "a") == "a"
        judge(server)
        assert sent(server.requests[0])["traceparent"][0].split("-")[2] == f"{outer.get_span_context().span_id:016x}"


ADDED = [
    "traceparent",
    "Traceparent",
    "TRACEPARENT",
    "User-Agent",
    "user-agent",
    "USER-AGENT",
    "ACCEPT",
    "X-Team",
    "x-TEAM",
]


@pytest.mark.parametrize("name", ADDED)
def test_a_header_that_a_tool_adds_replaces_ours_however_it_is_spelled(name: str) -> None:
    def hook(span: Any, request: Any) -> None:
        request.headers[name] = "the tool's"

    with instrumented(request_hook=hook) as tracing, healthy() as (server, client):
        with tracing.tracer.start_as_current_span("the user's"):
            assert get(client, "a") == "a"
        judge(server)
        # The tool's own traceparent comes after its hook, and is inner to it.
        if name.lower() != "traceparent":
            assert sent(server.requests[0])[name.lower()] == ["the tool's"]


def test_a_header_added_by_the_method_of_the_request() -> None:
    def hook(span: Any, request: Any) -> None:
        request.add_header("X-Team", "blue")
        request.add_unredirected_header("x-team", "red")

    with instrumented(request_hook=hook), healthy() as (server, client):
        assert get(client, "a") == "a"
        judge(server)
        assert sent(server.requests[0])["x-team"] in (["blue"], ["red"])


class Raising:
    """Raises whatever is asked of it."""

    def __init__(self, *methods: str) -> None:
        self._methods = methods

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def method(*arguments: Any, **options: Any) -> Any:
            if not self._methods or name in self._methods:
                raise Broken(name)

        return method


class SpanWithoutContext(trace.NonRecordingSpan):  # type: ignore[misc, name-defined]
    """A span of a tracer that is broken."""

    def get_span_context(self) -> Any:
        raise Broken("no context")


class OddContext:
    """A context of a tracer that keeps its ids as text."""

    is_valid = True
    trace_id = "abc"
    span_id = "def"
    trace_flags = 1
    trace_state = None


class SpanWithAnOddContext(SpanWithoutContext):
    def get_span_context(self) -> Any:
        return OddContext()


class StateThatRaises:
    def to_header(self) -> str:
        raise Broken("no state")


class ContextWithABrokenState:
    is_valid = True
    trace_id, span_id, trace_flags = 10, 11, 1
    trace_state = StateThatRaises()


class SpanWithABrokenState(SpanWithoutContext):
    def get_span_context(self) -> Any:
        return ContextWithABrokenState()


@pytest.mark.parametrize("span", [SpanWithoutContext, SpanWithAnOddContext, SpanWithABrokenState])
@pytest.mark.parametrize("call", CALLS)
def test_a_span_that_raises_costs_no_call(call: str, span: type[Any]) -> None:
    broken = span(trace.INVALID_SPAN_CONTEXT)
    token = context_api.attach(trace.set_span_in_context(broken))
    try:
        with healthy() as (server, client):
            assert CALLS[call](client, "a") == "a"
            judge(server)
            assert len(server.requests) == 1
            assert "tracestate" not in sent(server.requests[0])
    finally:
        context_api.detach(token)


def test_a_tracer_that_raises_costs_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_current_span(context: Any = None) -> Any:
        raise Broken("no span")

    monkeypatch.setattr(trace, "get_current_span", get_current_span)
    with healthy() as (server, client):
        assert get(client, "a") == "a"
        judge(server)
        assert "traceparent" not in sent(server.requests[0])


def test_an_interrupt_in_a_tracer_is_not_swallowed(monkeypatch: pytest.MonkeyPatch) -> None:
    def get_current_span(context: Any = None) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr(trace, "get_current_span", get_current_span)
    with healthy() as (server, client), pytest.raises(KeyboardInterrupt):
        get(client, "a")
    assert server.requests == []


@pytest.mark.parametrize("call", CALLS)
def test_a_propagator_that_raises_costs_no_call(call: str) -> None:
    before = propagate.get_global_textmap()
    propagate.set_global_textmap(Raising("inject"))
    try:
        with instrumented(), healthy() as (server, client):
            assert CALLS[call](client, "a") == "a"
            judge(server)
            assert len(server.requests) == 1
    finally:
        propagate.set_global_textmap(before)


def raising(*arguments: Any) -> None:
    raise Broken("hook")


BROKEN_TOOLS: dict[str, Callable[[], Any]] = {
    "a hook on requests": lambda: instrumented(request_hook=raising),
    "a hook on responses": lambda: instrumented(response_hook=raising),
    "a processor when a span begins": lambda: instrumented(Raising("on_start", "_on_starting")),
    "a processor when a span ends": lambda: instrumented(Raising("on_end", "_on_ending")),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("tool", BROKEN_TOOLS)
def test_a_broken_part_of_the_tool_costs_no_call(tool: str, call: str) -> None:
    with BROKEN_TOOLS[tool](), healthy() as (server, client):
        for name in ("a", "b"):
            assert CALLS[call](client, name) == name
        judge(server)
        assert len(server.requests) == 2


class SoftLimit(Exception):
    """What a signal handler raises while a hook runs."""


@pytest.mark.parametrize("hook", ["request_hook", "response_hook"])
def test_a_time_limit_within_the_tool_comes_out(hook: str) -> None:
    def handler(number: int, frame: object) -> None:
        raise SoftLimit

    def strike(*arguments: Any) -> None:
        if client:
            os.kill(os.getpid(), signal.SIGUSR1)

    before = signal.signal(signal.SIGUSR1, handler)
    client: To11aiClient | None = None
    try:
        with instrumented(**{hook: strike}), healthy() as (server, made):
            sockets = {name for name in descriptors() if "socket" in name}
            client = made
            with pytest.raises(SoftLimit):
                get(made, "a")
            client = None
            assert len(server.requests) == (hook == "response_hook")
            # The connection is closed, and the server notices.
            wait_until(lambda: {name for name in descriptors() if "socket" in name} == sockets)
            assert get(made, "b") == "b"
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_the_span_of_a_failed_call_says_so() -> None:
    with instrumented() as tracing, healthy() as (server, client):
        server.play((b"",))
        with pytest.raises(Exception, match="closed before a reply came"):
            get(client.with_options(max_retries=0), "a")
        (span,) = tracing.finished()
        assert span.attributes.get("error.type") or span.status.status_code is trace.StatusCode.ERROR or span.events


TOOLS = {
    "ddtrace": """
import ddtrace
ddtrace.patch(httplib=True)
around = ddtrace.tracer.trace("the user's")
""",
    "sentry_sdk": """
import sentry_sdk
sentry_sdk.init(dsn="https://key@sentry.invalid/1", traces_sample_rate=1.0, transport=lambda event: None)
around = sentry_sdk.start_transaction(name="the user's")
""",
    "newrelic": """
import newrelic.agent
settings = newrelic.agent.global_settings()
settings.license_key, settings.developer_mode, settings.app_name = "0" * 40, True, "tests"
settings.distributed_tracing.enabled = True
settings.serverless_mode.enabled = False
newrelic.agent.initialize()
application = newrelic.agent.register_application(timeout=10)
around = newrelic.agent.BackgroundTask(application, name="the user's")
""",
    "nothing": """
from contextlib import nullcontext
around = nullcontext()
""",
}

BESIDE = """
from opentelemetry.sdk.trace import TracerProvider

{tool}
it = client(sys.argv[1], ttl_seconds=0)
with around, TracerProvider().get_tracer("tests").start_as_current_span("in OpenTelemetry"):
    ends = [ended(call, it, name) for call in (get, resolve, create) for name in ("a", "b")]
report(ends=ends)
"""

QUIET = {
    "DD_TRACE_AGENT_URL": "http://127.0.0.1:9",
    "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
    "DD_REMOTE_CONFIGURATION_ENABLED": "false",
    "DD_TRACE_STARTUP_LOGS": "false",
    "DD_TRACE_WRITER_INTERVAL_SECONDS": "60",
    "NEW_RELIC_LOG": "/dev/null",
}


@pytest.mark.parametrize("tool", TOOLS)
def test_beside_another_tracer_one_header_of_each_name_leaves(tool: str) -> None:
    if tool != "nothing":
        pytest.importorskip(tool, reason=f"{tool} is not installed")
    with ScriptedServer(HEALTHY) as server:
        found = scripts.run(BESIDE.format(tool=TOOLS[tool]), server.url, env=QUIET)
        assert [end["value"] or end for end in found["ends"]] == ["a", "b"] * 3
        assert len(server.requests) == 6
        judge(server)
        for request in server.requests:
            assert "traceparent" in sent(request) or tool == "sentry_sdk"
            assert "sentry-trace" in sent(request) or tool != "sentry_sdk"
