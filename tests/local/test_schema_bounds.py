"""No schema of variables and no variables keep the server busy; everyday schemas are applied as JSON Schema says."""

from __future__ import annotations

import json
import random
import signal
import sys
import time
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest
from bound import TEXT, Api, a_server, connection, refused, released
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from to11ai_sdk.local.hang_up import HangUp
from to11ai_sdk.local.json_schema.evaluation import Evaluation
from to11ai_sdk.local.json_schema.schema import Schema
from to11ai_sdk.local.problems import Problem
from to11ai_sdk.local.templates import rendering
from to11ai_sdk.local.templates.rendering import Rendered, render
from to11ai_sdk.local.templates.schemas import compile_schema
from to11ai_sdk.local.templates.variables import bind
from to11ai_sdk.local.work_budget import WorkBudget, WorkBudgetError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from hypothesis.strategies import SearchStrategy

    from to11ai_sdk.local import LocalTo11

# Coverage makes the counted work several times slower.
MOST_CPU_S = 20.0 if "coverage" in sys.modules else 5.0
"""Much more than the bounds allow, and much less than without them: other programs slow this one down, too."""

DEAR = "^(([a-z])+.)+@x$"
"""A textbook case for an engine that tries all ways to divide a text."""
BITS = "".join(random.Random(1).choice("ab") for _ in range(40_000))


def schema(x: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"x": x}, **more}


def branching(keyword: str, **more: Any) -> dict[str, Any]:
    """Thirty schemas, each of which refers to the next one twice."""
    parts = {f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(30)}
    return schema({"$ref": "#/$defs/d0", **more}, **{"$defs": {**parts, "d30": False if keyword == "anyOf" else {}}})


def branches(keyword: str) -> dict[str, Any]:
    parts = [{"required": ["a"], "properties": {"a": {"const": n}}} for n in range(1500)]
    return schema({"items": {keyword: parts}})


@contextmanager
def within_bounds() -> Generator[None]:
    began = time.thread_time()
    yield
    assert time.thread_time() - began < MOST_CPU_S


TOO_MANY = "takes too many steps"
TOO_LONG = "patterns take too long"
DEAR_CASES: dict[str, tuple[Any, Any, str | None]] = {
    "a pattern with a repetition in a repetition": (schema({"pattern": DEAR}), "a" * 40, "does not fit pattern"),
    "such a pattern and a long text": (schema({"pattern": DEAR}), "a" * 1_000_000, "does not fit pattern"),
    "patterns of names": (schema({"patternProperties": {DEAR: False}}), {"a" * 40: 1}, None),
    "names outside of patterns": (
        schema({"patternProperties": {DEAR: True}, "additionalProperties": False}),
        {"a" * 40: 1},
        "was unexpected",
    ),
    "patterns of all names": (schema({"propertyNames": {"pattern": DEAR}}), {"a" * 40: 1}, "does not fit pattern"),
    "unevaluated names": (
        schema({"patternProperties": {DEAR: True}, "unevaluatedProperties": False}),
        {"a" * 40: 1},
        "was unexpected",
    ),
    "a text that is a pattern": (schema({"format": "regex"}), "((a{999}){999}){999}", "does not fit format"),
    "patterns with many states": (
        schema({"allOf": [{"pattern": f"a[ab]{{90{n}}}c"} for n in range(9)]}),
        BITS,
        TOO_LONG,
    ),
    "a pattern with many states and a very long text": (schema({"pattern": "a[ab]{900}c"}), BITS * 5, "is too long"),
    "many short texts": (
        schema({"items": {"pattern": "^[ab]*a[ab]{900}c|x"}}),
        [BITS[n : n + 900] for n in range(0, 30_000, 2)],
        "",
    ),
    "a thousand patterns": (
        schema({"allOf": [{"pattern": f"x{n}y"} for n in range(1000)]}),
        "a" * 1_000_000,
        "does not fit pattern",
    ),
    "a thousand patterns of many names": (
        schema({"patternProperties": {f"x{n}y": True for n in range(1000)}, "additionalProperties": False}),
        {f"n{n}": 1 for n in range(10_000)},
        "takes too",
    ),
    "more patterns than are kept, and many items": (
        schema({"items": {"allOf": [{"pattern": f"^[^x]{{1,{n}}}$"} for n in range(1, 90)]}}),
        ["a"] * 2000,
        TOO_MANY,
    ),
    "many texts that are patterns": (
        schema({"items": {"format": "regex"}}),
        ["[^a]{2}" * 120 + f"x{n}" for n in range(8000)],
        TOO_MANY,
    ),
    "many addresses": (schema({"items": {"format": "ipv6"}}), ["1:2:3:4:5:6:7:8"] * 400_000, TOO_MANY),
    "unique objects": (schema({"uniqueItems": True}), [{"a": n} for n in range(20_000)], None),
    "unique numbers with one hash": (schema({"uniqueItems": True}), [n * (2**61 - 1) for n in range(20_000)], None),
    "more large numbers than can be compared": (
        schema({"uniqueItems": True}),
        [1.5e308 - n * 1e300 for n in range(200_000)],
        TOO_MANY,
    ),
    "more unique items than can be compared": (schema({"uniqueItems": True}), [[n] for n in range(900_000)], TOO_MANY),
    "references that branch, allOf": (branching("allOf"), {}, TOO_MANY),
    "references that branch, anyOf": (branching("anyOf"), {}, TOO_MANY),
    "a reference to itself": (schema({"$ref": "#/properties/x"}), 1, "refers to itself without end"),
    "a reference to itself by a condition": (
        schema({"if": {"$ref": "#/properties/x"}}),
        1,
        "refers to itself without end",
    ),
    "many alternatives of many items, anyOf": (branches("anyOf"), [{"a": n} for n in range(5000)], TOO_MANY),
    "contains in contains": (schema({"contains": {"contains": {"const": 5}}}), [[1] * 1000] * 1000, TOO_MANY),
    "large constants": (schema({"contains": {"const": ["a" * 1000] * 500}}), [["a" * 1000] * 500] * 900, TOO_MANY),
    "large enumerations": (
        schema({"items": {"enum": [["x" * 50] * 10 + [n] for n in range(900)]}}),
        [["x" * 50] * 10 + [899]] * 20_000,
        None,
    ),
    "multiples of far numbers": (schema({"items": {"multipleOf": 1e-300}}), [1.5e308] * 300_000, TOO_MANY),
    "multiples of long numbers": (schema({"items": {"multipleOf": 0.1}}), [10**4200] * 5000, TOO_MANY),
    "conditions on many items": (
        schema({"items": {"if": {"items": {"type": "integer"}}, "then": {"minItems": 1}}}),
        [[1] * 100] * 10_000,
        TOO_MANY,
    ),
    "schemas that depend on many names": (
        schema({"items": {"dependentSchemas": {f"a{n}": {"required": ["q"]} for n in range(1000)}}}),
        [{f"a{n}": 1 for n in range(1000)}] * 1000,
        "is required",
    ),
    "more required names than there are": (
        schema({"items": {"not": {"required": [f"a{n}" for n in range(15_000)]}}}),
        [{}] * 5000,
        TOO_MANY,
    ),
    "unevaluated items": (
        schema({"allOf": [{"prefixItems": [True] * 100}] * 150, "unevaluatedItems": {"type": "integer"}}),
        [1] * 500_000,
        TOO_MANY,
    ),
}


@pytest.mark.parametrize("case", DEAR_CASES)
def test_a_dear_schema_ends_soon(case: str) -> None:
    declared, value, said = DEAR_CASES[case]
    declared = json.loads(json.dumps(declared))
    with within_bounds():
        if said is None:
            assert bind(declared, {"x": value})["x"] == value
            return
        with pytest.raises(Problem) as caught:
            bind(declared, {"x": value})
    assert (caught.value.status, caught.value.code) == (422, "VARIABLES_INVALID")
    assert said in caught.value.message


def test_a_check_that_is_given_up_names_the_place_and_what_to_do() -> None:
    with pytest.raises(Problem) as caught:
        bind(branches("anyOf"), {"x": [{"a": n} for n in range(5000)]})
    [problem] = caught.value.details["problems"]
    assert problem["path"].startswith("x.")
    assert "use fewer $ref, allOf and anyOf" in problem["message"]


@pytest.mark.parametrize(
    ("x", "place", "said"),
    [
        ({"pattern": "a(?=b)c"}, "/properties/x/pattern", "lookaround"),
        ({"pattern": r"(a+)\1"}, "/properties/x/pattern", "refers back to a group"),
        ({"items": {"pattern": "["}}, "/properties/x/items/pattern", "has a [ without a ]"),
        ({"patternProperties": {"a/~(": {}}}, "/properties/x/patternProperties/a~1~0(", "has a ( without a )"),
        ({"pattern": "((a{999}){999}){999}"}, "/properties/x/pattern", "minLength and maxLength"),
        ({"pattern": "a" * 3000}, "/properties/x/pattern", "more than 2000 characters"),
        ({"pattern": "a{9999999}"}, "/properties/x/pattern", "minLength and maxLength"),
        ({"pattern": "*"}, "/properties/x/pattern", "repetition of nothing"),
        ({"pattern": 5}, "/properties/x/pattern", "is not of type 'string'"),
        ({"allOf": [{"pattern": f"^.{{{n}}}$"} for n in range(2, 200)]}, "/properties/x/allOf/", "too large together"),
        (
            {"allOf": [{"pattern": f"(?:a*)*{n}" * 190} for n in range(99)]},
            "/properties/x/allOf/",
            "too large together",
        ),
        ({"allOf": [{"pattern": f"^{n}$"} for n in range(5000)]}, "/properties/x/allOf/", "too large together"),
        ({"enum": [[]] * 20_001}, "", "more than 20000 values"),
        ({"const": "a" * 1_000_001}, "", "longer than 1000000 characters"),
        ({"items": [{"type": "string"}]}, "/properties/x/items", "name it prefixItems"),
        ({"multipleOf": 0}, "/properties/x/multipleOf", "is not greater than 0"),
        ({"$ref": "#/$defs/y"}, "/properties/x/$ref", "which is not in the schema"),
    ],
)
def test_a_schema_that_cannot_be_applied_safely_is_refused_with_its_place(
    api: Api, x: Any, place: str, said: str
) -> None:
    prompt = api.prompt("a")
    with within_bounds(), refused(422, "VARIABLES_SCHEMA_INVALID") as refusal:
        api.prompts.create_version(prompt_id=prompt.id, **{**TEXT, "variables_schema": schema(x)})
    assert refusal.error.details is not None
    assert refusal.error.details["pointer"].startswith(place)
    assert said in str(refusal.error)


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^\d{4}-\d{2}$", "2026-01", "2026-1"),
        ("^a$", "a", "a\n"),
        (r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d).{8,}$", "abcDEF12", "abcdef12"),
        (r"(?=^.{8,}$)(?=.*\d).*", "abcdefg1", "abcdefgh"),
        ("^(?!admin$)[a-z]+$", "ada", "admin"),
        (r"^(?!-)[a-z-]{1,63}(?<!-)$", "a-b", "a-"),
        ("^[a-z]+(?<=x|y)$", "ay", "az"),
        ("^(?!a)b$|^c$", "c", "a"),
        (r"^([a-z0-9-]{1,63}\.){1,127}[a-z]{2,}$", "a.b.example", "example"),
        (r"^[^@\s]+@[^@\s]+\.[^@\s]+$", "ada@example.com", "ada@example"),
        (r"^[\w-.]+$", "a-b.c", "a b"),
        (r"^\p{Letter}+$", "Éa", "a1"),
        (r"^\u00e9\x41\cJ\/$", "éA\n/", "é"),
        (r"^\uD83D\uDE00$", "\U0001f600", "a"),
        (r"^\S+$", "é", "a\u00a0b"),
        (r"^[\S]$", "é", "\ufeff"),
        (r"^[^]$", "\n", ""),
        ("^.$", "\U0001f600", "\u2028"),
        (r"^(?<year>\d\d)(?P<month>\d\d)$", "2601", "26"),
        ("(?i)^abc$", "ABC", "ab"),
        (r"\Aab\Z", "ab", "abc"),
        (r"^[\b]$", "\b", "b"),
        (r"\bcat\b", "a cat", "concat"),
        ("^a{2,}b{1,1500}$", "aab", "ab"),
        ("^a{,2}$", "a{,2}", "aa"),
        ("^[]|x$", "x", "]"),
        ("^.{1,4000}$", "a" * 300, ""),
    ],
)
def test_patterns_are_those_of_ecmascript(pattern: str, good: str, bad: str) -> None:
    declared = schema({"type": "string", "pattern": pattern})
    assert bind(declared, {"x": good}) == {"x": good}
    with pytest.raises(Problem, match="does not fit pattern"):
        bind(declared, {"x": bad})


@pytest.mark.parametrize(
    ("step", "good", "bad"),
    [
        (0.01, [19.99, 0.07, 1, -4.35, 1e300, 10**400], [19.995, 0.001, 1e-300]),
        (0.1, [0.3, 4.1], [0.35]),
        (3, [9, 9.0, 0], [10, 9.5]),
        (1e-300, [1.5e-299, 1.7e308], [1.5e-300]),
        (10**400, [0, 10**4000, 0.0], [1, 10**399, 1e300]),
    ],
)
def test_multiples_are_those_of_decimals(step: float, good: list[float], bad: list[float]) -> None:
    declared = schema({"items": {"multipleOf": step}})
    bind(declared, {"x": good})
    for number in bad:
        with pytest.raises(Problem, match="does not fit multipleOf"):
            bind(declared, {"x": [number]})


@pytest.mark.parametrize(
    "pair", [[1, 1.0], [[1], [1.0]], [{"a": 1, "b": 2}, {"b": 2.0, "a": 1}], ["", ""], [None, None], [0, -0.0]]
)
def test_equal_items_are_not_unique(pair: list[Any]) -> None:
    with pytest.raises(Problem, match="does not fit uniqueItems"):
        bind(schema({"uniqueItems": True}), {"x": pair})
    for keyword in ({"const": pair[0]}, {"enum": [5, pair[0]]}):
        bind(schema({"items": keyword}), {"x": pair})


@pytest.mark.parametrize(
    "pair", [[1, True], [0, False], ["1", 1], [[1], [True]], [None, "null"], [{}, []], ["a", ["a"]]]
)
def test_other_items_are_unique(pair: list[Any]) -> None:
    bind(schema({"uniqueItems": True}), {"x": pair})
    with pytest.raises(Problem, match="does not fit const"):
        bind(schema({"items": {"const": pair[0]}}), {"x": pair})


def test_ten_thousand_ordinary_items_are_checked() -> None:
    person = {
        "type": "object",
        "required": ["id", "name", "mail"],
        "properties": {
            "id": {"type": "integer", "minimum": 0},
            "name": {"type": "string", "minLength": 1, "maxLength": 50},
            "mail": {"type": "string", "format": "email", "pattern": r"^[^@\s]+@[^@\s]+$"},
            "price": {"type": "number", "multipleOf": 0.01},
            "tags": {"type": "array", "uniqueItems": True, "items": {"enum": ["a", "b", "c"]}},
        },
        "additionalProperties": False,
    }
    people = [{"id": n, "name": "A", "mail": "a@b.c", "price": 19.99, "tags": ["a", "b"]} for n in range(10_000)]
    assert bind(schema({"type": "array", "uniqueItems": True, "items": person}), {"x": people}) == {"x": people}


# Against the library that is known best

NUMBERS = st.integers(-3, 3) | st.sampled_from([0.5, 1.0, 2.0, -1.5])
VALUES: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.sampled_from(["", "a", "ab", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=6,
)
SIZES = st.integers(0, 2)
NAMES = st.lists(st.sampled_from("abc"), max_size=2, unique=True)


def keywords(reference: str, inner: SearchStrategy[Any]) -> SearchStrategy[dict[str, Any]]:
    """Schemas with a few keywords each."""
    lists = st.lists(inner, min_size=1, max_size=2)
    named = st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
    values: dict[str, SearchStrategy[Any]] = {
        "type": st.sampled_from(["string", "number", "integer", "boolean", "array", "object", "null"]),
        "enum": st.lists(VALUES, max_size=3),
        "const": VALUES,
        "multipleOf": st.integers(1, 3),
        "required": NAMES,
        "uniqueItems": st.booleans(),
        "pattern": st.sampled_from(["^a", "b$", "a.", "^[ab]*$"]),
        "patternProperties": st.dictionaries(st.sampled_from(["^a", "[bc]", "^"]), inner, max_size=2),
        "dependentRequired": st.dictionaries(st.sampled_from("abc"), NAMES, max_size=2),
        "$ref": st.just(reference),
        **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), NUMBERS),
        **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), SIZES),
        **dict.fromkeys(("minContains", "maxContains"), SIZES),
        **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), lists),
        **dict.fromkeys(("properties", "dependentSchemas"), named),
        **dict.fromkeys(("items", "contains", "additionalProperties", "propertyNames", "not"), inner),
        **dict.fromkeys(("if", "then", "else", "unevaluatedItems", "unevaluatedProperties"), inner),
    }
    return st.lists(st.sampled_from(sorted(values)), max_size=4, unique=True).flatmap(
        lambda chosen: st.fixed_dictionaries({name: values[name] for name in chosen})
    )


WIDE = ["string", "object", "array", "null"]


def schemas(reference: str) -> SearchStrategy[Any]:
    """Schemas that refer to at most one place."""
    return st.recursive(
        st.booleans() | keywords(reference, st.booleans()), lambda inner: keywords(reference, inner), max_leaves=5
    )


@settings(max_examples=examples(300))
@given(schemas("#/$defs/a"), schemas("#/$defs/b"), VALUES)
def test_a_value_is_valid_where_jsonschema_says_so(declared: Any, target: Any, value: Any) -> None:
    parts = {"a": target, "b": {"type": WIDE}}
    whole = {"allOf": [declared], "$defs": parts}
    faults = Evaluation(Schema(whole), WorkBudget(1_000_000, "")).run(value)
    assert (faults == []) is bool(Draft202012Validator(whole).is_valid(value))


# The server

LONG = "{% for a in x %}{% for b in x %}{% assign z = 'abc' | slice: 1, 1 | append: 'x' %}{% endfor %}{% endfor %}"


def use_up(budget: WorkBudget) -> None:
    while True:
        budget.spend(1)


def test_a_dear_pattern_and_a_signal_end_at_once() -> None:
    with a_server() as (process, api):
        released(api, "mail", variables_schema=schema({"type": "string", "pattern": DEAR}))
        with refused(422, "VARIABLES_INVALID"):
            api.prompts.resolve(slug="mail", labels=["live"], variables={"x": "a" * 40})
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


def test_other_calls_are_answered_while_eight_templates_use_up_their_budget() -> None:
    with a_server() as (process, api):
        released(api, "long", template_json={"text": LONG})
        released(api, "short")
        ended = [Event() for _ in range(8)]

        def resolve(event: Event) -> None:
            with refused(422, "TEMPLATE_RENDER_FAILED"):
                api.prompts.resolve(slug="long", labels=["live"], variables={"x": list(range(2000))})
            event.set()

        threads = [Thread(target=resolve, args=(event,)) for event in ended]
        for thread in threads:
            thread.start()
        answered = 0
        while not all(event.is_set() for event in ended):
            api.prompts.resolve(slug="short", labels=["live"], cache=False)
            answered += 1
        for thread in threads:
            thread.join()
        # With the interpreter shared by nine, and the store held by each, there would be few.
        assert answered >= 8
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("render", lambda api, _: api.prompts.resolve(slug="a", labels=["live"])),
        ("check_template", lambda api, prompt_id: api.prompts.create_version(prompt_id=prompt_id, **TEXT)),
    ],
)
def test_nothing_is_checked_or_rendered_inside_of_a_transaction(
    to11: LocalTo11, api: Api, monkeypatch: pytest.MonkeyPatch, name: str, act: Callable[[Api, str], Any]
) -> None:
    released(api, "a")
    own, made = getattr(rendering, name), []

    def while_another_call_writes(*arguments: Any, **named: Any) -> Any:
        made.append(Api.of(to11, timeout_s=30).prompt("b").id)
        return own(*arguments, **named)

    monkeypatch.setattr(rendering, name, while_another_call_writes)
    act(api, api.prompts.list().items[0].id)
    assert len(made) == 1


def test_a_rendering_ends_when_its_caller_hangs_up(to11: LocalTo11, api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    released(api, "a")
    began, ended = Event(), Event()

    def endless(*_: Any, hang_up: HangUp, **__: Any) -> Rendered:
        with WorkBudget(10**12, "", hang_up) as budget:
            began.set()
            with pytest.raises(WorkBudgetError, match="hung up"):
                use_up(budget)
        ended.set()
        return Rendered({"format": "text", "text": ""}, {}, "")

    monkeypatch.setattr(rendering, "render", endless)
    with connection(to11) as opened:
        body = json.dumps({"slug": "a", "labels": ["live"]})
        headers = {"Authorization": f"Bearer {to11.api_key}"}
        opened.request("POST", f"/v1/projects/{to11.project_id}/prompts:resolve", body, headers)
        assert began.wait(60)
    assert ended.wait(60)


# Long work


def test_long_work_takes_turns_and_short_work_does_not_wait() -> None:
    short, long = Event(), Event()

    def work() -> None:
        with WorkBudget(1000, "") as budget:
            budget.spend(10)
            short.set()
            budget.spend(900)
            long.set()

    with WorkBudget(1000, "too much") as budget:
        budget.spend(900)
        other = Thread(target=work)
        other.start()
        assert short.wait(60)
        assert not long.wait(0.05)
        with pytest.raises(WorkBudgetError, match="too much"):
            budget.spend(101)
    assert long.wait(60)
    other.join()


def test_work_that_waits_for_its_turn_ends_when_its_caller_hangs_up() -> None:
    hang_up, waits, ended = HangUp(), Event(), Event()

    def wait() -> None:
        with WorkBudget(1000, "", hang_up) as budget:
            waits.set()
            with pytest.raises(WorkBudgetError, match="hung up"):
                budget.spend(900)
        ended.set()

    with WorkBudget(1000, "") as budget:
        budget.spend(900)
        other = Thread(target=wait)
        other.start()
        assert waits.wait(60)
        hang_up.report()
        assert ended.wait(60)
    other.join()


def test_a_condition_is_part_of_the_budget_of_its_template() -> None:
    compare = {"op": "==", "left": {"var": "x"}, "right": {"var": "y"}}
    template = {
        "messages": [
            {
                "role": "user",
                "content": "",
                "condition": {"kind": "expr", "ast": {"op": "and", "args": [compare] * 1000}},
            }
        ]
    }
    variables = {"x": list(range(20_000)), "y": list(range(20_000))}
    with within_bounds(), pytest.raises(Problem) as caught:
        render("chat", template, None, variables, None)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.details["field"]) == ("TEMPLATE_RENDER_FAILED", "messages.0.content")


def test_a_schema_is_compiled_once() -> None:
    declared = schema({"type": "string"})
    assert compile_schema(declared) is compile_schema(json.loads(json.dumps(declared)))


@pytest.mark.parametrize("content", ["{{ a }}" * 4000, "{% assign a = b | upcase %}" * 2000, "hi"])
def test_five_hundred_blocks_are_parsed_and_rendered_within_the_bound(content: str) -> None:
    template = {"messages": [{"role": "user", "content": content}] * 500}
    with within_bounds(), suppress(Problem):
        render("chat", template, None, {"x": list(range(200_000))}, datetime(2026, 1, 1, tzinfo=timezone.utc))
    with within_bounds(), suppress(Problem):
        rendering.check_template("chat", template, None)
