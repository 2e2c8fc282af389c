"""Reads all rows of a project, and writes them to another store."""

from __future__ import annotations

import sqlite3
import sys
from typing import TYPE_CHECKING, Any

from . import projects, rules
from .project_tables import TABLES, ProjectTable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .transaction import Row, Transaction

_EVENT = "(SELECT id FROM prompt_label_events WHERE sequence = event) AS event"
"""A pointer's event by its id: its number is another one in another store."""


class RefusedRowError(Exception):
    """A row that the store refuses; the message says why."""


def all_rows(tx: Transaction, project_id: str) -> Iterator[tuple[str, Row]]:
    """Yield the rows of a project with the names of their tables, some of them in memory at a time."""
    for table in TABLES:
        if table.owner is None:
            yield from _rows(tx, table, project_id, project_id)
            continue
        for owner in list(_ids(tx, table.owner[1], project_id)):
            yield from _rows(tx, table, project_id, owner)


def write_row(tx: Transaction, project_id: str, table: str, row: Row) -> None:
    """Write a row of a project.

    Raises:
        RefusedRowError: the row contradicts itself or others, or refers to one that is not there.
    """
    row = dict(row)
    if row.get("project_id", project_id) != project_id:
        raise RefusedRowError("it is of another project")
    if table == "keys" and projects.key(tx, row["digest"]) is not None:
        raise RefusedRowError("this key opens another project there: give one of the two projects another key")
    if table == "prompt_labels":
        row["event"] = _event(tx, row)
    for share in row.get("weights") or ():
        if rules.version(tx, project_id, row["rule_id"], share["versionId"]) is None:
            raise RefusedRowError("it refers to a version that is not there")
    try:
        tx.insert(table, row)
    except _refusals() as exc:
        raise RefusedRowError(str(exc).partition("\n")[0]) from exc


def count(tx: Transaction, table: ProjectTable, project_id: str) -> int:
    """Return how many rows a project has in a table that refer to rows of the same project only."""
    of_project = ["project_id = :project_id"] if "project_id" in table.columns else []
    same = [
        f"({column} IN (SELECT id FROM {to} WHERE project_id = :project_id)"  # noqa: S608 - names of our own
        f"{f' OR {column} IS NULL' if table.columns[column].startswith('?') else ''})"
        for column, to in table.refers.items()
    ]
    where = " AND ".join(of_project + same)
    return int(tx.value(f"SELECT count(*) FROM {table.name} WHERE {where}", project_id=project_id))  # noqa: S608


def _event(tx: Transaction, pointer: Row) -> int:
    """Return the number of a pointer's event, which is the last one of its label."""
    sql = "SELECT sequence FROM prompt_label_events WHERE id = :event AND prompt_id = :prompt_id AND label = :label"
    number = tx.value(sql, **pointer)
    if number is None:
        raise RefusedRowError("it refers to an event that is not there, or is of another label")
    return int(number)


def _refusals() -> tuple[type[Exception], ...]:
    """Return the errors of the databases for a row that breaks a constraint."""
    found: Any = sys.modules.get("psycopg")
    others = (found.IntegrityError, found.DataError) if found else ()
    return (sqlite3.IntegrityError, OverflowError, *others)


def _ids(tx: Transaction, table: str, project_id: str) -> Iterator[str]:
    sql = f"SELECT id FROM {table} WHERE project_id = :owner AND id > :after ORDER BY id LIMIT 1000"  # noqa: S608
    after = ""
    while page := tx.all(sql, owner=project_id, after=after):
        yield from (row["id"] for row in page)
        after = page[-1]["id"]


def _rows(tx: Transaction, table: ProjectTable, project_id: str, owner: str) -> Iterator[tuple[str, Row]]:
    """Yield the rows of one owner, page by page."""
    names = ", ".join(_EVENT if name == "event" else name for name in table.columns)
    where, values = "project_id = :owner", {"owner": owner}
    if table.owner is not None:
        where = f"{table.owner[0]} = :owner"
        if "project_id" in table.columns:
            where, values = f"{where} AND project_id = :project_id", {**values, "project_id": project_id}
    sql = (
        f"SELECT {names}, {table.order} AS place FROM {table.name} "  # noqa: S608 - names of our own
        f"WHERE {where} AND {table.order} > :after ORDER BY {table.order} LIMIT {table.page}"
    )
    after: Any = 0 if table.order in {"rowid", "sequence", "version"} else ""
    while page := tx.all(sql, **values, after=after):
        after = page[-1]["place"]
        for row in page:
            del row["place"]
            yield table.name, row
