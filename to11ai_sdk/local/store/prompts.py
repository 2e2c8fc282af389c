"""Stores prompts and their versions."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from .pages import Order, page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .transaction import Row, Transaction

_COLUMNS = {"name": "name", "slug": "slug", "createdAt": "created_at", "updatedAt": "updated_at"}
ORDERS = {
    sign + key: Order((f"prompts.{column}", "prompts.rowid"), is_falling=sign == "-")
    for key, column in _COLUMNS.items()
    for sign in ("", "-")
}
"""The order of each sort key of a list of prompts."""
_TOTAL = "SELECT coalesce(sum(total), 0) FROM prompt_totals WHERE project_id = :project_id AND tag = :tag"
_HAS_TAG = """EXISTS (SELECT 1 FROM prompt_tags
    WHERE project_id = :project_id AND tag = :tag AND prompt_id = prompts.id)"""
_OTHERS = """(SELECT count(*) FROM json_each(:others) AS other CROSS JOIN prompt_tags AS o
    ON o.project_id = :project_id AND o.tag = other.value AND o.prompt_id = {}) = :number"""
_JOIN = "CROSS JOIN prompts ON prompts.id = t.prompt_id WHERE"
_FEW = 500
"""Up to so many prompts are sorted; of more, those that follow an index are the quicker way to a page."""

_VERSION = """
SELECT prompt_versions.*, keys.name AS created_by_display_name
FROM prompt_versions JOIN keys ON keys.id = prompt_versions.created_by_user_id
"""


def by_id(tx: Transaction, project_id: str, prompt_id: str) -> Row | None:
    """Return a prompt of a project."""
    return tx.one(
        "SELECT * FROM prompts WHERE project_id = :project_id AND id = :prompt_id",
        project_id=project_id,
        prompt_id=prompt_id,
    )


def by_slug(tx: Transaction, project_id: str, slug: str) -> Row | None:
    """Return a prompt of a project, by its slug."""
    return tx.one(
        "SELECT * FROM prompts WHERE project_id = :project_id AND slug = :slug", project_id=project_id, slug=slug
    )


def by_name(tx: Transaction, project_id: str, name: str) -> Row | None:
    """Return a prompt of a project, by its name."""
    return tx.one(
        "SELECT * FROM prompts WHERE project_id = :project_id AND name = :name", project_id=project_id, name=name
    )


def find(
    tx: Transaction, *, order: str, limit: int, offset: int, tags: Sequence[str], project_id: str, status: str | None
) -> tuple[list[Row], int]:
    """Return the prompts on one page, and how many there are in total; archived ones only if asked for."""
    state = "status <> 'archived'" if status is None else "status = :status"
    values = {"project_id": project_id, "status": status}
    query, total = _found(tx, state, values) if not tags else _tagged(tx, state, tags, values)
    return page(tx, query, ORDERS[order], total, limit, offset, **values), total


def _found(tx: Transaction, state: str, values: Row) -> tuple[str, int]:
    query = f"SELECT * FROM prompts WHERE project_id = :project_id AND prompts.{state}"  # noqa: S608 - our own
    return query, _total(tx, state, "", values)


def _total(tx: Transaction, state: str, tag: str, values: Row) -> int:
    return int(tx.value(f"{_TOTAL} AND {state}", **values, tag=tag))


def _tagged(tx: Transaction, state: str, tags: Sequence[str], values: Row) -> tuple[str, int]:
    """Return the query for prompts with all these tags, and how many there are; adds its values."""
    total, rarest = min((_total(tx, state, tag, values), tag) for tag in {*tags})
    others = sorted({*tags} - {rarest})
    values |= {"tag": rarest, "others": json.dumps(others), "number": len(others)}
    source = f"FROM prompt_tags AS t WHERE t.project_id = :project_id AND t.tag = :tag AND t.{state}"
    if others:
        source += f" AND {_OTHERS.format('t.prompt_id')}"
        total = int(tx.value(f"SELECT count(*) {source}", **values))
    if total <= _FEW:
        return f"SELECT prompts.* {source.replace('WHERE', _JOIN)}", total
    where = f"project_id = :project_id AND prompts.{state} AND {_HAS_TAG}"
    if others:
        where += f" AND {_OTHERS.format('prompts.id')}"
    return f"SELECT * FROM prompts WHERE {where}", total  # noqa: S608 - our own


_NAMED = """
SELECT * FROM prompts WHERE project_id = :project_id
AND (lower(slug) LIKE :pattern ESCAPE '!' OR lower(name) LIKE :pattern ESCAPE '!')
ORDER BY slug LIMIT :limit OFFSET :offset
"""


def named(tx: Transaction, project_id: str, text: str, limit: int, offset: int) -> list[Row]:
    """Return the prompts with a text in their slug or name, archived ones, too; reads all of the project."""
    pattern = re.sub(r"([!%_])", r"!\1", text.lower())
    return tx.all(_NAMED, project_id=project_id, pattern=f"%{pattern}%", limit=limit, offset=offset)


def versions_below(tx: Transaction, prompt_id: str, below: int, limit: int) -> list[Row]:
    """Return versions of a prompt with numbers below another, newest first."""
    sql = _VERSION + "WHERE prompt_id = :prompt_id AND version < :below ORDER BY version DESC LIMIT :limit"
    return tx.all(sql, prompt_id=prompt_id, below=below, limit=limit)


def versions(tx: Transaction, prompt_id: str) -> list[Row]:
    """Return all versions of a prompt, newest first."""
    return tx.all(_VERSION + "WHERE prompt_id = :prompt_id ORDER BY version DESC", prompt_id=prompt_id)


def version_by_number(tx: Transaction, prompt_id: str, number: int) -> Row | None:
    """Return a version of a prompt, by its number."""
    return tx.one(_VERSION + "WHERE prompt_id = :prompt_id AND version = :number", prompt_id=prompt_id, number=number)


def version_by_id(tx: Transaction, prompt_id: str, version_id: str) -> Row | None:
    """Return a version of a prompt, by its id."""
    return tx.one(
        _VERSION + "WHERE prompt_id = :prompt_id AND prompt_versions.id = :version_id",
        prompt_id=prompt_id,
        version_id=version_id,
    )


def next_version(tx: Transaction, prompt_id: str) -> int:
    """Return the number of the next version of a prompt."""
    return int(
        tx.value(
            "SELECT coalesce(max(version), 0) + 1 FROM prompt_versions WHERE prompt_id = :prompt_id",
            prompt_id=prompt_id,
        )
    )
