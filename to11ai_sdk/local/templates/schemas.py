"""Checks the ``variablesSchema`` of a prompt: a JSON Schema (2020-12) of an object, with the prompt editor's own types.

``text`` is a string, ``enum`` is any of its ``enum``, ``date`` is a string such as ``2026-01-31``, ``json`` is
anything. ``$ref`` stays inside the schema: nothing is ever fetched.

Source: the page "Prompts" of the to11 dashboard docs for the editor's types; https://json-schema.org/draft/2020-12.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from ...json_types import is_array, is_object
from ..json_input.reader import MAX_DEPTH, too_deep
from ..problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTHING_TO_FETCH: Registry[Any] = Registry()  # pyright: ignore[reportUnknownArgumentType]
"""The registry for a ``$ref`` outside a schema: it is empty."""

_EDITOR_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "enum": {},
    "json": {},
    "date": {"type": "string", "format": "date"},
}
_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null", *_EDITOR_TYPES)
_NAMED_SCHEMAS = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_LISTED_SCHEMAS = ("allOf", "anyOf", "oneOf", "prefixItems")
_SCHEMAS = (
    "items",
    "additionalProperties",
    "contains",
    "not",
    "if",
    "then",
    "else",
    "propertyNames",
    "unevaluatedItems",
    "unevaluatedProperties",
)


def compile_schema(schema: Any) -> dict[str, Any]:
    """Return the schema with standard types. It is shared: do not change it. Null means a prompt without a schema.

    Raises:
        Problem: 422 ``VARIABLES_SCHEMA_INVALID``, naming the place.
    """
    if schema is None:
        return {}
    if not is_object(schema):
        raise _bad_schema("", "must be a JSON Schema object, such as {'type': 'object', 'properties': {...}}")
    if too_deep(schema):
        raise _bad_schema("", f"must not be nested deeper than {MAX_DEPTH} levels")
    if schema.get("type", "object") != "object":
        raise _bad_schema("type", "must be 'object': the variables of a prompt are the properties of one object")
    return _compile_text(json.dumps(schema))


@lru_cache(maxsize=256)
def _compile_text(text: str) -> dict[str, Any]:
    standard: dict[str, Any] = json.loads(text)
    for place, part in list(_parts(standard, ())):
        _translate(place, part)
    _check_standard(standard)
    for place, part in _parts(standard, ()):
        _check_reference(standard, place, part)
    return standard


def _check_standard(standard: dict[str, Any]) -> None:
    try:
        Draft202012Validator.check_schema(standard)
    except SchemaError as error:
        raise _bad_schema(".".join(map(str, error.absolute_path)), error.message[:200]) from error
    # A regular expression may fail in several ways, such as by the size of a repetition.
    except Exception as error:
        raise _bad_schema("", f"cannot be read: {str(error)[:200]}") from error


def _translate(place: str, part: dict[str, Any]) -> None:
    # Another draft or base address would make the library look elsewhere than in this schema.
    part.pop("$schema", None)
    part.pop("$id", None)
    word = part.get("type")
    for name in word if is_array(word) else [] if word is None else [word]:
        if name not in _TYPES:
            raise _bad_schema(_join(place, "type"), f"{str(name)[:40]!r} is no type; use one of {', '.join(_TYPES)}")
    if word == "enum" and not is_array(part.get("enum")):
        raise _bad_schema(_join(place, "enum"), "must list the values that the variable may have")
    if isinstance(word, str) and word in _EDITOR_TYPES:
        del part["type"]
        part.update(_EDITOR_TYPES[word])


def _join(*names: str) -> str:
    return ".".join(filter(None, names))


def _parts(schema: Any, place: tuple[str, ...]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the schema and all schemas in it, each with its place."""
    if not is_object(schema):
        return
    yield ".".join(place), schema
    for keyword in _SCHEMAS:
        yield from _parts(schema.get(keyword), (*place, keyword))
    for keyword in _NAMED_SCHEMAS + _LISTED_SCHEMAS:
        for name, part in _members(schema.get(keyword)):
            yield from _parts(part, (*place, keyword, name))


def _members(group: Any) -> list[tuple[str, Any]]:
    if is_object(group):
        return list(group.items())
    return [(str(index), part) for index, part in enumerate(group)] if is_array(group) else []


def _check_reference(root: dict[str, Any], place: str, part: dict[str, Any]) -> None:
    for keyword in ("$ref", "$dynamicRef"):
        reference = part.get(keyword)
        if not isinstance(reference, str):
            continue
        where = _join(place, keyword)
        if not reference.startswith("#"):
            raise _bad_schema(where, "must point inside the schema, such as '#/$defs/name'; nothing is fetched")
        try:
            NOTHING_TO_FETCH.resolver_with_root(DRAFT202012.create_resource(root)).lookup(reference)
        except Unresolvable as error:
            raise _bad_schema(where, f"points at {reference[:80]!r}, which is not in the schema") from error


def _bad_schema(place: str, message: str) -> Problem:
    path = f"variablesSchema.{place}" if place else "variablesSchema"
    return Problem(422, "VARIABLES_SCHEMA_INVALID", f"{path}: {message}", {"field": path, "reason": message})
