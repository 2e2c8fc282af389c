"""Stores prompts and their versions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .transaction import Row, Transaction

_FOUND = """ FROM prompts
WHERE project_id = :project_id
  AND CASE WHEN :status IS NULL THEN status <> 'archived' ELSE status = :status END
  AND NOT EXISTS (SELECT 1 FROM json_each(:tags) AS wanted
                  WHERE wanted.value NOT IN (SELECT value FROM json_each(prompts.tags)))
"""
_COLUMNS = {"name": "name", "slug": "slug", "createdAt": "created_at", "updatedAt": "updated_at"}
ORDERS = {
    sign + key: f" ORDER BY {column} {way}, rowid {way} LIMIT :limit OFFSET :offset"
    for key, column in _COLUMNS.items()
    for sign, way in (("", "ASC"), ("-", "DESC"))
}
"""The ORDER BY clause of each sort key of a list of prompts."""

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
    tx: Transaction, *, order: str, limit: int, offset: int, tags: Sequence[str], **filters: Any
) -> tuple[list[Row], int]:
    """Return the prompts on one page, and how many there are in total."""
    filters["tags"] = json.dumps(list(tags))
    total: int = tx.value("SELECT count(*)" + _FOUND, **filters)
    return tx.all("SELECT *" + _FOUND + ORDERS[order], limit=limit, offset=offset, **filters), total


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
