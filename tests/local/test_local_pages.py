from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from bound import SNAPSHOT, Api, RawReply, call, connection, send

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11


def patch(to11: LocalTo11, settings: Any, key: str | None = None) -> RawReply:
    return call(to11, "PATCH", "/local/settings", json.dumps(settings).encode(), key=key)


def waiting(api: Api) -> str:
    """The id of a new release that waits for approval."""
    if "careful" not in [environment.slug for environment in api.environments.list()]:
        api.environments.create(slug="careful", name="Careful", requires_approval=True)
    version = api.versions.create(rule_id="r", snapshot=SNAPSHOT)
    release = api.releases.set(rule_id="r", env_slug="careful", strategy="single", version_id=version.id)
    assert release.approval_status == "pending"
    return str(release.id)


def settings(to11: LocalTo11) -> Any:
    return call(to11, "GET", "/local/settings").json["data"]


def test_strict_labels_are_switched_while_it_runs(to11: LocalTo11) -> None:
    assert settings(to11) == {"enforceLabelRegistry": False, "strictVariables": True}
    for enforce in (True, False):
        reply = patch(to11, {"enforceLabelRegistry": enforce})
        assert (reply.status, reply.json["data"]) == (200, {"enforceLabelRegistry": enforce})
        assert to11.enforce_label_registry is enforce
        assert settings(to11) == {"enforceLabelRegistry": enforce, "strictVariables": True}


def test_strict_variables_are_switched_while_it_runs(to11: LocalTo11) -> None:
    for strict in (False, True):
        reply = patch(to11, {"strictVariables": strict})
        assert (reply.status, reply.json["data"]) == (200, {"strictVariables": strict})
        assert to11.strict_variables is strict
        assert settings(to11) == {"enforceLabelRegistry": False, "strictVariables": strict}
    both = {"enforceLabelRegistry": True, "strictVariables": False}
    assert patch(to11, both).json["data"] == both == settings(to11)


@pytest.mark.parametrize(
    "wrong",
    [None, [], {}, {"enforceLabelRegistry": 1}, {"enforceLabelRegistry": True, "x": 1}, {"strictVariables": None}],
)
def test_a_setting_that_there_is_not_is_refused(to11: LocalTo11, wrong: Any) -> None:
    reply = patch(to11, wrong)
    assert (reply.status, reply.code) == (400, "INVALID_INPUT")
    assert '{"enforceLabelRegistry": true}' in reply.json["error"]["message"]
    assert (to11.enforce_label_registry, to11.strict_variables) == (False, True)


def test_a_release_that_waits_is_approved_or_rejected(to11: LocalTo11, api: Api) -> None:
    for word, status in (("reject", "rejected"), ("approve", "committed")):
        path = f"/local/releases/{waiting(api)}/{word}"
        assert call(to11, "POST", path).json["data"]["approvalStatus"] == status
        again = call(to11, "POST", path)
        assert (again.status, again.code) == (404, "RELEASE_NOT_FOUND")
    assert api.releases.list(rule_id="r")[0].approval_status == "committed"


def test_a_page_is_for_keys_that_may_do_what_it_does(to11: LocalTo11, api: Api) -> None:
    reader = to11.create_key(permissions={"prompt:read"})
    assert call(to11, "GET", "/local/settings", key=reader).status == 200
    for reply, permission in (
        (patch(to11, {"enforceLabelRegistry": True}, key=reader), "project:manage_labels"),
        (call(to11, "POST", f"/local/releases/{waiting(api)}/approve", key=reader), "routing:review"),
    ):
        assert (reply.status, reply.code) == (403, "FORBIDDEN")
        assert reply.json["error"]["details"]["missing"] == [permission]
    assert to11.enforce_label_registry is False
    with connection(to11) as opened:
        reply = send(opened, "GET", "/local/settings")
        assert (reply.status, reply.headers["WWW-Authenticate"]) == (401, "Bearer")


def test_another_project_is_named_by_a_header(to11: LocalTo11) -> None:
    project_id, key = to11.create_project()
    headers = {"Authorization": f"Bearer {key}", "x-to11-project-id": project_id}
    with connection(to11) as opened:
        reply = send(opened, "PATCH", "/local/settings", b'{"enforceLabelRegistry": true}', headers)
        assert reply.json["data"] == {"enforceLabelRegistry": True}
        reply = send(opened, "GET", "/local/settings", None, headers)
        assert reply.json["data"] == {"enforceLabelRegistry": True, "strictVariables": True}
        assert send(opened, "GET", "/local/settings", None, {"Authorization": f"Bearer {key}"}).status == 403
    assert to11.enforce_label_registry is False


def test_a_page_has_its_methods_only(to11: LocalTo11) -> None:
    assert call(to11, "POST", "/local/settings").headers["Allow"] == "GET, HEAD, PATCH"
    assert call(to11, "GET", "/local/releases/rr_1/approve").headers["Allow"] == "POST"
    assert call(to11, "POST", "/local/releases/rr_1/close").status == 404


def test_a_connection_goes_on_after_a_page(to11: LocalTo11) -> None:
    headers = {"Authorization": f"Bearer {to11.api_key}"}
    with connection(to11) as opened:
        assert send(opened, "GET", "/local/traces", b"not asked for", headers).status == 400
        local = opened.sock.getsockname()
        assert send(opened, "GET", "/local/traces", None, headers).json["data"] == []
        assert opened.sock.getsockname() == local
