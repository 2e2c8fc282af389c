"""Images and files inside a request: OpenAI's ``data:`` URLs (RFC 2397) and Anthropic's base64 sources."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from ...json_input.fields import Fields


def is_data(url: str) -> bool:
    """Whether a URL holds its content itself."""
    return url[:5].lower() == "data:"


def source_of(url: str) -> dict[str, Any]:
    """Anthropic's source for a URL; the content of a ``data:`` URL is handed over as base64."""
    if not is_data(url):
        return {"type": "url", "url": url}
    head, _, data = url[5:].partition(",")
    media_type, *parameters = head.split(";")
    if "base64" not in parameters:
        data = base64.b64encode(unquote_to_bytes(data)).decode()
    return {"type": "base64", "media_type": media_type or "text/plain", "data": data}


def url_of(source: Fields) -> str:
    """The URL for Anthropic's source.

    Raises:
        FormatError: it is a file kept by the provider, which no other can reach, or of an unknown type.
    """
    kinds = {"url": _plain_url, "base64": _data_url}
    return source.choice("type", kinds, "send the content itself, as base64 or URL")(source)


def _plain_url(source: Fields) -> str:
    return source.text("url")


def _data_url(source: Fields) -> str:
    return f"data:{source.text('media_type')};base64,{source.text('data')}"
