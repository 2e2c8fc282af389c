"""``to11ai push`` on a real terminal: a question, colours and a progress bar."""

from __future__ import annotations

import os
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk.cli import commands as cli
from to11ai_sdk.local import LocalTo11

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

INTERRUPT = b"\x03"
pty = pytest.importorskip("pty", reason="Windows has no pseudo-terminals")


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalTo11]:
    """A project whose only prompt was pulled into ``tmp_path`` and edited."""
    with LocalTo11() as to11, to11.client() as client:
        place = {"project_id": to11.project_id}
        made = client.prompts.create(**place, slug="greeting", name="Greeting")
        place["prompt_id"] = made.id
        version = client.prompts.create_version(
            **place, format="text", template_json={"text": "Hello"}, variables_schema={}
        )
        client.prompts.move_label(**place, label="production", version_id=version.id)
        monkeypatch.setenv("TO11_API_KEY", to11.api_key)
        monkeypatch.setenv("TO11_API_URL", to11.base_url)
        monkeypatch.setenv("TO11_PROJECT_ID", to11.project_id)
        assert cli.main(["pull", str(tmp_path)]) == 0
        path = tmp_path / "prompts" / "greeting.liquid"
        path.write_text(path.read_text("utf-8").replace("Hello", "Good day"), "utf-8")
        yield to11


def on_terminal(answer: bytes, *words: str, **variables: str) -> tuple[int, str]:
    """Exit code and output of a command on a terminal, on which ``answer`` is typed after the question."""
    ours, theirs = pty.openpty()
    env = {**os.environ, "TERM": "xterm", **variables}
    command = [sys.executable, "-m", "to11ai_sdk", *words]
    with subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True) as run:
        os.close(theirs)
        output = _read(ours, b"[y/N] ")
        if output.endswith(b"[y/N] "):
            _interrupt(run) if answer == INTERRUPT else os.write(ours, answer)
            output += _read(ours, None)
    os.close(ours)
    return run.returncode, output.decode()


def _interrupt(run: subprocess.Popen[bytes]) -> None:
    """Send Ctrl-C until the process ends: one that comes before it waits for the answer is not noticed at once."""
    for _ in range(60):
        run.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            run.wait(1)
            return


def _read(terminal: int, until: bytes | None) -> bytes:
    output = b""
    while until is None or not output.endswith(until):
        assert select.select([terminal], [], [], 60)[0], output
        try:
            part = os.read(terminal, 10_000)
        except OSError:  # how Linux says that the other side has gone
            part = b""
        if not part:
            return output
        output += part
    return output


def texts(to11: LocalTo11) -> list[str]:
    with to11.client() as client:
        place = {"project_id": to11.project_id, "prompt_id": client.prompts.list(project_id=to11.project_id)[0].id}
        return [version.template_json["text"] for version in client.prompts.list_versions(**place)]


def test_the_plan_is_shown_in_colours_and_applied_after_a_yes(project: LocalTo11, tmp_path: Path) -> None:
    code, said = on_terminal(b"yes\n", "push", str(tmp_path), NO_COLOR="")
    assert (code, texts(project)) == (0, ["Good day", "Hello"])
    assert "\x1b[33m~ prompt greeting: create 1 new version" in said
    assert "    \x1b[31m-Hello\x1b[m\r\n    \x1b[32m+Good day\x1b[m\r\n" in said
    assert "applying [##############################] 1/1\r\n" in said
    assert said.endswith("1 of 1 changes applied.\r\n")


@pytest.mark.parametrize("answer", [b"n\n", b"\n", b"\x04"])
def test_nothing_is_changed_without_a_yes(project: LocalTo11, tmp_path: Path, answer: bytes) -> None:
    code, said = on_terminal(answer, "push", str(tmp_path), NO_COLOR="1")
    assert (code, texts(project)) == (1, ["Hello"])
    assert "    -Hello\r\n    +Good day\r\n" in said
    assert said.endswith("Nothing was changed.\r\n")


def test_an_interruption_at_the_question_changes_nothing(project: LocalTo11, tmp_path: Path) -> None:
    code, said = on_terminal(INTERRUPT, "push", str(tmp_path))
    assert texts(project) == ["Hello"]
    assert code in (130, -2)
    assert "Traceback" not in said


def test_nobody_is_asked_where_no_input_is_open(project: LocalTo11, tmp_path: Path) -> None:
    command = 'exec "$0" -m to11ai_sdk push "$1" <&-'
    run = subprocess.run(
        ["/bin/sh", "-c", command, sys.executable, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert (run.returncode, texts(project)) == (2, ["Hello"])
    assert "nobody can be asked: give --yes" in run.stderr


def test_a_terminal_without_control_codes_gets_plain_lines(project: LocalTo11, tmp_path: Path) -> None:
    code, said = on_terminal(b"y\n", "push", str(tmp_path), TERM="dumb")
    assert (code, "\x1b" in said) == (0, False)
    assert "greeting: created version 2, moved the label production\r\n" in said


def test_pull_asks_before_it_overwrites_an_edit(project: LocalTo11, tmp_path: Path) -> None:
    path = tmp_path / "prompts" / "greeting.liquid"
    code, said = on_terminal(b"n\n", "pull", str(tmp_path))
    assert code == 1
    assert "Change or remove 1 file, with any edits of yours in them? [y/N]" in said
    assert "Good day" in path.read_text("utf-8")
    assert on_terminal(b"y\n", "pull", str(tmp_path))[0] == 0
    assert "Hello" in path.read_text("utf-8")


def add_copies(folder: Path) -> None:
    """Add 30 prompts to the files."""
    text = (folder / "prompts" / "greeting.liquid").read_text("utf-8").replace("Greeting", "Greeting of x")
    for n in range(30):
        copy = text.replace('"greeting"', f'"copy-{n}"').replace("of x", f"of {n}")
        (folder / "prompts" / f"copy-{n}.liquid").write_text(copy, "utf-8")


def test_a_second_interruption_ends_at_once_and_says_what_is_not_known(project: LocalTo11, tmp_path: Path) -> None:
    add_copies(tmp_path)
    project.fail_next(1, delay_s=0.001, match="prompts.create_version")
    project.fail_next(1000, delay_s=60, match="prompts.create_version")
    command = [sys.executable, "-m", "to11ai_sdk", "push", str(tmp_path), "--yes"]
    with (
        project.client() as client,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run,
    ):
        assert run.stdout is not None
        while len(client.prompts.list(project_id=project.project_id)) < 2:
            assert run.poll() is None
            time.sleep(0.05)
        run.send_signal(signal.SIGINT)
        while not run.stdout.readline().startswith("Stopping: the changes under way are finished first."):
            assert run.poll() is None
        run.send_signal(signal.SIGINT)
        said = run.stdout.read()
    assert run.returncode == 130
    assert re.search(r"^Not waited for, so perhaps applied, too: .*copy-\d", said, re.MULTILINE)
    assert "\n1 of 31 changes applied.\nRun the same command again" in said
    assert "Traceback" not in said


def test_an_interrupted_push_says_what_was_done_and_is_finished_by_the_next(project: LocalTo11, tmp_path: Path) -> None:
    add_copies(tmp_path)
    project.fail_next(1000, delay_s=0.2, match="prompts.create_version")
    command = [sys.executable, "-m", "to11ai_sdk", "push", str(tmp_path), "--yes"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as run:
        assert run.stdout is not None
        while not run.stdout.readline().startswith("copy-"):
            assert run.poll() is None
        run.send_signal(signal.SIGINT)
        said = run.stdout.read()
    assert run.returncode == 130
    assert "Traceback" not in said
    applied = int(re.findall(r"^(\d+) of 31 changes applied.\nRun the same command again", said, re.MULTILINE)[0])
    project.succeed()
    with project.client() as client:
        rows = list(client.prompts.iter(project_id=project.project_id))
        labels = [client.prompts.list_labels(project_id=project.project_id, prompt_id=row.id) for row in rows]
    assert sum(map(bool, labels)) == applied
    assert cli.main(["push", str(tmp_path), "--yes"]) == 0
    assert cli.main(["push", str(tmp_path), "--check"]) == 0
