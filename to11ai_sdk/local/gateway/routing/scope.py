"""Defines a call in its environment, with the providers that are active there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...._http.process_safety import lazy
from ...headers import SECRETS
from ...store import Row, environments
from ..config.providers import canonical
from ..gateway_problem import GatewayProblem, bad_request
from .choice import of_group

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...service import Session
    from ..config.providers import ProviderConfig
    from ..config.registry import Registry
    from .choice import Choice
    from .route_query import RouteQuery

_NO_DEFAULT = "send x-to11-env, or make an environment the project's gateway fallback: there is neither"


class Scope:
    """A call in its environment.

    Attributes:
        session: the session of the request.
        registry: the providers.
        call: the properties that decide its route.
        choice: makes the random choices.
        environment: the row of the environment.
    """

    def __init__(self, session: Session, registry: Registry, call: RouteQuery, choice: Choice) -> None:
        self.session = session
        self.registry = registry
        self.call = call
        self.choice = choice
        self.environment: Row = find_environment(session, call.env)

    @property
    def env(self) -> str:
        """Slug of the environment."""
        return str(self.environment["slug"])

    @lazy
    def facts(self) -> dict[str, Any]:
        """Return the values that conditions of rules may read; no secret is among them."""
        return {
            "env": self.env,
            "endpoint": self.call.endpoint,
            "model": self.call.model,
            "headers": {name: value for name, value in self.call.headers.items() if name not in SECRETS},
            "metadata": dict(self.call.metadata),
        }

    @lazy
    def _switched_off(self) -> set[str]:
        return environments.switched_off(self.session.tx, self.environment["id"])

    def is_active(self, provider_id: str, env_slug: str | None = None) -> bool:
        """Return whether a provider is active in the environment, or in the one that the rule names with it."""
        if env_slug is None or env_slug == self.env:
            return provider_id not in self._switched_off
        row = _live(self.session, env_slug)
        return row is not None and provider_id not in environments.switched_off(self.session.tx, row["id"])

    def chosen(self, place: str, names: Sequence[str], weights: Sequence[float]) -> int | None:
        """Return the index of an option by weight: the same for each call of a conversation, at random without one.

        Args:
            place: the same for all choices among these options, and for no others.
            names: the names of the options.
            weights: the weight of each.
        """
        group = self.call.group
        return self.choice.among(weights) if group is None else of_group(group, place, names, weights)

    def is_hinted(self, provider: ProviderConfig) -> bool:
        """Return whether ``x-genai-provider`` allows this provider."""
        return self.call.provider_type is None or provider.type == canonical(self.call.provider_type)


def find_environment(session: Session, slug: str | None) -> Row:
    """Return the environment of ``x-to11-env``, by its slug or a recent one; without the header the fallback.

    Raises:
        GatewayProblem: 404 ``ENVIRONMENT_NOT_FOUND``, or 400 ``missing_env_no_project_default``.
    """
    if slug is None:
        return _fallback(session)
    row = _live(session, slug)
    if row is None:
        message = f"the project has no environment {slug!r}; send one of its slugs in x-to11-env, or leave it out"
        raise GatewayProblem(404, "ENVIRONMENT_NOT_FOUND", "bad_request", message, {"env": slug, "slug": slug})
    return row


def _live(session: Session, slug: str) -> Row | None:
    tx, project_id = session.tx, session.project_id
    row = environments.live(tx, project_id, slug) or environments.by_alias(tx, project_id, slug, session.now)
    return row if row and row["archived_at"] is None else None


def _fallback(session: Session) -> Row:
    rows = environments.all_of(session.tx, session.project_id, archived=False)
    row = next((row for row in rows if row["is_gateway_fallback"]), None)
    if row is None:
        raise bad_request("missing_env_no_project_default", _NO_DEFAULT)
    return row
