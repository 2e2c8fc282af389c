"""Creates or upgrades the tables in a PostgreSQL database, under a lock that all servers share."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from ... import bounds
from .. import schema, upgrades
from ..data_file import DataFileError
from . import dialect
from .triggers import TRIGGERS

if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import LiteralString

    from .place import PostgresPlace

    Connection = psycopg.Connection[Any]

_LOCKS = {"migration": 0, "platform": 1, "records": 2}
_FORMATS = """
CREATE TABLE formats (
    number BIGINT PRIMARY KEY,
    reached_at TIMESTAMPTZ NOT NULL DEFAULT now()
)
"""
_GRANT = (
    "; this user needs the right to create a schema, by GRANT CREATE ON DATABASE ... TO ..., "
    "or an existing schema {schema} of its own, by CREATE SCHEMA {schema} AUTHORIZATION ..."
)


def lock_number(name: str) -> int:
    """Return the first number of an advisory lock; the second one is that of the schema."""
    return schema.APPLICATION_ID + _LOCKS[name]


def migrate(place: PostgresPlace) -> None:
    """Create the tables in a database, or upgrade them.

    Raises:
        DataFileError: the database cannot be used, or is of a newer version.
    """
    try:
        with place.connect() as connection, connection.transaction():
            _migrate(connection, place)
    except psycopg.Error as exc:
        raise DataFileError(f"cannot use {place}: {_reason(exc, place)}") from exc


def _reason(exc: psycopg.Error, place: PostgresPlace) -> str:
    hint = _GRANT.format(schema=place.schema) if isinstance(exc, psycopg.errors.InsufficientPrivilege) else ""
    if isinstance(exc, psycopg.errors.LockNotAvailable):
        hint = "; another server creates or upgrades its tables, wait for that"
    return str(exc).strip() + hint


def _migrate(connection: Connection, place: PostgresPlace) -> None:
    wait_ms = math.ceil(bounds.STATEMENT_WAIT_S * 1000)
    limits = f"SET LOCAL lock_timeout = {wait_ms}; SET LOCAL statement_timeout = 0"
    connection.execute(limits.encode(), prepare=False)
    connection.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [lock_number("migration"), place.schema])
    encoding = _value(connection, "SHOW server_encoding")
    if encoding != "UTF8":
        raise DataFileError(f"cannot use {place}: it has the encoding {encoding}; create a database with UTF8")
    version = _version(connection, place)
    if version == 0:
        _run(connection, schema.TABLES, schema.TABLES_FORMAT)
        version = schema.TABLES_FORMAT
    for step in range(version, upgrades.NEWEST_FORMAT):
        _run(connection, upgrades.UPGRADES[step], step + 1)


def _version(connection: Connection, place: PostgresPlace) -> int:
    """Return the format of the tables, 0 if there are none; then the schema is created."""
    named = [place.schema]
    if not _value(connection, "SELECT count(*) FROM pg_namespace WHERE nspname = %s", named):
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(place.schema)))
    tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", named).fetchall()
    if not tables:
        connection.execute(_FORMATS)
        return 0
    if not {("formats",), ("platform_changes",)} <= {*tables}:
        raise DataFileError(f"{place} has tables of something else; choose another schema")
    version = int(_value(connection, "SELECT max(number) FROM formats"))
    if version > upgrades.NEWEST_FORMAT:
        raise DataFileError(
            f"{place} has format {version}, this version reads up to {upgrades.NEWEST_FORMAT}; "
            "use a newer version of to11ai-sdk, or choose another database"
        )
    return version


def _run(connection: Connection, script: str, number: int) -> None:
    for statement in dialect.definitions(script):
        connection.execute(statement, prepare=False)
    connection.execute(TRIGGERS.get(number, "").encode(), prepare=False)
    connection.execute("INSERT INTO formats (number) VALUES (%s)", [number])


def _value(connection: Connection, query: LiteralString, values: list[str] | None = None) -> Any:
    row = connection.execute(query, values).fetchone()
    return None if row is None else row[0]
