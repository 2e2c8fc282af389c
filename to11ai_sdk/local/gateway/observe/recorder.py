"""Records each call as one span, when it ends."""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING, Any

from ...json_input.reader import read_json_or_none
from ...service.session import timestamp
from ..call import AdmittedCall, C, PlacedCall, ReceivedCall, RoutedCall, UnderstoodCall
from ..gateway_problem import HUNG_UP, GatewayProblem, hung_up
from .traces import Span, record
from .watch import ReplyFacts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from ...service import Platform
    from ..answer import Answer
    from ..routing import Attempt

_log = logging.getLogger(__name__)


class Recorder:
    """Keeps the spans of calls.

    Args:
        platform: the projects of the calls.
        timer: returns seconds of a clock that never goes back.
    """

    def __init__(self, platform: Platform, timer: Callable[[], float]) -> None:
        self._platform = platform
        self._timer = timer

    def begin(self, call: ReceivedCall) -> CallRecord:
        """Start the record of a call."""
        return CallRecord(self, call, self._platform.now(), self._timer)

    def keep(self, project_id: str, span: Span) -> None:
        """Store a span; if that fails, the call does not."""
        try:
            with self._platform.owner(project_id) as session:
                record(session, span)
        except Exception:
            _log.exception("the span of a call was not kept")


class CallRecord:
    """The observations of a call while it is answered; recorded once, when it first ends.

    Attributes:
        call: the last stage reached.
        attempt: the last target tried.
        facts: the facts known about the reply.
        is_stream: whether the reply is sent as a stream.
        cache: ``"hit"`` or ``"miss"`` if the cache was used.
    """

    def __init__(
        self, recorder: Recorder, call: ReceivedCall, started_at: datetime, timer: Callable[[], float]
    ) -> None:
        self.call: ReceivedCall = call
        self.attempt: Attempt | None = None
        self.facts: ReplyFacts = ReplyFacts()
        self.is_stream: bool = False
        self.cache: str | None = None
        self._recorder = recorder
        self._started_at = started_at
        self._timer = timer
        self._begun = timer()
        self._open = True
        self._lock = Lock()

    def reach(self, call: C) -> C:
        """Record the next stage of the call, and return it."""
        self.call = call
        return call

    def hit(self, first: Attempt, answer: Answer) -> None:
        """Record an answer from the cache, for a call that would have gone to this target first."""
        self.cache = "hit"
        self.attempt = first
        self.facts.read(read_json_or_none(answer.body) if isinstance(answer.body, bytes) else None)

    def end(self, problem: GatewayProblem | None, status: int = 200) -> None:
        """End the call with a problem, or with this status; only the first call of this method counts.

        A call that was not admitted is not recorded. If the caller has hung up, that is the problem.
        """
        if self.call.incoming.hang_up.happened:
            problem = hung_up()
        with self._lock:
            is_first, self._open = self._open, False
        if is_first and isinstance(self.call, AdmittedCall):
            self._recorder.keep(self.call.project_id, self._span(self.call, problem, status))

    def _span(self, call: AdmittedCall, problem: GatewayProblem | None, status: int) -> Span:
        # The status of a stream that has begun has been sent and cannot change, unless nobody reads it to its end.
        failed = problem is not None and (not self.is_stream or problem.status == HUNG_UP)
        return Span(
            trace_id=call.context.trace_id,
            span_id=call.context.span_id,
            parent_span_id=call.context.parent_span_id,
            request_id=call.incoming.request_id,
            started_at=timestamp(self._started_at),
            latency_ms=round((self._timer() - self._begun) * 1000, 3),
            endpoint=call.match.endpoint.name,
            is_stream=self.is_stream,
            status=problem.status if failed and problem else status,
            error_code=problem.header_code if problem else None,
            cache=self.cache,
            input_tokens=self.facts.input_tokens,
            output_tokens=self.facts.output_tokens,
            **_route(call, self.attempt, problem.details if problem else {}),
            **(vars(call.origin) if isinstance(call, UnderstoodCall) else {}),
        )


def _route(call: AdmittedCall, tried: Attempt | None, details: Mapping[str, Any]) -> dict[str, Any]:
    """Return the route of a call; ``details`` of its problem name a rule that had no usable target."""
    chosen = tried or (call.plan.attempts[0] if isinstance(call, RoutedCall) else None)
    return {
        "env": call.env if isinstance(call, PlacedCall) else None,
        "model": call.model if isinstance(call, UnderstoodCall) else None,
        "provider_id": tried.provider_id if tried else None,
        "upstream_model": tried.model if tried else None,
        "rule_id": chosen.rule_id if chosen else details.get("rule"),
        "version_id": chosen.version_id if chosen else details.get("version"),
        "release_id": chosen.release_id if chosen else None,
        "variant": chosen.variant if chosen else None,
    }
