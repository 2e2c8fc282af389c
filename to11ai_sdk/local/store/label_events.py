"""Stores label events, and finds a page of them in steps that do not grow with their number.

Events are only added. So each has a place: 1 for the first event of its list, and so on. The list may be that of a
project or a prompt, of all labels or of one. ``prompt_label_event_totals`` has the last place of each list, and
``prompt_label_event_marks`` the sequence of every 1000th event. As long as the clock never went back, a range of time
is a range of places, too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .pages import Order, page

if TYPE_CHECKING:
    from .transaction import Row, Transaction

_POINT = """
INSERT INTO prompt_labels (prompt_id, label, event)
SELECT prompt_id, label, sequence FROM prompt_label_events WHERE id = :event_id
ON CONFLICT (prompt_id, label) DO UPDATE SET event = excluded.event
"""
_TOTAL = "SELECT total FROM prompt_label_event_totals WHERE owner_id = :owner_id AND label = :label"
_DISORDER = "SELECT 1 FROM prompt_label_event_disorder WHERE project_id = :project_id"
_MARK = """
SELECT place, sequence FROM prompt_label_event_marks
WHERE owner_id = :owner_id AND label = :label AND {} <= :most ORDER BY {} DESC LIMIT 1
"""
_FIRST = """
SELECT sequence FROM prompt_label_events
WHERE project_id = :project_id AND moved_at {} :moment ORDER BY moved_at, sequence LIMIT 1
"""
_BY_TIME = Order(("moved_at", "sequence"), is_falling=True)


def move(tx: Transaction, event: Row) -> None:
    """Record a move and set the pointer."""
    tx.insert("prompt_label_events", event)
    tx.run(_POINT, event_id=event["id"])


def events(
    tx: Transaction,
    project_id: str,
    *,
    prompt_id: str | None = None,
    label: str | None = None,
    since: str | None = None,
    until: str | None = None,
    limit: int,
    offset: int,
) -> tuple[list[Row], int]:
    """Return the moves on one page, newest first, and how many there are in total.

    Args:
        tx: the transaction.
        project_id: the project.
        prompt_id: only moves on this prompt, which must be the project's.
        label: only moves of this label.
        since: only moves from this time on.
        until: only moves up to this time.
        limit: how many moves the page has at most.
        offset: how many moves precede it.
    """
    found = _Events(tx, project_id, prompt_id, label)
    if since is None and until is None:
        return found.between(0, found.total(), limit, offset)
    if tx.one(_DISORDER, project_id=project_id):
        return found.by_time(since, until, limit, offset)
    before = 0 if since is None else found.places_before(">=", since)
    last = found.total() if until is None else found.places_before(">", until)
    return found.between(before, last, limit, offset)


class _Events:
    """One list of events."""

    def __init__(self, tx: Transaction, project_id: str, prompt_id: str | None, label: str | None) -> None:
        self._tx = tx
        self._project_id = project_id
        owner = "project_id" if prompt_id is None else "prompt_id"
        self._values = {"owner_id": prompt_id or project_id, "label": label or ""}
        self._source = f"FROM prompt_label_events WHERE {owner} = :owner_id"
        if label is not None:
            self._source += " AND label = :label"

    def total(self) -> int:
        """Return how many events there are."""
        return self._tx.value(_TOTAL, **self._values) or 0

    def places_before(self, comparison: str, moment: str) -> int:
        """Return how many events precede the first one of the project at (or after) a moment."""
        first = self._tx.value(_FIRST.format(comparison), project_id=self._project_id, moment=moment)
        if first is None:
            return self.total()
        place, sequence = self._mark("sequence", first - 1)
        sql = f"SELECT count(*) {self._source} AND sequence > :sequence AND sequence < :first"
        return place + int(self._tx.value(sql, **self._values, sequence=sequence, first=first))

    def between(self, before: int, last: int, limit: int, offset: int) -> tuple[list[Row], int]:
        """Return a page of the events after one place up to another, and how many they are."""
        end = last - offset
        begin = max(before, end - limit)
        if end <= begin:
            return [], max(0, last - before)
        place, sequence = self._mark("place", begin)
        sql = f"SELECT * {self._source} AND sequence > :sequence ORDER BY sequence LIMIT :limit OFFSET :offset"
        cut = {"sequence": sequence, "limit": end - begin, "offset": begin - place}
        return self._tx.all(sql, **self._values, **cut)[::-1], last - before

    def by_time(self, since: str | None, until: str | None, limit: int, offset: int) -> tuple[list[Row], int]:
        """Return a page in the order of time, by counting; for projects whose clock went back."""
        source = self._source
        source += "" if since is None else " AND moved_at >= :since"
        source += "" if until is None else " AND moved_at <= :until"
        values = {**self._values, "since": since, "until": until}
        total = int(self._tx.value(f"SELECT count(*) {source}", **values))
        return page(self._tx, f"SELECT * {source}", _BY_TIME, total, limit, offset, **values), total

    def _mark(self, column: str, most: int) -> tuple[int, int]:
        row = self._tx.one(_MARK.format(column, column), **self._values, most=most)
        return (row["place"], row["sequence"]) if row else (0, 0)
