"""Chooses the targets to try from the snapshot of a rule.

==============  =======================================================================================================
``single``      the first usable of: ``steps`` by position, ``target``, entries of ``chain``
``weighted``,   one of the usable ``variants``, by weight; without weights each has the same share
``experiment``
``fallback``    every usable target: those of ``chain``, or without one ``target``, ``variants``, ``steps``
==============  =======================================================================================================

A step is treated like a rule. Without a strategy its parts decide: a ``chain`` is a fallback, ``variants`` an
experiment, a ``target`` single. A rule without any of these uses the requested model: one of its ``modelBindings`` for
that model (for any model, if the rule was called by its own name) by weight, else the first of its ``providerRefs``
that has it, else the first provider that has it.

A choice by weight is that of the call's conversation, or else random (see ``choice``).

A target is usable if its ``when`` and those around it are true, and its provider exists, has the model for this kind
of endpoint, is of the type in ``x-genai-provider``, and is active in the environment.

Source: the page "Routing" of the to11 docs names the strategies; how parts combine is this project's choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from ... import expressions
from .rule_targets import CONDITION, UNREACHABLE, Obstacle, RuleTargets

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from .plan import Attempt
    from .scope import Scope
    from .serving_rules import ServingVersion

    Part = Mapping[str, Any]
    Place = tuple[object, ...]
    """The way to a choice within a rule."""


class _RulePart(NamedTuple):
    form: str  # "step", "variant" or "target"
    part: Part


class _Option(NamedTuple):
    name: str
    weight: float | None
    attempts: list[Attempt]


class RuleWalk:
    """A walk through one version of a rule.

    Attributes:
        obstacles: the obstacles found so far.
    """

    def __init__(self, scope: Scope, served: ServingVersion, asked: str) -> None:
        self._lookup = expressions.reader(scope.facts)
        self._scope = scope
        self._rule_id = served.rule_id
        self._snapshot = served.snapshot
        self._targets = RuleTargets(scope, served, asked)
        self._asked = asked
        self._registry = scope.registry
        self.obstacles: list[Obstacle] = []

    def attempts(self) -> list[Attempt]:
        """Return the attempts in order; empty if there were only obstacles."""
        if any(self._snapshot.get(part) for part in ("target", "variants", "steps", "chain")):
            return self._part(self._snapshot, ())
        return self._by_model()

    def _part(self, part: Part, place: Place) -> list[Attempt]:
        strategy = part.get("strategy") or _implied(part)
        if strategy == "fallback":
            return [attempt for entry in _fallbacks(part) for attempt in self._entry(entry, place)]
        if strategy == "single":
            return _first(self._entry(entry, place) for entry in _singles(part))
        variants = [(each, self._entry(each, place)) for each in _variants(part)]
        options = [_Option(str(each.part.get("name")), each.part.get("weight"), to) for each, to in variants]
        return self._one_of(place, options)

    def _entry(self, entry: _RulePart, place: Place) -> list[Attempt]:
        form, part = entry
        if not self._holds(part):
            return []
        if form == "step":
            return self._part(part, (*place, part.get("position")))
        if form == "target":
            return self._taken(self._targets.attempt(part))
        if not self._holds(part["target"]):
            return []
        return self._taken(self._targets.attempt(part["target"], part.get("params"), part.get("name")))

    def _holds(self, entry: Part) -> bool:
        when = entry.get("when")
        if when is None or expressions.evaluate(when, self._lookup):
            return True
        self.obstacles.append(Obstacle(CONDITION, "its condition does not hold"))
        return False

    def _taken(self, found: Attempt | Obstacle) -> list[Attempt]:
        if isinstance(found, Obstacle):
            self.obstacles.append(found)
            return []
        return [found]

    def _one_of(self, place: Place, options: Iterable[_Option]) -> list[Attempt]:
        reached = [option for option in options if option.attempts]
        weights = [1 if option.weight is None else option.weight for option in reached]
        chosen = self._scope.chosen(repr((self._rule_id, *place)), [option.name for option in reached], weights)
        if chosen is None:
            self.obstacles += [Obstacle(UNREACHABLE, "has no weight") for _ in reached]
            return []
        return reached[chosen].attempts

    def _by_model(self) -> list[Attempt]:
        bindings = self._targets.bindings
        if bindings:
            own = [binding for binding in bindings if binding["modelId"] == self._asked] or bindings
            return self._one_of(("models", self._asked), map(self._bound, own))
        refs: Iterable[Part] = self._snapshot.get("providerRefs") or [
            {"providerId": each.id} for each in self._registry
        ]
        return _first(self._taken(self._targets.attempt(_of_ref(ref))) for ref in refs)

    def _bound(self, binding: Part) -> _Option:
        target = {**_of_ref(binding["provider"]), "modelId": binding["modelId"]}
        name = f"{target['providerId']}::{target['modelId']}"
        return _Option(name, binding.get("weight"), self._taken(self._targets.attempt(target)))


def _first(options: Iterable[list[Attempt]]) -> list[Attempt]:
    """Return the first item that is not empty, without reading further."""
    for attempts in options:
        if attempts:
            return attempts
    return []


def _of_ref(ref: Part) -> dict[str, Any]:
    return {"providerId": ref["providerId"], "envSlug": ref.get("envSlug")}


def _implied(part: Part) -> str:
    if part.get("chain"):
        return "fallback"
    return "experiment" if part.get("variants") else "single"


def _steps(part: Part) -> list[_RulePart]:
    return [_RulePart("step", step) for step in sorted(part.get("steps") or (), key=lambda step: step["position"])]


def _variants(part: Part) -> list[_RulePart]:
    return [_RulePart("variant", variant) for variant in part.get("variants") or ()]


def _targets(part: Part) -> list[_RulePart]:
    return [_RulePart("target", part["target"])] if part.get("target") else []


def _singles(part: Part) -> list[_RulePart]:
    return [*_steps(part), *_targets(part), *_chain(part)]


def _fallbacks(part: Part) -> list[_RulePart]:
    return _chain(part) or [*_targets(part), *_variants(part), *_steps(part)]


def _chain(part: Part) -> list[_RulePart]:
    """Return the entries of a chain; a name is replaced by its variant or step."""
    named = {entry.part.get("name"): entry for entry in reversed([*_variants(part), *_steps(part)])}
    return [named[entry] if isinstance(entry, str) else _plain(entry) for entry in part.get("chain") or ()]


def _plain(entry: Part) -> _RulePart:
    # Only the condition of the entry around a target was checked.
    if "target" in entry:
        return _RulePart("variant", {"target": entry["target"], "when": entry.get("when")})
    return _RulePart("target", entry)
