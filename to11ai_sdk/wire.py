"""Values on their way to the wire: what a parameter admits, names, path segments, queries, JSON."""

from __future__ import annotations

import json
from urllib.parse import quote, urlencode

from .interrupts import from_handler
from .json_types import is_mapping, is_sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any


class Kind:
    """What one annotation of the table admits.

    Args:
        says: the type in words, for the message of the ``TypeError``.
        admits: whether a value is of the kind.
    """

    __slots__ = ("admits", "says")

    def __init__(self, says: str, admits: Callable[[Any], bool]) -> None:
        self.says: str = says
        self.admits: Callable[[Any], bool] = admits

    def check(self, name: str, value: Any) -> Any:
        """The value, if it is of the kind; else a ``TypeError`` that names the parameter."""
        if not self.admits(value):
            raise TypeError(f"{name} must be {self.says}, not {_told(value)}")
        return value


def _told(value: Any) -> str:
    """The type of a value in words; that of its items, too, as they may be what is wrong."""
    name = type(value).__name__
    items = sorted({type(item).__name__ for item in value}) if is_sequence(value) else []
    return f"{name} of {' and '.join(items)}" if items else name


def _is_object(value: Any) -> bool:
    return hasattr(value, "model_dump") or (is_mapping(value) and all(isinstance(key, str) for key in value))


_TEXT = Kind("a str", lambda value: isinstance(value, str))
_OBJECT = Kind("a mapping with str keys", _is_object)

KINDS: dict[str, Kind] = {
    "str": _TEXT,
    "int": Kind("an int", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "bool": Kind("a bool", lambda value: isinstance(value, bool)),
    "Any": Kind("given", lambda value: value is not None),
    "Mapping[str, Any]": _OBJECT,
    "Sequence[str]": Kind(
        "a list of str", lambda value: is_sequence(value) and all(isinstance(item, str) for item in value)
    ),
    # A date or a time has isoformat too, but is no point in time.
    "datetime | str": Kind("a datetime or a str", lambda value: isinstance(value, str) or hasattr(value, "astimezone")),
    "PromptFormat": _TEXT,
    "PaletteToken": _TEXT,
    "ReleaseStrategy": _TEXT,
    "RuleSnapshot | Mapping[str, Any]": _OBJECT,
    "Sequence[RuleReleaseWeight | Mapping[str, Any]]": Kind(
        "a list of weights", lambda value: is_sequence(value) and all(map(_is_object, value))
    ),
}
"""Every annotation a row may use, ``| None`` aside. A new one is added here, on purpose."""


def camel(name: str) -> str:
    """The wire name of a Python name: ``version_id`` is ``versionId``."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)


def text(value: Any) -> str:
    """A value in a query: ``true``, a number, or ISO 8601 with the time zone (naive times are UTC)."""
    if value is True:
        return "true"
    if hasattr(value, "isoformat"):
        return f"{value.isoformat()}{'' if value.tzinfo else 'Z'}"
    return str(value)


def segment(name: str, value: Any) -> str:
    """One path parameter, percent-encoded with no safe character (RFC 3986 section 2.1): it cannot change the path.

    Raises:
        ValueError: empty, ``.``, ``..``, a control character or a lone surrogate; names the parameter.
    """
    raw = str(value)
    if raw in ("", ".", ".."):
        raise ValueError(f"{name} must be an id, not {raw!r}")
    if any(char < " " or "\x7f" <= char <= "\x9f" or "\ud800" <= char <= "\udfff" for char in raw):
        raise ValueError(f"{name} must not hold control characters, not {raw!r:.100}")
    return quote(raw, safe="")


def target(path: str, query: Mapping[str, str]) -> str:
    """Path and query as they stand in the request line (RFC 9112 section 3.2.1)."""
    return f"{path}?{urlencode(query, quote_via=quote, safe='')}" if query else path


def _plain(value: Any) -> Any:
    if hasattr(value, "model_dump"):
        # In our models None means absent; in a user's own it may mean null.
        ours = any(kind.__module__.startswith(f"{__package__}.") for kind in type(value).__mro__)
        return value.model_dump(mode="json", by_alias=True, exclude_none=ours)
    if is_mapping(value):
        return dict(value)
    if is_sequence(value):
        return list(value)
    raise TypeError(
        f"a value of type {type(value).__name__} is not JSON; pass str, int, float, bool, None, list or dict"
    )


_encode = json.JSONEncoder(allow_nan=False, check_circular=True, separators=(",", ":"), default=_plain).encode
canonical: Callable[[Any], str] = json.JSONEncoder(
    allow_nan=False, separators=(",", ":"), sort_keys=True, default=_plain
).encode
"""JSON with sorted keys: the same text for equal values."""


def json_bytes(body: Mapping[str, Any]) -> bytes:
    """The body of a request: compact JSON in ASCII (RFC 8259).

    Raises:
        TypeError: a value JSON cannot hold, such as a set; names the parameter.
        ValueError: NaN, an infinity, a structure that holds itself or is too deep; names the parameter.
    """
    try:
        return _encode(body).encode("ascii")
    except (RecursionError, TypeError, ValueError) as exc:
        if from_handler(exc):
            raise
        for name, value in body.items():
            _explain(name, value)
        # Each value can be encoded alone, so it is the level of the body that is one too many.
        raise ValueError("the body is nested too deeply for JSON") from exc


def _explain(name: str, value: Any) -> None:
    try:
        _encode(value)
    except RecursionError as exc:
        raise ValueError(f"{name}: nested too deeply for JSON") from exc
    except (TypeError, ValueError) as exc:
        raise type(exc)(f"{name}: {exc}") from exc
