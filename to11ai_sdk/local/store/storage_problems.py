"""Says in a problem why the data file cannot be used now, and what to do about it."""

from __future__ import annotations

import errno
import logging
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from .. import bounds
from ..problems import Problem

if TYPE_CHECKING:
    import os
    import sqlite3

_log = logging.getLogger(__name__)


class StorageProblem(Problem):
    """A request that is refused because the data file cannot be read or written now."""


class ProblemWords(NamedTuple):
    """The problem for some errors, which are known by how the text of one begins: for SQLite the message."""

    signs: tuple[str, ...]
    status: int
    code: str
    message: str


_BUSY = ProblemWords(
    ("database is locked", "database table is locked", "database schema is locked", "locking protocol"),
    503,
    "STORAGE_BUSY",
    "another program holds the data file with a change that it has not committed; this call waited for {wait:g} s: "
    "commit or undo the change there, or close that program, then try again",
)
_FULL = ProblemWords(
    ("database or disk is full",),
    507,
    "STORAGE_FULL",
    "the disk with the data file is full, so nothing was changed; free some space there, then try again",
)
_ALL = (
    _BUSY,
    _FULL,
    ProblemWords(
        ("attempt to write a readonly database",),
        503,
        "STORAGE_READ_ONLY",
        "the data file cannot be written, so nothing was changed; make it and its folder writable, then try again",
    ),
    ProblemWords(
        ("disk I/O error",),
        503,
        "STORAGE_FAILED",
        "the disk with the data file reported an error, so nothing was changed; check the disk, then try again",
    ),
    ProblemWords(
        ("database disk image is malformed", "file is not a database", "malformed database schema"),
        500,
        "STORAGE_DAMAGED",
        "the data file is damaged; stop the server, then restore a copy of the file, "
        "or save what can be read with `sqlite3 FILE .recover`",
    ),
    ProblemWords(
        ("unable to open database file", "too many open files"),
        503,
        "STORAGE_UNAVAILABLE",
        "the data file cannot be opened; it was moved, deleted or replaced while the server ran, or this process has "
        "too many open files: put the file back or restart the server, then try again",
    ),
)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class ProblemLog:
    """Logs problems, but the same one only once a minute."""

    def __init__(self) -> None:
        self._logged: dict[str, float] = {}

    def add(self, problem: StorageProblem, cause: Exception) -> None:
        """Log a problem with its cause, unless that was done less than a minute ago."""
        now = time.monotonic()
        if now - self._logged.get(problem.code, -60.0) >= 60:
            self._logged[problem.code] = now
            _log.error("%s: %s (%s)", problem.code, problem.message, cause)


def busy() -> StorageProblem:
    """Return the problem of a write that waited too long for its turn."""
    return problem_with(_BUSY)


def is_busy(error: sqlite3.Error) -> bool:
    """Return whether an error only means that another program holds the file at this moment."""
    return str(error).startswith(_BUSY.signs)


def problem_of(error: sqlite3.Error, path: str | os.PathLike[str] | None) -> StorageProblem | None:
    """Return the problem for an error of SQLite; ``None`` if a statement of our own is wrong."""
    words = next((words for words in _ALL if str(error).startswith(words.signs)), None)
    if words is None:
        return None
    if words.code == "STORAGE_FAILED" and path is not None and _has_no_room(Path(path)):
        words = _FULL
    return problem_with(words)


def problem_with(words: ProblemWords) -> StorageProblem:
    """Return the problem in these words."""
    return StorageProblem(words.status, words.code, words.message.format(wait=bounds.STORAGE_WAIT_S))


def _has_no_room(path: Path) -> bool:
    """Return whether a file of this size cannot grow: SQLite calls a quota and a limit of size an I/O error."""
    try:
        size = max(each.stat().st_size for each in (path, Path(f"{path}-wal")) if each.exists())
        with tempfile.TemporaryFile(dir=path.parent, buffering=0) as probe:
            probe.seek(size)
            probe.write(bytes(4096))
    except OSError as exc:
        return exc.errno in _NO_ROOM
    return False
