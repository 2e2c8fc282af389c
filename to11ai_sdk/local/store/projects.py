"""Stores projects and their keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .transaction import Row, Transaction


def main(tx: Transaction) -> Row | None:
    """Return the project that the data file was created with, whose key it keeps."""
    return tx.one("SELECT * FROM projects WHERE main_key IS NOT NULL ORDER BY rowid LIMIT 1")


def exist(tx: Transaction) -> bool:
    """Return whether there is any project."""
    return tx.one("SELECT id FROM projects LIMIT 1") is not None


def by_id(tx: Transaction, project_id: str) -> Row | None:
    """Return a project."""
    return tx.one("SELECT * FROM projects WHERE id = :project_id", project_id=project_id)


def strict_variables(tx: Transaction, project_id: str) -> bool:
    """Return whether an undefined variable is an error in the project's templates."""
    project = by_id(tx, project_id)
    return project is None or bool(project["strict_variables"])


def key(tx: Transaction, digest: str) -> Row | None:
    """Return the key with this digest."""
    return tx.one("SELECT * FROM keys WHERE digest = :digest", digest=digest)


def first_key(tx: Transaction, project_id: str) -> Row | None:
    """Return the key that a project was created with."""
    return tx.one("SELECT * FROM keys WHERE project_id = :project_id ORDER BY rowid LIMIT 1", project_id=project_id)
