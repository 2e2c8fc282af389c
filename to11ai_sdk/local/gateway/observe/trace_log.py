"""Keeps the spans of all calls: a thread of its own writes them in batches, so that no reply waits for one."""

from __future__ import annotations

import logging
import math
from collections import deque
from contextlib import ExitStack
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING, Any

from ... import bounds
from ...store import StorageProblem, gateway_records
from .traces import COLUMNS, Span, SpanRow, as_row, identity, size_of, span_of, stored

if TYPE_CHECKING:
    from ...service import Platform

_log = logging.getLogger(__name__)


class TraceLog:
    """The spans of all projects.

    Args:
        platform: the projects, whose store keeps the spans.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._waiting: deque[SpanRow] = deque(maxlen=bounds.MAX_WAITING_SPANS)
        self._batch: list[SpanRow] = []
        self._moving = Lock()
        self._has_some = Event()
        self._closing = Event()
        self._starting = Lock()
        self._thread: Thread | None = None
        self._is_failing = False
        self._bounds = TraceBounds(platform)

    def add(self, row: SpanRow) -> None:
        """Add a span; it is read from now on, and written soon."""
        self._waiting.append(row)
        if self._thread is None:
            self._start()
        if not self._has_some.is_set():
            self._has_some.set()

    def recent(self, project_id: str, limit: int = 100) -> list[Span]:
        """Return the newest spans of a project, newest first, at most ``bounds.MAX_SHOWN_TRACES``.

        Raises:
            LookupError: there is no such project.
            StorageProblem: the data file cannot be read.
        """
        limit = max(0, min(limit, bounds.MAX_SHOWN_TRACES))
        # Read in this order, no span is missed, and one that is written meanwhile is found twice.
        waiting = [as_row(row) for row in self._pending() if row[0] == project_id]
        with self._platform.owner(project_id, write=False) as session:
            written = gateway_records.newest_spans(session.tx, project_id, limit + len(waiting))
        known = {identity(row) for row in written}
        newer = [row for row in reversed(waiting) if identity(row) not in known]
        return [span_of(row) for row in (newer + written)[:limit]]

    def clear(self, project_id: str) -> int:
        """Delete the spans of a project; return how many there were.

        Raises:
            StorageProblem: the data file cannot be written.
        """
        with self._platform.records() as tx, self._moving:
            # No batch is written meanwhile: only one transaction writes at a time.
            waiting = [*self._batch, *(self._waiting.popleft() for _ in range(len(self._waiting)))]
            self._batch = [row for row in waiting if row[0] != project_id]
            return len(waiting) - len(self._batch) + gateway_records.clear_spans(tx, project_id)

    def close(self) -> None:
        """Write what waits, and end."""
        self._closing.set()
        self._has_some.set()
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = Thread(target=self._run, name="to11-spans", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            self._has_some.wait()
            self._closing.wait(bounds.SPAN_PAUSE_S)
            self._has_some.clear()
            # Only now: what is set after this line ends the next wait, too.
            is_last = self._closing.is_set()
            self._write_all()
        if self._pending():
            _log.error("%d spans were lost", len(self._pending()))

    def _write_all(self) -> None:
        try:
            # Spans that come meanwhile wait for the next pause, or each would be a transaction of its own.
            is_full = True
            while is_full and self._next_batch():
                is_full = len(self._batch) >= bounds.SPANS_AT_ONCE
                self._write_batch()
        except StorageProblem as exc:
            self._wait_for_storage(exc)
        else:
            self._is_failing = False

    def _next_batch(self) -> bool:
        """Move spans to the batch, unless it still has some; return whether it has any."""
        with self._moving:
            while self._waiting and len(self._batch) < bounds.SPANS_AT_ONCE:
                self._batch.append(self._waiting.popleft())
            return bool(self._batch)

    def _pending(self) -> list[SpanRow]:
        with self._moving:
            return [*self._batch, *self._waiting.copy()]

    def _write_batch(self) -> None:
        rows: list[list[Any]] = []
        with ExitStack() as until_emptied:
            try:
                with self._platform.records() as tx:
                    rows = [stored(row) for row in self._batch]
                    gateway_records.add_spans(tx, COLUMNS, rows)
                    until_emptied.enter_context(self._moving)
            except StorageProblem:
                raise
            except Exception:
                _log.exception("%d spans were lost", len(self._batch))
            self._batch = []
        self._bounds.count(len(rows), sum(map(size_of, rows)))

    def _wait_for_storage(self, problem: StorageProblem) -> None:
        if not self._is_failing:
            most = bounds.MAX_WAITING_SPANS
            _log.error("spans wait to be written (%s); beyond %d the oldest are dropped", problem.code, most)
        self._is_failing = True
        self._has_some.set()
        self._closing.wait(bounds.SPAN_RETRY_S)


class TraceBounds:
    """Drops the oldest spans when there are too many, or when they are too large together.

    Args:
        platform: the projects, whose store keeps the spans.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._number = 0
        self._size = 0
        self._uncounted = math.inf  # written since all were counted; at first nobody knows

    def count(self, number: int, size: int) -> None:
        """Count spans that were written."""
        self._number += number
        self._size += size
        self._uncounted += number
        # Other servers that share the store write some, too.
        if self._uncounted > bounds.MAX_TRACES // 20 or self._exceed(1.0):
            self._count_all()
        if self._exceed(1.0):
            while self._exceed(0.9):
                self._drop()

    def _exceed(self, share: float) -> bool:
        return self._number > share * bounds.MAX_TRACES or self._size > share * bounds.MAX_TRACE_BYTES

    def _count_all(self) -> None:
        with self._platform.reading() as tx:
            totals = gateway_records.span_totals(tx)
        self._number, self._size = totals["number"], totals["size"]
        self._uncounted = 0

    def _drop(self) -> None:
        with self._platform.records() as tx:
            oldest = gateway_records.span_totals(tx, bounds.SPANS_AT_ONCE)
            gateway_records.drop_spans(tx, oldest["last"])
        # Others may have deleted spans since they were counted.
        self._number = self._number - oldest["number"] if oldest["number"] else 0
        self._size = self._size - oldest["size"] if self._number > 0 else 0
