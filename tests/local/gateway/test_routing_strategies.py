"""What the strategies, conditions, weights, parameters and retry policies of a rule make of a call."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from examples import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from routing_harness import CLAUDE, GPT, GROK, MINI, Project, targets, variant, when

from to11ai_sdk.local.gateway.config.providers import ProviderModel
from to11ai_sdk.local.gateway.config.registry import DEFAULTS, Registry
from to11ai_sdk.local.gateway.gateway_problem import GatewayProblem
from to11ai_sdk.local.gateway.routing import Plan, Retry, RouteQuery, applied
from to11ai_sdk.local.gateway.routing.choice import Choice
from to11ai_sdk.local.problems import Problem
from to11ai_sdk.local.rules.snapshots import ENDPOINTS, STRATEGIES, check_snapshot

NEVER = when("env", "nowhere")
ALWAYS = when("env", "prod")
UNKNOWN: dict[str, Any] = {"providerId": "acme", "modelId": "m"}


def no_route(project: Project, reason: str, model: str = "r", **call: Any) -> GatewayProblem:
    problem = project.refusal(422, "NO_APPLICABLE_ROUTE", model, **call)
    assert problem.details["reason"] == reason, problem.message
    assert problem.header_code == "bad_request"
    assert set(problem.details) == {"rule", "version", "reason"}
    return problem


def step(position: int, target: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"position": position, **({"target": target} if target else {}), **more}


def test_fallback_tries_its_chain_in_order() -> None:
    project = Project()
    project.rule("r", "fallback", variants=[variant("b", CLAUDE)], chain=[GPT, "b", {"target": GROK}])
    plan = project.plan("r")
    assert targets(plan) == ["openai::gpt-4o", "anthropic::claude-sonnet-4-6", "xai::grok-4"]
    assert [attempt.variant for attempt in plan.attempts] == [None, "b", None]


def test_fallback_without_a_chain_tries_all_that_it_has() -> None:
    project = Project()
    project.rule(
        "r",
        "fallback",
        target=GPT,
        variants=[variant("b", CLAUDE)],
        steps=[step(1, MINI), step(0, strategy="fallback", chain=[GROK, CLAUDE])],
    )
    assert project.targets("r") == [
        "openai::gpt-4o",
        "anthropic::claude-sonnet-4-6",
        "xai::grok-4",
        "anthropic::claude-sonnet-4-6",
        "openai::gpt-4o-mini",
    ]


def test_fallback_leaves_out_what_cannot_be_asked() -> None:
    project = Project()
    chain = [GPT, UNKNOWN, {"target": CLAUDE, "when": NEVER}, {**GROK, "when": ALWAYS}]
    project.rule("r", "fallback", chain=chain)
    assert project.targets("r") == ["openai::gpt-4o", "xai::grok-4"]
    project.switch_off("openai")
    assert project.targets("r") == ["xai::grok-4"]


def test_a_chain_may_name_a_step() -> None:
    project = Project()
    project.rule("r", "fallback", chain=["s", GPT], steps=[step(0, CLAUDE, name="s"), step(1, GROK)])
    assert project.targets("r") == ["anthropic::claude-sonnet-4-6", "openai::gpt-4o"]


def test_single_takes_the_first_step_that_holds_and_else_its_target() -> None:
    project = Project()
    premium = when("headers.x-plan", "premium")
    project.rule("r", target=MINI, steps=[step(1, CLAUDE, when=premium), step(0, GROK, when=NEVER)])
    assert project.targets("r") == ["openai::gpt-4o-mini"]
    assert project.targets("r", headers={"x-plan": "premium"}) == ["anthropic::claude-sonnet-4-6"]


def test_a_step_goes_by_its_strategy_or_by_what_it_has() -> None:
    project = Project()
    for part in (
        {"strategy": "weighted", "variants": [variant("a", GPT, 0), variant("b", CLAUDE, 100)]},
        {"variants": [variant("b", CLAUDE)]},
        {"chain": [CLAUDE]},
        {"strategy": "single", "chain": [UNKNOWN, CLAUDE, GPT]},
        {"strategy": "fallback", "variants": [variant("b", CLAUDE)]},
        {"target": CLAUDE},
    ):
        project.rule("r", steps=[step(0, **part)])
        assert project.targets("r") == ["anthropic::claude-sonnet-4-6"], part


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (when("env", "prod"), True),
        (when("endpoint", "chat_completions"), True),
        (when("model", "function::r"), True),
        (when("headers.x-to11-user-id", "u"), True),
        (when("metadata.plan", "gold"), True),
        (when("metadata.tags", "a", "contains"), True),
        ({"op": "is_true", "left": {"var": "metadata.beta"}}, True),
        (when("metadata.missing", None), True),
        (when("metadata.plan", "silver"), False),
        (when("headers.x-to11-user-id.more", "u"), False),
    ],
)
def test_conditions_read_the_request(condition: dict[str, Any], holds: bool) -> None:
    project = Project()
    version_id = project.rule("r", target={**GPT, "when": condition})
    call: dict[str, Any] = {
        "headers": {"x-to11-user-id": "u"},
        "metadata": {"plan": "gold", "tags": ["a", "b"], "beta": True},
    }
    if holds:
        assert project.targets("function::r", **call) == ["openai::gpt-4o"]
    else:
        problem = no_route(project, "all_conditions_false", "function::r", **call)
        assert problem.details == {"rule": "r", "version": version_id, "reason": "all_conditions_false"}


@pytest.mark.parametrize("strategy", ["weighted", "experiment"])
def test_variants_whose_conditions_are_false_are_left_out(strategy: str) -> None:
    project = Project()
    variants = [
        variant("a", GPT, 98, when=NEVER),
        variant("b", {**GROK, "when": NEVER}, 1),
        variant("c", CLAUDE, 1, when=ALWAYS),
    ]
    project.rule("r", strategy, variants=variants)
    assert {project.plan("r").attempts[0].variant for _ in range(20)} == {"c"}


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"target": UNKNOWN}, "all_variants_unreachable"),
        ({"target": {**GPT, "modelId": "gpt-9"}}, "all_variants_unreachable"),
        ({"target": {**GPT, "modelId": "whisper-1"}}, "all_variants_unreachable"),
        ({"target": {"providerId": "openai"}}, "all_variants_unreachable"),
        ({"target": {**GPT, "when": NEVER}}, "all_conditions_false"),
        ({"steps": [step(0, GPT, when=NEVER)]}, "all_conditions_false"),
        ({"steps": [step(0, GPT, when=NEVER), step(1, UNKNOWN)]}, "all_steps_non_routable"),
        ({"strategy": "weighted", "variants": [variant("a", UNKNOWN, 100)]}, "all_variants_unreachable"),
        (
            {"strategy": "weighted", "variants": [variant("a", UNKNOWN, 100), variant("b", GPT, 0)]},
            "all_variants_unreachable",
        ),
        ({"strategy": "fallback", "chain": [{"target": GPT, "when": NEVER}, UNKNOWN]}, "all_variants_unreachable"),
        ({"modelBindings": [{"modelId": "r", "provider": {"providerId": "acme"}}]}, "all_variants_unreachable"),
        ({}, "all_variants_unreachable"),
    ],
)
def test_a_rule_without_a_target_that_can_be_asked_is_422(parts: dict[str, Any], reason: str) -> None:
    project = Project()
    version_id = project.rule("r", **{"strategy": "single", **parts})
    problem = no_route(project, reason)
    assert problem.details == {"rule": "r", "version": version_id, "reason": reason}


def test_the_message_says_why_nothing_can_be_asked() -> None:
    project = Project()
    project.rule("r", "fallback", chain=[UNKNOWN, {**GPT, "modelId": "gpt-9"}])
    message = no_route(project, "all_variants_unreachable").message
    assert "there is no provider 'acme'" in message
    assert "'gpt-9' is not a model of 'openai'" in message
    none = Project(Registry.of())
    none.rule("r")
    assert "there is no provider" in no_route(none, "all_variants_unreachable").message


def test_a_rule_whose_providers_are_all_switched_off_is_422_and_says_which() -> None:
    project = Project()
    project.rule("r", "fallback", chain=[GPT, {"target": CLAUDE, "when": NEVER}, MINI])
    project.switch_off("openai")
    problem = project.refusal(422, "ENV_NOT_ENABLED_FOR_PROVIDER", "route::r")
    assert problem.details == {"rule": "r", "env": "prod", "providerId": "openai"}


def test_a_provider_may_be_named_for_another_environment() -> None:
    project = Project()
    bound = {"modelId": "gpt-4o", "provider": {"providerId": "openai", "envSlug": "staging"}}
    project.rule("r", modelBindings=[bound])
    project.switch_off("openai")
    assert project.targets("r") == ["openai::gpt-4o"]
    project.switch_off("openai", "staging")
    problem = project.refusal(422, "ENV_NOT_ENABLED_FOR_PROVIDER", "r")
    assert problem.details == {"rule": "r", "env": "staging", "providerId": "openai"}


def test_a_rule_without_targets_goes_by_the_model_asked_for() -> None:
    project = Project()
    bindings = [
        {"modelId": "gpt-4o", "provider": {"providerId": "openai"}, "weight": 0},
        {"modelId": "gpt-4o", "provider": {"providerId": "xai"}, "weight": 1},
        {"modelId": "gpt-4o-mini", "provider": {"providerId": "openai"}},
    ]
    project.rule("r", modelBindings=bindings)
    no_route(project, "all_variants_unreachable", "gpt-4o")
    assert project.targets("gpt-4o-mini") == ["openai::gpt-4o-mini"]
    assert project.targets("r") == ["openai::gpt-4o-mini"]


def test_provider_refs_say_which_providers_may_have_the_model() -> None:
    project = Project()
    project.rule("r", providerRefs=[{"providerId": "xai"}, {"providerId": "anthropic"}], models=["claude-sonnet-4-6"])
    assert project.targets("claude-sonnet-4-6") == ["anthropic::claude-sonnet-4-6"]
    project.rule("all", models=["grok-4", "gpt-4o"])
    assert project.targets("grok-4") == ["xai::grok-4"]
    project.rule("only-xai", providerRefs=[{"providerId": "xai"}], models=["gpt-4o-mini"])
    no_route(project, "all_variants_unreachable", "gpt-4o-mini")


def test_a_target_without_a_model_takes_the_one_asked_for_or_the_bound_one() -> None:
    binding = {"modelId": "gpt-4o-mini", "provider": {"providerId": "openai"}}
    project = Project()
    project.rule("r", target={"providerId": "openai"}, modelBindings=[binding], models=["gpt-4o"])
    assert project.targets("gpt-4o") == ["openai::gpt-4o"]
    assert project.targets("r") == ["openai::gpt-4o-mini"]
    project.rule("echo-cut", target={"providerId": "xai"})
    assert project.targets("echo-cut") == ["xai::echo-cut"]


def test_params_of_a_variant_go_over_those_of_its_target() -> None:
    project = Project()
    target = {**GPT, "params": {"temperature": 0.1, "top_p": 0.5}}
    project.rule("r", "experiment", variants=[variant("a", target, params={"temperature": 0.9})])
    (attempt,) = project.plan("r").attempts
    assert attempt.params == {"temperature": 0.9, "top_p": 0.5}
    body = {"model": "r", "messages": [], "top_p": None}
    assert applied(attempt, "chat_completions", body) == {
        "model": "gpt-4o",
        "messages": [],
        "top_p": None,
        "temperature": 0.9,
    }
    assert body["model"] == "r"


@pytest.mark.parametrize(
    ("endpoint", "params", "body", "expected"),
    [
        ("responses", {"max_tokens": 5}, {}, {"max_output_tokens": 5}),
        ("responses", {"max_tokens": 5}, {"max_output_tokens": 9}, {"max_output_tokens": 9}),
        ("messages", {"max_completion_tokens": 5, "stop": "x"}, {}, {"max_tokens": 5, "stop_sequences": ["x"]}),
        ("messages", {"stop": ["x"]}, {"stop_sequences": ["y"]}, {"stop_sequences": ["y"]}),
        ("chat_completions", {"max_tokens": 5}, {"max_completion_tokens": 9}, {"max_completion_tokens": 9}),
        ("chat_completions", {"max_output_tokens": 5}, {}, {"max_tokens": 5}),
        ("chat_completions", {"stream": True, "messages": [1], "model": "m"}, {}, {}),
        ("embeddings", {"dimensions": 8}, {}, {"dimensions": 8}),
    ],
)
def test_params_in_the_words_of_the_endpoint(
    endpoint: str, params: dict[str, Any], body: dict[str, Any], expected: dict[str, Any]
) -> None:
    project = Project()
    project.rule("r", target={**GPT, "params": params})
    (attempt,) = project.plan("r").attempts
    assert applied(attempt, endpoint, body) == {"model": "gpt-4o", **expected}


def test_a_call_without_a_model_is_applied_without_one() -> None:
    (attempt,) = Project().plan(endpoint="files").attempts
    assert applied(attempt, "files", {"purpose": "batch"}) == {"purpose": "batch"}


def test_the_retry_policy_is_the_rules_or_two_retries_on_5xx() -> None:
    project = Project()
    project.rule("r", target=GPT)
    default = project.plan("r").attempts[0].retry
    assert default == project.plan("gpt-4o").attempts[0].retry == Retry(2, 500, None)
    assert [*default.waits_s()] == [0.5, 1.0]
    assert [status for status in (400, 408, 429, 499, 500, 529, 599) if default.tries_again(status)] == [500, 529, 599]
    project.rule("r", target=GPT, retry={"maxRetries": 1, "backoffBaseMs": 0, "retryableStatusCodes": [429]})
    own = project.plan("r").attempts[0].retry
    assert [*own.waits_s()] == [0.0]
    assert own.tries_again(429)
    assert not own.tries_again(500)
    project.rule("r", target=GPT, retry={"maxRetries": 10**9, "backoffBaseMs": 10**30})
    endless = project.plan("r").attempts[0].retry
    assert [*endless.waits_s()] == [60.0] * 10


def test_only_5xx_goes_on_to_the_next_target() -> None:
    assert [status for status in (200, 400, 404, 429, 499, 500, 503) if Plan.fails_over(status)] == [500, 503]


def test_a_weighted_release_chooses_among_versions() -> None:
    project = Project(seed=7)
    chat = {"endpoint": "chat", "strategy": "single"}
    versions = project.release(
        "r", {**chat, "target": GPT}, {**chat, "target": CLAUDE}, {**chat, "target": GROK}, weights=[80, 20, 0]
    )
    plans = [project.plan("r") for _ in range(500)]
    seen = Counter(plan.attempts[0].version_id for plan in plans)
    assert set(seen) == set(versions[:2])
    assert 350 < seen[versions[0]] < 450
    again = Project(seed=7)
    again.release("r", {**chat, "target": GPT}, {**chat, "target": CLAUDE}, weights=[80, 20])
    assert [again.targets("r") for _ in range(20)] == [targets(plan) for plan in plans[:20]]


def test_a_weighted_rule_splits_by_weight_and_an_experiment_without_weights_in_equal_shares() -> None:
    project = Project(seed=3)
    project.rule("w", "weighted", variants=[variant("a", GPT, 90), variant("b", CLAUDE, 10)])
    project.rule("e", "experiment", variants=[variant("a", GPT), variant("b", CLAUDE)])
    weighted = Counter(project.plan("w").attempts[0].variant for _ in range(300))
    equal = Counter(project.plan("e").attempts[0].variant for _ in range(300))
    assert weighted["a"] > 240
    assert 110 < equal["a"] < 190
    assert all(len(project.plan(rule).attempts) == 1 for rule in ("w", "e"))


def test_what_is_released_next_is_what_the_next_call_gets() -> None:
    project = Project()
    project.rule("r", target=GPT)
    assert project.targets("r") == ["openai::gpt-4o"]
    project.rule("r", target=CLAUDE)
    assert project.targets("r") == ["anthropic::claude-sonnet-4-6"]


@given(st.lists(st.integers(0, 100), min_size=1, max_size=6), st.integers())
@settings(max_examples=examples(60), deadline=None)
def test_choices_are_in_proportion_to_the_weights(weights: list[int], seed: int) -> None:
    choice, total, rounds = Choice(seed), sum(weights), 2000
    seen = Counter(choice.among(weights) for _ in range(rounds))
    if total == 0:
        assert seen == {None: rounds}
        return
    for index, weight in enumerate(weights):
        # Six standard deviations: less than once in a hundred million.
        share = weight / total
        assert abs(seen[index] - rounds * share) <= 6 * (rounds * share * (1 - share)) ** 0.5 + 1e-9


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.integers()), st.integers())
@settings(deadline=None)
def test_any_numbers_are_weights(weights: list[float], seed: int) -> None:
    chosen = Choice(seed).among(weights)
    assert (chosen is None) is not any(weight > 0 for weight in weights)
    assert chosen is None or weights[chosen] > 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)
VARS = st.sampled_from(["env", "endpoint", "model", "headers.x-a", "metadata.a", "metadata.a.b", "?"])
OPERANDS = st.fixed_dictionaries({"var": VARS}) | st.fixed_dictionaries({"literal": JSON})
COMPARISONS = st.fixed_dictionaries(
    {"op": st.sampled_from(["==", "!=", "in", "contains", "is_true"]), "left": OPERANDS, "right": OPERANDS}
)
CONDITIONS = st.none() | COMPARISONS | st.builds(lambda inner: {"op": "not", "left": inner}, COMPARISONS)
# Keys that nobody checks, named like those that mean something elsewhere.
STRAY = ["position", "name", "models", "envSlug", "strategy", "weight", "comment", "variants", "chain", "when", "steps"]


def objects(needed: dict[str, Any], optional: dict[str, Any] | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """These keys, and sometimes others."""
    optional = optional or {}
    keys = [key for key in STRAY if key not in needed | optional]
    stray = st.just({}) | st.dictionaries(st.sampled_from(keys), JSON, max_size=2)
    return st.builds(lambda more, known: {**more, **known}, stray, st.fixed_dictionaries(needed, optional=optional))


PROVIDERS = st.sampled_from(["openai", "openai", "anthropic", "xai", "gemini", "acme"])
MODELS = st.sampled_from(["gpt-4o", "claude-sonnet-4-6", "whisper-1", "r", "nope", "echo"])
PARAMS = st.none() | st.dictionaries(st.sampled_from(["temperature", "stop", "max_tokens"]), JSON, max_size=2)
TARGETS = st.sampled_from([GPT, CLAUDE]) | objects(
    {"providerId": PROVIDERS}, {"modelId": st.none() | MODELS, "params": PARAMS, "when": CONDITIONS}
)


@st.composite
def variants(draw: st.DrawFn, weighted: bool) -> list[dict[str, Any]]:
    weights = draw(st.sampled_from([[100], [50, 50], [0, 100]] + ([] if weighted else [[None], [None, None]])))
    more = objects({"target": TARGETS}, {"params": PARAMS, "when": CONDITIONS})
    named = zip("ab", weights, strict=False)
    return [{**draw(more), "name": name, "weight": weight} for name, weight in named]


@st.composite
def parts(draw: st.DrawFn, inside: bool) -> dict[str, Any]:
    """A strategy and what it needs, of a rule or of a step inside one."""
    strategy = draw(st.sampled_from(STRATEGIES))
    part: dict[str, Any] = draw(objects({}, {"target": TARGETS, **({"when": CONDITIONS} if inside else {})}))
    part = {key: value for key, value in part.items() if key not in ("variants", "chain", "steps", "strategy", "name")}
    if strategy != "single":
        part["variants"] = draw(variants(strategy == "weighted"))
    if inside:
        part["name"] = draw(st.sampled_from("cd"))
    elif draw(st.booleans()):
        made = draw(st.lists(parts(inside=True), min_size=1, max_size=3))
        part["steps"] = [{**each, "position": len(made) - 1 - index} for index, each in enumerate(made)]
    if strategy == "fallback" or draw(st.booleans()):
        names = [each["name"] for each in [*part.get("variants", []), *part.get("steps", [])]]
        entry = TARGETS | objects({"target": TARGETS}, {"when": CONDITIONS})
        part["chain"] = draw(st.lists(entry | st.sampled_from(names) if names else entry, min_size=1, max_size=3))
    return part if inside and draw(st.booleans()) else {**part, "strategy": strategy}


REFS = objects({"providerId": PROVIDERS}, {"envSlug": st.sampled_from([None, "prod", "staging", "nope"])})
MORE = st.fixed_dictionaries(
    {"endpoint": st.sampled_from(["chat", "messages", *ENDPOINTS])},
    optional={
        "modelBindings": st.lists(
            objects({"modelId": MODELS, "provider": REFS}, {"weight": st.none() | st.integers() | st.floats(-1, 1)}),
            max_size=3,
        ),
        "providerRefs": st.lists(REFS, max_size=2),
        "retry": st.none() | objects({}, {"maxRetries": st.integers(0), "retryableStatusCodes": st.just([429])}),
        "name": JSON,
        "models": JSON | st.just(["gpt-4o"]),
    },
)
EMPTY = st.just({"strategy": "single"})
SNAPSHOTS = st.builds(lambda part, more: {**part, **more}, EMPTY | parts(inside=False), MORE)
CALLS = st.builds(
    RouteQuery,
    st.sampled_from(["messages", "chat_completions", "embeddings", "rerank"]),
    st.sampled_from(["r", "route::r", "function::r", "gpt-4o"]),
    st.sampled_from([None, "prod", "prod", "staging"]),
    st.sampled_from([None, None, None, "openai", "xai"]),
    headers=st.dictionaries(st.just("x-a"), st.text(max_size=3)),
    metadata=st.dictionaries(st.just("a"), JSON),
)


def resolved(project: Project, call: RouteQuery) -> Plan | GatewayProblem:
    try:
        with project.session() as session:
            return project.router.resolve(project.router.scope(session, call))
    except GatewayProblem as problem:
        return problem


@given(SNAPSHOTS, CALLS, st.booleans())
@settings(max_examples=examples(150), deadline=None)
def test_whatever_snapshot_is_accepted_gives_a_plan_or_a_problem(
    snapshot: dict[str, Any], call: RouteQuery, is_off: bool
) -> None:
    try:
        check_snapshot(snapshot)
    except Problem:
        return
    project = Project(Registry.of(*DEFAULTS), seed=None)
    try:
        project.release("r", snapshot)
    except Problem:
        return
    if is_off:
        project.switch_off("openai")
    plan = resolved(project, call)
    if isinstance(plan, GatewayProblem):
        assert plan.status in (400, 404, 422)
        assert plan.message
        return
    assert plan.attempts
    for attempt in plan.attempts:
        assert attempt.model is not None
        model = attempt.provider.model(attempt.model)
        assert isinstance(model, ProviderModel)
        assert attempt.provider.offers(model, call.kind)
        in_prod = call.env in (None, "prod")
        assert not (is_off and in_prod and attempt.provider_id == "openai" and attempt.rule_id is None)
        assert applied(attempt, call.endpoint, {"model": "r"})["model"] == attempt.model
