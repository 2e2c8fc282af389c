"""Chooses the tools that ``echo`` calls, and their arguments.

The user's request is the last block of the user's text. It asks for a tool if it contains the tool's name, or all words
of the name except the first: "What's the weather in Paris?" asks for ``get_weather``. A name of one word, such as
``Read``, must be written exactly like that. One tool is called, unless the request has the exact names of several. A
request about more than ``MOST_NAMED`` tools is regarded as a description of them and asks for none.

After results no tool is called unless the request forces a call. Then it is a tool that was not called since the user's
request, and in the end the last of the list, where frameworks put the tool that takes the result. So every agent ends.

The arguments are the first JSON object in the request that is valid under the tool's schema, patterns aside, or else a
value made from the schema.
"""

from __future__ import annotations

import json
import math
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from .instances import NoInstanceError, first_valid, instance_of
from .refusals import EchoError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ...work_budget import WorkBudget
    from .conversation import ChatQuestion
    from .turns import OfferedTool


MOST_NAMED = 4
"""How many tools a request may ask for; a text with the names of more is a description of them."""

MOST_BEFORE_LAST = 8
"""How many calls there are, at most, before the last tool is called, if every turn must call a tool."""


def tools_to_call(ask: ChatQuestion, request: str) -> Sequence[OfferedTool]:
    """Return the tools that an answer calls; none after results, unless a call is forced."""
    if ask.choice == "none" or not ask.tools or (ask.choice == "auto" and ask.results):
        return ()
    called = ask.called
    fresh = [tool for tool in ask.tools if tool.name not in called] if ask.choice == "required" else [*ask.tools]
    lower = request.lower()
    exact = [tool for tool in fresh if tool.name.lower() in lower and _is_written(tool.name, request)]
    if 0 < len(exact) <= MOST_NAMED:
        return exact if ask.parallel else exact[:1]
    said = set(re.findall(r"[a-z]+|\d+", lower))
    hinted = [tool for tool in fresh if not exact and _is_hinted(tool.name, said)]
    if ask.choice == "auto":
        return hinted[:1] if len(hinted) <= MOST_NAMED else ()
    return (hinted or fresh)[:1] if len(called) < MOST_BEFORE_LAST and fresh else ask.tools[-1:]


def arguments_for(tool: OfferedTool, request: str, budget: WorkBudget) -> str:
    """Return the text of the arguments; for a tool that takes any text, it is the request.

    Raises:
        EchoError: 400, no value is valid under the tool's schema.
    """
    parameters = tool.parameters
    if parameters is None:
        return request
    given = first_valid(parameters, objects_in(request), budget)
    if given is not None:
        return json.dumps(given, ensure_ascii=False)
    try:
        made = instance_of({"type": "object", **parameters}, budget, tool.name)
    except NoInstanceError as exc:
        raise EchoError(
            400, f"Invalid schema for function '{tool.name}': {exc}", param="tools", code="invalid_function_parameters"
        ) from exc
    return json.dumps(made, ensure_ascii=False)


def objects_in(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in a text, in order, that begin at its first 20 braces."""
    decoder = json.JSONDecoder(parse_constant=_no_number, parse_float=_number)
    for found in islice(re.finditer(r"\{", text), 20):
        try:
            value, _ = decoder.raw_decode(text, found.start())
        except (ValueError, RecursionError):
            continue
        yield value


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def _number(digits: str) -> float:
    value = float(digits)
    return value if math.isfinite(value) else _no_number(digits)


def _is_written(name: str, text: str) -> bool:
    flags = re.IGNORECASE if len(_words(name)) > 1 else 0
    return re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", text, flags) is not None


def _is_hinted(name: str, said: set[str]) -> bool:
    words = [word.lower() for word in _words(name)[1:]]
    return any(map(str.isalpha, words)) and said.issuperset(words)


def _words(name: str) -> list[str]:
    return re.findall(r"[A-Z]?[a-z]+|[A-Z]+|\d+", name)
