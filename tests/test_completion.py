"""The completion scripts, tried in the shells themselves."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from typing import TYPE_CHECKING

import pytest

from to11ai_sdk.cli import main
from to11ai_sdk.cli.commands import make_parser
from to11ai_sdk.local.tools.completion import script
from to11ai_sdk.resources.table import ENDPOINTS

if TYPE_CHECKING:
    from pathlib import Path

BASH = """source "$1"; shift
COMP_WORDS=(to11ai "$@"); COMP_CWORD=$#
_to11ai; printf '%s\\n' "${COMPREPLY[@]}"
"""
ZSH = """compdef() { }; compadd() { shift; print -rl -- "$@" }; _files() { print FILES }
source "$1"; shift
words=(to11ai "$@"); CURRENT=$(($# + 1)); _to11ai
"""
FISH = """source $argv[1]; complete -C "to11ai $argv[2..-1]"
"""
RUN = {
    "bash": ["bash", "--norc", "-c", BASH, "_"],
    "zsh": ["zsh", "-f", "-c", ZSH, "_"],
    "fish": ["fish", "--no-config", "-c", FISH],
}


@cache
def written(shell: str) -> str:
    return script(shell, make_parser())


@pytest.fixture(params=RUN)
def shell(request: pytest.FixtureRequest) -> str:
    if not shutil.which(request.param):
        pytest.skip(f"{request.param} is not installed")
    return str(request.param)


def offered(shell: str, tmp_path: Path, *words: str) -> set[str]:
    """What a shell offers after these words; the last one has just begun."""
    file = tmp_path / "script"
    file.write_text(written(shell))
    command = [*RUN[shell], str(file), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stderr == ""
    found = {line.partition("\t")[0] for line in done.stdout.splitlines() if line}
    return {word for word in found if word.startswith(words[-1])}


def test_the_first_word_is_a_command(shell: str, tmp_path: Path) -> None:
    assert offered(shell, tmp_path, "") >= {"prompts", "local", "doctor", "completion", "routing-rules"}
    assert offered(shell, tmp_path, "pro") == {"prompts", "project-environments"}


def test_words_of_a_group_are_its_commands(shell: str, tmp_path: Path) -> None:
    rows = {row.name.replace("_", "-").split(".")[1] for row in ENDPOINTS.values() if row.name.startswith("prompts.")}
    assert {word for word in offered(shell, tmp_path, "prompts", "") if word[:1] != "-"} == {*rows, "diff"}
    assert offered(shell, tmp_path, "routing-rules", "versions", "l") == {"list"}
    assert offered(shell, tmp_path, "completion", "f") == {"fish"}


def test_options_are_those_of_the_command(shell: str, tmp_path: Path) -> None:
    assert offered(shell, tmp_path, "prompts", "resolve", "--va") == {"--variables"}
    assert offered(shell, tmp_path, "prompts", "list", "--json", "--pa") == {"--page"}
    assert offered(shell, tmp_path, "prompts", "list", "--status", "archived", "--pa") == {"--page"}
    assert offered(shell, tmp_path, "doctor", "--ti") == {"--timeout-s"}
    assert offered(shell, tmp_path, "prompts", "--va") == set()


def test_after_an_option_comes_a_value_and_no_command(shell: str, tmp_path: Path) -> None:
    (tmp_path / "rule.json").touch()
    words = offered(shell, tmp_path, "routing-rules", "versions", "create", "--snapshot", "")
    assert {word for word in words if word[0] == "-" or word in ("list", "prompts")} == set()
    if shell == "fish":
        assert "rule.json" in words
    elif shell == "zsh":
        assert words == {"FILES"}


def test_nothing_in_the_command_line_is_run(shell: str, tmp_path: Path) -> None:
    for word in ("$(touch gone)", "`touch gone`", "*", "; touch gone", "["):
        offered(shell, tmp_path, "prompts", word, "--va")
    assert not (tmp_path / "gone").exists()


@pytest.mark.parametrize("name", RUN)
def test_the_command_prints_the_script(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", name]) == 0
    assert capsys.readouterr().out == written(name)


@pytest.mark.parametrize("name", RUN)
def test_the_script_has_every_command_and_option(name: str) -> None:
    text = written(name)
    for row in ENDPOINTS.values():
        path = row.name.replace("_", "-").replace(".", " ")
        line = text[text.index(f" {path}") :].partition("\n")[2 if name == "fish" else 0]
        line = line.partition("\n")[0] if name == "fish" else text[text.index(f' {path}"') :].partition("\n")[0]
        assert [p.name for p in row.parameters if f"--{p.name.replace('_', '-')}" not in line] == []
