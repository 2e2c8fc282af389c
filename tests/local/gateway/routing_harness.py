"""A project without HTTP: rules are released through the services, calls resolved by the router."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from to11ai_sdk.local.gateway.config.registry import Registry
from to11ai_sdk.local.gateway.gateway_problem import GatewayProblem
from to11ai_sdk.local.gateway.routing import Plan, RouteQuery, Router, Scope
from to11ai_sdk.local.service import Platform, environments, releases, rules
from to11ai_sdk.local.store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from datetime import datetime

    from to11ai_sdk.local.service import Session

GPT: dict[str, Any] = {"providerId": "openai", "modelId": "gpt-4o"}
MINI: dict[str, Any] = {"providerId": "openai", "modelId": "gpt-4o-mini"}
CLAUDE: dict[str, Any] = {"providerId": "anthropic", "modelId": "claude-sonnet-4-6"}
GROK: dict[str, Any] = {"providerId": "xai", "modelId": "grok-4"}


def when(var: str, value: Any, op: str = "==") -> dict[str, Any]:
    return {"op": op, "left": {"var": var}, "right": {"literal": value}}


def variant(name: str, target: dict[str, Any], weight: int | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "target": target, **({} if weight is None else {"weight": weight}), **more}


def targets(plan: Plan) -> list[str]:
    return [f"{attempt.provider_id}::{attempt.model}" for attempt in plan.attempts]


def place() -> str | None:
    """Where a new project is kept; tests on another engine replace this."""
    return None


class Project:
    """A new project, its router, and how to change both."""

    def __init__(
        self,
        registry: Registry | None = None,
        seed: int | str | None = 1,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.platform = Platform(open_store(place()), seed="test", clock=clock)
        weakref.finalize(self, self.platform.close)
        self.router = Router(Registry() if registry is None else registry, seed)

    @contextmanager
    def session(self) -> Generator[Session]:
        with self.platform.owner(self.platform.main.project_id) as session:
            yield session

    def version(self, rule_id: str, snapshot: dict[str, Any]) -> str:
        with self.session() as session:
            checked = rules.create_version(session, rule_id=rule_id, snapshot=snapshot)
            checked.work()
            assert checked.then is not None
            return str(checked.then(session)["id"])

    def release(self, rule_id: str, *snapshots: dict[str, Any], env: str = "prod", weights: Any = None) -> list[str]:
        """Versions of a rule, the first one released, or all of them by weight."""
        made = [self.version(rule_id, snapshot) for snapshot in snapshots]
        content: dict[str, Any] = {"strategy": "single", "version_id": made[0]}
        if weights is not None:
            shares = [{"versionId": each, "weight": weight} for each, weight in zip(made, weights, strict=True)]
            content = {"strategy": "weighted", "weights": shares}
        with self.session() as session:
            releases.set_release(session, rule_id=rule_id, env_slug=env, **content)
        return made

    def rule(self, rule_id: str = "r", strategy: str = "single", endpoint: str = "chat", **parts: Any) -> str:
        return self.release(rule_id, {"endpoint": endpoint, "strategy": strategy, **parts})[0]

    def switch_off(self, provider_id: str, env: str = "prod") -> None:
        with self.session() as session:
            environments.set_provider(session, env, provider_id, is_active=False)

    @contextmanager
    def scope(self, model: str | None = None, endpoint: str = "chat_completions", **call: Any) -> Generator[Scope]:
        with self.session() as session:
            yield self.router.scope(session, RouteQuery(endpoint, model, **call))

    def plan(self, model: str | None = None, endpoint: str = "chat_completions", **call: Any) -> Plan:
        with self.scope(model, endpoint, **call) as scope:
            return self.router.resolve(scope)

    def env(self, env: str | None = None) -> str:
        with self.scope(env=env) as scope:
            return scope.env

    def targets(self, model: str | None = None, endpoint: str = "chat_completions", **call: Any) -> list[str]:
        return targets(self.plan(model, endpoint, **call))

    def refusal(
        self, status: int, code: str, model: str | None = None, endpoint: str = "chat_completions", **call: Any
    ) -> GatewayProblem:
        """The problem of a call that goes nowhere."""
        with pytest.raises(GatewayProblem) as caught:
            self.plan(model, endpoint, **call)
        assert (caught.value.status, caught.value.code) == (status, code), caught.value.message
        return caught.value

    def models(self, env: str | None = None) -> list[str]:
        with self.scope(endpoint="models", env=env) as scope:
            return [model["id"] for model in self.router.models(scope)]

    def model(self, model_id: str) -> dict[str, Any]:
        with self.scope(model_id, "models") as scope:
            return self.router.model(scope, model_id)
