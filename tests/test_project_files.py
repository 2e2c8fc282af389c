"""``to11ai pull`` and ``to11ai push``: a project as files, exactly, and back."""

from __future__ import annotations

import io
import json
import os
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from to11ai_sdk.cli import commands as cli
from to11ai_sdk.cli.parser import UsageError
from to11ai_sdk.local import LocalTo11
from to11ai_sdk.local.bounds import MAX_PROJECT_FILE
from to11ai_sdk.local.project_files import push as push_module
from to11ai_sdk.local.project_files.console import Progress, say_diff
from to11ai_sdk.local.project_files.fields import canonical, dump, read_fields, write_field
from to11ai_sdk.local.project_files.folder import read_lines
from to11ai_sdk.local.project_files.plan import plan_prompt
from to11ai_sdk.local.project_files.prompt_file import FileVersion, PromptFile, file_name, read_prompt_file
from to11ai_sdk.local.project_files.remote import RemotePrompt, StoredVersion

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = [
    "Hello {{ name }}",
    "",
    "\n",
    "a\n",
    "a\n\n",
    "trailing  \n\ttabs\t\n  ",
    '=== user\n===\n=== end\n\\"x\n\\',
    '---\nslug: "x"\n---',
    "dos\r\nlines\r\n",
    "\r\n",
    "mixed\r\nlines\n",
    "old mac\rlines\r",
    "\ufeffbom, \u202eright to left\u2028separator\x85next\x0bvertical\x1b[31m",
    "emoji 👩‍👩‍👧, Zürich, 日本語, عربى",
    "{% if x %}\n<<<<<<< HEAD\n=======\n>>>>>>> main\n{% endif %}",
    '{"json": true}',
    "# not a comment",
]
SETTINGS: list[Any] = [
    None,
    {},
    {"model": "echo-1", "temperature": 0.5, "stop": ["\n", None], "deep": {"a": [{"b": 1}]}},
]
SCHEMAS: list[Any] = [{}, None, {"type": "object", "properties": {"name": {"type": "string", "default": "Ada"}}}]


def chat(*texts: str) -> dict[str, Any]:
    tool = {"role": "tool", "name": "weather", "parameters": {"type": "object"}, "description": "of a place"}
    disabled = {"role": "assistant", "content": "old", "disabled": True}
    roles = ("system", "user", "developer")
    blocks = [{"role": roles[n % 3], "content": text} for n, text in enumerate(texts)]
    return {"messages": [*blocks, disabled, {**disabled, "disabled": False}, tool]}


def prompt(*templates: Any) -> PromptFile:
    kinds = ["text" if "text" in template else "chat" for template in templates]
    versions = [
        FileVersion((f"label-{n}",), kind, template, {}, None)
        for n, (kind, template) in enumerate(zip(kinds, templates, strict=True))
    ]
    return PromptFile("a-slug", "A name", "a\ndescription", ("one", "two"), tuple(versions))


def read(text: str) -> PromptFile:
    return read_prompt_file("file", text.split("\n")[:-1])


def same(one: PromptFile, other: PromptFile) -> bool:
    return one.text == other.text and [v.template for v in one.versions] == [v.template for v in other.versions]


# The files


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_is_read_as_it_was_written(text: str, tmp_path: Path) -> None:
    whole = prompt({"text": text}, chat(text, text + "!", text), {"text": text + "end"})
    path = tmp_path / "x"
    path.write_bytes(whole.text.encode())
    assert same(read(whole.text), whole)
    assert same(read_prompt_file("x", read_lines(path)), whole)


@given(st.lists(st.text(st.sampled_from('=\\" \t\n\r-#{}aé\ud800\u2028'), max_size=12), min_size=1, max_size=4))
def test_any_text_is_read_as_it_was_written(texts: list[str]) -> None:
    whole = prompt(chat(*texts), {"text": texts[0]})
    assert same(read(whole.text), whole)
    whole.text.encode()


@pytest.mark.parametrize("text", TEXTS)
def test_what_editors_and_git_do_to_whole_files_does_not_change_a_text(text: str, tmp_path: Path) -> None:
    whole = prompt({"text": text + "\nmore\n"}, chat(text))
    path = tmp_path / "x"
    tidied = "\n".join(line.rstrip() for line in whole.text.split("\n")).rstrip("\n") + "\n"
    for changed in (tidied, whole.text.replace("\n", "\r\n"), "\ufeff" + whole.text, whole.text.rstrip("\n")):
        path.write_bytes(changed.encode())
        assert same(read_prompt_file("x", read_lines(path)), whole)


def test_a_changed_line_of_a_message_is_a_changed_line_of_the_file() -> None:
    before = prompt(chat("one\ntwo\nthree", "more")).text.split("\n")
    after = prompt(chat("one\n2\nthree", "more")).text.split("\n")
    assert [(old, new) for old, new in zip(before, after, strict=True) if old != new] == [("two", "2")]


def test_a_reviewer_sees_what_is_invisible() -> None:
    text = prompt({"text": "if access\u2066 == admin \x1b[2K"}).text
    assert '\n\\"if access\\u2066 == admin \\u001b[2K"\n' in text


@pytest.mark.parametrize("value", [*SETTINGS[1:], *SCHEMAS, *TEXTS, [1, {"a": None}], [], "no", True, 12, "1e3"])
def test_the_fields_are_yaml_with_the_same_values(value: Any) -> None:
    text = write_field("first", value) + write_field('"second"', [value])
    assert {name: field.value for name, field in read_fields("x", text.split("\n"), 1).items()} == yaml.safe_load(text)


LENIENT = """\
# of "all
first: {  # it's {a} comment, "with" a comma,
    "text": "no # comment, ] and \\" no , } end",  # the last member
  }
second: [1, [2,
  # between
  3, ], ]  # end
"third # name": "x" # "
"""


def test_comments_and_last_commas_are_those_of_yaml() -> None:
    """As formatters of YAML write them."""
    found = {name: field.value for name, field in read_fields("x", LENIENT.split("\n"), 1).items()}
    assert found == yaml.safe_load(LENIENT)
    assert found["first"] == {"text": 'no # comment, ] and " no , } end'}


def test_a_template_of_another_kind_is_json() -> None:
    strange = [{"parts": ["=== user", {"a": None}]}, {"messages": [1, {"role": "robot"}]}, None, "text", {"text": 1}]
    versions = [FileVersion((f"l{n}",), "text", template, {}, None) for n, template in enumerate(strange)]
    whole = PromptFile("s", "n", "", (), tuple(versions))
    assert same(read(whole.text), whole)


@pytest.mark.parametrize("write", [dump, canonical])
def test_a_value_that_is_nested_too_deeply_is_no_traceback(write: Any) -> None:
    deep: list[Any] = []
    for _ in range(200_000):
        deep = [deep]
    with pytest.raises(UsageError, match="nested too deeply"):
        write(deep)
    while deep:  # or the interpreter frees it by recursion
        deep = deep.pop()


def test_versions_with_the_same_content_are_one() -> None:
    first = FileVersion(("b",), "text", {"text": "x"}, {"a": 1, "b": 2.0}, None)
    again = FileVersion(("a",), "text", {"text": "x"}, {"b": 2, "a": 1.0}, None)
    assert first.content == again.content
    assert first.content != FileVersion((), "text", {"text": "x"}, {"b": 2, "a": True}, None).content


SLUGS = ["welcome", "con", "COM1", "nul", "..", ".", "", "a/b", "a\\b", "-rf", "A", "a", "ä", "x" * 300, "a\0", "a b"]


def test_tags_and_empty_values_in_another_form_are_no_difference() -> None:
    one = PromptFile("s", "n", "", ("a", "b"), (FileVersion(("l",), "text", {"text": "x"}, {}, None),))
    other = PromptFile("s", "n", "", ("b", "a"), (FileVersion(("l",), "text", {"text": "x"}, None, {}),))
    assert one.content == other.content
    assert plan_prompt(
        one, RemotePrompt("id", other, (StoredVersion("v", 1, other.versions[0].content),), {"l": "v"})
    ).key == (
        {},
        {},
        [],
    )


def test_each_slug_has_a_file_name_that_every_file_system_takes() -> None:
    names = [file_name(slug) for slug in SLUGS]
    assert len({name.lower() for name in names}) == len(SLUGS)
    reserved = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\.|$)")
    assert [
        name for name in names if reserved.match(name) or not re.fullmatch(r"[a-z0-9~][a-z0-9~-]*\.liquid", name)
    ] == []
    assert max(map(len, names)) < 120
    assert names[0] == "welcome.liquid"


@pytest.mark.parametrize("first", ["=== user\none\r\ntwo\n", "=== user\none\ntwo\r\n"])
def test_a_line_end_of_windows_is_no_part_of_a_text(first: str, tmp_path: Path) -> None:
    """As an editor writes for a new line in a file that has other ends."""
    path = tmp_path / "x"
    path.write_bytes(f'{HEAD}=== version\nlabels: ["a"]\r\nformat: "chat"\n{first}'.encode())
    assert read_prompt_file("x", read_lines(path)).versions[0].template["messages"][0]["content"] == "one\ntwo"


MANY_NAMES = {
    "fields": "".join(f"l{n}: {{}}\n" for n in range(40_000)),
    "strings without an end": 'a: "' + '\\"' * 200_000,
    "members": "a: {" + "".join(f'"{n}": 1, ' for n in range(100_000)) + '"1": 1}',
}


def test_the_time_to_read_many_versions_grows_with_their_number_only() -> None:
    count = 20_000
    text = HEAD + "".join(f'=== version\nlabels: ["l{n}"]\nformat: "chat"\n' for n in range(count))
    started = time.process_time()
    versions = read_prompt_file("file", text.split("\n")).versions
    assert time.process_time() - started < 20
    assert [len(version.labels) for version in versions] == [count]


@pytest.mark.parametrize("text", MANY_NAMES.values(), ids=MANY_NAMES)
def test_the_time_to_read_a_file_grows_with_its_length_only(text: str) -> None:
    """Seconds of work are allowed for what takes minutes if each line or name is looked up in all others."""
    started = time.process_time()
    with suppress(UsageError):
        read_fields("file", text.split("\n"), 1)
    assert time.process_time() - started < 10


MISTAKES = {
    "": "1: expected ---",
    "---\nslug: 1\n---\n": "2: slug must be a text",
    "---\nslug: x\n---\n": "2: not JSON",
    '---\nslug: "x"\n': "2: the front matter has no end",
    '---\nslug: "x"\n---\n': "1: name is missing",
    '---\nslug: "x"\nslug: "y"\n---\n': "3: slug is there twice, first in line 2",
    '---\nslug: "x"\ntitle: "y"\n---\n': "3: unknown field 'title'; there are slug, name",
    '---\nslug: "x"\nname: "y" z\n---\n': "3: unexpected text after the value of name",
    '---\n"slu\\g": "x"\n---\n': "2: not JSON",
    '---\nslug: "x"\nname: "y"\ntags: 2026-01-01\n---\n': "4: unexpected text after the value of tags; a text needs",
    '---\nslug: "x"\nname: no\n---\n': "3: not JSON: Expecting value; a value is JSON, such as",
    '---\nslug: "x"\nname: "y"\ntags: [1]\n---\n': "4: tags must be a list of texts",
    '---\nslug: "x"\n\n# c\nname = 3\n---\n': "5: expected a line such as name:",
    "H\nhello\n": "6: text outside of a section",
    "H=== user\n": "5: the first section must be === version",
    "H=== version\n=== user\nhi\n": "5: labels is missing",
    'H=== version\nlabels: []\nformat: "chat"\n': "5: labels is missing",
    "V=== text\nhi\n=== user\n": "8: a version with the section text can have no other",
    'V=== user\n\\"a" b\n': "9: unexpected text after the string",
    "V=== message\n{}\n\n}\n": "11: unexpected text after the JSON value",
    'H=== version\nlabels: ["a"]\nformat: "text"\n': "5: a version of the format text needs the section === text",
    "V=======\n": "8: '=======' starts no section; write a line of text",
    "V=== text disabled\n": "8: a section text cannot be disabled",
    "V=== message crlf\n": "8: a section message cannot be crlf",
    "V=== robot\n": "8: '=== robot' starts no section",
    'V=== user\nfine\n\\"broken\n': "10: not JSON",
    'V=== message\n{\n"role": \n}\n': "11: not JSON",
    'V=== version\nlabels: ["production"]\nformat: "chat"\n': "8: the label production is there twice, first in line 5",
    'V=== message\n{"a": NaN}\n': "9: not JSON: NaN",
    'V=== message\n{"a": 1e999}\n': "9: not JSON: the number",
    'V=== message\n{"a": 1,\n"a": 2}\n': "9: not JSON: 'a' is there twice",
    "V=== message\n" + "[" * 100_000 + "\n": "9: not JSON",
}
HEAD = '---\nslug: "x"\nname: "y"\n---\n'


@pytest.mark.parametrize("text", MISTAKES, ids=MISTAKES.values())
def test_a_mistake_is_reported_with_its_file_and_line(text: str) -> None:
    version = HEAD + '=== version\nlabels: ["production"]\nformat: "chat"\n'
    whole = re.sub("^H", HEAD, re.sub("^V", version.replace("\\", r"\\"), text))
    with pytest.raises(UsageError, match=f"^file:{re.escape(MISTAKES[text])}"):
        read_prompt_file("file", whole.split("\n")[:-1])


# The commands


class Folder:
    """A folder of files, and the commands that use it with a server."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path = path
        self.capsys = capsys

    def run(self, command: str, to11: LocalTo11, *options: str) -> tuple[int, str]:
        """Exit code, and all that was printed."""
        code = cli.main([command, str(self.path), *access(to11), *options])
        return code, "".join(self.capsys.readouterr())

    def files(self) -> dict[str, bytes]:
        return {
            path.relative_to(self.path).as_posix(): path.read_bytes() for path in self.path.rglob("*") if path.is_file()
        }

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.path / name
        text = path.read_bytes().decode()
        assert old in text
        path.write_bytes(text.replace(old, new).encode())


def access(to11: LocalTo11) -> list[str]:
    return ["--api-key", to11.api_key, "--base-url", to11.base_url, "--project-id", to11.project_id]


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Folder:
    return Folder(tmp_path / "our-prompts", capsys)


@pytest.fixture
def to11() -> Iterator[LocalTo11]:
    with LocalTo11() as server:
        yield server


@pytest.fixture
def other() -> Iterator[LocalTo11]:
    with LocalTo11() as server:
        yield server


def write(
    to11: LocalTo11, slug: str, *texts: str, labels: tuple[str, ...] = ("production", "beta"), **more: Any
) -> str:
    """Create a prompt whose labels point at one version each, in order; returns its id."""
    with to11.client() as client:
        project = {"project_id": to11.project_id}
        made = client.prompts.create(**project, slug=slug, name=more.pop("name", f"Name of {slug}"), **more)
        for label, text in zip(labels, texts, strict=False):
            version = client.prompts.create_version(
                **project, prompt_id=made.id, format="text", template_json={"text": text}, variables_schema={}
            )
            client.prompts.move_label(**project, prompt_id=made.id, label=label, version_id=version.id)
        return made.id


def versions(to11: LocalTo11, prompt_id: str) -> list[Any]:
    with to11.client() as client:
        return [
            v.template_json["text"]
            for v in client.prompts.list_versions(project_id=to11.project_id, prompt_id=prompt_id)
        ]


def prompt_id(to11: LocalTo11, slug: str) -> str:
    with to11.client() as client:
        return next(row.id for row in client.prompts.iter(project_id=to11.project_id) if row.slug == slug)


def fill(to11: LocalTo11, count: int) -> None:
    """A project with prompts of all kinds."""
    slugs = ["con", "-rf", "a" * 200, *(f"prompt-{n}" for n in range(count - 3))]
    with to11.client() as client:
        project = {"project_id": to11.project_id}
        client.prompts.create_project_label(**project, label="beta", description="Ünfinished")
        client.prompts.update_project_label(**project, label="production", display_color="pink")
        client.project_environments.create(
            **project, slug="qa", name="Quality", is_default=True, requires_approval=True, is_gateway_fallback=True
        )
        client.project_environments.update(**project, slug="prod", color="#fff", sort_order=7)
        for n, slug in enumerate(slugs):
            tags = ["one", f"tag {n % 5}"] if n % 2 else None
            made = client.prompts.create(**project, slug=slug, name=f'"{n}" é', tags=tags, description="d\n" * (n % 3))
            for label in ("production", "beta", "Beta_2")[: n % 4]:
                text = TEXTS[(n + len(label)) % len(TEXTS)].replace("{%", "%")
                version = client.prompts.create_version(
                    **project,
                    prompt_id=made.id,
                    format="chat" if n % 2 else "text",
                    template_json=chat(text, f"{n}{text}") if n % 2 else {"text": text},
                    variables_schema=SCHEMAS[2] if n % 3 else SCHEMAS[0],
                    model_config=SETTINGS[n % 3],
                    changelog=f"of {label}",
                )
                client.prompts.move_label(**project, prompt_id=made.id, label=label, version_id=version.id)


def test_a_project_of_500_prompts_goes_round_exactly(
    to11: LocalTo11, other: LocalTo11, folder: Folder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(to11, 500)
    assert folder.run("pull", to11)[0] == 0
    assert len(folder.files()) == 502
    assert folder.run("push", to11, "--check") == (0, "The project is what the files say.\n")
    assert folder.run("push", other, "--check")[0] == 1
    code, said = folder.run("push", other, "--yes")
    assert (code, said.splitlines()[-1]) == (0, "504 of 504 changes applied.")
    assert folder.run("push", other, "--check") == (0, "The project is what the files say.\n")
    back = Folder(tmp_path / "back", capsys)
    assert back.run("pull", other)[0] == 0
    assert back.files() == folder.files()
    assert "The files are what the project is." in back.run("pull", other)[1]


def test_a_changed_text_becomes_a_version_and_its_label_moves(to11: LocalTo11, folder: Folder) -> None:
    made = write(to11, "greeting", "Hello", "Hello, beta")
    folder.run("pull", to11)
    folder.edit("prompts/greeting.liquid", "=== text\nHello\n", "=== text\nGood day\n")
    code, said = folder.run("push", to11, "--check")
    assert code == 1
    plan = "~ prompt greeting: create 1 new version, move the label production from version 1 to the new version"
    assert plan in said
    assert "    -Hello\n    +Good day\n" in said
    code, said = folder.run("push", to11, "--yes", "--reason", "politer")
    assert (code, said.splitlines()[-1]) == (0, "1 of 1 changes applied.")
    assert versions(to11, made) == ["Good day", "Hello, beta", "Hello"]
    with to11.client() as client:
        newest = client.prompts.get_version(project_id=to11.project_id, prompt_id=made, version_number=3)
        events = client.prompts.list_label_events(project_id=to11.project_id, scope="project")
    assert (newest.changelog, events[0].reason) == ("politer", "politer")
    folder.edit("prompts/greeting.liquid", "Good day\n", "Hello\n")
    assert "from version 3 to version 1" in folder.run("push", to11, "--yes")[1]
    assert len(versions(to11, made)) == 3
    assert folder.run("push", to11, "--yes") == (0, "The project is what the files say.\n")


def test_names_descriptions_and_tags_are_changed_and_cleared(to11: LocalTo11, folder: Folder) -> None:
    made = write(to11, "greeting", "Hello", description="old", tags=["old"])
    folder.run("pull", to11)
    folder.edit("prompts/greeting.liquid", 'description: "old"\ntags: ["old"]\n', "# a comment\n")
    folder.edit("prompts/greeting.liquid", "Name of greeting", "Other name")
    assert "~ prompt greeting: change name and description and tags" in folder.run("push", to11, "--yes")[1]
    with to11.client() as client:
        row = client.prompts.get(project_id=to11.project_id, prompt_id=made)
    assert (row.name, row.description, row.tags) == ("Other name", None, [])
    assert "The files are what the project is." in folder.run("pull", to11)[1]
    assert b"# a comment" in folder.files()["prompts/greeting.liquid"]


def test_labels_and_environments_are_created_and_changed_and_archived_only_if_asked(
    to11: LocalTo11, folder: Folder
) -> None:
    write(to11, "old", "Hello")
    write(to11, "kept", "Hello")
    with to11.client() as client:
        client.prompts.create_project_label(project_id=to11.project_id, label="gone", description="x", is_default=True)
        client.project_environments.create(project_id=to11.project_id, slug="gone", name="Gone")
    folder.run("pull", to11)
    (folder.path / "prompts" / "old.liquid").unlink()
    (folder.path / "labels.yaml").write_text('new: {"description": "n"}\nproduction: {}\n', "utf-8")
    text = 'prod: {"name": "P"}\nstaging: {"name": "Staging", "is_default": true, "is_gateway_fallback": true}\n'
    (folder.path / "environments.yaml").write_text(text, "utf-8")
    code, said = folder.run("push", to11, "--yes")
    assert code == 0
    assert '+ create the label new\n    description: "n"\n' in said
    assert '~ change the environment prod: name\n    name: "Production" -> "P"\n' in said
    assert "~ change the label production: is_default\n    is_default: true -> false\n" in said
    for kind in ("label gone", "environment gone", "prompt old"):
        assert f"Only on the server, and stays: the {kind}\n" in said
    assert folder.run("push", to11, "--check")[0] == 0
    code, said = folder.run("push", to11, "--check", "--prune")
    assert code == 1
    assert "- archive the prompt old\n" in said
    assert folder.run("push", to11, "--yes", "--prune")[0] == 0
    assert "Only on" not in folder.run("push", to11, "--check", "--prune")[1]
    with to11.client() as client:
        project = {"project_id": to11.project_id}
        labels = {row.label: row for row in client.prompts.list_project_labels(**project)}
        environments = {row.slug: row for row in client.project_environments.list(**project)}
        assert [row.slug for row in client.prompts.list(**project)] == ["kept"]
    assert labels.keys() == {"production", "new"}
    assert (labels["production"].is_default, labels["new"].description) == (False, "n")
    assert environments.keys() == {"prod", "staging"}
    assert (environments["prod"].is_default, environments["staging"].is_gateway_fallback) == (False, True)


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


def test_a_prompt_that_somebody_changes_after_the_plan_is_left_alone(
    to11: LocalTo11, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = write(to11, "raced", "one", "two")
    write(to11, "calm", "one")
    folder.run("pull", to11)
    for name in ("raced", "calm"):
        folder.edit(f"prompts/{name}.liquid", "\none\n", "\nmine\n")

    def meanwhile(*_: Any, **__: Any) -> bool:
        with to11.client() as client:
            project = {"project_id": to11.project_id, "prompt_id": made}
            second = client.prompts.get_version(**project, version_number=2)
            client.prompts.move_label(**project, label="production", version_id=second.id)
        return True

    monkeypatch.setattr(push_module, "agreed", meanwhile)
    code, said = folder.run("push", to11)
    assert code == 1
    assert re.search(
        r"FAILED .*raced.liquid:1: prompt raced: somebody changed the prompt after the plan was made", said
    )
    assert versions(to11, made) == ["two", "one"]
    assert "\n1 of 2 changes applied.\n" in said


def test_labels_that_somebody_changes_after_the_plan_stop_the_push(
    to11: LocalTo11, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.run("pull", to11)
    folder.edit("labels.yaml", "accent", "pink")

    def meanwhile(*_: Any, **__: Any) -> bool:
        with to11.client() as client:
            client.prompts.update_project_label(project_id=to11.project_id, label="production", display_color="red")
        return True

    monkeypatch.setattr(push_module, "agreed", meanwhile)
    code, said = folder.run("push", to11)
    assert code == 1
    assert "somebody changed the labels after the plan was made" in said


def test_an_environment_that_somebody_changes_after_the_plan_is_not_archived(
    to11: LocalTo11, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.run("pull", to11)

    def meanwhile(*_: Any, **__: Any) -> bool:
        with to11.client() as client:
            client.project_environments.update(project_id=to11.project_id, slug="qa", name="In use")
        return True

    with to11.client() as client:
        client.project_environments.create(project_id=to11.project_id, slug="qa", name="Quality")
    monkeypatch.setattr(push_module, "agreed", meanwhile)
    code, said = folder.run("push", to11, "--prune")
    assert code == 1
    assert "somebody changed the environments after the plan was made" in said
    with to11.client() as client:
        assert client.project_environments.get(project_id=to11.project_id, slug="qa").archived_at is None


def test_a_label_that_no_file_has_is_named_because_it_cannot_be_removed(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "greeting", "one", "two")
    folder.run("pull", to11)
    path = folder.path / "prompts" / "greeting.liquid"
    path.write_bytes(
        re.sub(rb"=== version\nlabels: \[\"beta\"\].*?(?==== version)", b"", path.read_bytes(), flags=re.S)
    )
    code, said = folder.run("push", to11, "--check")
    assert code == 0
    assert "stays: the label beta of the prompt greeting, which the API cannot remove\n" in said


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


def test_a_renamed_prompt_frees_its_name_for_a_new_one(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "old", "Hello", name="Greeting")
    folder.run("pull", to11)
    text = (folder.path / "prompts" / "old.liquid").read_text("utf-8")
    (folder.path / "prompts" / "a-new.liquid").write_text(text.replace('"old"', '"new"'), "utf-8")
    folder.edit("prompts/old.liquid", '"Greeting"', '"Former greeting"')
    assert folder.run("push", to11, "--yes")[0] == 0
    assert folder.run("push", to11, "--check")[0] == 0


def greeting(slug: str, name: str) -> str:
    """A file of a prompt."""
    return PromptFile(slug, name, "", (), (FileVersion(("production",), "text", {"text": "Hello"}, {}, None),)).text


def names(to11: LocalTo11) -> dict[str, str]:
    with to11.client() as client:
        return {row.slug: row.name for row in client.prompts.iter(project_id=to11.project_id)}


@pytest.mark.parametrize("after", ["BA", "BCA", "BCADEX", "CABX", "BADC"])
def test_prompts_exchange_their_names(after: str, to11: LocalTo11, folder: Folder) -> None:
    """In a circle, in a chain that ends with a free name, and with a new prompt that takes a freed name."""
    slugs = [f"slug-{n}" for n in range(len(after))]
    for slug, name in zip(slugs, "ABCDEF", strict=False):
        write(to11, slug, "Hello", name=name)
    folder.run("pull", to11)
    for slug, name in zip([*slugs, "new"], [*after, *(set("ABCDEF"[: len(after)]) - set(after))], strict=False):
        (folder.path / "prompts" / f"{slug}.liquid").write_text(greeting(slug, name), "utf-8")
    assert folder.run("push", to11, "--yes")[0] == 0
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


def test_the_order_of_names_in_schemas_is_kept_and_no_difference(
    to11: LocalTo11, other: LocalTo11, folder: Folder
) -> None:
    with to11.client() as client:
        place = {"project_id": to11.project_id}
        place["prompt_id"] = client.prompts.create(**place, slug="ordered", name="Ordered").id
        settings = {"response_format": {"properties": {"reasoning": {}, "answer": {}}}}
        version = client.prompts.create_version(
            **place, format="text", template_json={"text": "x"}, variables_schema=None, model_config=settings
        )
        client.prompts.move_label(**place, label="production", version_id=version.id)
    folder.run("pull", to11)
    folder.run("push", other, "--yes")
    with other.client() as client:
        place = {"project_id": other.project_id, "prompt_id": prompt_id(other, "ordered")}
        settings = client.prompts.get_version(**place, version_number=1).settings
    assert list(settings["response_format"]["properties"]) == ["reasoning", "answer"]
    properties = '"reasoning": {},\n        "answer": {}'
    folder.edit("prompts/ordered.liquid", properties, '"answer": {},\n        "reasoning": {}')
    assert folder.run("push", to11, "--check")[0] == 0
    assert "The files are what the project is." in folder.run("pull", to11)[1]


def test_a_prompt_that_changes_after_the_plan_is_not_archived(
    to11: LocalTo11, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = write(to11, "busy", "one")
    folder.run("pull", to11)
    (folder.path / "prompts" / "busy.liquid").unlink()

    def meanwhile(*_: Any, **__: Any) -> bool:
        with to11.client() as client:
            client.prompts.update(project_id=to11.project_id, prompt_id=made, name="In use")
        return True

    monkeypatch.setattr(push_module, "agreed", meanwhile)
    code, said = folder.run("push", to11, "--prune")
    assert code == 1
    assert "FAILED prompt busy: prompt busy: somebody changed the prompt after the plan was made" in said
    with to11.client() as client:
        assert client.prompts.get(project_id=to11.project_id, prompt_id=made).status == "active"


def test_without_the_folder_of_prompts_none_is_archived(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "kept", "Hello")
    folder.run("pull", to11)
    (folder.path / "prompts" / "kept.liquid").unlink()
    (folder.path / "prompts").rmdir()
    assert folder.run("push", to11, "--yes", "--prune") == (0, "The project is what the files say.\n")


def test_a_value_that_is_nested_too_deeply_is_reported(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "deep", "Hello")
    folder.run("pull", to11)
    folder.edit("prompts/deep.liquid", "variables_schema: {}", f"variables_schema: {'[' * 900}{']' * 900}")
    code, said = folder.run("push", to11, "--yes")
    assert code in (1, 2)
    assert "nested" in said
    assert "Traceback" not in said


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


def test_a_version_that_the_server_stores_in_another_form_is_reported(
    to11: LocalTo11, other: LocalTo11, folder: Folder
) -> None:
    write(to11, "one", "Hello")
    folder.run("pull", to11)
    for n in range(40):
        (folder.path / "prompts" / f"slug-{n}.liquid").write_text(greeting(f"slug-{n}", f"Name {n}"), "utf-8")
    with to11.client() as client:
        made = client.prompts.get_version(
            project_id=to11.project_id, prompt_id=prompt_id(to11, "one"), version_number=1
        ).model_dump(mode="json", by_alias=True)
    body = {"success": True, "code": 200, "data": {**made, "templateJson": {"text": "Hello!"}}, "error": None}
    other.fail_next(100, body=json.dumps(body), match="prompts.create_version")
    code, said = folder.run("push", other, "--yes")
    assert code == 1
    assert "the server stored version 1 in another form; if that is right, move the label there" in said
    assert 1 <= sum(request.row == "prompts.create_version" for request in other.requests) <= 8


def test_what_the_server_has_stored_in_another_form_is_not_created_again(to11: LocalTo11, folder: Folder) -> None:
    made = write(to11, "one", "Hello")
    folder.run("pull", to11)
    folder.edit("prompts/one.liquid", "Hello\n", "\nHi\n\n")
    with to11.client() as client:
        place = {"project_id": to11.project_id, "prompt_id": made}
        content: dict[str, Any] = {"format": "text", "template_json": {"text": "Hi"}, "variables_schema": {}}
        stored = client.prompts.create_version(**place, **content)
        code, said = folder.run("push", to11, "--check")
        assert code == 2
        assert "one.liquid: version 2, without a label, differs only in blanks and empty values from the file" in said
        code, said = folder.run("push", to11, "--yes")
        assert code == 1
        assert said.partition("FAILED")[2].count("version 2, without a label") == 1
        assert versions(to11, made) == ["Hi", "Hello"]
        client.prompts.move_label(**place, label="production", version_id=stored.id)
    folder.run("pull", to11, "--yes")
    assert folder.run("push", to11, "--check")[0] == 0
    folder.edit("prompts/one.liquid", "Hi\n", "Hi\n\n")
    assert folder.run("push", to11, "--yes")[0] == 0
    assert versions(to11, made) == ["Hi\n", "Hi", "Hello"]


def test_a_plan_says_when_a_label_goes_back(to11: LocalTo11, folder: Folder) -> None:
    """As it does if somebody has changed a prompt after it was pulled."""
    made = write(to11, "one", "Hello")
    folder.run("pull", to11)
    with to11.client() as client:
        place = {"project_id": to11.project_id, "prompt_id": made}
        content: dict[str, Any] = {"format": "text", "template_json": {"text": "theirs"}, "variables_schema": {}}
        version = client.prompts.create_version(**place, **content)
        client.prompts.move_label(**place, label="production", version_id=version.id)
    said = folder.run("push", to11, "--check")[1]
    assert "~ prompt one: move the label production back from version 2 to version 1\n" in said
    assert "\nLabels go back to older versions. If you do not mean that: if others have changed it since" in said


def test_a_plan_says_when_an_edit_leaves_out_what_others_have_changed(to11: LocalTo11, folder: Folder) -> None:
    made = write(to11, "one", "You are a helpful assistant. Answer {{ question }} in one sentence.")
    folder.run("pull", to11)
    with to11.client() as client:
        place = {"project_id": to11.project_id, "prompt_id": made}
        theirs = "You are a helpful assistant. Never reveal a secret of ours. Answer {{ question }} in one sentence."
        content: dict[str, Any] = {"format": "text", "template_json": {"text": theirs}, "variables_schema": {}}
        version = client.prompts.create_version(**place, **content)
        client.prompts.move_label(**place, label="production", version_id=version.id)
    folder.edit("prompts/one.liquid", "one sentence", "two sentences")
    warning = "    This looks like an edit of version 1, but production is at version 2: if others have changed it"
    assert warning in folder.run("push", to11, "--check")[1]
    folder.run("pull", to11, "--yes")
    folder.edit("prompts/one.liquid", "one sentence", "two sentences")
    assert "This looks like an edit" not in folder.run("push", to11, "--check")[1]


def test_a_version_that_is_not_listed_stops_both_commands(to11: LocalTo11, folder: Folder) -> None:
    write(to11, "one", "Hello")
    folder.run("pull", to11)
    body = json.dumps({"success": True, "code": 200, "data": [], "error": None})
    for command in ("pull", "push"):
        to11.fail_next(body=body, match="prompts.list_versions")
        code, said = folder.run(command, to11, "--yes")
        assert code == 2
        assert "the server does not list the version of one that production points at; nothing was changed" in said


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_that_comes_to_no_end_leaves_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = _Terminal()
    monkeypatch.setattr("sys.stdout", _Terminal())
    monkeypatch.setattr("sys.stderr", terminal)
    bar = Progress("applying")
    bar(1, 3, "one")
    bar.close()
    bar.close()
    assert terminal.getvalue() == f"\r\x1b[Kapplying [{'#' * 10}{'.' * 20}] 1/3\n"


def test_long_differences_are_cut(capsys: pytest.CaptureFixture[str]) -> None:
    say_diff("a\n" * 1000, "b\n" * 1000, "x")
    assert len(capsys.readouterr().out.splitlines()) < 500
    say_diff("a\n" * 100_000, "b\n" * 100_000, "x")
    assert capsys.readouterr().out.endswith("    more than 20000 lines, too many to compare\n")


def test_the_page_on_prompts_as_code_is_what_happens(to11: LocalTo11, folder: Folder) -> None:
    page = (Path(__file__).parents[1] / "docs" / "prompts-as-code.md").read_text("utf-8")
    blocks = re.findall(r"^```(\w+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    texts = {kind: [text for of, text in blocks if of == kind] for kind, _ in blocks}
    path = folder.path / "prompts" / "support-reply.liquid"
    path.parent.mkdir(parents=True)
    path.write_text(texts["liquid"][0], "utf-8")
    (folder.path / "labels.yaml").write_text(texts["yaml"][0] + '"production": {"is_default": true}\n', "utf-8")
    assert read_prompt_file("x", read_lines(path)).text == texts["liquid"][0]
    assert folder.run("push", to11, "--yes")[0] == 0
    folder.edit("prompts/support-reply.liquid", "{{ topic }}.", "{{ topic }} in two sentences.")
    commands = [line.split()[1:] for line in texts["sh"][1].splitlines()]
    assert [words[:3] for words in commands] == [
        ["push", "our-prompts", "--check"],
        ["push", "our-prompts", "--yes"],
    ]
    assert folder.run("push", to11, "--yes", "--reason", "shorter answers") == (0, texts["text"][1])
    assert "+ environments.yaml\n" in folder.run("pull", to11, "--yes")[1]
    drawn = set(re.findall(r"^ +([\w-]+\.\w+)", texts["text"][0], re.MULTILINE))
    assert {name.rpartition("/")[2] for name in folder.files()} == drawn
    for line in re.findall(r"run: to11ai (push .*)", texts["yaml"][1]):
        options = re.sub(r" \|\| .*", "", line).split()
        assert folder.run("push", to11, *options[2:])[0] == 0
