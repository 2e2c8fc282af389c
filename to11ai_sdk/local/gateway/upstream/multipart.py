"""The model that a multipart form names, read and replaced; every other byte of the form stays as it was (RFC 7578)."""

from __future__ import annotations

import re
from itertools import islice, pairwise

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;,\s]+))', re.IGNORECASE)
_IS_MODEL = re.compile(
    rb"^content-disposition:[^\r\n]*[;\s]name=\"?model\"?[ \t]*(?:;|\r?$)", re.IGNORECASE | re.MULTILINE
)
_MOST_PARTS = 1_000
"""Parts of a form that are looked at."""


def model_of(body: bytes, content_type: str) -> str | None:
    """The value of the field ``model``, ``None`` if there is none."""
    found = _value(body, content_type)
    return body[found].decode("utf-8", "replace").strip() if found else None


def with_model(body: bytes, content_type: str, model: str) -> bytes:
    """The form with another model."""
    found = _value(body, content_type)
    return body[: found.start] + model.encode() + body[found.stop :] if found else body


def _value(body: bytes, content_type: str) -> slice | None:
    """The place of the value of the field ``model``."""
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return None
    line = rb"(?:\A|\r\n)--" + re.escape((boundary[1] or boundary[2]).encode("latin-1"))
    lines = islice(re.finditer(line, body), _MOST_PARTS + 1)
    for before, after in pairwise(lines):
        # The head of a part ends with its first blank line: what looks like a head in a file is none.
        head_end = body.find(b"\r\n\r\n", before.end(), after.start())
        if head_end >= 0 and _IS_MODEL.search(body, before.end(), head_end):
            return slice(head_end + 4, after.start())
    return None
