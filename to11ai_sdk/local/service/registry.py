"""Manages the label registry of a project: which labels exist, not where they point."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..problems import Problem
from ..store import Row, labels
from . import checks
from .views import LABEL_USAGE, PROJECT_LABEL, view

if TYPE_CHECKING:
    from .session import Session

PALETTE = ("accent", "red", "orange", "amber", "green", "teal", "blue", "indigo", "purple", "pink")
"""Display colours; a label without one gets the next in turn."""


def _find(session: Session, label: str) -> Row:
    row = labels.registered(session.tx, session.project_id, checks.label(label))
    if row is None:
        raise Problem(
            404, "PROJECT_LABEL_NOT_FOUND", f"the label {label!r} is not in the project's registry", {"label": label}
        )
    return row


def _change(session: Session, row: Row, changes: dict[str, Any]) -> dict[str, Any]:
    if changes:
        changes["updated_at"] = session.now
        session.tx.update("project_labels", {"project_id": session.project_id, "label": row["label"]}, changes)
    return view({**row, **changes}, PROJECT_LABEL)


def list_all(session: Session, *, include_archived: bool = False) -> list[dict[str, Any]]:
    """Answer ``GET /prompt-labels``."""
    rows = labels.registry(session.tx, session.project_id, archived=include_archived)
    return [view(row, PROJECT_LABEL) for row in rows]


def create(
    session: Session,
    *,
    label: str,
    is_default: bool = False,
    description: str | None = None,
    display_color: str | None = None,
    is_system: bool = False,
) -> dict[str, Any]:
    """Answer ``POST /prompt-labels``: restores a label that was archived."""
    former = labels.registered(session.tx, session.project_id, checks.label(label))
    if former is not None and former["archived_at"] is None:
        raise Problem(409, "PROJECT_LABEL_TAKEN", f"the label {label!r} is registered already", {"label": label})
    fields = {
        "is_default": is_default,
        "description": checks.optional("description", description, 280),
        "display_color": _color(session, display_color, former),
        "archived_at": None,
    }
    if former is not None:
        return _change(session, former, fields)
    return _add(session, {"project_id": session.project_id, "label": label, "is_system": is_system, **fields})


def _add(session: Session, fields: Row) -> dict[str, Any]:
    created = {"created_by_user_id": session.actor_id, "created_at": session.now, "updated_at": session.now}
    row: Row = {**fields, **created}
    session.tx.insert("project_labels", row)
    return view(row, PROJECT_LABEL)


def _color(session: Session, wanted: str | None, former: Row | None) -> str:
    if wanted is not None:
        return checks.one_of("displayColor", wanted, PALETTE)
    if former is not None:
        return str(former["display_color"])
    return PALETTE[labels.registry_size(session.tx, session.project_id) % len(PALETTE)]


def get(session: Session, *, label: str) -> dict[str, Any]:
    """Answer ``GET /prompt-labels/{label}``: a label, archived or not."""
    return view(_find(session, label), PROJECT_LABEL)


def update(
    session: Session,
    *,
    label: str,
    is_default: bool | None = None,
    description: str | None = None,
    display_color: str | None = None,
) -> dict[str, Any]:
    """Answer ``PATCH /prompt-labels/{label}``: ``None`` leaves a field unchanged, an empty description clears it."""
    row = _find(session, label)
    if row["archived_at"] is not None:
        raise Problem(
            409, "PROJECT_LABEL_ARCHIVED", f"the label {label!r} is archived; create it again first", {"label": label}
        )
    changes: dict[str, Any] = {}
    if is_default is not None:
        changes["is_default"] = is_default
    if description is not None:
        changes["description"] = checks.optional("description", description, 280)
    if display_color is not None:
        changes["display_color"] = checks.one_of("displayColor", display_color, PALETTE)
    return _change(session, row, changes)


def delete(session: Session, *, label: str) -> dict[str, Any]:
    """Answer ``DELETE /prompt-labels/{label}``: archives it; its pointers stay."""
    row = _find(session, label)
    if row["is_system"]:
        raise Problem(
            409,
            "PROJECT_LABEL_SYSTEM_NOT_DELETABLE",
            f"{label!r} is a system label and cannot be deleted",
            {"label": label},
        )
    return _change(session, row, {} if row["archived_at"] else {"archived_at": session.now})


def list_usages(session: Session, *, label: str) -> list[dict[str, Any]]:
    """Answer ``GET /prompt-labels/{label}/usages``."""
    _find(session, label)
    return [view(row, LABEL_USAGE) for row in labels.usages(session.tx, session.project_id, label)]
