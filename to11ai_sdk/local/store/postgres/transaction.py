"""Defines the reads and writes of one transaction on PostgreSQL, and how values travel."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from psycopg.adapt import Loader
from psycopg.types.string import StrDumperUnknown

from .. import upgrades
from ..data_file import statements
from ..transaction import Row, Transaction
from . import dialect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import psycopg
    from psycopg.adapt import AdaptersMap

_ESCAPE = "\U0010fffe"
"""PostgreSQL cannot store U+0000. It is stored as this character, which means nothing, and ``0``."""


class _Text(StrDumperUnknown):
    def dump(self, obj: str) -> Any:
        if "\0" in obj or _ESCAPE in obj:
            obj = obj.replace(_ESCAPE, f"{_ESCAPE}1").replace("\0", f"{_ESCAPE}0")
        return super().dump(obj)


class _TextLoader(Loader):
    def load(self, data: Any) -> str:
        text = bytes(data).decode()
        if _ESCAPE in text:
            text = text.replace(f"{_ESCAPE}0", "\0").replace(f"{_ESCAPE}1", _ESCAPE)
        return text


class _NumberLoader(Loader):
    """Loads the sums of whole numbers as such."""

    def load(self, data: Any) -> int | float:
        text = bytes(data).decode()
        return float(text) if "." in text or "N" in text else int(text)


def prepare(adapters: AdaptersMap) -> None:
    """Set how a connection writes and reads values."""
    adapters.register_dumper(str, _Text)
    adapters.register_loader("text", _TextLoader)
    adapters.register_loader("numeric", _NumberLoader)


class PostgresTransaction(Transaction):
    """The reads and writes of a request on PostgreSQL.

    Args:
        connection: the connection, on which a transaction has begun.
    """

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._postgres = connection
        self._execute = self._run

    def all(self, sql: str, **values: Any) -> list[Row]:
        """Return every row that a query finds; ``:name`` in it stands for a value."""
        rows = super().all(sql, **values)
        if rows and "rowid" in rows[0]:
            for row in rows:
                del row["rowid"]
        return rows

    def one(self, sql: str, **values: Any) -> Row | None:
        """Return the first row that a query finds."""
        row = super().one(sql, **values)
        if row is not None:
            row.pop("rowid", None)
        return row

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row; ``?`` in it stands for a value."""
        with self._postgres.cursor() as cursor:
            cursor.executemany(dialect.query(sql), rows)

    def count_later(self) -> None:
        """See :meth:`Transaction.count_later`."""
        self.run("SET LOCAL to11.counts_later = 'yes'")

    def count_now(self, project_id: str) -> None:
        """See :meth:`Transaction.count_now`."""
        where = "WHERE project_id = :project_id"
        for statement in statements(upgrades.events_counted(where) + upgrades.prompts_counted(where)):
            # The project is new, so nothing of it is replaced.
            self.run(re.sub("INSERT OR [A-Z]+", "INSERT", statement), project_id=project_id)

    def _run(self, sql: str, values: Any) -> Any:
        return self._postgres.execute(dialect.query(sql), values)
