"""Runs the platform over one store: opens sessions for calls, and does work for which the API has no call."""

from __future__ import annotations

from contextlib import contextmanager, nullcontext
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from ..hang_up import NEVER
from ..problems import Problem
from ..store import ReadCache, Store, Transaction, projects
from ..work_budget import long_work
from . import access, main_project
from .handlers import HANDLERS
from .session import Caller, Clock, DeferredWork, Ids, Session

if TYPE_CHECKING:
    from collections.abc import Collection, Generator
    from contextlib import AbstractContextManager

    from ...resources.endpoint import Endpoint
    from ..hang_up import HangUp
    from .main_project import Access

_NOBODY = Caller("", "")


def _system_time() -> datetime:
    return datetime.now(timezone.utc)


class Platform:
    """The rules over a store.

    Args:
        store: the state; closed with the platform.
        clock: returns the time, by default the system's.
        seed: makes ids and keys predictable; random without one.
        key: the key of the main project; by default the one that the store has, or a new one.

    Raises:
        DataFileError: the store has only a digest of its main key, or another project has the given key.
    """

    def __init__(
        self, store: Store, *, clock: Clock | None = None, seed: int | str | None = None, key: str | None = None
    ) -> None:
        self._store = store
        self._read_cache = ReadCache(store)
        self._clock = clock or _system_time
        self._ids = Ids(seed)
        with store.transaction() as tx:
            self.main: Access = main_project.open_main(self._session(tx, _NOBODY), key)

    def close(self) -> None:
        """Close the store."""
        self._store.close()

    def now(self) -> datetime:
        """Return the present time."""
        moment = self._clock()
        return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)

    def admit(self, project_id: str, key: str | None) -> Caller:
        """Authenticate the caller of a call, before its arguments are read.

        Raises:
            Problem: 401 or 403.
        """
        return self.visit(project_id, key).caller

    def call(
        self,
        row: Endpoint,
        caller: Caller,
        arguments: dict[str, Any],
        hang_up: HangUp = NEVER,
        *,
        is_long: bool = False,
    ) -> Any:
        """Answer a call of the table: one transaction, or one before and one after work that needs none.

        Args:
            row: the row of the call.
            caller: the caller.
            arguments: the arguments by their Python names.
            hang_up: the event that the caller hangs up, which ends the work.
            is_long: whether the work that needs no transaction takes its turn with other long work.

        Raises:
            Problem: the call is refused; 403 is possible, too: the permissions needed depend on the arguments.
        """
        given = {name: value for name, value in arguments.items() if name != "project_id"}
        changes = row.method != "GET" and not (row.method == "POST" and row.safe)

        with self._store.transaction(write=changes) as tx:
            session = self._session(tx, caller, hang_up)
            session.require(*access.needed(row.name, given))
            result = HANDLERS[row.name](session, **given)
        if not isinstance(result, DeferredWork):
            return result
        with long_work(hang_up) if is_long else nullcontext():
            data = result.work()
        if result.then is None:
            return data
        with self._store.transaction() as tx:
            return result.then(self._session(tx, caller))

    def visit(self, project_id: str, key: str | None) -> Session:
        """Admit a caller to read the data that a call of the gateway needs.

        What was read before is in memory; it is read again once the data have changed.

        Raises:
            Problem: 401 or 403.
        """
        tx = self._read_cache.reads()
        try:
            return self._session(tx, access.authenticate(tx, key, project_id))
        except Problem:
            # Another server may have made the key or the project just now.
            newer = self._read_cache.reads(fresh=True)
            if newer is tx:
                raise
            return self._session(newer, access.authenticate(newer, key, project_id))

    @contextmanager
    def owner(self, project_id: str, *, write: bool = True) -> Generator[Session]:
        """Open a session for the owner of the local to11, with all permissions."""
        with self._store.transaction(write=write) as tx:
            key = projects.first_key(tx, project_id)
            if key is None:
                raise LookupError(f"there is no project {project_id!r}")
            yield self._session(tx, Caller(key["id"], project_id))

    def records(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction that writes records of the gateway, of any project; see :meth:`Store.records`."""
        return self._store.records()

    @contextmanager
    def recording(self, project_id: str, wait_s: float | None = None) -> Generator[Session]:
        """Open a session that writes records of the gateway, as :meth:`records` does, in one project."""
        with self._store.records(wait_s) as tx:
            yield self._session(tx, Caller("", project_id))

    def reading(self) -> AbstractContextManager[Transaction]:
        """Begin a transaction that only reads, of any project."""
        return self._store.transaction(write=False)

    def create_project(self) -> Access:
        """Create a project with its default environments and label; the key is returned only here."""
        with self._store.transaction() as tx:
            return main_project.create(self._session(tx, _NOBODY), is_main=False)

    def create_key(self, project_id: str, permissions: Collection[str] | None = None) -> str:
        """Create a key of a project; it is returned only here, and stored as a digest.

        Args:
            project_id: id of the project.
            permissions: its permissions, ``None`` for all.

        Raises:
            ValueError: an unknown permission.
        """
        unknown = sorted(set(permissions or ()) - access.PERMISSIONS)
        if unknown:
            known = ", ".join(sorted(access.PERMISSIONS))
            raise ValueError(f"no such permission: {', '.join(unknown)}; there are {known}")
        with self.owner(project_id) as session:
            held = None if permissions is None else sorted(permissions)
            return main_project.create_key(session, "local key", held).key

    def strict_labels(self, project_id: str, enforce: bool | None = None) -> bool:
        """Return whether only registered labels may be moved; ``enforce``, if given, sets that first."""
        return self._switch(project_id, "enforce_label_registry", enforce)

    def strict_variables(self, project_id: str, strict: bool | None = None) -> bool:
        """Return whether a missing variable is an error in templates; ``strict``, if given, sets that first."""
        return self._switch(project_id, "strict_variables", strict)

    def _switch(self, project_id: str, name: str, value: bool | None) -> bool:
        with self.owner(project_id, write=value is not None) as session:
            if value is not None:
                session.tx.update("projects", {"id": project_id}, {name: value})
            row = projects.by_id(session.tx, project_id)
            return bool(row and row[name])

    def _session(self, tx: Transaction, caller: Caller, hang_up: HangUp = NEVER) -> Session:
        return Session(tx, caller, self.now(), self._ids, hang_up)
