"""Manages environments: one default, one gateway fallback, and old slugs that work for 7 days after a rename."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..problems import Problem, invalid
from ..store import Row, environments, labels, rules
from . import checks
from .session import Session, timestamp
from .views import ENVIRONMENT, view

ALIAS_LIFE = timedelta(days=7)
"""How long the old slug works after a rename."""
_UNIQUE = {"is_default": "isDefault", "is_gateway_fallback": "isGatewayFallback"}


def find(session: Session, slug: str) -> Row:
    """Return the environment with a slug: an active one, else one renamed recently, else the one archived last."""
    tx, project_id = session.tx, session.project_id
    row = (
        environments.live(tx, project_id, slug)
        or environments.by_alias(tx, project_id, slug, session.now)
        or environments.last_archived(tx, project_id, slug)
    )
    if row is None:
        raise Problem(
            404, "ENVIRONMENT_NOT_FOUND", f"the project has no environment {slug!r}", {"slug": slug, "envSlug": slug}
        )
    return row


def open_for_change(session: Session, slug: str) -> Row:
    """Return an environment that is not archived."""
    row = find(session, slug)
    if row["archived_at"] is not None:
        raise Problem(
            409, "ENVIRONMENT_ARCHIVED", f"the environment {slug!r} is archived; restore it first", {"slug": slug}
        )
    return row


def _check_slug_free(session: Session, slug: str, but: str | None = None) -> None:
    tx, project_id = session.tx, session.project_id
    owner = environments.live(tx, project_id, slug) or environments.by_alias(tx, project_id, slug, session.now)
    if owner is None or owner["id"] == but:
        return
    message = f"the slug {slug!r} is in use by the environment {owner['name']!r}"
    if owner["slug"] != slug:
        free = f"is free again {ALIAS_LIFE.days} days after that"
        message = f"the slug {slug!r} was that of the environment {owner['slug']!r} until its renaming, and {free}"
    raise Problem(409, "ENVIRONMENT_SLUG_TAKEN", message, {"slug": slug})


def _system(row: Row, what: str) -> Problem:
    message = f"{row['slug']!r} is a system environment and cannot be {what}"
    return Problem(409, "SYSTEM_ENV_IMMUTABLE", message, {"slug": row["slug"]})


def _take_flags(session: Session, present: Row, wanted: dict[str, Any]) -> None:
    """Take a unique flag from the environment that has it; refuse to drop one without a new holder."""
    for flag, wire_name in _UNIQUE.items():
        given = wanted.get(flag)
        if given is None or given == present.get(flag, False):
            continue
        if not given:
            code = "DEFAULT_ENVIRONMENT_REQUIRED" if flag == "is_default" else "GATEWAY_FALLBACK_REQUIRED"
            message = f"one environment must have {wire_name}; set it on another one instead"
            raise Problem(409, code, message, {"slug": present["slug"]})
        environments.strip(session.tx, session.project_id, flag, session.actor_id, session.now)


def _fields(given: dict[str, Any]) -> dict[str, Any]:
    """Return the given fields, checked; an empty colour or description clears the field."""
    fields = {name: value for name, value in given.items() if value is not None}
    if "name" in fields:
        checks.text("name", fields["name"], 120)
    if "sort_order" in fields:
        checks.number("sortOrder", fields["sort_order"], -checks.LARGEST)
    for name, longest in (("color", 64), ("description", 280)):
        if name in fields:
            fields[name] = checks.optional(name, fields[name], longest)
    return fields


def list_all(session: Session, *, include_archived: bool = False) -> list[dict[str, Any]]:
    """Answer ``GET /environments``: by ``sortOrder``, then slug."""
    rows = environments.all_of(session.tx, session.project_id, archived=include_archived)
    return [view(row, ENVIRONMENT) for row in rows]


def get(session: Session, *, slug: str) -> dict[str, Any]:
    """Answer ``GET /environments/{slug}``."""
    return view(find(session, slug), ENVIRONMENT)


def create(session: Session, *, slug: str, **given: Any) -> dict[str, Any]:
    """Answer ``POST /environments``: a new environment is last in the order by default."""
    return view(insert(session, slug, given), ENVIRONMENT)


def insert(session: Session, slug: str, given: dict[str, Any], *, is_system: bool = False) -> Row:
    """Write a new environment; the system's own ``prod`` is production."""
    fields = _fields(given)
    _check_slug_free(session, checks.slug(slug, 63))
    _take_flags(session, {"slug": slug}, fields)
    environments.drop_alias(session.tx, session.project_id, slug)
    row: Row = {
        "id": session.new_id("env"),
        "project_id": session.project_id,
        "slug": slug,
        **dict.fromkeys(("color", "description")),
        **dict.fromkeys(("is_pointer", "requires_approval", "is_default", "is_gateway_fallback"), False),
        "sort_order": environments.last_place(session.tx, session.project_id) + 1,
        **fields,
        "is_system": is_system,
        "is_production": is_system and slug == "prod",
        **dict.fromkeys(("created_by", "updated_by"), session.actor_id),
        **dict.fromkeys(("created_at", "updated_at"), session.now),
        "archived_at": None,
    }
    session.tx.insert("environments", row)
    return row


def update(session: Session, *, slug: str, new_slug: str | None = None, **given: Any) -> dict[str, Any]:
    """Answer ``PATCH /environments/{slug}``: arguments not given leave their fields unchanged."""
    row = open_for_change(session, slug)
    changes = _fields(given)
    _take_flags(session, row, changes)
    if new_slug is not None and new_slug != row["slug"]:
        _rename(session, row, new_slug)
        changes["slug"] = new_slug
    return view(_change(session, row, changes), ENVIRONMENT)


def _rename(session: Session, row: Row, new_slug: str) -> None:
    if row["is_system"]:
        raise _system(row, "renamed")
    _check_slug_free(session, checks.slug(new_slug, 63), but=row["id"])
    environments.drop_alias(session.tx, session.project_id, new_slug)
    environments.keep_alias(session.tx, row, timestamp(session.moment + ALIAS_LIFE))


def _change(session: Session, row: Row, changes: dict[str, Any]) -> Row:
    if changes:
        changes |= {"updated_at": session.now, "updated_by": session.actor_id}
        session.tx.update("environments", {"id": row["id"]}, changes)
    return {**row, **changes}


def archive(session: Session, *, slug: str) -> dict[str, Any]:
    """Answer ``POST /environments/{slug}/archive``: clears its pointers; repeating it changes nothing."""
    row = find(session, slug)
    counts = {"prompts": 0, "providers": 0, "rules": 0}
    if row["archived_at"] is None:
        _check_may_archive(row)
        counts = _clear(session, row)
        row = _change(session, row, {"archived_at": session.now})
    return {"environment": view(row, ENVIRONMENT), "livePointerCounts": counts}


def _check_may_archive(row: Row) -> None:
    if row["is_gateway_fallback"]:
        message = f"{row['slug']!r} is the gateway fallback; make another environment the fallback first"
        raise Problem(409, "CANNOT_ARCHIVE_GATEWAY_FALLBACK", message, {"slug": row["slug"]})
    if row["is_system"]:
        raise _system(row, "archived")
    if row["is_default"]:
        message = f"{row['slug']!r} is the default; make another environment the default first"
        raise Problem(409, "CANNOT_ARCHIVE_DEFAULT", message, {"slug": row["slug"]})


def _clear(session: Session, row: Row) -> dict[str, int]:
    # A label that equals a slug of the environment is its pointer to a version of a prompt.
    rules.reject_pending(session.tx, row["id"], session.actor_id, session.now)
    return {
        "prompts": labels.clear(session.tx, row, session.now),
        "providers": environments.clear_activations(session.tx, row["id"]),
        "rules": rules.close(session.tx, row, session.now),
    }


def restore(session: Session, *, slug: str) -> dict[str, Any]:
    """Answer ``POST /environments/{slug}/restore``: its pointers stay cleared."""
    tx, project_id = session.tx, session.project_id
    row = environments.last_archived(tx, project_id, slug) or find(session, slug)
    if row["archived_at"] is not None:
        _check_slug_free(session, row["slug"], but=row["id"])
        environments.drop_alias(tx, project_id, row["slug"])
        row = _change(session, row, {"archived_at": None})
    return view(row, ENVIRONMENT)


def set_provider(session: Session, slug: str, provider_id: str, *, is_active: bool) -> None:
    """Switch a provider on or off in an environment; providers are active by default."""
    if not provider_id.strip():
        raise invalid("provider_id must not be blank", field="providerId")
    row = open_for_change(session, slug)
    environments.activate(session.tx, row["id"], provider_id, is_active=is_active)
