"""Choices by weight of a conversation: always the same, true to the weights over many, independent of each other."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from gateway_harness import HELLO, Caller
from hypothesis import given, settings
from hypothesis import strategies as st
from routing_harness import CLAUDE, GPT, GROK, MINI, Project, variant, when

from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.gateway.routing.choice import of_group

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MANY = [f"conversation-{number}" for number in range(10_000)]
NAMES = ["a", "b", "c"]
RARE = {1: 15.1, 2: 18.4}
"""Chi-square by degrees of freedom that is exceeded in one of 10,000 cases; the choices are the same in each run."""


def chosen(weights: Sequence[float], names: Sequence[str] = NAMES, place: str = "rule") -> list[int | None]:
    return [of_group(group, place, names, weights) for group in MANY]


def chi_square(seen: Counter[Any], expected: dict[Any, float]) -> float:
    return sum((seen[each] - count) ** 2 / count for each, count in expected.items())


@pytest.mark.parametrize("weights", [[70, 20, 10], [1, 1, 1], [0.5, 0.25, 98]])
def test_the_choices_of_many_conversations_are_true_to_the_weights(weights: list[float]) -> None:
    expected = {index: len(MANY) * weight / sum(weights) for index, weight in enumerate(weights)}
    assert chi_square(Counter(chosen(weights)), expected) < RARE[2]


def moves(before: Sequence[int | None], after: Sequence[int | None]) -> Counter[tuple[int | None, int | None]]:
    return Counter(pair for pair in zip(before, after, strict=True) if pair[0] != pair[1])


def test_only_the_conversations_that_have_to_move_do() -> None:
    before = chosen([70, 20, 10])
    assert {to for _, to in moves(before, chosen([70, 40, 10]))} == {1}
    assert {start for start, _ in moves(before, chosen([70, 5, 10]))} == {1}
    assert {start for start, _ in moves(before, chosen([70, 0, 10]))} == {1}
    assert moves(before, chosen([140, 40, 20])) == {}
    assert {to for _, to in moves(before, chosen([70, 20, 10, 25], [*NAMES, "d"]))} == {3}
    shifted = moves(before, chosen([60, 30, 10]))
    assert sum(shifted.values()) < 0.13 * len(MANY)  # a tenth has to
    reordered = [None if each is None else (1, 2, 0)[each] for each in chosen([20, 10, 70], ["b", "c", "a"])]
    assert reordered == before


def independent(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Whether two choices of two options are independent, by chi-square of the table of both."""
    both, ones, others = Counter(zip(one, other, strict=True)), Counter(one), Counter(other)
    expected = {(a, b): ones[a] * others[b] / len(one) for a in ones for b in others}
    return len(expected) == 4 and chi_square(both, expected) < RARE[1]


def test_the_choices_at_two_places_are_independent() -> None:
    one = chosen([50, 50], NAMES[:2], "one")
    assert independent(one, chosen([50, 50], NAMES[:2], "two"))
    assert independent(one, chosen([90, 10], NAMES[:2], "two"))
    assert not independent(one, chosen([60, 40], NAMES[:2], "one"))


@given(st.text(), st.lists(st.floats(allow_nan=False) | st.integers(), max_size=6))
@settings(deadline=None)
def test_any_text_and_any_numbers_have_a_choice(group: str, weights: list[float]) -> None:
    index = of_group(group, "", ["same"] * len(weights), weights)
    assert (index is None) is not any(weight > 0 for weight in weights)
    assert index is None or weights[index] > 0


def variants_of(project: Project, number: int, model: str = "r") -> list[str | None]:
    return [project.plan(model, group=group).attempts[0].variant for group in MANY[:number]]


def test_two_rules_choose_independently_for_one_conversation() -> None:
    project = Project()
    for rule in ("r", "s"):
        project.rule(rule, "experiment", variants=[variant("a", GPT), variant("b", CLAUDE)])
    one, other = variants_of(project, 1000), variants_of(project, 1000, "s")
    assert one == variants_of(project, 1000)
    assert independent(one, other)


def test_a_new_version_of_a_rule_moves_only_those_that_have_to() -> None:
    project = Project()
    project.rule("r", "weighted", variants=[variant("a", GPT, 50), variant("b", CLAUDE, 50)])
    before = variants_of(project, 400)
    project.rule("r", "weighted", variants=[variant("b", MINI, 25), variant("a", GPT, 75), variant("c", GROK, 0)])
    after = variants_of(project, 400)
    assert {pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]} == {("b", "a")}


def test_the_choices_within_one_rule_are_independent() -> None:
    project = Project()
    split = {"strategy": "weighted", "variants": [variant("a", GPT, 50), variant("b", CLAUDE, 50)]}
    steps = [{"position": number, **split} for number in (0, 1)]
    project.rule("r", "fallback", steps=steps)
    plans = [project.plan("r", group=group).attempts for group in MANY[:1000]]
    assert independent([plan[0].variant for plan in plans], [plan[1].variant for plan in plans])


def test_a_weighted_release_keeps_a_conversation_on_its_version() -> None:
    project = Project()
    split = {"endpoint": "chat", "strategy": "experiment", "variants": [variant("a", GPT), variant("b", CLAUDE)]}
    versions = project.release("r", split, split, weights=[50, 50])
    plans = [project.plan("r", group=group).attempts[0] for group in MANY[:1000]]
    again = [project.plan("r", group=group).attempts[0] for group in MANY[:1000]]
    assert [plan.version_id for plan in plans] == [plan.version_id for plan in again]
    assert chi_square(Counter(plan.version_id for plan in plans), dict.fromkeys(versions, 500.0)) < RARE[1]
    assert independent([plan.version_id for plan in plans], [plan.variant for plan in plans])


def test_models_bound_by_weight_keep_a_conversation_too() -> None:
    project = Project()
    bound = [{"modelId": "gpt-4o", "provider": {"providerId": name}, "weight": 50} for name in ("openai", "xai")]
    project.rule("r", modelBindings=bound, models=["gpt-4o"])
    served = {tuple(project.targets("gpt-4o", group="g")) for _ in range(20)}
    assert len(served) == 1


def test_a_conversation_whose_variant_cannot_be_asked_gets_another_and_returns() -> None:
    project = Project()
    premium = when("headers.x-plan", "premium")
    project.rule("r", "experiment", variants=[variant("a", GPT, when=premium), variant("b", CLAUDE)])
    with_both = [project.plan("r", group=each, headers={"x-plan": "premium"}).attempts[0].variant for each in MANY[:50]]
    assert set(with_both) == {"a", "b"}
    assert set(variants_of(project, 50)) == {"b"}


def split(to11: LocalTo11) -> None:
    snapshot = {"endpoint": "chat", "strategy": "experiment", "variants": [variant("a", GPT), variant("b", CLAUDE)]}
    with to11.client() as client:
        rules, at = client.routing_rules, {"project_id": to11.project_id, "rule_id": "split"}
        to11.create_rule("split")
        version = rules.versions.create(**at, snapshot=snapshot)
        rules.releases.set(**at, env_slug="prod", strategy="single", version_id=version.id)


def used(caller: Caller, headers: Callable[[int], dict[str, str]], number: int = 12, **body: Any) -> set[str | None]:
    for turn in range(number):
        content = {"model": "route::split", "messages": HELLO, **body}
        assert caller.send("POST", "/v1/chat/completions", content, **headers(turn)).status == 200
    return {span.variant for span in caller.to11.traces()[:number]}


def test_a_conversation_stays_on_one_variant_by_its_id_else_its_session_else_its_user() -> None:
    with LocalTo11(seed=1) as to11:
        split(to11)
        caller = Caller(to11)
        assert used(caller, lambda turn: {}) == {"a", "b"}
        for name in ("x_to11_conversation_id", "x_conversation_id", "x_to11_session_id", "x_to11_user_id"):
            assert len(used(caller, lambda turn, name=name: {name: "one"})) == 1, name
            assert len(used(caller, lambda turn, name=name: {name: f"id-{turn}"})) == 2, name
        assert len(used(caller, lambda turn: {}, user="ada")) == 1
        assert len(used(caller, lambda turn: {"x_to11_conversation_id": "c", "x_to11_session_id": f"{turn}"})) == 1
        assert len(used(caller, lambda turn: {"x_to11_conversation_id": f"{turn}", "x_to11_session_id": "s"})) == 2
        assert len(used(caller, lambda turn: {"x_to11_session_id": "s", "x_to11_user_id": f"{turn}"})) == 1
