"""Implements the rules of the platform: the effects and refusals of each call. Contains no SQL and no headers."""

from __future__ import annotations

from .platform import Platform
from .session import Session

__all__ = ["Platform", "Session"]
