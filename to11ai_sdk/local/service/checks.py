"""Checks arguments: each function returns the value, or raises a problem that names the field."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ..bounds import MAX_KEPT_DEPTH
from ..json_input.reader import too_deep
from ..problems import Problem, invalid
from .session import timestamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LARGEST = 2**31 - 1
"""The largest number of a page, a version or a position."""
_LABEL = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_SLUG = re.compile(r"[a-z0-9-]+")
_MOMENT = re.compile(
    r"(\d{4})(-?)(\d\d)\2(\d\d)"
    r"(?:[Tt ](\d\d)(?::?(\d\d)(?::?(\d\d)(?:[.,](\d{1,6})\d*)?)?)?(?:[Zz]|(?P<zone>[+-]\d\d)(?::?(\d\d))?)?)?",
    re.ASCII,
)
_WHOLE = "%Y-%m-%d %H:%M:%S.%f %z"


def text(field: str, value: str, longest: int, shortest: int = 1) -> str:
    """Return a text whose length is within bounds; a blank one is refused unless it may be empty."""
    # SQLite measures a text only up to a NUL.
    if not shortest <= len(value) <= longest or (shortest and not value.strip()) or "\0" in value:
        blank = ", not blank" if shortest else ""
        raise invalid(f"{field} must be {shortest} to {longest} characters{blank} and without NUL", field=field)
    return value


def optional(field: str, value: str | None, longest: int) -> str | None:
    """Return a text, or ``None`` for an empty one."""
    return text(field, value, longest, 0) or None if value is not None else None


def slug(value: str, longest: int) -> str:
    """Return a slug: lower-case letters, digits and hyphens."""
    if len(value) > longest or not _SLUG.fullmatch(value):
        raise invalid(f"slug must be 1 to {longest} lower-case letters, digits and hyphens", field="slug")
    return value


def label(value: str) -> str:
    """Return the name of a label."""
    if not _LABEL.fullmatch(value):
        raise invalid("a label is 1 to 64 letters, digits, _ and -", field="label")
    return value


def one_of(field: str, value: str, words: Iterable[str]) -> str:
    """Return a word that must be one of a few."""
    words = sorted(words)
    if value not in words:
        raise invalid(f"{field} must be one of {', '.join(words)}", field=field)
    return value


def number(field: str, value: int, low: int, high: int = LARGEST) -> int:
    """Return a number within bounds."""
    if not low <= value <= high:
        raise invalid(f"{field} must be {low} to {high}", field=field)
    return value


def depth(field: str, value: Any) -> None:
    """Refuse a JSON value that is nested too deeply to be stored."""
    if too_deep(value, MAX_KEPT_DEPTH):
        raise invalid(f"{field} must not be nested deeper than {MAX_KEPT_DEPTH} levels", field=field)


def tags(values: Sequence[str]) -> list[str]:
    """Return tags without duplicates; refuse commas, which separate tags in the filter of a list."""
    for value in values:
        if not value.strip() or len(value) > 64 or "," in value or "\0" in value:
            raise invalid("a tag is 1 to 64 characters, not blank and without a comma or NUL", field="tags")
    return list(dict.fromkeys(values))


def moment(field: str, value: str | datetime | None) -> str | None:
    """Return a time in its stored form; a naive one is read as UTC."""
    if value is None:
        return None
    try:
        return timestamp(value if isinstance(value, datetime) else _read(value))
    except (OverflowError, ValueError):
        raise invalid(f"{field} must be a time in ISO 8601, such as 2026-06-17T12:00:00Z", field=field) from None


def _read(value: str) -> datetime:
    # fromisoformat() accepts more with each Python version.
    parts = _MOMENT.fullmatch(value)
    if parts is None:
        raise ValueError(value)
    year, _, month, day, hour, minute, second, fraction, _, zone_minute = parts.groups("00")
    zone = f"{parts['zone'] or '+00'}:{zone_minute}"
    return datetime.strptime(f"{year}-{month}-{day} {hour}:{minute}:{second}.{fraction} {zone}", _WHOLE)


def date_range(since: str | None, until: str | None) -> None:
    """Refuse a range that ends before it begins."""
    if since is not None and until is not None and since > until:
        raise Problem(422, "INVALID_DATE_RANGE", "since must not be after until", {"since": since, "until": until})
