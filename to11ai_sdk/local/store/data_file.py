"""Opens a data file, or a database in memory, and creates or upgrades its tables."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING

from .. import bounds
from . import schema, upgrades
from .storage_problems import is_busy

if TYPE_CHECKING:
    from collections.abc import Iterator


_log = logging.getLogger(__name__)


class DataFileError(Exception):
    """A data file that cannot be used; the message says why and what to do."""


def open_writer(path: str | os.PathLike[str] | None) -> sqlite3.Connection:
    """Return the connection that writes; it creates the file and its tables, or upgrades them.

    Raises:
        DataFileError: the file cannot be opened, or is not a data file of this version.
    """
    try:
        if path is not None:
            # The file contains the project's key: only its owner may read it.
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = _connect(path)
    except (OSError, sqlite3.Error) as exc:
        raise _unusable(path, exc) from exc
    try:
        _prepare(connection, path)
    except sqlite3.Error as exc:
        connection.close()
        raise _unusable(path, exc) from exc
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(path: str | os.PathLike[str]) -> sqlite3.Connection:
    """Return a connection that only reads."""
    connection = _connect(path)
    connection.execute("PRAGMA query_only = ON")
    return connection


class FilePlace:
    """The place of a data file; an open file that was moved, deleted or replaced can be written without an error.

    Args:
        path: the file, which exists; ``None`` for a database in memory.
    """

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self._path = path
        self._file = None if path is None else os.stat(path)

    def check(self) -> None:
        """Check that the same file is still there.

        Raises:
            sqlite3.OperationalError: it is not, with a text like SQLite's.
        """
        if self._path is None or self._file is None:
            return
        try:
            is_same = os.path.samestat(os.stat(self._path), self._file)
        except OSError as exc:
            raise sqlite3.OperationalError(f"unable to open database file: {exc}") from exc
        if not is_same:
            raise sqlite3.OperationalError("unable to open database file: another one is in its place")


def _connect(path: str | os.PathLike[str] | None) -> sqlite3.Connection:
    place = ":memory:" if path is None else Path(path)
    return sqlite3.connect(place, timeout=bounds.STORAGE_WAIT_S, isolation_level=None, check_same_thread=False)


def _unusable(path: str | os.PathLike[str] | None, cause: BaseException) -> DataFileError:
    hint = "; another program writes to it, close that first" if "locked" in str(cause) else ""
    return DataFileError(f"cannot use {path} as a data file: {cause}{hint}")


def _prepare(connection: sqlite3.Connection, path: object) -> None:
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("BEGIN IMMEDIATE")
    _migrate(connection, path)
    connection.execute("COMMIT")
    connection.execute("PRAGMA foreign_keys = ON")
    if path is not None:
        _log_ahead(connection)
        connection.execute(f"PRAGMA journal_size_limit = {bounds.MAX_IDLE_LOG_BYTES}")
    # From now on the store waits for other programs itself: a wait of SQLite's cannot be ended.
    connection.execute("PRAGMA busy_timeout = 0")


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Switch to a write-ahead log; SQLite itself does not wait here for another server that opens the file."""
    deadline = time.monotonic() + bounds.STORAGE_WAIT_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as exc:
            if not is_busy(exc) or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _migrate(connection: sqlite3.Connection, path: object) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if tables == 0:
        _run(connection, schema.TABLES)
        connection.execute(f"PRAGMA application_id = {schema.APPLICATION_ID}")
        version = schema.TABLES_FORMAT
    elif application != schema.APPLICATION_ID:
        raise DataFileError(f"{path} is a database of something else; choose another file")
    elif not 1 <= version <= upgrades.NEWEST_FORMAT:
        raise DataFileError(
            f"{path} has format {version}, this version reads 1 to {upgrades.NEWEST_FORMAT}; "
            "use a newer version of to11ai-sdk, or choose another file"
        )
    elif version < upgrades.NEWEST_FORMAT:
        newest = upgrades.NEWEST_FORMAT
        _log.warning("%s is upgraded from format %d to %d; a large file needs seconds", path, version, newest)
    for step in range(version, upgrades.NEWEST_FORMAT):
        _run(connection, upgrades.UPGRADES[step])
        connection.execute(f"PRAGMA user_version = {step + 1}")


def _run(connection: sqlite3.Connection, script: str) -> None:
    for statement in statements(script):
        connection.execute(statement)


def statements(script: str) -> Iterator[str]:
    """Yield the statements of a script."""
    # executescript() would commit first, and a data file must never have only half of its tables.
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
