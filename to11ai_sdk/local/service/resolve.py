"""Resolves a slug and labels to a rendered prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..problems import Problem, invalid
from ..store import Row, labels, projects, prompts
from ..templates.blocks import DEVELOPER_ROLES
from . import checks
from .session import DeferredWork
from .versions import find_version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from .session import Session


def _find(session: Session, slug: str) -> Row:
    row = prompts.by_slug(session.tx, session.project_id, slug)
    if row is None or row["status"] == "archived":
        raise Problem(404, "PROMPT_NOT_FOUND", f"the project has no prompt with the slug {slug!r}", {"slug": slug})
    return row


def _choose(session: Session, prompt: Row, wanted: Sequence[str]) -> tuple[Row, list[str]]:
    """Return the pointer of the first label that has one, and all labels that point at the same version."""
    if not wanted:
        raise invalid("labels must name at least one label", field="labels")
    asked = [checks.label(label) for label in dict.fromkeys(wanted)]
    found = [row for label in asked if (row := labels.pointer(session.tx, prompt["id"], label))]
    if not found:
        raise Problem(
            404,
            "PROMPT_LABELS_NOT_FOUND",
            f"the prompt {prompt['slug']!r} has none of the labels {', '.join(asked)}",
            {"slug": prompt["slug"], "promptId": prompt["id"], "labels": asked},
        )
    return found[0], [row["label"] for row in found if row["version_id"] == found[0]["version_id"]]


def resolve(
    session: Session,
    *,
    slug: str,
    labels: Sequence[str],
    variables: Mapping[str, Any] | None = None,
    developer_role: str = "user",
) -> DeferredWork:
    """Answer ``POST /prompts:resolve``; later versions of the SDK choose what the role ``developer`` becomes."""
    if developer_role not in DEVELOPER_ROLES:
        raise invalid(f"developerRole must be one of {', '.join(DEVELOPER_ROLES)}", field="developerRole")
    prompt = _find(session, slug)
    pointer, matching = _choose(session, prompt, labels)
    version = find_version(session, prompt["id"], pointer["version_id"])
    head = {
        "promptId": prompt["id"],
        "versionId": version["id"],
        # The label move that released this version.
        "releaseId": pointer["event_id"].replace("event_", "pr_", 1),
        "version": version["version"],
        "labels": matching,
        "subjectHash": None,
        "variantName": None,
    }
    options = {
        "strict_variables": projects.strict_variables(session.tx, session.project_id),
        "developer_role": developer_role,
        "hang_up": session.hang_up,
    }
    return DeferredWork(lambda: {**head, **_rendered(version, variables or {}, session.moment, options)})


def _rendered(
    version: Row, variables: Mapping[str, Any], moment: datetime, options: Mapping[str, Any]
) -> dict[str, Any]:
    from ..templates.rendering import render

    template = (version["format"], version["template_json"], version["variables_schema"])
    rendered = render(*template, variables, moment, **options)
    return {
        "contentHash": rendered.content_hash,
        "rendered": rendered.payload,
        "blockRenderRecord": rendered.block_render_record,
    }
