"""The rules of the platform: what each call does and refuses. No SQL and no header here."""

from __future__ import annotations

from .platform import Platform
from .session import Session

__all__ = ["Platform", "Session"]
