"""What answers for each provider: ``echo``, or a server."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from ..echo import EchoProvider
from .files import StoredFiles
from .http_provider import UpstreamProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ...store import Store
    from ..config.providers import ProviderConfig
    from .protocol import Provider


class Backends:
    """Makes what answers, once for each provider of each project.

    Args:
        store: keeps the files of ``echo``.
        clock: tells the time in seconds since 1970.
        sleep: waits some seconds.
    """

    def __init__(self, store: Store, clock: Callable[[], float], sleep: Callable[[float], None]) -> None:
        self._store = store
        self._clock = clock
        self._sleep = sleep
        self._made: dict[tuple[str, str], Provider] = {}
        self._lock = Lock()

    def of(self, config: ProviderConfig, project_id: str) -> Provider:
        """What answers for a provider in a project."""
        key = (project_id if config.kind == "echo" else "", config.id)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(config, project_id)
            return self._made[key]

    def _make(self, config: ProviderConfig, project_id: str) -> Provider:
        if config.kind != "echo":
            return UpstreamProvider(dialect=config.dialect, base_url=config.base_url or "")
        return EchoProvider(
            dialect=config.dialect,
            name=config.id,
            models=_Known(config),
            files=StoredFiles(self._store, project_id, config.id),
            clock=self._clock,
            sleep=self._sleep,
        )


class _Known:
    """The models of a provider as a collection that knows its patterns, too."""

    def __init__(self, config: ProviderConfig) -> None:
        self._config = config

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._config.model(name) is not None

    def __iter__(self) -> Iterator[str]:
        return (model.id for model in self._config.models if not model.is_pattern)

    def __len__(self) -> int:
        return sum(1 for _ in self)
