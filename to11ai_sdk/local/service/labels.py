"""Manages labels of prompts: movable pointers to versions, and a permanent event for every move."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..problems import Problem
from ..store import Row, label_events, labels, projects, prompts
from . import checks
from .prompts import activate, find, open_for_change
from .versions import find_version
from .views import LABEL_EVENT, LABEL_POINTER, page_request, view

if TYPE_CHECKING:
    from datetime import datetime

    from .session import Session


def _check_registered(session: Session, label: str) -> None:
    project = projects.by_id(session.tx, session.project_id)
    if project is None or not project["enforce_label_registry"]:
        return
    entry = labels.registered(session.tx, session.project_id, label)
    if entry is None or entry["archived_at"] is not None:
        raise Problem(
            422,
            "PROMPT_LABEL_NOT_REGISTERED",
            f"the label {label!r} is not in the project's registry; register it with create_project_label",
            {"projectId": session.project_id, "label": label},
        )


def move(session: Session, *, prompt_id: str, label: str, version_id: str, reason: str | None = None) -> dict[str, Any]:
    """Answer ``PUT /prompts/{promptId}/labels/{label}``: a move to the present version leaves no event."""
    prompt = open_for_change(session, prompt_id)
    _check_registered(session, checks.label(label))
    find_version(session, prompt_id, version_id)
    present = labels.pointer(session.tx, prompt_id, label)
    if present is not None and present["version_id"] == version_id:
        return view(present, LABEL_POINTER)
    label_events.move(session.tx, _event(session, prompt_id, label, present, version_id, reason))
    activate(session, prompt)
    moved = labels.pointer(session.tx, prompt_id, label)
    return view(moved or {}, LABEL_POINTER)


def _event(
    session: Session, prompt_id: str, label: str, present: Row | None, version_id: str, reason: str | None
) -> Row:
    return {
        "id": session.new_id("event"),
        "project_id": session.project_id,
        "prompt_id": prompt_id,
        "label": label,
        "from_version_id": present["version_id"] if present else None,
        "to_version_id": version_id,
        "moved_by_user_id": session.actor_id,
        "moved_at": session.now,
        "reason": reason,
    }


def list_all(session: Session, *, prompt_id: str) -> list[dict[str, Any]]:
    """Answer ``GET /prompts/{promptId}/labels``."""
    find(session, prompt_id)
    return [view(row, LABEL_POINTER) for row in labels.pointers(session.tx, prompt_id)]


def project_events(
    session: Session,
    *,
    label: str | None = None,
    prompt_id: str | None = None,
    page: int | None = None,
    limit: int | None = None,
    since: str | datetime | None = None,
    until: str | datetime | None = None,
) -> dict[str, Any]:
    """Answer ``GET /label-events``: newest first; ``since`` and ``until`` are inclusive."""
    shown = page_request(page, limit)
    first, last = checks.moment("since", since), checks.moment("until", until)
    checks.date_range(first, last)
    if prompt_id is not None and prompts.by_id(session.tx, session.project_id, prompt_id) is None:
        return shown.show([], 0)._asdict()
    rows, total = label_events.events(
        session.tx,
        session.project_id,
        prompt_id=prompt_id,
        label=None if label is None else checks.label(label),
        since=first,
        until=last,
        limit=shown.limit,
        offset=shown.offset,
    )
    return shown.show([view(row, LABEL_EVENT) for row in rows], total)._asdict()


def prompt_events(session: Session, *, prompt_id: str, **filters: Any) -> dict[str, Any]:
    """Answer ``GET /prompts/{promptId}/label-events`` and ``GET /prompts/{promptId}/labels/{label}/events``."""
    find(session, prompt_id)
    return project_events(session, prompt_id=prompt_id, **filters)
