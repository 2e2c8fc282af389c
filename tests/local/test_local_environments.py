from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bound import Api, Clock, refused

from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTH = ("project:manage_environments", "project:manage_default_environment")


def flags(api: Api, flag: str) -> list[str]:
    return [env.slug for env in api.environments.list(include_archived=True) if getattr(env, flag)]


def slugs(api: Api, **options: bool) -> list[str]:
    return [env.slug for env in api.environments.list(**options)]


def test_a_project_begins_with_production_and_staging(api: Api) -> None:
    prod, staging = api.environments.list()
    assert (prod.slug, prod.name, prod.sort_order) == ("prod", "Production", 0)
    assert (prod.is_default, prod.is_gateway_fallback, prod.is_system, prod.is_production) == (True,) * 4
    assert (staging.slug, staging.is_system, staging.is_default, staging.is_production) == (
        "staging",
        True,
        False,
        False,
    )
    assert staging.archived_at is None


def test_an_environment_has_what_was_given(api: Api) -> None:
    made = api.environments.create(
        slug="qa",
        name="Quality",
        color="teal",
        description="tests",
        is_pointer=True,
        requires_approval=True,
        sort_order=-1,
    )
    assert (made.slug, made.name, made.color, made.description) == ("qa", "Quality", "teal", "tests")
    assert (made.is_pointer, made.requires_approval, made.is_system, made.is_production) == (True, True, False, False)
    assert api.environments.get(slug="qa") == made
    assert slugs(api) == ["qa", "prod", "staging"]
    plain = api.environments.create(slug="a", name="A")
    assert (plain.color, plain.is_pointer, plain.sort_order) == (None, False, 2)
    api.environments.update(slug="a", sort_order=1)
    assert slugs(api) == ["qa", "prod", "a", "staging"]


def test_update_changes_only_what_is_given(api: Api) -> None:
    made = api.environments.create(slug="qa", name="Quality", color="teal", description="d")
    assert api.environments.update(slug="qa") == made
    assert api.environments.update(slug="qa", new_slug="qa") == made
    changed = api.environments.update(slug="qa", name="QA", requires_approval=True, is_gateway_fallback=False)
    assert (changed.name, changed.color, changed.description, changed.requires_approval) == ("QA", "teal", "d", True)
    assert changed.updated_at > made.updated_at
    cleared = api.environments.update(slug="qa", color="", description="")
    assert (cleared.color, cleared.description) == (None, None)
    assert api.environments.update(slug="prod", name="Live").name == "Live"


@pytest.mark.parametrize(
    "wrong",
    [
        {"slug": "Upper"},
        {"slug": "x" * 64},
        {"name": ""},
        {"name": "x" * 121},
        {"color": "x" * 65},
        {"description": "x" * 281},
        {"sort_order": 2**31},
    ],
)
def test_what_an_environment_may_not_be(api: Api, wrong: dict[str, object]) -> None:
    with refused(400, "INVALID_INPUT"):
        api.environments.create(**{"slug": "qa", "name": "QA", **wrong})
    assert len(slugs(api)) == 2


def test_a_slug_in_use_is_taken(api: Api) -> None:
    api.environments.create(slug="qa", name="QA")
    for slug in ("qa", "prod", "staging"):
        with refused(409, "ENVIRONMENT_SLUG_TAKEN") as refusal:
            api.environments.create(slug=slug, name="Again")
        assert f"the slug '{slug}' is in use by the environment" in str(refusal.error)
    with refused(409, "ENVIRONMENT_SLUG_TAKEN"):
        api.environments.update(slug="qa", new_slug="staging")


def test_there_is_one_default_and_one_gateway_fallback(api: Api) -> None:
    api.environments.create(slug="qa", name="QA", is_default=True)
    assert (flags(api, "is_default"), flags(api, "is_gateway_fallback")) == (["qa"], ["prod"])
    api.environments.update(slug="staging", is_gateway_fallback=True, is_default=True)
    assert (flags(api, "is_default"), flags(api, "is_gateway_fallback")) == (["staging"], ["staging"])
    api.environments.create(slug="eu", name="EU", is_gateway_fallback=True)
    assert flags(api, "is_gateway_fallback") == ["eu"]
    with refused(409, "GATEWAY_FALLBACK_REQUIRED"):
        api.environments.update(slug="eu", is_gateway_fallback=False)
    with refused(409, "DEFAULT_ENVIRONMENT_REQUIRED"):
        api.environments.update(slug="staging", is_default=False)


def test_who_took_a_role_from_an_environment_is_written_down(to11: LocalTo11, api: Api) -> None:
    prod = api.environments.get(slug="prod")
    taker = Api.of(to11, api_key=to11.create_key(permissions=BOTH))
    staging = taker.environments.update(slug="staging", is_gateway_fallback=True, is_default=True)
    changed = api.environments.get(slug="prod")
    assert (changed.updated_at, changed.updated_by) == (staging.updated_at, staging.updated_by)
    assert changed.updated_by != prod.updated_by
    qa = api.environments.create(slug="qa", name="QA", is_default=True)
    assert api.environments.get(slug="staging").updated_at == qa.created_at
    assert api.environments.get(slug="prod") == changed


def test_moving_the_fallback_needs_both_permissions(to11: LocalTo11, api: Api) -> None:
    key = to11.create_key(permissions=BOTH[:1])
    limited = Api.of(to11, api_key=key)
    limited.environments.create(slug="qa", name="QA", is_gateway_fallback=False)
    for request in (
        lambda: limited.environments.create(slug="eu", name="EU", is_gateway_fallback=True),
        lambda: limited.environments.update(slug="qa", is_gateway_fallback=True),
    ):
        with refused(403, "FORBIDDEN") as refusal:
            request()
        assert refusal.error.details["missing"] == [BOTH[1]]
    reader = Api.of(to11, api_key=to11.create_key(permissions=()))
    with refused(403, "FORBIDDEN") as refusal:
        reader.environments.create(slug="eu", name="EU", is_gateway_fallback=True)
    assert refusal.error.details["missing"] == [*BOTH]
    assert slugs(api) == ["prod", "staging", "qa"]
    both = Api.of(to11, api_key=to11.create_key(permissions=BOTH))
    assert both.environments.update(slug="qa", is_gateway_fallback=True).is_gateway_fallback


def test_system_environments_keep_their_slugs_and_stay(api: Api) -> None:
    with refused(409, "SYSTEM_ENV_IMMUTABLE"):
        api.environments.update(slug="staging", new_slug="stage")
    with refused(409, "SYSTEM_ENV_IMMUTABLE"):
        api.environments.archive(slug="staging")


def test_the_fallback_and_the_default_cannot_be_archived(api: Api) -> None:
    with refused(409, "CANNOT_ARCHIVE_GATEWAY_FALLBACK"):
        api.environments.archive(slug="prod")
    api.environments.create(slug="qa", name="QA", is_default=True)
    with refused(409, "CANNOT_ARCHIVE_DEFAULT"):
        api.environments.archive(slug="qa")


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(clock: Clock) -> Iterator[Api]:
    with LocalTo11(clock=clock) as to11:
        yield Api.of(to11)


def test_the_old_slug_works_for_seven_days(timed: Api, clock: Clock) -> None:
    made = timed.environments.create(slug="qa", name="QA")
    (version_id,) = timed.rule("r", 1)
    renamed = timed.environments.update(slug="qa", new_slug="quality")
    assert (renamed.id, renamed.slug) == (made.id, "quality")
    clock.turn(days=7, seconds=-1)
    assert timed.environments.get(slug="qa") == renamed
    assert timed.environments.update(slug="qa", description="d").slug == "quality"
    release = timed.releases.set(rule_id="r", env_slug="qa", strategy="single", version_id=version_id)
    assert (release.environment_id, release.env_slug) == (made.id, "quality")
    assert timed.releases.list(rule_id="r", env_slug="qa") == [release]
    clock.turn(seconds=1)
    with refused(404, "ENVIRONMENT_NOT_FOUND") as refusal:
        timed.environments.get(slug="qa")
    assert refusal.error.details["slug"] == "qa"
    assert timed.environments.get(slug="quality").id == made.id


def test_an_alias_keeps_its_slug_from_others_while_it_lives(timed: Api, clock: Clock) -> None:
    made = timed.environments.create(slug="qa", name="QA")
    timed.environments.create(slug="other", name="Other")
    timed.environments.update(slug="qa", new_slug="quality")
    with refused(409, "ENVIRONMENT_SLUG_TAKEN") as refusal:
        timed.environments.create(slug="qa", name="New")
    assert "'qa' was that of the environment 'quality'" in str(refusal.error)
    assert "free again 7 days after" in str(refusal.error)
    with refused(409, "ENVIRONMENT_SLUG_TAKEN"):
        timed.environments.update(slug="other", new_slug="qa")
    back = timed.environments.update(slug="quality", new_slug="qa")
    assert (back.id, timed.environments.get(slug="quality").id) == (made.id, made.id)
    clock.turn(days=7)
    assert timed.environments.create(slug="quality", name="New").id != made.id
    assert timed.environments.get(slug="qa").id == made.id


def test_a_renamed_environment_is_archived_and_restored_by_either_slug(timed: Api) -> None:
    made = timed.environments.create(slug="qa", name="QA")
    timed.environments.update(slug="qa", new_slug="quality")
    assert timed.environments.archive(slug="qa").environment.slug == "quality"
    assert timed.environments.restore(slug="qa").id == made.id
    timed.environments.archive(slug="quality")
    assert timed.environments.restore(slug="quality").archived_at is None


def test_archiving_clears_what_the_environment_pointed_at(to11: LocalTo11, api: Api) -> None:
    api.environments.create(slug="qa", name="QA")
    prompt, version = api.prompt("a", versions=1)
    for label in ("qa", "live"):
        api.prompts.move_label(prompt_id=prompt.id, label=label, version_id=version.id)
    (first,), (second,) = api.rule("r", 1), api.rule("s", 1)
    api.releases.set(rule_id="r", env_slug="qa", strategy="single", version_id=first)
    api.releases.set(rule_id="s", env_slug="qa", strategy="single", version_id=second)
    elsewhere = api.releases.set(rule_id="s", env_slug="staging", strategy="single", version_id=second)
    to11.enable_provider("qa", "openai")
    to11.disable_provider("qa", "anthropic")

    result = api.environments.archive(slug="qa")
    assert result.live_pointer_counts.model_dump() == {"prompts": 1, "providers": 1, "rules": 2}
    assert result.environment.archived_at is not None
    assert [pointer.label for pointer in api.prompts.list_labels(prompt_id=prompt.id)] == ["live"]
    (closed,) = api.releases.list(rule_id="r", env_slug="qa")
    assert closed.active_to == result.environment.archived_at
    assert elsewhere in api.releases.list(rule_id="s")

    again = api.environments.archive(slug="qa")
    assert again.live_pointer_counts.model_dump() == {"prompts": 0, "providers": 0, "rules": 0}
    assert again.environment == result.environment
    assert slugs(api) == ["prod", "staging"]
    assert slugs(api, include_archived=True) == ["prod", "staging", "qa"]
    assert api.environments.get(slug="qa") == result.environment
    for write in (
        lambda: api.environments.update(slug="qa", name="X"),
        lambda: api.releases.set(rule_id="r", env_slug="qa", strategy="single", version_id=first),
        lambda: api.releases.rollback(rule_id="r", env_slug="qa", reason="x"),
    ):
        with refused(409, "ENVIRONMENT_ARCHIVED"):
            write()

    restored = api.environments.restore(slug="qa")
    assert (restored.id, restored.archived_at) == (result.environment.id, None)
    assert api.environments.restore(slug="qa") == restored
    assert [pointer.label for pointer in api.prompts.list_labels(prompt_id=prompt.id)] == ["live"]


def test_archiving_clears_labels_of_former_slugs_while_they_live(timed: Api, clock: Clock) -> None:
    prompt, version = timed.prompt("a", versions=1)
    gone, gone_version = timed.prompt("gone", versions=1)
    for slug in ("first", "second", "third"):
        for found, pointed in ((prompt, version), (gone, gone_version)):
            timed.prompts.move_label(prompt_id=found.id, label=slug, version_id=pointed.id)
    timed.prompts.archive(prompt_id=gone.id)
    timed.environments.create(slug="first", name="QA")
    timed.environments.update(slug="first", new_slug="second")
    clock.turn(days=7)
    timed.environments.update(slug="second", new_slug="third")
    assert timed.prompts.resolve(slug="a", labels=["second"]).version_id == version.id

    counts = timed.environments.archive(slug="third").live_pointer_counts
    assert counts.model_dump() == {"prompts": 2, "providers": 0, "rules": 0}
    assert [pointer.label for pointer in timed.prompts.list_labels(prompt_id=prompt.id)] == ["first"]
    assert len(timed.prompts.list_labels(prompt_id=gone.id)) == 3


def test_a_slug_that_was_used_again_blocks_the_restore(api: Api) -> None:
    first = api.environments.create(slug="qa", name="First")
    api.environments.archive(slug="qa")
    second = api.environments.create(slug="qa", name="Second")
    assert api.environments.get(slug="qa") == second
    with refused(409, "ENVIRONMENT_SLUG_TAKEN"):
        api.environments.restore(slug="qa")
    api.environments.update(slug="qa", new_slug="second")
    with refused(409, "ENVIRONMENT_SLUG_TAKEN"):
        api.environments.restore(slug="qa")
    api.environments.archive(slug="second")
    assert api.environments.get(slug="qa") == api.environments.get(slug="second")
    assert {first.id, second.id} <= {env.id for env in api.environments.list(include_archived=True)}


def test_an_unknown_environment_is_not_found(api: Api) -> None:
    api.rule("r", 1)
    for request in (
        lambda: api.environments.get(slug="nope"),
        lambda: api.environments.update(slug="nope", name="X"),
        lambda: api.environments.archive(slug="nope"),
        lambda: api.environments.restore(slug="nope"),
        lambda: api.releases.set(rule_id="r", env_slug="nope", strategy="single", version_id="v"),
        lambda: api.releases.list(rule_id="r", env_slug="nope"),
    ):
        with refused(404, "ENVIRONMENT_NOT_FOUND"):
            request()
