"""Defines prompts, their versions, labels and events."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from ..json_types import is_array, is_object
from .base import Items, Model, Rows, Timestamp

PromptFormat = Literal["text", "chat"]
"""The format of a prompt: a single text, or chat messages."""
PaletteToken = Literal["accent", "red", "orange", "amber", "green", "teal", "blue", "indigo", "purple", "pink"]
"""The display colours of a label."""

VersionNumber = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Prompt(Model):
    """A prompt of a project: a name for versions and the labels that point at them."""

    id: str
    project_id: str
    name: str
    slug: str
    description: str | None = None
    tags: Items[str]
    status: Literal["active", "draft", "archived"] | str
    created_by_user_id: str
    created_at: Timestamp
    updated_at: Timestamp


class PromptVersion(Model):
    """One version of a prompt; it never changes.

    ``model_config_`` is the API's ``modelConfig``; the underscore avoids Pydantic's own ``model_config``.
    """

    id: str
    prompt_id: str
    version: VersionNumber
    format: PromptFormat | str
    template_json: Any = None
    variables_schema: Any = None
    model_config_: Any = Field(default=None, alias="modelConfig")
    changelog: str | None = None
    created_by_user_id: str
    created_by_display_name: str | None = None
    created_by_image: str | None = None
    created_at: Timestamp

    @property
    def settings(self) -> Any:
        """Return the API's ``modelConfig``."""
        return self.model_config_


class PromptLabelPointer(Model):
    """The version that a label of a prompt points at, and who moved it there."""

    prompt_id: str
    label: str
    version_id: str
    updated_by_user_id: str
    updated_by_display_name: str | None = None
    updated_at: Timestamp


class PromptLabelEvent(Model):
    """One move of a label; ``from_version_id`` is ``None`` for the first placement. It never changes."""

    id: str
    prompt_id: str
    label: str
    from_version_id: str | None = None
    to_version_id: str
    moved_by_user_id: str
    moved_at: Timestamp
    reason: str | None = None


class ProjectPromptLabel(Model):
    """An entry of a project's label registry."""

    project_id: str
    label: str
    is_system: bool
    is_default: bool
    description: str | None = None
    display_color: PaletteToken | str
    created_by_user_id: str
    created_at: Timestamp
    updated_at: Timestamp
    archived_at: Timestamp | None = None


class ProjectPromptLabelUsage(Model):
    """A prompt on which a label points at a version; the last two fields describe the latest move."""

    prompt_id: str
    prompt_slug: str
    prompt_name: str
    version_id: str
    version: PositiveInt
    updated_at: Timestamp
    updated_by_user_id: str


class PaginationInfo(Model):
    """The position of a page: its number from 1, its size, and the numbers of items and pages."""

    page: NonNegativeInt
    limit: NonNegativeInt
    total: NonNegativeInt
    total_pages: NonNegativeInt


class PaginatedResult(Rows[Prompt], Model):  # type: ignore[misc]  # pyright: ignore[reportIncompatibleMethodOverride]
    """One page of prompts, to be used like a list of them; a reply without pagination counts as the only page."""

    items: Items[Prompt]
    pagination: PaginationInfo

    @model_validator(mode="before")
    @classmethod
    def _only_page(cls, data: Any) -> Any:
        if is_object(data) and data.get("pagination") is None and is_array(data.get("items")):
            count = len(data["items"])
            return {**data, "pagination": {"page": 1, "limit": count, "total": count, "totalPages": 1}}
        return data


class PaginatedLabelEvents(Rows[PromptLabelEvent], Model):  # type: ignore[misc]  # pyright: ignore[reportIncompatibleMethodOverride]
    """One page of label events, to be used like a list of them."""

    items: Items[PromptLabelEvent]
    pagination: PaginationInfo
