"""Manages prompts: drafts at first, active once they have a version or a label, archived permanently."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..problems import Problem, invalid
from ..store import Row, prompts
from . import checks
from .views import PROMPT, Page, page_request, view

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .session import Session

_STATUSES = ("active", "archived", "draft")


def find(session: Session, prompt_id: str) -> Row:
    """Return a prompt of the project, archived or not."""
    row = prompts.by_id(session.tx, session.project_id, prompt_id)
    if row is None:
        raise Problem(
            404, "PROMPT_NOT_FOUND", f"the project has no prompt with the id {prompt_id!r}", {"promptId": prompt_id}
        )
    return row


def open_for_change(session: Session, prompt_id: str) -> Row:
    """Return a prompt that is not archived."""
    row = find(session, prompt_id)
    if row["status"] == "archived":
        raise Problem(409, "PROMPT_ARCHIVED", f"the prompt {row['slug']!r} is archived", {"promptId": prompt_id})
    return row


def activate(session: Session, prompt: Row) -> None:
    """Make a draft active, with its first version or label."""
    if prompt["status"] == "draft":
        _change(session, prompt, {"status": "active"})


def _change(session: Session, prompt: Row, changes: dict[str, Any]) -> Row:
    if changes:
        changes["updated_at"] = session.now
        session.tx.update("prompts", {"id": prompt["id"]}, changes)
    return {**prompt, **changes}


def _check_name_free(session: Session, name: str, but: str | None = None) -> None:
    other = prompts.by_name(session.tx, session.project_id, name)
    if other is not None and other["id"] != but:
        raise Problem(
            409, "PROMPT_NAME_TAKEN", f"another prompt of the project is named {name!r}", {"promptId": other["id"]}
        )


def create(
    session: Session, *, name: str, slug: str, description: str | None = None, tags: Sequence[str] = ()
) -> dict[str, Any]:
    """Answer ``POST /prompts``."""
    checks.text("name", name, 200)
    checks.slug(slug, 200)
    other = prompts.by_slug(session.tx, session.project_id, slug)
    if other is not None:
        raise Problem(
            409, "PROMPT_SLUG_TAKEN", f"another prompt of the project has the slug {slug!r}", {"promptId": other["id"]}
        )
    _check_name_free(session, name)
    row: Row = {
        "id": session.new_id("prompt"),
        "project_id": session.project_id,
        "name": name,
        "slug": slug,
        "description": description or None,
        "tags": checks.tags(tags),
        "status": "draft",
        "created_by_user_id": session.actor_id,
        "created_at": session.now,
        "updated_at": session.now,
    }
    session.tx.insert("prompts", row)
    return view(row, PROMPT)


def list_page(
    session: Session,
    *,
    status: str | None = None,
    sort_by: str = "-createdAt",
    tags: str = "",
    page: int | None = None,
    limit: int | None = None,
) -> Page:
    """Answer ``GET /prompts``: by default newest first; archived ones only if asked for by status."""
    if status is not None:
        checks.one_of("status", status, _STATUSES)
    if sort_by not in prompts.ORDERS:
        raise invalid(f"sortBy must be one of {', '.join(prompts.ORDERS)}", field="sortBy")
    shown = page_request(page, limit)
    rows, total = prompts.find(
        session.tx,
        project_id=session.project_id,
        status=status,
        tags=[tag for tag in (part.strip() for part in tags.split(",")) if tag],
        order=sort_by,
        limit=shown.limit,
        offset=shown.offset,
    )
    return shown.show([view(row, PROMPT) for row in rows], total)


def get(session: Session, *, prompt_id: str) -> dict[str, Any]:
    """Answer ``GET /prompts/{promptId}``."""
    return view(find(session, prompt_id), PROMPT)


def update(
    session: Session,
    *,
    prompt_id: str,
    name: str | None = None,
    description: str | None = None,
    tags: Sequence[str] | None = None,
) -> dict[str, Any]:
    """Answer ``PATCH /prompts/{promptId}``: ``None`` leaves a field unchanged, an empty description clears it."""
    prompt = open_for_change(session, prompt_id)
    changes: dict[str, Any] = {}
    if name is not None:
        _check_name_free(session, checks.text("name", name, 200), prompt_id)
        changes["name"] = name
    if description is not None:
        changes["description"] = description or None
    if tags is not None:
        changes["tags"] = checks.tags(tags)
    return view(_change(session, prompt, changes), PROMPT)


def archive(session: Session, *, prompt_id: str) -> dict[str, Any]:
    """Answer ``DELETE /prompts/{promptId}``: archives it; repeating that changes nothing."""
    prompt = find(session, prompt_id)
    changes = {} if prompt["status"] == "archived" else {"status": "archived"}
    return view(_change(session, prompt, changes), PROMPT)
