"""Checks the parts of a routing rule that choose a target: targets, variants, conditions and percentages."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn, TypeGuard

from ...json_types import is_array, is_object
from .. import expressions
from ..problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

INVALID_VARIANT_PARAMS = "INVALID_VARIANT_PARAMS"
INVALID_RULE_STRATEGY = "INVALID_RULE_STRATEGY"
INVALID_STRATEGY_VARIANTS = "INVALID_STRATEGY_VARIANTS"
INVALID_WHEN_CLAUSE = "INVALID_WHEN_CLAUSE"

_CREDENTIALS = re.compile(
    r"(x?apikey|(proxy)?authorization|credentials?|password|passphrase|secret|token"
    r"|(client|api|app|shared)secret|(access|auth|api|bearer|refresh|session)token|(secret|private|access)key)"
)


class Place(NamedTuple):
    """A place in a snapshot: its path, and the variant it belongs to."""

    path: str
    variant: str | None = None

    def at(self, *names: str | int) -> Place:
        """Return the place of a member."""
        return self._replace(path=".".join(filter(None, (self.path, *map(str, names)))))


def refusal(code: str, place: Place, reason: str, message: str, status: int = 422) -> Problem:
    """Return the problem with a place in a snapshot, with the details of the API."""
    details = {"field": place.path, "reason": reason, "variantName": place.variant}
    return Problem(status, code, f"{place.path}: {message}" if place.path else message, details)


def check_target(target: Any, place: Place, code: str = INVALID_RULE_STRATEGY) -> None:
    """Refuse an invalid target; valid is ``{"providerId", "modelId"?, "params"?, "when"?}``.

    Raises:
        Problem: with ``code``, ``INVALID_VARIANT_PARAMS`` or ``INVALID_WHEN_CLAUSE``.
    """
    if not is_object(target):
        raise refusal(code, place, "target_missing", "must be an object with providerId and modelId")
    if not _is_name(target.get("providerId")):
        raise refusal(code, place.at("providerId"), "provider_missing", "must be the id of a provider")
    if target.get("modelId") is not None and not _is_name(target["modelId"]):
        raise refusal(code, place.at("modelId"), "malformed", "must be the id of a model, or left out")
    check_params(target.get("params"), place.at("params"))
    check_when(target.get("when"), place.at("when"))


def check_variants(variants: Any, place: Place) -> None:
    """Refuse an invalid list of ``{"name", "target", "weight"?, "params"?, "when"?}`` with distinct names.

    Raises:
        Problem: 422 ``INVALID_STRATEGY_VARIANTS``, or one of ``check_target``.
    """
    if not is_array(variants) or not variants:
        raise refusal(INVALID_STRATEGY_VARIANTS, place, "variants_missing", "must list at least one variant")
    names: set[str] = set()
    for index, variant in enumerate(variants):
        _check_variant(variant, place.at(index), names)


def _check_variant(variant: Any, place: Place, names: set[str]) -> None:
    if not is_object(variant):
        raise refusal(INVALID_STRATEGY_VARIANTS, place, "malformed", "must be an object with name and target")
    name = variant.get("name")
    if not _is_name(name):
        raise refusal(INVALID_STRATEGY_VARIANTS, place.at("name"), "name_missing", "must be a name that is not empty")
    place = place._replace(variant=name)
    if name in names:
        raise refusal(INVALID_STRATEGY_VARIANTS, place.at("name"), "duplicate_name", "is the name of another variant")
    names.add(name)
    check_target(variant.get("target"), place.at("target"), INVALID_STRATEGY_VARIANTS)
    check_params(variant.get("params"), place.at("params"))
    check_when(variant.get("when"), place.at("when"))


def check_params(params: Any, place: Place) -> None:
    """Refuse parameters that are not an object.

    Raises:
        Problem: 400 ``INVALID_VARIANT_PARAMS``.
    """
    if params is not None and not is_object(params):
        raise refusal(INVALID_VARIANT_PARAMS, place, "not_an_object", "must be an object, or left out", 400)


def check_values(value: Any, place: Place) -> None:
    """Refuse credentials in plain text, and numbers that JSON does not have, at any depth.

    Raises:
        Problem: 400 ``INVALID_VARIANT_PARAMS``.
    """
    if isinstance(value, float) and not math.isfinite(value):
        raise refusal(INVALID_VARIANT_PARAMS, place, "not_finite", "must be a finite number", 400)
    if is_object(value) and place.path.split(".")[-2:-1] == ["variants"] and _is_name(value.get("name")):
        place = place._replace(variant=value["name"])
    for name, member in _members(value):
        if _is_credential(name, member):
            message = "must not hold a credential; store it with the provider's connection and leave it out here"
            raise refusal(INVALID_VARIANT_PARAMS, place.at(name), "plaintext_credential", message, 400)
        check_values(member, place.at(name))


def check_when(when: Any, place: Place) -> None:
    """Refuse a ``when`` that is not an expression; null counts as absent.

    Raises:
        Problem: 400 ``INVALID_WHEN_CLAUSE``; ``details.reason`` is ``unknown_operator`` or ``malformed``.
    """
    if when is None:
        return
    try:
        expressions.check(when)
    except expressions.ExpressionError as error:
        raise refusal(INVALID_WHEN_CLAUSE, place.at(error.place), error.reason, str(error), 400) from error


def _members(value: Any) -> Iterator[tuple[str | int, Any]]:
    if is_object(value):
        yield from value.items()
    elif is_array(value):
        yield from enumerate(value)


def _is_credential(name: str | int, value: Any) -> bool:
    # Only text is a credential: a tool's JSON Schema may describe a property named "password".
    texts = value if is_array(value) else [value]
    word = re.sub(r"[^a-z]", "", str(name).lower())
    return any(isinstance(text, str) and text for text in texts) and bool(_CREDENTIALS.fullmatch(word))


def _is_name(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def check_weights(weights: Any) -> None:
    """Refuse invalid weights of a release; valid is ``[{"versionId": ..., "weight": 0..100}, ...]``, together 100.

    Raises:
        Problem: 422 ``INVALID_VARIANT_WEIGHTS``; ``details.reason`` is ``malformed``, ``out_of_range``,
            ``duplicate_version`` or ``sum_not_100``.
    """
    if not is_array(weights) or not weights:
        refuse_weight("weights", "malformed", "must list at least one {versionId, weight}")
    for index, entry in enumerate(weights):
        _check_entry(f"weights.{index}", entry)
    if len({entry["versionId"] for entry in weights}) < len(weights):
        refuse_weight("weights", "duplicate_version", "must name each version only once")
    check_total("weights", weights)


def check_variant_weights(place: str, variants: Sequence[Mapping[str, Any]], strategy: str | None) -> None:
    """Refuse weights outside 0 to 100 and, where they split requests, missing ones or a total other than 100.

    A ``weighted`` rule needs weights; an ``experiment`` has weights on all variants or on none; a ``fallback`` does not
    use them.

    Raises:
        Problem: 422 ``INVALID_VARIANT_WEIGHTS``; ``details.reason`` is ``out_of_range``, ``weight_missing`` or
            ``sum_not_100``.
    """
    for index, variant in enumerate(variants):
        if variant.get("weight") is not None:
            _check_weight(f"{place}.{index}.weight", variant["weight"], variant["name"])
    missing = [index for index, variant in enumerate(variants) if variant.get("weight") is None]
    if strategy == "fallback" or (strategy != "weighted" and len(missing) == len(variants)):
        return
    if missing:
        field, name = f"{place}.{missing[0]}.weight", variants[missing[0]]["name"]
        refuse_weight(field, "weight_missing", "is needed: each variant has a weight, together 100", name)
    check_total(place, variants)


def check_total(place: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Refuse weights whose total is not 100."""
    total = sum(entry["weight"] for entry in entries)
    if total != 100:
        refuse_weight(place, "sum_not_100", f"the weights must total 100, not {total}")


def refuse_weight(field: str, reason: str, message: str, variant_name: str | None = None) -> NoReturn:
    """Raise the 422 for weights."""
    details = {"field": field, "reason": reason, "variantName": variant_name}
    raise Problem(422, "INVALID_VARIANT_WEIGHTS", f"{field}: {message}", details)


def _check_entry(place: str, entry: Any) -> None:
    if not is_object(entry):
        refuse_weight(place, "malformed", "must be an object with versionId and weight")
    if not isinstance(entry.get("versionId"), str) or not entry["versionId"]:
        refuse_weight(f"{place}.versionId", "malformed", "must be the id of a version of this rule")
    _check_weight(f"{place}.weight", entry.get("weight"))


def _check_weight(place: str, weight: Any, variant_name: str | None = None) -> None:
    if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= 100:
        refuse_weight(place, "out_of_range", "must be a whole number from 0 to 100", variant_name)
