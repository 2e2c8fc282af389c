"""Reads one page of a long list, counted from the end of the list that is nearer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from .transaction import Row, Transaction


class Order(NamedTuple):
    """The order of a list.

    Attributes:
        columns: the columns that decide, the first one first; none has equal values in two rows.
        is_falling: whether it begins with the highest values.
    """

    columns: tuple[str, ...]
    is_falling: bool

    @property
    def clause(self) -> str:
        """The ``ORDER BY`` clause."""
        way = "DESC" if self.is_falling else "ASC"
        return " ORDER BY " + ", ".join(f"{column} {way}" for column in self.columns)

    def turned(self) -> Order:
        """Return the opposite order."""
        return self._replace(is_falling=not self.is_falling)


def page(tx: Transaction, query: str, order: Order, total: int, limit: int, offset: int, **values: Any) -> list[Row]:
    """Return the rows of one page.

    Args:
        tx: the transaction.
        query: a query for all rows of the list, without ``ORDER BY``.
        order: their order.
        total: how many they are.
        limit: how many rows the page has at most.
        offset: how many rows precede it.
        **values: the values in the query.
    """
    limit = min(limit, total - offset)
    if limit <= 0:
        return []
    follow = total - offset - limit
    cut = " LIMIT :limit OFFSET :offset"
    if follow < offset:
        return tx.all(query + order.turned().clause + cut, limit=limit, offset=follow, **values)[::-1]
    return tx.all(query + order.clause + cut, limit=limit, offset=offset, **values)
