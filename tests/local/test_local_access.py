from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from bound import TEXT, Api, call, refused

from to11ai_sdk.local.service import access
from to11ai_sdk.resources.table import ENDPOINTS

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11


def test_a_missing_or_unknown_key_is_unauthorized(to11: LocalTo11) -> None:
    from bound import connection, send

    path = f"/v1/projects/{to11.project_id}/prompts"
    with connection(to11) as opened:
        for header in ({}, {"Authorization": "Basic abc"}, {"Authorization": "Bearer "}):
            reply = send(opened, "GET", path, headers=header)
            assert (reply.status, reply.code) == (401, "UNAUTHORIZED")
            assert reply.headers["WWW-Authenticate"] == "Bearer"
        reply = send(opened, "GET", path, headers={"Authorization": "bearer nope"})
        assert (reply.status, reply.json["_tag"]) == (401, "UnauthorizedError")
        assert "Bearer" in send(opened, "GET", path).json["error"]["message"]


def test_a_key_opens_its_own_project_and_cannot_tell_which_others_there_are(to11: LocalTo11) -> None:
    other_id, other_key = to11.create_project()
    assert call(to11, "GET", f"/v1/projects/{other_id}/prompts", key=other_key).status == 200
    foreign = call(to11, "GET", f"/v1/projects/{other_id}/prompts")
    unknown = call(to11, "GET", "/v1/projects/proj_nope/prompts")
    assert foreign.status == unknown.status == 403
    assert foreign.code == "FORBIDDEN"
    assert foreign.json == unknown.json
    assert call(to11, "GET", "prompts", key=other_key).status == 403


def test_what_is_in_one_project_is_not_in_another(to11: LocalTo11, api: Api) -> None:
    prompt, version = api.prompt("a", versions=1)
    api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id)
    (rule_version,) = api.rule("r", 1)
    other_id, other_key = to11.create_project()
    other = Api(to11.client(api_key=other_key), other_id)
    assert other.prompts.list().items == []
    assert other.prompts.list_label_events(scope="project").items == []
    assert [env.slug for env in other.environments.list()] == ["prod", "staging"]
    with refused(404, "PROMPT_NOT_FOUND"):
        other.prompts.get(prompt_id=prompt.id)
    with refused(404, "PROMPT_NOT_FOUND"):
        other.prompts.resolve(slug="a", labels=["live"])
    with refused(404, "RULE_NOT_FOUND"):
        other.versions.get(rule_id="r", version_id=rule_version)


def test_a_key_does_only_what_it_may(to11: LocalTo11, api: Api) -> None:
    prompt, version = api.prompt("a", versions=1)
    reader = Api.of(to11, api_key=to11.create_key(permissions={"prompt:read"}))
    assert reader.prompts.get(prompt_id=prompt.id) == prompt.model_copy(
        update={"status": "active", "updated_at": api.prompts.get(prompt_id=prompt.id).updated_at}
    )
    assert reader.environments.get(slug="prod").slug == "prod"
    for permission, request in (
        ("prompt:create", lambda: reader.prompts.create(name="B", slug="b")),
        ("prompt:create", lambda: reader.prompts.create_version(prompt_id=prompt.id, **TEXT)),
        ("prompt:create", lambda: reader.prompts.move_label(prompt_id=prompt.id, label="l", version_id=version.id)),
        ("project:manage_labels", lambda: reader.prompts.create_project_label(label="qa")),
        ("project:manage_environments", lambda: reader.environments.create(slug="qa", name="QA")),
        ("routing:read", lambda: reader.versions.list(rule_id="r")),
        ("routing:write", lambda: reader.versions.create(rule_id="r", snapshot={})),
    ):
        with refused(403, "FORBIDDEN") as refusal:
            request()
        assert refusal.error.details["missing"] == [permission]


def test_a_key_may_be_made_for_nothing_and_for_everything(to11: LocalTo11) -> None:
    assert call(to11, "GET", "prompts", key=to11.create_key(permissions=())).status == 403
    assert call(to11, "GET", "prompts", key=to11.create_key()).status == 200
    with pytest.raises(ValueError, match=r"prompt:delete; there are .*prompt:create"):
        to11.create_key(permissions={"prompt:delete"})
    with pytest.raises(LookupError, match="no project"):
        to11.create_key(project_id="nope")


def test_a_key_takes_every_permission_of_the_platform(to11: LocalTo11) -> None:
    needed = {permission for name in ENDPOINTS for permission in access.needed(name, {"is_gateway_fallback": True})}
    without_a_call = {"env:policies:manage", "keys:create", "keys:rotate", "routing:review"}
    assert needed | without_a_call == access.PERMISSIONS
    assert call(to11, "GET", "prompts", key=to11.create_key(permissions=access.PERMISSIONS)).status == 200


def test_every_permission_stands_on_the_page() -> None:
    page = (Path(__file__).parents[2] / "docs" / "local.md").read_text("utf-8")
    assert [permission for permission in sorted(access.PERMISSIONS) if f"`{permission}`" not in page] == []


def test_each_actor_is_written_down(to11: LocalTo11, api: Api) -> None:
    prompt, version = api.prompt("a", versions=1)
    key = to11.create_key(permissions={"prompt:create"})
    Api.of(to11, api_key=key).prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id)
    (pointer,) = api.prompts.list_labels(prompt_id=prompt.id)
    assert pointer.updated_by_user_id != version.created_by_user_id
    assert key not in pointer.updated_by_user_id
