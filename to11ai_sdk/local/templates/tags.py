"""The tags in the source of a Liquid template: counted, and refused where the lexer of Liquid would need too long."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_LENGTH = 500_000
"""Characters of one template."""

MAX_TAGS = 5_000
"""Tags and outputs of one template."""

MAX_TAG_LENGTH = 10_000
"""Characters of one tag or output."""

_OPENING = re.compile(r"\{\{|\{%(?:-?\s*(raw|doc)\s*-?%\})?")
_NAME = re.compile(r"\{%-?\s*(\w+)")
_BLANKS = re.compile(r"\s{100}")


class TemplateError(Exception):
    """A template that cannot be parsed or rendered; the message says where and why."""


LONG_TAG = 100
"""Characters of a tag that count as another tag: a long condition is long work."""


def count_tags(source: str) -> int:
    """How many tags and outputs a template has, a line of a tag and its every 100 characters counted as one more.

    Raises:
        TemplateError: too long, too many, not closed, or blanks on which the lexer would take quadratic time.
    """
    if len(source) > MAX_LENGTH:
        raise TemplateError(f"is longer than {MAX_LENGTH} characters")
    spans = list(tag_spans(source))
    # The tag liquid has a tag on each line.
    tags = len(spans) + sum(source.count("\n", start, end) for start, end in spans)
    if tags > MAX_TAGS:
        raise TemplateError(f"has more than {MAX_TAGS} tags")
    return tags + sum((end - start) // LONG_TAG for start, end in spans)


def tag_spans(source: str) -> Iterator[tuple[int, int]]:
    """Yield where each tag and output begins and where its end does; a raw block has no length.

    Raises:
        TemplateError: one that is not closed, or has too many blanks in a row.
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
    """Return the number of the line, from 1, that a position in the source is on."""
    return source.count("\n", 0, position) + 1


def unclosed_block(source: str, ending: str) -> int | None:
    """Return where the last block begins that an ending such as ``endif`` is missing for."""
    opened: list[int] = []
    for start, end in tag_spans(source):
        found = _NAME.match(source, start, end)
        if found and found[1] == ending.removeprefix("end"):
            opened.append(start)
        elif found and found[1] == ending and opened:
            opened.pop()
    return opened[-1] if opened else None


def explain_quotes(source: str, position: int) -> str | None:
    """Return why the tag at a position cannot be read, if a quoted text in it is cut off by the end of the tag."""
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
