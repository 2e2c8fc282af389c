"""The file of a prompt: every text exactly, and mistakes with their lines."""

from __future__ import annotations

import re
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from prompt_samples import SCHEMAS, SETTINGS, TEXTS, chat, prompt

from to11ai_sdk.cli.console import UsageError
from to11ai_sdk.local.project_files.fields import canonical, dump, read_fields, write_field
from to11ai_sdk.local.project_files.folder import read_lines
from to11ai_sdk.local.project_files.plan import plan_prompt
from to11ai_sdk.local.project_files.prompt_file import FileVersion, PromptFile, file_name, read_prompt_file
from to11ai_sdk.local.project_files.remote import RemotePrompt, StoredVersion

if TYPE_CHECKING:
    from pathlib import Path


def read(text: str) -> PromptFile:
    return read_prompt_file("file", text.split("\n")[:-1])


def same(one: PromptFile, other: PromptFile) -> bool:
    return one.text == other.text and [v.template for v in one.versions] == [v.template for v in other.versions]


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
