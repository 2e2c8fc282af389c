"""Helpers of OpenAI's two formats."""

from __future__ import annotations

import re
from datetime import datetime, timezone
from mimetypes import guess_extension
from typing import TYPE_CHECKING, Any

from .common import present
from .neutral import ResponseFormat, Text, ToolChoice
from .sources import is_data, media_type_of
from .tooling import Tooling

if TYPE_CHECKING:
    from ...json_input.fields import Fields
    from .common import Peer
    from .neutral import File, Image, Role, Tool, ToolResult

USER_LONGEST = 64
"""Most characters of ``user``."""

_FRACTION = re.compile(r"\.\d+")
SERVICE = ("prompt_cache_key", "safety_identifier", "service_tier")
"""Settings that both formats have under the same name, and Anthropic's lacks."""

_CHOICES = {"auto": ToolChoice("auto"), "none": ToolChoice("none"), "required": ToolChoice("required")}


def service(fields: Fields) -> dict[str, str]:
    """Return the members with such settings."""
    return {key: fields.text(key) for key in SERVICE if fields.has(key)}


def role_for(role: Role, peer: Peer) -> Role:
    """Return the role of a message for a provider."""
    return "system" if role == "developer" and not peer.is_openai else role


def chosen_by_word(fields: Fields, tools: tuple[Tool, ...]) -> Tooling | None:
    """Return the tools and the choice among them if it is absent or a word such as ``auto``; ``None`` for an object."""
    value = fields.raw.get("tool_choice")
    if value is None:
        return Tooling(tools, None, None)
    if isinstance(value, str):
        return Tooling(tools, fields.choice("tool_choice", _CHOICES, "or name a function"), None)
    return None


def read_stop(fields: Fields) -> tuple[str, ...]:
    """Return the texts that end the reply, given as a text or an array. Responses lack them, but rules may add them."""
    stop = (fields.text("stop"),) if isinstance(fields.raw.get("stop"), str) else fields.texts("stop")
    return tuple(filter(None, stop))


def error_text(result: ToolResult) -> tuple[Text | Image | File, ...]:
    """Return the result of a tool; a failure is part of the text, because these formats have no member for it."""
    if not result.is_error:
        return result.content
    first = result.content[0] if result.content else None
    if not isinstance(first, Text):
        return Text("Error"), *result.content
    if first.text.lstrip().lower().startswith("error"):
        return result.content
    text = f"Error: {first.text}" if first.text.strip() else "Error"
    return Text(text), *result.content[1:]


def image_url_of(fields: Fields, key: str) -> str:
    """Return the URL of an image; bare base64 is not a URL."""
    url = fields.text(key)
    if "://" not in url[:20] and not _is_data_url(url):
        fields.refuse(key, "must be a URL: https://... or data:image/png;base64,...")
    return url


def file_data_of(fields: Fields, key: str) -> str:
    """Return the content of a file as a data URL; bare base64 lacks the media type."""
    url = fields.text(key)
    if not _is_data_url(url):
        fields.refuse(key, "must be a data URL, which says what kind of file it is: data:application/pdf;base64,...")
    return url


def file_name(file: File) -> str:
    """Return the name of a file that is sent as data, with an extension, from which OpenAI infers the type."""
    name = file.name or "file"
    if "." in name or not is_data(file.url):
        return name
    return name + (guess_extension(media_type_of(file.url)) or "")


def _is_data_url(url: str) -> bool:
    return is_data(url) and "," in url


def read_json_schema(fields: Fields) -> ResponseFormat:
    """Return the JSON Schema of the answer from the object that names it."""
    return ResponseFormat(
        type="json_schema",
        name=fields.text("name"),
        description=fields.text_or_none("description"),
        schema=fields.mapping("schema"),
        strict=fields.flag("strict"),
    )


def write_json_schema(wanted: ResponseFormat) -> dict[str, Any]:
    """Return the members of the object that names the schema; the default name is ``response``."""
    members = {"description": wanted.description, "schema": wanted.schema, "strict": wanted.strict}
    return present({"name": wanted.name or "response", **members})


def detail_of(fields: Fields) -> str | None:
    """Return the detail of an image; ``auto`` is the default."""
    detail = fields.text_or_none("detail")
    return None if detail == "auto" else detail


def created_of(fields: Fields, key: str) -> int | None:
    """Return the time of a reply in whole seconds since 1970, from a number, a number as text, or a date."""
    number = fields.number(key)
    seconds = _seconds(fields.words(key)) if number is None else number
    return int(seconds) if seconds >= 1 else None


def _seconds(text: str) -> float:
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", text.strip()).replace("Z", "+00:00"))
        return moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp()
    except (ValueError, OverflowError):
        return 0
