"""Tests whether values are objects or arrays of JSON, and narrows their types."""

from __future__ import annotations

import collections.abc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from typing_extensions import TypeIs


def is_object(value: Any) -> TypeIs[dict[str, Any]]:
    """Return whether a decoded JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: Any) -> TypeIs[list[Any]]:
    """Return whether a decoded JSON value is an array."""
    return isinstance(value, list)


def is_mapping(value: Any) -> TypeIs[Mapping[Any, Any]]:
    """Return whether a value can become an object."""
    # Nearly always it is a dictionary, which is the faster test.
    return isinstance(value, dict) or isinstance(value, collections.abc.Mapping)  # noqa: SIM101


def is_sequence(value: Any) -> TypeIs[Sequence[Any]]:
    """Return whether a value can become an array: text and bytes cannot."""
    return isinstance(value, collections.abc.Sequence) and not isinstance(value, str | bytes | bytearray)
