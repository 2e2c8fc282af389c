"""Each row of the endpoint table, called through the client against a local to11: the typed result."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from to11ai_sdk import (
    ArchiveProjectEnvironmentResult,
    PaginatedLabelEvents,
    PaginatedResult,
    ProjectEnvironment,
    ProjectPromptLabel,
    ProjectPromptLabelUsage,
    Prompt,
    PromptLabelPointer,
    PromptVersion,
    ResolvedPrompt,
    RuleRelease,
    RuleReleaseWeight,
    RuleSnapshot,
    RuleVersion,
    To11aiClient,
)
from to11ai_sdk.local import LocalTo11
from to11ai_sdk.resources.table import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TEMPLATE = {"messages": [{"role": "system", "name": "tone", "content": "Greet {{ name }}."}]}
VARIABLES = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
SNAPSHOT = {
    "endpoint": "chat",
    "strategy": "single",
    "target": {"providerId": "openai", "modelId": "gpt-4o-mini", "params": {"temperature": 0}},
}


class World(NamedTuple):
    """A local to11 with a prompt of two versions, a label that moved, and a rule of two released versions."""

    to11: LocalTo11
    client: To11aiClient
    p: dict[str, Any]
    """The project."""
    pm: dict[str, Any]
    """The prompt."""
    ru: dict[str, Any]
    """The rule."""
    versions: list[PromptVersion]
    rule_versions: list[RuleVersion]
    releases: list[RuleRelease]


def built(to11: LocalTo11, client: To11aiClient) -> World:
    p = {"project_id": to11.project_id}
    prompt = client.prompts.create(**p, name="Welcome", slug="welcome", tags=["email"])
    pm = {**p, "prompt_id": prompt.id}
    versions = [
        client.prompts.create_version(
            **pm, format="chat", template_json=TEMPLATE, variables_schema=VARIABLES, changelog=f"number {number}"
        )
        for number in (1, 2)
    ]
    for version, reason in zip(versions, ("first", "better"), strict=True):
        client.prompts.move_label(**pm, label="production", version_id=version.id, reason=reason)
    ru = {**p, "rule_id": to11.create_rule("chat-rule")}
    rules = [client.routing_rules.versions.create(**ru, snapshot=SNAPSHOT, description=text) for text in "ab"]
    releases = [
        client.routing_rules.releases.set(**ru, env_slug="staging", strategy="single", version_id=rule.id)
        for rule in rules
    ]
    return World(to11, client, p, pm, ru, versions, rules, releases)


@pytest.fixture
def world() -> Iterator[World]:
    with LocalTo11() as to11, to11.client() as client:
        yield built(to11, client)


CHECKS: dict[str, Callable[[World], None]] = {}


def row(name: str) -> Callable[[Callable[[World], None]], Callable[[World], None]]:
    def declare(check: Callable[[World], None]) -> Callable[[World], None]:
        CHECKS[name] = check
        return check

    return declare


@pytest.mark.parametrize("name", ENDPOINTS)
def test_a_row_makes_its_round_trip(world: World, name: str) -> None:
    CHECKS[name](world)
    assert (name, 200) in {(seen.row, seen.status) for seen in world.to11.requests}


def recent(moment: datetime) -> bool:
    return abs(datetime.now(timezone.utc) - moment) < timedelta(minutes=1)


# --- prompts


@row("prompts.create")
def create_prompt(world: World) -> None:
    made = world.client.prompts.create(**world.p, name="Grüß dich", slug="hi", description="d", tags=["a", "b"])
    assert isinstance(made, Prompt)
    assert (made.name, made.slug, made.description, made.tags) == ("Grüß dich", "hi", "d", ["a", "b"])
    assert made.project_id == world.to11.project_id
    assert recent(made.created_at)


@row("prompts.list")
def list_prompts(world: World) -> None:
    world.client.prompts.create(**world.p, name="Other", slug="other")
    page = world.client.prompts.list(**world.p, page=2, limit=1)
    assert isinstance(page, PaginatedResult)
    assert len(page.items) == 1
    assert (page.pagination.page, page.pagination.limit) == (2, 1)
    assert (page.pagination.total, page.pagination.total_pages) == (2, 2)
    assert {prompt.slug for prompt in world.client.prompts.list(**world.p).items} == {"welcome", "other"}
    assert [prompt.slug for prompt in world.client.prompts.list(**world.p, tags="email").items] == ["welcome"]


@row("prompts.get")
def get_prompt(world: World) -> None:
    found = world.client.prompts.get(**world.pm)
    assert isinstance(found, Prompt)
    assert (found.id, found.slug, found.tags) == (world.pm["prompt_id"], "welcome", ["email"])


@row("prompts.update")
def update_prompt(world: World) -> None:
    changed = world.client.prompts.update(**world.pm, name="Hello", description="new", tags=[])
    assert isinstance(changed, Prompt)
    assert (changed.name, changed.description, changed.tags, changed.slug) == ("Hello", "new", [], "welcome")
    assert world.client.prompts.update(**world.pm, description="").description in (None, "")
    assert world.client.prompts.get(**world.pm).name == "Hello"


@row("prompts.archive")
def archive_prompt(world: World) -> None:
    archived = world.client.prompts.archive(**world.pm)
    assert isinstance(archived, Prompt)
    assert archived.status == "archived"


@row("prompts.create_version")
def create_version(world: World) -> None:
    made = world.client.prompts.create_version(
        **world.pm,
        format="text",
        template_json={"text": "Hi {{ name }}"},
        variables_schema=VARIABLES,
        model_config={"model": "m", "temperature": 0.5},
        changelog="third",
    )
    assert isinstance(made, PromptVersion)
    assert (made.version, made.format, made.changelog) == (3, "text", "third")
    assert made.template_json == {"text": "Hi {{ name }}"}
    assert made.variables_schema == VARIABLES
    assert made.model_config_ == {"model": "m", "temperature": 0.5}


@row("prompts.list_versions")
def list_versions(world: World) -> None:
    found = world.client.prompts.list_versions(**world.pm)
    assert all(isinstance(version, PromptVersion) for version in found)
    assert {version.id for version in found} == {version.id for version in world.versions}


@row("prompts.get_version")
def get_version(world: World) -> None:
    assert world.client.prompts.get_version(**world.pm, version_number=2) == world.versions[1]


@row("prompts.move_label")
def move_label(world: World) -> None:
    moved = world.client.prompts.move_label(
        **world.pm, label="production", version_id=world.versions[0].id, reason="back"
    )
    assert isinstance(moved, PromptLabelPointer)
    assert (moved.label, moved.version_id) == ("production", world.versions[0].id)
    assert moved.prompt_id == world.pm["prompt_id"]
    assert recent(moved.updated_at)


@row("prompts.list_labels")
def list_labels(world: World) -> None:
    [pointer] = world.client.prompts.list_labels(**world.pm)
    assert isinstance(pointer, PromptLabelPointer)
    assert (pointer.label, pointer.version_id) == ("production", world.versions[1].id)


@row("prompts.resolve")
def resolve(world: World) -> None:
    prompt = world.client.prompts.resolve(
        **world.p, slug="welcome", labels=["vip", "production"], variables={"name": "Ada"}
    )
    assert isinstance(prompt, ResolvedPrompt)
    assert [(message.role, message.content) for message in prompt.messages] == [("system", "Greet Ada.")]
    assert (prompt.version, prompt.version_id) == (2, world.versions[1].id)
    assert type(prompt.version) is int
    assert prompt.labels == ["production"]
    assert prompt.content_hash.startswith("sha256:")
    assert prompt.block_render_record == {"tone": "rendered"}


# --- label moves


def moves(page: Any) -> list[tuple[str | None, str, str | None]]:
    assert isinstance(page, PaginatedLabelEvents)
    assert all(recent(event.moved_at) for event in page.items)
    return [(event.from_version_id, event.to_version_id, event.reason) for event in page.items]


def check_moves(world: World, **scope: Any) -> None:
    one, two = (version.id for version in world.versions)
    assert sorted(moves(world.client.prompts.list_label_events(**world.p, **scope)), key=str) == sorted(
        [(None, one, "first"), (one, two, "better")], key=str
    )
    page = world.client.prompts.list_label_events(**world.p, **scope, page=2, limit=1)
    assert (len(page.items), page.pagination.total, page.pagination.total_pages) == (1, 2, 2)
    tomorrow = datetime.now(timezone.utc) + timedelta(days=1)
    assert moves(world.client.prompts.list_label_events(**world.p, **scope, since=tomorrow)) == []
    assert len(moves(world.client.prompts.list_label_events(**world.p, **scope, until=tomorrow))) == 2


@row("prompts.list_label_events")
def label_events(world: World) -> None:
    check_moves(world, scope="label", prompt_id=world.pm["prompt_id"], label="production")


@row("prompts.list_prompt_label_events")
def prompt_label_events(world: World) -> None:
    check_moves(world, scope="prompt", prompt_id=world.pm["prompt_id"])
    page = world.client.prompts.list_label_events(**world.pm, scope="prompt", label="vip")
    assert (page.items, page.pagination.total, page.pagination.total_pages) == ([], 0, 0)


@row("prompts.list_project_label_events")
def project_label_events(world: World) -> None:
    check_moves(world, scope="project")
    check_moves(world, scope="project", prompt_id=world.pm["prompt_id"], label="production")


# --- the label registry


@row("prompts.list_project_labels")
def list_project_labels(world: World) -> None:
    world.client.prompts.create_project_label(**world.p, label="old")
    world.client.prompts.delete_project_label(**world.p, label="old")
    found = world.client.prompts.list_project_labels(**world.p)
    assert all(isinstance(label, ProjectPromptLabel) for label in found)
    assert "old" not in [label.label for label in found]
    everything = world.client.prompts.list_project_labels(**world.p, include_archived=True)
    assert "old" in [label.label for label in everything]


@row("prompts.create_project_label")
def create_project_label(world: World) -> None:
    made = world.client.prompts.create_project_label(
        **world.p, label="Beta_1", is_default=True, description="d", display_color="teal"
    )
    assert isinstance(made, ProjectPromptLabel)
    assert (made.label, made.description, made.display_color) == ("Beta_1", "d", "teal")
    assert (made.is_default, made.is_system, made.archived_at) == (True, False, None)


@row("prompts.get_project_label")
def get_project_label(world: World) -> None:
    made = world.client.prompts.create_project_label(**world.p, label="beta")
    assert world.client.prompts.get_project_label(**world.p, label="beta") == made


@row("prompts.update_project_label")
def update_project_label(world: World) -> None:
    world.client.prompts.create_project_label(**world.p, label="beta", description="d", display_color="red")
    changed = world.client.prompts.update_project_label(**world.p, label="beta", is_default=True, display_color="blue")
    assert isinstance(changed, ProjectPromptLabel)
    assert (changed.is_default, changed.display_color, changed.description) == (True, "blue", "d")


@row("prompts.delete_project_label")
def delete_project_label(world: World) -> None:
    world.client.prompts.create_project_label(**world.p, label="beta")
    archived = world.client.prompts.delete_project_label(**world.p, label="beta")
    assert isinstance(archived, ProjectPromptLabel)
    assert archived.archived_at is not None
    assert recent(archived.archived_at)


@row("prompts.list_project_label_usages")
def list_project_label_usages(world: World) -> None:
    [usage] = world.client.prompts.list_project_label_usages(**world.p, label="production")
    assert isinstance(usage, ProjectPromptLabelUsage)
    assert (usage.prompt_slug, usage.prompt_name, usage.version) == ("welcome", "Welcome", 2)
    assert usage.version_id == world.versions[1].id


# --- environments


@row("project_environments.list")
def list_environments(world: World) -> None:
    found = world.client.project_environments.list(**world.p)
    assert all(isinstance(environment, ProjectEnvironment) for environment in found)
    assert {environment.slug for environment in found} == {"prod", "staging"}
    assert all(environment.is_system for environment in found)
    world.client.project_environments.create(**world.p, slug="qa", name="QA")
    world.client.project_environments.archive(**world.p, slug="qa")
    assert len(world.client.project_environments.list(**world.p)) == 2
    assert len(world.client.project_environments.list(**world.p, include_archived=True)) == 3


@row("project_environments.get")
def get_environment(world: World) -> None:
    prod = world.client.project_environments.get(**world.p, slug="prod")
    assert isinstance(prod, ProjectEnvironment)
    assert (prod.slug, prod.is_default, prod.is_gateway_fallback, prod.is_system) == ("prod", True, True, True)


@row("project_environments.create")
def create_environment(world: World) -> None:
    made = world.client.project_environments.create(
        **world.p, slug="qa", name="QA", color="red", description="d", is_gateway_fallback=True, sort_order=9
    )
    assert isinstance(made, ProjectEnvironment)
    assert (made.slug, made.name, made.color, made.description, made.sort_order) == ("qa", "QA", "red", "d", 9)
    assert made.is_gateway_fallback
    assert not world.client.project_environments.get(**world.p, slug="prod").is_gateway_fallback


@row("project_environments.update")
def update_environment(world: World) -> None:
    made = world.client.project_environments.create(**world.p, slug="qa", name="QA")
    changed = world.client.project_environments.update(**world.p, slug="qa", new_slug="quality", name="Quality")
    assert isinstance(changed, ProjectEnvironment)
    assert (changed.id, changed.slug, changed.name) == (made.id, "quality", "Quality")


@row("project_environments.archive")
def archive_environment(world: World) -> None:
    world.client.project_environments.create(**world.p, slug="qa", name="QA")
    result = world.client.project_environments.archive(**world.p, slug="qa")
    assert isinstance(result, ArchiveProjectEnvironmentResult)
    assert result.environment.archived_at is not None
    assert result.live_pointer_counts is not None
    assert result.live_pointer_counts.model_dump() == {"prompts": 0, "providers": 0, "rules": 0}


@row("project_environments.restore")
def restore_environment(world: World) -> None:
    made = world.client.project_environments.create(**world.p, slug="qa", name="QA")
    world.client.project_environments.archive(**world.p, slug="qa")
    restored = world.client.project_environments.restore(**world.p, slug="qa")
    assert isinstance(restored, ProjectEnvironment)
    assert (restored.id, restored.archived_at) == (made.id, None)


# --- routing rules


@row("routing_rules.versions.create")
def create_rule_version(world: World) -> None:
    made = world.client.routing_rules.versions.create(
        **world.ru, snapshot=RuleSnapshot.from_dict(SNAPSHOT), description="third"
    )
    assert isinstance(made, RuleVersion)
    assert (made.rule_id, made.version, made.description) == ("chat-rule", 3, "third")
    assert made.snapshot_json == RuleSnapshot.from_dict(SNAPSHOT)


@row("routing_rules.versions.list")
def list_rule_versions(world: World) -> None:
    found = world.client.routing_rules.versions.list(**world.ru)
    assert found == world.rule_versions[::-1]
    assert world.client.routing_rules.versions.list(**world.ru, cursor=2, limit=5) == world.rule_versions[:1]
    assert world.client.routing_rules.versions.list(**world.ru, limit=1) == world.rule_versions[1:]


@row("routing_rules.versions.get")
def get_rule_version(world: World) -> None:
    first = world.rule_versions[0]
    assert world.client.routing_rules.versions.get(**world.ru, version_id=first.id) == first


@row("routing_rules.releases.set")
def set_release(world: World) -> None:
    one, two = (version.id for version in world.rule_versions)
    single = world.client.routing_rules.releases.set(
        **world.ru, env_slug="prod", strategy="single", version_id=one, reason="why"
    )
    assert isinstance(single, RuleRelease)
    assert (single.env_slug, single.version_id, single.weights, single.reason) == ("prod", one, None, "why")
    assert (single.change_kind, single.prior_release_id, single.active_to) == ("release_initial", None, None)
    weighted = world.client.routing_rules.releases.set(
        **world.ru,
        env_slug="prod",
        strategy="weighted",
        weights=[RuleReleaseWeight(version_id=one, weight=90), {"versionId": two, "weight": 10}],
    )
    assert weighted.weights is not None
    assert {share.version_id: share.weight for share in weighted.weights} == {one: 90, two: 10}
    assert (weighted.version_id, weighted.prior_release_id) == (None, single.id)


@row("routing_rules.releases.rollback")
def rollback_release(world: World) -> None:
    back = world.client.routing_rules.releases.rollback(**world.ru, env_slug="staging", reason="bad")
    assert isinstance(back, RuleRelease)
    assert (back.version_id, back.change_kind, back.reason) == (
        world.rule_versions[0].id,
        "release_rolled_back",
        "bad",
    )
    target = world.releases[1].id
    again = world.client.routing_rules.releases.rollback(
        **world.ru, env_slug="staging", reason="good", target_release_id=target
    )
    assert again.version_id == world.rule_versions[1].id


def ids(releases: list[RuleRelease]) -> list[str]:
    assert all(isinstance(release, RuleRelease) for release in releases)
    return [release.id for release in releases]


@row("routing_rules.releases.list_all")
def list_all_releases(world: World) -> None:
    first, second = ids(world.releases)
    prod = world.client.routing_rules.releases.set(
        **world.ru, env_slug="prod", strategy="single", version_id=world.rule_versions[0].id
    )
    assert ids(world.client.routing_rules.releases.list(**world.ru)) == [prod.id, second, first]
    assert ids(world.client.routing_rules.releases.list(**world.ru, cursor=prod.id, limit=1)) == [second]


@row("routing_rules.releases.list_env")
def list_environment_releases(world: World) -> None:
    first, second = ids(world.releases)
    assert ids(world.client.routing_rules.releases.list(**world.ru, env_slug="staging")) == [second, first]
    assert ids(world.client.routing_rules.releases.list(**world.ru, env_slug="staging", cursor=second)) == [first]
    assert world.client.routing_rules.releases.list(**world.ru, env_slug="prod") == []


def test_the_fixture_is_a_fresh_local_to11(to11: LocalTo11) -> None:
    assert to11.client().prompts.list(project_id=to11.project_id).items == []
    assert len(to11.requests) == 1
