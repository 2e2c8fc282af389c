"""Names of prompts, which a project has only once, as a push exchanges and frees them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from project_folder import Folder, names, write
from prompt_samples import greeting

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11


def test_a_renamed_prompt_frees_its_name_for_a_new_one(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "old", "Hello", name="Greeting")
    folder.run("pull", to11)
    text = (folder.path / "prompts" / "old.liquid").read_text("utf-8")
    (folder.path / "prompts" / "a-new.liquid").write_text(text.replace('"old"', '"new"'), "utf-8")
    folder.edit("prompts/old.liquid", '"Greeting"', '"Former greeting"')
    assert folder.run("push", to11, "--yes")[0] == 0
    assert folder.run("push", to11, "--check")[0] == 0


@pytest.mark.parametrize(
    ("after", "interim"), [("BA", 1), ("BCA", 1), ("BCADEX", 1), ("CABX", 1), ("BADC", 2), ("BCD", 0)]
)
def test_prompts_exchange_their_names(after: str, interim: int, to11: LocalTo11, folder: Folder) -> None:
    """In a circle, in a chain that ends with a free name, and with a new prompt that takes a freed name.

    Only a circle needs an interim name, and only one.
    """
    slugs = [f"slug-{n}" for n in range(len(after))]
    for slug, name in zip(slugs, "ABCDEF", strict=False):
        write(to11, slug, "Hello", name=name)
    folder.run("pull", to11)
    for slug, name in zip([*slugs, "new"], [*after, *(set("ABCDEF"[: len(after)]) - set(after))], strict=False):
        (folder.path / "prompts" / f"{slug}.liquid").write_text(greeting(slug, name), "utf-8")
    assert folder.run("push", to11, "--yes")[0] == 0
    renamed = sum(old != new for old, new in zip("ABCDEF", after, strict=False))
    assert sum(request.row == "prompts.update" for request in to11.requests) == renamed + interim
    assert folder.run("push", to11, "--check")[0] == 0
    assert [names(to11)[slug] for slug in slugs] == list(after)


def test_an_exchange_of_names_that_broke_off_is_finished_by_the_next_push(to11: LocalTo11, folder: Folder) -> None:
    for slug, name in ("one", "A"), ("two", "B"):
        write(to11, slug, "Hello", name=name)
    folder.run("pull", to11)
    folder.edit("prompts/one.liquid", '"A"', '"B"')
    folder.edit("prompts/two.liquid", '"B"', '"A"')
    to11.fail_next(1, delay_s=0.001, match="prompts.update")
    to11.fail_next(1, status=403, match="prompts.update")
    code, said = folder.run("push", to11, "--yes")
    assert code == 1
    assert "FAILED" in said
    assert folder.run("push", to11, "--yes")[0] == 0
    assert names(to11) == {"one": "B", "two": "A"}


def test_a_changed_slug_keeps_the_name_if_the_former_prompt_is_archived(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "old", "Hello", name="Greeting")
    folder.run("pull", to11)
    folder.edit("prompts/old.liquid", '"old"', '"new"')
    code, said = folder.run("push", to11, "--check")
    assert code == 2
    assert re.search(
        r"\n! .*old.liquid: the prompt old has the name 'Greeting', too: "
        r"choose another name, or archive that one with --prune\n",
        said,
    )
    code, said = folder.run("push", to11, "--yes")
    assert code == 1
    assert re.search(r"FAILED .*: HTTP 409 .*; the prompt old has the name 'Greeting', too: choose another", said)
    assert "- archive the prompt old, renamed to 'Greeting (old)'" in folder.run("push", to11, "--check", "--prune")[1]
    assert folder.run("push", to11, "--yes", "--prune")[0] == 0
    assert names(to11) == {"new": "Greeting"}
    (folder.path / "prompts" / "back.liquid").write_text(greeting("old", "Again"), "utf-8")
    (folder.path / "prompts" / "other.liquid").write_text(greeting("other", "Greeting (old)"), "utf-8")
    code, said = folder.run("push", to11, "--check")
    assert code == 2
    assert "back.liquid: the slug old is that of an archived prompt, which cannot be restored: choose another" in said
    assert "other.liquid: the prompt old, which is archived, has the name 'Greeting (old)', too: choose another" in said
