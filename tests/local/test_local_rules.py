from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from bound import SNAPSHOT, Api, call, refused

from to11ai_sdk import EnvNotEnabledForProviderError, RuleNotFoundError, RuleVersionInvalidSnapshotError

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11


def release(api: Api, content: str | dict[str, int], env_slug: str = "staging", **more: Any) -> Any:
    """Release one version, or several by weight."""
    if isinstance(content, str):
        more |= {"strategy": "single", "version_id": content}
    else:
        shares = [{"versionId": version_id, "weight": weight} for version_id, weight in content.items()]
        more |= {"strategy": "weighted", "weights": shares}
    return api.releases.set(rule_id="r", env_slug=env_slug, **more)


def weights(row: Any) -> dict[str, int]:
    return {share.version_id: share.weight for share in row.weights}


def test_a_rule_comes_to_be_with_its_first_version(to11: LocalTo11, api: Api) -> None:
    for request in (
        lambda: api.versions.list(rule_id="r/1"),
        lambda: api.versions.get(rule_id="r/1", version_id="v"),
        lambda: api.releases.list(rule_id="r/1"),
        lambda: api.releases.set(rule_id="r/1", env_slug="prod", strategy="single", version_id="v"),
        lambda: api.releases.rollback(rule_id="r/1", env_slug="prod", reason="x"),
    ):
        with pytest.raises(RuleNotFoundError) as caught:
            request()
        assert (caught.value.rule_id, caught.value.details["error"]) == ("r/1", "rule_not_found")
    made = api.versions.create(rule_id="r/1", snapshot=SNAPSHOT, description="first")
    assert (made.rule_id, made.version, made.description) == ("r/1", 1, "first")
    assert made.snapshot_json.target.provider_id == "openai"
    assert api.versions.get(rule_id="r/1", version_id=made.id) == made
    assert api.releases.list(rule_id="r/1") == []

    assert api.versions.list(rule_id=to11.create_rule()) == []
    assert to11.create_rule("mine") == "mine"
    assert to11.create_rule("mine") == "mine"
    assert api.versions.list(rule_id="mine") == []
    for wrong in (" ", "x" * 201, "line\nbreak"):
        with pytest.raises(ValueError, match="printable"):
            to11.create_rule(wrong)
    assert call(to11, "POST", "routing/rules/a%0Ab/versions", b'{"snapshot": {}}').status in (400, 422)


def test_versions_are_numbered_and_paged_by_number(api: Api) -> None:
    ids = api.rule("r", 5)
    api.rule("other", 1)

    def numbers(**options: int) -> list[int]:
        return [version.version for version in api.versions.list(rule_id="r", **options)]

    assert numbers() == [5, 4, 3, 2, 1]
    assert numbers(limit=2) == [5, 4]
    assert numbers(limit=2, cursor=4) == [3, 2]
    assert numbers(cursor=1) == []
    assert api.versions.list(rule_id="r")[-1].id == ids[0]
    for limit in (0, 201):
        with refused(400, "INVALID_INPUT"):
            numbers(limit=limit)
    (foreign,) = api.rule("third", 1)
    for version_id in ("nope", foreign):
        with refused(404, "RULE_VERSION_NOT_FOUND"):
            api.versions.get(rule_id="r", version_id=version_id)


def test_a_bad_snapshot_makes_neither_a_version_nor_a_rule(api: Api) -> None:
    variants = [{"name": "a", "target": SNAPSHOT["target"], "weight": 90}]
    with pytest.raises(RuleVersionInvalidSnapshotError) as caught:
        api.versions.create(rule_id="r", snapshot={"endpoint": "chat", "strategy": "weighted", "variants": variants})
    assert (caught.value.status_code, caught.value.error_code) == (422, "INVALID_VARIANT_WEIGHTS")
    assert caught.value.reason == "sum_not_100"
    with pytest.raises(RuleNotFoundError):
        api.versions.list(rule_id="r")


def test_a_release_closes_the_one_before(api: Api) -> None:
    one, two = api.rule("r", 2)
    first = release(api, one, reason="start")
    assert (first.rule_id, first.env_slug, first.strategy, first.version_id) == ("r", "staging", "single", one)
    assert (first.change_kind, first.prior_release_id, first.weights) == ("release_initial", None, None)
    assert (first.reason, first.actor_type, first.approval_status) == ("start", "api_key", "committed")
    assert first.active_from == first.created_at
    assert first.active_to is None
    second = release(api, two)
    assert (second.change_kind, second.prior_release_id, second.reason) == ("release_promoted", first.id, None)
    elsewhere = release(api, one, "prod")
    assert elsewhere.change_kind == "release_initial"

    timeline = api.releases.list(rule_id="r", env_slug="staging")
    assert [row.id for row in timeline] == [second.id, first.id]
    assert timeline[1].active_to == second.active_from
    assert timeline[0].active_to is None
    assert [row.id for row in api.releases.list(rule_id="r")] == [elsewhere.id, second.id, first.id]


def test_releases_are_paged_by_the_id_of_a_release(api: Api) -> None:
    (version_id,) = api.rule("r", 1)
    made = [release(api, version_id, env_slug).id for env_slug in ("staging", "prod", "staging")]
    assert [row.id for row in api.releases.list(rule_id="r", limit=2)] == made[:0:-1]
    assert [row.id for row in api.releases.list(rule_id="r", cursor=made[1])] == made[:1]
    assert [row.id for row in api.releases.list(rule_id="r", env_slug="staging", cursor=made[2])] == made[:1]
    with refused(400, "INVALID_CURSOR"):
        api.releases.list(rule_id="r", cursor="nope")
    with refused(400, "INVALID_INPUT"):
        api.releases.list(rule_id="r", limit=201)


def test_a_weighted_release(api: Api) -> None:
    one, two, three = api.rule("r", 3)
    split = release(api, {one: 90, two: 10})
    assert (split.strategy, split.version_id, split.change_kind) == ("weighted", None, "release_initial")
    assert weights(split) == {one: 90, two: 10}
    shifted = release(api, {two: 50, one: 50})
    assert shifted.change_kind == "release_weight_changed"
    assert shifted.prior_release_id == split.id
    assert release(api, {one: 50, two: 50}).change_kind == "release_promoted"
    assert release(api, {one: 50, three: 50}).change_kind == "release_promoted"
    assert release(api, one).change_kind == "release_promoted"
    assert release(api, {one: 10, three: 90}).change_kind == "release_promoted"


def test_a_release_must_say_what_it_releases(api: Api) -> None:
    one, two = api.rule("r", 2)
    (foreign,) = api.rule("other", 1)
    share = [{"versionId": one, "weight": 100}]

    def set_release(**content: Any) -> Any:
        return api.releases.set(rule_id="r", env_slug="staging", **content)

    for content in (
        {"strategy": "single"},
        {"strategy": "single", "version_id": one, "weights": share},
        {"strategy": "weighted"},
        {"strategy": "weighted", "version_id": one, "weights": share},
        {"strategy": "random", "version_id": one},
    ):
        with refused(400, "INVALID_RELEASE"):
            set_release(**content)
    for shares in ({one: 90, two: 5}, {}):
        with pytest.raises(RuleVersionInvalidSnapshotError) as caught:
            release(api, shares)
        assert caught.value.error_code == "INVALID_VARIANT_WEIGHTS"
    with refused(422, "INVALID_VARIANT_WEIGHTS"):
        set_release(strategy="weighted", weights=[*share[:1], {"versionId": one, "weight": 0}])
    for version_id in (foreign, "nope"):
        with refused(404, "RULE_VERSION_NOT_FOUND"):
            release(api, version_id)
        with refused(404, "RULE_VERSION_NOT_FOUND"):
            release(api, {one: 50, version_id: 50})
    assert api.releases.list(rule_id="r") == []


def test_a_rollback_releases_again_what_served_before(api: Api) -> None:
    one, two = api.rule("r", 2)
    first = release(api, {one: 70, two: 30})
    second = release(api, two)
    back = api.releases.rollback(rule_id="r", env_slug="staging", reason="errors")
    assert (back.change_kind, back.prior_release_id, back.reason) == ("release_rolled_back", second.id, "errors")
    assert weights(back) == weights(first)
    assert back.id not in (first.id, second.id)
    forward = api.releases.rollback(rule_id="r", env_slug="staging", reason="no, better")
    assert forward.version_id == two
    chosen = api.releases.rollback(rule_id="r", env_slug="staging", reason="x", target_release_id=first.id)
    assert weights(chosen) == weights(first)
    assert [row.active_to is None for row in api.releases.list(rule_id="r", env_slug="staging")] == [True] + [False] * 4


def test_a_rollback_needs_a_reason_and_something_to_go_back_to(api: Api) -> None:
    (one,), (foreign,) = api.rule("r", 1), api.rule("other", 1)

    def back(**more: str) -> Any:
        return api.releases.rollback(**{"rule_id": "r", "env_slug": "staging", "reason": "x", **more})

    with refused(404, "RELEASE_NOT_FOUND"):
        back()
    release(api, one)
    with refused(404, "RELEASE_NOT_FOUND"):
        back()
    in_prod = release(api, one, "prod")
    other = api.releases.set(rule_id="other", env_slug="staging", strategy="single", version_id=foreign)
    for target in (in_prod.id, other.id, "nope"):
        with refused(404, "RELEASE_NOT_FOUND") as refusal:
            back(target_release_id=target)
        assert refusal.error.details["releaseId"] == target
    with refused(400, "INVALID_RELEASE"):
        back(reason=" ")


def test_after_archive_and_restore_a_rollback_brings_back_what_served_last(api: Api) -> None:
    api.environments.create(slug="qa", name="QA")
    one, two = api.rule("r", 2)
    release(api, one, "qa")
    last = release(api, two, "qa")
    api.environments.archive(slug="qa")
    api.environments.restore(slug="qa")
    back = api.releases.rollback(rule_id="r", env_slug="qa", reason="restored")
    assert (back.version_id, back.prior_release_id) == (two, last.id)
    weighted = release(api, {one: 1, two: 99}, "qa")
    assert weighted.change_kind == "release_promoted"


def test_a_provider_that_is_off_in_the_environment_stops_the_release(to11: LocalTo11, api: Api) -> None:
    target = {"providerId": "anthropic", "modelId": "claude", "params": {"providerId": "ignored"}}
    fallback = {"endpoint": "chat", "strategy": "fallback", "chain": [SNAPSHOT["target"], target]}
    plain = api.versions.create(rule_id="r", snapshot=SNAPSHOT).id
    both = api.versions.create(rule_id="r", snapshot=fallback).id
    to11.disable_provider("staging", "anthropic")
    to11.disable_provider("staging", "ignored")
    release(api, plain)
    release(api, both, "prod")
    for content in (both, {plain: 50, both: 50}):
        with pytest.raises(EnvNotEnabledForProviderError) as caught:
            release(api, content)
        error = caught.value
        assert (error.rule_id, error.env_slug, error.provider_id) == ("r", "staging", "anthropic")
    to11.enable_provider("staging", "anthropic")
    assert release(api, both).version_id == both
    release(api, plain)
    to11.disable_provider("staging", "anthropic")
    with refused(422, "ENV_NOT_ENABLED_FOR_PROVIDER"):
        api.releases.rollback(rule_id="r", env_slug="staging", reason="x")
    with pytest.raises(ValueError, match="blank"):
        to11.disable_provider("staging", " ")
    with pytest.raises(ValueError, match="no environment 'nope'"):
        to11.disable_provider("nope", "openai")


def test_a_provider_of_another_environment_is_looked_up_there(to11: LocalTo11, api: Api) -> None:
    refs = [{"providerId": "anthropic", "envSlug": "prod"}]
    version_id = api.versions.create(rule_id="r", snapshot={**SNAPSHOT, "providerRefs": refs}).id
    to11.disable_provider("staging", "anthropic")
    release(api, version_id)
    to11.disable_provider("prod", "anthropic")
    with refused(422, "ENV_NOT_ENABLED_FOR_PROVIDER") as refusal:
        release(api, version_id)
    assert refusal.error.details["envSlug"] == "prod"


def test_a_release_that_needs_approval_serves_once_it_is_approved(to11: LocalTo11, api: Api) -> None:
    api.environments.create(slug="qa", name="QA")
    one, two = api.rule("r", 2)
    first = release(api, one, "qa")
    api.environments.update(slug="qa", requires_approval=True)
    waiting = release(api, two, "qa")
    assert (waiting.approval_status, waiting.active_from, waiting.prior_release_id) == ("pending", None, first.id)
    assert waiting.approval_requested_by == waiting.actor_id
    for write in (
        lambda: release(api, two, "qa"),
        lambda: api.releases.rollback(rule_id="r", env_slug="qa", reason="x"),
    ):
        with refused(409, "RELEASE_PENDING_APPROVAL") as refusal:
            write()
        assert refusal.error.details["releaseId"] == waiting.id

    to11.reject_release(waiting.id)
    rejected = api.releases.list(rule_id="r", env_slug="qa")[0]
    assert (rejected.approval_status, rejected.active_from) == ("rejected", None)
    assert rejected.rejected_at is not None
    with refused(404, "RELEASE_NOT_FOUND"):
        api.releases.rollback(rule_id="r", env_slug="qa", reason="x", target_release_id=rejected.id)
    with pytest.raises(ValueError, match="waits for approval"):
        to11.approve_release(rejected.id)

    again = release(api, two, "qa")
    to11.approve_release(again.id)
    approved, _, closed = api.releases.list(rule_id="r", env_slug="qa")
    assert (approved.approval_status, approved.active_to) == ("committed", None)
    assert approved.approved_at == approved.active_from == closed.active_to

    pending = release(api, one, "qa")
    api.environments.archive(slug="qa")
    last = api.releases.list(rule_id="r", env_slug="qa")[0]
    assert (last.id, last.approval_status) == (pending.id, "rejected")
