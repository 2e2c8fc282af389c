from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from to11ai_sdk.local.gateway.echo import instances
from to11ai_sdk.local.gateway.echo.echo_answer import schema_budget
from to11ai_sdk.local.gateway.echo.instances import NoInstanceError, first_valid
from to11ai_sdk.local.gateway.echo.patterns import text_matching
from to11ai_sdk.local.hang_up import NEVER


def instance_of(schema: dict[str, Any]) -> Any:
    with schema_budget(NEVER) as budget:
        return instances.instance_of(schema, budget)


NODE = {
    "$ref": "#/$defs/node",
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
            "required": ["value", "next"],
        }
    },
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({}, "value"),
        ({"type": "string"}, "value"),
        ({"type": ["null", "integer"]}, 0),
        ({"type": ["null"]}, None),
        ({"type": "null"}, None),
        ({"type": "boolean"}, True),
        ({"const": None}, None),
        ({"enum": [3, "x"], "type": "string"}, "x"),
        ({"minimum": 5}, 5),
        ({"type": "integer", "exclusiveMinimum": 4.5, "maximum": 9}, 5),
        ({"type": "integer", "maximum": -3}, -3),
        ({"type": "integer", "minimum": 5, "multipleOf": 4}, 8),
        ({"type": "integer", "maximum": -5, "multipleOf": 4}, -8),
        ({"type": "number", "exclusiveMinimum": 0}, 1),
        ({"type": "number", "exclusiveMaximum": 0}, -1),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "number", "minimum": 2.5}, 3),
        ({"type": "number", "minimum": 2.25, "maximum": 2.5}, 2.25),
        ({"type": "number", "maximum": -2.25, "minimum": -2.5}, -2.25),
        ({"type": "string", "minLength": 8}, "valueeee"),
        ({"type": "string", "maxLength": 2}, "va"),
        ({"type": "string", "format": "email"}, "echo@example.com"),
        ({"type": "string", "format": "unheard-of"}, "value"),
        ({"type": "string", "pattern": r"^[A-Z]{2}-\d{3,}$"}, "AA-000"),
        ({"type": "array", "items": {"type": "integer"}}, []),
        ({"type": "array", "minItems": 2}, ["value", "value"]),
        ({"type": "array", "minItems": 2, "items": {"type": "integer"}, "uniqueItems": True}, [0, 1]),
        ({"type": "array", "minItems": 2, "items": {"enum": ["a", "b"]}, "uniqueItems": True}, ["a", "b"]),
        ({"prefixItems": [{"type": "null"}, {"type": "integer"}], "minItems": 3}, [None, 0, "value"]),
        ({"type": "array", "contains": {"const": 7}}, [7]),
        ({"required": ["a"]}, {"a": "a"}),
        ({"required": ["a"], "additionalProperties": {"type": "integer"}}, {"a": 0}),
        ({"type": "object", "minProperties": 2, "properties": {"a": {"const": 1}}}, {"a": 1, "member0": "member0"}),
        ({"required": ["a"], "dependentRequired": {"a": ["b"]}}, {"a": "a", "b": "b"}),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}, {"type": "boolean"}]}, True),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}], "minLength": 0, "not": {"type": "integer"}}, "value"),
        ({"allOf": [{"minimum": 2}, {"minimum": 7, "maximum": 9}], "type": "integer"}, 7),
        ({"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"const": 4}}}, 4),
        ({"allOf": [{"type": "number"}, {"type": "integer"}]}, 0),
        ({"allOf": [{"enum": [1, 2]}, {"enum": [2, 3]}]}, 2),
        (
            {
                "allOf": [
                    {
                        "properties": {"a": {"minimum": 1}},
                        "required": ["a"],
                        "additionalProperties": {"type": "integer"},
                    },
                    {"properties": {"a": {"maximum": 9}}, "required": ["b"], "additionalProperties": {"minimum": 5}},
                ],
            },
            {"a": 1, "b": 5},
        ),
        ({"allOf": [{"maxLength": 3}, {"maxLength": 4}], "type": "string"}, "val"),
        ({"allOf": [True, {"const": 1}]}, 1),
        ({"allOf": [{"items": {"type": "integer"}}, {"items": {"minimum": 3}}], "type": "array", "minItems": 1}, [3]),
        ({"type": "integer", "not": {"const": 0}}, 1),
        ({"if": {"type": "string"}, "then": {"minLength": 9}, "type": "string"}, "valueeeee"),
        ({"if": {"const": 5}, "then": False, "else": {"const": 6}}, 6),
        ({"$ref": "#/prefixItems/0", "prefixItems": [{"const": "x"}]}, "x"),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": True}}, "value"),
        (NODE, {"value": 0, "next": None}),
    ],
)
def test_a_value(schema: dict[str, Any], value: Any) -> None:
    found = instance_of(schema)
    assert (found, type(found)) == (value, type(value))
    Draft202012Validator(schema).validate(found)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "enum": [1]},
        {"not": {}},
        {"type": "strnig"},
        {"type": "string", "pattern": "("},
        {"type": "string", "pattern": "^a$", "minLength": 5},
        {"allOf": [False]},
        {"anyOf": [False, {"type": "integer", "minimum": 3, "maximum": 2}]},
        {"$ref": "https://example.com/schema"},
        {"$ref": "#/$defs/none"},
        {"$ref": "#"},
        {"type": "number", "minimum": 1e999},
        {"type": "array", "minItems": 100_000},
        {"required": ["a"], "properties": {"a": {"$ref": "#"}}},
        {"anyOf": [{"required": ["a"], "properties": {"a": {"$ref": "#"}}} for _ in range(5)]},
        {"allOf": [{"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}]},
    ],
)
def test_no_value(schema: dict[str, Any]) -> None:
    with pytest.raises(NoInstanceError):
        instance_of(schema)
    assert first_valid({"type": "text"}, ["x"], schema_budget(NEVER)) is None


def scalars() -> st.SearchStrategy[dict[str, Any]]:
    small = st.integers(-20, 20)
    integers = st.builds(
        lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more}, small, st.integers(0, 9)
    )
    numbers = st.builds(
        lambda low, more: {"type": "number", "exclusiveMinimum": low, "maximum": low + more + 1}, small, st.floats(0, 9)
    )
    multiples = st.builds(lambda by: {"type": "integer", "minimum": 3, "multipleOf": by}, st.integers(1, 9))
    texts = st.builds(
        lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
        st.integers(0, 9),
        st.integers(0, 9),
    )
    enums = st.builds(
        lambda values: {"enum": values}, st.lists(st.one_of(small, st.text(), st.none()), min_size=1, unique=True)
    )
    formats = st.sampled_from([{"type": "string", "format": name} for name in ("date", "uuid", "email", "date-time")])
    plain = st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {}])
    return st.one_of(integers, numbers, multiples, texts, enums, formats, plain)


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    objects = st.builds(
        lambda members, closed: {
            "type": "object",
            "properties": members,
            "required": list(members),
            "additionalProperties": not closed,
        },
        st.dictionaries(st.text(max_size=5), inner, max_size=4),
        st.booleans(),
    )
    arrays = st.builds(
        lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 3)
    )
    choices = st.builds(lambda branches: {"anyOf": branches}, st.lists(inner, min_size=1, max_size=3))
    return st.one_of(objects, arrays, choices)


@settings(max_examples=examples(150), deadline=None)
@given(st.recursive(scalars(), containers, max_leaves=8))
def test_a_value_is_valid_under_its_schema(schema: dict[str, Any]) -> None:
    value = instance_of(schema)
    Draft202012Validator(schema).validate(value)
    assert instance_of(schema) == value


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^[Жж]{2}$", "ЖЖ"),
        (r"^\p{L}[\p{L}' -]+$", "aa"),
        (r"^[\u4e00-\u9fa5]$", "一"),
        (r"^[\ud800-\udfff]$", None),
        (r"^[^\s\S]$", None),
        ("^abc$", "abc"),
        (r"^\d{4}-\d{2}$", "0000-00"),
        (r"^(foo|bar)+x?$", "foo"),
        (r"^(?:a|b){2}(?P<n>c)*\.\w\s?$", "aa.a"),
        (r"^[^a-z0]\S$", "Aa"),
        (r"^[\]x]\]$", "]]"),
        (r"^.{3}$", "aaa"),
        (r"^(?=a)a$", "a"),
        (r"^\bword\b", "word"),
        (r"^(?!a)a$", None),
        (r"^[a", None),
        (r"\1", None),
        ("^a{2000}$", None),
        ("((((a{999}){999}){999}))", None),
    ],
)
def test_a_text_that_matches(pattern: str, text: str | None) -> None:
    assert text_matching(pattern) == text


def branching(keyword: str, last: Any) -> dict[str, Any]:
    parts = {f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)}
    return {"$ref": "#/$defs/d0", "$defs": {**parts, "d30": last}}


def named(count: int, part: Any) -> dict[str, Any]:
    return {f"a{n}": part for n in range(count)}


@pytest.mark.parametrize(
    "schema",
    [
        {"allOf": [{"type": "object", "required": ["a"]} for _ in range(5000)]},
        {"allOf": [{"type": "object", "properties": {f"a{n}": {"type": "string"}}} for n in range(3000)]},
        {"anyOf": [{"type": "string", "minLength": 3, "maxLength": 2, "title": str(n)} for n in range(3000)]},
        {"anyOf": [{"required": [f"a{n}"], "properties": {f"a{n}": False}} for n in range(3000)]},
        {"allOf": [{"enum": [f"v{n}" for n in range(9000)]}, {"enum": [f"v{n}" for n in range(8999, 17_000)]}]},
        {"required": [*named(9000, 1)], "properties": named(9000, True), "minProperties": 9000},
        {"properties": named(9000, True), "minProperties": 9000},
        {"type": "array", "minItems": 2000, "items": {"type": "string", "minLength": 100_000}},
        {"type": "string", "pattern": "^(a+){40}$b"},
        {"type": "string", "pattern": "^(a|a)*$b"},
        {"type": "string", "pattern": "((((a{9}){9}){9}))"},
        {"type": "string", "enum": ["a" * 40], "pattern": "^(([a-z])+.)+@x$"},
        {"propertyNames": {"pattern": "^(([a-z])+.)+@x$"}, "required": ["a" * 40]},
        {"patternProperties": {"^(([a-z])+.)+@x$": False}, "required": ["a" * 40]},
        {"type": "array", "uniqueItems": True, "minItems": 1990, "items": {"type": "object", "required": ["a"]}},
        {"type": "array", "uniqueItems": True, "const": [{"a": n} for n in range(9000)]},
        branching("allOf", True),
        branching("anyOf", False),
        branching("oneOf", True),
        {"$ref": "#/$defs/a", "$defs": {"a": {"allOf": [{"$ref": "#/$defs/a"}] * 2000}}},
    ],
)
def test_a_dear_schema_ends_soon(schema: dict[str, Any]) -> None:
    began = time.thread_time()
    with suppress(NoInstanceError):
        assert len(json.dumps(instance_of(schema))) < 20_000_000
    # Much more than the bounds allow, because other programs slow this one down.
    assert time.thread_time() - began < 4
