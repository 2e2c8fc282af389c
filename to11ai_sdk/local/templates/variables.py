"""Checks the variables of a prompt against its ``variablesSchema`` and adds defaults.

``default`` values are filled in, also inside objects. A property that is declared, not required and not given is null,
so that a template may use it. Names that are not declared are allowed, unless ``additionalProperties`` forbids them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...json_types import is_object
from ..bounds import MAX_DEPTH, MAX_SCHEMA_WORK
from ..hang_up import NEVER
from ..json_input.reader import too_deep
from ..json_schema.evaluation import Evaluation
from ..problems import Problem
from ..work_budget import WorkBudget, WorkBudgetError
from .schemas import compile_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..hang_up import HangUp
    from ..json_schema.evaluation import Fault
    from ..json_schema.schema import Schema

    Fill = Callable[[str, dict[str, Any], dict[str, Any], bool], None]
    """Fills in one declared property of an object, given its name, its schema, the object, and if it is required."""

MAX_REPORTED = 20
"""Problems that one refusal lists, at most."""

_NAMES_SHOWN = 10
_TOO_MUCH_WORK = (
    "checking them takes too many steps; use fewer $ref, allOf and anyOf in the variablesSchema, or smaller variables"
)


def bind(schema: Any, variables: Mapping[str, Any], hang_up: HangUp = NEVER) -> dict[str, Any]:
    """Return the variables with defaults filled in, and null for the optional ones that are not given.

    Raises:
        Problem: 422 ``VARIABLES_INVALID``, with a path and a message in its details for each variable that is wrong;
            422 ``VARIABLES_SCHEMA_INVALID``.
    """
    standard = compile_schema(schema)
    if too_deep(variables):
        raise _invalid_variables([{"path": "", "message": f"nested deeper than {MAX_DEPTH} levels"}])
    values = _filled(standard.root, variables, _default)
    problems = _problems(standard, values, hang_up)
    if problems:
        raise _invalid_variables(problems)
    return _filled(standard.root, values, _null)


def _invalid_variables(problems: list[dict[str, str]]) -> Problem:
    first = problems[0]
    where = f"variable {first['path']!r}" if first["path"] else "variables"
    more = f" (and {len(problems) - 1} more in details.problems)" if len(problems) > 1 else ""
    message = f"The variables do not fit the prompt's variablesSchema: {where}: {first['message']}{more}"
    return Problem(422, "VARIABLES_INVALID", message, {"problems": problems})


def _filled(schema: dict[str, Any], values: Mapping[str, Any], fill: Fill) -> dict[str, Any]:
    """Return the values with what is missing filled in, also inside objects."""
    result = dict(values)
    required = frozenset[str](schema.get("required", ()))
    for name, part in schema.get("properties", {}).items():
        if is_object(part):
            fill(name, part, result, name in required)
            if is_object(result.get(name)):
                result[name] = _filled(part, result[name], fill)
    return result


def _default(name: str, part: dict[str, Any], values: dict[str, Any], _: bool) -> None:
    if name not in values and "default" in part:
        values[name] = part["default"]


def _null(name: str, _: dict[str, Any], values: dict[str, Any], required: bool) -> None:
    if not required:
        values.setdefault(name, None)


def _problems(schema: Schema, values: dict[str, Any], hang_up: HangUp) -> list[dict[str, str]]:
    with WorkBudget(MAX_SCHEMA_WORK, _TOO_MUCH_WORK, hang_up) as budget:
        evaluation = Evaluation(schema, budget, MAX_REPORTED)
        try:
            faults = evaluation.run(values)
        except WorkBudgetError as error:
            return [{"path": evaluation.place, "message": str(error)}]
    return [{"path": ".".join(map(str, fault.path)), "message": _message(fault)} for fault in faults]


def _message(fault: Fault) -> str:
    # A value may be long or private: no message contains one.
    keyword, wanted = fault.keyword, fault.wanted
    if keyword is None:
        return "a variable is given that the schema forbids"
    if keyword == "required":
        return "is required"
    if fault.names:
        shown = ", ".join(repr(name[:80]) for name in fault.names[:_NAMES_SHOWN])
        return f"these members are not allowed: {shown} {'was' if len(fault.names) == 1 else 'were'} unexpected"
    if keyword == "type":
        return f"must be of type {wanted if isinstance(wanted, str) else ' or '.join(wanted)}"
    if keyword in ("enum", "const", "format", "pattern") or isinstance(wanted, (int, float)):
        return f"does not fit {keyword}: {str(wanted)[:200]}"
    return f"does not fit {keyword}"
