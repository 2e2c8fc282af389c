"""JSON as text: the arguments of tool calls, and the data of events."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ....json_types import is_object
from ...json_input import reader
from ...json_input.fields import MAX_DEPTH, FormatError
from ...nesting import too_deep

if TYPE_CHECKING:
    from collections.abc import Mapping


def dumps(value: Any) -> str:
    """Compact JSON with the characters of all languages as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def encode(value: Any) -> bytes:
    """The same in UTF-8; half a surrogate pair, which UTF-8 lacks, is escaped."""
    try:
        return dumps(value).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def loads(text: str) -> Any:
    """A JSON value (RFC 8259: no ``NaN``).

    Raises:
        FormatError: it is not JSON, or nested too deeply.
    """
    try:
        value = reader.loads(text)
    except (ValueError, RecursionError) as exc:
        raise FormatError(f"is not JSON: {exc}") from None
    if too_deep(value, MAX_DEPTH):
        raise FormatError(f"may be nested {MAX_DEPTH} levels deep at most")
    return value


def arguments_of(value: Mapping[str, Any]) -> str:
    """The arguments of a tool call as OpenAI's formats write them: an object as text."""
    return dumps(dict(value))


def input_of(arguments: str) -> dict[str, Any]:
    """The arguments of a tool call as Anthropic's format writes them: an object.

    Text that is no JSON object is kept whole under the key ``arguments``; no text is no arguments.
    """
    if not arguments.strip():
        return {}
    try:
        value = loads(arguments)
    except FormatError:
        value = None
    return value if is_object(value) else {"arguments": arguments}


def is_complete(arguments: str) -> bool:
    """Whether arguments that arrive bit by bit are all there."""
    if not arguments.rstrip().endswith("}"):
        return False
    try:
        return is_object(loads(arguments))
    except FormatError:
        return False
