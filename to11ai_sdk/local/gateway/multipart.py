"""The model that a multipart form names, read and replaced; every other byte of the form stays as it was (RFC 7578)."""

from __future__ import annotations

import re

_BOUNDARY = re.compile(r'boundary=(?:"([^"]+)"|([^;,\s]+))', re.IGNORECASE)


def model_of(body: bytes, content_type: str) -> str | None:
    """The value of the field ``model``, ``None`` if there is none."""
    found = _field(body, content_type)
    return found["value"].decode("utf-8", "replace").strip() if found else None


def with_model(body: bytes, content_type: str, model: str) -> bytes:
    """The form with another model."""
    found = _field(body, content_type)
    if found is None:
        return body
    start, end = found.span("value")
    return body[:start] + model.encode() + body[end:]


def _field(body: bytes, content_type: str) -> re.Match[bytes] | None:
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        return None
    line = b"--" + re.escape((boundary[1] or boundary[2]).encode("latin-1"))
    # The head of a part has no blank line, so this cannot run into the content of a file before the field.
    head = (
        rb"\r\n(?:[^\r\n]+\r\n)*?content-disposition:[^\r\n]*[;\s]name=\"?model\"?(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*"
    )
    return re.search(line + head + rb"\r\n(?P<value>.*?)\r\n" + line, body, re.IGNORECASE | re.DOTALL)
