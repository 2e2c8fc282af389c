"""Writes texts as sections of a file, line by line and exactly, and reads them back.

A section starts with a line such as ``=== user``. Its lines are those of the text, without the end of the last one. A
line that starts like a section, or that has something invisible, is written as a backslash and a JSON string.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ...json_types import is_array, is_object
from .fields import INVISIBLE, dump, problem, read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ROLES = ("system", "user", "assistant", "developer")
_HEAD = re.compile(r"=== ([a-z]+)((?: (?:crlf|disabled))*)")
_KINDS = {*ROLES, "version", "text", "message", "template", "end"}
_INVISIBLE = re.compile(rf"[\x00-\x08\x0a-\x1f{INVISIBLE}]")
_NOT_ONLY_CRLF = re.compile(r"(?<!\r)\n|\r(?!\n)")


class Section(NamedTuple):
    """A section: its kind, the words after it, its lines, and the number of the line with the kind."""

    kind: str
    flags: tuple[str, ...]
    lines: list[str]
    line: int


def split(path: object, lines: Sequence[str], first: int) -> list[Section]:
    """Return the sections in these lines; only blank ones may come before the first."""
    found: list[Section] = []
    for number, line in enumerate(lines, first):
        if line.startswith("==="):
            found.append(_section(path, line, number))
        elif found and found[-1].kind != "end":
            found[-1].lines.append(line)
        elif line.strip():
            raise problem(path, number, "text outside of a section; a section starts with a line such as === user")
    return [section for section in found if section.kind != "end"]


def _section(path: object, line: str, number: int) -> Section:
    head = _HEAD.fullmatch(line.rstrip())
    if head is None or head[1] not in _KINDS:
        text = f"{line!r:.50} starts no section; write a line of text that starts with === as \\{dump(line[:50])}"
        raise problem(path, number, text)
    flags = tuple(head[2].split())
    possible = {"crlf", "disabled"} if head[1] in ROLES else {"crlf"} if head[1] == "text" else set[str]()
    if wrong := [flag for flag in flags if flag not in possible]:
        raise problem(path, number, f"a section {head[1]} cannot be {wrong[0]}")
    return Section(head[1], flags, [], number)


def write_text(kind: str, text: str, *flags: str) -> str:
    """Return a section with a text."""
    crlf = "\r\n" in text and not _NOT_ONLY_CRLF.search(text)
    lines = text.split("\r\n" if crlf else "\n")
    head = " ".join(["===", kind, *flags, *(["crlf"] if crlf else [])])
    return "".join(f"{line}\n" for line in (head, *map(_escaped, lines)))


def _escaped(line: str) -> str:
    plain = line == line.rstrip() and not line.startswith(("===", '\\"')) and not _INVISIBLE.search(line)
    return line if plain else f"\\{dump(line)}"


def read_text(path: object, section: Section) -> str:
    """Return the text of a section."""
    lines = (_unescaped(path, line, number) for number, line in enumerate(section.lines, section.line + 1))
    return ("\r\n" if "crlf" in section.flags else "\n").join(lines)


def _unescaped(path: object, line: str, number: int) -> str:
    if not line.startswith('\\"'):
        return line
    value, end = read_json(path, line, 1, number)
    if line[end:].strip():
        raise problem(path, number, "unexpected text after the string")
    return str(value)


def write_template(template: Any) -> str:
    """Return the sections of a template: its text, or its messages, or JSON if it is neither."""
    if is_object(template) and template.keys() == {"text"} and isinstance(template["text"], str):
        return write_text("text", template["text"])
    if is_object(template) and template.keys() == {"messages"} and is_array(template["messages"]):
        return "".join(map(_write_message, template["messages"]))
    return f"=== template\n{dump(template, 2)}\n"


def _write_message(message: Any) -> str:
    if is_object(message) and message.keys() <= {"role", "content", "disabled"}:
        role, content, disabled = message.get("role"), message.get("content"), message.get("disabled", True)
        if role in ROLES and isinstance(content, str) and disabled is True:
            return write_text(role, content, *(["disabled"] if "disabled" in message else []))
    return f"=== message\n{dump(message, 2)}\n"


def read_template(path: object, sections: Sequence[Section]) -> Any:
    """Return the template of a version from the sections below it."""
    kinds = [section.kind for section in sections]
    if kinds == ["template"]:
        return _read_value(path, sections[0])
    if kinds == ["text"]:
        return {"text": read_text(path, sections[0])}
    for section in sections:
        if section.kind in ("text", "template"):
            raise problem(path, section.line, f"a version with the section {section.kind} can have no other")
    return {"messages": list(_messages(path, sections))}


def _messages(path: object, sections: Sequence[Section]) -> Iterator[Any]:
    for section in sections:
        if section.kind == "message":
            yield _read_value(path, section)
        else:
            disabled = {"disabled": True} if "disabled" in section.flags else {}
            yield {"role": section.kind, "content": read_text(path, section), **disabled}


def _read_value(path: object, section: Section) -> Any:
    text = "\n".join(section.lines)
    start = len(text) - len(text.lstrip())
    value, end = read_json(path, text, start, section.line + 1)
    if rest := text[end:].lstrip():
        line = section.line + 1 + text.count("\n", 0, len(text) - len(rest))
        raise problem(path, line, "unexpected text after the JSON value")
    return value
