from __future__ import annotations

import json

from bound import TEXT, Api, Clock, call, refused

from to11ai_sdk.local import LocalTo11


def place(api: Api, prompt_id: str, **labels: str) -> None:
    for label, version_id in labels.items():
        api.prompts.move_label(prompt_id=prompt_id, label=label, version_id=version_id)


def test_the_first_label_that_points_somewhere_wins(api: Api) -> None:
    prompt, one, two = api.prompt("a", versions=2)
    place(api, prompt.id, old=one.id, new=two.id, also_new=two.id)
    resolved = api.prompts.resolve(slug="a", labels=["none", "new", "old", "also_new", "new"])
    assert (resolved.prompt_id, resolved.version_id, resolved.version) == (prompt.id, two.id, 2)
    assert resolved.labels == ["new", "also_new"]
    assert api.prompts.resolve(slug="a", labels=["old", "new"]).labels == ["old"]
    assert resolved.rendered.text == "Hello"
    assert resolved.content_hash.startswith("sha256:")
    assert (resolved.subject_hash, resolved.variant_name) == (None, None)


def test_a_release_id_stands_for_the_move_of_the_label(api: Api) -> None:
    prompt, one, two = api.prompt("a", versions=2)

    def release_id() -> str:
        return str(api.prompts.resolve(slug="a", labels=["live"], cache=False).release_id)

    place(api, prompt.id, live=one.id)
    first = release_id()
    assert first.startswith("pr_")
    assert release_id() == first
    place(api, prompt.id, live=two.id)
    assert release_id() != first


def test_variables_are_rendered_and_checked(to11: LocalTo11, api: Api) -> None:
    prompt = api.prompt("a")
    version = api.prompts.create_version(
        prompt_id=prompt.id,
        format="chat",
        template_json={
            "messages": [
                {"role": "system", "name": "rules", "content": "Be kind."},
                {"role": "user", "content": "I am {{ name }}."},
            ]
        },
        variables_schema={"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    )
    place(api, prompt.id, live=version.id)
    resolved = api.prompts.resolve(slug="a", labels=["live"], variables={"name": "Ada"})
    assert [(message.role, message.content) for message in resolved.messages] == [
        ("system", "Be kind."),
        ("user", "I am Ada."),
    ]
    assert resolved.block_render_record["rules"] == "rendered"
    with refused(422, "VARIABLES_INVALID"):
        api.prompts.resolve(slug="a", labels=["live"], variables={"name": 5})
    with refused(422, "VARIABLES_INVALID"):
        api.prompts.resolve(slug="a", labels=["live"])
    body = json.dumps({"slug": "a", "labels": ["live"], "variables": {"name": "Ada"}}).encode()
    data = call(to11, "POST", "prompts:resolve", body).json["data"]
    assert data["version"] == 1
    assert isinstance(data["version"], int)
    assert data["subjectHash"] is None


def test_the_same_clock_gives_the_same_text_and_hash() -> None:
    clock = Clock()
    with LocalTo11(clock=clock) as to11:
        api = Api.of(to11)
        prompt = api.prompt("a")
        template = {"text": "{{ 'now' | date: '%d.%m.%Y %H:%M' }}"}
        version = api.prompts.create_version(prompt_id=prompt.id, **{**TEXT, "template_json": template})
        place(api, prompt.id, live=version.id)

        def resolved() -> tuple[str, str]:
            found = api.prompts.resolve(slug="a", labels=["live"], cache=False)
            return found.rendered.text, found.content_hash

        first = resolved()
        assert first[0] == "17.06.2026 12:00"
        assert resolved() == first
        clock.turn(minutes=1)
        assert resolved()[1] != first[1]


def test_an_undefined_variable_fails_by_name(api: Api) -> None:
    prompt = api.prompt("a")
    template = {"text": "{{ missing }}"}
    version = api.prompts.create_version(prompt_id=prompt.id, **{**TEXT, "template_json": template})
    place(api, prompt.id, live=version.id)
    with refused(422, "TEMPLATE_RENDER_FAILED") as refusal:
        api.prompts.resolve(slug="a", labels=["live"])
    assert "missing" in str(refusal.error)


def test_what_cannot_be_resolved(api: Api) -> None:
    prompt, version = api.prompt("a", versions=1)
    with refused(404, "PROMPT_NOT_FOUND") as refusal:
        api.prompts.resolve(slug="nope", labels=["live"])
    assert refusal.error.details["slug"] == "nope"
    with refused(404, "PROMPT_LABELS_NOT_FOUND") as refusal:
        api.prompts.resolve(slug="a", labels=["live", "test"])
    assert refusal.error.details["labels"] == ["live", "test"]
    assert refusal.error.details["code"] == "PROMPT_LABELS_NOT_FOUND"
    with refused(400, "INVALID_INPUT"):
        api.prompts.resolve(slug="a", labels=[])
    with refused(400, "INVALID_INPUT"):
        api.prompts.resolve(slug="a", labels=["not a label"])
    place(api, prompt.id, live=version.id)
    assert api.prompts.resolve(slug="a", labels=["test", "live"]).labels == ["live"]
