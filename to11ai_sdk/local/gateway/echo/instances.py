"""Makes a value that is valid under a JSON Schema, always the same for the same schema.

An object has only its required members, a string is the name of its member, an enumeration its first value, and a
number the one nearest to zero within the bounds. ``$ref`` stays inside the schema.

Source: https://json-schema.org/draft/2020-12.
"""

from __future__ import annotations

from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from ....json_types import is_array, is_object
from ...templates.schemas import NOTHING_TO_FETCH
from .merging import local_reference, merged
from .scalars import number_within, text_within

_MOST_STEPS = 2_000
_DEEPEST = 40
_VARIANTS = 4


class NoInstanceError(Exception):
    """No value was found for a schema; the message says why."""


def instance_of(schema: dict[str, Any], name: str = "value") -> Any:
    """Return a value that is valid under a schema; if it is a string, it is ``name``.

    Raises:
        NoInstanceError: the schema is invalid, or no value was found.
    """
    validator = _validator(schema)
    for variant in range(_VARIANTS):
        try:
            value = _Maker(validator).make(schema, name, variant)
        # Bounds may be too large for numbers.
        except (NoInstanceError, ArithmeticError, ValueError, TypeError, RecursionError):
            continue
        if _holds(validator, value):
            return value
    raise NoInstanceError("echo can make no value that is valid under it")


def fits(schema: dict[str, Any], value: Any) -> bool:
    """Whether a value is valid under a schema, patterns aside; it is not if the schema is invalid."""
    try:
        return _holds(_validator(_without_patterns(schema)), value)
    except NoInstanceError:
        return False


def _without_patterns(schema: Any) -> Any:
    # A regular expression may run forever on an arbitrary text, and nothing could stop it.
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


def _validator(schema: dict[str, Any]) -> Draft202012Validator:
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as exc:
        raise NoInstanceError(exc.message[:200]) from exc
    # A regular expression may fail in several ways, such as by the size of a repetition.
    except Exception as exc:
        raise NoInstanceError(f"it cannot be read: {str(exc)[:200]}") from exc
    return Draft202012Validator(schema, registry=NOTHING_TO_FETCH)


def _holds(validator: Any, value: Any) -> bool:
    try:
        return bool(validator.is_valid(value))
    # A broken reference, or a pattern that Python does not support, has its own exceptions.
    except Exception:
        return False


class _Maker:
    """Makes a value; counts its steps, because nested alternatives could take forever."""

    def __init__(self, validator: Any) -> None:
        self.validator = validator
        self.steps = 0
        self.open: list[str] = []

    def make(self, schema: Any, name: str, variant: int = 0) -> Any:
        """Return a value for a schema, number ``variant`` of the possible ones."""
        self.steps += 1
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

    def _of_boolean(self, schema: Any, name: str) -> Any:
        if schema is False:
            raise NoInstanceError("it allows nothing")
        return name

    def _referred(self, schema: dict[str, Any], name: str, variant: int) -> Any:
        reference = str(schema["$ref"])
        target = local_reference(self.validator.schema, reference)
        if target is None:
            raise NoInstanceError(f"{reference[:80]!r} is not in it")
        self.open.append(reference)
        try:
            rest = {key: value for key, value in schema.items() if key != "$ref"}
            return self.make(merged(rest, target), name, variant)
        finally:
            self.open.pop()

    def _combined(self, schema: dict[str, Any], keyword: str, name: str, variant: int) -> Any:
        rest = {key: value for key, value in schema.items() if key != keyword}
        if keyword == "allOf":
            for part in schema[keyword]:
                rest = merged(rest, self._flat(part))
            return self.make(rest, name, variant)
        # A branch that leads back here comes last, or a linked list would never end.
        branches = sorted(schema[keyword], key=self._leads_back)
        return self._first([merged(rest, branch) for branch in branches], schema, name, variant)

    def _flat(self, part: Any) -> Any:
        if is_object(part) and "$ref" in part:
            target = local_reference(self.validator.schema, str(part["$ref"]))
            return {"allOf": [target]} if is_object(target) and "$ref" in target else target
        return part

    def _leads_back(self, branch: Any) -> bool:
        return is_object(branch) and branch.get("$ref") in self.open

    def _first(self, candidates: list[Any], schema: dict[str, Any], name: str, variant: int) -> Any:
        judge = self.validator.evolve(schema=schema)
        for candidate in candidates[variant % len(candidates) :] + candidates[: variant % len(candidates)]:
            try:
                value = self.make(candidate, name, variant)
            except NoInstanceError:
                continue
            if _holds(judge, value):
                return value
        raise NoInstanceError("none of its alternatives can be made")

    def _conditional(self, schema: dict[str, Any], name: str, variant: int) -> Any:
        rest = {key: value for key, value in schema.items() if key not in ("if", "then", "else")}
        both = [merged(merged(rest, schema["if"]), schema.get("then", True)), merged(rest, schema.get("else", True))]
        return self._first([*both, rest], schema, name, variant)

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
        return _scalar(kind, schema, name, variant)

    def _enumerated(self, schema: dict[str, Any], variant: int) -> Any:
        judge = self.validator.evolve(schema=schema)
        fitting = [value for value in schema["enum"] if _holds(judge, value)]
        if not fitting:
            raise NoInstanceError("its enumeration is empty")
        return fitting[variant % len(fitting)]

    def _object(self, schema: dict[str, Any]) -> dict[str, Any]:
        names = list(schema.get("required", ()))
        names += [name for needed in names for name in schema.get("dependentRequired", {}).get(needed, ())]
        spare = [name for name in schema.get("properties", {}) if name not in names]
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
        rest = merged(_as_object(schema.get("items", True)), schema.get("contains", True))
        differ = bool(schema.get("uniqueItems"))
        return [self.make(first[at] if at < len(first) else rest, name, at * differ) for at in range(length)]


def _as_object(schema: Any) -> Any:
    return {} if schema is True else schema


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
