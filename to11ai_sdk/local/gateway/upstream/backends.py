"""Makes the backend of each provider: a server, or ``echo`` with its files in the database."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from ...._http.process_safety import importing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...hang_up import HangUp
    from ...store import Store
    from ..config.providers import ProviderConfig
    from ..provider import Provider
    from .http_provider import UpstreamProvider


def upstream_provider() -> type[UpstreamProvider]:
    """Return the class; imported here, because a local to11 without servers starts faster without HTTP and TLS."""
    with importing.lock:
        from .http_provider import UpstreamProvider
    return UpstreamProvider


class Backends:
    """Makes backends, one for each provider of each project.

    Args:
        store: keeps the files of ``echo``.
        clock: returns the time in seconds since 1970.
        sleep: waits the given seconds, or until the caller hangs up.
        process: the name of this process in the ids of ``echo``, if others serve the same store.
    """

    def __init__(
        self, store: Store, clock: Callable[[], float], sleep: Callable[[float, HangUp], None], process: str = ""
    ) -> None:
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._process = process
        self._made: dict[tuple[str, str], Provider] = {}
        self._servers: list[UpstreamProvider] = []
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
            for server in self._servers:
                server.close()

    def _make(self, config: ProviderConfig, project_id: str) -> Provider:
        if config.kind != "echo":
            server = upstream_provider()(dialect=config.dialect, base_url=config.base_url or "")
            self._servers.append(server)
            return server
        # Imported here: where all providers are servers, a start does not load echo.
        with importing.lock:  # with Werkzeug, see PathTable
            from ..echo import CountedIds, EchoProvider
            from .stored_files import StoredFiles
            from .stored_responses import StoredResponses, StoredTally

        place = {"project_id": project_id, "provider_id": config.id}
        is_lasting = self._store.is_lasting
        return EchoProvider(
            dialect=config.dialect,
            name=config.id,
            provider_type=config.type,
            models=_ModelNames(config),
            files=StoredFiles(self._store, project_id, config.id, self._clock),
            responses=StoredResponses(self._store, place) if is_lasting else None,
            tally=StoredTally(self._store, place) if is_lasting else None,
            new_id=CountedIds(self._process),
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
