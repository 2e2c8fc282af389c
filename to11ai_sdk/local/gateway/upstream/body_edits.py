"""Replaces single values in a body and leaves every other byte unchanged.

The values are members of a JSON object, or the field ``model`` of a multipart form (RFC 7578).
"""

from __future__ import annotations

import json
import re
from itertools import islice, pairwise
from json import decoder
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

_MODEL = re.compile(rb'("model"[ \t\n\r]*:[ \t\n\r]*)("(?:[^"\\]|\\.)*")?')
_SPACE = re.compile(r"[ \t\n\r]*")
_DECODER = json.JSONDecoder()
_ENCODER = json.JSONEncoder(separators=(",", ":"))
# The function that the JSON decoder itself uses for strings; it has no public name.
_string: Callable[[str, int, bool], tuple[str, int]] = vars(decoder)["scanstring"]


def with_members(
    body: bytes, changes: Mapping[str, Any], *, has_model: bool = False, known: Collection[str] = ()
) -> bytes:
    """Return the object with these members: they replace those of the same name, or are added at the end.

    Args:
        body: a JSON object in UTF-8.
        changes: names and JSON values.
        has_model: whether the object is known to have a member ``model``, which can then be replaced more quickly.
        known: the names of all its members, if they are known: others can then be added more quickly.
    """
    if not changes:
        return body
    found = _MODEL.findall(body) if has_model and list(changes) == ["model"] and b"\\u" not in body else ()
    if len(found) == 1 and found[0][1]:
        # Without escapes every member of this name is found; as there is only one, it is that of the object itself.
        return _MODEL.sub(lambda one: one[1] + _member_text(changes["model"]).encode(), body)
    text = body.decode()
    if known and not any(name in known for name in changes):
        return _appended(text, _written(changes), is_empty=False).encode()
    members = list(_members(text))
    for name, start, end in reversed(members):
        if name in changes:
            text = text[:start] + _member_text(changes[name]) + text[end:]
    names = {name for name, _, _ in members}
    added = _written({name: value for name, value in changes.items() if name not in names})
    return (_appended(text, added, is_empty=not members) if added else text).encode()


def _written(members: Mapping[str, Any]) -> list[str]:
    return [f"{_member_text(name)}:{_member_text(value)}" for name, value in members.items()]


def _appended(text: str, added: list[str], *, is_empty: bool) -> str:
    end = text.rindex("}")
    return text[:end].rstrip(" \t\n\r") + ("" if is_empty else ",") + ",".join(added) + text[end:]


def _members(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each member of the object: its name, and where its value starts and ends."""
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


def _member_text(value: Any) -> str:
    return _ENCODER.encode(value)


_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;,\s]+))', re.IGNORECASE)
_IS_MODEL = re.compile(
    rb"^content-disposition:[^\r\n]*[;\s]name=\"?model\"?[ \t]*(?:;|\r?$)", re.IGNORECASE | re.MULTILINE
)
_MOST_PARTS = 1_000
"""The most parts of a form that are examined."""


def model_of(body: bytes, content_type: str) -> str | None:
    """Return the value of the field ``model``, or ``None``."""
    found = _value(body, content_type)
    return body[found].decode("utf-8", "replace").strip() if found else None


def with_model(body: bytes, content_type: str, model: str) -> bytes:
    """Return the form with another model."""
    found = _value(body, content_type)
    return body[: found.start] + model.encode() + body[found.stop :] if found else body


def _value(body: bytes, content_type: str) -> slice | None:
    """Return the place of the value of the field ``model``."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return None
    line = rb"(?:\A|\r\n)--" + re.escape((boundary[1] or boundary[2]).encode("latin-1"))
    lines = islice(re.finditer(line, body), _MOST_PARTS + 1)
    for before, after in pairwise(lines):
        # The head of a part ends at its first blank line; a similar text within a file is not a head.
        head_end = body.find(b"\r\n\r\n", before.end(), after.start())
        if head_end >= 0 and _IS_MODEL.search(body, before.end(), head_end):
            return slice(head_end + 4, after.start())
    return None
