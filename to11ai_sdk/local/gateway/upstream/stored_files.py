"""Stores the files that were uploaded to ``echo`` in the database."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ...store import StorageProblem, gateway_records
from ..echo.storage import FileRow, check_room

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ...store import Store


class StoredFiles:
    """A ``FileStore`` over the database.

    Args:
        store: the database.
        project_id: the project that owns the files.
        provider_id: the provider that has them.
        clock: returns the time in seconds since 1970.
    """

    def __init__(self, store: Store, project_id: str, provider_id: str, clock: Callable[[], float]) -> None:
        self._store = store
        self._place = {"project_id": project_id, "provider_id": provider_id}
        self._clock = clock

    def put(self, row: FileRow) -> None:
        """Store a file; after a restart, the same request has the same id.

        Raises:
            FilesFullError: there is no room for it.
        """
        with self._store.records() as tx:
            gateway_records.drop_expired_files(tx, self._clock())
            gateway_records.delete_file(tx, **self._place, file_id=row.id)
            number, size = gateway_records.file_totals(tx, self._place["project_id"])
            check_room(row.size, number, size)
            tx.insert("gateway_files", {**self._place, **row._asdict()})

    def get(self, file_id: str) -> FileRow | None:
        """Return a file with its content, ``None`` if there is none."""
        self._drop_expired()
        with self._store.transaction(write=False) as tx:
            row = gateway_records.find_file(tx, **self._place, file_id=file_id, now=self._clock())
        return FileRow(**row) if row else None

    def list(self) -> Sequence[FileRow]:
        """Return all files, oldest first, without their content."""
        self._drop_expired()
        with self._store.transaction(write=False) as tx:
            return [FileRow(**row) for row in gateway_records.list_files(tx, **self._place, now=self._clock())]

    def delete(self, file_id: str) -> bool:
        """Delete a file; return whether there was one."""
        with self._store.records() as tx:
            gateway_records.drop_expired_files(tx, self._clock())
            return gateway_records.delete_file(tx, **self._place, file_id=file_id)

    def _drop_expired(self) -> None:
        """Free the room of files that have expired, unless another program holds the data file now."""
        now = self._clock()
        with self._store.transaction(write=False) as tx:
            has_some = gateway_records.has_expired_files(tx, now)
        if has_some:
            with suppress(StorageProblem), self._store.records(wait_s=0.0) as tx:
                gateway_records.drop_expired_files(tx, now)
