"""The grammar of conditions and of ``when``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from to11ai_sdk.local.expressions import ExpressionError, check, equal, evaluate, reader
from to11ai_sdk.local.json_input.reader import too_deep

VARIABLES = {
    "plan": "pro",
    "age": 30,
    "tags": ["a", "b", 1],
    "admin": True,
    "user": {"plan": "free", "deep": {"x": None}},
    "dotted.name": "as it stands",
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)


def holds(expression: object) -> bool:
    check(expression)
    return evaluate(expression, reader(VARIABLES))


def compare(op: str, variable: str, literal: object) -> dict[str, object]:
    return {"op": op, "left": {"var": variable}, "right": {"literal": literal}}


YES = compare("==", "plan", "pro")
NO = compare("==", "plan", "free")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (compare("==", "plan", "pro"), True),
        (compare("!=", "plan", "pro"), False),
        (compare("==", "age", 30.0), True),
        (compare("==", "age", "30"), False),
        (compare("==", "admin", 1), False),
        (compare("==", "user.plan", "free"), True),
        (compare("==", "user.plan.x", None), True),
        (compare("==", "dotted.name", "as it stands"), True),
        (compare("==", "missing", None), True),
        (compare("!=", "missing", "x"), True),
        (compare("==", "tags", ["a", "b", 1]), True),
        (compare("==", "tags", ["a", "b", True]), False),
        (compare("==", "user", {"plan": "free", "deep": {"x": None}}), True),
        (compare("==", "user", {"plan": "free", "deep": {"x": 0}}), False),
        (compare("in", "plan", ["free", "pro"]), True),
        (compare("in", "plan", "approve"), True),
        (compare("in", "plan", {"pro": 1}), True),
        (compare("in", "admin", [1]), False),
        (compare("in", "missing", "text"), False),
        (compare("in", "plan", 5), False),
        (compare("contains", "tags", "b"), True),
        (compare("contains", "tags", True), False),
        (compare("contains", "plan", "r"), True),
        (compare("contains", "user", "plan"), True),
        ({"op": "in", "left": {"literal": "a"}, "right": {"var": "tags"}}, True),
        ({"op": "is_true", "left": {"var": "admin"}}, True),
        ({"op": "is_true", "left": {"var": "age"}}, False),
        ({"op": "is_true", "left": {"var": "missing"}, "right": {"literal": True}}, False),
        ({"op": "and", "args": [YES, YES]}, True),
        ({"op": "and", "args": [YES, NO]}, False),
        ({"op": "or", "args": [NO, NO, YES]}, True),
        ({"op": "or", "left": NO, "right": NO}, False),
        ({"op": "and", "left": YES, "right": {"op": "not", "left": NO}}, True),
        ({"op": "not", "args": [YES]}, False),
    ],
)
def test_what_an_expression_means(expression: object, expected: bool) -> None:
    assert holds(expression) is expected


@pytest.mark.parametrize(
    ("expression", "reason", "place"),
    [
        ("plan == 'pro'", "malformed", ""),
        ({}, "malformed", "op"),
        ({"op": ["=="]}, "malformed", "op"),
        ({"op": ">", "left": {"var": "a"}, "right": {"literal": 1}}, "unknown_operator", "op"),
        ({"op": "==", "left": {"var": "a"}}, "malformed", "right"),
        ({"op": "==", "left": {"var": "a"}, "right": "pro"}, "malformed", "right"),
        ({"op": "==", "left": {"var": "a", "literal": 1}, "right": {"literal": 1}}, "malformed", "left"),
        ({"op": "==", "left": {"var": ""}, "right": {"literal": 1}}, "malformed", "left.var"),
        ({"op": "is_true"}, "malformed", "left"),
        ({"op": "and", "args": []}, "malformed", "args"),
        ({"op": "and", "args": YES}, "malformed", "args"),
        ({"op": "not", "args": [YES, NO]}, "malformed", "args"),
        ({"op": "or", "left": YES}, "malformed", "right"),
        ({"op": "or", "args": [YES, {"op": "not", "left": {"op": "eq"}}]}, "unknown_operator", "args.1.left.op"),
    ],
)
def test_what_is_refused_and_where(expression: object, reason: str, place: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        check(expression)
    assert (caught.value.reason, caught.value.place) == (reason, place)


def test_an_unknown_operator_is_answered_with_those_there_are() -> None:
    with pytest.raises(ExpressionError, match=r"'>' is not an operator; use one of ==, !=, in, contains, is_true, and"):
        check(compare(">", "a", 1))


def test_depth_is_bounded() -> None:
    expression: object = YES
    for _ in range(5000):
        expression = {"op": "not", "left": expression}
    with pytest.raises(ExpressionError, match="at most 32 levels"):
        check(expression)


@pytest.mark.parametrize(("value", "levels"), [(1, 0), ([], 1), ({"a": 1}, 1), ([[]], 2), ({"a": [{}]}, 3)])
def test_too_deep_counts_levels(value: object, levels: int) -> None:
    assert not too_deep(value, levels)
    assert levels == 0 or too_deep(value, levels - 1)


@given(JSON)
def test_check_raises_nothing_but_its_error(value: object) -> None:
    try:
        check(value)
    except ExpressionError:
        return
    assert holds(value) in (True, False)


@given(JSON, JSON)
def test_equal_is_an_equivalence_that_tells_booleans_from_numbers(left: object, right: object) -> None:
    assert equal(left, left)
    assert equal(left, right) is equal(right, left)
    assert not equal(True, 1)


OPERANDS = st.one_of(
    st.sampled_from(sorted(VARIABLES)).map(lambda name: {"var": name}), JSON.map(lambda value: {"literal": value})
)
EXPRESSIONS = st.recursive(
    st.builds(
        lambda op, left, right: {"op": op, "left": left, "right": right},
        st.sampled_from(["==", "!=", "in", "contains", "is_true"]),
        OPERANDS,
        OPERANDS,
    ),
    lambda children: st.builds(
        lambda op, args: {"op": op, "args": args}, st.sampled_from(["and", "or"]), st.lists(children, min_size=1)
    ),
    max_leaves=6,
)


@given(EXPRESSIONS)
def test_every_expression_of_the_grammar_has_an_answer_and_not_turns_it_round(expression: object) -> None:
    assert holds({"op": "not", "args": [expression]}) is not holds(expression)
