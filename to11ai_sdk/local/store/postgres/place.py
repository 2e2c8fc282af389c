"""Reads the URL of a PostgreSQL database, and connects to it; its password appears in no message."""

from __future__ import annotations

import math
import re
from typing import Any, NamedTuple

import psycopg
from psycopg import conninfo, sql

from ... import bounds
from ..data_file import DataFileError
from .transaction import prepare

_SEARCH_PATH = re.compile(r"search[_-]path\s*=\s*(\S*)", re.IGNORECASE)
_SCHEMA = re.compile(r"[A-Za-z_][A-Za-z_0-9]{0,62}|\"[A-Za-z_][A-Za-z_0-9]{0,62}\"")
# The last two may have other values for the user or the database. A transaction that waited for its lock must see what
# was committed meanwhile.
_SETTINGS = (
    "SET search_path = {schema}; SET statement_timeout = {statement}; "
    "SET idle_in_transaction_session_timeout = {idle}; SET client_encoding = 'UTF8'; "
    "SET default_transaction_isolation = 'read committed'; SET extra_float_digits = 1"
)


class PostgresPlace(NamedTuple):
    """The place of a database.

    Attributes:
        parameters: those of the connection, the password among them.
        schema: the schema that has the tables.
    """

    parameters: dict[str, Any]
    schema: str

    @classmethod
    def of(cls, url: str) -> PostgresPlace:
        """Read a URL; a schema other than ``to11`` is given in it, as ``?options=-csearch_path%3DNAME``.

        Raises:
            DataFileError: it is none.
        """
        try:
            given = conninfo.conninfo_to_dict(url)
        except psycopg.Error:
            given = None
        if given is None or not _is_plain(url, str(given.get("port") or "")):
            # The errors of psycopg quote the URL.
            raise DataFileError(
                "cannot read the URL of the PostgreSQL database; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, "
                "with %XX for other characters than letters and digits in the password"
            )
        return cls(_defaults() | given, _schema(str(given.get("options") or "")))

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        given = self.parameters
        name = given.get("dbname") or given.get("service") or "its default database"
        return f"PostgreSQL at {given.get('host') or 'its default host'}, {name}, schema {self.schema}"

    def connect(self) -> psycopg.Connection[Any]:
        """Return a new connection, on which no transaction has begun."""
        connection = psycopg.connect(**self.parameters, autocommit=True)
        try:
            prepare(connection.adapters)
            limits = {"statement": _ms(bounds.STATEMENT_WAIT_S), "idle": _ms(bounds.STATEMENT_WAIT_S)}
            schema = sql.Identifier(self.schema)
            connection.execute(sql.SQL(_SETTINGS).format(schema=schema, **limits), prepare=False)
        except BaseException:
            connection.close()
            raise
        return connection


def _is_plain(url: str, port: str) -> bool:
    """Return whether no part of a password can have been read as a host, port or database."""
    authority, _, path = url.partition("://")[2].partition("?")[0].partition("/")
    return authority.count("@") <= 1 and "@" not in path and re.fullmatch("[0-9,]*", port) is not None


def _schema(options: str) -> str:
    """Return the schema that the options of a URL name, as PostgreSQL reads its name."""
    named: list[str] = _SEARCH_PATH.findall(options)
    if not named:
        return "to11"
    if _SCHEMA.fullmatch(named[-1]) is None:
        raise DataFileError(
            "the search_path in the URL of PostgreSQL must be the name of one schema, of letters A to Z, digits and _: "
            "write ?options=-csearch_path%3DNAME"
        )
    return named[-1].strip('"') if named[-1].startswith('"') else named[-1].lower()


def _ms(seconds: float) -> sql.Literal:
    return sql.Literal(max(1, math.ceil(seconds * 1000)))


def _defaults() -> dict[str, Any]:
    """Return parameters that end a connection to a server that is gone."""
    return {
        "connect_timeout": max(2, math.ceil(bounds.STORAGE_WAIT_S)),
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": math.ceil(bounds.STATEMENT_WAIT_S * 1000),
        "application_name": "to11ai local",
    }
