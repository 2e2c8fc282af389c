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

_SEARCH_PATH = re.compile(r"search_path\s*=\s*\"?([A-Za-z_]\w*)")
_LIMITS = (
    "SET search_path = {schema}; SET statement_timeout = {statement}; "
    "SET idle_in_transaction_session_timeout = {idle}; SET client_encoding = 'UTF8'"
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
            # The error quotes the URL.
            raise DataFileError(
                "cannot read the URL of the PostgreSQL database; write postgresql://USER:PASSWORD@HOST:PORT/DATABASE, "
                "with %XX for other characters than letters and digits in the password"
            ) from None
        schema = _SEARCH_PATH.search(str(given.get("options") or ""))
        return cls(_defaults() | given, schema[1] if schema else "to11")

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
            connection.execute(sql.SQL(_LIMITS).format(schema=schema, **limits), prepare=False)
        except BaseException:
            connection.close()
            raise
        return connection


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
