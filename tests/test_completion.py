"""The completion scripts, tried in the shells themselves."""

from __future__ import annotations

import os
import re
import select
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


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("local", "--data", "export", "--por"), {"--port"}),
        (("local", "--strict-labels", "exp"), {"export"}),
        (("snapshot", "-o", "prompts", "--par"), {"--partial"}),
        (("push", "-m", "--check", "--pru"), {"--prune"}),
        (("push", "a folder", "--pru"), {"--prune"}),
        (("prompts", "list", "--status=archived", "--pa"), {"--page"}),
        (("prompts", "create", "--tags", "list", "get", "--na"), {"--name"}),
    ],
)
def test_a_value_is_no_command_or_option(
    shell: str, words: tuple[str, ...], expected: set[str], tmp_path: Path
) -> None:
    assert offered(shell, tmp_path, *words) == expected


INTERACTIVE = {
    "bash": (
        ["bash", "--norc", "--noprofile", "-i"],
        "source ./to11ai.bash",
        r"""shown() { printf 'LINE=[%s]\n' "$READLINE_LINE"; }; bind -x '"\C-g": shown'""",
    ),
    "zsh": (
        ["zsh", "-f", "-i"],
        "cp to11ai.zsh _to11ai; fpath=($PWD $fpath); autoload -Uz compinit; compinit -u -D",
        r"""shown() { print -r "LINE=[$BUFFER]" }; zle -N shown; bindkey '^G' shown""",
    ),
}


def completed(shell: str, folder: Path, lines: list[str], setting: str) -> list[str]:
    """What becomes of each line with the key Tab, in an interactive shell with the script installed in a folder."""
    pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
    command, install, key = INTERACTIVE[shell]
    (folder / f"to11ai.{shell}").write_text(written(shell))
    env = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "dumb", "LC_ALL": "C.UTF-8"}
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=folder, start_new_session=True
    )
    os.close(theirs)
    found: list[str] = []
    try:
        ask(ours, f"stty cols 400; PS1=; {install}; {setting}; {key}; echo Ready''Now\n", "ReadyNow")
        for line in lines:
            found.append(ask(ours, f"{line}\t\x07", r"LINE=\[(.*?)\]\r?\n"))
            os.write(ours, b"\x15")
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return found


def ask(terminal: int, text: str, answer: str) -> str:
    os.write(terminal, text.encode())
    seen = ""
    while not (match := re.search(answer, seen)):
        assert select.select([terminal], [], [], 60)[0], seen
        seen += os.read(terminal, 65536).decode(errors="replace")
    return match[match.re.groups]


@pytest.mark.parametrize("setting", [":", "IFS=:", "set -u"])
@pytest.mark.parametrize("name", INTERACTIVE)
def test_the_key_tab_completes_in_an_interactive_shell(name: str, setting: str, tmp_path: Path) -> None:
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")
    version = subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout
    if "version 3." in version:
        pytest.skip("this bash, such as that of macOS, cannot show its line")
    (tmp_path / "rule.json").touch()
    (tmp_path / "folder one").mkdir()
    lines = {
        "to11ai doc": "to11ai doctor ",
        "to11ai prompts list --json --pa": "to11ai prompts list --json --page ",
        "to11ai snapshot -o ru": "to11ai snapshot -o rule.json ",
        "to11ai snapshot --variables=ru": "to11ai snapshot --variables=rule.json ",
        "to11ai local import ru": "to11ai local import rule.json ",
        'to11ai prompts diff "$(touch gone)" --ba': 'to11ai prompts diff "$(touch gone)" --base-url ',
        "to11ai pull fold": r"to11ai pull folder\ one/",
        "to11ai push 'folder one' --pru": "to11ai push 'folder one' --prune ",
    }
    assert completed(name, tmp_path, [*lines], setting) == list(lines.values())
    assert not (tmp_path / "gone").exists()


def test_fish_finds_the_script_where_the_page_says(tmp_path: Path) -> None:
    if not shutil.which("fish"):
        pytest.skip("fish is not installed")
    folder = tmp_path / ".config" / "fish" / "completions"
    folder.mkdir(parents=True)
    (folder / "to11ai.fish").write_text(written("fish"))
    program = tmp_path / "bin" / "to11ai"  # fish loads nothing for a program that is not there
    program.parent.mkdir()
    program.touch(0o755)
    (tmp_path / "rule.json").touch()
    lines = {
        "to11ai doc": ["doctor"],
        "to11ai snapshot -o ru": ["rule.json"],
        "to11ai routing-rules versions create --snapshot=ru": ["--snapshot=rule.json"],
        "to11ai local import ru": ["rule.json"],
        "to11ai pull --ye": ["--yes"],
    }
    env = {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(tmp_path), "LC_ALL": "C.UTF-8"}
    for line, expected in lines.items():
        ask_fish = ["fish", "-c", "complete -C $argv[1]", line]
        done = subprocess.run(ask_fish, capture_output=True, text=True, check=True, cwd=tmp_path, env=env)
        assert [offer.partition("\t")[0] for offer in done.stdout.splitlines()] == expected


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
