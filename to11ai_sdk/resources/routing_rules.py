"""Declares ``client.routing_rules``: versions and releases of routing rules."""

from __future__ import annotations

from functools import partial
from operator import attrgetter

from .._http.process_safety import Unique
from .endpoint import Resource, endpoint

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from ..models.routing import ReleaseStrategy, RuleRelease, RuleReleaseWeight, RuleSnapshot, RuleVersion
    from .endpoint import Send

_RULE = "/v1/projects/{project_id}/routing/rules/{rule_id}"


class RoutingRuleVersionResource(Resource):
    """``client.routing_rules.versions``: the numbered versions of a rule, which never change."""

    namespace = "routing_rules.versions"

    @endpoint(f"POST {_RULE}/versions")
    def create(
        self,
        *,
        project_id: str,
        rule_id: str,
        snapshot: RuleSnapshot | Mapping[str, Any],
        description: str | None = None,
    ) -> RuleVersion:
        """Create the next version of a rule.

        Args:
            project_id: id of the project.
            rule_id: id of the rule.
            snapshot: the whole rule as a ``RuleSnapshot`` or in the API's own form, ``{"endpoint": ..., ...}``.
            description: what is new in it.

        Raises:
            RuleVersionInvalidSnapshotError: the server refused the snapshot; says where and why.
            RuleNotFoundError: there is no such rule.
        """
        ...

    @endpoint(f"GET {_RULE}/versions")
    def list(
        self, *, project_id: str, rule_id: str, cursor: int | None = None, limit: int | None = None
    ) -> builtins.list[RuleVersion]:
        """List versions, newest first.

        Args:
            cursor: number of a version; only those below it are listed.
            limit: the most to list.
        """
        ...

    def iter(self, *, project_id: str, rule_id: str, limit: int | None = None) -> Iterator[RuleVersion]:
        """Iterate over all versions, newest first, fetching each page when needed; takes what :meth:`list` takes."""
        from .paging import PagesBelow

        call = partial(self.list, project_id=project_id, rule_id=rule_id, limit=limit)
        return PagesBelow(f"{self.namespace}.list", lambda cursor: call(cursor=cursor), attrgetter("version"), first=1)

    @endpoint(f"GET {_RULE}/versions/{{version_id}}")
    def get(self, *, project_id: str, rule_id: str, version_id: str) -> RuleVersion:
        """Get one version by its id, not its number."""
        ...


class RoutingRuleReleaseResource(Resource):
    """``client.routing_rules.releases``: which version of a rule serves an environment, now and before."""

    namespace = "routing_rules.releases"

    @endpoint(f"PUT {_RULE}/releases/{{env_slug}}")
    def set(
        self,
        *,
        project_id: str,
        rule_id: str,
        env_slug: str,
        strategy: ReleaseStrategy,
        version_id: str | None = None,
        weights: Sequence[RuleReleaseWeight | Mapping[str, Any]] | None = None,
        reason: str | None = None,
    ) -> RuleRelease:
        """Release one version, or several by weight, to an environment.

        Args:
            project_id: id of the project.
            rule_id: id of the rule.
            env_slug: slug of the environment.
            strategy: ``"single"`` with ``version_id``, or ``"weighted"`` with ``weights``.
            version_id: id of the version that serves all.
            weights: each a ``RuleReleaseWeight`` or ``{"versionId": ..., "weight": ...}``; percentages that total 100.
            reason: recorded with the release.

        Raises:
            RuleNotFoundError: there is no such rule.
            EnvNotEnabledForProviderError: a provider of the rule is not active in the environment.
        """
        ...

    @endpoint(f"POST {_RULE}/releases/{{env_slug}}/rollback")
    def rollback(
        self, *, project_id: str, rule_id: str, env_slug: str, reason: str, target_release_id: str | None = None
    ) -> RuleRelease:
        """Release again the version or weights that served before, as a new release.

        Args:
            target_release_id: the release to return to, by default the previous one.
        """
        ...

    @endpoint(f"GET {_RULE}/releases")
    def _list_all(
        self, *, project_id: str, rule_id: str, cursor: str | None = None, limit: int | None = None
    ) -> builtins.list[RuleRelease]:
        """List the releases of a rule to every environment, newest first."""
        ...

    @endpoint(f"GET {_RULE}/releases/{{env_slug}}")
    def _list_env(
        self, *, project_id: str, rule_id: str, env_slug: str, cursor: str | None = None, limit: int | None = None
    ) -> builtins.list[RuleRelease]:
        """List the releases of a rule to one environment, newest first."""
        ...

    def list(
        self,
        *,
        project_id: str,
        rule_id: str,
        env_slug: str | None = None,
        cursor: str | None = None,
        limit: int | None = None,
    ) -> builtins.list[RuleRelease]:
        """List releases, newest first.

        Args:
            project_id: id of the project.
            rule_id: id of the rule.
            env_slug: only the releases to this environment.
            cursor: id of a release; only older ones are listed.
            limit: the most to list.
        """
        if env_slug is None:
            return self._list_all(project_id=project_id, rule_id=rule_id, cursor=cursor, limit=limit)
        return self._list_env(project_id=project_id, rule_id=rule_id, env_slug=env_slug, cursor=cursor, limit=limit)

    def iter(
        self, *, project_id: str, rule_id: str, env_slug: str | None = None, limit: int | None = None
    ) -> Iterator[RuleRelease]:
        """Iterate over all releases, newest first, fetching each page when needed; takes what :meth:`list` takes."""
        from .paging import PagesBelow

        call = partial(self.list, project_id=project_id, rule_id=rule_id, env_slug=env_slug, limit=limit)
        return PagesBelow(f"{self.namespace}.list", lambda cursor: call(cursor=cursor), attrgetter("id"))


class RoutingRulesResource(Unique):
    """``client.routing_rules``: the versions and releases of routing rules.

    Attributes:
        versions: the versions of a rule.
        releases: the releases of a rule.
    """

    versions: RoutingRuleVersionResource
    releases: RoutingRuleReleaseResource

    def __init__(self, send: Send) -> None:
        self.versions = RoutingRuleVersionResource(send)
        self.releases = RoutingRuleReleaseResource(send)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} client.routing_rules: {', '.join(vars(self))}>"
