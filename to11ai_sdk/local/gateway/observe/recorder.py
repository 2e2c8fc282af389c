"""Writes each call down once, when its end is known."""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING, Any

from ...service.session import timestamp
from .traces import Span, record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ...service import Platform
    from ..call import Call
    from ..gateway_problem import GatewayProblem

_log = logging.getLogger(__name__)


class Recorder:
    """Keeps the spans of calls.

    Args:
        platform: the projects that the calls are of.
        timer: seconds from some moment on; never goes back.
    """

    def __init__(self, platform: Platform, timer: Callable[[], float]) -> None:
        self._platform = platform
        self._timer = timer

    def begin(self, call: Call) -> Ending:
        """A call begins."""
        return Ending(self, call, self._platform.now(), self._timer)

    def keep(self, project_id: str, span: Span) -> None:
        """Keep a span; a call does not fail because that does."""
        try:
            with self._platform.owner(project_id) as session:
                record(session, span)
        except Exception:
            _log.exception("the span of a call was not kept")


class Ending:
    """How a call ends; the first time it is told counts."""

    def __init__(self, recorder: Recorder, call: Call, started_at: datetime, timer: Callable[[], float]) -> None:
        self._recorder = recorder
        self._call = call
        self._started_at = started_at
        self._timer = timer
        self._begun = timer()
        self._open = True
        self._lock = Lock()

    def __call__(self, problem: GatewayProblem | None, status: int = 200) -> None:
        """The call has ended: with a problem, or with this status. One without a project is not written down."""
        with self._lock:
            is_first, self._open = self._open, False
        if is_first and self._call.project_id:
            self._recorder.keep(self._call.project_id, self._span(problem, status))

    def _span(self, problem: GatewayProblem | None, status: int) -> Span:
        call = self._call
        # What was sent of a stream was sent with a status that nothing changes any more.
        failed = problem is not None and not call.is_stream
        return Span(
            trace_id=call.context.trace_id,
            span_id=call.context.span_id,
            parent_span_id=call.context.parent_span_id,
            request_id=call.incoming.request_id,
            started_at=timestamp(self._started_at),
            latency_ms=round((self._timer() - self._begun) * 1000, 3),
            endpoint=call.match.endpoint.name,
            is_stream=call.is_stream,
            status=problem.status if failed and problem else status,
            error_code=problem.header_code if problem else None,
            cache=call.cache,
            input_tokens=call.facts.input_tokens,
            output_tokens=call.facts.output_tokens,
            **_route(call, problem.details if problem else {}),
            **vars(call.origin),
        )


def _route(call: Call, details: Mapping[str, Any]) -> dict[str, Any]:
    """Where the call went; ``details`` are those of its problem, which names the rule that led nowhere."""
    asked = call.attempt
    chosen = asked or (call.plan.attempts[0] if call.plan else None)
    return {
        "env": call.env,
        "model": call.asked_model,
        "provider_id": asked.provider_id if asked else None,
        "upstream_model": asked.model if asked else None,
        "rule_id": chosen.rule_id if chosen else details.get("rule"),
        "version_id": chosen.version_id if chosen else details.get("version"),
        "release_id": chosen.release_id if chosen else None,
        "variant": chosen.variant if chosen else None,
    }
