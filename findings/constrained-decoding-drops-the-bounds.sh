#!/usr/bin/env bash
# outlines-core 0.2.14 and llguidance 1.9.1 (PyPI), two engines that keep a model's output to a JSON Schema, with
# schemas of pydantic 2.14.4, checked by jsonschema 4.26.0.
# Guess: constrained output fits the schema, and an engine that does not know a keyword says so.
# What happens: outlines-core refuses "not" and "if", but silently leaves out minimum, maximum, multipleOf, uniqueItems
# and minProperties: Field(ge=1, le=10) lets -70 pass. Of two objects under allOf it makes their texts one after the
# other, so that the right answer is impossible and what it allows is no JSON. llguidance keeps the bounds and the
# allOf, and refuses a schema where it cannot. Of a datetime they share the form in Z: with +01:00 it is impossible in
# the first, and only the first allows one without a zone.
# Why it matters: changing the engine under the same request and schema turns checked numbers into any number, and
# validation fails afterwards on output that was constrained so as not to need it.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${PYTHON:-python3}" -m venv "$dir/venv"
"$dir/venv/bin/pip" install -q --disable-pip-version-check outlines-core==0.2.14 llguidance==1.9.1 pydantic==2.14.4 \
  jsonschema==4.26.0
"$dir/venv/bin/python" - <<'PY'
import json
import re
from datetime import datetime
from importlib.metadata import version

from jsonschema import Draft202012Validator
from llguidance import LLMatcher, LLTokenizer
from outlines_core.json_schema import build_regex_from_schema
from pydantic import BaseModel, Field

tokenizer = LLTokenizer("byte")
REFUSED = "refused"


class Order(BaseModel):
    quantity: int = Field(ge=1, le=10)


class Pack(BaseModel):
    grams: int = Field(multiple_of=5)


class Job(BaseModel):
    due: datetime


def by_outlines(schema, text):
    """Say whether the engine lets a model write the text, or that it refuses the schema."""
    try:
        return bool(re.fullmatch(build_regex_from_schema(json.dumps(schema)), text))
    except ValueError:
        return REFUSED


def by_llguidance(schema, text):
    matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_json_schema(json.dumps(schema)))
    if matcher.is_error():
        return REFUSED
    tokens = tokenizer.tokenize_bytes(text.encode())
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()


def is_valid(schema, text):
    try:
        return Draft202012Validator(schema).is_valid(json.loads(text))
    except json.JSONDecodeError:
        return False


order, pack, job = (model.model_json_schema() for model in (Order, Pack, Job))
numbers = {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}
some = {"type": "object", "properties": {"a": {"type": "integer"}}, "minProperties": 1}
part = {key: {"type": "object", "properties": {key: {"type": "integer"}}, "required": [key]} for key in "ab"}
both = {"allOf": [part["a"], part["b"]]}
cases = [  # a schema, a text, then: does it fit the schema, may a model write it under outlines-core, llguidance
    (order, '{"quantity": 7}', True, True, True),
    (order, '{"quantity": -70}', False, True, False),
    (pack, '{"grams": 7}', False, True, False),
    (numbers, "[1, 1]", False, True, REFUSED),
    (some, "{}", False, True, REFUSED),
    (both, '{"a": 1, "b": 2}', True, False, True),
    (both, '{"a": 1}{"b": 2}', False, True, False),
    (job, '{"due": "2026-11-29T08:00:00Z"}', True, True, True),
    (job, '{"due": "2026-11-29T08:00:00+01:00"}', True, False, True),
    (job, '{"due": "2026-11-29T08:00:00"}', True, True, False),
    ({"not": {"type": "string"}}, "1", True, REFUSED, REFUSED),
    ({"if": {"type": "string"}, "then": {"minLength": 3}}, "1", True, REFUSED, REFUSED),
]
print(*(f"{name} {version(name)}" for name in ("outlines-core", "llguidance", "pydantic", "jsonschema")))
print(f"{'text':40} fits   outlines-core  llguidance")
for schema, text, *expected in cases:
    seen = [is_valid(schema, text), by_outlines(schema, text), by_llguidance(schema, text)]
    print(f"{text:40} {seen[0]!s:6} {seen[1]!s:14} {seen[2]}")
    assert seen == expected, (schema, text, seen)
PY
