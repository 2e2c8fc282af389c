"""Helpers of all three formats: ids and times, the arguments of tool calls, compact JSON."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import getrandbits
from typing import TYPE_CHECKING, Any, TypeVar

from ....json_types import is_object
from ...bounds import MAX_TRANSLATED_DEPTH
from ...json_input.fields import FormatError
from ...json_input.reader import TooDeepError, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import DataclassInstance

    from .neutral import ChatRequest


NO_ARGUMENTS = "{}"
"""The arguments of a call that has none, as text."""


@dataclass(frozen=True)
class Peer:
    """The provider on the other side. By default OpenAI itself, without a name.

    Attributes:
        name: its name in the gateway, which marks thinking that only this provider may get back.
        is_openai: whether it is OpenAI, on Azure or not. Others lack the role ``developer``, and have ``top_k``.
        max_tokens_field: its name for the limit of a chat completion: OpenAI's reasoning models refuse the old name
            ``"max_tokens"``, some compatible servers have no other.
        reasoning_field: the member of an assistant's message in which its chat completions take thoughts back;
            ``None`` if they take none.
    """

    name: str = ""
    is_openai: bool = True
    max_tokens_field: str = "max_completion_tokens"
    reasoning_field: str | None = None


OPENAI = Peer()
"""What is written when nothing is known about the provider."""


def digest(text: str) -> str:
    """Return the SHA-256 of a text in 64 hexadecimal digits; half a surrogate pair is allowed."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def within(text: str | None, longest: int) -> str | None:
    """Return the id of an end user, or its digest if it has more characters than a provider accepts."""
    return text if text is None or len(text) <= longest else digest(text)


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """Return the members that are not ``None``."""
    return {key: value for key, value in members.items() if value is not None}


def refuse_several(request: ChatRequest, format_name: str) -> None:
    """Refuse a request for several replies, for a format that has only one.

    Raises:
        FormatError: ``n`` is more than 1.
    """
    if request.n > 1:
        raise FormatError(f"{format_name} gives one reply per request: ask several times instead", "n")


def refuse_limits(request: ChatRequest, *members: str) -> None:
    """Refuse a request that limits the reply by a member that a format lacks.

    Raises:
        FormatError: it has texts that end the reply (``stop``), or chooses among so many tokens (``top_k``).
    """
    if "stop" in members and request.sampling.stop:
        raise FormatError(_NO_ROOM.format("texts that end the reply (stop, stop_sequences)"), "stop")
    if "top_k" in members and request.sampling.top_k:
        raise FormatError(_NO_ROOM.format("top_k"), "top_k")


_NO_ROOM = "the format of this model's provider has no {}: leave it out, or choose a model of another provider"

NewId = Callable[[str], str]
"""Makes an id that begins with a prefix such as ``"chatcmpl-"``."""

Clock = Callable[[], int]
"""Returns the time in seconds since 1970."""


def random_id(prefix: str) -> str:
    """Return the prefix and 24 random hexadecimal digits."""
    return f"{prefix}{getrandbits(96):024x}"


def unix_time() -> int:
    """Return the time in seconds since 1970."""
    return int(time.time())


def id_for(id: str | None, prefix: str, new_id: NewId) -> str:  # noqa: A002 - the field's own word
    """Return the id itself if it begins with the letters of the prefix, else a new one."""
    family = prefix.rstrip("-_")
    return id if id is not None and id.startswith(family) else new_id(prefix)


class UniqueIds:
    """The ids of the calls of one reply: some servers send none, or the same for each.

    Args:
        prefix: of new ids.
        new_id: makes them.
    """

    def __init__(self, prefix: str, new_id: NewId) -> None:
        self._prefix = prefix
        self._new_id = new_id
        self._used: set[str] = set()

    def of(self, given: str) -> str:
        """Return the id that a call has, or a new one."""
        unique = given if given and given not in self._used else self._new_id(self._prefix)
        self._used.add(unique)
        return unique


_COMPACT = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_ESCAPED = json.JSONEncoder(separators=(",", ":"))


def dumps(value: Any) -> str:
    """Return compact JSON; characters of all languages are not escaped."""
    return _COMPACT.encode(value)


def escaped(value: Any) -> bytes:
    """Return compact JSON in ASCII."""
    return _ESCAPED.encode(value).encode("ascii")


def encode(value: Any) -> bytes:
    """Return the same in UTF-8; half a surrogate pair, which UTF-8 lacks, is escaped."""
    try:
        return dumps(value).encode("utf-8")
    except UnicodeEncodeError:
        return escaped(value)


D = TypeVar("D", bound="DataclassInstance")


def changed(value: D, **changes: Any) -> D:
    """Return a dataclass with these values, itself if it has them already: most requests need no change."""
    for name, wanted in changes.items():
        if getattr(value, name) != wanted:
            return replace(value, **changes)
    return value


def loads_bounded(text: str) -> Any:
    """Return a JSON value (RFC 8259: no ``NaN``).

    Raises:
        FormatError: it is not JSON, or nested too deeply.
    """
    try:
        return read_json(text, MAX_TRANSLATED_DEPTH)
    except TooDeepError:
        raise FormatError(f"may be nested {MAX_TRANSLATED_DEPTH} levels deep at most") from None
    except (RecursionError, ValueError) as exc:
        raise FormatError(f"is not JSON: {exc}") from None


def loads_or_none(text: str) -> Any:
    """Return a JSON value, ``None`` if the text is not JSON."""
    try:
        return loads_bounded(text)
    except FormatError:
        return None


def arguments_of(value: Mapping[str, Any]) -> str:
    """Return the arguments of a tool call as OpenAI's formats write them: an object as text."""
    return dumps(dict(value))


def input_of(arguments: str) -> dict[str, Any]:
    """Return the arguments of a tool call as Anthropic's format writes them: an object.

    Text that is not a JSON object is kept under the key ``arguments``; missing text and ``null`` mean no arguments.
    """
    if arguments.strip() in ("", "null"):
        return {}
    value = loads_or_none(arguments)
    return value if is_object(value) else {"arguments": arguments}
