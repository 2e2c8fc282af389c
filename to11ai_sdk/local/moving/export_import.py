"""Exports and imports a project: ``to11ai local export`` and ``to11ai local import``."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..problems import Problem
from ..service import access
from ..store import DataFileError, Store, open_store, project_rows, projects
from ..store.project_tables import PROJECT, TABLES
from .open_files import open_input, open_output
from .project_stream import MovedFileError, ProjectReader, ProjectWriter

if TYPE_CHECKING:
    from collections.abc import Generator

    from ..store import Row, Transaction

_STEP = 5000


class MovingError(Exception):
    """A project that cannot be moved; the message says why, and what to do."""


def export_project(data: str, output: str | None, project_id: str | None, *, with_key: bool) -> int:
    """Write a project of a store to a file, all of it from one moment, also while a server runs on the store.

    Args:
        data: the store.
        output: path of the file, which only its owner may read; ``None`` or ``-`` for the standard output.
        project_id: the project, by default the main one.
        with_key: whether the main key is written in clear, if the store has it.

    Returns:
        The exit status.
    """
    try:
        if "://" not in data and not Path(data).exists():
            raise MovingError(f"there is no data file {data}")
        with _opened(data) as store, store.transaction(write=False) as tx, open_output(output) as file:
            done = _export(tx, ProjectWriter(file), project_id, with_key=with_key)
    except (DataFileError, MovingError, Problem) as exc:
        return _failed("export", exc)
    except OSError as exc:
        if output in {None, "-"}:  # the command itself explains these
            raise
        return _failed("export", f"cannot write {output}: {exc.strerror}")
    return _succeeded("exported", done)


def import_project(data: str, source: str) -> int:
    """Write the project in a file to a store: all of it, or nothing if anything in the file is wrong.

    Args:
        data: the store, created if it does not exist.
        source: path of the file, ``-`` for the standard input.

    Returns:
        The exit status.
    """
    try:
        with open_input(source) as file, _target(data) as store, store.transaction() as tx:
            done = _import(tx, ProjectReader(file))
    except (DataFileError, MovingError, Problem, MovedFileError, project_rows.RefusedRowError) as exc:
        return _failed("import", exc)
    except OSError as exc:
        return _failed("import", f"cannot read {source}: {exc.strerror}")
    return _succeeded("imported", done)


class _Done:
    """What was moved of a project so far; says so on a terminal."""

    def __init__(self, project_id: str) -> None:
        self.project_id = project_id
        self.rows: Counter[str] = Counter()
        self.hint = ""
        self._total = 0

    def add(self, table: str) -> None:
        self.rows[table] += 1
        self._total += 1
        if self._total % _STEP == 0 and sys.stderr is not None and sys.stderr.isatty():
            sys.stderr.write(f"\r{self._total:,} rows")
            sys.stderr.flush()

    def summary(self) -> str:
        """Return what was moved, in words."""
        names = {"prompts": "prompts", "prompt_versions": "versions", "prompt_label_events": "label events"}
        names |= {"environments": "environments", "rules": "rules", "rule_releases": "releases"}
        counts = ", ".join(f"{self.rows[table]:,} {name}" for table, name in names.items())
        return f"project {self.project_id}: {counts}{self.hint}"


def _export(tx: Transaction, writer: ProjectWriter, project_id: str | None, *, with_key: bool) -> _Done:
    main = projects.main(tx)
    if project_id is None and main is None:
        raise MovingError("the store has no project yet")
    project = main if project_id is None else projects.by_id(tx, project_id)
    if project is None:
        raise MovingError(f"there is no project {project_id!r:.100}{_hint(main)}")
    key = project.pop("main_key")
    project["is_main"] = main is not None and project["id"] == main["id"]
    row = {name: project[name] for name in PROJECT}
    if with_key and not key:
        raise MovingError("the store does not have the key of this project in clear: leave --with-key out")
    writer.add("projects", {**row, "main_key": key} if with_key else row)
    done = _Done(project["id"])
    for table, found in project_rows.all_rows(tx, project["id"]):
        writer.add(table, found)
        done.add(table)
    writer.end()
    return done


def _hint(main: Row | None) -> str:
    return f"; the main one is {main['id']}" if main else ""


def _import(tx: Transaction, reader: ProjectReader) -> _Done:
    rows = reader.rows()
    _, project = next(rows)
    done = _Done(project["id"])
    if projects.by_id(tx, done.project_id) is not None:
        raise MovingError(
            f"project {done.project_id} is in the store already, and was not changed; import it into another store"
        )
    is_main = project.pop("is_main") and projects.main(tx) is None
    key = project.pop("main_key", "")
    tx.count_later()
    tx.insert("projects", {**project, "main_key": key if is_main else None})
    for table, row in rows:
        try:
            project_rows.write_row(tx, done.project_id, table, row)
        except project_rows.RefusedRowError as exc:
            raise reader.fault(f"{table}: {exc}") from exc
        done.add(table)
    _check(tx, reader, done, key)
    tx.count_now(done.project_id)
    if is_main and not key:
        done.hint = ". Set TO11_LOCAL_API_KEY to its key, or to a new one, when you start a server on this store"
    return done


def _check(tx: Transaction, reader: ProjectReader, done: _Done, key: str) -> None:
    """Check what only shows when all rows are there."""
    for table in TABLES:
        if project_rows.count(tx, table, done.project_id) != done.rows[table.name]:
            raise reader.fault(f"{table.name}: a row refers to another project")
    first = projects.first_key(tx, done.project_id)
    if first is None or (key and first["digest"] != access.digest(key)):
        raise reader.fault("the project has no key" if first is None else "the main key is no key of the project")


@contextmanager
def _opened(data: str) -> Generator[Store]:
    store = open_store(data)
    try:
        yield store
    finally:
        store.close()


@contextmanager
def _target(data: str) -> Generator[Store]:
    """Open the store of an import, and remove a file that was made for one that fails."""
    is_new = "://" not in data and not Path(data).exists()
    try:
        with _opened(data) as store:
            yield store
    except BaseException:
        if is_new:
            _remove_empty(Path(data))
        raise


def _remove_empty(data: Path) -> None:
    """Remove a new data file, unless another program has put a project there meanwhile."""
    with suppress(DataFileError, Problem):
        if data.exists():
            with _opened(str(data)) as store, store.transaction() as tx:
                if not projects.exist(tx):
                    data.unlink()


def _failed(command: str, problem: object) -> int:
    _say(f"to11ai local {command}: {problem}")
    return 1


def _succeeded(what: str, done: _Done) -> int:
    _say(f"{what} {done.summary()}")
    return 0


def _say(text: str) -> None:
    if sys.stderr is not None:  # it may have been closed before the start
        start = "\r" if sys.stderr.isatty() else ""
        sys.stderr.write(f"{start}{text}\n")
