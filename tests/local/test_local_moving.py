"""``to11ai local export`` and ``import``: the same project in another store, or nothing."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tracemalloc
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from bound import SNAPSHOT, TEXT, Api, Clock, call

from to11ai_sdk import cli
from to11ai_sdk.local import LocalTo11, store
from to11ai_sdk.local.moving import export_import as moving
from to11ai_sdk.local.moving.export_import import export_project, import_project
from to11ai_sdk.local.store import project_tables, upgrades

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from services.postgres import PostgresServer

    from to11ai_sdk.local.store import Store

KEY = "a-key-of-the-owner-0123456789"


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TO11_LOCAL_API_KEY", raising=False)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data file with a project that has some of everything, and another project."""
    data = tmp_path_factory.mktemp("moved") / "source.db"
    clock = Clock()
    with LocalTo11(data, clock=clock) as to11:
        fill(to11, clock)
        other_id, _ = to11.create_project()
        assert other_id
    return data


def fill(to11: LocalTo11, clock: Clock) -> None:
    api = Api.of(to11)
    for slug in ("zeta", "alpha", "mid"):  # created at one moment: only their order tells them apart
        prompt, *versions = api.prompt(slug, versions=3)
        for version in (versions[0], versions[2], versions[1]):
            clock.turn(seconds=1)
            api.prompts.move_label(
                prompt_id=prompt.id, label="production", version_id=version.id, reason="\u00e9\u2028\n"
            )
    odd = {**TEXT, "variables_schema": None, "template_json": {"text": "\u2028 \U0001f600 \n\r"}}
    api.prompts.create_version(
        prompt_id=prompt.id, **odd, model_config={"temperature": 1.0, "n": 10**20}, changelog="x"
    )
    api.prompts.archive(prompt_id=api.prompt("gone").id)
    api.prompts.update(prompt_id=prompt.id, tags=["a", "b"], description="d")
    api.prompts.create_project_label(label="beta", description="d")
    api.prompts.create_project_label(label="old")
    api.prompts.delete_project_label(label="old")
    qa = api.environments.create(slug="qa", name="QA", requires_approval=True)
    api.environments.update(slug="qa", new_slug="test")
    assert qa
    to11.disable_provider("staging", "anthropic")
    versions = api.rule("rule_a", 3)
    api.versions.create(rule_id="rule_a", snapshot={**SNAPSHOT, "name": "n"})
    api.releases.set(rule_id="rule_a", env_slug="prod", strategy="single", version_id=versions[0])
    clock.turn(seconds=1)
    weights = [{"versionId": versions[0], "weight": 30}, {"versionId": versions[1], "weight": 70}]
    api.releases.set(rule_id="rule_a", env_slug="prod", strategy="weighted", weights=weights)
    api.releases.set(rule_id="rule_a", env_slug="test", strategy="single", version_id=versions[2])
    to11.create_rule("rule_empty")
    to11.enforce_label_registry = True
    to11.strict_variables = False
    to11.create_key(permissions=["prompt:read"])


def everything(to11: LocalTo11, project_id: str, key: str) -> Any:
    """All that the API says of a project."""
    base = f"/v1/projects/{project_id}"

    def get(path: str) -> Any:
        reply = call(to11, "GET", path if path.startswith("/") else f"{base}/{path}", headers={
            "Authorization": f"Bearer {key}", "x-to11-project-id": project_id})  # fmt: skip
        assert reply.status == 200, (path, reply.content)
        return reply.json

    prompts = [get(f"prompts?limit=100&sort_by={order}") for order in ("createdAt", "-createdAt", "name", "-updatedAt")]
    archived = get("prompts?limit=100&status=archived")
    ids = [prompt["id"] for prompt in prompts[0]["data"] + archived["data"]]
    found = [prompts, archived, get("/local/settings"), get("prompt-labels?include_archived=true")]
    found += [get(path) for path in ("environments?include_archived=true", "environments/qa", "label-events?limit=100")]
    for each in ids:
        found += [get(f"prompts/{each}/{what}") for what in ("versions", "labels")]
    for rule in ("rule_a", "rule_empty"):
        found += [get(f"routing/rules/{rule}/{what}?limit=200") for what in ("versions", "releases")]
    return found


def exported(data: Path, *options: str) -> bytes:
    output = data.parent / "exported.jsonl"
    assert cli.main(["local", "export", "--data", str(data), "-o", str(output), *options]) == 0
    return output.read_bytes()


def imported(content: bytes, target: Path) -> int:
    file = target.parent / "import.jsonl"
    file.write_bytes(content)
    return cli.main(["local", "import", "--data", str(target), str(file)])


def opened(data: Path) -> LocalTo11:
    return LocalTo11(data, clock=Clock())


def test_the_project_is_the_same_in_another_store(source: Path, tmp_path: Path) -> None:
    with opened(source) as to11:
        project_id, key = to11.project_id, to11.api_key
        before = everything(to11, project_id, key)
    assert imported(exported(source, "--with-key"), tmp_path / "target.db") == 0
    with opened(tmp_path / "target.db") as to11:
        assert (to11.project_id, to11.api_key) == (project_id, key)
        assert everything(to11, project_id, key) == before
        # It goes on as it would have where it was.
        api = Api.of(to11)
        prompt = api.prompts.list(limit=1, sort_by="name").items[0]
        made = api.prompts.create_version(prompt_id=prompt.id, **TEXT)
        assert made.version == 1 + max(each.version for each in api.prompts.list_versions(prompt_id=prompt.id)[1:])
        assert api.prompts.move_label(prompt_id=prompt.id, label="production", version_id=made.id)
        with to11._platform.owner(project_id) as session:
            assert session.actor_id == prompt.created_by_user_id
    assert exported(source) == exported(source)


def test_what_was_imported_is_exported_again_to_the_byte(source: Path, tmp_path: Path) -> None:
    content = exported(source)
    assert imported(content, tmp_path / "a.db") == 0
    assert exported(tmp_path / "a.db") == content


def test_without_the_key_the_owner_gives_it(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(source) as to11:
        key = to11.api_key
    content = exported(source)
    assert key.encode() not in content
    assert imported(content, tmp_path / "target.db") == 0
    assert "Set TO11_LOCAL_API_KEY to its key" in capsys.readouterr().err
    monkeypatch.setenv("TO11_LOCAL_API_KEY", key)
    with opened(tmp_path / "target.db") as to11:
        assert to11.client().prompts.list(project_id=to11.project_id).pagination.total == 3


def test_another_project_is_moved_next_to_that_of_the_target(source: Path, tmp_path: Path) -> None:
    with opened(source) as to11:
        project_id, key = to11.project_id, to11.api_key
        before = everything(to11, project_id, key)
    with opened(tmp_path / "target.db") as to11:
        own, other = to11.project_id, to11.create_project()
    assert imported(exported(source, "--with-key"), tmp_path / "target.db") == 0
    with opened(tmp_path / "target.db") as to11:
        assert to11.project_id == own
        assert everything(to11, project_id, key) == before
        assert call(to11, "GET", f"/v1/projects/{own}/prompts", key=key).status == 403
    # The other one of the target, which is not its main one, goes back.
    content = exported(tmp_path / "target.db", "--project", other.project_id)
    assert imported(content, source.parent / f"{tmp_path.name}.db") == 0
    with opened(source.parent / f"{tmp_path.name}.db") as to11:
        assert to11.project_id != other.project_id
        assert call(to11, "GET", f"/v1/projects/{other.project_id}/prompts", key=other.api_key).status == 200


def test_a_server_goes_on_while_its_store_is_exported(tmp_path: Path) -> None:
    data = tmp_path / "live.db"
    with LocalTo11(data) as to11:
        api = Api.of(to11)
        api.prompt("first", versions=1)
        process = [sys.executable, "-m", "to11ai_sdk", "local", "export", "--data", str(data)]
        with subprocess.Popen(process, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
            for number in range(20):
                api.prompt(f"p-{number}", versions=1)
            content, said = running.communicate(timeout=60)
        assert running.returncode == 0, said
    assert imported(content, tmp_path / "copy.db") == 0


def test_it_passes_through_a_pipe(source: Path, tmp_path: Path) -> None:
    words = f"{sys.executable} -m to11ai_sdk local"
    line = f"{words} export --data {source} | {words} import --data {tmp_path / 'piped.db'} -"
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    assert "imported project proj_" in done.stderr
    assert ": 4 prompts, 10 versions, 9 label events, 3 environments, 2 rules, 3 releases" in done.stderr
    assert "\r" not in done.stderr  # progress is for terminals


def test_a_standard_output_or_error_that_was_closed_before_the_start_is_no_traceback(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(moving, "_STEP", 1)
    monkeypatch.setattr(sys, "stdout", None)
    assert cli.main(["local", "export", "--data", str(source)]) == 1
    assert "the standard output is closed" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stderr", None)
    assert cli.main(["local", "export", "--data", str(source), "-o", str(tmp_path / "out")]) == 0
    assert cli.main(["local", "import", "--data", str(tmp_path / "target.db"), str(tmp_path / "out")]) == 0


def test_a_standard_input_that_was_closed_before_the_start_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert import_project(str(tmp_path / "target.db"), "-") == 1
    assert "the standard input is closed" in capsys.readouterr().err
    assert not (tmp_path / "target.db").exists()


def test_a_project_that_is_there_is_not_touched(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content, target = exported(source, "--with-key"), tmp_path / "target.db"
    assert imported(content, target) == 0
    with opened(target) as to11:
        before = everything(to11, to11.project_id, to11.api_key)
    for _ in range(2):
        capsys.readouterr()
        assert imported(content, target) == 1
        said = capsys.readouterr().err
        assert "is in the store already, and was not changed; import it into another store" in said
    with opened(target) as to11:
        assert everything(to11, to11.project_id, to11.api_key) == before


def test_a_key_that_opens_another_project_there_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TO11_LOCAL_API_KEY", KEY)
    for name in ("a.db", "b.db"):
        with LocalTo11(tmp_path / name):
            pass
    assert imported(exported(tmp_path / "a.db"), tmp_path / "b.db") == 1
    assert "this key opens another project there" in capsys.readouterr().err


def test_an_import_that_fails_leaves_what_another_program_has_stored_meanwhile(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, target = exported(source, "--with-key"), tmp_path / "target.db"

    def open_store(data: str) -> Store:
        """Another program is faster."""
        with monkeypatch.context() as patched:
            patched.setattr(moving, "open_store", store.open_store)
            if not target.exists():
                assert imported(content, target) == 0
        return store.open_store(data)

    monkeypatch.setattr(moving, "open_store", open_store)
    (tmp_path / "torn").write_bytes(content[:-10])
    assert import_project(str(target), str(tmp_path / "torn")) == 1
    assert exported(target, "--with-key") == content


def test_the_file_is_the_owners_and_replaced_only_when_it_is_whole(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text("before")
    output.chmod(0o644)
    assert cli.main(["local", "export", "--data", str(source), "-o", str(output), "--project", "proj_nope"]) == 1
    assert "there is no project 'proj_nope'; the main one is proj_" in capsys.readouterr().err
    assert output.read_text() == "before"
    assert cli.main(["local", "export", "--data", str(source), "-o", str(output)]) == 0
    assert output.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert cli.main(["local", "export", "--data", str(source), "-o", os.devnull]) == 0
    assert not Path(os.devnull).is_file()


def test_what_cannot_be_read_or_written_is_said(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.db").write_text("no database, but long enough to be read as one" * 30)
    for words, says in {
        ("export", "--data", str(tmp_path / "none.db")): "export: there is no data file",
        ("export", "--data", str(tmp_path / "text.db")): "export: cannot use",
        ("export", "--data", str(source), "-o", str(tmp_path / "no" / "out")): "export: cannot write",
        ("export", "--data", str(source), "-o", str(tmp_path)): "export: cannot write",
        ("import", "--data", str(tmp_path / "new.db"), str(tmp_path / "none")): "import: cannot read",
        ("import", "--data", str(tmp_path / "new.db"), str(tmp_path)): "import: cannot read",
    }.items():
        assert cli.main(["local", *words]) == 1
        err = capsys.readouterr().err
        assert err.startswith(f"to11ai local {says}"), err
        assert err.count("\n") == 1
    assert not (tmp_path / "none.db").exists()
    assert not (tmp_path / "new.db").exists()


@pytest.mark.parametrize(
    "words", [["export"], ["import"], ["import", "--data", "x"], ["export", "--data", "x", "--nope"]]
)
def test_a_wrong_command_line_is_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.main(["local", *words])
    assert leaving.value.code == 2
    assert capsys.readouterr().err.startswith("to11ai")


# Files that somebody has changed


def sealed(lines: list[Any]) -> bytes:
    """A file with these lines and an end that fits them: whoever changes a file can write that, too."""
    content = b"".join(line if isinstance(line, bytes) else json.dumps(line).encode() + b"\n" for line in lines)
    end = {"end": {"rows": len(lines) - 1, "sha256": sha256(content).hexdigest()}}
    return content + json.dumps(end).encode() + b"\n"


def parts(content: bytes) -> list[Any]:
    return [json.loads(line) for line in content.splitlines()[:-1]]


def first(lines: list[Any], table: str) -> dict[str, Any]:
    return next(line["row"] for line in lines if line.get("table") == table)


def without(table: str) -> Callable[[list[Any]], list[Any]]:
    return lambda lines: [line for line in lines if line.get("table") != table]


def changed(table: str, **values: Any) -> Callable[[list[Any]], list[Any]]:
    def change(lines: list[Any]) -> list[Any]:
        first(lines, table).update(values)
        return lines

    return change


def doubled(table: str) -> Callable[[list[Any]], list[Any]]:
    def double(lines: list[Any]) -> list[Any]:
        return [each for line in lines for each in ([line, line] if line.get("table") == table else [line])]

    return double


def planted(lines: list[Any]) -> list[Any]:
    """The version to which no event refers becomes one of another project's prompt."""
    row = next(line["row"] for line in lines if line.get("table") == "prompt_versions" and line["row"]["version"] == 4)
    row.update(prompt_id="{prompt}", version=9)
    return lines


DEEP: Any = []
for _ in range(80):
    DEEP = [DEEP]
WRONG: dict[str, tuple[Callable[[list[Any]], list[Any]], str]] = {
    "nothing but the format": (lambda lines: lines[:1], "line 2: "),
    "no format": (lambda lines: lines[1:], "line 1: this is no file of `to11ai local export`"),
    "a newer format": (lambda lines: [{**lines[0], "version": 2}, *lines[1:]], "has format 2"),
    "a format that is true": (lambda lines: [{**lines[0], "version": True}, *lines[1:]], "has format True"),
    "two projects": (lambda lines: [*lines, lines[1]], "the second line, and no other"),
    "no project": (lambda lines: [lines[0], *lines[2:]], "line 2: the second line"),
    "no keys": (without("keys"), "FOREIGN KEY"),
    "only a project": (lambda lines: lines[:2], "the project has no key"),
    "an unknown table": (lambda lines: [*lines, {"table": "counter", "row": {"value": 1}}], "there is no table"),
    "SQL for a table": (lambda lines: [*lines, {"table": "keys; DROP TABLE keys", "row": {}}], "there is no table"),
    "SQL for a column": (changed("prompts", **{"id) VALUES (1); --": 1}), "is unknown"),
    "a list for a row": (lambda lines: [*lines, {"table": "keys", "row": []}], "it must be {"),
    "a list for a table": (lambda lines: [*lines, {"table": [], "row": {}}], "it must be {"),
    "another member": (lambda lines: [*lines, {**lines[-1], "x": 1}], "it must be {"),
    "a list for a line": (lambda lines: [*lines, []], "it is no JSON object"),
    "no JSON": (lambda lines: [*lines, b"{\n"], "it is no JSON"),
    "bytes that are no text": (lambda lines: [*lines, b'{"table": "\xff"}\n'], "it is no JSON"),
    "a number that is none": (lambda lines: [*lines, b'{"table": NaN}\n'], "it is no JSON"),
    "an endless number": (lambda lines: [*lines, b'{"table": 1e999}\n'], "it is no JSON"),
    "half a pair": (changed("prompts", description="\ud800"), "'description' must be a text"),
    "deep nesting": (changed("prompt_versions", template_json={"text": DEEP}), "nested too deep"),
    "deeper nesting": (lambda lines: [*lines, b"[" * 100_000 + b"\n"], "it is no JSON"),
    "a number for a text": (changed("prompts", name=1), "'name' must be a text"),
    "a text for a number": (changed("prompt_versions", version="1"), "'version' must be a whole number"),
    "a truth for a number": (changed("prompt_versions", version=True), "'version' must be a whole number"),
    "a huge number": (changed("environments", sort_order=10**30), "'sort_order' must be a whole number"),
    "a number for a truth": (changed("environments", is_default=1), "'is_default' must be a boolean"),
    "half a pair in a template": (changed("prompt_versions", template_json={"text": "\ud800"}), "must be an object"),
    "half a pair in a name": (changed("rule_versions", snapshot_json={"x": {"\udfff": 1}}), "must be an object"),
    "half a pair in a schema": (changed("prompt_versions", variables_schema=["\ud800"]), "must be a value"),
    "a list for a template": (changed("prompt_versions", template_json=[]), "'template_json' must be an object"),
    "numbers for tags": (changed("prompts", tags=[1]), "'tags' must be a list of texts"),
    "no time": (changed("prompts", created_at="yesterday"), "'created_at' must be a time"),
    "a time in other digits": (changed("prompts", created_at="\u0662026-06-17T12:00:00.000000Z"), "must be a time"),
    "null": (changed("prompts", slug=None), "'slug' must be a text"),
    "no digest": (changed("keys", digest="x"), "'digest' must be a SHA-256"),
    "a missing column": (
        lambda lines: changed("prompts", **{"slug ": first(lines, "prompts").pop("slug")})(lines),
        "slug",
    ),
    "a version 0": (changed("prompt_versions", version=0), "CHECK"),
    "a status of its own": (changed("prompts", status="secret"), "CHECK"),
    "the same version twice": (doubled("prompt_versions"), "UNIQUE"),
    "the same event twice": (doubled("prompt_label_events"), "UNIQUE"),
    "the same key twice": (doubled("keys"), "this key opens another project"),
    "no prompts": (without("prompts"), "FOREIGN KEY"),
    "no versions": (without("prompt_versions"), "FOREIGN KEY"),
    "no events": (without("prompt_label_events"), "an event that is not there"),
    "no environments": (without("environments"), "FOREIGN KEY"),
    "no rule versions": (without("rule_versions"), "FOREIGN KEY"),
    "a pointer to an event of another label": (changed("prompt_labels", label="other"), "an event that is not there"),
    "another project's row": (changed("prompts", project_id="proj_other"), "it is of another project"),
    "another project's author": (changed("prompts", created_by_user_id="{key}"), "refers to another project"),
    "another project's release": (changed("rule_releases", prior_release_id="{release}"), "refers to another project"),
    "another project's prompt": (planted, "another project"),
}


VALUES: tuple[Any, ...] = (
    None, True, 0, 2**53 + 1, -(2**53) - 1, 1.5, 1e300, "", "x", "\ud800", "0" * 64, "2026-06-17T12:00:00.000000Z",
    "2026-06-17T12:00:00.000000Z\n", [], ["x"], [1], [None], ["\udfff"], [[]], {}, {"a": 1}, [{}], [{"versionId": 1}],
    [{"versionId": "v", "weight": True}], [{"versionId": "v", "weight": 1e300}],
)  # fmt: skip
FITS: dict[str, tuple[Any, ...]] = {
    "a text": ("", "x", VALUES[10], VALUES[11], VALUES[12]),
    "a time": (VALUES[11],),
    "a boolean": (True,),
    "a whole number": (0,),
    "a list of texts": ([], ["x"]),
    "a list of shares": ([],),
    "an object in UTF-8": ({}, {"a": 1}),
    "a SHA-256": (VALUES[10],),
    "a value in UTF-8": tuple(value for value in VALUES if value not in ("\ud800", ["\udfff"])),
}
"""Which of the values each kind has."""


def test_every_column_takes_values_of_its_kind_only(source: Path) -> None:
    for line in parts(exported(source)):
        if not (table := project_tables.BY_NAME.get(line.get("table"))):
            continue
        assert project_tables.wrong_column(table.columns, line["row"]) is None
        for column, kind in table.columns.items():
            fits = FITS[kind.removeprefix("?")] + ((None,) if kind.startswith("?") else ())
            for value in VALUES:
                # 0 == False, but they are not the same.
                is_fit = any(type(value) is type(each) and value == each for each in fits)
                found = project_tables.wrong_column(table.columns, {**line["row"], column: value})
                expected = None if is_fit else f"the column {column!r} must be {kind.removeprefix('?')}"
                assert found == expected, (table.name, column, value)


@pytest.mark.parametrize("what", WRONG)
def test_a_file_with_anything_wrong_changes_nothing(
    what: str, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change, says = WRONG[what]
    target = tmp_path / "target.db"
    with LocalTo11(target) as to11:
        api = Api.of(to11)
        prompt = api.prompt("theirs", versions=1)[0]
        version_id = api.rule("theirs", 1)[0]
        release = api.releases.set(rule_id="theirs", env_slug="prod", strategy="single", version_id=version_id)
        names = {"{key}": prompt.created_by_user_id, "{prompt}": prompt.id, "{release}": release.id}
    before = exported(target)
    lines = change(parts(exported(source)))
    for line in lines:
        if isinstance(line, dict) and isinstance(line.get("row"), dict):
            line["row"] = {k: names.get(v, v) if isinstance(v, str) else v for k, v in line["row"].items()}
    capsys.readouterr()
    assert imported(sealed(lines), target) == 1
    said = capsys.readouterr().err
    assert says in said
    assert said.endswith("; nothing was imported\n")
    assert exported(target) == before


def test_shares_of_versions_that_are_not_there_are_refused(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = parts(exported(source))
    release = next(line["row"] for line in lines if line.get("table") == "rule_releases" and line["row"]["weights"])
    release["weights"][0]["versionId"] = "version_elsewhere"
    assert imported(sealed(lines), tmp_path / "target.db") == 1
    assert "it refers to a version that is not there" in capsys.readouterr().err
    release["weights"] = [{"weight": 1}]
    assert imported(sealed(lines), tmp_path / "target.db") == 1
    assert "'weights' must be a list of shares" in capsys.readouterr().err
    for weight in ("30", None, True, -1, 10**20):
        release["weights"] = [{"versionId": release_of(lines)["version_id"], "weight": weight}]
        assert imported(sealed(lines), tmp_path / "target.db") == 1, weight
        assert "'weights' must be a list of shares" in capsys.readouterr().err


def release_of(lines: list[Any]) -> dict[str, Any]:
    return next(line["row"] for line in lines if line.get("table") == "rule_releases" and line["row"]["version_id"])


def test_a_main_key_that_is_none_is_refused(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = parts(exported(source, "--with-key"))
    lines[1]["row"]["main_key"] = KEY
    assert imported(sealed(lines), tmp_path / "target.db") == 1
    assert "the main key is no key of the project" in capsys.readouterr().err
    assert not (tmp_path / "target.db").exists()


def cut(content: bytes) -> Iterator[bytes]:
    """The file without its end, in various places."""
    lines = content.splitlines(keepends=True)
    yield from (b"", content[:-1], content[:-40], b"".join(lines[:-1]), b"".join(lines[:-2]), lines[0], content[:100])
    yield b"".join(lines[:5] + lines[6:])  # a line is missing
    yield b"".join([*lines[:5], lines[6], lines[5], *lines[7:]])  # two have changed places
    yield content.replace(b'"slug":"zeta"', b'"slug":"beta"')  # a value is another one
    yield content + b"\n"
    yield content + content


def test_a_file_that_is_cut_off_or_changed_is_refused(
    source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for number, content in enumerate(cut(exported(source))):
        capsys.readouterr()
        assert imported(content, tmp_path / "target.db") == 1, number
        assert capsys.readouterr().err.endswith("; nothing was imported\n"), number
        assert not (tmp_path / "target.db").exists()


def test_a_line_has_a_bound(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from to11ai_sdk.local import bounds

    content = exported(source)
    monkeypatch.setattr(bounds, "MAX_MOVED_LINE", max(map(len, content.splitlines(keepends=True))))
    assert imported(content, tmp_path / "a.db") == 0
    monkeypatch.setattr(bounds, "MAX_MOVED_LINE", bounds.MAX_MOVED_LINE - 1)
    assert imported(content, tmp_path / "b.db") == 1


def test_a_terminal_sees_how_far_it_is(source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(moving, "_STEP", 10)
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert export_project(str(source), str(tmp_path / "out"), None, with_key=False) == 0
    assert import_project(str(tmp_path / "target.db"), str(tmp_path / "out")) == 0
    assert "\r10 rows\r20 rows" in sys.stderr.getvalue()  # type: ignore[attr-defined]


def large(data: Path, prompts: int, events: int) -> None:
    """A store with so many events and a tenth as many versions, written without the API, which would take long."""
    import sqlite3

    with LocalTo11(data) as to11:
        project_id = to11.project_id
    with sqlite3.connect(data) as db:
        (key,) = db.execute("SELECT id FROM keys").fetchone()
        now = "2026-06-17T12:00:00.000000Z"
        names = [f"p{number}" for number in range(prompts)]
        rows = [(n, project_id, n, n, None, "[]", "active", key, now, now) for n in names]
        db.executemany(f"INSERT INTO prompts VALUES ({', '.join('?' * 10)})", rows)
        each = events // prompts
        versions = [(f"{n}-{v}", n, v, "text", '{"text": "x"}', "null", None, None, key, now)
                    for n in names for v in range(1, each // 10 + 1)]  # fmt: skip
        db.executemany(f"INSERT INTO prompt_versions VALUES ({', '.join('?' * 10)})", versions)
        db.executemany(
            "INSERT INTO prompt_label_events (id, project_id, prompt_id, label, to_version_id, moved_by_user_id, "
            "moved_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
            ((f"e{n}-{e}", project_id, n, "l", f"{n}-1", key, now) for n in names for e in range(each)),
        )
    db.close()


def test_its_memory_does_not_grow_with_the_project(tmp_path: Path) -> None:
    peaks = []
    for events in (3_000, 12_000):
        data = tmp_path / f"{events}.db"
        large(data, 30, events)
        tracemalloc.start()
        assert export_project(str(data), str(tmp_path / "out"), None, with_key=False) == 0
        assert import_project(f"{data}.copy", str(tmp_path / "out")) == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
        assert exported(Path(f"{data}.copy")) == exported(data)
    assert peaks[1] < peaks[0] + 1_000_000


def test_every_table_of_the_platform_is_moved() -> None:
    moved = {*project_tables.BY_NAME, "projects"}
    assert moved == set(upgrades.PLATFORM)


def test_every_column_is_moved(source: Path) -> None:
    import sqlite3

    derived = {"prompt_label_events": {"sequence"}, "rule_releases": {"sequence"}}
    with sqlite3.connect(source) as db:
        for table in project_tables.TABLES:
            columns = {row[1] for row in db.execute(f"PRAGMA table_info({table.name})")}
            assert columns - derived.get(table.name, set()) == set(table.columns), table.name
        assert {row[1] for row in db.execute("PRAGMA table_info(projects)")} == {
            *project_tables.PROJECT, "main_key"} - {"is_main"}  # fmt: skip
    db.close()


def test_a_project_moves_to_postgresql_and_back(
    source: Path, tmp_path: Path, postgres_server: PostgresServer, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(source) as to11:
        project_id, key = to11.project_id, to11.api_key
        before = everything(to11, project_id, key)
    content, url, file = exported(source, "--with-key"), postgres_server.url(), tmp_path / "file"
    file.write_bytes(content)
    assert cli.main(["local", "import", "--data", url, str(file)]) == 0
    with LocalTo11(url, clock=Clock()) as to11:
        assert (to11.project_id, to11.api_key) == (project_id, key)
        assert everything(to11, project_id, key) == before
        assert cli.main(["local", "export", "--data", url, "-o", str(file), "--with-key"]) == 0
    assert file.read_bytes() == content
    assert imported(content, tmp_path / "back.db") == 0
    # Tags with U+0000, which older versions accepted, and texts that only look like one or stand for it.
    tags = ["a\0b", "\0\0", "\\u0000", "\\\0", "\U0010fffe0"]
    odd, url = tmp_path / "odd", postgres_server.url()
    odd.write_bytes(sealed(changed("prompts", tags=tags)(parts(content))))
    assert cli.main(["local", "import", "--data", url, str(odd)]) == 0
    with LocalTo11(url, clock=Clock()) as to11:
        found = Api.of(to11).prompts.list(tags="\\u0000").items
        assert [prompt.tags for prompt in found] == [tags]
        assert call(to11, "GET", "prompts?tags=a%00b").json["pagination"]["total"] == 1
    # Whatever PostgreSQL refuses itself is said, and undone, too.
    for wrong in (doubled("prompt_versions"), without("prompts"), changed("prompts", status="secret")):
        other, target = tmp_path / "wrong", postgres_server.url()
        other.write_bytes(sealed(wrong(parts(content))))
        capsys.readouterr()
        assert cli.main(["local", "import", "--data", target, str(other)]) == 1
        assert capsys.readouterr().err.endswith("; nothing was imported\n")
        assert cli.main(["local", "import", "--data", target, str(file)]) == 0


COUNTED = {
    "prompt_label_event_totals": "owner_id, label, total, last",
    "prompt_label_event_marks": "owner_id, label, place, sequence",
    "prompt_label_event_disorder": "project_id",
    "prompt_tags": "project_id, tag, prompt_id, status",
    "prompt_totals": "project_id, tag, status, total",
}


def test_what_is_counted_is_the_same_in_postgresql(tmp_path: Path, postgres_server: PostgresServer) -> None:
    from to11ai_sdk.local.store import open_store

    data, file, urls = tmp_path / "data.db", tmp_path / "file", (postgres_server.url(), postgres_server.url())
    large(data, 3, 3_600)
    written = open_store(data)
    with written.transaction() as tx:
        tx.run("UPDATE prompts SET tags = :tags WHERE name <> 'p2'", tags='["a", "b"]')
        tx.run(
            "INSERT INTO prompt_label_events "
            "(id, project_id, prompt_id, label, to_version_id, moved_by_user_id, moved_at) "
            "SELECT 'late', project_id, prompt_id, 'm', to_version_id, moved_by_user_id, :at "
            "FROM prompt_label_events WHERE sequence = 1",
            at="2020-01-01T00:00:00.000000Z",
        )
    written.close()
    file.write_bytes(exported(data, "--with-key"))
    found = []
    for place in (str(data), str(tmp_path / "copy.db"), *urls):
        if place != str(data):
            assert cli.main(["local", "import", "--data", place, str(file)]) == 0
        store = open_store(place)
        with store.transaction(write=False) as tx:
            found.append({name: tx.all(f"SELECT {what} FROM {name} ORDER BY {what}") for name, what in COUNTED.items()})
        store.close()
    assert found[0]["prompt_label_event_marks"]
    assert found[0]["prompt_label_event_disorder"]
    assert found[0] == found[1] == found[2] == found[3]
    with LocalTo11(urls[0]) as to11:
        before = Api.of(to11).prompts.list(tags="a").pagination.total
        made = Api.of(to11).prompts.create(name="new", slug="new", tags=["a"])
        assert made.tags == ["a"]
        assert Api.of(to11).prompts.list(tags="a").pagination.total == before + 1
