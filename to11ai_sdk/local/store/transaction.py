"""Defines the reads and writes of one transaction, and how values are stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import schema

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable, Mapping, Sequence

Row = dict[str, Any]
"""A row by column names; booleans and JSON are decoded values."""


def _rows(cursor: sqlite3.Cursor, found: Iterable[tuple[Any, ...]]) -> list[Row]:
    """Return rows of a result by the names of its columns, which are looked at once for all of them."""
    names = [column[0] for column in cursor.description]
    rows = [dict(zip(names, values, strict=True)) for values in found]
    for name in names:
        if name in schema.BOOLEANS:
            for row in rows:
                row[name] = bool(row[name])
        elif name in schema.DOCUMENTS:
            for row, value in zip(rows, _values([row[name] for row in rows]), strict=True):
                row[name] = value
    return rows


def _values(documents: list[str | None]) -> list[Any]:
    """Return what JSON documents say; reading them as one is several times faster."""
    content: list[Any] = json.loads(f"[{','.join(document or 'null' for document in documents)}]")
    return content


def _stored(name: str, value: Any) -> Any:
    # A schema of variables is never absent; a null one is the null of JSON.
    if name in schema.DOCUMENTS and (value is not None or name == "variables_schema"):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


class Transaction:
    """The reads and writes of a request; they are rolled back if it fails."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._execute: Callable[[str, Any], Any] = connection.execute

    def all(self, sql: str, **values: Any) -> list[Row]:
        """Return every row that a query finds; ``:name`` in it stands for a value."""
        cursor = self._execute(sql, values)
        return _rows(cursor, cursor.fetchall())

    def one(self, sql: str, **values: Any) -> Row | None:
        """Return the first row that a query finds."""
        cursor = self._execute(sql, values)
        found = cursor.fetchone()
        return None if found is None else _rows(cursor, (found,))[0]

    def value(self, sql: str, **values: Any) -> Any:
        """Return the first column of the first row."""
        row = self.one(sql, **values)
        return next(iter(row.values())) if row else None

    def run(self, sql: str, **values: Any) -> int:
        """Run a statement and return how many rows it changed."""
        return int(self._execute(sql, values).rowcount)

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once for each row; ``?`` in it stands for a value."""
        self._connection.executemany(sql, rows)

    def insert(self, table: str, row: Mapping[str, Any]) -> None:
        """Write a new row."""
        names = ", ".join(row)
        places = ", ".join(f":{name}" for name in row)
        stored = {name: _stored(name, value) for name, value in row.items()}
        self._execute(f"INSERT INTO {table} ({names}) VALUES ({places})", stored)  # noqa: S608 - names of our own

    def update(self, table: str, key: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
        """Change the row with this key."""
        sets = ", ".join(f"{name} = :{name}" for name in changes)
        where = " AND ".join(f"{name} = :key_{name}" for name in key)
        stored = {name: _stored(name, value) for name, value in changes.items()}
        stored.update({f"key_{name}": value for name, value in key.items()})
        self._execute(f"UPDATE {table} SET {sets} WHERE {where}", stored)  # noqa: S608 - names of our own

    def count_later(self) -> None:
        """Leave it to :meth:`count_now` to count the rows of a new project, where that is faster."""

    def count_now(self, project_id: str) -> None:
        """Count the rows of a new project, after :meth:`count_later`."""

    def count(self) -> int:
        """Return the next number of the database's counter: 1, 2, ..., none of them twice."""
        self.run("UPDATE counter SET value = value + 1")
        return int(self.value("SELECT value FROM counter"))
