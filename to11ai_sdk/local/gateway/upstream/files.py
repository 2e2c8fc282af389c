"""Uploaded files of ``echo`` in the database: each project and provider has its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...store import files
from ..echo.files import FileRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ...store import Store


class StoredFiles:
    """A ``FileStore`` over the database.

    Args:
        store: the database.
        project_id: whose files.
        provider_id: at which provider.
    """

    def __init__(self, store: Store, project_id: str, provider_id: str) -> None:
        self._store = store
        self._place = {"project_id": project_id, "provider_id": provider_id}

    def put(self, row: FileRow) -> None:
        """Keep a file."""
        with self._store.transaction() as tx:
            tx.insert("gateway_files", {**self._place, **row._asdict()})

    def get(self, file_id: str) -> FileRow | None:
        """A file with its content, ``None`` if there is none."""
        with self._store.transaction(write=False) as tx:
            row = files.one(tx, **self._place, file_id=file_id)
        return FileRow(**row) if row else None

    def list(self) -> Sequence[FileRow]:
        """All files, oldest first, without their content."""
        with self._store.transaction(write=False) as tx:
            return [FileRow(**row) for row in files.all_of(tx, **self._place)]

    def delete(self, file_id: str) -> bool:
        """Drop a file; whether there was one."""
        with self._store.transaction() as tx:
            return files.delete(tx, **self._place, file_id=file_id)
