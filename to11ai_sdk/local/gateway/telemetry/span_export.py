"""Sends spans by OTLP with OpenTelemetry's own SDK: its processor sends them together, in a thread of its own."""

from __future__ import annotations

import logging
import os
import time
from datetime import timezone
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import requests
from opentelemetry.exporter.otlp.proto.http import trace_exporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanKind, Status, StatusCode, TraceFlags

from ....settings import __version__
from ... import bounds
from ..observe.traces import COLUMNS
from . import exporter_environment
from .call_details import CallDetails, Try
from .collector_session import CollectorSession
from .gen_ai import attributes_of, of_target, sendable, span_name
from .library_log import LibraryLog
from .lost_spans import LostSpans
from .prompt_names import PromptNames
from .span_contexts import contexts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...service import Platform
    from ..call import AdmittedCall
    from ..observe.traces import SpanRow
    from ..observe.watch import ReplyFacts
    from ..routing import Attempt
    from ..upstream.attempts import Reached

_SCOPE = InstrumentationScope("to11ai_sdk", __version__)
_STARTED_AT, _LATENCY_MS = COLUMNS.index("started_at"), COLUMNS.index("latency_ms")
_ERROR, _UNSET = Status(StatusCode.ERROR), Status(StatusCode.UNSET)


class SpanExport:
    """Sends the spans of calls to a collector.

    Args:
        url: the URL to send spans to.
        platform: knows the slugs of prompts.
        timer: returns seconds of a clock that never goes back.

    Attributes:
        lost: the spans that were not sent.
    """

    def __init__(self, url: str, platform: Platform, timer: Callable[[], float] = time.monotonic) -> None:
        self.lost: LostSpans = LostSpans(url, timer)
        self._timer = timer
        self._resource = _resource()
        self._exporter = _Exporter(url, self.lost, PromptNames(platform, timer), CollectorSession(timer))
        self._processor = BatchSpanProcessor(
            self._exporter,
            max_queue_size=bounds.MAX_OTLP_SPANS,
            schedule_delay_millis=bounds.OTLP_PAUSE_S * 1000,
            max_export_batch_size=bounds.OTLP_AT_ONCE,
        )

    def new_facts(self) -> CallDetails:
        """Return an object for the facts about a reply."""
        return CallDetails(self._timer)

    def watched(self, facts: ReplyFacts, ask: Callable[[Attempt], Reached]) -> Callable[[Attempt], Reached]:
        """Return a function that asks a target, and notes that among the facts."""
        return facts.watched(ask) if isinstance(facts, CallDetails) else ask

    def add(self, call: AdmittedCall, attempt: Attempt | None, facts: ReplyFacts, row: SpanRow) -> None:
        """Send the span of a call, soon, unless its trace is not sampled; never wait for that."""
        if not isinstance(facts, CallDetails) or not int(call.context.flags, 16) & TraceFlags.SAMPLED:
            return
        if self._exporter.has_room():
            self._processor.on_end(self._span(call, attempt, facts, row))
        else:
            self.lost.add(1, f"{bounds.MAX_OTLP_SPANS} others wait")

    def close(self) -> None:
        """Send what waits, for a short time, and end."""
        closing = Thread(target=self._processor.shutdown, name="to11-otlp-close", daemon=True)
        closing.start()
        closing.join(bounds.OTLP_CLOSE_S)
        self._exporter.end()

    def _span(self, call: AdmittedCall, attempt: Attempt | None, details: CallDetails, row: SpanRow) -> ReadableSpan:
        attributes = attributes_of(call, attempt, details, row)
        start, latency_ms = row[_STARTED_AT], row[_LATENCY_MS]
        start_ns = int(start.replace(tzinfo=start.tzinfo or timezone.utc).timestamp() * 1e6) * 1000
        context, parent = contexts_of(call)
        return _CallSpan(
            span_name(attributes),
            context,
            parent,
            self._resource,
            attributes,
            [_event(each, start_ns) for each in details.tries] if len(details.tries) > 1 else (),
            kind=SpanKind.CLIENT,
            status=_ERROR if "error.type" in attributes else _UNSET,
            start_time=start_ns,
            end_time=start_ns + int(latency_ms * 1e6),
            instrumentation_scope=_SCOPE,
        )


class _CallSpan(ReadableSpan):
    """A span that gets the name of its prompt only in the thread that sends it."""

    def name_prompt(self, names: PromptNames) -> None:
        known: Any = self._attributes
        prompt_id = known.get("to11.prompt.id")
        slug = names.of(known["to11.project.id"], prompt_id) if prompt_id else None
        if slug is not None:
            known["gen_ai.prompt.name"] = slug
            if (version := known.get("to11.prompt.version")) is not None:
                known["gen_ai.prompt.version"] = str(version)


class _Exporter(SpanExporter):
    """OpenTelemetry's exporter, and how many spans it has still to send."""

    def __init__(self, url: str, lost: LostSpans, names: PromptNames, session: CollectorSession) -> None:
        limit_s = exporter_environment.timeout_s()
        self._inner = trace_exporter.OTLPSpanExporter(endpoint=url, timeout=limit_s, session=session)
        self._session = session
        self._lost = lost
        self._names = names
        self._waiting = 0
        self._has_ended = False
        self._lock = Lock()
        self._said = LibraryLog()
        self._log = logging.getLogger(trace_exporter.__name__)
        self._log.addFilter(self._said)

    def has_room(self) -> bool:
        """Take the place of one more span; return whether there was one."""
        with self._lock:
            has_room = self._waiting < bounds.MAX_OTLP_SPANS
            self._waiting += has_room
        return has_room

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans, and count those that are lost."""
        self._said.watch()
        self._session.problem = ""
        result = SpanExportResult.FAILURE
        try:
            for span in spans:
                if self._has_ended:  # then the store may be closed
                    return result
                if isinstance(span, _CallSpan):
                    span.name_prompt(self._names)
            result = self._inner.export(spans)
        except requests.RequestException:  # which older versions let through; the session keeps what it says
            pass
        finally:
            with self._lock:
                self._waiting -= len(spans)
            lost = self._session.rejected if result is SpanExportResult.SUCCESS else len(spans)
            if lost and not self._has_ended:
                self._lost.add(min(lost, len(spans)), self._reason("the exporter failed"))
        return result

    def shutdown(self) -> None:
        """Do nothing: :meth:`end` does it, at a time of its own."""

    def end(self) -> None:
        """End, without what has not been sent by now."""
        self._has_ended = True
        shutdown: Callable[[], None] = self._inner.shutdown
        shutdown()
        reason = self._reason("the server stopped before it answered")
        if self._waiting:
            self._lost.add(self._waiting, reason)
        else:
            self._log.removeFilter(self._said)
        self._lost.log(reason)

    def _reason(self, otherwise: str) -> str:
        return self._session.problem or self._said.latest or otherwise


def _resource() -> Resource:
    """Return the description of this process; OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES take precedence."""
    own: dict[str, str | int] = {
        "service.name": "to11-local",
        "service.version": __version__,
        "process.pid": os.getpid(),
    }
    own["service.instance.id"] = str(uuid4())
    return Resource.create(own).merge(OTELResourceDetector().detect())


def _event(tried: Try, start_ns: int) -> Event:
    known: dict[str, Any] = {
        **of_target(tried.attempt.provider),
        "to11.provider.id": tried.attempt.provider_id,
        "gen_ai.request.model": tried.attempt.model,
        "to11.attempt.duration": tried.lasted_s,
        "http.response.status_code": tried.status,
        "error.type": tried.error,
    }
    return Event("to11.attempt", dict(sendable(known)), start_ns + int(tried.after_s * 1e9))
