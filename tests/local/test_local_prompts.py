from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from bound import TEXT, Api, Clock, call, refused

from to11ai_sdk import ToolChatMessage, chat_message_from_dict
from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from to11ai_sdk import PaginatedResult


def slugs(page: PaginatedResult) -> list[str]:
    return [prompt.slug for prompt in page.items]


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def test_a_prompt_is_a_draft_with_what_was_given(api: Api) -> None:
    made = api.prompts.create(name="Welcome", slug="welcome", description="first words", tags=["a", "b", "a"])
    assert made.status == "draft"
    assert (made.project_id, made.name, made.slug) == (api.project_id, "Welcome", "welcome")
    assert (made.description, made.tags) == ("first words", ["a", "b"])
    assert made.created_at == made.updated_at
    assert api.prompts.get(prompt_id=made.id) == made


def test_slug_and_name_are_unique_in_a_project(to11: LocalTo11, api: Api) -> None:
    first = api.prompts.create(name="A", slug="a")
    with refused(409, "PROMPT_SLUG_TAKEN") as refusal:
        api.prompts.create(name="B", slug="a")
    assert refusal.error.details == {"promptId": first.id, "code": "PROMPT_SLUG_TAKEN"}
    with refused(409, "PROMPT_NAME_TAKEN"):
        api.prompts.create(name="A", slug="b")
    other = to11.create_project()
    elsewhere = Api(to11.client(api_key=other.api_key), other.project_id)
    assert elsewhere.prompts.create(name="A", slug="a").id != first.id


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "  "),
        ("name", "\0"),
        ("name", "x" * 201),
        ("slug", "With Capitals"),
        ("slug", ""),
        ("slug", "x" * 201),
        ("slug", "umlaut-ä"),
        ("tags", [" "]),
        ("tags", ["a,b"]),
        ("tags", ["a\0b"]),
        ("tags", ["x" * 65]),
    ],
)
def test_what_a_prompt_may_not_be(api: Api, field: str, value: object) -> None:
    with refused(400, "INVALID_INPUT") as refusal:
        api.prompts.create(**{"name": "A", "slug": "a", field: value})
    assert refusal.error.details["field"] == field


def test_a_field_of_the_wrong_type_or_missing_is_named(to11: LocalTo11) -> None:
    reply = call(to11, "POST", "prompts", json.dumps({"name": 5, "slug": "a"}).encode())
    assert (reply.status, reply.code) == (400, "INVALID_INPUT")
    assert "name" in reply.json["error"]["message"]
    reply = call(to11, "POST", "prompts", b'{"name": "A"}')
    assert "slug is required" in reply.json["error"]["message"]
    assert "JSON object" in call(to11, "POST", "prompts", b"[]").json["error"]["message"]


def test_update_changes_only_what_is_given(api: Api) -> None:
    prompt = api.prompts.create(name="A", slug="a", description="d", tags=["t"])
    assert api.prompts.update(prompt_id=prompt.id) == prompt
    renamed = api.prompts.update(prompt_id=prompt.id, name="B")
    assert (renamed.name, renamed.description, renamed.tags) == ("B", "d", ["t"])
    assert renamed.updated_at > prompt.updated_at
    assert api.prompts.update(prompt_id=prompt.id, name="B").name == "B"
    changed = api.prompts.update(prompt_id=prompt.id, description="", tags=[])
    assert (changed.name, changed.description, changed.tags) == ("B", None, [])
    api.prompts.create(name="C", slug="c")
    with refused(409, "PROMPT_NAME_TAKEN"):
        api.prompts.update(prompt_id=prompt.id, name="C")


def test_an_unknown_prompt_is_not_found_anywhere(api: Api) -> None:
    for request in (
        lambda: api.prompts.get(prompt_id="nope"),
        lambda: api.prompts.update(prompt_id="nope", name="A"),
        lambda: api.prompts.archive(prompt_id="nope"),
        lambda: api.prompts.create_version(prompt_id="nope", **TEXT),
        lambda: api.prompts.list_versions(prompt_id="nope"),
        lambda: api.prompts.get_version(prompt_id="nope", version_number=1),
        lambda: api.prompts.move_label(prompt_id="nope", label="l", version_id="v"),
        lambda: api.prompts.list_labels(prompt_id="nope"),
        lambda: api.prompts.list_label_events(scope="prompt", prompt_id="nope"),
        lambda: api.prompts.list_label_events(scope="label", prompt_id="nope", label="l"),
    ):
        with refused(404, "PROMPT_NOT_FOUND") as refusal:
            request()
        assert refusal.error.details["promptId"] == "nope"


def test_archived_prompts_are_hidden_and_frozen(api: Api) -> None:
    prompt, version = api.prompt("a", versions=1)
    api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id)
    archived = api.prompts.archive(prompt_id=prompt.id)
    assert archived.status == "archived"
    assert api.prompts.archive(prompt_id=prompt.id) == archived
    assert api.prompts.get(prompt_id=prompt.id) == archived
    assert slugs(api.prompts.list()) == []
    assert slugs(api.prompts.list(status="archived")) == ["a"]
    assert [version.version for version in api.prompts.list_versions(prompt_id=prompt.id)] == [1]
    for write in (
        lambda: api.prompts.update(prompt_id=prompt.id, name="B"),
        lambda: api.prompts.create_version(prompt_id=prompt.id, **TEXT),
        lambda: api.prompts.move_label(prompt_id=prompt.id, label="live", version_id=version.id),
    ):
        with refused(409, "PROMPT_ARCHIVED"):
            write()
    with refused(404, "PROMPT_NOT_FOUND"):
        api.prompts.resolve(slug="a", labels=["live"])
    with refused(409, "PROMPT_SLUG_TAKEN"):
        api.prompts.create(name="Other", slug="a")


def test_versions_are_numbered_per_prompt_and_listed_newest_first(api: Api) -> None:
    first, second = api.prompt("a"), api.prompt("b")
    one = api.prompts.create_version(
        prompt_id=first.id, model_config={"model": "m", "temperature": 0.5}, changelog="start", **TEXT
    )
    two = api.prompts.create_version(prompt_id=first.id, **TEXT)
    other = api.prompts.create_version(prompt_id=second.id, **TEXT)
    assert (one.version, two.version, other.version) == (1, 2, 1)
    assert one.model_config_ == {"model": "m", "temperature": 0.5}
    assert (one.changelog, two.changelog, two.model_config_) == ("start", None, None)
    assert (one.template_json, one.variables_schema) == ({"text": "Hello"}, {"type": "object"})
    assert one.created_by_display_name == "local developer"
    assert api.prompts.list_versions(prompt_id=first.id) == [two, one]
    assert api.prompts.get_version(prompt_id=first.id, version_number=1) == one
    assert api.prompts.get(prompt_id=first.id).status == "active"
    with refused(404, "PROMPT_VERSION_NOT_FOUND") as refusal:
        api.prompts.get_version(prompt_id=second.id, version_number=2)
    assert refusal.error.details == {"promptId": second.id, "version": 2, "code": "PROMPT_VERSION_NOT_FOUND"}


def test_a_version_may_have_no_schema_but_must_say_so(to11: LocalTo11, api: Api) -> None:
    prompt = api.prompt("a")
    version = api.prompts.create_version(
        prompt_id=prompt.id, format="text", template_json={"text": "Hello {{ name }}"}, variables_schema=None
    )
    assert version.variables_schema is None
    assert api.prompts.get_version(prompt_id=prompt.id, version_number=1) == version
    api.prompts.move_label(prompt_id=prompt.id, label="production", version_id=version.id)
    resolved = api.prompts.resolve(slug="a", labels=["production"], variables={"name": "Ada"})
    assert resolved.messages[0].content == "Hello Ada"
    with refused(422, "TEMPLATE_RENDER_FAILED"):
        api.prompts.resolve(slug="a", labels=["production"])
    for body, missing in (
        (b'{"format": "text", "templateJson": {"text": "x"}}', "variablesSchema"),
        (b'{"format": "text", "templateJson": null, "variablesSchema": null}', "templateJson"),
    ):
        reply = call(to11, "POST", f"prompts/{prompt.id}/versions", body)
        assert (reply.status, reply.json["error"]["message"]) == (400, f"{missing} is required")


def test_a_tool_of_a_template_is_kept_with_any_parameters(api: Api) -> None:
    prompt = api.prompt("a")
    blocks = [ToolChatMessage(name="plain"), ToolChatMessage(name="none", parameters=None)]
    version = api.prompts.create_version(
        prompt_id=prompt.id, format="chat", template_json={"messages": blocks}, variables_schema=None
    )
    assert [chat_message_from_dict(block) for block in version.template_json["messages"]] == blocks


def test_a_bad_version_is_refused_and_leaves_nothing(to11: LocalTo11, api: Api) -> None:
    prompt = api.prompt("a")
    with refused(400, "INVALID_INPUT"):
        api.prompts.create_version(prompt_id=prompt.id, **{**TEXT, "format": "skill"})
    with refused(422, "TEMPLATE_INVALID"):
        api.prompts.create_version(prompt_id=prompt.id, **{**TEXT, "template_json": {"text": "{{ open"}})
    with refused(422, "VARIABLES_SCHEMA_INVALID"):
        api.prompts.create_version(prompt_id=prompt.id, **{**TEXT, "variables_schema": {"type": "nonsense"}})
    with refused(400, "INVALID_INPUT") as refusal:
        api.prompts.create_version(prompt_id=prompt.id, model_config=nested(65), **TEXT)
    assert refusal.error.details["field"] == "modelConfig"
    assert api.prompts.list_versions(prompt_id=prompt.id) == []
    assert api.prompts.get(prompt_id=prompt.id).status == "draft"
    kept = api.prompts.create_version(prompt_id=prompt.id, model_config=nested(64), **TEXT)
    assert kept.model_config_ == nested(64)
    assert call(to11, "GET", f"prompts/{prompt.id}/versions/{10**30}").status == 400
    assert call(to11, "GET", f"prompts/{prompt.id}/versions/one").status == 400


def test_a_list_filters_sorts_and_pages() -> None:
    clock = Clock()
    with LocalTo11(clock=clock) as to11:
        api = Api.of(to11)
        for slug, tags in (("b", ["x"]), ("c", ["x", "y"]), ("a", ["y", "z"])):
            api.prompts.create(name=slug.upper(), slug=slug, tags=tags)
            clock.turn(seconds=1)
        oldest = api.prompts.list(sort_by="createdAt", limit=1).items[0]
        api.prompts.update(prompt_id=oldest.id, name="Z")
        api.prompts.create_version(prompt_id=api.prompts.list(sort_by="slug").items[0].id, **TEXT)

        assert slugs(api.prompts.list()) == ["a", "c", "b"]
        assert slugs(api.prompts.list(sort_by="createdAt")) == ["b", "c", "a"]
        assert slugs(api.prompts.list(sort_by="slug")) == ["a", "b", "c"]
        assert slugs(api.prompts.list(sort_by="-slug")) == ["c", "b", "a"]
        assert slugs(api.prompts.list(sort_by="-name")) == ["b", "c", "a"]
        assert slugs(api.prompts.list(sort_by="updatedAt")) == ["c", "b", "a"]
        assert slugs(api.prompts.list(tags="x", sort_by="slug")) == ["b", "c"]
        assert slugs(api.prompts.list(tags=" y , x,")) == ["c"]
        assert slugs(api.prompts.list(tags="nope")) == []
        assert slugs(api.prompts.list(status="draft", sort_by="slug")) == ["b", "c"]
        assert slugs(api.prompts.list(status="active")) == ["a"]

        page = api.prompts.list(sort_by="slug", page=2, limit=2)
        assert slugs(page) == ["c"]
        assert page.pagination.model_dump() == {"page": 2, "limit": 2, "total": 3, "total_pages": 2}
        beyond = api.prompts.list(page=9)
        assert (beyond.items, beyond.pagination.total, beyond.pagination.limit) == ([], 3, 20)


@pytest.mark.parametrize(
    "wrong",
    [
        {"sort_by": "id"},
        {"status": "gone"},
        {"page": 0},
        {"page": 2**31},
        {"limit": 0},
        {"limit": 101},
    ],
)
def test_a_list_refuses_what_it_does_not_know(api: Api, wrong: dict[str, object]) -> None:
    with refused(400, "INVALID_INPUT"):
        api.prompts.list(**wrong)
