"""Makes a value that is valid under a JSON Schema, always the same for the same schema.

An object has only its required members, a string is the name of its member, an enumeration its first value, and a
number the one nearest to zero within the bounds. ``$ref`` stays inside the schema.

Source: https://json-schema.org/draft/2020-12.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_types import is_array, is_object
from ...json_schema.evaluation import Evaluation
from ...json_schema.schema import Schema, SchemaError
from ...work_budget import WorkBudgetError
from .merging import merged
from .scalars import number_within, text_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...work_budget import WorkBudget

_MOST_STEPS = 2_000
_DEEPEST = 40
_VARIANTS = 4
_STEP_WORK = 100


class NoInstanceError(Exception):
    """No value was found for a schema; the message says why."""


def instance_of(schema: dict[str, Any], budget: WorkBudget, name: str = "value") -> Any:
    """Return a value that is valid under a schema; if it is a string, it is ``name``.

    Raises:
        NoInstanceError: the schema is invalid, or no value was found.
    """
    checked = _checked(schema)
    for variant in range(_VARIANTS):
        maker = _Maker(checked, budget)
        try:
            value = maker.make(schema, name, variant)
            if maker.fits(schema, value):
                return value
        except WorkBudgetError as error:
            raise NoInstanceError(str(error)) from error
        # Bounds may be too large for numbers.
        except (NoInstanceError, ArithmeticError, ValueError, TypeError, RecursionError):
            continue
    raise NoInstanceError("echo can make no value that is valid under it")


def first_valid(schema: dict[str, Any], values: Iterable[Any], budget: WorkBudget) -> Any:
    """Return the first value that is valid under a schema, patterns aside; ``None`` if there is none."""
    try:
        checked = _checked(_without_patterns(schema))
        fits = _Maker(checked, budget).fits
        return next((value for value in values if fits(checked.root, value)), None)
    except (NoInstanceError, WorkBudgetError, RecursionError):
        return None


def _without_patterns(schema: Any) -> Any:
    # The user's text need not have the form that the tool wants.
    if is_array(schema):
        return [*map(_without_patterns, schema)]
    if not is_object(schema):
        return schema
    dropped = {"pattern"} if isinstance(schema.get("pattern"), str) else set[str]()
    if "patternProperties" in schema:
        dropped |= {"patternProperties", "additionalProperties", "unevaluatedProperties"}
    return {
        key: value if key in ("const", "enum") else _without_patterns(value)
        for key, value in schema.items()
        if key not in dropped
    }


def _checked(schema: dict[str, Any]) -> Schema:
    try:
        return Schema(schema)
    except SchemaError as error:
        place = "".join(f"{name}: " for name in [".".join(error.place)] if name)
        raise NoInstanceError(f"{place}{error}"[:300]) from error


class _Maker:
    """Makes a value; counts its steps, because nested alternatives could take forever."""

    def __init__(self, schema: Schema, budget: WorkBudget) -> None:
        self.schema = schema
        self.budget = budget
        self.steps = 0
        self.open: list[str] = []
        self._evaluation = Evaluation(schema, budget, formats=False)

    def make(self, schema: Any, name: str, variant: int = 0) -> Any:
        """Return a value for a schema, number ``variant`` of the possible ones."""
        self.steps += 1
        self.budget.spend(_STEP_WORK)
        if self.steps > _MOST_STEPS or len(self.open) > _DEEPEST:
            raise NoInstanceError("it is too deep")
        if not is_object(schema):
            return self._of_boolean(schema, name)
        if "$ref" in schema:
            return self._referred(schema, name, variant)
        for keyword in ("allOf", "anyOf", "oneOf"):
            if is_array(schema.get(keyword)) and schema[keyword]:
                return self._combined(schema, keyword, name, variant)
        return self._conditional(schema, name, variant) if "if" in schema else self._plain(schema, name, variant)

    def fits(self, schema: Any, value: Any) -> bool:
        """Return whether a value is valid under a part of the schema."""
        return not self._evaluation.run(value, schema)

    def _of_boolean(self, schema: Any, name: str) -> Any:
        if schema is False:
            raise NoInstanceError("it allows nothing")
        return name

    def _referred(self, schema: dict[str, Any], name: str, variant: int) -> Any:
        reference = str(schema["$ref"])
        target = self.schema.targets[reference]
        self.open.append(reference)
        try:
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            return self.make(self._merged(rest, target), name, variant)
        finally:
            self.open.pop()

    def _combined(self, schema: dict[str, Any], keyword: str, name: str, variant: int) -> Any:
        rest = {key: value for key, value in schema.items() if key != keyword}
        if keyword == "allOf":
            for part in schema[keyword]:
                rest = self._merged(rest, self._flat(part))
            return self.make(rest, name, variant)
        # A branch that leads back here comes last, or a linked list would never end.
        branches = sorted(schema[keyword], key=self._leads_back)
        first = variant % len(branches)
        turned = branches[first:] + branches[:first]
        return self._first((self._merged(rest, branch) for branch in turned), schema, name, variant)

    def _merged(self, left: Any, right: Any) -> Any:
        return merged(left, right, self.budget)

    def _flat(self, part: Any) -> Any:
        if is_object(part) and "$ref" in part:
            target = self.schema.targets[part["$ref"]]
            return {"allOf": [target]} if is_object(target) and "$ref" in target else target
        return part

    def _leads_back(self, branch: Any) -> bool:
        return is_object(branch) and branch.get("$ref") in self.open

    def _first(self, candidates: Iterator[Any], schema: dict[str, Any], name: str, variant: int) -> Any:
        for candidate in candidates:
            try:
                value = self.make(candidate, name, variant)
            except NoInstanceError:
                continue
            if self.fits(schema, value):
                return value
        raise NoInstanceError("none of its alternatives can be made")

    def _conditional(self, schema: dict[str, Any], name: str, variant: int) -> Any:
        rest = {key: value for key, value in schema.items() if key not in ("if", "then", "else")}
        taken = self._merged(self._merged(rest, schema["if"]), schema.get("then", True))
        others = [self._merged(rest, schema.get("else", True)), rest]
        first = variant % 3
        turned = [taken, *others][first:] + [taken, *others][:first]
        return self._first(iter(turned), schema, name, variant)

    def _plain(self, schema: dict[str, Any], name: str, variant: int) -> Any:
        if "const" in schema:
            return schema["const"]
        if is_array(schema.get("enum")):
            return self._enumerated(schema, variant)
        kind = _kind(schema)
        if kind == "object":
            return self._object(schema)
        if kind == "array":
            return self._array(schema, name)
        value = _scalar(kind, schema, name, variant)
        self.budget.spend(len(value) if isinstance(value, str) else 0)
        return value

    def _enumerated(self, schema: dict[str, Any], variant: int) -> Any:
        rest = {key: value for key, value in schema.items() if key != "enum"}
        fitting = [value for value in schema["enum"] if self.fits(rest, value)]
        if not fitting:
            raise NoInstanceError("its enumeration is empty")
        return fitting[variant % len(fitting)]

    def _object(self, schema: dict[str, Any]) -> dict[str, Any]:
        names = list(schema.get("required", ()))
        names += [name for needed in names for name in schema.get("dependentRequired", {}).get(needed, ())]
        taken = set(names)
        spare = [name for name in schema.get("properties", {}) if name not in taken]
        spare += [f"member{number}" for number in range(min(schema.get("minProperties", 0), 100))]
        names += spare[: max(0, schema.get("minProperties", 0) - len(names))]
        return {name: self._member(schema, name) for name in dict.fromkeys(names)}

    def _member(self, schema: dict[str, Any], name: str) -> Any:
        properties = schema.get("properties", {})
        if name in properties:
            return self.make(properties[name], name)
        return self.make(schema.get("additionalProperties", True), name)

    def _array(self, schema: dict[str, Any], name: str) -> list[Any]:
        first = schema.get("prefixItems", [])
        length = max(schema.get("minItems", 0), schema.get("minContains", 1) if "contains" in schema else 0)
        if length > _MOST_STEPS:
            raise NoInstanceError("it wants too many items")
        items = schema.get("items", True)
        rest = self._merged({} if items is True else items, schema.get("contains", True))
        differ = bool(schema.get("uniqueItems"))
        return [self.make(first[at] if at < len(first) else rest, name, at * differ) for at in range(length)]


def _scalar(kind: str, schema: dict[str, Any], name: str, variant: int) -> Any:
    if kind in ("integer", "number"):
        return number_within(schema, kind, variant)
    if kind == "boolean":
        return variant % 2 == 0
    return None if kind == "null" else text_within(schema, name, variant)


_KEYWORDS_OF_TYPE = {
    "object": ("properties", "required", "additionalProperties", "minProperties", "patternProperties"),
    "array": ("items", "prefixItems", "minItems", "contains"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}


def _kind(schema: dict[str, Any]) -> str:
    """Return the type to make: the first that is not null, or the one that the keywords apply to."""
    kinds = schema.get("type")
    if isinstance(kinds, str):
        return kinds
    if is_array(kinds) and kinds:
        return next((kind for kind in kinds if kind != "null"), "null")
    return next((kind for kind, words in _KEYWORDS_OF_TYPE.items() if any(word in schema for word in words)), "string")
