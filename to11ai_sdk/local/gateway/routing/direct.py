"""Routes calls to a provider without a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from ..config.providers import FILES, canonical
from ..config.registry import Offer
from ..gateway_problem import GatewayProblem, bad_request
from .plan import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..config.providers import ProviderConfig
    from .scope import Scope

T = TypeVar("T")

_OWN_DIALECT = {"messages": "anthropic", "count_tokens": "anthropic", "rerank": "cohere"}


def by_prefix(scope: Scope, prefix: str, name: str) -> Attempt:
    """Route ``provider::model`` to this provider, whatever the rules say.

    Raises:
        GatewayProblem: 404 if there is no such provider or model; 400 if ``x-genai-provider`` names another, or the
            model is not for this endpoint; 422 if the provider is not active in the environment.
    """
    provider = scope.registry.find(prefix)
    if provider is None:
        known = ", ".join(each.id for each in scope.registry) or "none"
        raise unknown(scope, f"there is no provider {prefix!r}; there are: {known}")
    if not scope.is_hinted(provider):
        message = f"x-genai-provider says {scope.call.provider_type!r}, but the model is of {provider.id!r}"
        raise bad_request("provider_mismatch", message, {"model": scope.call.model, "providerId": provider.id})
    model = provider.model(name)
    if model is None:
        advice = how_to_add(provider.id, provider.kind)
        raise unknown(scope, f"{name!r} is not a model of the provider {provider.id!r}; {advice}")
    return Attempt(_usable(scope, [Offer.of(provider, model)])[0].provider, name)


def by_name(scope: Scope, name: str) -> Attempt | None:
    """Route a plain name to the provider that has this model; ``None`` if none has.

    Raises:
        GatewayProblem: 409 if several have it; 400 if it is not for this endpoint; 422 if its provider is not active.
    """
    found = [each for each in scope.registry.having(name) if scope.is_hinted(each.provider)]
    if not found:
        return None
    usable = _usable(scope, found)
    rank = min(each.rank for each in usable)
    best = [each for each in usable if each.rank == rank]
    if rank == 2:
        # Every built-in provider has these models, and they behave the same: choose the one with the caller's format.
        own = _OWN_DIALECT.get(scope.call.endpoint, "openai")
        best = sorted(best, key=lambda each: each.provider.dialect != own)[:1]
    if len(best) > 1:
        raise ambiguous(scope, [f"{each.provider.id}::{name}" for each in best])
    return Attempt(best[0].provider, name)


def without_model(scope: Scope) -> Attempt:
    """Route a call of files or of a provider's own API to the first active provider that serves it.

    Raises:
        GatewayProblem: 400 if ``x-genai-provider`` names one that does not; 403 ``feature_disabled`` if there is none;
            422 if it is not active.
    """
    kind = scope.call.kind
    wanted = scope.call.provider_type if kind == FILES else scope.call.native
    providers = scope.registry.of_type(wanted) if wanted else list(scope.registry)
    serving = [provider for provider in providers if provider.serves(kind)]
    if providers and not serving and wanted:
        raise _unsupported(scope, f"{providers[0].id!r} has no {kind}", providers[0])
    if not serving:
        message = f"the project has no provider {f'of the type {canonical(wanted)!r} ' if wanted else ''}for {kind}"
        raise GatewayProblem(403, "feature_disabled", "feature_disabled", f"{message}; add one to its configuration")
    return Attempt(_active(scope, serving, lambda provider: provider)[0], None)


def _usable(scope: Scope, found: list[Offer]) -> list[Offer]:
    fitting = [each for each in found if each.provider.offers(each.model, scope.call.kind)]
    if not fitting:
        provider = found[0].provider
        raise _unsupported(
            scope, f"{scope.call.model!r} is a model of {provider.id!r} and not for {scope.call.kind}", provider
        )
    return _active(scope, fitting, lambda each: each.provider)


def _active(scope: Scope, options: list[T], provider_of: Callable[[T], ProviderConfig]) -> list[T]:
    active = [each for each in options if scope.is_active(provider_of(each).id)]
    if not active:
        raise not_enabled(scope, provider_of(options[0]).id, scope.env)
    return active


def _unsupported(scope: Scope, message: str, provider: ProviderConfig) -> GatewayProblem:
    details = {"model": scope.call.model, "endpoint": scope.call.endpoint, "providerId": provider.id}
    return bad_request("unsupported_endpoint", message, details)


def not_enabled(scope: Scope, provider_id: str, env: str, rule_id: str | None = None) -> GatewayProblem:
    """Return the 422 for a provider that is switched off in an environment."""
    message = f"the provider {provider_id!r} is not active in the environment {env!r}"
    details = {"rule": rule_id, "env": env, "providerId": provider_id}
    return GatewayProblem(422, "ENV_NOT_ENABLED_FOR_PROVIDER", "bad_request", message, details)


def how_to_add(provider_id: str, kind: str) -> str:
    """Return what to do so that a provider has one more model."""
    if kind == "echo":
        option = f"--provider '{provider_id}=echo,models=a|b'"
        return f"start to11ai local with {option} for the models a and b, or with models=* for every name"
    return f"add it to the models of {provider_id!r} in its configuration, or * for every name"


def unknown(scope: Scope, message: str) -> GatewayProblem:
    """Return the 404 for an unknown name."""
    details = {"model": scope.call.model, "env": scope.env}
    return GatewayProblem(404, "model_not_found", "model_not_found", message, details)


def ambiguous(scope: Scope, candidates: list[str]) -> GatewayProblem:
    """Return the 409 for an ambiguous name."""
    message = f"{scope.call.model!r} is ambiguous; say which: {', '.join(candidates)}"
    details = {"model": scope.call.model, "candidates": candidates}
    return GatewayProblem(409, "ambiguous_model", "bad_request", message, details)
