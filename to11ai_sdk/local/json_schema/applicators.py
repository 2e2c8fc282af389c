"""Applies the keywords that apply further schemas: to members, to items, or to the value itself."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from ...json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from .evaluation import At, Evaluation

    Applicator = Callable[[Evaluation, Any, Any, At], bool]
    """Returns whether a value fits the value of a keyword, which comes first; faults are recorded."""


def _properties(run: Evaluation, wanted: dict[str, Any], value: Any, at: At) -> bool:
    if not is_object(value):
        return True
    run.budget.spend(len(wanted))
    return _members(run, ((name, part) for name, part in wanted.items() if name in value), value, at)


def _pattern_properties(run: Evaluation, wanted: dict[str, Any], value: Any, at: At) -> bool:
    if not is_object(value):
        return True
    matching = ((name, part) for pattern, part in wanted.items() for name in value if run.finds(pattern, name))
    return _members(run, matching, value, at)


def _additional_properties(run: Evaluation, wanted: Any, value: Any, at: At) -> bool:
    if not is_object(value):
        return True
    run.budget.spend(len(value))
    declared: Mapping[str, Any] = at.part.get("properties", {})
    patterns: Iterable[str] = at.part.get("patternProperties", ())
    others = [
        name for name in value if name not in declared and not any(run.finds(pattern, name) for pattern in patterns)
    ]
    return _others(run, "additionalProperties", wanted, others, value, at)


def _unevaluated_properties(run: Evaluation, wanted: Any, value: Any, at: At) -> bool:
    if not is_object(value):
        return True
    run.budget.spend(len(value))
    others = [name for name in value if not (at.seen and name in at.seen.names)]
    return _others(run, "unevaluatedProperties", wanted, others, value, at)


def _others(run: Evaluation, keyword: str, wanted: Any, names: list[str], value: dict[str, Any], at: At) -> bool:
    if wanted is False and names:
        return run.fault(at.path, keyword, wanted, names)
    return _members(run, ((name, wanted) for name in names), value, at)


def _members(run: Evaluation, parts: Iterable[tuple[str, Any]], value: dict[str, Any], at: At) -> bool:
    holds = True
    for name, part in parts:
        if at.seen:
            at.seen.names.add(name)
        holds &= run.applies(part, value[name], (at.path, name))
    return holds


def _property_names(run: Evaluation, wanted: Any, value: Any, at: At) -> bool:
    holds = True
    for name in value if is_object(value) else ():
        holds &= run.applies(wanted, name, at.path)
    return holds


def _required(run: Evaluation, wanted: list[str], value: Any, at: At) -> bool:
    run.budget.spend(2 * len(wanted))
    if run.is_trying or not is_object(value):
        return not is_object(value) or all(name in value for name in wanted)
    missing = [name for name in wanted if name not in value]
    for name in missing:
        run.fault((at.path, name), "required", wanted)
    return not missing


def _dependent_schemas(run: Evaluation, wanted: dict[str, Any], value: Any, at: At) -> bool:
    if not is_object(value):
        return True
    run.budget.spend(len(wanted))
    return _all_of(run, [part for name, part in wanted.items() if name in value], value, at)


def _prefix_items(run: Evaluation, wanted: list[Any], value: Any, at: At) -> bool:
    items = list(zip(range(len(wanted)), value, wanted, strict=False)) if is_array(value) else []
    return _items_under(run, ((index, item, part) for index, item, part in items), at)


def _items(run: Evaluation, wanted: Any, value: Any, at: At) -> bool:
    if not is_array(value):
        return True
    first = len(at.part.get("prefixItems", ()))
    return _items_under(run, ((index, value[index], wanted) for index in range(first, len(value))), at)


def _unevaluated_items(run: Evaluation, wanted: Any, value: Any, at: At) -> bool:
    if not is_array(value):
        return True
    others = ((index, item, wanted) for index, item in enumerate(value) if not (at.seen and index in at.seen.items))
    return _items_under(run, others, at)


def _items_under(run: Evaluation, items: Iterable[tuple[int, Any, Any]], at: At) -> bool:
    holds = True
    for index, item, part in items:
        if at.seen:
            at.seen.items.add(index)
        holds &= run.applies(part, item, (at.path, index))
    return holds


def _contains(run: Evaluation, wanted: Any, value: Any, at: At) -> bool:
    if not is_array(value):
        return True
    matching = {index for index, item in enumerate(value) if run.tries(wanted, item)}
    if at.seen:
        at.seen.items |= matching
    least, most = at.part.get("minContains", 1), at.part.get("maxContains", len(value))
    return least <= len(matching) <= most or run.fault(at.path, "contains", wanted)


def _all_of(run: Evaluation, wanted: list[Any], value: Any, at: At) -> bool:
    holds = True
    for part in wanted:
        holds &= run.applies(part, value, at.path, at.seen)
        if not holds and run.is_trying:
            break
    return holds


def _any_of(run: Evaluation, wanted: list[Any], value: Any, at: At) -> bool:
    # What was seen is that of all alternatives that fit, so one is enough only if nothing needs to know it.
    fitting = (run.tries(part, value, at.seen) for part in wanted)
    found = sum(fitting) > 0 if run.schema.has_unevaluated else any(fitting)
    return found or run.fault(at.path, "anyOf", wanted)


def _one_of(run: Evaluation, wanted: list[Any], value: Any, at: At) -> bool:
    found = 0
    for part in wanted:
        found += run.tries(part, value, at.seen)
        if found > 1:
            break
    return found == 1 or run.fault(at.path, "oneOf", wanted)


def _not(run: Evaluation, wanted: Any, value: Any, at: At) -> bool:
    return not run.tries(wanted, value) or run.fault(at.path, "not", wanted)


def _if(run: Evaluation, wanted: Any, value: Any, at: At) -> bool:
    branch = "then" if run.tries(wanted, value, at.seen) else "else"
    return run.applies(at.part.get(branch, True), value, at.path, at.seen)


def _ref(run: Evaluation, wanted: str, value: Any, at: At) -> bool:
    return run.refers(run.schema.targets[wanted], value, at)


APPLICATORS: Mapping[str, Applicator] = MappingProxyType(
    {
        "$ref": _ref,
        "$dynamicRef": _ref,
        "properties": _properties,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "unevaluatedProperties": _unevaluated_properties,
        "propertyNames": _property_names,
        "required": _required,
        "dependentSchemas": _dependent_schemas,
        "prefixItems": _prefix_items,
        "items": _items,
        "unevaluatedItems": _unevaluated_items,
        "contains": _contains,
        "allOf": _all_of,
        "anyOf": _any_of,
        "oneOf": _one_of,
        "not": _not,
        "if": _if,
    }
)
"""The keywords, by name."""
