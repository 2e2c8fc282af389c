"""What the writers of all formats share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...json_input.fields import FormatError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .neutral import ChatRequest


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    """The members that are not ``None``."""
    return {key: value for key, value in members.items() if value is not None}


def refuse_several(request: ChatRequest, format_name: str) -> None:
    """Refuse a request for more replies than the one that a format has room for.

    Raises:
        FormatError: ``n`` is more than 1.
    """
    if request.n > 1:
        raise FormatError(f"{format_name} gives one reply per request: ask several times instead", "n")
