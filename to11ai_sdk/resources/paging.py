"""Fetches lists of several pages, each page when it is needed; ends whatever a server answers."""

from __future__ import annotations

from ..errors import To11aiResponseValidationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

    from typing_extensions import Self

    from ..models.prompts import PaginatedLabelEvents, PaginatedResult

MAX_IDLE = 100
"""The most pages in a row without a new row; a list that changes while it is read has some."""
MAX_PAGES = 10_000
"""The most pages of a list; one of numbered pages may also have no more than three for each row it names first."""


class _Rows:
    """Iterates over the rows of a list, each once; after an error, from the same page on.

    ``name`` is the call that lists them, ``at`` the next page.
    """

    def __init__(self, name: str, fetch: Callable[[Any], Any], at: Any) -> None:
        self.name = name
        self._at: Any = at
        self._ended: bool = False
        self._pages: int = 0
        self._idle: int = 0
        self._fetch = fetch
        self._seen: set[str] = set()
        self._rows: Iterator[Any] = iter(())

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        while True:
            for row in self._rows:
                return row
            if self._ended:
                raise StopIteration
            self._rows = iter(self.turn(self._fetch(self._at)))

    def turn(self, page: Any) -> list[Any]:
        """Return the new rows of a page, and move on or end."""
        raise NotImplementedError

    def new(self, rows: Sequence[Any]) -> list[Any]:
        """Return the rows that have not been seen, each once."""
        found = {row.id: row for row in rows if row.id not in self._seen}
        self._seen.update(found)
        self._pages += 1
        self._idle = 0 if found else self._idle + 1
        return [*found.values()]

    def fault(self, text: str) -> To11aiResponseValidationError:
        self._ended = True
        return To11aiResponseValidationError(
            f"{self.name}: the list does not end: {text}; {self._pages} pages were read, the last {self._idle} of them "
            "without a new row"
        )


class NumberedPages(_Rows):
    """Iterates over a list with numbered pages.

    A row that is inserted moves others to later pages, where they are skipped the second time. A row that is removed
    moves others to earlier pages, which are read again because the total has fallen.
    """

    def __init__(self, name: str, fetch: Callable[[int], PaginatedResult | PaginatedLabelEvents]) -> None:
        super().__init__(name, fetch, 1)
        self._total = self._most = 0

    def turn(self, page: Any) -> list[Any]:
        number, at, new = self._at, page.pagination, self.new(page.items)
        self._most = self._most or min(3 * at.total, MAX_PAGES) + MAX_IDLE
        removed, self._total = self._total - at.total, at.total
        stuck = not page.items and number < at.total_pages and removed <= 0
        if stuck or at.page != number or self._idle > MAX_IDLE or self._pages > self._most:
            raise self.fault(f"page {number} is page {at.page} of {at.total_pages} with {len(page.items)} rows")
        # While rows are removed all the time, it is enough that a page begins with a row that was seen.
        enough = self._idle > 15 and removed <= at.limit and new[:1] != page.items[:1]
        if removed > 0 and number > 1 and not enough:
            self._at = max(1, number - -(-removed // max(1, at.limit)))
        else:
            self._at, self._ended = number + 1, number >= at.total_pages
        return new


class PagesBelow(_Rows):
    """Iterates over a list whose next page starts below the last row of the page before, named by its cursor.

    The list ends with an empty page, or the row with the cursor ``first``. New rows come above, so nothing moves.
    """

    def __init__(
        self, name: str, fetch: Callable[[Any], Sequence[Any]], cursor_of: Callable[[Any], object], first: object = None
    ) -> None:
        super().__init__(name, fetch, None)
        self._cursor_of = cursor_of
        self._first = first

    def turn(self, page: Any) -> list[Any]:
        new, cursors = self.new(page), [*map(self._cursor_of, page)]
        if not page or (not new and cursors == [self._at]):  # The server counts the row of the cursor itself.
            self._ended = True
        elif not new or self._pages > MAX_PAGES:
            raise self.fault(f"the cursor {self._at!r:.100}")
        else:
            self._at = cursors[-1]
            self._ended = self._at == self._first
        return new
