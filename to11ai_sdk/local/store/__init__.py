"""Stores the state of a local to11 in one SQLite database; the only layer that contains SQL."""

from __future__ import annotations

from .database import DataFileError, Row, Store, Transaction

__all__ = ["DataFileError", "Row", "Store", "Transaction"]
