"""Caches the results of queries until the data change: the gateway asks the same few for each call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import bounds
from .transaction import Row, Transaction

if TYPE_CHECKING:
    from collections.abc import Hashable

    from .database import Store


class ReadCache:
    """Caches what was read from a store.

    Args:
        store: the store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._reads = CachedReads(store, store.version)

    def reads(self, *, fresh: bool = False) -> CachedReads:
        """Return the reads that see at least every change that was committed before, see :attr:`Store.version`.

        Args:
            fresh: see every change of other servers, too.
        """
        version, reads = self._store.fresh_version() if fresh else self._store.version, self._reads
        if reads.version != version:
            # A thread that still uses the older ones keeps its results there, not among the new ones.
            reads = self._reads = CachedReads(self._store, version)
        return reads


class CachedReads(Transaction):
    """The reads of requests that came while the data had one version; each query runs once. Cannot write.

    Its rows are shared by all these requests, and must not be changed.

    Args:
        store: the store.
        version: the version of its data.
    """

    def __init__(self, store: Store, version: object) -> None:
        self._store = store
        self._found: dict[Hashable, list[Row]] = {}
        self.version: object = version

    def all(self, sql: str, **values: Any) -> list[Row]:
        """Return every row that a query finds; ``:name`` in it stands for a value."""
        asked = (sql, *values.values())
        found = self._found.get(asked)
        return self._read(asked, values) if found is None else found

    def one(self, sql: str, **values: Any) -> Row | None:
        """Return the first row that a query finds."""
        return next(iter(self.all(sql, **values)), None)

    def _read(self, asked: tuple[Any, ...], values: dict[str, Any]) -> list[Row]:
        with self._store.transaction(write=False) as tx:
            found = tx.all(asked[0], **values)
        # The values may be a caller's.
        if not any(isinstance(value, str) and len(value) > bounds.MAX_CACHED_TEXT for value in values.values()):
            if len(self._found) >= bounds.MAX_CACHED_READS:
                self._found.clear()
            self._found[asked] = found
        return found
