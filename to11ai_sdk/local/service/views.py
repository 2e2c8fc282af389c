"""Shows rows as the API does, and lists one page at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ..._http.encoding import camel
from . import checks

if TYPE_CHECKING:
    from ..store import Row


def _columns(*names: str) -> dict[str, str]:
    """Return the wire name of each column; made here, because lists need them for every row."""
    return {name: camel(name) for name in names}


PROMPT = _columns(
    "id",
    "project_id",
    "name",
    "slug",
    "description",
    "tags",
    "status",
    "created_by_user_id",
    "created_at",
    "updated_at",
)
PROMPT_VERSION = _columns(
    "id",
    "prompt_id",
    "version",
    "format",
    "template_json",
    "variables_schema",
    "model_config",
    "changelog",
    "created_by_user_id",
    "created_by_display_name",
    "created_at",
)
LABEL_POINTER = _columns(
    "prompt_id",
    "label",
    "version_id",
    "updated_by_user_id",
    "updated_by_display_name",
    "updated_at",
    "reason",  # read by later versions of the SDK, which require a text
)
LABEL_EVENT = _columns(
    "id", "prompt_id", "label", "from_version_id", "to_version_id", "moved_by_user_id", "moved_at", "reason"
)
PROJECT_LABEL = _columns(
    "project_id",
    "label",
    "is_system",
    "is_default",
    "description",
    "display_color",
    "created_by_user_id",
    "created_at",
    "updated_at",
    "archived_at",
)
LABEL_USAGE = _columns(
    "prompt_id", "prompt_slug", "prompt_name", "version_id", "version", "updated_at", "updated_by_user_id"
)
ENVIRONMENT = _columns(
    "id",
    "project_id",
    "slug",
    "name",
    "color",
    "description",
    "is_pointer",
    "requires_approval",
    "is_default",
    "is_gateway_fallback",
    "is_system",
    "is_production",
    "sort_order",
    "created_by",
    "updated_by",
    "created_at",
    "updated_at",
    "archived_at",
)
RULE_VERSION = _columns("id", "rule_id", "version", "snapshot_json", "description", "created_by", "created_at")
RULE_RELEASE = _columns(
    "id",
    "rule_id",
    "environment_id",
    "env_slug",
    "actor_id",
    "actor_type",
    "strategy",
    "version_id",
    "weights",
    "change_kind",
    "prior_release_id",
    "reason",
    "approval_status",
    "approval_requested_by",
    "approval_requested_at",
    "approved_by",
    "approved_at",
    "rejected_by",
    "rejected_at",
    "active_from",
    "active_to",
    "created_at",
)


def view(row: Row, columns: dict[str, str]) -> dict[str, Any]:
    """Return the given columns of a row, by their wire names."""
    return {wire: row[name] for name, wire in columns.items()}


def version_view(row: Row) -> dict[str, Any]:
    """Return a version of a prompt; its author has no picture."""
    return {**view(row, PROMPT_VERSION), "createdByImage": None}


class Page(NamedTuple):
    """The items of one page, and its position."""

    items: list[dict[str, Any]]
    pagination: dict[str, int]


class PageRequest(NamedTuple):
    """The range of items that a page shows."""

    page: int
    limit: int

    @property
    def offset(self) -> int:
        """How many items precede the page."""
        return (self.page - 1) * self.limit

    def show(self, items: list[dict[str, Any]], total: int) -> Page:
        """Return the page with these items."""
        pages = -(-total // self.limit)
        return Page(items, {"page": self.page, "limit": self.limit, "total": total, "totalPages": pages})


def page_request(page: int | None, limit: int | None) -> PageRequest:
    """Return the requested page: 20 items by default, at most 100."""
    return PageRequest(
        checks.number("page", 1 if page is None else page, 1),
        checks.number("limit", 20 if limit is None else limit, 1, 100),
    )
