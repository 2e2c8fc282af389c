"""Collects every call of the API in one table, by dotted name: ``ENDPOINTS["prompts.create"]``."""

from __future__ import annotations

from types import MappingProxyType

from .project_environments import ProjectEnvironmentResource
from .prompts import PromptResource
from .routing_rules import RoutingRuleReleaseResource, RoutingRuleVersionResource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from .endpoint import Endpoint, Resource

OWNERS: tuple[type[Resource], ...] = (
    PromptResource,
    ProjectEnvironmentResource,
    RoutingRuleVersionResource,
    RoutingRuleReleaseResource,
)
ENDPOINTS: Mapping[str, Endpoint] = MappingProxyType({row.name: row for owner in OWNERS for row in owner.rows()})
