"""Percentages: the shares of a weighted release, and of the variants of a routing rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from ...json_types import is_array, is_object
from ..problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def check_weights(weights: Any) -> None:
    """Refuse what are no weights of a release: ``[{"versionId": ..., "weight": 0..100}, ...]``, together 100.

    Raises:
        Problem: 422 ``INVALID_VARIANT_WEIGHTS``; ``details.reason`` is ``malformed``, ``out_of_range``,
            ``duplicate_version`` or ``sum_not_100``.
    """
    if not is_array(weights) or not weights:
        refuse("weights", "malformed", "must list at least one {versionId, weight}")
    for index, entry in enumerate(weights):
        _check_entry(f"weights.{index}", entry)
    if len({entry["versionId"] for entry in weights}) < len(weights):
        refuse("weights", "duplicate_version", "must name each version only once")
    check_total("weights", weights)


def check_variant_weights(place: str, variants: Sequence[Mapping[str, Any]], strategy: str | None) -> None:
    """Refuse weights that are not 0 to 100, or, where requests are split by them, not on all variants or not 100.

    A ``weighted`` rule needs weights; an ``experiment`` may leave them out, all of them; a ``fallback`` has no use for
    them.

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
        refuse(field, "weight_missing", "is needed: each variant has a weight, together 100", name)
    check_total(place, variants)


def check_total(place: str, entries: Sequence[Mapping[str, Any]]) -> None:
    """Refuse weights that are not 100 together."""
    total = sum(entry["weight"] for entry in entries)
    if total != 100:
        refuse(place, "sum_not_100", f"the weights must total 100, not {total}")


def refuse(field: str, reason: str, message: str, variant_name: str | None = None) -> NoReturn:
    """Raise the 422 for weights."""
    details = {"field": field, "reason": reason, "variantName": variant_name}
    raise Problem(422, "INVALID_VARIANT_WEIGHTS", f"{field}: {message}", details)


def _check_entry(place: str, entry: Any) -> None:
    if not is_object(entry):
        refuse(place, "malformed", "must be an object with versionId and weight")
    if not isinstance(entry.get("versionId"), str) or not entry["versionId"]:
        refuse(f"{place}.versionId", "malformed", "must be the id of a version of this rule")
    _check_weight(f"{place}.weight", entry.get("weight"))


def _check_weight(place: str, weight: Any, variant_name: str | None = None) -> None:
    if isinstance(weight, bool) or not isinstance(weight, int) or not 0 <= weight <= 100:
        refuse(place, "out_of_range", "must be a whole number from 0 to 100", variant_name)
