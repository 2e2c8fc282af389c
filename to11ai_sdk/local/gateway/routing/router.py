"""Defines ``Router``, which makes a plan for a call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..config.providers import FILES, NATIVE, canonical
from ..config.registry import DEFAULTS
from ..gateway_problem import GatewayProblem, bad_request
from . import direct
from .choice import Choice
from .plan import Attempt, Plan
from .route_query import LAYERS, parse_model
from .rule_targets import CONDITION, INACTIVE, TYPE, Obstacle
from .scope import Scope
from .serving_rules import ServingRules, ServingVersion
from .strategies import RuleWalk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...service import Session
    from ..config.providers import ProviderConfig
    from ..config.registry import Registry
    from .route_query import RouteQuery

_HINTS = frozenset(provider.type for provider in DEFAULTS)


class Router:
    """Chooses the targets of calls.

    Args:
        registry: the providers.
        seed: makes the choices by weight predictable; by default they are random.
    """

    def __init__(self, registry: Registry, seed: int | str | None = None) -> None:
        self._registry = registry
        self._choice = Choice(seed)

    def scope(self, session: Session, call: RouteQuery) -> Scope:
        """Return a call in its environment.

        Raises:
            GatewayProblem: 400 if ``x-genai-provider`` is not a type of a provider, or if the call names no environment
                and there is no fallback; 404 for an unknown environment.
        """
        self._check_hint(call)
        return Scope(session, self._registry, call, self._choice)

    def resolve(self, scope: Scope) -> Plan:
        """Return the plan for a call.

        Raises:
            GatewayProblem: 400, 403, 404, 409 or 422 if there is no target; the message says why.
        """
        return Plan(scope.environment["id"], tuple(_attempts(scope)))

    def models(self, scope: Scope) -> list[dict[str, Any]]:
        """List the models of the providers that are active in the environment, for ``GET /v1/models``.

        A model that several of them have is listed as ``provider::model``, the name for requesting it.
        """
        pairs = [
            (provider, model.id)
            for provider in self._registry
            if scope.is_active(provider.id)
            for model in provider.models
            if not model.is_pattern
        ]
        names = [name for _, name in pairs]
        return [
            _shown(name if names.count(name) == 1 else f"{provider.id}::{name}", provider) for provider, name in pairs
        ]

    def model(self, scope: Scope, model_id: str) -> dict[str, Any]:
        """Return a model for ``GET /v1/models/{model_id}``, which may also match only a provider's pattern.

        Raises:
            GatewayProblem: 404 for an unknown model; 409 if several providers have it.
        """
        found = next((model for model in self.models(scope) if model["id"] == model_id), None)
        return found or self._unlisted(scope, model_id)

    def _unlisted(self, scope: Scope, model_id: str) -> dict[str, Any]:
        prefix, name = parse_model(model_id)
        active = [each for each in self._registry if scope.is_active(each.id) and each.model(name)]
        if prefix is not None:
            active = [each for each in active if each == self._registry.find(prefix)]
        if not active:
            raise direct.unknown(scope, f"the project has no model {model_id!r}")
        if len(active) > 1:
            raise direct.ambiguous(scope, [f"{each.id}::{name}" for each in active])
        return _shown(model_id, active[0])

    def _check_hint(self, call: RouteQuery) -> None:
        if call.provider_type is None:
            return
        known = _HINTS | {provider.type for provider in self._registry}
        if canonical(call.provider_type) not in known:
            message = f"x-genai-provider must be one of {', '.join(sorted(known))}, not {call.provider_type!r}"
            raise bad_request("invalid_provider", message)


def _shown(model_id: str, provider: ProviderConfig) -> dict[str, Any]:
    return {"id": model_id, "object": "model", "created": 0, "owned_by": provider.id}


def _attempts(scope: Scope) -> Sequence[Attempt]:
    if scope.call.kind in (FILES, NATIVE):
        return [direct.without_model(scope)]
    prefix, name = parse_model(scope.call.model)
    if prefix in LAYERS:
        return _of_rule(scope, ServingRules(scope).named(prefix, name), name)
    if prefix is not None:
        return [direct.by_prefix(scope, prefix, name)]
    return _bare(scope, name)


def _bare(scope: Scope, name: str) -> Sequence[Attempt]:
    """Look for a function, then a route, then a provider; ``x-genai-provider`` puts the provider first."""
    at_once = direct.by_name(scope, name) if scope.call.provider_type else None
    if at_once is not None:
        return [at_once]
    rules = ServingRules(scope)
    served = rules.function(name) or rules.route(name)
    if served is not None:
        return _of_rule(scope, served, name)
    attempt = direct.by_name(scope, name)
    if attempt is None:
        advice = direct.how_to_add("anthropic" if name.startswith("claude-") else "openai", "echo")
        raise direct.unknown(scope, f"no rule and no provider of the project has the model {name!r}; {advice}")
    return [attempt]


def _of_rule(scope: Scope, served: ServingVersion, asked: str) -> list[Attempt]:
    walk = RuleWalk(scope, served, asked)
    attempts = walk.attempts()
    if not attempts:
        raise _refusal(scope, served, walk.obstacles)
    return attempts


def _refusal(scope: Scope, served: ServingVersion, obstacles: Sequence[Obstacle]) -> GatewayProblem:
    """Return the problem for a rule without a usable target."""
    others = [obstacle for obstacle in obstacles if obstacle.kind != CONDITION]
    kinds = {obstacle.kind for obstacle in others}
    if kinds == {INACTIVE}:
        return direct.not_enabled(scope, others[0].provider_id, others[0].env, served.rule_id)
    if kinds == {TYPE}:
        message = f"x-genai-provider says {scope.call.provider_type!r}, but no target of the rule is of that type"
        return bad_request("provider_mismatch", message, {"rule": served.rule_id, "version": served.version_id})
    return _no_route(served, _reason(served, obstacles, others), obstacles)


def _reason(served: ServingVersion, obstacles: Sequence[Obstacle], others: Sequence[Obstacle]) -> str:
    if obstacles and not others:
        return "all_conditions_false"
    return "all_steps_non_routable" if served.snapshot.get("steps") else "all_variants_unreachable"


def _no_route(served: ServingVersion, reason: str, obstacles: Sequence[Obstacle]) -> GatewayProblem:
    causes = "; ".join(dict.fromkeys(obstacle.message for obstacle in obstacles)) or "there is no provider"
    message = f"no target of the rule {served.rule_id!r} can be asked: {causes}"
    details = {"rule": served.rule_id, "version": served.version_id, "reason": reason}
    return GatewayProblem(422, "NO_APPLICABLE_ROUTE", "bad_request", message, details)
