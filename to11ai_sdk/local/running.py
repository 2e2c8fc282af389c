"""Holds the open parts of a running local to11: state, server and clients."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from . import bounds
from .gateway import wrong_paths
from .gateway.observe.trace_log import TraceLog
from .gateway.setup import build
from .gateway.telemetry import collector
from .http.control_plane import ControlPlane
from .http.failures import FailureQueue
from .http.http_server import Server
from .http.owner_api import LocalPages
from .http.paths import Dispatcher
from .http.readiness import Readiness
from .inspector.entry import InspectorEntry
from .service import Platform
from .store import open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from ..client import To11aiClient
    from .gateway.app import GatewayApp
    from .gateway.config.gateway_config import GatewayConfig
    from .gateway.telemetry.span_export import SpanExport
    from .hang_up import HangUp
    from .http.address import ListeningAddress
    from .http.expected_hosts import ExpectedHosts
    from .http.listener import Listener
    from .http.request_log import RequestLog
    from .inspector.login import LoginLink
    from .inspector.parts import InspectorParts
    from .service.session import Clock
    from .store import Store


class Settings(NamedTuple):
    """The settings that a local to11 is started with."""

    data: str | os.PathLike[str] | None
    clock: Clock | None
    seed: int | str | None
    log: RequestLog
    flags: Mapping[str, Any]
    config: GatewayConfig
    sleep: Callable[[float], None] | None
    address: ListeningAddress
    hosts: ExpectedHosts
    key: str | None
    listener: Listener | None = None
    process: str = ""
    """The name of this process in ids, if others serve the same store."""
    link: LoginLink | None = None
    """What opens the inspector once, if it was printed."""
    otlp: str | None = None


class Running:
    """The state, the server over it and the clients it returned.

    Args:
        settings: its settings.
        port: the port to listen on, 0 for a free one.
    """

    def __init__(self, settings: Settings, port: int) -> None:
        self._process = os.getpid()
        store = open_store(settings.data)
        self.failures: FailureQueue = FailureQueue()
        self.clients: list[To11aiClient] = []
        self._export: SpanExport | None = None
        try:
            self.platform: Platform = Platform(store, clock=settings.clock, seed=settings.seed, key=settings.key)
            self.traces: TraceLog = TraceLog(self.platform)
            self._export = collector.open_span_export(settings.otlp, self.platform)
            self._gateway = self._build_gateway(settings, store)
            self._dispatcher = self._build_dispatcher(settings, store)
            self.server: Server = Server(self._dispatcher.application_for, port, settings.address, settings.listener)
        except BaseException:
            self._end_export()
            store.close()
            raise
        self.server.start()

    def _build_gateway(self, settings: Settings, store: Store) -> GatewayApp:
        return build(
            settings.config,
            self.platform,
            store,
            self.traces,
            log=settings.log,
            sleep=_sleep(settings.sleep) if settings.sleep else self.failures.wait,
            seed=settings.seed,
            process=settings.process,
            export=self._export,
        )

    def _build_dispatcher(self, settings: Settings, store: Store) -> Dispatcher:
        guard = settings.hosts.guard
        readiness = Readiness(store.check, lambda: self.server.is_draining)
        control_plane = ControlPlane(self.platform, settings.log, self.failures, settings.flags, settings.process)
        return Dispatcher(
            readiness=guard(readiness),
            control_plane=guard(control_plane),
            gateway=guard(self._gateway),
            local=guard(LocalPages(self.platform, self.traces)),
            inspector=guard(InspectorEntry(control_plane, lambda: self._inspected(settings))),
            is_meant_for_gateway=lambda path: wrong_paths.find(path) is not None,
        )

    def _inspected(self, settings: Settings) -> InspectorParts:
        from .inspector.parts import InspectorParts
        from .inspector.recording import Recording

        recording = Recording(self._dispatcher.watch, lambda: self.platform.now().timestamp())
        is_worker = settings.listener is not None
        return InspectorParts(self.platform, self.traces, self.failures, recording, settings.link, is_worker)

    def drain(self, must_hurry: Callable[[], bool]) -> None:
        """Let the requests in progress end by themselves, for a while, and take no new connection.

        Args:
            must_hurry: returns whether to wait no longer.
        """
        self.server.drain(bounds.DRAIN_S, must_hurry)

    def stop(self) -> None:
        """Finish the requests in progress and close everything; do nothing in a fork, whose parent goes on with it."""
        if os.getpid() != self._process:
            return
        for client in self.clients:
            client.close()
        self.failures.end()
        self.server.stop()
        self._gateway.close()
        self._end_export()
        self.traces.close()
        self.platform.close()

    def _end_export(self) -> None:
        if self._export is not None:
            self._export.close()


def _sleep(sleep: Callable[[float], None]) -> Callable[[float, HangUp], None]:
    """Return a caller's own way to sleep, which nothing ends."""
    return lambda seconds, _: sleep(seconds)
