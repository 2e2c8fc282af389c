from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from bound import SNAPSHOT, TEXT, Api, refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from to11ai_sdk.local import LocalTo11


@pytest.fixture
def other(to11: LocalTo11) -> Api:
    """A second project."""
    project_id, key = to11.create_project()
    return Api(to11.client(api_key=key, max_retries=0), project_id)


def test_strict_labels_are_a_setting_of_each_project(to11: LocalTo11, api: Api, other: Api) -> None:
    to11.set_enforce_label_registry(True, project_id=other.project_id)
    assert to11.enforce_label_registry is False
    for project, strict in ((api, False), (other, True)):
        prompt = project.prompts.create(name="A", slug="a")
        version = project.prompts.create_version(prompt_id=prompt.id, **TEXT)
        move = {"prompt_id": prompt.id, "label": "unheard-of", "version_id": version.id}
        if strict:
            with refused(422, "PROMPT_LABEL_NOT_REGISTERED"):
                project.prompts.move_label(**move)
        else:
            project.prompts.move_label(**move)
    to11.set_enforce_label_registry(True)
    assert to11.enforce_label_registry is True


def test_strict_variables_are_a_setting_of_each_project(to11: LocalTo11, api: Api, other: Api) -> None:
    source = "Hi {{ name }}{% if user.vip %}, VIP{% endif %}{{ user.nick | default: '!' }}"
    for project in (api, other):
        prompt = project.prompts.create(name="A", slug="a")
        version = project.prompts.create_version(prompt_id=prompt.id, **{**TEXT, "template_json": {"text": source}})
        project.prompts.move_label(prompt_id=prompt.id, label="production", version_id=version.id)
    assert to11.strict_variables is True
    to11.set_strict_variables(False, project_id=other.project_id)
    asked = {"slug": "a", "labels": ["production"], "variables": {"user": {}}}
    assert other.prompts.resolve(**asked).rendered.text == "Hi !"
    with refused(422, "TEMPLATE_RENDER_FAILED"):
        api.prompts.resolve(**asked)
    to11.strict_variables = False
    assert api.prompts.resolve(**asked).rendered.text == "Hi !"
    with pytest.raises(LookupError):
        to11.set_strict_variables(True, project_id="proj_unknown")


def test_rules_providers_and_approvals_are_those_of_the_project_named(to11: LocalTo11, other: Api) -> None:
    at_home = {"project_id": other.project_id}
    rule_id = to11.create_rule(**at_home)
    version = other.versions.create(rule_id=rule_id, snapshot=SNAPSHOT)
    release = {"rule_id": rule_id, "strategy": "single", "version_id": version.id}

    to11.disable_provider("staging", "openai", **at_home)
    with refused(422, "ENV_NOT_ENABLED_FOR_PROVIDER"):
        other.releases.set(env_slug="staging", **release)
    to11.enable_provider("staging", "openai", **at_home)
    other.releases.set(env_slug="staging", **release)

    other.environments.create(slug="careful", name="Careful", requires_approval=True)
    for review, status in ((to11.reject_release, "rejected"), (to11.approve_release, "committed")):
        waiting = other.releases.set(env_slug="careful", **release)
        with pytest.raises(ValueError, match="waits for approval"):
            review(waiting.id)
        review(waiting.id, **at_home)
        assert other.releases.list(rule_id=rule_id)[0].approval_status == status
    assert to11.traces(5, **at_home) == []


@pytest.mark.parametrize(
    "call",
    [
        lambda to11: to11.set_enforce_label_registry(True, project_id="nope"),
        lambda to11: to11.create_key(project_id="nope"),
        lambda to11: to11.create_rule(project_id="nope"),
        lambda to11: to11.disable_provider("prod", "openai", project_id="nope"),
        lambda to11: to11.enable_provider("prod", "openai", project_id="nope"),
        lambda to11: to11.approve_release("rr_1", project_id=""),
        lambda to11: to11.reject_release("rr_1", project_id="nope"),
        lambda to11: to11.traces(project_id="nope"),
    ],
)
def test_a_project_that_there_is_not_is_told(to11: LocalTo11, call: Callable[[LocalTo11], object]) -> None:
    with pytest.raises(LookupError, match="there is no project"):
        call(to11)


def test_a_blank_id_of_a_rule_is_refused(to11: LocalTo11) -> None:
    with pytest.raises(ValueError, match="printable"):
        to11.create_rule("")
