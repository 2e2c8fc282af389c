"""The variables of a prompt: what its ``variablesSchema`` allows, and the values that fill a template.

A variables schema is a JSON Schema (2020-12) of one object. On top of the standard types it takes those of the prompt
editor: ``text`` is a string, ``enum`` is any of its ``enum``, ``date`` is a string such as ``2026-01-31``, ``json`` is
anything. ``default`` values are filled in, also inside objects; a property that is declared, not required and not given
is there as null, so that a template may ask for it. Names that are not declared are allowed, unless
``additionalProperties`` says otherwise. ``$ref`` stays inside the schema: nothing is ever fetched.

Source: the page "Prompts" of the to11 dashboard docs for the editor's types; https://json-schema.org/draft/2020-12.
"""

from __future__ import annotations

import copy
import json
from contextvars import ContextVar
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend  # pyright: ignore[reportUnknownVariableType]
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from .nesting import MAX_DEPTH, is_array, is_object, too_deep
from .problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_CHECKS = 200_000
"""Keywords of a schema that are looked at for one set of variables."""

MAX_REPORTED = 20
"""Problems that one refusal lists."""

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
_NOTHING_TO_FETCH: Registry[Any] = Registry()  # pyright: ignore[reportUnknownArgumentType]


def check_schema(schema: Any) -> None:
    """Refuse what is no variables schema; null and ``{}`` allow everything.

    Raises:
        Problem: 422 ``VARIABLES_SCHEMA_INVALID``, naming the place.
    """
    _compile(schema)


def bind(schema: Any, variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables with defaults filled in, and null for the optional ones that are not given.

    Raises:
        Problem: 422 ``VARIABLES_INVALID``, its details listing a path and a message for each thing that does not fit;
            422 ``VARIABLES_SCHEMA_INVALID``.
    """
    standard = _compile(schema)
    if too_deep(variables):
        raise _misfit([{"path": "", "message": f"nested deeper than {MAX_DEPTH} levels"}])
    values = copy.deepcopy(dict(variables))
    _fill(standard, values, _default)
    problems = list(_problems(standard, values))
    if problems:
        raise _misfit(problems)
    _fill(standard, values, _null)
    return values


def _misfit(problems: list[dict[str, str]]) -> Problem:
    first = problems[0]
    where = f"variable {first['path']!r}" if first["path"] else "variables"
    more = f" (and {len(problems) - 1} more in details.problems)" if len(problems) > 1 else ""
    message = f"The variables do not fit the prompt's variablesSchema: {where}: {first['message']}{more}"
    return Problem(422, "VARIABLES_INVALID", message, {"problems": problems})


def _bad_schema(place: str, message: str) -> Problem:
    path = f"variablesSchema.{place}" if place else "variablesSchema"
    return Problem(422, "VARIABLES_SCHEMA_INVALID", f"{path}: {message}", {"field": path, "reason": message})


# Schemas: from the editor's types to the standard's


def _compile(schema: Any) -> dict[str, Any]:
    """The schema in the types of the standard, checked; not to be changed."""
    if schema is None:
        return {}
    if not is_object(schema):
        raise _bad_schema("", "must be a JSON Schema object, such as {'type': 'object', 'properties': {...}}, or null")
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
    # A regular expression may fail in more ways than one, such as by the size of a repetition.
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
    """The schema and all schemas in it, each with its place."""
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
            _NOTHING_TO_FETCH.resolver_with_root(DRAFT202012.create_resource(root)).lookup(reference)
        except Unresolvable as error:
            raise _bad_schema(where, f"points at {reference[:80]!r}, which is not in the schema") from error


# Values


def _fill(schema: dict[str, Any], values: dict[str, Any], fill: Any) -> None:
    properties = schema.get("properties")
    for name, part in properties.items() if is_object(properties) else ():
        if is_object(part):
            fill(schema, name, part, values)
            if is_object(values.get(name)):
                _fill(part, values[name], fill)


def _default(_: dict[str, Any], name: str, part: dict[str, Any], values: dict[str, Any]) -> None:
    if name not in values and "default" in part:
        values[name] = copy.deepcopy(part["default"])


def _null(schema: dict[str, Any], name: str, _: dict[str, Any], values: dict[str, Any]) -> None:
    if name not in schema.get("required", ()):
        values.setdefault(name, None)


def _problems(schema: dict[str, Any], values: dict[str, Any]) -> Iterator[dict[str, str]]:
    _checks_left.set(MAX_CHECKS)
    validator = _Validator(schema, registry=_NOTHING_TO_FETCH, format_checker=Draft202012Validator.FORMAT_CHECKER)
    try:
        for error in islice(validator.iter_errors(values), MAX_REPORTED):
            yield {"path": ".".join(map(str, error.absolute_path)), "message": _message(error)}
    except RecursionError:
        yield {"path": "", "message": "variablesSchema refers to itself without end"}
    # What a schema may still get wrong here, such as a $ref in a place that no keyword names, is the schema's error.
    except Exception as error:
        yield {"path": "", "message": f"variablesSchema cannot be applied: {str(error)[:200]}"}


def _message(error: ValidationError) -> str:
    # The library's own messages begin with the value, which may be long or private.
    wanted: Any = error.validator_value
    if error.validator in ("required", "additionalProperties"):
        return error.message
    if error.validator == "type":
        return f"must be of type {wanted if isinstance(wanted, str) else ' or '.join(wanted)}"
    if error.validator in ("enum", "const", "format", "pattern") or isinstance(wanted, (int, float)):
        return f"does not fit {error.validator}: {str(wanted)[:200]}"
    return f"does not fit {error.validator}"


_checks_left: ContextVar[int] = ContextVar("_checks_left")


def _counted(check: Any) -> Any:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        _checks_left.set(_checks_left.get() - 1)
        if _checks_left.get() < 0:
            raise ValueError("it takes too many steps; use fewer $ref, allOf and anyOf")
        return check(validator, value, instance, schema)

    return counted


_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {name: _counted(check) for name, check in Draft202012Validator.VALIDATORS.items()}
)
