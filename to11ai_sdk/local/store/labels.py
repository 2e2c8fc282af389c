"""Stores label pointers and the label registry of a project."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .transaction import Row, Transaction

_POINTER = """
SELECT e.prompt_id, e.label, e.id AS event_id, e.to_version_id AS version_id, e.moved_by_user_id AS updated_by_user_id,
       keys.name AS updated_by_display_name, e.moved_at AS updated_at, coalesce(e.reason, '') AS reason
FROM prompt_labels AS p
JOIN prompt_label_events AS e ON e.sequence = p.event
JOIN keys ON keys.id = e.moved_by_user_id
WHERE p.prompt_id = :prompt_id
"""
_USAGES = """
SELECT prompts.id AS prompt_id, prompts.slug AS prompt_slug, prompts.name AS prompt_name, v.id AS version_id,
       v.version, e.moved_at AS updated_at, e.moved_by_user_id AS updated_by_user_id
FROM prompt_labels AS p
CROSS JOIN prompts ON prompts.id = p.prompt_id
CROSS JOIN prompt_label_events AS e ON e.sequence = p.event
CROSS JOIN prompt_versions AS v ON v.id = e.to_version_id
WHERE prompts.project_id = :project_id AND prompts.status <> 'archived' AND p.label = :label
"""
_CLEAR = """
DELETE FROM prompt_labels
WHERE prompt_id IN (SELECT id FROM prompts WHERE project_id = :project_id AND status <> 'archived')
  AND label IN (SELECT :slug UNION
                SELECT slug FROM environment_aliases WHERE environment_id = :environment_id AND expires_at > :now)
"""


def pointers(tx: Transaction, prompt_id: str) -> list[Row]:
    """Return the pointers of a prompt's labels, by label."""
    return tx.all(_POINTER + "ORDER BY p.label", prompt_id=prompt_id)


def pointer(tx: Transaction, prompt_id: str, label: str) -> Row | None:
    """Return the pointer of one label of a prompt."""
    return tx.one(_POINTER + "AND p.label = :label", prompt_id=prompt_id, label=label)


def clear(tx: Transaction, environment: Row, now: str) -> int:
    """Remove the labels that equal a slug or valid alias of an environment from every prompt that is not archived.

    Returns how many pointers there were. The events stay.
    """
    return tx.run(
        _CLEAR,
        project_id=environment["project_id"],
        environment_id=environment["id"],
        slug=environment["slug"],
        now=now,
    )


def registry(tx: Transaction, project_id: str, *, archived: bool) -> list[Row]:
    """Return the registered labels of a project, by label; archived ones only if asked for."""
    live = "" if archived else "AND archived_at IS NULL"
    where = f"WHERE project_id = :project_id {live} ORDER BY label"
    return tx.all(f"SELECT * FROM project_labels {where}", project_id=project_id)  # noqa: S608 - our own


def registry_size(tx: Transaction, project_id: str) -> int:
    """Return how many labels are registered in a project, archived ones included."""
    return int(tx.value("SELECT count(*) FROM project_labels WHERE project_id = :project_id", project_id=project_id))


def registered(tx: Transaction, project_id: str, label: str) -> Row | None:
    """Return one entry of the registry, archived or not."""
    return tx.one(
        "SELECT * FROM project_labels WHERE project_id = :project_id AND label = :label",
        project_id=project_id,
        label=label,
    )


def usages(tx: Transaction, project_id: str, label: str) -> list[Row]:
    """Return the prompts on which a label points at a version, by slug."""
    return sorted(tx.all(_USAGES, project_id=project_id, label=label), key=itemgetter("prompt_slug"))
