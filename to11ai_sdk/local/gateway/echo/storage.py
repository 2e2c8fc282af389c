"""Stores uploaded files."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


class FileRow(NamedTuple):
    """A file.

    Attributes:
        id: ``file-...``.
        filename: the name that it was uploaded with.
        purpose: what it is for, such as ``assistants``.
        size: bytes.
        created_at: seconds since 1970.
        expires_at: seconds since 1970, ``None`` for never; reported, but not acted on.
        content: the bytes; rows of a list may lack it.
    """

    id: str
    filename: str
    purpose: str
    size: int
    created_at: int
    expires_at: int | None = None
    content: bytes = b""


class FileStore(Protocol):
    """Keeps files; threads may share it."""

    def put(self, row: FileRow) -> None:
        """Keep a file."""
        ...

    def get(self, file_id: str) -> FileRow | None:
        """Return a file with its content, ``None`` if there is none."""
        ...

    def list(self) -> Sequence[FileRow]:
        """All files, in the order in which they were put."""
        ...

    def delete(self, file_id: str) -> bool:
        """Drop a file; whether there was one."""
        ...


class MemoryFiles:
    """A ``FileStore`` that lasts as long as the process."""

    def __init__(self) -> None:
        self._rows: dict[str, FileRow] = {}
        self._lock = threading.Lock()

    def put(self, row: FileRow) -> None:
        """Keep a file."""
        with self._lock:
            self._rows[row.id] = row

    def get(self, file_id: str) -> FileRow | None:
        """Return a file with its content, ``None`` if there is none."""
        return self._rows.get(file_id)

    def list(self) -> Sequence[FileRow]:
        """All files, in the order in which they were put."""
        with self._lock:
            return [row._replace(content=b"") for row in self._rows.values()]

    def delete(self, file_id: str) -> bool:
        """Drop a file; whether there was one."""
        with self._lock:
            return self._rows.pop(file_id, None) is not None
