"""Checks the ``variablesSchema`` of a prompt: a JSON Schema (2020-12) of an object, with the prompt editor's own types.

``text`` is a string, ``enum`` is any of its ``enum``, ``date`` is a string such as ``2026-01-31``, ``json`` is
anything. ``$ref`` stays inside the schema: nothing is ever fetched.

Source: the page "Prompts" of the to11 dashboard docs for the editor's types; https://json-schema.org/draft/2020-12.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ...json_types import is_array, is_object
from ..bounds import MAX_DEPTH, MAX_SCHEMA_TEXT
from ..json_input.reader import too_deep
from ..json_schema.schema import Schema, SchemaError
from ..json_schema.values import TYPES
from ..problems import Problem

if TYPE_CHECKING:
    from ..json_schema.schema import Place

_EDITOR_TYPES: dict[str, dict[str, Any]] = {
    "text": {"type": "string"},
    "enum": {},
    "json": {},
    "date": {"type": "string", "format": "date"},
}
_TYPES = (*TYPES, *_EDITOR_TYPES)


def compile_schema(schema: Any) -> Schema:
    """Return the schema with standard types. It is shared: do not change it. Null means a prompt without a schema.

    Raises:
        Problem: 422 ``VARIABLES_SCHEMA_INVALID``, naming the place.
    """
    if schema is None:
        return _compiled("{}")
    if not is_object(schema):
        raise _bad_schema((), "must be a JSON Schema object, such as {'type': 'object', 'properties': {...}}")
    if too_deep(schema):
        raise _bad_schema((), f"must not be nested deeper than {MAX_DEPTH} levels")
    if schema.get("type", "object") != "object":
        raise _bad_schema(("type",), "must be 'object': the variables of a prompt are the properties of one object")
    text = json.dumps(schema)
    if len(text) > MAX_SCHEMA_TEXT:
        raise _bad_schema((), f"must not be longer than {MAX_SCHEMA_TEXT} characters of JSON")
    return _compiled(text)


@lru_cache(maxsize=64)
def _compiled(text: str) -> Schema:
    try:
        return Schema(json.loads(text), _translate)
    except SchemaError as error:
        raise _bad_schema(error.place, str(error)) from error


def _translate(place: Place, part: dict[str, Any]) -> None:
    # Another draft or base address would give references another meaning.
    part.pop("$schema", None)
    part.pop("$id", None)
    word = part.get("type")
    for name in word if is_array(word) else [] if word is None else [word]:
        if name not in _TYPES:
            raise _bad_schema((*place, "type"), f"{str(name)[:40]!r} is no type; use one of {', '.join(_TYPES)}")
    if word == "enum" and not is_array(part.get("enum")):
        raise _bad_schema((*place, "enum"), "must list the values that the variable may have")
    if isinstance(word, str) and word in _EDITOR_TYPES:
        del part["type"]
        part.update(_EDITOR_TYPES[word])


def _bad_schema(place: Place, message: str) -> Problem:
    path = ".".join(("variablesSchema", *place))
    pointer = "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in place)
    details = {"field": path, "pointer": pointer, "reason": message}
    return Problem(422, "VARIABLES_SCHEMA_INVALID", f"{path}: {message}", details)
