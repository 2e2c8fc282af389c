"""Records each call as one span, when it ends."""

from __future__ import annotations

import logging
from threading import Lock
from typing import TYPE_CHECKING, Protocol

from ... import bounds
from ...json_input.reader import read_json_or_none
from ..call import AdmittedCall, C, PlacedCall, ReceivedCall, RoutedCall, UnderstoodCall
from ..gateway_problem import HUNG_UP, GatewayProblem, hung_up
from ..trace_context import Origin
from .watch import ReplyFacts

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from ..answer import Answer
    from ..routing import Attempt
    from ..upstream.attempts import Reached
    from .trace_log import TraceLog
    from .traces import SpanRow

_log = logging.getLogger(__name__)


class Export(Protocol):
    """Sends spans elsewhere, too."""

    def new_facts(self) -> ReplyFacts:
        """Return an object for the facts about a reply."""
        ...

    def watched(self, facts: ReplyFacts, ask: Callable[[Attempt], Reached]) -> Callable[[Attempt], Reached]:
        """Return a function that asks a target, and notes that among the facts."""
        ...

    def add(self, call: AdmittedCall, attempt: Attempt | None, facts: ReplyFacts, row: SpanRow) -> None:
        """Send the span of a call, soon."""
        ...

    def close(self) -> None:
        """Send what waits, for a short time, and end."""
        ...


class Recorder:
    """Keeps the spans of calls.

    Args:
        traces: keeps them.
        clock: returns the time.
        timer: returns seconds of a clock that never goes back.
        export: sends them elsewhere, too.
    """

    def __init__(
        self,
        traces: TraceLog,
        clock: Callable[[], datetime],
        timer: Callable[[], float],
        export: Export | None = None,
    ) -> None:
        self._traces = traces
        self._clock = clock
        self._timer = timer
        self.export: Export | None = export

    def begin(self, call: ReceivedCall) -> CallRecord:
        """Start the record of a call."""
        return CallRecord(self, call, self._clock(), self._timer)

    def keep(self, row: SpanRow, call: AdmittedCall, attempt: Attempt | None, facts: ReplyFacts) -> None:
        """Keep the span of a call; if that fails, the call does not."""
        try:
            self._traces.add(row)
            if self.export is not None:
                self.export.add(call, attempt, facts, row)
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
        self.facts: ReplyFacts = ReplyFacts() if recorder.export is None else recorder.export.new_facts()
        self.is_stream: bool = False
        self.cache: str | None = None
        self._recorder = recorder
        self._started_at = started_at
        self._timer = timer
        self._begun = timer()
        self._open = True
        self._lock = Lock()

    def enter(self, call: C) -> C:
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
            row = self._row(self.call, problem, status)
            self._recorder.keep(row, self.call, self.attempt, self.facts)

    def watched(self, ask: Callable[[Attempt], Reached]) -> Callable[[Attempt], Reached]:
        """Return a function that asks a target, and notes that if the span is exported."""
        export = self._recorder.export
        return ask if export is None else export.watched(self.facts, ask)

    def _row(self, call: AdmittedCall, problem: GatewayProblem | None, status: int) -> SpanRow:
        """Return the span in the order of ``traces.COLUMNS``."""
        # The status of a stream that has begun has been sent and cannot change, unless nobody reads it to its end.
        failed = problem is not None and (not self.is_stream or problem.status == HUNG_UP)
        context, tried, facts = call.context, self.attempt, self.facts
        return (
            call.project_id,
            context.trace_id,
            context.span_id,
            context.parent_span_id,
            call.incoming.request_id,
            self._started_at,
            round((self._timer() - self._begun) * 1000, 3),
            call.match.endpoint.name,
            call.env if isinstance(call, PlacedCall) else None,
            _cut(call.model) if isinstance(call, UnderstoodCall) else None,
            tried.provider_id if tried else None,
            tried.model if tried else None,
            self.is_stream,
            problem.status if failed and problem else status,
            problem.header_code if problem else None,
            facts.input_tokens,
            facts.output_tokens,
            *_rule(call, tried, problem),
            self.cache,
            *(_origin(call.origin) if isinstance(call, UnderstoodCall) else _NO_ORIGIN),
        )


def _rule(call: AdmittedCall, tried: Attempt | None, problem: GatewayProblem | None) -> SpanRow:
    """Return rule, version, release and variant; the details of a problem name a rule without a usable target."""
    chosen = tried or (call.plan.attempts[0] if isinstance(call, RoutedCall) else None)
    if chosen is not None:
        return chosen.rule_id, chosen.version_id, chosen.release_id, chosen.variant
    details = problem.details if problem else {}
    return details.get("rule"), details.get("version"), None, None


def _origin(origin: Origin) -> SpanRow:
    return (
        origin.prompt_id,
        origin.prompt_version,
        origin.prompt_labels,
        origin.session_id,
        origin.conversation_id,
        _cut(origin.user_id),
    )


def _cut(text: str | None) -> str | None:
    """Return a text of a body as the span has it; many spans may wait in memory."""
    return text if text is None else text[: bounds.MAX_SPAN_TEXT]


_NO_ORIGIN = _origin(Origin())
