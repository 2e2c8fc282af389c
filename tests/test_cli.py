from __future__ import annotations

import importlib
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from to11ai_sdk.cli import commands as cli
from to11ai_sdk.cli import console
from to11ai_sdk.local import LocalTo11
from to11ai_sdk.resources.table import ENDPOINTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_httpserver import HTTPServer

    from to11ai_sdk.resources.endpoint import Endpoint

ROOT = Path(__file__).parents[1]
KEY = "to11_key_that_must_not_be_shown"
VALUES: dict[str, tuple[list[str], Any]] = {
    "str": (["a text"], "a text"),
    "int": (["7"], 7),
    "bool": ([], True),
    "Sequence[str]": (["one", "two"], ["one", "two"]),
    "Sequence[RuleReleaseWeight | Mapping[str, Any]]": (
        ['[{"versionId": "v", "weight": 100}]'],
        [{"versionId": "v", "weight": 100}],
    ),
}
TEXT = (["word"], "word")
JSON = (['{"a": [1, null]}'], {"a": [1, None]})


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in cli.SETTINGS.values():
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def to11(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalTo11]:
    """A local to11 whose settings are in the environment."""
    with LocalTo11() as server:
        monkeypatch.setenv("TO11_API_KEY", server.api_key)
        monkeypatch.setenv("TO11_API_URL", server.base_url)
        monkeypatch.setenv("TO11_PROJECT_ID", server.project_id)
        yield server


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of one command."""
    try:
        code = cli.main(argv)
    except SystemExit as exc:
        code = int(exc.code or 0)
    return code, *capsys.readouterr()


def options(row: Endpoint, *, required: bool = False) -> tuple[list[str], dict[str, Any]]:
    """A command line for a row, and the arguments it means."""
    argv: list[str] = []
    arguments: dict[str, Any] = {}
    for parameter in row.parameters:
        if parameter.required or not required:
            is_json = "Any" in parameter.annotation
            words, value = VALUES.get(parameter.annotation, JSON if is_json else TEXT)
            argv += [f"--{parameter.name.replace('_', '-')}", *words]
            arguments[parameter.name] = value
    return argv, arguments


def words(row: Endpoint) -> list[str]:
    return row.name.replace("_", "-").split(".")


@pytest.mark.parametrize("required", [True, False], ids=["required", "all"])
@pytest.mark.parametrize("row", ENDPOINTS.values(), ids=str)
def test_every_row_is_a_command_that_sends_what_the_options_say(
    row: Endpoint, required: bool, httpserver: HTTPServer, capsys: pytest.CaptureFixture[str]
) -> None:
    httpserver.expect_request(re.compile(".*")).respond_with_json(
        {"success": False, "code": 404, "data": None, "error": {"code": "NOPE", "message": "not\nhere"}}, status=404
    )
    argv, arguments = options(row, required=required)
    code, out, err = run(capsys, *words(row), *argv, "--api-key", KEY, "--base-url", httpserver.url_for(""))
    assert (code, out, err) == (1, "", "to11ai: HTTP 404 NOPE: not here\n")
    request, _ = httpserver.log[0]
    expected = row.encode(arguments)
    assert request.method == expected.method
    assert request.environ["RAW_URI"] == expected.target
    assert (json.loads(request.data) if request.data else None) == expected.body
    assert request.headers["Authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("row", ENDPOINTS.values(), ids=str)
def test_every_command_has_help_that_names_its_options(row: Endpoint, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, *words(row), "--help")
    assert code == 0
    assert f"{row.method} {row.path}" in out
    assert [p.name for p in row.parameters if f"--{p.name.replace('_', '-')}" not in out] == []
    read = sum(cli.ACTIONS.get(parameter.annotation, {}).get("type") is cli.json_value for parameter in row.parameters)
    assert " ".join(out.split()).count("Also @FILE, or - for standard input.") == read


def test_the_help_says_what_each_group_of_commands_is_about(capsys: pytest.CaptureFixture[str]) -> None:
    out = " ".join(run(capsys, "--help")[1].split())
    assert " prompts prompts, their versions and labels, and the label registry of a project " in out
    assert " routing-rules routing rules " in out
    assert run(capsys, "routing-rules", "versions", "--help")[1].startswith("the numbered versions of a rule")


def test_no_parameter_of_a_row_takes_the_place_of_a_setting() -> None:
    names = {parameter.name for row in ENDPOINTS.values() for parameter in row.parameters}
    assert names & {"api_key", "base_url", "run"} == set()


def test_a_result_is_printed_as_the_api_writes_it(to11: LocalTo11, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(
        capsys, "prompts", "create", "--name", "Grüße", "--slug", "hello", "--tags", "a", "--tags", "b"
    )
    assert (code, err) == (0, "")
    created = json.loads(out)
    assert created["projectId"] == to11.project_id
    assert (created["name"], created["tags"], created["description"]) == ("Grüße", ["a", "b"], None)
    assert "Grüße" in out
    code, out, _ = run(capsys, "prompts", "list")
    assert json.loads(out)["pagination"] == {"page": 1, "limit": 20, "total": 1, "totalPages": 1}
    code, out, _ = run(capsys, "prompts", "list-labels", "--prompt-id", created["id"])
    assert json.loads(out) == []


def test_a_terminal_that_cannot_show_a_letter_gets_its_escape(to11: LocalTo11, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert cli.main(["prompts", "create", "--name", "Grüße", "--slug", "hello"]) == 0
    terminal.seek(0)
    assert json.loads(terminal.read())["name"] == "Grüße"


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "ascii", "utf-8"])
def test_json_is_utf_8_on_the_way_in_and_out_whatever_the_locale(to11: LocalTo11, encoding: str) -> None:
    with to11.client() as client:
        prompt = client.prompts.create(project_id=to11.project_id, name="A", slug="a")
    words = shlex.split("prompts create-version --format text --variables-schema null --template-json -")
    command = [sys.executable, "-m", "to11ai_sdk", *words, "--changelog", "Grüße", "--prompt-id", prompt.id]
    template = {"text": "Grüße €"}
    given = json.dumps(template, ensure_ascii=False).encode()
    env = {**os.environ, "PYTHONIOENCODING": encoding}
    done = subprocess.run(command, input=given, capture_output=True, check=True, cwd=ROOT, env=env)
    made = json.loads(done.stdout)
    assert (made["changelog"], made["templateJson"]) == ("Grüße", template)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_json_file_may_begin_with_a_byte_order_mark(
    encoding: str, to11: LocalTo11, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "template.json"
    file.write_text('{"text": "Grüße"}', encoding=encoding)
    prompt = json.loads(run(capsys, "prompts", "create", "--name", "A", "--slug", "a")[1])
    command = [*shlex.split("prompts create-version --format text --variables-schema null --prompt-id"), prompt["id"]]
    code, out, _ = run(capsys, *command, "--template-json", f"@{file}")
    assert (code, json.loads(out)["templateJson"]) == (0, {"text": "Grüße"})


def test_a_standard_input_that_was_closed_before_the_start_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    code, _, err = run(capsys, "prompts", "resolve", "--slug", "s", "--labels", "l", "--variables", "-")
    assert code == 2
    assert "the standard input is closed" in err


def test_composed_calls_are_reachable(to11: LocalTo11, capsys: pytest.CaptureFixture[str]) -> None:
    prompt = to11.client().prompts.create(project_id=to11.project_id, name="Hello", slug="hello")
    code, out, _ = run(
        capsys, "prompts", "create-version", "--prompt-id", prompt.id, "--format", "text",
        "--template-json", '{"text": "Hi {{ name }}"}', "--variables-schema", "{}",
    )  # fmt: skip
    run(
        capsys, "prompts", "move-label", "--prompt-id", prompt.id, "--label", "production",
        "--version-id", json.loads(out)["id"],
    )  # fmt: skip
    code, out, _ = run(
        capsys, "prompts", "resolve", "--slug", "hello", "--labels", "production", "--variables", '{"name": "Ada"}'
    )
    assert (code, json.loads(out)["rendered"]) == (0, {"format": "text", "text": "Hi Ada"})
    code, out, _ = run(capsys, "prompts", "list-label-events", "--prompt-id", prompt.id, "--label", "production")
    assert (code, json.loads(out)["pagination"]["total"]) == (0, 1)


def test_json_may_come_from_a_file_or_the_standard_input(
    to11: LocalTo11, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rule.json"
    file.write_text('{"endpoint": "chat", "strategy": "single", "target": {"providerId": "p", "modelId": "m"}}')
    command = ["routing-rules", "versions", "create", "--rule-id", "rule_cli", "--snapshot"]
    code, out, err = run(capsys, *command, f"@{file}")
    assert (code, err, json.loads(out)["version"]) == (0, "", 1)
    monkeypatch.setattr(sys, "stdin", io.StringIO(file.read_text()))
    code, out, err = run(capsys, *command, "-")
    assert (code, err, json.loads(out)["version"]) == (0, "", 2)
    code, out, _ = run(capsys, "routing-rules", "releases", "list-all", "--rule-id", "rule_cli")
    assert (code, json.loads(out)) == (0, [])


def test_null_is_a_value_where_a_parameter_is_needed(to11: LocalTo11, capsys: pytest.CaptureFixture[str]) -> None:
    prompt = json.loads(run(capsys, "prompts", "create", "--name", "A", "--slug", "a")[1])
    command = [*shlex.split("prompts create-version --format text --variables-schema null --prompt-id"), prompt["id"]]
    code, out, _ = run(capsys, *command, "--template-json", '{"text": "x"}')
    assert (code, json.loads(out)["variablesSchema"]) == (0, None)
    code, _, complaint = run(capsys, *command, "--template-json", "null")
    assert (code, complaint) == (2, "to11ai: template_json must be given, not NoneType\n")


@pytest.mark.parametrize("value", ["{", "@/no/such/file", "[" * 100_000], ids=["broken", "no file", "deep"])
def test_what_is_not_json_is_a_usage_error(value: str, to11: LocalTo11, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, "prompts", "resolve", "--slug", "s", "--labels", "l", "--variables", value)
    assert (code, out) == (2, "")
    assert "--variables" in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ((), "required: COMMAND"),
        (("prompts",), "required: COMMAND"),
        (("prompts", "create", "--slug", "s"), "required: --name"),
        (("prompts", "list", "--page", "two"), "invalid int value: 'two'"),
        (("prompts", "list", "--pag", "2"), "list: unknown option --pag (see to11ai prompts list --help)"),
        (("prompts", f"--api-key={KEY}", "list"), "--api-key; options come after their command (see to11ai prompts --"),
        (("--api-key", KEY, "prompts", "list"), "COMMAND: not one of 'local', "),
        (("--api-key", f"{KEY} (choose from ", "prompts", "list"), "; options come after their command"),
        (("prompts", "--api-key", KEY, "list"), "COMMAND: not one of 'create', "),
        ((f"--api-key={KEY}", "prompts", "list"), "unknown option --api-key; options come after their command"),
        (("completion", KEY), "not one of 'bash', 'zsh', 'fish' (see to11ai completion --help)"),
        (("prompts", "list", "--\x1b[2J"), r"unknown option --\x1b[2J"),
        (("prompts", "list", "--secret=hush"), "unknown option --secret"),
        (("prompts", "list", KEY), "a value without an option; write --option VALUE (see to11ai prompts list --help)"),
        (("prompts", "get", "--prompt-id", ".."), "prompt_id must be an id"),
        (("prompts", "resolve", "--slug", "s", "--labels", "l", "--variables", "[1]"), "variables must be a mapping"),
        (("demo", "--base-url", "ftp://there"), "base_url"),
        (("local", "--port", "65536"), "a port is 0 to 65535"),
        (("local", "--port", "-1"), "a port is 0 to 65535"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(
    argv: tuple[str, ...], says: str, to11: LocalTo11, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capsys, *argv)
    assert code == 2
    assert says in err
    assert err.count("\n") == 1
    assert KEY not in err
    assert "hush" not in err
    assert "\x1b" not in err


@pytest.mark.parametrize(("missing", "variable"), [("--api-key", "TO11_API_KEY"), ("--project-id", "TO11_PROJECT_ID")])
def test_a_missing_setting_names_its_option_and_its_variable(
    missing: str, variable: str, to11: LocalTo11, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(variable, "")
    code, out, err = run(capsys, "prompts", "list")
    assert (code, out, err) == (2, "", f"to11ai: {missing} is missing; give it or set {variable}\n")


def test_the_hosted_api_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def stop(**settings: Any) -> None:
        asked.append(settings["base_url"])
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "create_client", stop)
    assert cli.main(["prompts", "list", "--api-key", "k", "--project-id", "p"]) == 130
    assert asked == ["https://api.to11.ai"]


def test_a_server_that_is_not_there_is_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    with LocalTo11() as gone:
        url = gone.base_url
    code, out, err = run(capsys, "demo", "--base-url", url, "--api-key", KEY, "--project-id", "p")
    assert code == 1
    assert "To11aiNetworkError" in out + err
    assert KEY not in out + err


def test_the_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    pyproject = (Path(__file__).parents[1] / "pyproject.toml").read_text("utf-8")
    found = re.search(r'^version = "(.*)"$', pyproject, re.MULTILINE)
    assert found
    assert run(capsys, "--version") == (0, f"to11ai-sdk {found[1]}\n", "")


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("command", ["local", "demo"])
def test_without_the_extra_a_command_that_needs_it_says_how_to_get_it(command: str) -> None:
    code = f"import sys; sys.modules['werkzeug'] = None; from to11ai_sdk.cli import main; sys.exit(main([{command!r}]))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    needed = f"to11ai: {command} needs the extra 'local', pip install 'to11ai-sdk[local]': "
    assert done.stderr == f"{needed}No module named 'werkzeug'\n"


@pytest.mark.parametrize(
    ("command", "absent"),
    [
        ("local", "to11ai_sdk.local.serve"),
        ("demo", "to11ai_sdk.local"),
        ("local", "to11ai_sdk.local.commands"),
        ("demo", "to11ai_sdk.local.commands"),
    ],
)
def test_a_bundle_without_the_local_folder_says_the_same(
    command: str, absent: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, absent, None)
    code, _, err = run(capsys, command)
    assert code == 2
    assert err.startswith(f"to11ai: {command} needs the extra 'local'")


@pytest.mark.parametrize("words", ["", "--json", "folder --check", "--prune folder", "--slug=a -o b", "1 -- 2"])
@pytest.mark.parametrize("command", ["pull", "push", "snapshot", "doctor", "completion", "prompts diff"])
def test_a_bundle_without_the_local_folder_says_which_commands_need_it(
    command: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "to11ai_sdk.local.tools.commands", None)
    code, _, err = run(capsys, *command.split(), *words.split())
    assert code == 2
    assert err.startswith(f"to11ai: {command} needs the folder local of to11ai_sdk: ")


def test_help_without_the_local_folder_is_the_docstring_of_the_method(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "to11ai_sdk.local.tools.docstrings", None)
    with pytest.raises(SystemExit):
        cli.main(["prompts", "list", "--help"])
    out = capsys.readouterr().out
    assert "tags: only prompts with all of these tags, separated by commas." in out
    assert "--project-id TEXT" in out


def interpreted(code: str) -> tuple[int, str, str]:
    """What a new interpreter makes of some code: status, output, errors."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("command", ["pull", "push", "snapshot", "doctor", "local", "demo"])
def test_help_of_a_command_that_is_no_call_loads_neither_the_calls_nor_the_network(command: str) -> None:
    help_of = f"from to11ai_sdk.cli import main\ntry: main([{command!r}, '--help'])\nexcept SystemExit: pass"
    unwanted = ["to11ai_sdk.resources.table", "pydantic", "urllib.request", "werkzeug"]
    code, out, _ = interpreted(f"{help_of}\nimport sys; print([name for name in {unwanted} if name in sys.modules])")
    assert (code, out.splitlines()[-1]) == (0, "[]")


def test_a_python_that_is_too_old_is_named_in_one_line() -> None:
    code, out, err = interpreted("import sys; sys.version_info = (3, 9, 18, 'final', 0); import to11ai_sdk.cli")
    assert (code, out) == (1, "")
    assert err.startswith("to11ai needs Python 3.10 or newer, not ")
    assert err.count("\n") == 1


def test_a_pydantic_that_does_not_fit_is_explained_in_one_line() -> None:
    arguments = ["prompts", "list", "--project-id", "p", "--api-key", "k", "--base-url", "http://127.0.0.1:1"]
    broken = "import sys; sys.modules['pydantic_core'] = None; from to11ai_sdk.cli import main; "
    code, out, err = interpreted(f"{broken}sys.exit(main({arguments}))")
    assert (code, out) == (1, "")
    assert re.match("to11ai: .*pydantic_core.*; install it", err)
    assert err.count("\n") == 1


@pytest.mark.usefixtures("to11")
def test_a_pydantic_and_a_core_of_different_releases_are_named_in_one_line() -> None:
    code, out, err = interpreted("""import sys
from to11ai_sdk import models
from to11ai_sdk.cli import main
def refuse():
    raise SystemError("The installed pydantic-core version (1) is incompatible\\nwith the current pydantic version")
models.load = refuse
sys.exit(main(["prompts", "list"]))""")
    assert (code, out) == (1, "")
    assert err.startswith("to11ai: The installed pydantic-core version (1) is incompatible with")
    assert err.count("\n") == 1


def test_an_interrupt_at_any_time_is_exit_code_130_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted:
        def read(self) -> str:
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", Interrupted())
    code, _, err = run(capsys, "prompts", "resolve", "--slug", "s", "--labels", "l", "--variables", "-")
    assert (code, err) == (130, "to11ai: interrupted\n")
    while_loading = """import sys
class Interrupt:
    def find_spec(self, name, *_):
        if name == "argparse":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
import to11ai_sdk.cli"""
    assert interpreted(while_loading) == (130, "", "")


def test_local_is_served_with_the_options_given(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("to11ai_sdk.local.serve")
    calls: list[tuple[Any, ...]] = []

    def serve(*args: Any, **options: Any) -> int:
        calls.append((*args, options))
        return 0

    monkeypatch.setattr(module, "serve", serve)
    given = {"providers": ["openai=echo"], "config": "gateway.toml"}
    usual: dict[str, Any] = {"as_json": False, "providers": [], "config": None, "workers": 1}
    usual |= {"strict_labels": None, "strict_variables": None, "host": "127.0.0.1", "allowed_hosts": []}
    usual["otlp"] = None
    assert cli.main(["local"]) == 0
    switches = ["--no-strict-labels", "--strict-variables"]
    assert cli.main(["local", "--port", "0", "--data", "to11.sqlite", "--json", *switches]) == 0
    switches = ["--strict-labels", "--no-strict-variables"]
    assert cli.main(["local", *switches, "--provider", "openai=echo", "--config", "gateway.toml"]) == 0
    assert cli.main(["local", "--host", "::", "--allow-host", "to11", "--allow-host", "to11.example.com"]) == 0
    assert cli.main(["local", "--otlp", "http://127.0.0.1:4318/"]) == 0
    assert calls.pop() == (4500, None, {**usual, "otlp": "http://127.0.0.1:4318/v1/traces"})
    assert calls == [
        (4500, None, usual),
        (0, "to11.sqlite", {**usual, "as_json": True, "strict_labels": False, "strict_variables": True}),
        (4500, None, {**usual, **given, "strict_labels": True, "strict_variables": False}),
        (4500, None, {**usual, "host": "::", "allowed_hosts": ["to11", "to11.example.com"]}),
    ]


def test_the_first_line_of_help_says_what_the_local_to11_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "local", "--help")
    assert out.splitlines()[0].startswith("for development, not for production: the to11 control plane and gateway")


def test_the_package_runs_as_a_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["to11ai", "--version"])
    with pytest.raises(SystemExit) as leaving:
        importlib.import_module("to11ai_sdk.__main__")
    assert leaving.value.code == 0
    assert capsys.readouterr().out.startswith("to11ai-sdk ")


def written_to(output: int, *argv: str) -> tuple[int, str]:
    """One command whose output goes into a file; its status, and its errors."""
    command = [sys.executable, "-m", "to11ai_sdk", *argv]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    done = subprocess.run(command, stdout=output, stderr=subprocess.PIPE, text=True, check=False, cwd=ROOT, env=env)
    os.close(output)
    return done.returncode, done.stderr


@pytest.mark.usefixtures("measured")
@pytest.mark.parametrize("command", ["demo", "prompts list", "--help", "prompts list --help", "--version"])
def test_output_that_nobody_reads_is_no_error_to_talk_about(to11: LocalTo11, command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    assert written_to(writing, *command.split()) == (1, "")


@pytest.mark.usefixtures("measured")
@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize(
    ("command", "code"), [("prompts list", 1), ("--help", 1), ("prompts diff --prompt-id {} 1 2", 2)]
)
def test_output_that_does_not_fit_is_told_in_one_line(to11: LocalTo11, command: str, code: int) -> None:
    with to11.client() as client:
        prompt = client.prompts.create(project_id=to11.project_id, name="Hello", slug="hello")
        for text in ("one", "two"):
            client.prompts.create_version(
                project_id=to11.project_id,
                prompt_id=prompt.id,
                format="text",
                template_json={"text": text},
                variables_schema={},
            )
    status, errors = written_to(os.open("/dev/full", os.O_WRONLY), *command.format(prompt.id).split())
    assert status == code
    assert errors.startswith("to11ai: ")
    assert errors.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/null").exists(), reason="there is no file that can be no folder")
def test_a_file_that_cannot_be_written_ends_no_output(to11: LocalTo11, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "pull", "/dev/null/there", "--yes")
    assert code != 0
    assert "/dev/null/there" in err
    assert err.count("\n") == 1
    assert run(capsys, "prompts", "list")[1] != ""


def test_an_empty_base_url_is_no_wish_for_a_demo_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "demo", "--base-url", "", "--api-key", "k", "--project-id", "p")
    assert code == 2
    assert err.startswith("to11ai: base_url must not be blank")


def test_a_standard_output_that_was_closed_before_the_start_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert cli.main(["completion", "bash"]) == 0


def test_a_terminal_gets_a_table_or_without_the_local_folder_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    for module in (cli, console):
        monkeypatch.setattr(module, "is_terminal", lambda: True)
    cli._show([{"slug": "a\u202eb"}], as_json=False)
    assert capsys.readouterr().out.split() == ["slug", "a\\u202eb"]
    monkeypatch.setitem(sys.modules, "to11ai_sdk.local.tools.output", None)
    cli._show([{"slug": "a\u202eb"}], as_json=False)
    assert json.loads(capsys.readouterr().out) == [{"slug": "a\u202eb"}]
