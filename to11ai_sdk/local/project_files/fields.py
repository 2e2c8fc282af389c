"""Reads and writes ``name: value`` lines, where each value is JSON: a part of YAML that needs no YAML library."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn
from unicodedata import normalize

from ...cli.console import UsageError
from ...json_types import is_array, is_object

if TYPE_CHECKING:
    from collections.abc import Sequence

INVISIBLE = r"\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
"""What a reviewer cannot see, or YAML or UTF-8 cannot hold, as a character class; it is written with escapes."""
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_STRING = r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"?'
"""One without an end goes to the end of its line, so that no character is looked at twice."""
_COMMENT = re.compile(rf"{_STRING}|#[^\n]*")
_LAST_COMMA = re.compile(rf"{_STRING}|,(?=\s*[}}\]])")
_NAME = re.compile(r"[\w-]+")
_COLON = re.compile(r":\s*")
_END = re.compile(r"[ \t]*\n")


class FileField(NamedTuple):
    """A value and the number of the line where it starts."""

    value: Any
    line: int


def problem(path: object, line: int, text: str) -> UsageError:
    """Return the error of a file, with its place."""
    return UsageError(f"{path}:{line}: {text}")


def dump(value: Any, indent: int | None = None, *, sort: bool = False) -> str:
    """Return JSON with escapes for what a reviewer cannot see; models mind the order of names, so it is kept."""
    try:
        text = json.dumps(value, ensure_ascii=False, sort_keys=sort, indent=indent, allow_nan=False)
    except RecursionError:
        raise UsageError("a JSON value is nested too deeply to be in a file") from None
    return _INVISIBLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def canonical(value: Any) -> str:
    """Return JSON that is the same for equal values: 1.0 equals 1, but not true, and the order of names is free."""
    try:
        return dump(_with_plain_numbers(value), sort=True)
    except RecursionError:
        raise UsageError("a JSON value is nested too deeply to be compared") from None


def _with_plain_numbers(value: Any) -> Any:
    if is_object(value):
        return {name: _with_plain_numbers(member) for name, member in value.items()}
    if is_array(value):
        return [_with_plain_numbers(member) for member in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def loosened(value: Any) -> Any:
    """Return a value without what a server may change: blanks, and members of objects that are empty."""
    if is_object(value):
        members = {name: loosened(member) for name, member in value.items()}
        return {name: member for name, member in members.items() if member not in (None, False, "", [], {})}
    if is_array(value):
        return [loosened(member) for member in value]
    return normalize("NFC", " ".join(value.split())) if isinstance(value, str) else value


def write_field(name: str, value: Any) -> str:
    """Return a line, or several where the value is nested."""
    nested = bool(value) and (is_object(value) or (is_array(value) and any(map(_is_container, value))))
    indented = dump(value, 2 if nested else None).replace("\n", "\n  ")
    return f"{name}: {indented}\n"


def _is_container(value: Any) -> bool:
    return is_object(value) or is_array(value)


def read_json(path: object, text: str, at: int, first: int) -> tuple[Any, int]:
    """Return the JSON value that starts at a position, and where it ends; ``first`` is the number of the first line."""
    try:
        return _DECODER.raw_decode(text, at)
    except json.JSONDecodeError as exc:
        line, what = first + text.count("\n", 0, exc.pos), f'{exc.msg}; a value is JSON, such as "text", 1 or true'
    except (RecursionError, ValueError) as exc:
        line, what = first + text.count("\n", 0, at), str(exc)
    raise problem(path, line, f"not JSON: {what}")


def read_fields(path: object, lines: Sequence[str], first: int) -> dict[str, FileField]:
    """Return the fields in these lines by name; blank lines and comments are skipped."""
    text, found = _strict("".join(f"{line}\n" for line in lines)), dict[str, FileField]()
    at, line, counted = _after_blank_lines(text, 0), first, 0
    while at < len(text):
        line, counted = line + text.count("\n", counted, at), at
        key, at = _read_name(path, text, at, first)
        if (colon := _COLON.match(text, at)) is None:
            raise problem(path, line, 'expected a line such as name: "value"')
        if key in found:
            raise problem(path, line, f"{key:.100} is there twice, first in line {found[key].line}")
        value, at = read_json(path, text, colon.end(), first)
        if (end := _END.match(text, at)) is None:
            what = f"unexpected text after the value of {key:.100}; a text needs double quotes"
            raise problem(path, first + text.count("\n", 0, at), what)
        found[key] = FileField(value, line)
        at = _after_blank_lines(text, end.end())
    return found


def _strict(text: str) -> str:
    """Return text with blanks for what YAML has and JSON does not: comments, and a comma after the last member."""
    for pattern in (_COMMENT, _LAST_COMMA):
        text = pattern.sub(lambda found: found[0] if found[0][0] == '"' else " " * len(found[0]), text)
    return text


def _read_name(path: object, text: str, at: int, first: int) -> tuple[str, int]:
    if text[at] == '"':
        name, end = read_json(path, text, at, first)
        return str(name), end
    plain = _NAME.match(text, at)
    return (plain[0], plain.end()) if plain else ("", len(text))


def _after_blank_lines(text: str, at: int) -> int:
    while (blank := _END.match(text, at)) is not None:
        at = blank.end()
    return at


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"the number {text:.30} is too large")
    return number


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a value of JSON")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        name, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise ValueError(f"{name!r:.100} is there twice")
    return members


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_float=_finite, parse_constant=_refuse)
