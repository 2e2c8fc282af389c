"""Makes the backend of each provider: a server, or ``echo`` with its files in the database."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock
from typing import TYPE_CHECKING

from ...store import StorageProblem, gateway_records
from ..echo import EchoProvider
from ..echo.storage import FileRow, check_room
from .http_provider import UpstreamProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ...hang_up import HangUp
    from ...store import Store
    from ..config.providers import ProviderConfig
    from ..provider import Provider


class Backends:
    """Makes backends, one for each provider of each project.

    Args:
        store: keeps the files of ``echo``.
        clock: returns the time in seconds since 1970.
        sleep: waits the given seconds, or until the caller hangs up.
    """

    def __init__(self, store: Store, clock: Callable[[], float], sleep: Callable[[float, HangUp], None]) -> None:
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._made: dict[tuple[str, str], Provider] = {}
        self._lock = Lock()

    def of(self, config: ProviderConfig, project_id: str) -> Provider:
        """Return the backend of a provider in a project."""
        key = (project_id if config.kind == "echo" else "", config.id)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(config, project_id)
            return self._made[key]

    def close(self) -> None:
        """Close the idle connections to all servers."""
        with self._lock:
            for provider in self._made.values():
                if isinstance(provider, UpstreamProvider):
                    provider.close()

    def _make(self, config: ProviderConfig, project_id: str) -> Provider:
        if config.kind != "echo":
            return UpstreamProvider(dialect=config.dialect, base_url=config.base_url or "")
        return EchoProvider(
            dialect=config.dialect,
            name=config.id,
            provider_type=config.type,
            models=_ModelNames(config),
            files=StoredFiles(self._store, project_id, config.id, self._clock),
            clock=self._clock,
            sleep=self._sleep,
        )


class _ModelNames:
    """The models of a provider as a collection that supports patterns."""

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._config.model(name) is not None

    def __iter__(self) -> Iterator[str]:
        return (model.id for model in self._config.models if not model.is_pattern)

    def __len__(self) -> int:
        return sum(1 for _ in self)


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
