"""Fetches lists of several pages, each page when it is needed; ends whatever a server answers."""

from __future__ import annotations

from ..errors import To11aiResponseValidationError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from typing import Any

    from typing_extensions import ParamSpec

    from ..models.prompts import PaginatedLabelEvents, PaginatedResult

    P = ParamSpec("P")

MAX_IDLE = 100
"""The most pages in a row without a new row; a list that changes while it is read has some."""
MAX_PAGES = 10_000
"""The most pages of a list; one of numbered pages may also have no more than three for each row it names first."""


def _resumable(walk: Callable[P, Iterator[Any]]) -> Callable[P, Iterator[Any]]:
    """Raise the errors that a walk yields, which would end it if it raised them itself."""

    def row(found: Any) -> Any:
        if isinstance(found, BaseException):
            raise found
        return found

    return lambda *args, **named: map(row, walk(*args, **named))


def _page(fetch: Callable[[Any], Any], cursor: object) -> Generator[BaseException, None, Any]:
    """Return a page; after an error, yield it and fetch again."""
    while True:
        try:
            return fetch(cursor)
        except BaseException as exc:
            yield exc


class _Walk:
    """A walk through the pages of a list; ``name`` is the call that lists them."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.pages = self.idle = 0
        self._seen: set[str] = set()

    def new(self, rows: Sequence[Any]) -> list[Any]:
        """Return the rows that have not been seen, each once."""
        found = {row.id: row for row in rows if row.id not in self._seen}
        self._seen.update(found)
        self.pages += 1
        self.idle = 0 if found else self.idle + 1
        return [*found.values()]

    def fault(self, text: str) -> To11aiResponseValidationError:
        return To11aiResponseValidationError(
            f"{self.name}: the list does not end: {text}; {self.pages} pages were read, the last {self.idle} of them "
            "without a new row"
        )


@_resumable
def numbered(name: str, fetch: Callable[[int], PaginatedResult | PaginatedLabelEvents]) -> Iterator[Any]:
    """Yield the rows of a list with numbered pages.

    A row that is inserted moves others to later pages, where they are skipped the second time. A row that is removed
    moves others to earlier pages, which are read again because the total has fallen.
    """
    walk, number, total, most = _Walk(name), 1, 0, 0
    while True:
        page = yield from _page(fetch, number)
        at, new = page.pagination, walk.new(page.items)
        most = most or min(3 * at.total, MAX_PAGES) + MAX_IDLE
        removed, total = total - at.total, at.total
        stuck = not page.items and number < at.total_pages and removed <= 0
        if stuck or at.page != number or walk.idle > MAX_IDLE or walk.pages > most:
            raise walk.fault(f"page {number} is page {at.page} of {at.total_pages} with {len(page.items)} rows")
        yield from new
        # While rows are removed all the time, it is enough that a page begins with a row that was seen.
        enough = walk.idle > 15 and removed <= at.limit and new[:1] != page.items[:1]
        if removed > 0 and number > 1 and not enough:
            number = max(1, number - -(-removed // max(1, at.limit)))
        elif number < at.total_pages:
            number += 1
        else:
            return


@_resumable
def below(
    name: str, fetch: Callable[[Any], Sequence[Any]], cursor_of: Callable[[Any], object], first: object = None
) -> Iterator[Any]:
    """Yield the rows of a list whose next page starts below the last row of the page before, named by its cursor.

    The list ends with an empty page, or the row with the cursor ``first``. New rows come above, so nothing moves.
    """
    walk, cursor = _Walk(name), None
    while page := (yield from _page(fetch, cursor)):
        new = walk.new(page)
        if not new and [cursor_of(row) for row in page] == [cursor]:
            return  # The server counts the row of the cursor itself.
        if not new or walk.pages > MAX_PAGES:
            raise walk.fault(f"the cursor {cursor!r:.100}")
        yield from new
        cursor = cursor_of(page[-1])
        if cursor == first:
            return
