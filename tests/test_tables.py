"""What the command line prints on a terminal, tried on a real one (a pseudo-terminal), and in a pipe."""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import struct
import subprocess
import sys
import time
import unicodedata
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from faults.server import READ, ScriptedServer

from to11ai_sdk.cli import console, main
from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.tools import output, terminal

if TYPE_CHECKING:
    from collections.abc import Iterator

pty = pytest.importorskip("pty", reason="this system has no pseudo-terminals")
ROOT = Path(__file__).parents[1]
HOSTILE = "\x1b]0;gone\x07\x9b2J\u202eevil\u2066\x7f\r\nx\U000e0041"
DANGEROUS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
)


def command(*argv: str) -> list[str]:
    return [sys.executable, "-m", "to11ai_sdk", *argv]


def on_a_terminal(*argv: str, columns: int = 80, **variables: str) -> tuple[int, str]:
    """Exit code and output of a command on a pseudo-terminal of so many columns."""
    import fcntl
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    env = {name: value for name, value in os.environ.items() if name not in ("COLUMNS", "NO_COLOR")}
    env |= {"TERM": "xterm", "PYTHONIOENCODING": "utf-8", **variables}
    process = subprocess.Popen(command(*argv), stdin=theirs, stdout=theirs, stderr=theirs, env=env, cwd=ROOT)
    os.close(theirs)
    pieces: list[bytes] = []
    try:
        while piece := os.read(ours, 65536):
            pieces.append(piece)
    except OSError:  # Linux says so when the last one who could write has closed
        pass
    os.close(ours)
    return process.wait(), b"".join(pieces).decode().replace("\r\n", "\n")


def in_a_pipe(*argv: str) -> str:
    done = subprocess.run(command(*argv), stdout=subprocess.PIPE, check=True, cwd=ROOT)
    return done.stdout.decode()


def columns(line: str) -> int:
    """The columns of a line, by another way than the program's."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in line)
    return len(line) + wide - sum(unicodedata.category(char) == "Mn" for char in line)


@pytest.fixture(scope="module")
def to11() -> Iterator[LocalTo11]:
    with LocalTo11() as server, server.client() as client:
        for slug, name in [("greeting", "Greeting"), ("wide", "漢字" * 40), ("hostile", HOSTILE), ("e", "é" * 90)]:
            prompt = client.prompts.create(project_id=server.project_id, name=name, slug=slug, tags=["a", "b"])
            client.prompts.create_version(
                project_id=server.project_id,
                prompt_id=prompt.id,
                format="text",
                template_json={"text": f"Hello\n{name}\n" + "long " * 60},
                variables_schema={},
            )
        yield server


@pytest.fixture(autouse=True)
def _settings(to11: LocalTo11, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TO11_API_KEY", to11.api_key)
    monkeypatch.setenv("TO11_API_URL", to11.base_url)
    monkeypatch.setenv("TO11_PROJECT_ID", to11.project_id)


@pytest.mark.parametrize("size", [22, 80, 300])
def test_a_list_is_a_table_within_the_terminal(size: int) -> None:
    code, out = on_a_terminal("prompts", "list", columns=size, NO_COLOR="1")
    assert code == 0
    assert [line for line in out.splitlines() if columns(line) > size] == []
    heading, *rows = out.splitlines()
    assert heading.split()[0] == "id"
    assert "page 1 of 1, 4 in all" in rows
    assert DANGEROUS.search(out) is None


def test_columns_are_aligned_and_the_id_is_whole(to11: LocalTo11) -> None:
    _, out = on_a_terminal("prompts", "list", columns=100, NO_COLOR="1")
    heading, *rows = out.splitlines()
    with to11.client() as client:
        ids = {prompt.id for prompt in client.prompts.list(project_id=to11.project_id)}
    assert {row.split()[0] for row in rows[:4]} == ids
    at = heading.index("slug")
    for row in rows[:4]:
        cells = "".join(char if columns(char) == 1 else f"{char}\0" for char in row)  # one character a column
        assert re.match(r" (greeting|wide|hostile|e)\b", cells[at - 1 :])


@pytest.mark.parametrize("size", [40, 60, 80, 120])
def test_an_id_that_is_shown_can_be_copied(size: int, to11: LocalTo11) -> None:
    with to11.client() as client:
        prompt = next(prompt for prompt in client.prompts.list(project_id=to11.project_id) if prompt.slug == "wide")
        version = client.prompts.list_versions(project_id=to11.project_id, prompt_id=prompt.id)[0]
        client.prompts.move_label(
            project_id=to11.project_id, prompt_id=prompt.id, label="production", version_id=version.id
        )
    _, out = on_a_terminal("prompts", "list-labels", "--prompt-id", prompt.id, columns=size, NO_COLOR="1")
    heading, row = out.splitlines()[:2]
    assert prompt.id in row
    assert ("versionId" in heading) is (version.id in row) is (size >= 80)
    assert [line for line in out.splitlines() if columns(line) > size] == []


def test_notes_below_a_table_are_broken_between_words() -> None:
    _, out = on_a_terminal("prompts", "list", columns=30, NO_COLOR="1")
    assert re.search(r"^\(with --json also name, slug,\ntags, .*", out, re.MULTILINE)


def test_one_thing_is_shown_whole(to11: LocalTo11) -> None:
    with to11.client() as client:
        prompt = next(prompt for prompt in client.prompts.list(project_id=to11.project_id) if prompt.slug == "greeting")
    arguments = ("prompts", "get-version", "--prompt-id", prompt.id, "--version-number", "1")
    _, out = on_a_terminal(*arguments, columns=60, NO_COLOR="1")
    assert [line for line in out.splitlines() if columns(line) > 60] == []
    assert re.search(r"^version +1$", out, re.MULTILINE)
    assert len(re.findall("long", re.sub(r"\s+", "", out))) == 60
    assert json.loads(in_a_pipe(*arguments))["version"] == 1


def test_the_text_of_a_prompt_is_shown_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = [{"role": "system", "content": 'Be "kind".\nBe brief.'}, {"role": "user", "content": "Hi {{ name }}"}]
    shown = '[system]\nBe "kind".\nBe brief.\n[user]\nHi {{ name }}\n'
    with LocalTo11() as fresh, fresh.client() as client:
        monkeypatch.setenv("TO11_API_KEY", fresh.api_key)
        monkeypatch.setenv("TO11_API_URL", fresh.base_url)
        prompt = client.prompts.create(project_id=fresh.project_id, name="Two lines", slug="two-lines")
        place: Any = {"project_id": fresh.project_id, "prompt_id": prompt.id}
        template = {"messages": messages}
        version = client.prompts.create_version(format="chat", template_json=template, variables_schema={}, **place)
        client.prompts.move_label(label="beta", version_id=version.id, **place)
        server = ("--project-id", fresh.project_id)
        arguments = ("--prompt-id", prompt.id, "--version-number", "1", *server)
        _, out = on_a_terminal("prompts", "get-version", *arguments, NO_COLOR="1")
        assert shown in re.sub("^(templateJson)? +", "", out, flags=re.MULTILINE)
        arguments = ("--slug", "two-lines", "--labels", "beta", "--variables", '{"name": "Ada"}', *server)
        _, out = on_a_terminal("prompts", "resolve", *arguments, NO_COLOR="1")
        assert shown.replace("{{ name }}", "Ada") in re.sub("^(rendered)? +", "", out, flags=re.MULTILINE)


@pytest.mark.parametrize("slug", ["hostile", "wide"])
def test_nothing_in_a_reply_controls_the_terminal(slug: str, to11: LocalTo11) -> None:
    with to11.client() as client:
        prompt = next(prompt for prompt in client.prompts.list(project_id=to11.project_id) if prompt.slug == slug)
    _, out = on_a_terminal("prompts", "list-versions", "--prompt-id", prompt.id, NO_COLOR="1")
    assert DANGEROUS.search(out) is None
    _, out = on_a_terminal("prompts", "get", "--prompt-id", prompt.id, NO_COLOR="1")
    assert DANGEROUS.search(out) is None
    _, out = on_a_terminal("prompts", "get", "--prompt-id", prompt.id, "--json", NO_COLOR="1")
    assert DANGEROUS.search(out) is None
    assert json.loads(out)["name"] == prompt.name


def test_nothing_in_an_error_controls_the_terminal() -> None:
    body = json.dumps({"success": False, "error": {"code": "NOPE", "message": f"no {HOSTILE}"}}).encode()
    answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    with ScriptedServer((READ, answer)) as server:
        code, out = on_a_terminal("prompts", "list", "--base-url", server.url)
    assert code == 1
    assert out.startswith("to11ai: HTTP 400 NOPE: no \\x1b]0;gone")
    assert DANGEROUS.search(out) is None
    assert out.count("\n") == 1


def test_a_pipe_gets_the_json_that_it_always_got(to11: LocalTo11) -> None:
    out = in_a_pipe("prompts", "list")
    with to11.client() as client:
        page = client.prompts.list(project_id=to11.project_id)
    assert out == json.dumps(page.model_dump(mode="json", by_alias=True), indent=2, ensure_ascii=False) + "\n"
    assert in_a_pipe("prompts", "list", "--json") == out


def test_the_page_shows_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "guide.md").read_text("utf-8")
    script, shown = re.findall(r"```sh\n(export [^`]*)```\n\n[^`]*```text\n([^`]*)```", page)[0]
    with LocalTo11() as fresh:
        monkeypatch.setenv("TO11_API_KEY", fresh.api_key)
        monkeypatch.setenv("TO11_API_URL", fresh.base_url)
        monkeypatch.setenv("TO11_PROJECT_ID", fresh.project_id)
        for line in script.splitlines()[1:]:
            code, out = on_a_terminal(*shlex.split(line)[1:], columns=110, NO_COLOR="1")
            assert code == 0
    assert re.sub(r"[0-9a-f]{20}|\d{4}-\S+ \S+", "#", out) == re.sub(r"[0-9a-f]{20}|\d{4}-\S+ \S+", "#", shown)


def test_colours_are_for_terminals_that_want_them() -> None:
    arguments = ("project-environments", "list")
    assert "\x1b[1m" in on_a_terminal(*arguments)[1]
    for variables in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        assert "\x1b" not in on_a_terminal(*arguments, **variables)[1]


def test_an_empty_list_says_so() -> None:
    assert on_a_terminal("prompts", "list", "--status", "archived", NO_COLOR="1")[1].startswith("(none)\npage 1")


def test_a_terminal_of_few_letters_gets_escapes() -> None:
    _, out = on_a_terminal("prompts", "list", NO_COLOR="1", PYTHONIOENCODING="ascii")
    assert out.isascii()
    assert "\\u6f22" in out


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [
        ("plain", 8, "plain   "),
        ("plain", 5, "plain"),
        ("plain", 4, "pla…"),
        ("漢字", 4, "漢字"),
        ("漢字漢字", 6, "漢字… "),
        ("e\u0301" * 3, 2, "e\u0301…"),
        ("👩\u200d🚀", 4, "👩\u200d🚀"),
        ("x", 0, ""),
        ("xy", 1, "…"),
        ("\u0300" * 100_000, 3, None),
        ("x" * 10_000_000, 3, "xx…"),
    ],
)
def test_a_text_fits_its_room(text: str, room: int, shown: str | None) -> None:
    fitted = terminal.fit(text, room)
    assert terminal.columns(fitted) == room
    assert len(fitted) <= 5 * room + 5
    assert shown is None or fitted == shown


@pytest.mark.parametrize("text", ["x" * 5_000_000, "\u0300" * 1_000_000, "漢" * 1_000_000, "\n" * 1_000_000])
def test_a_huge_text_is_broken_into_lines_in_linear_time(text: str) -> None:
    started = time.process_time()
    lines = terminal.wrap(text, 60)
    assert time.process_time() - started < 30
    assert "".join(lines) == text.replace("\n", "")
    assert max(map(terminal.columns, lines)) <= 60


@pytest.mark.parametrize(
    "char", [*"\u00ad\u034f\u115f\u1160\u17b4\u200b\u2060\u3164\ufe00\ufeff\uffa0", "\U000e0041", "\U000e0100"]
)
def test_a_character_that_nobody_can_see_is_shown_as_an_escape(char: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert console.safe(f"a{char}b") == f"a{ascii(char)[1:-1]}b"
    assert terminal.diff([f"a{char}"], ["a"], "old", "new")[-2:] == [f"-a{ascii(char)[1:-1]}", "+a"]


@pytest.mark.parametrize("text", ["e\u0301", "❤\ufe0f", "👩\u200d🚀", "क्\u200dष", "กำ", "नमस्ते", "שלום", "a\u00a0b"])
def test_what_a_language_needs_is_shown_as_it_is(text: str) -> None:
    assert console.safe(text) == text


def test_output_may_be_captured_as_text(to11: LocalTo11) -> None:
    with redirect_stdout(io.StringIO()) as captured:
        assert main(["prompts", "list"]) == 0
    assert len(json.loads(captured.getvalue())["items"]) == 4


def test_a_list_of_rows_without_anything_to_show_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    output.show([{"label": "", "note": None}], as_json=False)
    assert capsys.readouterr().out.split() == ["label"]


def test_texts_too_long_to_compare_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [str(number) for number in range(20_001)]
    assert terminal.diff(many, many[1:], "a", "b")[2] == "more than 20000 lines, too many to compare"
    assert terminal.diff(many, many, "a", "b") == []


def test_a_table_of_any_width_keeps_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[Any] = [["id", "name", "note"], ["prm_1234567890", "漢" * 50, "n" * 500], ["", "", ""]]
    for size in range(1, 200):
        monkeypatch.setenv("COLUMNS", str(size))
        lines = terminal.table(rows)
        assert max(map(terminal.columns, lines)) <= max(size, 6)


def test_a_snapshot_controls_no_terminal_and_is_the_same(to11: LocalTo11) -> None:
    with to11.client() as client:
        for prompt in client.prompts.iter(project_id=to11.project_id):
            place = {"project_id": to11.project_id, "prompt_id": prompt.id}
            version = client.prompts.list_versions(**place)[0]
            client.prompts.move_label(label="production", version_id=version.id, **place)
    code, shown = on_a_terminal("snapshot", "--label", "production", "-o", "-")
    assert code == 0
    assert DANGEROUS.search(shown) is None
    assert json.loads(shown) == json.loads(in_a_pipe("snapshot", "--label", "production"))
