"""Merges two JSON schemas into one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_types import is_array, is_object
from ...json_schema.values import canonical, work_of

if TYPE_CHECKING:
    from ...work_budget import WorkBudget


def merged(left: Any, right: Any, budget: WorkBudget) -> Any:
    """Return a schema that accepts the values that both accept, as far as one schema can express it.

    Raises:
        WorkBudgetError: it takes too much work.
    """
    if left is False or right is False:
        return False
    if not (is_object(left) and is_object(right)):
        return left if is_object(left) else right
    budget.spend(_MERGE_WORK * (1 + len(left) + len(right)))
    result = dict(left)
    for key, value in right.items():
        result[key] = _joined(key, result[key], value, budget) if key in result else value
    return result


def _joined(key: str, left: Any, right: Any, budget: WorkBudget) -> Any:
    if key in _LEAST:
        return max(left, right)
    if key in _MOST:
        return min(left, right)
    if key == "properties":
        budget.spend(_MERGE_WORK * (len(left) + len(right)))
        shared = {name: merged(left[name], right[name], budget) for name in left if name in right}
        return {**left, **right, **shared}
    if key in ("items", "additionalProperties"):
        return merged(left, right, budget)
    if key in _LISTS:
        budget.spend(len(left) + len(right))
        return [*left, *right]
    if key == "enum":
        return _common_values(left, right, budget)
    return _common_type(left, right) if key == "type" else right


def _common_values(left: list[Any], right: list[Any], budget: WorkBudget) -> list[Any]:
    budget.spend(2 * (work_of(left) + work_of(right)))
    allowed = set(map(canonical, right))
    return [value for value in left if canonical(value) in allowed]


def _common_type(left: Any, right: Any) -> Any:
    lefts, rights = (value if is_array(value) else [value] for value in (left, right))
    common = [kind for kind in lefts if kind in rights]
    if "integer" in lefts + rights and "number" in lefts + rights and "integer" not in common:
        common.append("integer")
    return common or right


_MERGE_WORK = 4
_LEAST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_MOST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LISTS = ("required", "allOf")
