"""Checks the variables of a prompt against its ``variablesSchema`` and adds defaults.

``default`` values are filled in, also inside objects. A property that is declared, not required and not given is null,
so that a template may use it. Names that are not declared are allowed, unless ``additionalProperties`` forbids them.
"""

from __future__ import annotations

import copy
from contextvars import ContextVar
from itertools import islice
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend  # pyright: ignore[reportUnknownVariableType]

from ...json_types import is_object
from ..json_input.reader import MAX_DEPTH, too_deep
from ..problems import Problem
from .schemas import NOTHING_TO_FETCH, compile_schema

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_CHECKS = 200_000
"""Keywords of a schema that are checked, at most, for one set of variables."""

MAX_REPORTED = 20
"""Problems that one refusal lists, at most."""


def bind(schema: Any, variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables with defaults filled in, and null for the optional ones that are not given.

    Raises:
        Problem: 422 ``VARIABLES_INVALID``, with a path and a message in its details for each variable that is wrong;
            422 ``VARIABLES_SCHEMA_INVALID``.
    """
    standard = compile_schema(schema)
    if too_deep(variables):
        raise _invalid_variables([{"path": "", "message": f"nested deeper than {MAX_DEPTH} levels"}])
    values = copy.deepcopy(dict(variables))
    _fill(standard, values, _default)
    problems = list(_problems(standard, values))
    if problems:
        raise _invalid_variables(problems)
    _fill(standard, values, _null)
    return values


def _invalid_variables(problems: list[dict[str, str]]) -> Problem:
    first = problems[0]
    where = f"variable {first['path']!r}" if first["path"] else "variables"
    more = f" (and {len(problems) - 1} more in details.problems)" if len(problems) > 1 else ""
    message = f"The variables do not fit the prompt's variablesSchema: {where}: {first['message']}{more}"
    return Problem(422, "VARIABLES_INVALID", message, {"problems": problems})


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
    validator = _Validator(schema, registry=NOTHING_TO_FETCH, format_checker=Draft202012Validator.FORMAT_CHECKER)
    try:
        for error in islice(validator.iter_errors(values), MAX_REPORTED):
            yield {"path": ".".join(map(str, error.absolute_path)), "message": _message(error)}
    except RecursionError:
        yield {"path": "", "message": "variablesSchema refers to itself without end"}
    # A schema may still be wrong here, such as by a $ref in a place that no keyword names: that is the schema's error.
    except Exception as error:
        yield {"path": "", "message": f"variablesSchema cannot be applied: {str(error)[:200]}"}


def _message(error: ValidationError) -> str:
    # The library's own messages begin with the value, which may be long or private.
    keyword: Any = error.validator
    wanted: Any = error.validator_value
    if keyword is None:
        return "a variable is given that the schema forbids"
    if keyword in ("required", "additionalProperties"):
        return error.message
    if keyword == "type":
        return f"must be of type {wanted if isinstance(wanted, str) else ' or '.join(wanted)}"
    if keyword in ("enum", "const", "format", "pattern") or isinstance(wanted, (int, float)):
        return f"does not fit {keyword}: {str(wanted)[:200]}"
    return f"does not fit {keyword}"


_checks_left: ContextVar[int] = ContextVar("_checks_left")


def _counted(check: Any) -> Any:
    def counted(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        _checks_left.set(_checks_left.get() - 1)
        if _checks_left.get() < 0:
            raise ValueError("it takes too many steps; use fewer $ref, allOf and anyOf")
        return check(validator, value, instance, schema)

    return counted


def _required(_: Any, names: list[str], instance: Any, __: Any) -> Iterator[ValidationError]:
    # The path in the library's own error does not name the property that is missing.
    for name in names:
        if is_object(instance) and name not in instance:
            yield ValidationError("is required", path=[name])


_CHECKS = {**Draft202012Validator.VALIDATORS, "required": _required}
_Validator: Any = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {name: _counted(check) for name, check in _CHECKS.items()}
)
