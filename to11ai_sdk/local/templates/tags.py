"""Counts the tags in a Liquid template, and refuses those for which Liquid's lexer would take too long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..bounds import MAX_TAG_LENGTH, MAX_TAGS, MAX_TEMPLATE_LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterator

_OPENING = re.compile(r"\{\{|\{%(?:-?\s*(raw|doc)\s*-?%\})?")
_NAME = re.compile(r"\{%-?\s*(\w+)")
_BLANKS = re.compile(r"\s{100}")


class TemplateError(Exception):
    """A template cannot be parsed or rendered; the message says where and why."""


LONG_TAG = 100
"""Characters of a tag that count as another tag, because a long condition is more work."""


def count_tags(source: str) -> int:
    """Count the tags and outputs of a template, plus one for each line of a tag and for every 100 characters of it.

    Raises:
        TemplateError: the template is too long, has too many tags or one that is not closed, or has so many blanks that
            the lexer would take quadratic time.
    """
    if len(source) > MAX_TEMPLATE_LENGTH:
        raise TemplateError(f"is longer than {MAX_TEMPLATE_LENGTH} characters")
    spans = list(tag_spans(source))
    # The tag ``liquid`` has a tag on each line.
    tags = len(spans) + sum(source.count("\n", start, end) for start, end in spans)
    if tags > MAX_TAGS:
        raise TemplateError(f"has more than {MAX_TAGS} tags")
    return tags + sum((end - start) // LONG_TAG for start, end in spans)


def tag_spans(source: str) -> Iterator[tuple[int, int]]:
    """Yield the positions where each tag and output begins and where its end begins; a raw block has no length.

    Raises:
        TemplateError: a tag is not closed, or has too many blanks in a row.
    """
    position = 0
    while opening := _OPENING.search(source, position):
        start, end = opening.start(), _closing(source, opening)
        if not opening[1] and _BLANKS.search(source, start, end):
            raise TemplateError(f"line {line_of(source, start)}: has 100 blanks in a row inside a tag")
        yield start, start if opening[1] else end
        position = end


def _closing(source: str, opening: re.Match[str]) -> int:
    start = opening.start()
    if opening[1]:
        end = re.compile(r"\{%-?\s*end" + opening[1] + r"\s*-?%\}").search(source, opening.end())
        position = end.end() if end else -1
    else:
        closing = "}}" if opening[0] == "{{" else "%}"
        position = source.find(closing, opening.end(), start + MAX_TAG_LENGTH)
    if position < 0:
        what = f"'{{% end{opening[1]} %}}'" if opening[1] else "'}}'" if opening[0] == "{{" else "'%}'"
        raise TemplateError(f"line {line_of(source, start)}: {opening[0]!r} is not closed with {what}")
    return position


def line_of(source: str, position: int) -> int:
    """Return the number of the line of a position in the source, counted from 1."""
    return source.count("\n", 0, position) + 1


def unclosed_block(source: str, ending: str) -> int | None:
    """Return the position of the last block that lacks its ending, such as ``endif``."""
    opened: list[int] = []
    for start, end in tag_spans(source):
        found = _NAME.match(source, start, end)
        if found and found[1] == ending.removeprefix("end"):
            opened.append(start)
        elif found and found[1] == ending and opened:
            opened.pop()
    return opened[-1] if opened else None


def explain_quotes(source: str, position: int) -> str | None:
    """Return why the tag at a position cannot be read, if the end of the tag cuts off a quoted text."""
    start = max(source.rfind("{{", 0, position + 2), source.rfind("{%", 0, position + 2))
    closing = "}}" if source.startswith("{{", start) else "%}"
    end = source.find(closing, start)
    if start < 0 or not _cut_quote(source[start:end]):
        return None
    other = "{% assign text = '...' %}" if closing == "}}" else "{{ '...' }}"
    return f"a quoted text is not closed before {closing!r}; a text with {closing!r} in it can stand in {other} only"


def _cut_quote(tag: str) -> str:
    quote = ""
    for character in tag:
        if not quote and character in "'\"":
            quote = character
        elif character == quote:
            quote = ""
    return quote
