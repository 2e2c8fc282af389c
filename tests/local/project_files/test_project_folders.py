"""The folder of a project: which files are read, written and removed."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from project_folder import Folder, write

from to11ai_sdk.cli import commands as cli
from to11ai_sdk.local.bounds import MAX_PROJECT_FILE

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11


def test_pull_keeps_edits_until_it_is_allowed_to_lose_them(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "edited", "server")
    gone = write(to11, "gone", "server")
    folder.run("pull", to11)
    folder.edit("prompts/edited.liquid", "server", "mine")
    (folder.path / "prompts" / "notes.liquid").write_text("my notes", "utf-8")
    with to11.client() as client:
        client.prompts.archive(project_id=to11.project_id, prompt_id=gone)
    write(to11, "new", "server")
    before = folder.files()
    code, said = folder.run("pull", to11)
    assert code == 2
    assert "give --yes" in said
    assert "- prompts/gone.liquid: the project has no such prompt\n" in said
    assert "    -mine\n    +server\n" in said
    assert folder.files() == before
    assert folder.run("pull", to11, "--yes")[0] == 0
    after = folder.files()
    assert after.keys() == {*before, "prompts/new.liquid"} - {"prompts/gone.liquid"}
    assert b"server" in after["prompts/edited.liquid"]
    assert after["prompts/notes.liquid"] == b"my notes"


def test_a_prompt_stays_in_the_file_it_is_in(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "one", "1")
    folder.run("pull", to11)
    prompts = folder.path / "prompts"
    (prompts / "one.liquid").rename(prompts / "two.liquid")
    write(to11, "two", "2")
    folder.run("pull", to11)
    assert len(folder.files()) == 4
    assert b'slug: "one"' in folder.files()["prompts/two.liquid"]
    assert folder.run("push", to11, "--check")[0] == 0


def test_without_the_folder_of_prompts_none_is_archived(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "kept", "Hello")
    folder.run("pull", to11)
    (folder.path / "prompts" / "kept.liquid").unlink()
    (folder.path / "prompts").rmdir()
    assert folder.run("push", to11, "--yes", "--prune") == (0, "The project is what the files say.\n")


def test_files_of_editors_are_not_read_and_a_folder_is_no_file(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "one", "Hello")
    folder.run("pull", to11)
    (folder.path / "prompts" / ".#one.liquid").write_text("locked", "utf-8")
    assert folder.run("push", to11, "--check")[0] == 0
    (folder.path / "prompts" / "two.liquid").mkdir()
    code, said = folder.run("push", to11, "--check")
    assert code == 2
    assert "two.liquid is not a file" in said


def test_prompts_can_be_in_folders(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "one", "Hello")
    folder.run("pull", to11)
    team = folder.path / "prompts" / "team" / "support"
    team.mkdir(parents=True)
    (folder.path / "prompts" / "one.liquid").rename(team / "one.LIQUID")
    (folder.path / "prompts" / ".git").mkdir()
    (folder.path / "prompts" / ".git" / "two.liquid").write_text("not a prompt", "utf-8")
    assert folder.run("push", to11, "--check", "--prune") == (0, "The project is what the files say.\n")
    folder.edit("prompts/team/support/one.LIQUID", "Hello", "Hi")
    assert "~ prompts/team/support/one.LIQUID\n" in folder.run("pull", to11)[1]
    assert folder.run("push", to11, "--yes")[0] == 0
    assert "The files are what the project is." in folder.run("pull", to11)[1]


def test_no_link_leads_out_of_the_folder(to11: LocalTo11, folder: Folder, tmp_path: Path) -> None:
    write(to11, "one", "Hello")
    folder.run("pull", to11)
    outside = tmp_path / "outside"
    (folder.path / "prompts").rename(outside)
    (outside / "one.liquid").unlink()
    try:
        (folder.path / "prompts").symlink_to(outside)
    except OSError:
        pytest.skip("this system allows no links")
    for command in ("pull", "push"):
        code, said = folder.run(command, to11, "--yes")
        assert (code, list(outside.iterdir())) == (2, [])
        assert "is a link that leads out of" in said
    (folder.path / "prompts").unlink()
    outside.rename(folder.path / "prompts")
    (folder.path / "prompts" / "one.liquid").symlink_to(tmp_path / "secrets")
    (folder.path / "labels.yaml").rename(tmp_path / "labels.yaml")
    assert "one.liquid is a link that leads out of" in folder.run("push", to11, "--check")[1]
    (folder.path / "prompts" / "one.liquid").unlink()
    (folder.path / "labels.yaml").symlink_to(tmp_path / "labels.yaml")
    assert "labels.yaml is a link that leads out of" in folder.run("pull", to11, "--yes")[1]
    (folder.path / "labels.yaml").unlink()
    (folder.path / "more").mkdir()
    (folder.path / "prompts" / "team").symlink_to(folder.path / "more")
    assert "team is a link to a folder, which is not followed" in folder.run("push", to11, "--check")[1]


def test_a_link_within_the_folder_is_a_file_of_it(
    to11: LocalTo11, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(to11, "one", "Hello")
    folder.run("pull", to11)
    monkeypatch.chdir(folder.path.parent)
    shared = folder.path / "shared.txt"
    (folder.path / "prompts" / "one.liquid").rename(shared)
    try:
        (folder.path / "prompts" / "one.liquid").symlink_to(shared)
    except OSError:
        pytest.skip("this system allows no links")
    folder.path = Path(folder.path.name)
    assert folder.run("push", to11, "--check")[0] == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such files")
def test_what_has_no_end_is_not_read(to11: LocalTo11, folder: Folder) -> None:
    folder.run("pull", to11)
    (folder.path / "prompts").mkdir()
    os.mkfifo(folder.path / "prompts" / "one.liquid")
    assert "one.liquid is not a file" in folder.run("push", to11, "--check")[1]
    (folder.path / "prompts" / "one.liquid").unlink()
    with (folder.path / "prompts" / "two.liquid").open("wb") as file:
        file.truncate(MAX_PROJECT_FILE + 1)
    assert "two.liquid has more than" in folder.run("push", to11, "--check")[1]


@pytest.mark.parametrize("command", ["pull", "push"])
def test_a_folder_without_a_name_is_not_the_present_one(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main([command, ""])
    assert "the name of a folder is empty" in capsys.readouterr().err


def test_pull_takes_no_folder_of_something_else(to11: LocalTo11, folder: Folder) -> None:
    folder.path.mkdir()
    (folder.path / "labels.yaml").write_text("- name: bug\n  color: red\n", "utf-8")
    before = folder.files()
    code, said = folder.run("pull", to11, "--yes")
    assert (code, folder.files()) == (2, before)
    assert "labels.yaml is no file of a project of to11; choose another folder" in said


def test_what_cannot_be_written_is_reported(to11: LocalTo11, folder: Folder, tmp_path: Path) -> None:
    write(to11, "one", "Hello")
    folder.path.mkdir()
    (folder.path / "prompts").write_text("a file", "utf-8")
    code, said = folder.run("pull", to11)
    assert code == 2
    assert "\n0 of 3 files changed.\n" in said
    assert re.search(r"prompts: \w", said)
    folder.path = folder.path / "prompts"
    code, said = folder.run("pull", to11)
    assert code == 2
    assert "prompts is not a folder" in said


def test_pull_removes_a_second_file_of_a_prompt_and_says_why(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "one", "Hello")
    folder.run("pull", to11)
    prompts = folder.path / "prompts"
    (prompts / "two.liquid").write_bytes((prompts / "one.liquid").read_bytes())
    assert "- prompts/two.liquid: one.liquid is of the same prompt\n" in folder.run("pull", to11, "--yes")[1]
    assert folder.run("push", to11, "--check")[0] == 0


def test_two_files_with_one_slug_and_settings_that_are_no_object_are_mistakes(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "one", "Hello")
    folder.run("pull", to11)
    prompts = folder.path / "prompts"
    (prompts / "two.liquid").write_bytes((prompts / "one.liquid").read_bytes())
    assert re.search(r"two.liquid:1: .*one.liquid has the slug 'one', too", folder.run("push", to11)[1])
    (prompts / "two.liquid").unlink()
    (folder.path / "labels.yaml").write_text("\nproduction: 1\n", "utf-8")
    assert "labels.yaml:2: expected an object" in folder.run("push", to11)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_file_that_cannot_be_written_whole_stays_what_it_was(to11: LocalTo11, folder: Folder) -> None:
    import resource

    write(to11, "one", "Hello")
    folder.run("pull", to11)
    folder.edit("prompts/one.liquid", "Hello", "mine")
    before, limits = folder.files(), resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limits[1]))
    try:
        code, said = folder.run("pull", to11, "--yes")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (code, folder.files()) == (2, before)
    assert "\n0 of 1 files changed.\n" in said
