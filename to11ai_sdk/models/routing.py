"""Defines routing rules: snapshots, versions, releases."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, NonNegativeInt

from .base import Items, Model, Timestamp
from .prompts import VersionNumber

ReleaseStrategy = Literal["single", "weighted"]
"""How a release picks a version: always the same one, or one of several by weight."""

Percent = Annotated[int, Field(ge=0, le=100)]


class RuleTarget(Model):
    """The provider and model that a request goes to; ``when`` is a condition on the request."""

    provider_id: str
    model_id: str | None = None
    params: dict[str, Any] | None = None
    when: Any = None


class RuleVariant(Model):
    """A named target of a weighted split or an experiment; ``weight`` is a percentage."""

    name: str
    target: RuleTarget
    weight: Percent | None = None
    params: dict[str, Any] | None = None
    when: Any = None


class RuleStep(Model):
    """One of several steps of a rule, in the order of ``position``."""

    position: NonNegativeInt
    name: str | None = None
    strategy: Literal["single", "weighted", "fallback", "experiment"] | str | None = None
    target: RuleTarget | None = None
    variants: Items[RuleVariant] | None = None
    when: Any = None


class RuleRetry(Model):
    """How the gateway retries a target: how often, from how many milliseconds, on which HTTP statuses."""

    max_retries: NonNegativeInt | None = None
    backoff_base_ms: NonNegativeInt | None = None
    retryable_status_codes: Items[Annotated[int, Field(ge=100, le=599)]] | None = None


class RuleProviderRef(Model):
    """A provider in an environment, by default in the gateway's fallback environment."""

    provider_id: str
    env_slug: str | None = None


class RuleModelBinding(Model):
    """A model served by a provider."""

    model_id: str
    provider: RuleProviderRef
    weight: int | float | None = None


class RuleSnapshot(Model):
    """The content of a rule version: a whole routing rule."""

    endpoint: str
    strategy: Literal["single", "weighted", "fallback", "experiment"] | str
    target: RuleTarget | None = None
    variants: Items[RuleVariant] | None = None
    steps: Items[RuleStep] | None = None
    chain: Items[Any] | None = None
    model_bindings: Items[RuleModelBinding] | None = None
    provider_refs: Items[RuleProviderRef] | None = None
    retry: RuleRetry | None = None


class RuleVersion(Model):
    """One version of a rule; it never changes."""

    id: str
    rule_id: str
    version: VersionNumber
    snapshot_json: RuleSnapshot
    description: str | None = None
    created_by: str
    created_at: Timestamp


class RuleReleaseWeight(Model):
    """The share of one version in a weighted release, a percentage."""

    version_id: str
    weight: Percent


class RuleRelease(Model):
    """One entry in the timeline of a rule in an environment; the serving one has no ``active_to``."""

    id: str
    rule_id: str
    environment_id: str
    env_slug: str
    actor_id: str
    actor_type: Literal["user", "api_key", "worker"] | str
    strategy: ReleaseStrategy | str
    version_id: str | None = None
    weights: Items[RuleReleaseWeight] | None = None
    change_kind: Literal["release_initial", "release_promoted", "release_rolled_back", "release_weight_changed"] | str
    prior_release_id: str | None = None
    reason: str | None = None
    approval_status: Literal["committed", "pending", "rejected"] | str | None = None
    approval_requested_by: str | None = None
    approval_requested_at: Timestamp | None = None
    approved_by: str | None = None
    approved_at: Timestamp | None = None
    rejected_by: str | None = None
    rejected_at: Timestamp | None = None
    active_from: Timestamp | None = None
    active_to: Timestamp | None = None
    created_at: Timestamp
