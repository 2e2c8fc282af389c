"""Reads the arguments of a call from its request: the inverse of ``Endpoint.encode``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from ...json_types import is_object
from ..problems import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...resources.endpoint import Endpoint
    from ...resources.parameters import Parameter

_LATER: Mapping[str, Mapping[str, str]] = {"prompts.resolve": {"developerRole": "developer_role"}}
"""Arguments by the rows that take them: wire names, and the names for the handlers."""
_INT64 = 2**63
# No longer than int() accepts.
_INTEGER = re.compile(r"-?[0-9]{1,4000}")


def decode(row: Endpoint, path: Mapping[str, str], query: Mapping[str, str], body: object) -> dict[str, Any]:
    """Return the arguments by their Python names.

    Args:
        row: the row of the request.
        path: the path parameters by their Python names, percent-decoded.
        query: the query, decoded.
        body: the JSON body, decoded; ``None`` if there was none.

    Raises:
        Problem: 400 if a required value is missing, or one has the wrong type; names it as in the request.
    """
    if row.has_body and not is_object(body):
        raise invalid("the body must be a JSON object")
    places: dict[str, Mapping[str, Any]] = {"path": path, "query": query, "body": body if is_object(body) else {}}
    arguments: dict[str, Any] = {}
    for parameter in row.parameters:
        name, place = parameter.name if parameter.place == "path" else parameter.wire_name, places[parameter.place]
        value = place.get(name)
        if value is not None:
            arguments[parameter.name] = _value(parameter, value)
        elif parameter.nullable and name in place:
            arguments[parameter.name] = None
        elif parameter.required:
            raise invalid(f"{parameter.wire_name} is required", field=parameter.wire_name)
    return {**arguments, **_later(row, places["body"])}


def _later(row: Endpoint, body: Mapping[str, Any]) -> dict[str, str]:
    """Return the arguments that only later versions of the SDK send."""
    found: dict[str, str] = {}
    for wire_name, name in _LATER.get(row.name, {}).items():
        value = body.get(wire_name)
        if value is not None and not isinstance(value, str):
            raise invalid(f"{wire_name} must be a string", field=wire_name)
        found |= {} if value is None else {name: value}
    return found


def _value(parameter: Parameter, given: Any) -> Any:
    name, kind = parameter.wire_name, parameter.kind
    value = given if parameter.place == "body" else _READERS.get(parameter.annotation, str)(given)
    if value is None:
        raise invalid(f"{name} must be {kind.says}", field=name)
    try:
        kind.check(name, value)
    except TypeError as exc:
        raise invalid(str(exc), field=name) from None
    if parameter.annotation == "int" and not -_INT64 <= value < _INT64:
        raise invalid(f"{name} is too large a number", field=name)
    return value


def _integer(text: str) -> int | None:
    return int(text) if _INTEGER.fullmatch(text) else None


_READERS: dict[str, Callable[[str], Any]] = {"int": _integer, "bool": {"true": True, "false": False}.get}
"""Readers of a text from a path or query, by annotation; they return ``None`` if it is not of that kind."""
