"""Manages versions of a prompt: numbered from 1, never changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..problems import Problem
from ..store import Row, prompts
from . import checks
from .prompts import activate, find, open_for_change
from .session import DeferredWork
from .views import version_view

if TYPE_CHECKING:
    from .session import Session


def find_version(session: Session, prompt_id: str, version_id: str) -> Row:
    """Return a version of this prompt; a version of another prompt is not found."""
    row = prompts.version_by_id(session.tx, prompt_id, version_id)
    if row is None:
        raise _not_found(prompt_id, f"with the id {version_id!r}", versionId=version_id)
    return row


def _not_found(prompt_id: str, what: str, **details: Any) -> Problem:
    return Problem(
        404, "PROMPT_VERSION_NOT_FOUND", f"the prompt has no version {what}", {"promptId": prompt_id, **details}
    )


def create(
    session: Session,
    *,
    prompt_id: str,
    format: str,  # noqa: A002 - the API's own word
    template_json: Any,
    variables_schema: Any,
    model_config: Any = None,
    changelog: str | None = None,
) -> DeferredWork:
    """Answer ``POST /prompts/{promptId}/versions``."""
    open_for_change(session, prompt_id)
    checks.one_of("format", format, ("chat", "text"))
    content = {"format": format, "template_json": template_json, "variables_schema": variables_schema}

    def check() -> None:
        from ..templates.rendering import check_template

        check_template(format, template_json, variables_schema, session.hang_up)
        checks.depth("modelConfig", model_config)

    def write(later: Session) -> dict[str, Any]:
        prompt = open_for_change(later, prompt_id)
        version_id = _insert(later, prompt_id, {**content, "model_config": model_config, "changelog": changelog})
        activate(later, prompt)
        return version_view(find_version(later, prompt_id, version_id))

    return DeferredWork(check, write)


def _insert(session: Session, prompt_id: str, content: Row) -> str:
    row = {
        "id": session.new_id("version"),
        "prompt_id": prompt_id,
        "version": prompts.next_version(session.tx, prompt_id),
        **content,
        "created_by_user_id": session.actor_id,
        "created_at": session.now,
    }
    session.tx.insert("prompt_versions", row)
    return str(row["id"])


def list_all(session: Session, *, prompt_id: str) -> list[dict[str, Any]]:
    """Answer ``GET /prompts/{promptId}/versions``: newest first."""
    find(session, prompt_id)
    return [version_view(row) for row in prompts.versions(session.tx, prompt_id)]


def get(session: Session, *, prompt_id: str, version_number: int) -> dict[str, Any]:
    """Answer ``GET /prompts/{promptId}/versions/{versionNumber}``."""
    find(session, prompt_id)
    row = prompts.version_by_number(session.tx, prompt_id, version_number)
    if row is None:
        raise _not_found(prompt_id, f"number {version_number}", version=version_number)
    return version_view(row)
