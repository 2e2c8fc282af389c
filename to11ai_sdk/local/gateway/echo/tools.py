"""Chooses the tools that ``echo`` calls, and their arguments.

A forced choice is followed. Otherwise a tool is called if the user's text has its name, or all words of its name but
the first: ``get_weather`` is called for "What's the weather in Paris?". The arguments are the first JSON object in the
user's text that fits the tool's schema, its patterns aside, or else made from the schema.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from .instances import NoInstanceError, fits, instance_of
from .refusals import EchoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .conversation import ChatQuestion, OfferedTool


def tools_to_call(ask: ChatQuestion, text: str) -> Sequence[OfferedTool]:
    """Return the tools that an answer calls; none in answer to their results, unless it is forced."""
    if ask.choice == "none" or not ask.tools or (ask.choice == "auto" and ask.results):
        return ()
    named = [tool for tool in ask.tools if _is_named(tool.name, text)]
    if ask.choice == "required":
        named = named or [ask.tools[0]]
    return named if ask.parallel else named[:1]


def arguments_for(tool: OfferedTool, text: str) -> str:
    """Return the text of the arguments.

    Raises:
        EchoError: 400, the tool's schema has no value.
    """
    given = next((value for value in _objects_in(text) if fits(tool.parameters, value)), None)
    if given is not None:
        return json.dumps(given, ensure_ascii=False)
    try:
        made = instance_of({"type": "object", **tool.parameters}, tool.name)
    except NoInstanceError as exc:
        raise EchoError(
            400, f"Invalid schema for function '{tool.name}': {exc}", param="tools", code="invalid_function_parameters"
        ) from exc
    return json.dumps(made, ensure_ascii=False)


def _is_named(name: str, text: str) -> bool:
    if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text, re.IGNORECASE):
        return True
    words = [word.lower() for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name)][1:]
    said = set(re.findall(r"[a-z]+|\d+", text.lower()))
    return bool(words) and all(word in said for word in words)


def _objects_in(text: str) -> Iterator[dict[str, Any]]:
    decoder = json.JSONDecoder()
    for found in list(re.finditer(r"\{", text))[:20]:
        try:
            value, _ = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        yield value
