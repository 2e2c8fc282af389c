from __future__ import annotations

import codeop
import re
import shlex
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from to11ai_sdk import To11aiClient, __version__
from to11ai_sdk.cli.commands import make_parser
from to11ai_sdk.local import LocalTo11, demo

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str, page: str = README) -> Iterator[tuple[int, str]]:
    """The code blocks of a language, each with the number of the line before it."""
    for found in re.finditer(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        yield page.count("\n", 0, found.start(1)), found[1]


def seed(to11: LocalTo11) -> None:
    """The prompt that the platform's own documentation resolves."""
    with to11.client() as client:
        project = to11.project_id
        prompt = client.prompts.create(project_id=project, name="Welcome message", slug="welcome-message")
        template = {"messages": [{"role": "system", "content": "Welcome."}]}
        version = client.prompts.create_version(
            project_id=project, prompt_id=prompt.id, format="chat", template_json=template, variables_schema={}
        )
        client.prompts.move_label(project_id=project, prompt_id=prompt.id, label="production", version_id=version.id)


def execute(to11: LocalTo11, page: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run every Python block of a page in one namespace, as a reader who types them in would."""
    clients: list[Any] = []
    try:
        for line, block in blocks("python", (ROOT / page).read_text("utf-8")):
            code = block.replace("https://api.to11.ai", to11.base_url).replace("proj_abc123", to11.project_id)
            exec(compile("\n" * line + code, page, "exec"), names)
            clients += [value for value in names.values() if isinstance(value, To11aiClient)]
    finally:
        for client in clients:
            client.close()
    return names


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalTo11]:
    with LocalTo11() as to11:
        seed(to11)
        monkeypatch.setenv("TO11_API_KEY", to11.api_key)
        monkeypatch.setenv("TO11_API_URL", to11.base_url)
        monkeypatch.setenv("TO11_PROJECT_ID", to11.project_id)
        yield to11


def test_every_python_block_runs(project: LocalTo11, capsys: pytest.CaptureFixture[str]) -> None:
    names = execute(project, "README.md", {"__name__": "readme"})
    out = capsys.readouterr().out
    promised = re.findall(r"^ *print\(.*\)  # (.*)$", README, re.MULTILINE)
    assert "echo: Hello!" in promised
    assert [line for line in promised if line not in out.splitlines()] == []
    assert "1 ['production']\nsystem Welcome.\n" in out
    assert "prompts.create 200\n127.0.0.1:" in out
    assert ": the connection ended before the reply did\n" in out
    own_tests = [value for name, value in names.items() if name.startswith("test_")]
    assert own_tests
    for own_test in own_tests:
        with LocalTo11() as fresh:
            own_test(fresh)


def test_every_python_block_of_the_guide_runs(project: LocalTo11, capsys: pytest.CaptureFixture[str]) -> None:
    execute(project, "docs/guide.md", {"__name__": "guide"})
    out = capsys.readouterr().out
    assert f"{__version__} req_" in out
    assert "1 ['production']\nsystem You answer questions about kettles.\nuser Which one is quiet?\n" in out
    assert "\n['support-reply', 'welcome-message'] 2 support-reply 2\nsupport-reply\nwelcome-message\ngpt-4o " in out
    assert "['max_completion_tokens', 'messages', 'model', 'stop', 'temperature'] ['extra_body', 'max_tokens', " in out
    assert " -> version_" in out
    assert "\nprod True\nstaging False\n" in out
    assert "\n1 One model for all\n" in out


def test_the_fallback_of_the_page_on_reliability_is_for_outages_only(
    project: LocalTo11, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with project.client(max_retries=0) as client:
        names = execute(project, "docs/reliability.md", {"client": client})
        assert names["welcome"].messages[0].content == "Welcome."
    project.fail_next(drop=True)
    with project.client(max_retries=0) as client:
        names = execute(project, "docs/reliability.md", {"client": client})
        assert names["welcome"].messages[0].content == "Welcome!"
        assert names["first"].messages[0].content == "Welcome."


def test_the_handler_of_the_page_on_lambda_runs(project: LocalTo11) -> None:
    names = execute(project, "docs/lambda.md", {"__name__": "handler"})
    assert names["handler"]({}, None) == [{"role": "system", "content": "Welcome."}]
    names["client"].close()


def test_every_python_block_of_the_page_on_the_local_to11_runs() -> None:
    for line, block in blocks("python", (ROOT / "docs" / "local.md").read_text("utf-8")):
        exec(compile("\n" * line + block, "local.md", "exec"), {"__name__": "local"})


@pytest.mark.parametrize(
    "page", ["README.md", "docs/guide.md", "docs/gateway.md", "docs/local.md", "docs/reliability.md"]
)
def test_the_examples_can_be_pasted_into_an_interactive_python(page: str) -> None:
    for line, block in blocks("python", (ROOT / page).read_text("utf-8")):
        typed: list[str] = []
        for number, text in enumerate([*block.splitlines(), ""], line + 1):
            typed.append(text)
            try:
                if codeop.compile_command("\n".join(typed)):
                    typed = []
            except SyntaxError as exc:
                pytest.fail(f"{page}, line {number}: a blank line ends a block, and no other line does: {exc}")
        assert "".join(typed) == ""


def test_the_example_of_the_page_on_echo_runs(project: LocalTo11, capsys: pytest.CaptureFixture[str]) -> None:
    execute(project, "docs/echo.md", {"__name__": "echo"})
    assert re.match(r"""200 b'\{.*"text":"echo: Hello!".*\}'""", capsys.readouterr().out)


def test_the_transcript_is_what_the_demo_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert demo.local() == 0
    printed = capsys.readouterr().out
    shown = dict(blocks("text", (ROOT / "docs" / "guide.md").read_text("utf-8"))).values()

    def shape(text: str) -> str:
        return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text).strip()

    assert shape(printed) in [shape(block) for block in shown]


def test_there_are_two_commands_to_paste() -> None:
    commands = [block for _, block in blocks("bash")]
    assert [command.count("\n") for command in commands] == [1, 1]
    assert "to11ai demo" in commands[0]
    assert "pytest" in commands[1]


def test_the_gate_runs_the_second_command_of_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    found = re.search(r"^tests=\$\((awk .*)\)$", script, re.MULTILINE)
    assert found
    run = subprocess.run(["bash", "-c", found[1]], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == list(blocks("bash"))[1][1]


def sections(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_link_leads_somewhere() -> None:
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), ROOT / "findings" / "README.md"]
    for page in pages:
        for target, section in re.findall(r"\]\(([^)#:]*)(?:#([^)]*))?\)", page.read_text("utf-8")):
            found = page.parent / target if target else page
            assert found.exists(), f"{page.name} links to {target}"
            assert not section or section in sections(found), f"{page.name} links to {target}#{section}"


def test_the_readme_lists_every_page() -> None:
    assert {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")} <= {
        *re.findall(r"\]\((docs/[^)#]+)\)", README)
    }


def test_every_command_shown_is_one_that_parses() -> None:
    pages = [README, *((ROOT / "docs" / name).read_text("utf-8") for name in ("guide.md", "local.md"))]
    scripts = [block for page in pages for _, block in blocks("sh", page)]
    shown = [line for script in scripts for line in script.splitlines() if line.startswith("to11ai ")]
    assert shown
    for line in shown:
        words = [word for word in shlex.split(line, comments=True)[1:] if word != "--help"]
        known = make_parser().parse_known_args(["{}" if word.startswith("@") else word for word in words])
        assert known[1] == []
