"""Lists the keywords of JSON Schema: what each must be in a schema, and where it holds further schemas.

Source: https://json-schema.org/draft/2020-12/json-schema-validation.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...json_types import is_array, is_object
from .values import TYPES, is_finite, is_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ONE_SCHEMA = (
    "items", "additionalProperties", "contains", "not", "if", "then", "else", "propertyNames", "unevaluatedItems",
    "unevaluatedProperties", "contentSchema",
)  # fmt: skip
NAMED_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
LISTED_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")


def parts_of(schema: dict[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the schemas directly inside a checked schema, each with its place."""
    for keyword, value in schema.items():
        if keyword in ONE_SCHEMA:
            yield (keyword,), value
        elif keyword in NAMED_SCHEMAS:
            yield from (((keyword, name), part) for name, part in value.items())
        elif keyword in LISTED_SCHEMAS:
            yield from (((keyword, str(index)), part) for index, part in enumerate(value))


def fault_of(keyword: str, value: Any) -> str | None:
    """Return what is wrong with the value of a keyword; ``None`` if nothing is, or the keyword is not known."""
    for holds, wanted in _RULES.get(keyword, ()):
        if not holds(value):
            return f"{str(value)[:40]!r} {wanted}"
    return None


def _is_distinct(names: Any) -> bool:
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _is_type(value: Any) -> bool:
    names = value if is_array(value) else [value]
    return bool(names) and all(isinstance(name, str) and name in TYPES for name in names) and _is_distinct(names)


Rule = tuple["Callable[[Any], bool]", str]
_OBJECT: Rule = (is_object, "is not of type 'object'")
_ARRAY: Rule = (is_array, "is not of type 'array'")
_STRING: Rule = (TYPES["string"], "is not of type 'string'")
_BOOLEAN: Rule = (TYPES["boolean"], "is not of type 'boolean'")
_NUMBER: Rule = (lambda value: TYPES["number"](value) and is_finite(value), "is not a finite number")
_COUNT: Rule = (lambda value: is_whole(value) and value >= 0, "is not a whole number of at least 0")
_DISTINCT: Rule = (_is_distinct, "is not a list of different texts")

_RULES: dict[str, tuple[Rule, ...]] = {
    "type": ((_is_type, f"is no type; use one of {', '.join(TYPES)}, or a list of different ones"),),
    "enum": (_ARRAY,),
    "required": (_ARRAY, _DISTINCT),
    "dependentRequired": (
        _OBJECT,
        (lambda value: all(map(is_array, value.values())), "does not have arrays as its members"),
        (lambda value: all(map(_is_distinct, value.values())), "does not have lists of different texts"),
    ),
    "items": ((lambda value: not is_array(value), "is a list, as in older drafts; name it prefixItems"),),
    "multipleOf": (_NUMBER, (lambda value: value > 0, "is not greater than 0")),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), (_NUMBER,)),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties", "minContains",
         "maxContains"), (_COUNT,)
    ),
    **dict.fromkeys(("pattern", "format", "$ref", "$dynamicRef", "$anchor", "$dynamicAnchor"), (_STRING,)),
    **dict.fromkeys(("uniqueItems",), (_BOOLEAN,)),
    **dict.fromkeys(NAMED_SCHEMAS, (_OBJECT,)),
    **dict.fromkeys(LISTED_SCHEMAS, (_ARRAY, (bool, "is empty"))),
}  # fmt: skip
