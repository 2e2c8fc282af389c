"""Checks whether each target of a rule can be used, and if not, why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from .plan import Attempt, Retry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..config.providers import ProviderConfig
    from .scope import Scope
    from .serving_rules import ServingVersion

CONDITION = "condition"
TYPE = "type"
INACTIVE = "inactive"
UNREACHABLE = "unreachable"


class Obstacle(NamedTuple):
    """The reason why a target cannot be used.

    Attributes:
        kind: ``CONDITION`` for a false ``when``, ``TYPE`` for another type than ``x-genai-provider``, ``INACTIVE`` for
            a provider that is switched off, ``UNREACHABLE`` for anything else.
        message: for a person.
        provider_id: the provider that is switched off.
        env: the environment in which it is.
    """

    kind: str
    message: str
    provider_id: str = ""
    env: str = ""


class RuleTargets:
    """The targets of one version of a rule.

    Args:
        scope: the call.
        served: the version.
        asked: the name by which the rule was found.
    """

    def __init__(self, scope: Scope, served: ServingVersion, asked: str) -> None:
        self._scope = scope
        self._served = served
        self._asked = asked
        self._retry = Retry.of(served.snapshot.get("retry"))
        self.bindings: list[Mapping[str, Any]] = served.snapshot.get("modelBindings") or []

    def attempt(
        self, target: Mapping[str, Any], params: Mapping[str, Any] | None = None, variant: str | None = None
    ) -> Attempt | Obstacle:
        """Return the attempt for a target, or the obstacle; ``params`` are those of its variant."""
        provider = self._scope.registry.find(target["providerId"])
        if provider is None:
            return Obstacle(UNREACHABLE, f"there is no provider {target['providerId']!r}")
        model = target.get("modelId") or self._model_of(provider)
        merged: dict[str, Any] = {**(target.get("params") or {}), **(params or {})}
        served = self._served
        return self._obstacle(provider, model, target) or Attempt(
            provider, model, merged, served.rule_id, served.version_id, served.release_id, variant, self._retry
        )

    def _model_of(self, provider: ProviderConfig) -> str | None:
        """Return the model for a target without one: the requested model, else one that the rule binds to it."""
        listed = provider.model(self._asked)
        if listed is not None and not listed.is_pattern:
            return self._asked
        find = self._scope.registry.find
        bound = (each["modelId"] for each in self.bindings if find(each["provider"]["providerId"]) == provider)
        return next(bound, self._asked if listed else None)

    def _obstacle(self, provider: ProviderConfig, model: str | None, target: Mapping[str, Any]) -> Obstacle | None:
        if not self._scope.is_hinted(provider):
            return Obstacle(TYPE, f"{provider.id!r} is of the type {provider.type!r}")
        env = target.get("envSlug")
        if not all(self._scope.is_active(name, env) for name in {provider.id, target["providerId"]}):
            home = env or self._scope.env
            return Obstacle(INACTIVE, f"{provider.id!r} is not active in {home!r}", provider.id, home)
        return self._unfit(provider, model)

    def _unfit(self, provider: ProviderConfig, name: str | None) -> Obstacle | None:
        if name is None:
            return Obstacle(UNREACHABLE, f"the target at {provider.id!r} has no model, and {self._asked!r} is not one")
        model = provider.model(name)
        if model is None:
            return Obstacle(UNREACHABLE, f"{name!r} is not a model of {provider.id!r}")
        if not provider.offers(model, self._scope.call.kind):
            return Obstacle(UNREACHABLE, f"{name!r} of {provider.id!r} is not for {self._scope.call.kind}")
        return None
