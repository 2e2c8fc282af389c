"""Fetches lists of several pages, page by page while they are read; ends whatever a server answers."""

from __future__ import annotations

from ..errors import To11aiResponseValidationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from ..models.prompts import PaginatedLabelEvents, PaginatedResult, PaginationInfo

MAX_IDLE_PAGES = 100
"""The most pages in a row without a new row; a list that changes while it is read has some."""
MAX_GROWTH = 3
"""How many times its first number of pages a list may take, and ``MAX_IDLE_PAGES`` more."""
MAX_CURSORS = 10_000
"""The most pages of a list that does not say how many it has."""


class _Walk:
    """A walk through the pages of a list; ``name`` is the call that lists them, for errors."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.number = 1
        self._seen: set[str] = set()
        self._total = self._fetched = self._idle = self._most = 0

    def fault(self, text: str) -> To11aiResponseValidationError:
        return To11aiResponseValidationError(f"{self.name}: {text}")

    def new(self, rows: Sequence[Any]) -> list[Any]:
        """Return the rows that have not been seen, each once."""
        found = {row.id: row for row in rows if row.id not in self._seen}
        self._seen.update(found)
        self._fetched += 1
        self._idle = 0 if found else self._idle + 1
        return [*found.values()]

    def check(self, at: PaginationInfo) -> None:
        """Refuse a page that was not asked for, and pages without an end."""
        if at.page != self.number:
            raise self.fault(f"the server answered with page {at.page} where page {self.number} was asked for")
        if self._idle > MAX_IDLE_PAGES:
            raise self.fault(
                f"{self._idle} pages in a row had nothing new; the list changes too fast, or repeats itself"
            )
        if self._fetched == 1:
            self._most = at.total_pages * MAX_GROWTH + MAX_IDLE_PAGES
        elif self._fetched > self._most:
            raise self.fault(f"the list does not end: {self._fetched} pages, and the server names {at.total_pages}")

    def turn(self, at: PaginationInfo, count: int) -> bool:
        """Go to the next page, or back if rows were removed; return whether there is one."""
        removed = max(0, self._total - at.total)
        self._total = at.total
        if removed and self.number > 1:
            self.number = max(1, self.number - -(-removed // max(1, at.limit or count)))
            return True
        if self.number >= at.total_pages:
            return False
        if not count:
            raise self.fault(f"page {self.number} of {at.total_pages} is empty")
        self.number += 1
        return True

    def check_cursor(self) -> None:
        if self._fetched > MAX_CURSORS:
            raise self.fault(f"the list does not end: {self._fetched} pages")


def numbered(name: str, fetch: Callable[[int], PaginatedResult | PaginatedLabelEvents]) -> Iterator[Any]:
    """Yield the rows of a list with numbered pages.

    A row that is inserted moves others to later pages, where they are skipped the second time. A row that is removed
    moves others to earlier pages, which are read again because the total has fallen.
    """
    walk, more = _Walk(name), True
    while more:
        page = fetch(walk.number)
        new = walk.new(page.items)
        walk.check(page.pagination)
        yield from new
        more = walk.turn(page.pagination, len(page.items))


def below(
    name: str, fetch: Callable[[Any], Sequence[Any]], cursor_of: Callable[[Any], object], first: object = None
) -> Iterator[Any]:
    """Yield the rows of a list whose next page starts below the last row of the page before, named by its cursor.

    The list ends with an empty page, or with the row whose cursor is ``first``. New rows come above the cursor, so
    nothing moves.
    """
    walk, cursor = _Walk(name), None
    while page := fetch(cursor):
        new = walk.new(page)
        # A server may count the row of the cursor itself.
        if not new and [cursor_of(row) for row in page] == [cursor]:
            return
        if not new:
            raise walk.fault(f"the page below the cursor {cursor!r:.100} had nothing new; the server repeats itself")
        walk.check_cursor()
        yield from new
        cursor = cursor_of(page[-1])
        if cursor == first:
            return
