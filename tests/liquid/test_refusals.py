"""What a template is refused for: the words of Liquid, the line, and what a filter wants instead."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from engines import NOW

from to11ai_sdk.local.problems import Problem
from to11ai_sdk.local.templates import rendering
from to11ai_sdk.local.templates.filters import FILTERS

VALUES: dict[str, Any] = {
    "nil": None, "yes": True, "five": 5, "half": 0.5, "text": "Ada", "list": [1, "a", None], "object": {"a": 1},
}  # fmt: skip
PYTHON = re.compile(r"__|\(\)|\bNone\b|\bTrue\b|\bstr\b|\bint\b|\bfloat\b|\bdict\b|NoneType|positional|keyword|Error")


def refused(source: str) -> str | None:
    try:
        rendering.render("text", {"text": source}, {}, VALUES, NOW)
    except Problem as problem:
        return problem.message
    return None


def refusal(source: str) -> str:
    message = refused(source)
    assert message is not None
    return message


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ('{{ "a" | concat: "b" }}', "the filter 'concat' needs an array as array, not the text 'b'"),
        ("{{ text | concat: nil }}", "the filter 'concat' needs an array as array, not nil"),
        ("{{ text | date }}", "the filter 'date' needs the argument 'format'; write {{ value | date: format }}"),
        ("{{ text | append: }}", "the filter 'append' needs the argument 'text'; write {{ value | append: text }}"),
        (
            "{{ text | replace_last: 'a' }}",
            "the filter 'replace_last' needs the argument 'replacement'; "
            "write {{ value | replace_last: search, replacement }}",
        ),
        ("{{ text | upcase: 1 }}", "the filter 'upcase' takes no arguments, but 1 are given"),
        ("{{ text | join: 1, 2 }}", "the filter 'join' takes separator (optional), but 2 are given"),
        ("{{ text | append: text: 'a' }}", "the filter 'append' takes no argument named 'text'"),
        ("{{ text | truncate: 1.5 }}", "the filter 'truncate' needs a whole number as length, not the number 1.5"),
        ("{{ text | slice: nil }}", "the filter 'slice' needs a whole number as start, not nil"),
        ("{{ text | slice: yes }}", "the filter 'slice' needs a whole number as start, not true"),
        ("{{ five | divided_by: 0 }}", "the filter 'divided_by' can't divide by 0"),
        ("{{ five | modulo: 'a' }}", "the filter 'modulo' can't divide by 0"),
        ("{{ list | map: 'a' }}", "the filter 'map' cannot read 'a' of the number 1"),
        ("{{ list | sort }}", "the filter 'sort' cannot sort the text 'a' and the number 1 together"),
        ("{{ 'a' | base64_decode }}", "the filter 'base64_decode' needs a text in base64 that decodes to UTF-8"),
        ("{{ '%FF' | url_decode }}", "the filter 'url_decode' needs a value that decodes to UTF-8"),
        ("{% if text < five %}{% endif %}", "'<' cannot compare the text 'Ada' with the number 5"),
        ("{% if five >= text %}{% endif %}", "'>=' cannot compare the number 5 with the text 'Ada'"),
        ("{% for x in list limit: text %}{% endfor %}", "'for' needs a whole number as limit, not the text 'Ada'"),
        ("{% for x in list offset: half %}{% endfor %}", "'for' needs a whole number as offset, not the number 0.5"),
        ("{% for x in (1..half) %}{% endfor %}", "a range needs a whole number as an end, not the number 0.5"),
        ("{% assign x = text | plus: %}", "the filter 'plus' needs the argument 'number_to_add'"),
        ("{{ absent }}", "'absent' is undefined"),
        ("{{ object.b.c }}", "object.b is undefined"),
    ],
)
def test_a_refusal_names_the_line_the_filter_and_the_argument(source: str, message: str) -> None:
    assert refusal("\n\n" + source).startswith(f"text: line 3: {message}")


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{{ }}", "expected a value, found the end of the tag"),
        ("{% if text %}\n{% if five %}{% endif %}", "'{% if %}' is not closed with '{% endif %}'"),
        ("{% for x %}{% endfor %}", "expected in, found the end of the tag"),
        ("{{ text | }}", "expected a name, found the end of the tag"),
        ("{{ text | shout }}", "unknown filter 'shout'"),
        ("{% if text %}{{ five | plus: 1 | shout: 2 }}{% endif %}", "unknown filter 'shout'"),
        ("{% assign x = text | shout %}", "unknown filter 'shout'"),
        ("{{ list | json }}", "unknown filter 'json'; arrays and objects print as JSON without one"),
        ("{% if not text %}{% endif %}", "a condition takes no 'not'; use {% unless %} or '!='"),
        ("{% if (text) %}{% endif %}", "a condition takes no parentheses; nest one {% if %} in another"),
        ("{% if text || five %}{% endif %}", "expected the end of the tag, found '||'"),
        ("{% if text = five %}{% endif %}", "expected the end of the tag, found '='"),
        ("{% case %}{% endcase %}", "expected something after the name of the tag, found the end of the tag"),
    ],
)
def test_a_syntax_error_names_the_line(source: str, message: str) -> None:
    before = "{% if text %}{{ text }}{% endif %}\n{{ five }}\n"
    assert refusal(before + source).startswith(f"text: line 3: {message}")


@pytest.mark.parametrize(
    ("source", "closing"),
    [
        ('{{ \'{"a":{"b":1}}\' }}', "'}}'"),
        ('{{ "a }} b" | upcase }}', "'}}'"),
        ("{% assign x = '%}' %}", "'%}'"),
        ("{% if text == 'a %} b' %}{% endif %}", "'%}'"),
        ("{{ text | append: 'it }}", "'}}'"),
    ],
)
def test_a_quoted_text_that_the_end_of_its_tag_cuts_off_is_named(source: str, closing: str) -> None:
    message = refusal(f"\n{source}")
    assert message.startswith(
        f"text: line 2: a quoted text is not closed before {closing}; a text with {closing} in it"
    )
    assert "can stand in {" in message


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ('{% assign json = \'{"a":{"b":1}}\' %}{{ json }}', '{"a":{"b":1}}'),
        ("{{ 'a %} b' }}", "a %} b"),
        ("it's {{ text }}, isn't it", "it's Ada, isn't it"),
    ],
)
def test_what_to_write_instead_works(source: str, text: str) -> None:
    assert rendering.render("text", {"text": source}, {}, VALUES, NOW).payload["text"] == text


@pytest.mark.parametrize("name", FILTERS)
def test_no_refusal_of_a_filter_speaks_python(name: str) -> None:
    calls = ["", ": x: 1", ": 1, 2, 3, 4", *(f": {each}" for each in VALUES), *(f": 'a', {each}" for each in VALUES)]
    for value, call in product(VALUES, calls):
        message = refused(f"{{{{ {value} | {name}{call} }}}}")
        if message is not None:
            assert message.startswith(f"text: line 1: the filter {name!r} ")
            assert not PYTHON.search(message)
