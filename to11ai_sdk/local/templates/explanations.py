"""Explains in Liquid's terms why a template cannot be parsed, and where."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .tags import explain_quotes, line_of, tag_spans, unclosed_block

if TYPE_CHECKING:
    from collections.abc import Callable

    from liquid.exceptions import LiquidError

_WORDS = {
    "a primitive expression": "a value",
    "end of expression": "the end of the tag",
    "unexpected liquid parsing error": "cannot be read; a condition may be too long",
    "missing expression": "expected something after the name of the tag, found the end of the tag",
    "missing or unexpected path segment": "expected a name or an index",
    "expected word": "expected a name",
    "found word": "found a name",
    "found rparen": "found ')'",
    "found dpipe": "found '||'",
    "found assign": "found '='",
    "disallowed parentheses in logical expression": "a condition takes no parentheses; nest one {% if %} in another",
    "disallowed not operator in logical expression": "a condition takes no 'not'; use {% unless %} or '!='",
}
_NOT_CLOSED = re.compile(r"expected tag (end\w+), found .*")


def explain(error: LiquidError, source: str, problem_of: Callable[[str], str | None]) -> str:
    """Return an explanation of what is wrong with a template, with the number of the line.

    Args:
        error: the parser's exception.
        source: the whole template.
        problem_of: returns the parser's error for a single tag, if any; it finds the line if the error lacks it.
    """
    message = message_of(error)
    not_closed = _NOT_CLOSED.fullmatch(message)
    block = unclosed_block(source, not_closed[1]) if not_closed else None
    if not_closed and block is not None:
        name = not_closed[1].removeprefix("end")
        return f"line {line_of(source, block)}: '{{% {name} %}}' is not closed with '{{% end{name} %}}'"
    position = _position(error, message, source, problem_of)
    if position is None:
        return _in_words(message)
    return f"line {line_of(source, position)}: {explain_quotes(source, position) or _in_words(message)}"


def message_of(error: LiquidError) -> str:
    """Return the parser's message without its drawing of the place."""
    return str(error.message or type(error).__name__)


def _position(error: LiquidError, message: str, source: str, problem_of: Callable[[str], str | None]) -> int | None:
    if error.token and error.token.start_index >= 0:
        return error.token.start_index
    return next((start for start, end in tag_spans(source) if problem_of(source[start : end + 2]) == message), None)


def _in_words(message: str) -> str:
    for parsers, ours in _WORDS.items():
        message = message.replace(parsers, ours)
    return message
