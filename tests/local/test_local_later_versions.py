"""Calls of later versions of the SDK: what they send more of is understood, and what only they call is refused."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from bound import Api, call, refused

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11

CHAT = {"messages": [{"role": "developer", "content": "Be kind", "name": "d"}, {"role": "user", "content": "Hi"}]}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("path", "since"),
    [
        ("/v1/orgs", "3.0"),
        ("/v1/orgs/o/prompts?limit=5", "3.0"),
        ("/v1/orgs/o/usage/costs?preset=x", "3.0"),
        ("/v1/projects/p/prompts/by-slug/n/labels/qa/render", "2.0"),
        ("/v1/projects/p/prompts/by-slug/n/versions/1/render", "3.0"),
    ],
)
def test_paths_of_later_versions_are_refused_by_name(to11: LocalTo11, method: str, path: str, since: str) -> None:
    reply = call(to11, method, path, b"{}")
    assert (reply.status, reply.json["success"]) == (404, False)
    assert (reply.json["error"]["code"], reply.json["error"]["details"]["code"]) == ("ONLY_IN_LATER_VERSION",) * 2
    assert reply.json["error"]["details"]["since"] == since
    assert f"from to11ai-sdk {since} on" in reply.json["error"]["message"]


@pytest.mark.parametrize("path", ["environments", "prompts/p/versions", "prompts/p/labels"])
@pytest.mark.parametrize("query", ["limit=5", "cursor=c", "cursor=c&limit=5&includeArchived=true"])
def test_cursors_of_lists_without_pages_are_refused_by_name(to11: LocalTo11, path: str, query: str) -> None:
    reply = call(to11, "GET", f"{path}?{query}")
    assert (reply.status, reply.json["error"]["code"]) == (400, "ONLY_IN_LATER_VERSION")
    assert "leave out cursor and limit" in reply.json["error"]["message"]


def test_the_same_lists_without_cursors_and_those_with_pages_are_answered(to11: LocalTo11, api: Api) -> None:
    prompt, _ = api.prompt("a", versions=1)
    api.rule("r", 1)
    for path in ("environments?includeArchived=true", f"prompts/{prompt.id}/versions", f"prompts/{prompt.id}/labels"):
        assert call(to11, "GET", path).status == 200
    for path in (
        "prompts?limit=5",
        "label-events?limit=5",
        "routing/rules/r/versions?limit=5",
        "routing/rules/r/releases?limit=5",
    ):
        assert call(to11, "GET", path).status == 200, path
    assert call(to11, "POST", f"prompts/{prompt.id}/versions?limit=5", b"{}").json["error"]["code"] == "INVALID_INPUT"


def test_a_label_pointer_has_the_reason_of_its_last_move(to11: LocalTo11, api: Api) -> None:
    prompt, first, second = api.prompt("a", versions=2)

    def moved(version_id: str, **more: Any) -> Any:
        body = json.dumps({"versionId": version_id, **more}).encode()
        return call(to11, "PUT", f"prompts/{prompt.id}/labels/qa", body).json["data"]

    assert moved(first.id, reason="why")["reason"] == "why"
    assert call(to11, "GET", f"prompts/{prompt.id}/labels").json["data"][0]["reason"] == "why"
    assert moved(second.id)["reason"] == ""
    assert [event.reason for event in api.prompts.list_label_events(scope="project").items] == [None, "why"]


def resolved(to11: LocalTo11, **more: Any) -> Any:
    body = {"slug": "chat", "labels": ["qa"], **more}
    return call(to11, "POST", "prompts:resolve", json.dumps(body).encode())


def test_the_role_developer_becomes_what_the_caller_says(to11: LocalTo11, api: Api) -> None:
    prompt = api.prompts.create(name="Chat", slug="chat")
    version = api.prompts.create_version(
        prompt_id=prompt.id, format="chat", template_json=CHAT, variables_schema={"type": "object"}
    )
    api.prompts.move_label(prompt_id=prompt.id, label="qa", version_id=version.id)
    for sent, role in (({}, "user"), ({"developerRole": None}, "user"), *_roles("user", "developer", "system")):
        data = resolved(to11, **sent).json["data"]
        assert [message["role"] for message in data["rendered"]["messages"]] == [role, "user"]
        assert data["blockRenderRecord"] == {"d": "rendered"}
    for odd in ("assistant", "", 7, ["user"]):
        reply = resolved(to11, developerRole=odd)
        assert (reply.status, reply.json["error"]["details"]["field"]) == (400, "developerRole")
    with refused(404, "PROMPT_LABELS_NOT_FOUND"):
        api.prompts.resolve(slug="chat", labels=["nope"])


def _roles(*names: str) -> list[tuple[dict[str, Any], str]]:
    return [({"developerRole": name}, name) for name in names]
