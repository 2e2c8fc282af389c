"""Stores label pointers, every label move, and the label registry of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
JOIN prompt_label_events AS e ON e.sequence = p.event
JOIN prompt_versions AS v ON v.id = e.to_version_id
JOIN prompts ON prompts.id = p.prompt_id
WHERE prompts.project_id = :project_id AND prompts.status <> 'archived' AND p.label = :label
ORDER BY prompts.slug
"""
_EVENTS = """ FROM prompt_label_events
WHERE project_id = :project_id
  AND (:prompt_id IS NULL OR prompt_id = :prompt_id)
  AND (:label IS NULL OR label = :label)
  AND (:since IS NULL OR moved_at >= :since)
  AND (:until IS NULL OR moved_at <= :until)
"""
_POINT = """
INSERT INTO prompt_labels (prompt_id, label, event)
SELECT prompt_id, label, sequence FROM prompt_label_events WHERE id = :event_id
ON CONFLICT (prompt_id, label) DO UPDATE SET event = excluded.event
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


def move(tx: Transaction, event: Row) -> None:
    """Record a move and set the pointer."""
    tx.insert("prompt_label_events", event)
    tx.run(_POINT, event_id=event["id"])


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


def events(tx: Transaction, *, limit: int, offset: int, **filters: Any) -> tuple[list[Row], int]:
    """Return the moves on one page, newest first, and how many there are in total."""
    total: int = tx.value("SELECT count(*)" + _EVENTS, **filters)
    page = "ORDER BY sequence DESC LIMIT :limit OFFSET :offset"
    return tx.all("SELECT *" + _EVENTS + page, limit=limit, offset=offset, **filters), total


def registry(tx: Transaction, project_id: str, *, archived: bool) -> list[Row]:
    """Return the registered labels of a project, by label; archived ones only if asked for."""
    return tx.all(
        """SELECT * FROM project_labels
        WHERE project_id = :project_id AND (:archived OR archived_at IS NULL) ORDER BY label""",
        project_id=project_id,
        archived=archived,
    )


def registered(tx: Transaction, project_id: str, label: str) -> Row | None:
    """Return one entry of the registry, archived or not."""
    return tx.one(
        "SELECT * FROM project_labels WHERE project_id = :project_id AND label = :label",
        project_id=project_id,
        label=label,
    )


def usages(tx: Transaction, project_id: str, label: str) -> list[Row]:
    """Return the prompts on which a label points at a version, by slug."""
    return tx.all(_USAGES, project_id=project_id, label=label)
