"""Stores the state of a local to11 in one database; the only layer that contains SQL."""

from __future__ import annotations

from .data_file import DataFileError
from .database import Store, open_store
from .read_cache import ReadCache
from .storage_problems import StorageProblem
from .transaction import Row, Transaction

__all__ = ["DataFileError", "ReadCache", "Row", "StorageProblem", "Store", "Transaction", "open_store"]
