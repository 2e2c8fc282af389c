"""Changing single members of a JSON object while every other byte of it stays as it was."""

from __future__ import annotations

import json
import re
from json import decoder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()
# What the decoder itself reads the strings of JSON with; it has no public name.
_string: Callable[[str, int, bool], tuple[str, int]] = vars(decoder)["scanstring"]


def with_members(body: bytes, changes: Mapping[str, Any]) -> bytes:
    """The object with these members: in place of those of the same name, else after the last.

    Args:
        body: a JSON object in UTF-8.
        changes: names and JSON values.
    """
    if not changes:
        return body
    text = body.decode()
    members = list(_members(text))
    for name, start, end in reversed(members):
        if name in changes:
            text = text[:start] + _encoded(changes[name]) + text[end:]
    names = {name for name, _, _ in members}
    added = [f"{_encoded(name)}:{_encoded(value)}" for name, value in changes.items() if name not in names]
    return (_appended(text, added, is_empty=not members) if added else text).encode()


def _appended(text: str, added: list[str], *, is_empty: bool) -> str:
    end = text.rindex("}")
    return text[:end].rstrip(" \t\n\r") + ("" if is_empty else ",") + ",".join(added) + text[end:]


def _members(text: str) -> Iterator[tuple[str, int, int]]:
    """Each member of the object: its name, and where its value begins and ends."""
    place = _after_space(text, text.index("{") + 1)
    while text[place] != "}":
        name, place = _string(text, place + 1, True)
        start = _after_space(text, _after_space(text, place) + 1)
        _, end = _DECODER.raw_decode(text, start)
        yield name, start, end
        place = _after_space(text, end)
        if text[place] == ",":
            place = _after_space(text, place + 1)


def _after_space(text: str, place: int) -> int:
    found = _SPACE.match(text, place)
    return found.end() if found else place


def _encoded(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"))
