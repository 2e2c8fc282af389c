"""Snapshots of routing rules and weights of releases: what passes, and what is refused with which code."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from to11ai_sdk import RuleSnapshot
from to11ai_sdk.local.problems import Problem
from to11ai_sdk.local.rules.snapshots import ENDPOINTS, STRATEGIES, check_snapshot, check_weights

CODES = {
    "INVALID_VARIANT_PARAMS",
    "INVALID_VARIANT_WEIGHTS",
    "INVALID_RULE_STRATEGY",
    "INVALID_STEP_COUNT",
    "RULE_ENDPOINT_MISMATCH",
    "INVALID_WHEN_CLAUSE",
    "INVALID_STRATEGY_VARIANTS",
    "INVALID_RETRY_POLICY",
}
TARGET: dict[str, Any] = {"providerId": "openai", "modelId": "gpt-4o"}
WHEN = {"op": "==", "left": {"var": "env"}, "right": {"literal": "prod"}}
SINGLE: dict[str, Any] = {"endpoint": "messages", "strategy": "single", "target": TARGET}


def variant(name: Any, weight: Any = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "target": TARGET, **({} if weight is None else {"weight": weight}), **more}


def rule(strategy: str, **parts: Any) -> dict[str, Any]:
    return {"endpoint": "chat", "strategy": strategy, **parts}


def steps(*positions: Any) -> list[dict[str, Any]]:
    return [{"position": position, "target": TARGET} for position in positions]


GOOD = {
    "minimal": SINGLE,
    "only endpoint and strategy": {"endpoint": "messages", "strategy": "single"},
    "nulls are absent": rule("single", target=TARGET, variants=None, steps=None, chain=None, retry=None),
    "single with steps": rule("single", steps=steps(1, 0, 2)),
    "steps with gaps between": rule("single", steps=steps(5, 1)),
    "weighted": rule("weighted", variants=[variant("a", 100), variant("b", 0)]),
    "experiment by weight": rule("experiment", variants=[variant("a", 50), variant("b", 50)]),
    "experiment in equal shares": rule("experiment", variants=[variant("a"), variant("b")]),
    "fallback over variants": rule("fallback", variants=[variant("a", 7), variant("b")]),
    "fallback over steps": rule("fallback", steps=steps(0)),
    "fallback over a chain": rule(
        "fallback", variants=[variant("a")], chain=[TARGET, {"target": TARGET, "when": WHEN}, "a"]
    ),
    "a step with variants": rule(
        "single", steps=[{"position": 0, "name": "s", "strategy": "weighted", "variants": [variant("a", 100)]}]
    ),
    "conditions everywhere": rule(
        "fallback",
        target={**TARGET, "when": WHEN},
        variants=[variant("a", when={"op": "not", "left": WHEN})],
        steps=[{"position": 0, "target": TARGET, "when": {"op": "and", "args": [WHEN, WHEN]}}],
    ),
    "parameters": rule("single", target={**TARGET, "params": {"temperature": 0.2, "max_tokens": 100, "stop": ["x"]}}),
    "a tool whose schema has a password": rule(
        "single", target={**TARGET, "params": {"tools": [{"properties": {"password": {"type": "string"}}}]}}
    ),
    "retry": {**SINGLE, "retry": {"maxRetries": 2, "backoffBaseMs": 500, "retryableStatusCodes": [429, 503]}},
    "bindings": {
        **SINGLE,
        "modelBindings": [{"modelId": "m", "provider": {"providerId": "p", "envSlug": "prod"}, "weight": 0.5}],
        "providerRefs": [{"providerId": "p"}],
    },
    "unknown keys": {**SINGLE, "comment": {"by": "me"}},
}


@pytest.mark.parametrize("snapshot", GOOD.values(), ids=GOOD)
def test_good_snapshots_pass_unchanged_and_fit_the_clients_model(snapshot: dict[str, Any]) -> None:
    before = copy.deepcopy(snapshot)
    check_snapshot(snapshot)
    assert snapshot == before
    RuleSnapshot.model_validate(snapshot)


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_endpoint_takes_every_strategy(endpoint: str, strategy: str) -> None:
    parts: dict[str, Any] = {"target": TARGET} if strategy == "single" else {"variants": [variant("a", 100)]}
    check_snapshot({"endpoint": endpoint, "strategy": strategy, **parts})


def refused(snapshot: Any) -> tuple[int, str, Any, Any, Any]:
    with pytest.raises(Problem) as caught:
        check_snapshot(snapshot)
    problem = caught.value
    assert set(problem.details) == {"field", "reason", "variantName"}
    details = problem.details
    return problem.status, problem.code, details["field"], details["reason"], details["variantName"]


def outcome(call: Any, *arguments: Any) -> str | None:
    """The code of the problem that a call ends in, if any; other exceptions are not caught."""
    try:
        call(*arguments)
    except Problem as problem:
        return problem.code
    return None


BAD_WHEN = {"op": "~", "left": {"var": "a"}, "right": {"literal": 1}}


@pytest.mark.parametrize(
    ("snapshot", "expected"),
    [
        ({"strategy": "single"}, (422, "RULE_ENDPOINT_MISMATCH", "endpoint", "unknown_endpoint", None)),
        ({**SINGLE, "endpoint": "chats"}, (422, "RULE_ENDPOINT_MISMATCH", "endpoint", "unknown_endpoint", None)),
        ({**SINGLE, "endpoint": ["chat"]}, (422, "RULE_ENDPOINT_MISMATCH", "endpoint", "unknown_endpoint", None)),
        ({"endpoint": "chat"}, (422, "INVALID_RULE_STRATEGY", "strategy", "unknown_strategy", None)),
        (rule("random"), (422, "INVALID_RULE_STRATEGY", "strategy", "unknown_strategy", None)),
        (rule("weighted"), (422, "INVALID_RULE_STRATEGY", "variants", "variants_missing", None)),
        (rule("experiment", target=TARGET), (422, "INVALID_RULE_STRATEGY", "variants", "variants_missing", None)),
        (rule("fallback", target=TARGET), (422, "INVALID_RULE_STRATEGY", "chain", "chain_missing", None)),
        (rule("fallback", chain=[]), (422, "INVALID_RULE_STRATEGY", "chain", "chain_missing", None)),
        (rule("fallback", chain=["nobody"]), (422, "INVALID_RULE_STRATEGY", "chain.0", "unknown_name", None)),
        (rule("fallback", chain=[5]), (422, "INVALID_RULE_STRATEGY", "chain.0", "target_missing", None)),
        (
            rule("fallback", chain=[{"target": {}}]),
            (422, "INVALID_RULE_STRATEGY", "chain.0.target.providerId", "provider_missing", None),
        ),
        (rule("single", target="gpt"), (422, "INVALID_RULE_STRATEGY", "target", "target_missing", None)),
        (
            rule("single", target={"modelId": "m"}),
            (422, "INVALID_RULE_STRATEGY", "target.providerId", "provider_missing", None),
        ),
        (
            rule("single", target={"providerId": "p", "modelId": 4}),
            (422, "INVALID_RULE_STRATEGY", "target.modelId", "malformed", None),
        ),
        (
            rule("single", variants=[variant("a", 100)]),
            (422, "INVALID_STRATEGY_VARIANTS", "variants", "not_allowed", None),
        ),
        (rule("weighted", variants=[]), (422, "INVALID_STRATEGY_VARIANTS", "variants", "variants_missing", None)),
        (rule("weighted", variants={}), (422, "INVALID_STRATEGY_VARIANTS", "variants", "variants_missing", None)),
        (rule("weighted", variants=["a"]), (422, "INVALID_STRATEGY_VARIANTS", "variants.0", "malformed", None)),
        (
            rule("weighted", variants=[variant(" ", 100)]),
            (422, "INVALID_STRATEGY_VARIANTS", "variants.0.name", "name_missing", None),
        ),
        (
            rule("weighted", variants=[variant("a", 50), variant("a", 50)]),
            (422, "INVALID_STRATEGY_VARIANTS", "variants.1.name", "duplicate_name", "a"),
        ),
        (
            rule("weighted", variants=[{"name": "a", "weight": 100}]),
            (422, "INVALID_STRATEGY_VARIANTS", "variants.0.target", "target_missing", "a"),
        ),
        (
            rule("weighted", variants=[{"name": "a", "weight": 100, "target": {"providerId": ""}}]),
            (422, "INVALID_STRATEGY_VARIANTS", "variants.0.target.providerId", "provider_missing", "a"),
        ),
        (
            rule("weighted", variants=[variant("a", 50), variant("b", 49)]),
            (422, "INVALID_VARIANT_WEIGHTS", "variants", "sum_not_100", None),
        ),
        (
            rule("weighted", variants=[variant("a", 100), variant("b")]),
            (422, "INVALID_VARIANT_WEIGHTS", "variants.1.weight", "weight_missing", "b"),
        ),
        (
            rule("experiment", variants=[variant("a"), variant("b", 100)]),
            (422, "INVALID_VARIANT_WEIGHTS", "variants.0.weight", "weight_missing", "a"),
        ),
        (
            rule("fallback", variants=[variant("a", 101)]),
            (422, "INVALID_VARIANT_WEIGHTS", "variants.0.weight", "out_of_range", "a"),
        ),
        (
            rule("weighted", variants=[variant("a", 100.0)]),
            (422, "INVALID_VARIANT_WEIGHTS", "variants.0.weight", "out_of_range", "a"),
        ),
        (
            rule("weighted", variants=[variant("a", 99), variant("b", True)]),
            (422, "INVALID_VARIANT_WEIGHTS", "variants.1.weight", "out_of_range", "b"),
        ),
        (
            rule("single", target={**TARGET, "params": []}),
            (400, "INVALID_VARIANT_PARAMS", "target.params", "not_an_object", None),
        ),
        (
            rule("weighted", variants=[variant("a", 100, params="x")]),
            (400, "INVALID_VARIANT_PARAMS", "variants.0.params", "not_an_object", "a"),
        ),
        (
            rule("single", target={**TARGET, "params": {"temperature": float("nan")}}),
            (400, "INVALID_VARIANT_PARAMS", "target.params.temperature", "not_finite", None),
        ),
        (
            rule("weighted", variants=[variant("a", 100, params={"extra": {"apiKey": "sk-1"}})]),
            (400, "INVALID_VARIANT_PARAMS", "variants.0.params.extra.apiKey", "plaintext_credential", "a"),
        ),
        ({**SINGLE, "steps": []}, (422, "INVALID_STEP_COUNT", "steps", "step_count", None)),
        (rule("single", steps=steps(*range(11))), (422, "INVALID_STEP_COUNT", "steps", "step_count", None)),
        (rule("single", steps=steps(-1)), (422, "INVALID_STEP_COUNT", "steps.0.position", "positions", None)),
        (rule("single", steps=steps(0, 0)), (422, "INVALID_STEP_COUNT", "steps", "positions", None)),
        (rule("single", steps=steps(False)), (422, "INVALID_STEP_COUNT", "steps.0.position", "positions", None)),
        (rule("single", steps=["a"]), (422, "INVALID_STEP_COUNT", "steps.0", "malformed", None)),
        (
            rule("single", steps=[{"position": 0, "steps": steps(0)}]),
            (422, "INVALID_STEP_COUNT", "steps.0.steps", "nested", None),
        ),
        (
            rule("single", steps=[{"position": 0, "target": TARGET, "name": 1}]),
            (422, "INVALID_RULE_STRATEGY", "steps.0.name", "malformed", None),
        ),
        (
            rule("single", steps=[{"position": 0, "target": TARGET, "strategy": "x"}]),
            (422, "INVALID_RULE_STRATEGY", "steps.0.strategy", "unknown_strategy", None),
        ),
        (
            rule("single", steps=[{"position": 0, "target": TARGET, "strategy": "weighted"}]),
            (422, "INVALID_RULE_STRATEGY", "steps.0.variants", "variants_missing", None),
        ),
        (
            rule("single", steps=[{"position": 0, "strategy": "single"}]),
            (422, "INVALID_RULE_STRATEGY", "steps.0.target", "target_missing", None),
        ),
        (
            rule("single", target={**TARGET, "when": BAD_WHEN}),
            (400, "INVALID_WHEN_CLAUSE", "target.when.op", "unknown_operator", None),
        ),
        (
            rule("experiment", variants=[variant("a", when="always")]),
            (400, "INVALID_WHEN_CLAUSE", "variants.0.when", "malformed", "a"),
        ),
        (
            rule("single", steps=[{"position": 0, "target": TARGET, "when": {"op": "or", "args": [WHEN, {}]}}]),
            (400, "INVALID_WHEN_CLAUSE", "steps.0.when.args.1.op", "malformed", None),
        ),
        ({**SINGLE, "retry": 3}, (422, "INVALID_RETRY_POLICY", "retry", "malformed", None)),
        (
            {**SINGLE, "retry": {"maxRetries": -1}},
            (422, "INVALID_RETRY_POLICY", "retry.maxRetries", "out_of_range", None),
        ),
        (
            {**SINGLE, "retry": {"backoffBaseMs": True}},
            (422, "INVALID_RETRY_POLICY", "retry.backoffBaseMs", "out_of_range", None),
        ),
        (
            {**SINGLE, "retry": {"retryableStatusCodes": [429, 600]}},
            (422, "INVALID_RETRY_POLICY", "retry.retryableStatusCodes", "out_of_range", None),
        ),
        ({**SINGLE, "modelBindings": [{"modelId": "m"}]}, (400, "INVALID_INPUT", "modelBindings", "malformed", None)),
        ({**SINGLE, "modelBindings": 1}, (400, "INVALID_INPUT", "modelBindings", "malformed", None)),
        (
            {**SINGLE, "providerRefs": [{"providerId": "p", "envSlug": 1}]},
            (400, "INVALID_INPUT", "providerRefs", "malformed", None),
        ),
    ],
)
def test_what_is_refused_with_which_code_and_where(snapshot: Any, expected: tuple[Any, ...]) -> None:
    assert refused(snapshot) == expected


@pytest.mark.parametrize(
    "name",
    ["apiKey", "api_key", "x-api-key", "Authorization", "secret", "client_secret", "password", "token", "accessToken"],
)
@pytest.mark.parametrize("value", ["sk-live", ["Bearer sk-live"]])
def test_no_credential_gets_in_anywhere_and_none_is_echoed(name: str, value: Any) -> None:
    with pytest.raises(Problem, match="must not hold a credential") as caught:
        check_snapshot({**SINGLE, "target": {**TARGET, "headers": {name: value}}})
    assert (caught.value.code, caught.value.details["reason"]) == ("INVALID_VARIANT_PARAMS", "plaintext_credential")
    assert "sk-live" not in f"{caught.value.message} {caught.value.details}"


@pytest.mark.parametrize("name", ["max_tokens", "token_limit", "secretary", "apikeyless", "stop"])
def test_names_that_only_look_like_credentials_pass(name: str) -> None:
    check_snapshot({**SINGLE, "target": {**TARGET, "params": {name: "value"}}})


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize("snapshot", [None, [], "single", 1, {**SINGLE, "x": nested(100_000)}])
def test_what_is_no_snapshot_at_all(snapshot: Any) -> None:
    with pytest.raises(Problem, match="snapshot must be an object") as caught:
        check_snapshot(snapshot)
    assert (caught.value.status, caught.value.code) == (400, "INVALID_INPUT")


def test_every_endpoint_stands_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "local.md").read_text("utf-8")
    assert [endpoint for endpoint in ENDPOINTS if f"`{endpoint}`" not in page] == []


def test_messages_say_what_to_do() -> None:
    with pytest.raises(Problem, match="variants: the weights must total 100, not 99"):
        check_snapshot(rule("weighted", variants=[variant("a", 99)]))
    with pytest.raises(Problem, match="endpoint: must be one of chat, embeddings"):
        check_snapshot({"endpoint": "fax", "strategy": "single"})


SCALARS = st.none() | st.booleans() | st.integers(-1, 101) | st.floats() | st.sampled_from(["", "a", "b", "x"])
KEYS = st.sampled_from(
    [
        "endpoint",
        "strategy",
        "target",
        "variants",
        "steps",
        "chain",
        "retry",
        "when",
        "params",
        "name",
        "weight",
        "providerId",
        "modelId",
        "position",
        "maxRetries",
        "retryableStatusCodes",
        "op",
        "args",
        "left",
        "right",
        "var",
        "literal",
        "modelBindings",
        "providerRefs",
        "provider",
    ]
)
JSON = st.recursive(
    SCALARS | st.sampled_from([*ENDPOINTS, *STRATEGIES]),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(KEYS, children, max_size=4),
    max_leaves=12,
)
PARTS = st.fixed_dictionaries(
    {"endpoint": st.sampled_from(ENDPOINTS), "strategy": st.sampled_from(STRATEGIES)},
    optional={
        "target": st.just(TARGET) | JSON,
        "variants": st.lists(st.builds(variant, st.sampled_from("abc"), st.integers(0, 100) | JSON), max_size=3) | JSON,
        "steps": st.lists(st.integers(0, 2), max_size=3).map(lambda positions: steps(*positions)) | JSON,
        "chain": st.lists(st.just(TARGET) | st.sampled_from("abc") | JSON, max_size=3),
        "retry": JSON,
        "modelBindings": JSON,
        "providerRefs": JSON,
    },
)


@settings(max_examples=examples(300))
@given(JSON | PARTS)
def test_whatever_is_accepted_fits_the_clients_model_and_all_else_is_a_problem(snapshot: Any) -> None:
    code = outcome(check_snapshot, snapshot)
    assert code in {None, "INVALID_INPUT", *CODES}
    if code is None:
        RuleSnapshot.model_validate(snapshot)


def share(version: Any, weight: Any) -> dict[str, Any]:
    return {"versionId": version, "weight": weight}


@pytest.mark.parametrize(
    "weights", [[share("v1", 100)], [share("v1", 100), share("v2", 0)], [share("v1", 33), share("v2", 67)]]
)
def test_good_weights_of_a_release(weights: Any) -> None:
    check_weights(weights)


@pytest.mark.parametrize(
    ("weights", "field", "reason"),
    [
        (None, "weights", "malformed"),
        ([], "weights", "malformed"),
        ({"v1": 100}, "weights", "malformed"),
        (["v1"], "weights.0", "malformed"),
        ([share("", 100)], "weights.0.versionId", "malformed"),
        ([share(7, 100)], "weights.0.versionId", "malformed"),
        ([share("v1", "100")], "weights.0.weight", "out_of_range"),
        ([share("v1", True)], "weights.0.weight", "out_of_range"),
        ([share("v1", 99.5)], "weights.0.weight", "out_of_range"),
        ([share("v1", 100), share("v2", -1)], "weights.1.weight", "out_of_range"),
        ([share("v1", 50), share("v1", 50)], "weights", "duplicate_version"),
        ([share("v1", 50), share("v2", 49)], "weights", "sum_not_100"),
    ],
)
def test_bad_weights_of_a_release(weights: Any, field: str, reason: str) -> None:
    with pytest.raises(Problem) as caught:
        check_weights(weights)
    assert (caught.value.status, caught.value.code) == (422, "INVALID_VARIANT_WEIGHTS")
    assert caught.value.details == {"field": field, "reason": reason, "variantName": None}


@given(st.lists(st.integers(0, 100), min_size=1, max_size=5))
def test_weights_pass_exactly_when_they_total_100(weights: list[int]) -> None:
    entries = [share(f"v{index}", weight) for index, weight in enumerate(weights)]
    if sum(weights) == 100:
        check_weights(entries)
    else:
        with pytest.raises(Problem, match=f"not {sum(weights)}"):
            check_weights(entries)


@given(JSON)
def test_check_weights_raises_nothing_but_problems(weights: Any) -> None:
    assert outcome(check_weights, weights) in (None, "INVALID_VARIANT_WEIGHTS")
