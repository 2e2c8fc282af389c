"""Provides the command ``to11ai``."""

from .commands import main

__all__ = ["main"]
