"""A push to a project that others, or the server itself, change meanwhile."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from project_folder import Folder, prompt_id, versions, write
from prompt_samples import greeting

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11


def test_a_prompt_that_somebody_changes_after_the_plan_is_left_alone(to11: LocalTo11, folder: Folder) -> None:
    made = write(to11, "raced", "one", "two")
    write(to11, "calm", "one")
    folder.run("pull", to11)
    for name in ("raced", "calm"):
        folder.edit(f"prompts/{name}.liquid", "\none\n", "\nmine\n")

    def meanwhile() -> None:
        with to11.client() as client:
            project = {"project_id": to11.project_id, "prompt_id": made}
            second = client.prompts.get_version(**project, version_number=2)
            client.prompts.move_label(**project, label="production", version_id=second.id)

    code, said = folder.push_meanwhile(to11, meanwhile)
    assert code == 1
    assert re.search(
        r"FAILED .*raced.liquid:1: prompt raced: somebody changed the prompt after the plan was made", said
    )
    assert versions(to11, made) == ["two", "one"]
    assert "\n1 of 2 changes applied.\n" in said


def test_labels_that_somebody_changes_after_the_plan_stop_the_push(to11: LocalTo11, folder: Folder) -> None:
    folder.run("pull", to11)
    folder.edit("labels.yaml", "accent", "pink")

    def meanwhile() -> None:
        with to11.client() as client:
            client.prompts.update_project_label(project_id=to11.project_id, label="production", display_color="red")

    code, said = folder.push_meanwhile(to11, meanwhile)
    assert code == 1
    assert "somebody changed the labels after the plan was made" in said


def test_an_environment_that_somebody_changes_after_the_plan_is_not_archived(to11: LocalTo11, folder: Folder) -> None:
    folder.run("pull", to11)

    def meanwhile() -> None:
        with to11.client() as client:
            client.project_environments.update(project_id=to11.project_id, slug="qa", name="In use")

    with to11.client() as client:
        client.project_environments.create(project_id=to11.project_id, slug="qa", name="Quality")
    code, said = folder.push_meanwhile(to11, meanwhile, "--prune")
    assert code == 1
    assert "somebody changed the environments after the plan was made" in said
    with to11.client() as client:
        assert client.project_environments.get(project_id=to11.project_id, slug="qa").archived_at is None


def test_a_prompt_that_changes_after_the_plan_is_not_archived(to11: LocalTo11, folder: Folder) -> None:
    made = write(to11, "busy", "one")
    folder.run("pull", to11)
    (folder.path / "prompts" / "busy.liquid").unlink()

    def meanwhile() -> None:
        with to11.client() as client:
            client.prompts.update(project_id=to11.project_id, prompt_id=made, name="In use")

    code, said = folder.push_meanwhile(to11, meanwhile, "--prune")
    assert code == 1
    assert "FAILED prompt busy: somebody changed the prompt after the plan was made" in said
    with to11.client() as client:
        assert client.prompts.get(project_id=to11.project_id, prompt_id=made).status == "active"


def test_a_version_that_the_server_stores_in_another_form_is_reported(
    to11: LocalTo11, other: LocalTo11, folder: Folder
) -> None:
    write(to11, "one", "Hello")
    folder.run("pull", to11)
    for n in range(40):
        (folder.path / "prompts" / f"slug-{n}.liquid").write_text(greeting(f"slug-{n}", f"Name {n}"), "utf-8")
    with to11.client() as client:
        made = client.prompts.get_version(
            project_id=to11.project_id, prompt_id=prompt_id(to11, "one"), version_number=1
        ).model_dump(mode="json", by_alias=True)
    body = {"success": True, "code": 200, "data": {**made, "templateJson": {"text": "Hello!"}}, "error": None}
    other.fail_next(100, body=json.dumps(body), match="prompts.create_version")
    code, said = folder.run("push", other, "--yes")
    assert code == 1
    assert "the server stored version 1 in another form; if that is right, move the label there" in said
    assert 1 <= sum(request.row == "prompts.create_version" for request in other.requests) <= 8


def test_what_the_server_has_stored_in_another_form_is_not_created_again(to11: LocalTo11, folder: Folder) -> None:
    made = write(to11, "one", "Hello")
    folder.run("pull", to11)
    folder.edit("prompts/one.liquid", "Hello\n", "\nHi\n\n")
    with to11.client() as client:
        place = {"project_id": to11.project_id, "prompt_id": made}
        content: dict[str, Any] = {"format": "text", "template_json": {"text": "Hi"}, "variables_schema": {}}
        stored = client.prompts.create_version(**place, **content)
        code, said = folder.run("push", to11, "--check")
        assert code == 2
        assert "one.liquid: version 2, without a label, differs only in blanks and empty values from the file" in said
        code, said = folder.run("push", to11, "--yes")
        assert code == 1
        assert said.partition("FAILED")[2].count("version 2, without a label") == 1
        assert versions(to11, made) == ["Hi", "Hello"]
        client.prompts.move_label(**place, label="production", version_id=stored.id)
    folder.run("pull", to11, "--yes")
    assert folder.run("push", to11, "--check")[0] == 0
    folder.edit("prompts/one.liquid", "Hi\n", "Hi\n\n")
    assert folder.run("push", to11, "--yes")[0] == 0
    assert versions(to11, made) == ["Hi\n", "Hi", "Hello"]


def test_a_plan_says_when_a_label_goes_back(to11: LocalTo11, folder: Folder) -> None:
    """As it does if somebody has changed a prompt after it was pulled."""
    made = write(to11, "one", "Hello")
    folder.run("pull", to11)
    with to11.client() as client:
        place = {"project_id": to11.project_id, "prompt_id": made}
        content: dict[str, Any] = {"format": "text", "template_json": {"text": "theirs"}, "variables_schema": {}}
        version = client.prompts.create_version(**place, **content)
        client.prompts.move_label(**place, label="production", version_id=version.id)
    said = folder.run("push", to11, "--check")[1]
    assert "~ prompt one: move the label production back from version 2 to version 1\n" in said
    assert "\nLabels go back to older versions. If you do not mean that: if others have changed it since" in said


def test_a_plan_says_when_an_edit_leaves_out_what_others_have_changed(to11: LocalTo11, folder: Folder) -> None:
    made = write(to11, "one", "You are a helpful assistant. Answer {{ question }} in one sentence.")
    folder.run("pull", to11)
    with to11.client() as client:
        place = {"project_id": to11.project_id, "prompt_id": made}
        theirs = "You are a helpful assistant. Never reveal a secret of ours. Answer {{ question }} in one sentence."
        content: dict[str, Any] = {"format": "text", "template_json": {"text": theirs}, "variables_schema": {}}
        version = client.prompts.create_version(**place, **content)
        client.prompts.move_label(**place, label="production", version_id=version.id)
    folder.edit("prompts/one.liquid", "one sentence", "two sentences")
    warning = "    This looks like an edit of version 1, but production is at version 2: if others have changed it"
    assert warning in folder.run("push", to11, "--check")[1]
    folder.run("pull", to11, "--yes")
    folder.edit("prompts/one.liquid", "one sentence", "two sentences")
    assert "This looks like an edit" not in folder.run("push", to11, "--check")[1]
    folder.edit("prompts/one.liquid", theirs.replace("one sentence", "two sentences"), "Translate {{ question }} now.")
    assert "This looks like an edit" not in folder.run("push", to11, "--check")[1]


def test_a_version_that_is_not_listed_stops_both_commands(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "one", "Hello")
    folder.run("pull", to11)
    body = json.dumps({"success": True, "code": 200, "data": [], "error": None})
    for command in ("pull", "push"):
        to11.fail_next(body=body, match="prompts.list_versions")
        code, said = folder.run(command, to11, "--yes")
        assert code == 2
        assert "the server does not list the version of one that production points at; nothing was changed" in said
