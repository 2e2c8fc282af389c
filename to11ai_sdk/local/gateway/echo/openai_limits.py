"""Refuses what OpenAI refuses in a well-formed request: names and ids that are too long or malformed, and schemas.

The messages are the API's own, as users report them.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .refusals import EchoError, openai_place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .body import BodyField

LONGEST_USER = 64
LONGEST_CALL_ID = {"chat": 40, "responses": 64}
LONGEST_NAME = {"chat": 64, "responses": 128}
_NAME = "^[a-zA-Z0-9_-]+$"
_PREFIXES = {"message": "msg", "function_call": "fc", "custom_tool_call": "ctc", "reasoning": "rs"}


def check_chat(body: BodyField) -> None:
    """Check a parsed request of chat completions.

    Raises:
        EchoError: 400 naming the place.
    """
    _check_user(body)
    for param in ("tool_choice", "parallel_tool_calls"):
        if body.get(param) is not None and not _members(body, "tools"):
            rule = f"'{param}' is only allowed when 'tools' are specified."
            raise EchoError(400, f"Invalid value for '{param}': {rule}", param=param)
    for function in _members(body, "functions"):
        _check_function(function, "chat")
    for tool in _members(body, "tools"):
        for kind in ("function", "custom"):
            if tool.value["type"] == kind:
                _check_function(tool.need(kind), "chat")
    for message in _members(body, "messages"):
        _check_length(message.get("tool_call_id"), LONGEST_CALL_ID["chat"])
        for call in _members(message, "tool_calls"):
            _check_length(call.get("id"), LONGEST_CALL_ID["chat"])
            _check_name(call.need(call.value["type"]).need("name"), "chat")


def check_responses(body: BodyField, items: Sequence[BodyField], tools: Sequence[tuple[BodyField, str | None]]) -> None:
    """Check a parsed request of responses, the items of its input, and the tools on offer.

    Raises:
        EchoError: 400 naming the place.
    """
    _check_user(body)
    for tool, _ in tools:
        _check_function(tool, "responses")
    for item in items:
        _check_length(item.get("call_id"), LONGEST_CALL_ID["responses"])
        if item.value.get("type") in ("function_call", "custom_tool_call"):
            _check_name(item.need("name"), "responses")
        _check_item_id(item)


def _members(body: BodyField, name: str) -> list[BodyField]:
    found = body.get(name)
    return found.items() if found else []


def _check_user(body: BodyField) -> None:
    _check_length(body.get("user"), LONGEST_USER)


def _check_function(function: BodyField, api: str) -> None:
    name, parameters = function.need("name"), function.get("parameters")
    _check_name(name, api)
    if parameters and parameters.object().get("type") == "object" and parameters.get("properties") is None:
        message = f"Invalid schema for function '{name.text()}': In context=(), object schema missing properties."
        raise EchoError(400, message, param=openai_place(parameters.path), code="invalid_function_parameters")


def _check_name(name: BodyField, api: str) -> None:
    if not re.fullmatch(_NAME[1:-1], name.text()):
        rule = f"string does not match pattern. Expected a string that matches the pattern '{_NAME}'."
        raise _invalid(name, rule, "invalid_value")
    _check_length(name, LONGEST_NAME[api])


def _check_length(field: BodyField | None, most: int) -> None:
    if field is not None and len(field.text()) > most:
        rule = (
            f"string too long. Expected a string with maximum length {most}, but got a string with length"
            f" {len(field.text())} instead."
        )
        raise _invalid(field, rule, "string_above_max_length")


def _check_item_id(item: BodyField) -> None:
    item_id, prefix = item.get("id"), _PREFIXES.get(item.value.get("type", "message"))
    if item_id is None or prefix is None:
        return
    shown = f"'{item_id.text()[:80]}'."
    if not item_id.text().startswith(prefix):
        raise _invalid(item_id, f"{shown} Expected an ID that begins with '{prefix}'.", "invalid_value")
    if not re.fullmatch(_NAME[1:-1], item_id.text()):
        rule = (
            "Expected an ID that contains letters, numbers, underscores, or dashes, but this value contained additional"
        )
        raise _invalid(item_id, f"{shown} {rule} characters.", "invalid_value")
    _check_length(item_id, LONGEST_CALL_ID["responses"])


def _invalid(field: BodyField, rule: str, code: str) -> EchoError:
    place = openai_place(field.path)
    return EchoError(400, f"Invalid '{place}': {rule}", param=place, code=code)
