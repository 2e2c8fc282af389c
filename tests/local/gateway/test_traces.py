"""Spans: what they say, how they are read again, and how they join the caller's trace."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from routing_harness import Project

from to11ai_sdk.local.gateway.gateway_problem import GatewayProblem
from to11ai_sdk.local.gateway.observe.traces import Span, recent, record
from to11ai_sdk.local.gateway.trace_context import Origin, SpanIds, TraceContext
from to11ai_sdk.local.store import Store

if TYPE_CHECKING:
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


def test_a_span_is_read_as_it_was_written() -> None:
    project = Project()
    with project.session() as session:
        record(session, SPAN)
        record(session, FULL)
        assert recent(session) == [FULL, SPAN]


def test_the_newest_come_first_and_no_more_than_asked_for() -> None:
    project = Project()
    with project.session() as session:
        for number in range(120):
            record(session, replace(SPAN, request_id=f"req_{number}"))
        assert [span.request_id for span in recent(session, 3)] == ["req_119", "req_118", "req_117"]
        assert len(recent(session)) == 100
        assert len(recent(session, 10**9)) == 120
        assert recent(session, -1) == []


def test_a_project_sees_its_own_spans_only() -> None:
    project = Project()
    other = project.platform.create_project()
    with project.session() as session:
        record(session, SPAN)
    with project.platform.owner(other.project_id) as session:
        assert recent(session) == []


def test_spans_outlive_the_server(tmp_path: Path) -> None:
    data = tmp_path / "to11.db"
    for expected in ([], [FULL]):
        platform = type(Project().platform)(Store(data))
        with platform.owner(platform.main.project_id) as session:
            assert recent(session) == expected
            record(session, FULL)
        platform.close()


def test_what_no_database_can_hold_costs_no_span() -> None:
    odd = replace(SPAN, user_id="\ud800x", input_tokens=10**30, output_tokens=2**63 - 1)
    with Project().session() as session:
        record(session, odd)
        assert recent(session) == [replace(odd, user_id="?x", input_tokens=None)]


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
