"""Defines the environments of a project."""

from __future__ import annotations

from pydantic import NonNegativeInt

from .base import Model, Timestamp


class ProjectEnvironment(Model):
    """An environment of a project; flags that newer servers no longer send are ``None``."""

    id: str
    project_id: str
    slug: str
    name: str
    color: str | None = None
    description: str | None = None
    is_pointer: bool | None = None
    requires_approval: bool | None = None
    is_default: bool
    is_gateway_fallback: bool
    is_system: bool
    is_production: bool | None = None
    sort_order: int
    created_by: str
    updated_by: str
    created_at: Timestamp
    updated_at: Timestamp
    archived_at: Timestamp | None = None


class LivePointerCounts(Model):
    """How many pointers an archived environment had."""

    prompts: NonNegativeInt
    providers: NonNegativeInt
    rules: NonNegativeInt


class ArchiveProjectEnvironmentResult(Model):
    """The environment as archived, and the pointers that were cleared with it."""

    environment: ProjectEnvironment
    live_pointer_counts: LivePointerCounts | None = None
