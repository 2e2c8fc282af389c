"""Opens the file of a moved project, or the standard input or output in its place."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from contextlib import contextmanager, suppress
from errno import EBADF
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def open_input(source: str) -> Generator[IO[bytes]]:
    """Open the file to read, ``-`` for a copy of the standard input."""
    if source == "-":
        # A transaction that waits for whoever writes to a pipe would keep others waiting, too.
        with tempfile.TemporaryFile() as copy:
            if sys.stdin is None:
                raise OSError(EBADF, "the standard input is closed")
            shutil.copyfileobj(sys.stdin.buffer, copy)
            copy.seek(0)
            yield copy
        return
    with open(source, "rb") as file:
        yield file


@contextmanager
def open_output(path: str | None) -> Generator[IO[bytes]]:
    """Open the file to write; another file in its place is replaced at the end, when all is written."""
    if path is None or path == "-":
        if sys.stdout is None:
            raise OSError(EBADF, "the standard output is closed")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    target = Path(path)
    if target.exists() and not target.is_file():  # a pipe or a device is not replaced
        with target.open("wb") as file:
            yield file
        return
    descriptor, part = tempfile.mkstemp(prefix=f"{target.name}.", dir=target.parent)  # its mode is 0600
    try:
        with open(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    finally:
        with suppress(FileNotFoundError):
            os.unlink(part)
