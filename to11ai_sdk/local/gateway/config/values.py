"""Reads the values of the keys of a configuration; an error names the key.

A reader takes a value as given and its place, such as ``providers.openai.timeout``, and raises ``ConfigError``.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from ....json_types import is_mapping, is_sequence
from .providers import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")


def wrong(place: str, message: str) -> ConfigError:
    """Return the error of the key at a place, ``""`` for the whole configuration."""
    return ConfigError(f"{place or 'the configuration'} {message}")


def text(value: Any, place: str) -> str:
    """Read a text that is not blank."""
    if not isinstance(value, str) or not value.strip():
        raise wrong(place, "must be a text that is not blank")
    return value


def flag(value: Any, place: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise wrong(place, f"must be true or false, not {type(value).__name__}")
    return value


def mapping(value: Any, place: str) -> Mapping[Any, Any]:
    """Read a table with any keys."""
    if not is_mapping(value):
        raise wrong(place, f"must be a table, not {type(value).__name__}")
    return value


def seconds(value: Any, place: str) -> float:
    """Read a number above 0; an option of the command line has it as text."""
    try:
        number = math.nan if isinstance(value, bool) else float(value)
    except (OverflowError, TypeError, ValueError):
        number = math.nan
    if not 0 < number < math.inf:
        raise wrong(place, "must be a number of seconds above 0")
    return number


def size(value: Any, place: str) -> int:
    """Read a number of bytes above 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise wrong(place, "must be a number of bytes above 0")
    return value


def items(value: Any, place: str) -> list[Any]:
    """Read a list."""
    if not is_sequence(value):
        raise wrong(place, f"must be a list, not {type(value).__name__}")
    return list(value)


def texts(value: Any, place: str) -> tuple[str, ...]:
    """Read a list of texts that are not blank."""
    values = items(value, place)
    if not all(isinstance(item, str) and item.strip() for item in values):
        raise wrong(place, "must be a list of texts that are not blank")
    return tuple(values)


def regions(value: Any, place: str) -> tuple[str, ...]:
    """Read a list of regions with telephone numbers."""
    from phonenumbers import SUPPORTED_REGIONS  # here: few configurations name regions

    found = texts(value, place)
    unknown = set(found) - SUPPORTED_REGIONS
    if unknown:
        raise wrong(place, f"must be regions of two capital letters, such as GB, not {min(unknown)!r}")
    return found


def among(words: Iterable[str]) -> Callable[[Any, str], tuple[str, ...]]:
    """Return a reader of a list of some of these words."""
    known = tuple(words)

    def read(value: Any, place: str) -> tuple[str, ...]:
        found = texts(value, place)
        if not set(found) <= set(known):
            raise wrong(place, f"must be among {', '.join(known)}")
        return found

    return read


def one_of(words: Iterable[str]) -> Callable[[Any, str], str]:
    """Return a reader of one of these words."""
    known = tuple(words)

    def read(value: Any, place: str) -> str:
        if text(value, place) not in known:
            raise wrong(place, f"must be one of {', '.join(known)}, not {value!r}")
        return str(value)

    return read


def variable(value: Any, place: str) -> str:
    """Read the name of an environment variable."""
    if not _VARIABLE.fullmatch(text(value, place)):
        # The value is not printed: it may be an API key.
        raise wrong(place, "must be the name of an environment variable, such as OPENAI_API_KEY")
    return str(value)
