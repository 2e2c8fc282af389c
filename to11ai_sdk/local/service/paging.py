"""Lists one page at a time."""

from __future__ import annotations

from typing import Any, NamedTuple

from . import checks


class Page(NamedTuple):
    """The items of one page, and where it stands."""

    items: list[dict[str, Any]]
    pagination: dict[str, int]


class Window(NamedTuple):
    """Which items a page shows."""

    page: int
    limit: int

    @property
    def offset(self) -> int:
        """How many items come before."""
        return (self.page - 1) * self.limit

    def show(self, items: list[dict[str, Any]], total: int) -> Page:
        """The page with these items."""
        pages = -(-total // self.limit)
        return Page(items, {"page": self.page, "limit": self.limit, "total": total, "totalPages": pages})


def window(page: int | None, limit: int | None) -> Window:
    """The page that was asked for: 20 items a page unless told, at most 100."""
    return Window(
        checks.number("page", 1 if page is None else page, 1),
        checks.number("limit", 20 if limit is None else limit, 1, 100),
    )
