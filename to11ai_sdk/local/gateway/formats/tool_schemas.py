"""Completes the JSON Schemas of tools with the members that some providers require."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ....json_types import is_array, is_mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

# The members of a schema that hold schemas: one, several, or several by name. Its other members, such as ``enum``, hold
# the caller's data.
_ONE = ("additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then")
_SEVERAL = ("allOf", "anyOf", "items", "oneOf", "prefixItems")
_NAMED = ("$defs", "definitions", "dependentSchemas", "patternProperties", "properties")
_WANTED: Mapping[str, tuple[str, Mapping[str, Any]]] = {"object": ("properties", {}), "array": ("items", {})}
"""What a schema of a type has to have, and what says nothing in its place."""


def parameters(schema: Mapping[str, Any] | None, *, nested: bool) -> dict[str, Any]:
    """Return the schema of a tool's arguments: an object with ``properties``.

    Args:
        schema: the schema; ``None`` for a tool without arguments.
        nested: whether the schemas inside are completed as well: OpenAI refuses an array without ``items``.
    """
    whole = {key: value for key, value in (schema or {}).items() if value is not None}
    kinds = whole.get("type", "object")
    # No provider takes another type, nor a choice of types: without arguments there is an empty object.
    whole = {"type": "object", **whole, **({"type": "object"} if is_array(kinds) and "object" in kinds else {})}
    return _completed({key: _inner(key, value) for key, value in whole.items()} if nested else whole)


def _complete(schema: Any) -> Any:
    if not is_mapping(schema):
        return schema
    return _completed({key: _inner(key, value) for key, value in schema.items()})


def _inner(key: str, value: Any) -> Any:
    if key in _NAMED and is_mapping(value):
        return {name: _complete(member) for name, member in value.items()}
    if key in _SEVERAL and is_array(value):
        return [_complete(item) for item in value]
    return _complete(value) if key in _ONE else value


def _completed(schema: dict[str, Any]) -> dict[str, Any]:
    kinds = schema.get("type")
    for kind, (key, nothing) in _WANTED.items():
        if (kind == kinds or (is_array(kinds) and kind in kinds)) and schema.get(key) is None:
            schema[key] = dict(nothing)
    return schema
