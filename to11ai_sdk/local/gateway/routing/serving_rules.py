"""Finds the rule for a name, and the version of it that serves this call.

Functions and routes are the project's routing rules with an active release in the environment. As a function, a rule
is found by its id or by the ``name`` in its snapshot. As a route, it is also found by a model that it is for: one of
the ``models`` in its snapshot, or a ``modelId`` of its ``modelBindings``. A plain name is first looked up as a
function. Only versions for the kind of the endpoint count, and of a weighted release only those with a share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ....json_types import is_array
from ...store import rules
from ..gateway_problem import GatewayProblem
from .direct import ambiguous
from .route_query import ROUTE, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .scope import Scope


class ServingVersion(NamedTuple):
    """A version of a rule that serves the environment."""

    rule_id: str
    release_id: str
    version_id: str
    weight: int
    snapshot: dict[str, Any]

    def is_called(self, name: str) -> bool:
        """Return whether the name is the rule's own."""
        return name == self.rule_id or name == self.snapshot.get("name")

    def is_for(self, name: str) -> bool:
        """Return whether the name is a model that the rule is for."""
        models = self.snapshot.get("models")
        bound = (binding["modelId"] for binding in self.snapshot.get("modelBindings") or ())
        return (is_array(models) and name in models) or name in bound


class ServingRules:
    """The rules that serve a scope."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        rows = rules.serving_versions(scope.session.tx, scope.session.project_id, scope.environment["id"])
        columns = ("rule_id", "release_id", "version_id", "weight", "snapshot_json")
        self._all = [ServingVersion(*(row[column] for column in columns)) for row in rows if row["weight"]]
        self._fitting = [each for each in self._all if kind_of(each.snapshot["endpoint"]) == scope.call.kind]

    def function(self, name: str) -> ServingVersion | None:
        """Return the version to use of the rule with this id, or else with this name."""
        return self._chosen([each for each in self._fitting if each.rule_id == name]) or self._chosen(
            [each for each in self._fitting if each.is_called(name)]
        )

    def route(self, name: str) -> ServingVersion | None:
        """Return the version to use of the rule that is for this model."""
        return self._chosen([each for each in self._fitting if each.is_for(name)])

    def named(self, prefix: str, name: str) -> ServingVersion:
        """Return the version to use for ``function::name`` or ``route::name``.

        Raises:
            GatewayProblem: 404 ``RULE_NOT_FOUND_IN_ENV``, even if a rule is for another kind of endpoint; 409 if
                several rules match.
        """
        found = self.function(name) or (self.route(name) if prefix == ROUTE else None)
        if found is not None:
            return found
        others = [each for each in self._all if each.is_called(name) or (prefix == ROUTE and each.is_for(name))]
        raise self._missing(prefix, others)

    def _chosen(self, versions: Sequence[ServingVersion]) -> ServingVersion | None:
        if not versions:
            return None
        rule_ids = list(dict.fromkeys(each.rule_id for each in versions))
        if len(rule_ids) > 1:
            raise ambiguous(self._scope, [f"{ROUTE}::{rule_id}" for rule_id in rule_ids])
        place, names = f"release of {rule_ids}", [each.version_id for each in versions]
        index = self._scope.chosen(place, names, [each.weight for each in versions])
        return None if index is None else versions[index]

    def _missing(self, layer: str, others: Sequence[ServingVersion]) -> GatewayProblem:
        """Return the problem for a name without a rule for this endpoint; ``others`` are for other endpoints."""
        model, env, endpoint = self._scope.call.model, self._scope.env, self._scope.call.endpoint
        message = f"no {layer} {model!r} for {endpoint} has a release in the environment {env!r}"
        if others:
            message += f"; the rule {others[0].rule_id!r} has one for {others[0].snapshot['endpoint']}"
        return GatewayProblem(404, "RULE_NOT_FOUND_IN_ENV", "model_not_found", message, {"model": model, "env": env})
