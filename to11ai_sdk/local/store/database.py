"""Opens the SQLite database and runs one transaction at a time: fully on disk, or not at all."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from . import schema

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

Row = dict[str, Any]
"""A row by column names; booleans and JSON are decoded values."""

_BUSY_S = 30.0


class DataFileError(Exception):
    """A data file that cannot be used; the message says why and what to do."""


def _column(name: str, value: Any) -> Any:
    if name in schema.BOOLEANS:
        return bool(value)
    return json.loads(value) if name in schema.DOCUMENTS and value is not None else value


def _row(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> Row:
    names = (column[0] for column in cursor.description)
    return {name: _column(name, value) for name, value in zip(names, values, strict=True)}


def _stored(name: str, value: Any) -> Any:
    # A schema of variables is never absent; a null one is the null of JSON.
    if name in schema.DOCUMENTS and (value is not None or name == "variables_schema"):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return value


class Transaction:
    """The reads and writes of a request; they are rolled back if it fails."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def all(self, sql: str, **values: Any) -> list[Row]:
        """Return every row that a query finds; ``:name`` in it stands for a value."""
        return self._execute(sql, values).fetchall()

    def one(self, sql: str, **values: Any) -> Row | None:
        """Return the first row that a query finds."""
        row: Row | None = self._execute(sql, values).fetchone()
        return row

    def value(self, sql: str, **values: Any) -> Any:
        """Return the first column of the first row."""
        row = self.one(sql, **values)
        return next(iter(row.values())) if row else None

    def run(self, sql: str, **values: Any) -> int:
        """Run a statement and return how many rows it changed."""
        return self._execute(sql, values).rowcount

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

    def count(self) -> int:
        """Return the next number of the database's counter: 1, 2, ..., none of them twice."""
        self.run("UPDATE counter SET value = value + 1")
        return int(self.value("SELECT value FROM counter"))


class Store:
    """The database of a local to11.

    Args:
        path: the data file, created if it does not exist; ``None`` keeps everything in memory.

    Raises:
        DataFileError: the file cannot be opened, or is not a data file of this version.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self._lock = Lock()
        try:
            self._connection = _connect(path)
        except (OSError, sqlite3.Error) as exc:
            raise DataFileError(f"cannot use {path} as a data file: {exc}") from exc

    @contextmanager
    def transaction(self, *, write: bool = True) -> Generator[Transaction]:
        """Begin a transaction; it is committed at the end, or rolled back if an exception leaves the block.

        Only one runs at a time, so the data it reads cannot change until it ends.
        """
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
            try:
                yield Transaction(self._connection)
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the database; leaves a complete file without a write-ahead log next to it."""
        with self._lock:
            self._connection.close()


def _connect(path: str | os.PathLike[str] | None) -> sqlite3.Connection:
    if path is not None:
        # The file contains the project's key: only its owner may read it.
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(
        ":memory:" if path is None else Path(path), timeout=_BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        _prepare(connection, path)
    except BaseException:
        connection.close()
        raise
    connection.row_factory = _row
    return connection


def _prepare(connection: sqlite3.Connection, path: object) -> None:
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")
    _migrate(connection, path)
    connection.execute("COMMIT")
    if path is not None:
        connection.execute("PRAGMA journal_mode = WAL")


def _migrate(connection: sqlite3.Connection, path: object) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables == 0:
        _create(connection)
    elif application != schema.APPLICATION_ID:
        raise DataFileError(f"{path} is a database of something else; choose another file")
    elif _upgrade(connection, version) != schema.VERSION:
        raise DataFileError(f"{path} has format {version}, this version reads {schema.VERSION}; choose another file")


def _upgrade(connection: sqlite3.Connection, version: int) -> int:
    while version in schema.UPGRADES:
        connection.execute(schema.UPGRADES[version])
        version += 1
        connection.execute(f"PRAGMA user_version = {version}")
    return version


def _create(connection: sqlite3.Connection) -> None:
    for statement in _statements(schema.TABLES):
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {schema.VERSION}")


def _statements(script: str) -> Iterator[str]:
    # executescript() would commit first, and a data file must never have only half of its tables.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
