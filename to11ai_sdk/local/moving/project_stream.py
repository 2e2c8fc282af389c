"""Writes and reads the file of a moved project: JSON Lines with a format, one row a line, and a checked end."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any

from ...json_types import is_object
from .. import bounds
from ..json_input.reader import read_json
from ..store.project_tables import BY_NAME, PROJECT, wrong_column

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..store import Row

FORMAT: dict[str, str | int] = {"format": "to11 project", "version": 1}
"""The first line."""
_COMPLETE = "export the project again, and copy the whole file"


class MovedFileError(Exception):
    """A file that is no complete project; the message says where, and what to do."""


class ProjectWriter:
    """Writes the file of a project.

    Args:
        file: the file, open for bytes.

    Attributes:
        rows: how many rows were written.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.rows: int = 0
        self._file = file
        self._hash = sha256()
        self._line(FORMAT)

    def add(self, table: str, row: Row) -> None:
        """Write a row."""
        self._line({"table": table, "row": row})
        self.rows += 1

    def end(self) -> None:
        """Write the last line, which shows that the file is complete."""
        self._line({"end": {"rows": self.rows, "sha256": self._hash.hexdigest()}})

    def _line(self, value: Any) -> None:
        line = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
        self._hash.update(line)
        self._file.write(line)


class ProjectReader:
    """Reads the file of a project, and checks all of it.

    Args:
        file: the file, open for bytes.

    Attributes:
        line: the number of the last line that was read.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self.line: int = 0
        self._file = file
        self._hash = sha256()

    def rows(self) -> Iterator[tuple[str, Row]]:
        """Yield the project and then its rows, with the names of their tables.

        Raises:
            MovedFileError: the file is no project of this format, or is not complete.
        """
        self._check_format(self._next()[0])
        while True:
            value, digest = self._next()
            if "end" in value and self.line > 2:
                return self._check_end(value, digest)
            yield self._row(value)

    def fault(self, what: str) -> MovedFileError:
        """Return an error in the line that was read last; nothing of its values is shown."""
        return MovedFileError(f"line {self.line}: {what}; nothing was imported")

    def _next(self) -> tuple[dict[str, Any], str]:
        """Return the value of the next line, and the digest of all lines before."""
        digest = self._hash.hexdigest()
        line = self._file.readline(bounds.MAX_MOVED_LINE + 1)
        self.line += 1
        if len(line) > bounds.MAX_MOVED_LINE:
            raise self.fault(f"it has more than {bounds.MAX_MOVED_LINE} bytes")
        if not line.endswith(b"\n"):
            raise self.fault(f"the file ends before its last line: {_COMPLETE}")
        self._hash.update(line)
        try:
            value = read_json(line, bounds.MAX_KEPT_DEPTH + 2)
        except (RecursionError, ValueError) as exc:
            raise self.fault("it is no JSON, or nested too deep") from exc
        if not is_object(value):
            raise self.fault("it is no JSON object")
        return value, digest

    def _check_format(self, value: dict[str, Any]) -> None:
        if value.get("format") != FORMAT["format"]:
            raise self.fault("this is no file of `to11ai local export`")
        version = value.get("version")
        if version != FORMAT["version"] or isinstance(version, bool | float):
            raise self.fault(f"the file has format {version!r:.20}, this version reads 1: use a newer to11ai-sdk")

    def _row(self, value: dict[str, Any]) -> tuple[str, Row]:
        table, row = value.get("table"), value.get("row")
        if value.keys() != {"table", "row"} or not isinstance(table, str) or not is_object(row):
            raise self.fault('it must be {"table": ..., "row": {...}}')
        if (table == "projects") != (self.line == 2):
            raise self.fault("the second line, and no other, must be the project")
        columns = PROJECT if table == "projects" else BY_NAME[table].columns if table in BY_NAME else None
        if columns is None:
            raise self.fault(f"there is no table {table!r:.100}")
        if table == "projects" and "main_key" in row:
            columns = {**columns, "main_key": "a text"}
        if (wrong := wrong_column(columns, row)) is not None:
            raise self.fault(f"{table}: {wrong}")
        return table, row

    def _check_end(self, value: dict[str, Any], digest: str) -> None:
        if value != {"end": {"rows": self.line - 2, "sha256": digest}}:
            raise self.fault(f"lines are missing, or were changed: {_COMPLETE}")
        if self._file.read(1):
            self.line += 1
            raise self.fault("nothing may follow the last line")
