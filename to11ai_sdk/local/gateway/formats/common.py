"""What the three formats share: ids and times, data URLs, the arguments of tool calls, compact JSON."""

from __future__ import annotations

import base64
import json
import secrets
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from ....json_types import is_object
from ...json_input.fields import MAX_DEPTH, FormatError
from ...json_input.reader import TooDeepError, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...json_input.fields import Fields
    from .neutral import ChatRequest


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that are not ``None``."""
    return {key: value for key, value in members.items() if value is not None}


def refuse_several(request: ChatRequest, format_name: str) -> None:
    """Refuse a request for more replies than the one that a format has room for.

    Raises:
        FormatError: ``n`` is more than 1.
    """
    if request.n > 1:
        raise FormatError(f"{format_name} gives one reply per request: ask several times instead", "n")


NewId = Callable[[str], str]
"""Makes an id that begins with a prefix such as ``"chatcmpl-"``."""

Clock = Callable[[], int]
"""Returns the time in seconds since 1970."""


def random_id(prefix: str) -> str:
    """Return the prefix and 24 random hexadecimal digits."""
    return prefix + secrets.token_hex(12)


def unix_time() -> int:
    """Seconds since 1970."""
    return int(time.time())


def id_for(id: str | None, prefix: str, new_id: NewId) -> str:  # noqa: A002 - the field's own word
    """Return the id itself if it is of the family of the prefix (its letters), else a new one."""
    family = prefix.rstrip("-_")
    return id if id is not None and id.startswith(family) else new_id(prefix)


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
    """Return the URL for Anthropic's source.

    Raises:
        FormatError: it is a file kept by the provider, which no other can reach, or of an unknown type.
    """
    kinds = {"url": _plain_url, "base64": _data_url}
    return source.choice("type", kinds, "send the content itself, as base64 or URL")(source)


def _plain_url(source: Fields) -> str:
    return source.text("url")


def _data_url(source: Fields) -> str:
    return f"data:{source.text('media_type')};base64,{source.text('data')}"


def dumps(value: Any) -> str:
    """Compact JSON with the characters of all languages as they are."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def encode(value: Any) -> bytes:
    """Return the same in UTF-8; half a surrogate pair, which UTF-8 lacks, is escaped."""
    try:
        return dumps(value).encode("utf-8")
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode("ascii")


def loads_bounded(text: str) -> Any:
    """Return a JSON value (RFC 8259: no ``NaN``).

    Raises:
        FormatError: it is not JSON, or nested too deeply.
    """
    try:
        return read_json(text, MAX_DEPTH)
    except TooDeepError:
        raise FormatError(f"may be nested {MAX_DEPTH} levels deep at most") from None
    except (RecursionError, ValueError) as exc:
        raise FormatError(f"is not JSON: {exc}") from None


def arguments_of(value: Mapping[str, Any]) -> str:
    """Return the arguments of a tool call as OpenAI's formats write them: an object as text."""
    return dumps(dict(value))


def input_of(arguments: str) -> dict[str, Any]:
    """Return the arguments of a tool call as Anthropic's format writes them: an object.

    Text that is no JSON object is kept whole under the key ``arguments``; no text is no arguments.
    """
    if not arguments.strip():
        return {}
    try:
        value = loads_bounded(arguments)
    except FormatError:
        value = None
    return value if is_object(value) else {"arguments": arguments}


def is_complete(arguments: str) -> bool:
    """Whether arguments that arrive bit by bit are all there."""
    if not arguments.rstrip().endswith("}"):
        return False
    try:
        return is_object(loads_bounded(arguments))
    except FormatError:
        return False
