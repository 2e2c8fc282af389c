"""Checks snapshots of routing rules when a version is created.

A snapshot is ``{"endpoint", "strategy", ...}`` with the parts that its strategy needs::

    single                 target, or steps; with neither the gateway uses the requested model
    weighted               variants, each with a weight, together 100
    experiment             variants; either all have weights, or none, for equal shares
    fallback               chain, variants or steps, tried in order
    any                    retry {maxRetries, backoffBaseMs, retryableStatusCodes}, modelBindings, providerRefs

``steps`` are 1 to 10 in the order of their ``position``, a unique whole number from 0. Each has a ``target``,
``variants`` or its own strategy. An entry of ``chain`` is a target, ``{"target": target}``, or the
name of a variant or step.

``when``, on a target, variant or step, is an expression (see ``expressions``) over the request: the variables ``env``,
``endpoint``, ``model``, ``headers.<lower-case name>`` and ``metadata.<key>``.

Source of the parts, codes and limits: the models of the published API; the rest is this project's choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...json_types import is_array, is_object
from ..bounds import MAX_KEPT_DEPTH
from ..json_input.reader import too_deep
from ..problems import invalid
from .targets import (
    INVALID_RULE_STRATEGY,
    INVALID_STRATEGY_VARIANTS,
    Place,
    check_target,
    check_values,
    check_variant_weights,
    check_variants,
    check_weights,
    check_when,
    refusal,
)

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ENDPOINTS", "RULE_ENDPOINT_MISMATCH", "STRATEGIES", "check_snapshot", "check_weights"]

RULE_ENDPOINT_MISMATCH = "RULE_ENDPOINT_MISMATCH"
INVALID_STEP_COUNT = "INVALID_STEP_COUNT"
INVALID_RETRY_POLICY = "INVALID_RETRY_POLICY"

ENDPOINTS = (
    *("chat", "embeddings", "audio_speech", "audio_transcription", "image_generation"),
    *("messages", "chat_completions", "responses", "rerank", "count_tokens"),
)
"""The endpoints a rule may route: the kinds of the docs, then the gateway's wire formats."""

STRATEGIES = ("single", "weighted", "fallback", "experiment")
MAX_STEPS = 10


def check_snapshot(snapshot: Any) -> None:
    """Refuse an invalid snapshot.

    Raises:
        Problem: 422, or 400 for parameters and ``when``, with one of the eight snapshot codes and the details
            ``field``, ``reason`` and ``variantName``; 400 ``INVALID_INPUT`` for anything else.
    """
    if not is_object(snapshot) or too_deep(snapshot, MAX_KEPT_DEPTH):
        raise invalid(f"snapshot must be an object, nested at most {MAX_KEPT_DEPTH} levels", field="snapshot")
    root = Place("")
    _check_endpoint(snapshot.get("endpoint"), root.at("endpoint"))
    check_values(snapshot, root)
    _check_strategy(snapshot.get("strategy"), root.at("strategy"))
    _check_parts(snapshot, root)
    _check_needs(snapshot, root)
    _check_retry(snapshot.get("retry"), root.at("retry"))
    _check_bindings(snapshot)


def _check_endpoint(endpoint: Any, place: Place) -> None:
    if endpoint not in ENDPOINTS:
        message = f"must be one of {', '.join(ENDPOINTS)}"
        raise refusal(RULE_ENDPOINT_MISMATCH, place, "unknown_endpoint", message)


def _check_strategy(strategy: Any, place: Place) -> None:
    if strategy not in STRATEGIES:
        raise refusal(INVALID_RULE_STRATEGY, place, "unknown_strategy", f"must be one of {', '.join(STRATEGIES)}")


def _check_parts(rule: dict[str, Any], place: Place) -> None:
    """Check each part that is present, whatever the strategy."""
    checks: dict[str, Callable[[Any, Place], None]] = {
        "target": check_target,
        "variants": check_variants,
        "steps": _check_steps,
    }
    for part, check in checks.items():
        if rule.get(part) is not None:
            check(rule[part], place.at(part))
    if rule.get("variants") is not None:
        check_variant_weights(place.at("variants").path, rule["variants"], rule.get("strategy"))
    if rule.get("chain") is not None:
        _check_chain(rule, place.at("chain"))


def _check_needs(rule: dict[str, Any], place: Place) -> None:
    """Refuse a snapshot without parts that its strategy needs, or with parts that it does not allow."""
    strategy = rule["strategy"]
    given = {part for part in ("target", "variants", "steps", "chain") if rule.get(part) is not None}
    if strategy == "single" and "variants" in given:
        message = "a single rule has a target; use the strategy weighted or experiment for variants"
        raise refusal(INVALID_STRATEGY_VARIANTS, place.at("variants"), "not_allowed", message)
    if strategy in ("weighted", "experiment") and "variants" not in given:
        raise refusal(
            INVALID_RULE_STRATEGY, place.at("variants"), "variants_missing", f"are needed by the strategy {strategy}"
        )
    if strategy == "fallback" and not given & {"chain", "variants", "steps"}:
        message = "is needed by the strategy fallback (or variants, or steps)"
        raise refusal(INVALID_RULE_STRATEGY, place.at("chain"), "chain_missing", message)


def _check_steps(steps: Any, place: Place) -> None:
    if not is_array(steps) or not 1 <= len(steps) <= MAX_STEPS:
        raise refusal(INVALID_STEP_COUNT, place, "step_count", f"must list 1 to {MAX_STEPS} steps")
    for index, step in enumerate(steps):
        _check_step(step, place.at(index))
    if len({step["position"] for step in steps}) < len(steps):
        raise refusal(INVALID_STEP_COUNT, place, "positions", "no two steps may have the same position")


def _check_step(step: Any, place: Place) -> None:
    if not is_object(step):
        raise refusal(INVALID_STEP_COUNT, place, "malformed", "must be an object with a position")
    if not _is_count(step.get("position")):
        raise refusal(INVALID_STEP_COUNT, place.at("position"), "positions", "must be a whole number from 0")
    if step.get("name") is not None and not isinstance(step["name"], str):
        raise refusal(INVALID_RULE_STRATEGY, place.at("name"), "malformed", "must be a text, or left out")
    if step.get("steps") is not None:
        raise refusal(INVALID_STEP_COUNT, place.at("steps"), "nested", "a step has no steps of its own")
    check_when(step.get("when"), place.at("when"))
    _check_parts(step, place)
    if step.get("strategy") is not None:
        _check_strategy(step["strategy"], place.at("strategy"))
        _check_needs(step, place)
    if all(step.get(part) is None for part in ("target", "variants", "chain")):
        raise refusal(INVALID_RULE_STRATEGY, place.at("target"), "target_missing", "a step needs a target or variants")


def _check_chain(rule: dict[str, Any], place: Place) -> None:
    chain = rule["chain"]
    if not is_array(chain) or not chain:
        raise refusal(INVALID_RULE_STRATEGY, place, "chain_missing", "must list at least one target")
    parts: list[dict[str, Any]] = [*(rule.get("variants") or []), *(rule.get("steps") or [])]
    names = {part.get("name") for part in parts}
    for index, entry in enumerate(chain):
        if isinstance(entry, str):
            if entry not in names:
                message = f"{entry[:80]!r} is not the name of a variant or step of this rule"
                raise refusal(INVALID_RULE_STRATEGY, place.at(index), "unknown_name", message)
        elif is_object(entry) and "target" in entry:
            check_target(entry["target"], place.at(index, "target"))
            check_when(entry.get("when"), place.at(index, "when"))
        else:
            check_target(entry, place.at(index))


def _check_retry(retry: Any, place: Place) -> None:
    if retry is None:
        return
    if not is_object(retry):
        raise refusal(INVALID_RETRY_POLICY, place, "malformed", "must be an object, or left out")
    for name in ("maxRetries", "backoffBaseMs"):
        if retry.get(name) is not None and not _is_count(retry[name]):
            raise refusal(INVALID_RETRY_POLICY, place.at(name), "out_of_range", "must be a whole number from 0")
    codes = retry.get("retryableStatusCodes")
    if codes is not None and not (is_array(codes) and all(_is_count(code) and 100 <= code <= 599 for code in codes)):
        message = "must list HTTP statuses from 100 to 599"
        raise refusal(INVALID_RETRY_POLICY, place.at("retryableStatusCodes"), "out_of_range", message)


def _check_bindings(snapshot: dict[str, Any]) -> None:
    for part, check in (("modelBindings", _is_binding), ("providerRefs", _is_provider_ref)):
        entries = snapshot.get(part)
        if entries is not None and not (is_array(entries) and all(map(check, entries))):
            message = (
                f"{part} must list objects with {'modelId and provider' if check is _is_binding else 'providerId'}"
            )
            raise invalid(message, field=part, reason="malformed", variantName=None)


def _is_binding(entry: Any) -> bool:
    weight = entry.get("weight") if is_object(entry) else None
    return (
        is_object(entry)
        and isinstance(entry.get("modelId"), str)
        and _is_provider_ref(entry.get("provider"))
        and (weight is None or (isinstance(weight, (int, float)) and not isinstance(weight, bool)))
    )


def _is_provider_ref(entry: Any) -> bool:
    if not is_object(entry) or not isinstance(entry.get("providerId"), str):
        return False
    return entry.get("envSlug") is None or isinstance(entry["envSlug"], str)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
