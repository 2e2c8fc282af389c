"""``to11ai pull`` and ``to11ai push``: a project as files, exactly, and back."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from project_folder import Folder, fill, prompt_id, versions, write

from to11ai_sdk.local.project_files.folder import read_lines
from to11ai_sdk.local.project_files.prompt_file import read_prompt_file

if TYPE_CHECKING:
    import pytest

    from to11ai_sdk.local import LocalTo11


def test_a_project_of_500_prompts_goes_round_exactly(
    to11: LocalTo11, other: LocalTo11, folder: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(to11, 500)
    assert folder.run("pull", to11)[0] == 0
    assert len(folder.files()) == 502
    assert folder.run("push", to11, "--check") == (0, "The project is what the files say.\n")
    assert folder.run("push", other, "--check")[0] == 1
    code, said = folder.run("push", other, "--yes")
    assert (code, said.splitlines()[-1]) == (0, "504 of 504 changes applied.")
    assert folder.run("push", other, "--check") == (0, "The project is what the files say.\n")
    back = Folder(tmp_path / "back", capsys)
    assert back.run("pull", other)[0] == 0
    assert back.files() == folder.files()
    assert "The files are what the project is." in back.run("pull", other)[1]


def test_a_changed_text_becomes_a_version_and_its_label_moves(to11: LocalTo11, folder: Folder) -> None:
    made = write(to11, "greeting", "Hello", "Hello, beta")
    folder.run("pull", to11)
    folder.edit("prompts/greeting.liquid", "=== text\nHello\n", "=== text\nGood day\n")
    code, said = folder.run("push", to11, "--check")
    assert code == 1
    plan = "~ prompt greeting: create 1 new version, move the label production from version 1 to the new version"
    assert plan in said
    assert "    -Hello\n    +Good day\n" in said
    code, said = folder.run("push", to11, "--yes", "--reason", "politer")
    assert (code, said.splitlines()[-1]) == (0, "1 of 1 changes applied.")
    assert versions(to11, made) == ["Good day", "Hello, beta", "Hello"]
    with to11.client() as client:
        newest = client.prompts.get_version(project_id=to11.project_id, prompt_id=made, version_number=3)
        events = client.prompts.list_label_events(project_id=to11.project_id, scope="project")
    assert (newest.changelog, events[0].reason) == ("politer", "politer")
    folder.edit("prompts/greeting.liquid", "Good day\n", "Hello\n")
    assert "from version 3 to version 1" in folder.run("push", to11, "--yes")[1]
    assert len(versions(to11, made)) == 3
    assert folder.run("push", to11, "--yes") == (0, "The project is what the files say.\n")


def test_names_descriptions_and_tags_are_changed_and_cleared(to11: LocalTo11, folder: Folder) -> None:
    made = write(to11, "greeting", "Hello", description="old", tags=["old"])
    folder.run("pull", to11)
    folder.edit("prompts/greeting.liquid", 'description: "old"\ntags: ["old"]\n', "# a comment\n")
    folder.edit("prompts/greeting.liquid", "Name of greeting", "Other name")
    assert "~ prompt greeting: change name and description and tags" in folder.run("push", to11, "--yes")[1]
    with to11.client() as client:
        row = client.prompts.get(project_id=to11.project_id, prompt_id=made)
    assert (row.name, row.description, row.tags) == ("Other name", None, [])
    assert "The files are what the project is." in folder.run("pull", to11)[1]
    assert b"# a comment" in folder.files()["prompts/greeting.liquid"]


def test_labels_and_environments_are_created_and_changed_and_archived_only_if_asked(
    to11: LocalTo11, folder: Folder
) -> None:
    write(to11, "old", "Hello")
    write(to11, "kept", "Hello")
    with to11.client() as client:
        client.prompts.create_project_label(project_id=to11.project_id, label="gone", description="x", is_default=True)
        client.project_environments.create(project_id=to11.project_id, slug="gone", name="Gone")
    folder.run("pull", to11)
    (folder.path / "prompts" / "old.liquid").unlink()
    (folder.path / "labels.yaml").write_text('new: {"description": "n"}\nproduction: {}\n', "utf-8")
    text = 'prod: {"name": "P"}\nstaging: {"name": "Staging", "is_default": true, "is_gateway_fallback": true}\n'
    (folder.path / "environments.yaml").write_text(text, "utf-8")
    code, said = folder.run("push", to11, "--yes")
    assert code == 0
    assert '+ create the label new\n    description: "n"\n' in said
    assert '~ change the environment prod: name\n    name: "Production" -> "P"\n' in said
    assert "~ change the label production: is_default\n    is_default: true -> false\n" in said
    for kind in ("label gone", "environment gone", "prompt old"):
        assert f"Only on the server, and stays: the {kind}\n" in said
    assert folder.run("push", to11, "--check")[0] == 0
    code, said = folder.run("push", to11, "--check", "--prune")
    assert code == 1
    assert "- archive the prompt old\n" in said
    assert folder.run("push", to11, "--yes", "--prune")[0] == 0
    assert "Only on" not in folder.run("push", to11, "--check", "--prune")[1]
    with to11.client() as client:
        project = {"project_id": to11.project_id}
        labels = {row.label: row for row in client.prompts.list_project_labels(**project)}
        environments = {row.slug: row for row in client.project_environments.list(**project)}
        assert [row.slug for row in client.prompts.list(**project)] == ["kept"]
    assert labels.keys() == {"production", "new"}
    assert (labels["production"].is_default, labels["new"].description) == (False, "n")
    assert environments.keys() == {"prod", "staging"}
    assert (environments["prod"].is_default, environments["staging"].is_gateway_fallback) == (False, True)


def test_a_label_that_no_file_has_is_named_because_it_cannot_be_removed(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "greeting", "one", "two")
    folder.run("pull", to11)
    path = folder.path / "prompts" / "greeting.liquid"
    path.write_bytes(
        re.sub(rb"=== version\nlabels: \[\"beta\"\].*?(?==== version)", b"", path.read_bytes(), flags=re.S)
    )
    code, said = folder.run("push", to11, "--check")
    assert code == 0
    assert "stays: the label beta of the prompt greeting, which the API cannot remove\n" in said


def test_the_order_of_names_in_schemas_is_kept_and_no_difference(
    to11: LocalTo11, other: LocalTo11, folder: Folder
) -> None:
    with to11.client() as client:
        place = {"project_id": to11.project_id}
        place["prompt_id"] = client.prompts.create(**place, slug="ordered", name="Ordered").id
        settings = {"response_format": {"properties": {"reasoning": {}, "answer": {}}}}
        version = client.prompts.create_version(
            **place, format="text", template_json={"text": "x"}, variables_schema=None, model_config=settings
        )
        client.prompts.move_label(**place, label="production", version_id=version.id)
    folder.run("pull", to11)
    folder.run("push", other, "--yes")
    with other.client() as client:
        place = {"project_id": other.project_id, "prompt_id": prompt_id(other, "ordered")}
        settings = client.prompts.get_version(**place, version_number=1).settings
    assert list(settings["response_format"]["properties"]) == ["reasoning", "answer"]
    properties = '"reasoning": {},\n        "answer": {}'
    folder.edit("prompts/ordered.liquid", properties, '"answer": {},\n        "reasoning": {}')
    assert folder.run("push", to11, "--check")[0] == 0
    assert "The files are what the project is." in folder.run("pull", to11)[1]


def test_the_page_on_prompts_as_code_is_what_happens(to11: LocalTo11, folder: Folder) -> None:
    page = (Path(__file__).parents[3] / "docs" / "prompts-as-code.md").read_text("utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    texts = {kind: [text for of, text in blocks if of == kind] for kind, _ in blocks}
    path = folder.path / "prompts" / "support-reply.liquid"
    path.parent.mkdir(parents=True)
    path.write_text(texts["liquid"][0], "utf-8")
    (folder.path / "labels.yaml").write_text(texts["yaml"][0] + '"production": {"is_default": true}\n', "utf-8")
    assert read_prompt_file("x", read_lines(path)).text == texts["liquid"][0]
    assert folder.run("push", to11, "--yes")[0] == 0
    folder.edit("prompts/support-reply.liquid", "{{ topic }}.", "{{ topic }} in two sentences.")
    commands = [line.split()[1:] for line in texts["sh"][1].splitlines()]
    assert [words[:3] for words in commands] == [
        ["push", "our-prompts", "--check"],
        ["push", "our-prompts", "--yes"],
    ]
    assert folder.run("push", to11, "--yes", "--reason", "shorter answers") == (0, texts["text"][1])
    assert "+ environments.yaml\n" in folder.run("pull", to11, "--yes")[1]
    drawn = set(re.findall(r"^ +([\w-]+\.\w+)", texts["text"][0], re.MULTILINE))
    assert {name.rpartition("/")[2] for name in folder.files()} == drawn
    for line in re.findall(r"run: to11ai (push .*)", texts["yaml"][1]):
        options = re.sub(r" \|\| .*", "", line).split()
        assert folder.run("push", to11, *options[2:])[0] == 0
