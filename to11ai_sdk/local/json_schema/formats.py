"""Checks the formats of texts in JSON Schema; a format that is not listed here accepts any text."""

from __future__ import annotations

import ipaddress
import re
from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from .pattern_characters import PatternError
from .pattern_reader import translated

if TYPE_CHECKING:
    from collections.abc import Callable

_LONGEST = 1_000
"""The most characters of a text in one of these formats, patterns and addresses of e-mail aside."""


def _is_date(text: str) -> bool:
    return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) and date.fromisoformat(text))


def _is_uuid(text: str) -> bool:
    return bool(re.fullmatch(r"\w{8}-\w{4}-\w{4}-\w{4}-\w{12}", text, re.ASCII) and UUID(text))


def _is_ipv4(text: str) -> bool:
    ipaddress.IPv4Address(text)
    return True


def _is_ipv6(text: str) -> bool:
    return not ipaddress.IPv6Address(text).scope_id


def _is_mail(text: str) -> bool:
    return "@" in text


def _is_pattern(text: str) -> bool:
    translated(text)
    return True


_FORMATS: dict[str, Callable[[str], bool]] = {
    "date": _is_date,
    "email": _is_mail,
    "idn-email": _is_mail,
    "ipv4": _is_ipv4,
    "ipv6": _is_ipv6,
    "regex": _is_pattern,
    "uuid": _is_uuid,
}


_PATTERN_WORK = 100


def work_of_format(text: str, name: str) -> int:
    """Return the units of work to check a format."""
    return len(text[:_LONGEST]) * _PATTERN_WORK if name == "regex" else len(text) // 8


def has_format(text: str, name: str) -> bool:
    """Return whether a text has a format."""
    holds = _FORMATS.get(name)
    if holds is None or holds is _is_mail:
        return holds is None or holds(text)
    try:
        return len(text) <= _LONGEST and holds(text)
    except (ValueError, PatternError):
        return False
