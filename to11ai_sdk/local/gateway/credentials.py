"""The provider's key that a caller brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...gateway import MANAGED_KEY
from ..service.access import digest
from ..store import projects

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..store import Transaction


def callers_own(tx: Transaction, given: Iterable[str]) -> str | None:
    """The first that is a provider's key: a to11 key or a placeholder is taken for none, and goes nowhere."""
    return next((key for key in given if key != MANAGED_KEY and not _is_ours(tx, key)), None)


def _is_ours(tx: Transaction, key: str) -> bool:
    return key.startswith("to11_") or projects.key(tx, digest(key)) is not None
