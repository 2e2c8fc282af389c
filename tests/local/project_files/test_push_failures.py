"""What a push reports that cannot do all of its plan, and how the next one finishes it."""

from __future__ import annotations

import re
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

import pytest
from project_folder import Folder, write
from prompt_samples import greeting

from to11ai_sdk.cli import commands as cli
from to11ai_sdk.local.project_files import parallel
from to11ai_sdk.local.project_files.parallel import WORKERS, for_each

if TYPE_CHECKING:
    from to11ai_sdk.local import LocalTo11


@pytest.mark.parametrize(
    "failure",
    [
        {"match": "prompts.move_label", "status": 403},
        {"match": "prompts.create_version", "status": 500, "processed": True},
        {"match": "prompts.create", "drop": True, "processed": True},
    ],
    ids=["refused", "lost version", "lost prompt"],
)
def test_a_push_that_broke_off_is_finished_by_the_next(
    failure: dict[str, Any], to11: LocalTo11, other: LocalTo11, folder: Folder
) -> None:
    for n in range(12):
        write(to11, f"prompt-{n}", "one", "two")
    folder.run("pull", to11)
    other.fail_next(1, **failure)
    code, said = folder.run("push", other, "--yes")
    assert code == 1
    assert re.search(r"FAILED .*prompt-\d+\.liquid:\d+: prompt prompt-\d+", said)
    assert re.search(r"\n\d+ of 12 changes applied.\nRun the same command again for the rest", said)
    assert folder.run("push", other, "--yes")[0] == 0
    assert folder.run("push", other, "--check")[0] == 0
    with other.client() as client:
        rows = list(client.prompts.iter(project_id=other.project_id))
        assert len(rows) == 12
        counts = {len(client.prompts.list_versions(project_id=other.project_id, prompt_id=row.id)) for row in rows}
    assert counts == {2}


def test_one_bad_template_does_not_stop_the_others(to11: LocalTo11, other: LocalTo11, folder: Folder) -> None:
    for name in ("bad", "good"):
        write(to11, name, "Hello")
    folder.run("pull", to11)
    folder.edit("prompts/bad.liquid", "=== text\nHello", "=== text\n{% if %}")
    code, said = folder.run("push", other, "--check")
    assert code == 2
    assert re.search(r"\n! .*bad.liquid: the version in line 6: text: \w", said)
    code, said = folder.run("push", other, "--yes")
    assert code == 1
    assert re.search(r"FAILED .*bad\.liquid:6: prompt bad \(done before: created the prompt\): HTTP 4", said)
    assert "good: created the prompt, created version 1, moved the label production\n" in said
    assert "\n1 of 2 changes applied.\n" in said


def test_errors_have_the_exit_code_2_in_a_check(to11: LocalTo11, folder: Folder) -> None:
    code, said = folder.run("push", to11, "--check")
    assert code == 2
    assert "has no files of a project; to11ai pull" in said
    write(to11, "one", "1")
    folder.run("pull", to11)
    wrong = ["--api-key", "wrong", "--base-url", to11.base_url, "--project-id", to11.project_id]
    assert cli.main(["push", str(folder.path), *wrong, "--check"]) == 2
    (folder.path / "prompts" / "one.liquid").write_bytes(b"---\n\xff\n")
    assert "one.liquid:2: not UTF-8" in folder.run("push", to11, "--check")[1]
    assert folder.run("push", to11, "--check")[0] == 2
    (folder.path / "labels.yaml").write_text('ok: {}\nbad: {"colour": 1}\n', "utf-8")
    (folder.path / "prompts" / "one.liquid").unlink()
    assert "labels.yaml:2: unknown field 'colour'; there are description" in folder.run("push", to11)[1]


def test_nothing_is_pushed_from_a_pipe_without_yes(to11: LocalTo11, other: LocalTo11, folder: Folder) -> None:
    write(to11, "one", "1")
    folder.run("pull", to11)
    code, said = folder.run("push", other)
    assert code == 2
    assert "nothing was changed, because nobody can be asked: give --yes" in said
    assert folder.run("push", other, "--check")[0] == 1


def test_a_value_that_is_nested_too_deeply_is_reported(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "deep", "Hello")
    folder.run("pull", to11)
    folder.edit("prompts/deep.liquid", "variables_schema: {}", f"variables_schema: {'[' * 900}{']' * 900}")
    code, said = folder.run("push", to11, "--yes")
    assert code in (1, 2)
    assert "nested" in said
    assert "Traceback" not in said


def test_a_setting_that_the_server_refuses_is_reported_with_its_line(to11: LocalTo11, folder: Folder) -> None:
    folder.run("pull", to11)
    (folder.path / "labels.yaml").write_text('production: {}\nfine: {}\n"not valid": {}\n"": {}\n', "utf-8")
    code, said = folder.run("push", to11, "--yes")
    assert code == 1
    assert re.search(r"FAILED .*labels.yaml:4: \+ create the label : ", said)
    assert re.search(r"FAILED .*labels.yaml:3: \+ create the label not valid: HTTP 4", said)
    assert "+ create the label fine\n" in said
    assert folder.run("push", to11, "--check")[0] == 1


def test_a_label_that_must_be_registered_first_is_reported_with_what_to_do(to11: LocalTo11, folder: Folder) -> None:
    folder.run("pull", to11)
    to11.enforce_label_registry = True
    (folder.path / "prompts").mkdir()
    (folder.path / "prompts" / "x.liquid").write_text(greeting("x", "X").replace("production", "beta"), "utf-8")
    code, said = folder.run("push", to11, "--yes")
    assert code == 1
    assert re.search(r"FAILED .*x.liquid:6: .*PROMPT_LABEL_NOT_REGISTERED.*; add it to labels.yaml\n", said)
    (folder.path / "labels.yaml").write_text('production: {"is_default": true}\nbeta: {}\n', "utf-8")
    assert folder.run("push", to11, "--yes")[0] == 0
    assert folder.run("push", to11, "--check")[0] == 0


@pytest.mark.parametrize("flag", ["is_default", "is_gateway_fallback"])
def test_two_environments_cannot_both_be_the_only_one(to11: LocalTo11, folder: Folder, flag: str) -> None:
    """Each push would take it from the one and give it to the other."""
    folder.run("pull", to11)
    text = f'prod: {{"name": "P", "{flag}": true}}\n\nstaging: {{"name": "S", "{flag}": true}}\n'
    (folder.path / "environments.yaml").write_text(text, "utf-8")
    code, said = folder.run("push", to11, "--yes")
    assert code == 2
    assert f"environments.yaml:3: only one environment can have {flag}, and prod has it, too" in said


def test_an_outage_before_the_plan_is_exit_code_1(to11: LocalTo11, folder: Folder) -> None:
    folder.run("pull", to11)
    to11.fail_next(status=403)
    assert folder.run("push", to11, "--yes")[0] == 1


def test_a_refusal_that_concerns_the_whole_push_stops_it(to11: LocalTo11, folder: Folder) -> None:
    """As a key without the permission does: what is under way is finished, and nothing more is started."""
    folder.run("pull", to11)
    (folder.path / "prompts").mkdir()
    for n in range(40):
        (folder.path / "prompts" / f"slug-{n}.liquid").write_text(greeting(f"slug-{n}", f"Name {n}"), "utf-8")
    to11.fail_next(100, status=403, match="prompts.create")
    assert folder.run("push", to11, "--yes")[0] == 1
    assert 1 <= sum(request.row == "prompts.create" for request in to11.requests) <= WORKERS


def test_an_interruption_while_a_thread_starts_waits_for_what_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, stopping, done = Event(), Event(), list[int]()

    class InterruptedThread(Thread):
        def start(self) -> None:
            super().start()
            assert begun.wait(30)
            raise KeyboardInterrupt

        def is_alive(self) -> bool:
            return False  # as between the start of the system's thread and that of ours

    def act(item: int) -> None:
        begun.set()
        assert stopping.wait(30)
        done.append(item)

    monkeypatch.setattr(parallel, "Thread", InterruptedThread)
    with pytest.raises(KeyboardInterrupt):
        for_each(act, range(1, 100), stopping.set)
    assert done == [1]
