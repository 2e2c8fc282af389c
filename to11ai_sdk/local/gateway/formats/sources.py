"""Reads and writes the sources of images and files: web addresses, ``data:`` URLs, and Anthropic's sources."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from ...json_input.fields import FormatError

if TYPE_CHECKING:
    from ...json_input.fields import Fields

_TEXTS = ("application/json", "application/xml", "application/yaml", "application/x-yaml")


def is_data(url: str) -> bool:
    """Whether a URL holds its content itself."""
    return url[:5].lower() == "data:"


def media_type_of(url: str) -> str:
    """Return the media type of a ``data:`` URL, in the spelling that providers know."""
    media_type = url[5:].partition(",")[0].partition(";")[0].strip().lower()
    return {"": "text/plain", "image/jpg": "image/jpeg"}.get(media_type, media_type)


def source_of(url: str) -> dict[str, Any]:
    """Return Anthropic's source for a URL; the content of a ``data:`` URL becomes base64."""
    if not is_data(url):
        return {"type": "url", "url": url}
    head, _, data = url[5:].partition(",")
    if "base64" not in head.split(";"):
        data = base64.b64encode(unquote_to_bytes(data)).decode()
    return {"type": "base64", "media_type": media_type_of(url), "data": data}


def document_source_of(url: str) -> dict[str, Any]:
    """Return Anthropic's source for a document, which is plain text unless it is a PDF."""
    source, media_type = source_of(url), media_type_of(url)
    if not is_data(url) or not (media_type.startswith("text/") or media_type in _TEXTS):
        return source
    try:
        text = base64.b64decode(source["data"], validate=True).decode("utf-8")
    except ValueError:
        raise FormatError(f"must be base64 of UTF-8 text, as it is {media_type}", "file_data") from None
    return {"type": "text", "media_type": "text/plain", "data": text}


def url_of(source: Fields) -> str:
    """Return the URL for Anthropic's source.

    Raises:
        FormatError: it is a file that only its provider can read, or of an unknown type.
    """
    kinds = {"url": _plain_url, "base64": _data_url}
    return source.choice("type", kinds, "send the content itself, as base64 or URL")(source)


def _plain_url(source: Fields) -> str:
    return source.text("url")


def _data_url(source: Fields) -> str:
    return f"data:{source.text('media_type')};base64,{source.text('data')}"
