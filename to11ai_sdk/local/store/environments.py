"""Stores environments, their old slugs, and which providers are active in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .transaction import Row, Transaction

_BY_ALIAS = """
SELECT environments.*, alias.expires_at AS alias_expires_at FROM environment_aliases AS alias
JOIN environments ON environments.id = alias.environment_id
WHERE alias.project_id = :project_id AND alias.slug = :slug
"""
_ALIAS = """
INSERT INTO environment_aliases (project_id, slug, environment_id, expires_at)
VALUES (:project_id, :slug, :environment_id, :expires_at)
ON CONFLICT (project_id, slug) DO UPDATE
SET environment_id = excluded.environment_id, expires_at = excluded.expires_at
"""
_ACTIVATE = """
INSERT INTO provider_activations (environment_id, provider_id, is_active)
VALUES (:environment_id, :provider_id, :is_active)
ON CONFLICT (environment_id, provider_id) DO UPDATE SET is_active = excluded.is_active
"""


def all_of(tx: Transaction, project_id: str, *, archived: bool) -> list[Row]:
    """Return the environments of a project in their order; archived ones only if asked for."""
    live = "" if archived else "AND archived_at IS NULL"
    where = f"WHERE project_id = :project_id {live} ORDER BY sort_order, slug, created_at"
    return tx.all(f"SELECT * FROM environments {where}", project_id=project_id)  # noqa: S608 - our own


def live(tx: Transaction, project_id: str, slug: str) -> Row | None:
    """Return the environment with this slug that is not archived."""
    return tx.one(
        "SELECT * FROM environments WHERE project_id = :project_id AND slug = :slug AND archived_at IS NULL",
        project_id=project_id,
        slug=slug,
    )


def by_alias(tx: Transaction, project_id: str, slug: str, now: str) -> Row | None:
    """Return the environment that had this slug before a rename, while the alias is valid."""
    row = tx.one(_BY_ALIAS, project_id=project_id, slug=slug)
    return row if row and row["alias_expires_at"] > now else None


def last_archived(tx: Transaction, project_id: str, slug: str) -> Row | None:
    """Return the environment that was archived last under this slug."""
    return tx.one(
        """SELECT * FROM environments
        WHERE project_id = :project_id AND slug = :slug AND archived_at IS NOT NULL
        ORDER BY archived_at DESC, rowid DESC LIMIT 1""",
        project_id=project_id,
        slug=slug,
    )


def last_place(tx: Transaction, project_id: str) -> int:
    """Return the highest ``sortOrder`` in use."""
    return int(
        tx.value(
            "SELECT coalesce(max(sort_order), -1) FROM environments WHERE project_id = :project_id",
            project_id=project_id,
        )
    )


def strip(tx: Transaction, project_id: str, flag: str, actor_id: str, now: str) -> None:
    """Clear a flag that only one environment may have on the one that has it."""
    change = f"UPDATE environments SET {flag} = FALSE, updated_by = :actor_id, updated_at = :now"  # noqa: S608 - a name of our own
    tx.run(f"{change} WHERE project_id = :project_id AND {flag}", project_id=project_id, actor_id=actor_id, now=now)


def keep_alias(tx: Transaction, environment: Row, expires_at: str) -> None:
    """Keep the present slug of an environment as an alias until a time."""
    tx.run(
        _ALIAS,
        project_id=environment["project_id"],
        slug=environment["slug"],
        environment_id=environment["id"],
        expires_at=expires_at,
    )


def drop_alias(tx: Transaction, project_id: str, slug: str) -> None:
    """Forget an alias."""
    tx.run(
        "DELETE FROM environment_aliases WHERE project_id = :project_id AND slug = :slug",
        project_id=project_id,
        slug=slug,
    )


def activate(tx: Transaction, environment_id: str, provider_id: str, *, is_active: bool) -> None:
    """Switch a provider on or off in an environment."""
    tx.run(_ACTIVATE, environment_id=environment_id, provider_id=provider_id, is_active=is_active)


def switched_off(tx: Transaction, environment_id: str) -> set[str]:
    """Return the providers that are not active in an environment."""
    rows = tx.all(
        "SELECT provider_id FROM provider_activations WHERE environment_id = :environment_id AND NOT is_active",
        environment_id=environment_id,
    )
    return {row["provider_id"] for row in rows}


def clear_activations(tx: Transaction, environment_id: str) -> int:
    """Forget which providers were switched on in an environment; return how many."""
    return tx.run(
        "DELETE FROM provider_activations WHERE environment_id = :environment_id AND is_active",
        environment_id=environment_id,
    )
