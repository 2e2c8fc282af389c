"""Spans: what they say, how they are read again, and how they join the caller's trace."""

from __future__ import annotations

import json
import re
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from bound import holding
from gateway_harness import Caller
from hypothesis import given
from hypothesis import strategies as st

from to11ai_sdk.local import LocalTo11, bounds
from to11ai_sdk.local.gateway.gateway_problem import GatewayProblem
from to11ai_sdk.local.gateway.observe.trace_log import TraceBounds, TraceLog
from to11ai_sdk.local.gateway.observe.traces import COLUMNS, Span
from to11ai_sdk.local.gateway.trace_context import Origin, SpanIds, TraceContext
from to11ai_sdk.local.service import Platform
from to11ai_sdk.local.store import gateway_records, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SPAN = Span(
    trace_id=TRACE,
    span_id="b7ad6b7169203331",
    started_at="2026-06-17T12:00:00.000000Z",
    latency_ms=12.5,
    endpoint="messages",
    status=200,
)
FULL = replace(
    SPAN,
    parent_span_id=PARENT,
    request_id="req_1",
    env="prod",
    model="route::r",
    provider_id="anthropic",
    upstream_model="claude-sonnet-4-6",
    is_stream=True,
    error_code="upstream",
    input_tokens=10,
    output_tokens=5,
    rule_id="r",
    version_id="rv_1",
    release_id="rr_1",
    variant="a",
    cache="miss",
    prompt_id="prompt_1",
    prompt_version=3,
    prompt_labels=("production", "live"),
    session_id="s",
    conversation_id="c",
    user_id="u",
)


def row(span: Span, project_id: str) -> tuple[Any, ...]:
    """The span as a call leaves it."""
    values = {**vars(span), "project_id": project_id}
    values["started_at"] = datetime.fromisoformat(span.started_at.replace("Z", "+00:00"))
    return tuple(values[name] for name in COLUMNS)


class Traces:
    """The spans of a new project."""

    def __init__(self, data: Path | str | None = None) -> None:
        self.platform = Platform(open_store(data))
        self.log = TraceLog(self.platform)
        self.project_id = self.platform.main.project_id

    def add(self, *spans: Span) -> None:
        for span in spans:
            self.log.add(row(span, self.project_id))

    def written(self) -> int:
        with self.platform.reading() as tx:
            return int(tx.value("SELECT count(*) FROM gateway_traces"))

    def close(self) -> None:
        self.log.close()
        self.platform.close()


@pytest.fixture
def traces(place: str | None) -> Generator[Traces]:
    made = Traces(place)
    yield made
    made.close()


def spans(count: int) -> list[Span]:
    return [replace(SPAN, span_id=f"{number:016x}", request_id=f"req_{number}") for number in range(count)]


def until(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_span_is_read_as_it_was_written(traces: Traces) -> None:
    traces.add(SPAN, FULL)
    assert traces.log.recent(traces.project_id) == [FULL, SPAN]
    until(lambda: traces.written() == 2)
    assert traces.log.recent(traces.project_id) == [FULL, SPAN]


def test_every_span_is_read_once_while_they_are_written(traces: Traces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "SPAN_PAUSE_S", 0)
    monkeypatch.setattr(bounds, "SPANS_AT_ONCE", 3)
    for number, span in enumerate(spans(200)):
        traces.add(span)
        seen = [each.request_id for each in traces.log.recent(traces.project_id, 7)]
        assert seen == [f"req_{each}" for each in range(number, max(-1, number - 7), -1)]


def test_the_newest_come_first_and_no_more_than_asked_for(traces: Traces) -> None:
    traces.add(*spans(120))
    recent = traces.log.recent
    for _ in range(2):
        assert [span.request_id for span in recent(traces.project_id, 3)] == ["req_119", "req_118", "req_117"]
        assert len(recent(traces.project_id)) == 100
        assert len(recent(traces.project_id, 10**9)) == 120
        assert recent(traces.project_id, -1) == []
        until(lambda: traces.written() == 120)


def test_a_project_sees_and_deletes_its_own_spans_only(traces: Traces) -> None:
    other = traces.platform.create_project().project_id
    traces.add(SPAN)
    until(lambda: traces.written() == 1)
    traces.add(FULL)
    assert traces.log.recent(other) == []
    assert traces.log.clear(other) == 0
    assert traces.log.clear(traces.project_id) == 2
    assert traces.log.recent(traces.project_id) == []
    with pytest.raises(LookupError):
        traces.log.recent("proj_none")


def test_spans_outlive_the_server(tmp_path: Path) -> None:
    for expected in ([], [FULL]):
        traces = Traces(tmp_path / "to11.db")
        assert traces.log.recent(traces.project_id) == expected
        traces.add(FULL)
        traces.close()
    assert [path.name for path in tmp_path.iterdir()] == ["to11.db"]


def test_what_no_database_can_hold_costs_no_span(traces: Traces) -> None:
    odd = replace(SPAN, user_id="\ud800x", prompt_labels=("\ud800",), input_tokens=10**30, output_tokens=2**63 - 1)
    long = replace(SPAN, model="m" * 10**6, prompt_labels=("l" * 5000,) * 5000)
    traces.add(odd, long)
    cut, found = traces.log.recent(traces.project_id)
    assert found == replace(odd, user_id="?x", prompt_labels=("?",), input_tokens=None)
    assert cut.model == "m" * bounds.MAX_SPAN_TEXT
    assert cut.prompt_labels == ("l" * bounds.MAX_SPAN_TEXT,) * bounds.MAX_SPAN_LABELS
    until(lambda: traces.written() == 2)
    assert traces.log.recent(traces.project_id) == [cut, found]


def test_the_oldest_spans_are_dropped_when_there_are_too_many(traces: Traces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_TRACES", 50)
    monkeypatch.setattr(bounds, "SPANS_AT_ONCE", 10)
    traces.add(*spans(237))
    traces.log.close()
    kept = [span.request_id for span in traces.log.recent(traces.project_id, 1000)]
    assert kept == [f"req_{number}" for number in range(236, 236 - len(kept), -1)]
    assert 30 <= len(kept) <= 50


def test_the_oldest_spans_are_dropped_when_they_are_too_large(traces: Traces, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_TRACE_BYTES", 20_000)
    monkeypatch.setattr(bounds, "SPANS_AT_ONCE", 10)
    traces.add(*(replace(span, model="é" * 500) for span in spans(100)))
    traces.log.close()
    assert 5 <= traces.written() <= 20


def test_the_traces_of_a_local_to11_do_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounds, "MAX_TRACES", 8)
    monkeypatch.setattr(bounds, "SPANS_AT_ONCE", 2)
    with LocalTo11() as to11:
        caller = Caller(to11)
        for _ in range(40):
            assert caller.chat().status == 200
        until(lambda: len(to11.traces(1000)) <= 8)
        assert to11.traces(1000) != []


def test_dropping_ends_if_another_server_has_deleted_the_spans(traces: Traces, monkeypatch: pytest.MonkeyPatch) -> None:
    traces.add(*spans(40))
    traces.log.close()
    monkeypatch.setattr(bounds, "MAX_TRACES", 30)
    transactions: list[int] = []

    class Emptied:
        reading = traces.platform.reading

        @contextmanager
        def records(self) -> Generator[Any]:
            transactions.append(1)
            assert len(transactions) < 5
            with traces.platform.records() as tx:
                gateway_records.clear_spans(tx, traces.project_id)
                yield tx

    kept: Any = Emptied()
    TraceBounds(kept).count(1, 1)
    assert len(transactions) == 1


def test_spans_wait_for_the_data_file_and_the_oldest_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(bounds, "STORAGE_WAIT_S", 0.01)
    monkeypatch.setattr(bounds, "SPAN_RETRY_S", 0.01)
    monkeypatch.setattr(bounds, "SPANS_AT_ONCE", 5)
    monkeypatch.setattr(bounds, "MAX_WAITING_SPANS", 20)
    traces = Traces(tmp_path / "to11.db")
    with holding(tmp_path / "to11.db"):
        traces.add(*spans(5))
        until(lambda: "spans wait" in caplog.text)
        traces.add(*spans(100)[5:])
        assert traces.log.recent(traces.project_id, 1)[0].request_id == "req_99"
        assert traces.written() == 0
    traces.log.close()
    kept = [span.request_id for span in traces.log.recent(traces.project_id)]
    assert kept == [f"req_{number}" for number in [*range(99, 79, -1), 4, 3, 2, 1, 0]]
    assert caplog.text.count("spans wait to be written") == caplog.text.count("another program") == 1
    traces.close()


def test_a_span_as_json() -> None:
    shown = FULL.as_json()
    assert json.loads(json.dumps(shown)) == shown
    assert (shown["traceId"], shown["latencyMs"], shown["isStream"]) == (TRACE, 12.5, True)
    assert shown["promptLabels"] == ["production", "live"]
    assert SPAN.as_json()["promptLabels"] == []


def test_a_call_joins_the_callers_trace() -> None:
    context = TraceContext.begin(f"00-{TRACE}-{PARENT}-01", SpanIds(1))
    assert (context.trace_id, context.parent_span_id, context.flags) == (TRACE, PARENT, "01")
    assert context.span_id != PARENT
    assert context.traceparent == f"00-{TRACE}-{context.span_id}-01"


@pytest.mark.parametrize(
    ("given", "kept"), [("00", "00"), ("01", "01"), ("02", "02"), ("03", "03"), ("fe", "02"), ("ff", "03")]
)
def test_the_flags_that_are_defined_go_on(given: str, kept: str) -> None:
    context = TraceContext.begin(f"00-{TRACE}-{PARENT}-{given}", SpanIds())
    assert (context.flags, context.traceparent[-3:]) == (kept, f"-{kept}")


@pytest.mark.parametrize("later", [f"cc-{TRACE}-{PARENT}-01", f" cc-{TRACE}-{PARENT}-01-what-ever "])
def test_a_later_version_is_understood(later: str) -> None:
    assert TraceContext.begin(later, SpanIds()).trace_id == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "nonsense",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}",
        f"cc-{TRACE}-{PARENT}-01x",
    ],
)
def test_without_a_valid_header_a_trace_begins(header: str | None) -> None:
    context = TraceContext.begin(header, SpanIds())
    assert context.trace_id != TRACE
    assert context.parent_span_id is None
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-01", context.traceparent)


@given(st.text())
def test_any_header_gives_a_context(header: str) -> None:
    assert len(TraceContext.begin(header, SpanIds()).trace_id) == 32


def test_ids_are_random_or_as_the_seed_says() -> None:
    ids, again = SpanIds("x"), SpanIds("x")
    first = [ids.new(8) for _ in range(3)]
    assert first == [again.new(8) for _ in range(3)]
    assert len({*first, SpanIds().new(8), SpanIds().new(8)}) == 5
    assert all(len(each) == 16 for each in first)


def test_where_a_call_comes_from() -> None:
    headers = {
        "x-to11-prompt-id": "p",
        "x-to11-prompt-version": "3",
        "x-to11-prompt-labels": "production, live,",
        "x-to11-session-id": "s",
        "x-to11-conversation-id": "c",
        "x-conversation-id": "other",
        "x-to11-user-id": "u",
        "content-type": "",
    }
    assert Origin.of(headers, "body") == Origin("p", 3, ("production", "live"), "s", "c", "u")
    assert Origin.of({"x-conversation-id": "other"}, "body") == Origin(conversation_id="other", user_id="body")
    assert Origin.of({}, {"id": 1}) == Origin.of({}) == Origin.of({}, "") == Origin()


@pytest.mark.parametrize("name", ["x-to11-session-id", "x-to11-prompt-labels", "x-to11-env"])
def test_an_empty_header_is_refused(name: str) -> None:
    with pytest.raises(GatewayProblem) as caught:
        Origin.of({name: " "})
    assert (caught.value.status, caught.value.code) == (400, "empty_header")
    assert name in caught.value.message


@pytest.mark.parametrize("version", ["one", "1.5", "-1", "9" * 30, "٣"])
def test_a_version_is_a_number(version: str) -> None:
    with pytest.raises(GatewayProblem) as caught:
        Origin.of({"x-to11-prompt-version": version})
    assert (caught.value.status, caught.value.code) == (400, "invalid_header")


def test_spans_that_come_while_others_are_written_wait_for_the_next_pause(
    traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[int] = []

    def add_spans(_tx: Any, _columns: Any, rows: list[Any]) -> None:
        written.append(len(rows))
        traces.add(SPAN)

    monkeypatch.setattr(gateway_records, "add_spans", add_spans)
    monkeypatch.setattr(bounds, "SPAN_PAUSE_S", 30.0)
    traces.add(*spans(3))
    traces.log.close()
    assert written == [3]


class EndedLate(threading.Event):
    """Is set by another thread just after a wait for it has timed out."""

    def __init__(self, end: Callable[[], None]) -> None:
        super().__init__()
        self.ending = threading.Thread(target=end, daemon=True)

    def wait(self, timeout: float | None = None) -> bool:
        if self.ending.ident is not None:
            return super().wait(timeout)
        self.ending.start()
        super().wait()
        time.sleep(0.05)  # for what else it does
        return False


def test_an_end_just_after_the_pause_is_not_missed(traces: Traces) -> None:
    closing = EndedLate(traces.log.close)
    traces.log._closing = closing  # pyright: ignore[reportPrivateUsage]
    traces.add(SPAN)
    until(lambda: closing.ending.ident is not None)
    closing.ending.join(20)
    assert not closing.ending.is_alive()
