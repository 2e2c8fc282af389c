"""Stores uploaded files, within bounds and until they expire."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple, Protocol

from ... import bounds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class FileRow(NamedTuple):
    """A file.

    Attributes:
        id: ``file-...``.
        filename: the name that it was uploaded with.
        purpose: what it is for, such as ``assistants``.
        size: bytes.
        created_at: seconds since 1970.
        expires_at: seconds since 1970, ``None`` for never; from then on the file is gone.
        content: the bytes; rows of a list may lack it.
    """

    id: str
    filename: str
    purpose: str
    size: int
    created_at: int
    expires_at: int | None = None
    content: bytes = b""


class FilesFullError(Exception):
    """A file for which there is no room."""

    def __init__(self) -> None:
        super().__init__(
            f"The files of a project may be {bounds.MAX_FILES} and have {bounds.MAX_FILES_BYTES} bytes together; "
            "delete some of them first."
        )


class FileStore(Protocol):
    """Keeps files until they expire; threads may share it."""

    def put(self, row: FileRow) -> None:
        """Keep a file.

        Raises:
            FilesFullError: there is no room for it.
        """
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
    """A ``FileStore`` that lasts as long as the process.

    Args:
        clock: returns the time in seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._rows: dict[str, FileRow] = {}
        self._lock = threading.Lock()

    def put(self, row: FileRow) -> None:
        """Keep a file.

        Raises:
            FilesFullError: there is no room for it.
        """
        with self._lock:
            check_room(row.size, len(self._live()), sum(each.size for each in self._live().values()))
            self._rows[row.id] = row

    def get(self, file_id: str) -> FileRow | None:
        """Return a file with its content, ``None`` if there is none."""
        with self._lock:
            return self._live().get(file_id)

    def list(self) -> Sequence[FileRow]:
        """All files, in the order in which they were put."""
        with self._lock:
            return [row._replace(content=b"") for row in self._live().values()]

    def delete(self, file_id: str) -> bool:
        """Drop a file; whether there was one."""
        with self._lock:
            return self._live().pop(file_id, None) is not None

    def _live(self) -> dict[str, FileRow]:
        """Drop the files that have expired, and return the others."""
        now = self._clock()
        for row in [row for row in self._rows.values() if row.expires_at is not None and row.expires_at <= now]:
            del self._rows[row.id]
        return self._rows


def check_room(size: int, others: int, their_size: int) -> None:
    """Check that there is room for a file of this size.

    Args:
        size: bytes of the file.
        others: how many files there are.
        their_size: how many bytes they have together.

    Raises:
        FilesFullError: there is no room.
    """
    if others >= bounds.MAX_FILES or their_size + size > bounds.MAX_FILES_BYTES:
        raise FilesFullError
