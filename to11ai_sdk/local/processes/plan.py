"""Defines what to serve, for one process or several."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

from .. import LocalTo11

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Sequence

    from ..gateway.config.gateway_config import GatewayConfig
    from ..http.listener import Listener
    from ..inspector.login import LoginLink


class WorkersError(Exception):
    """Workers that cannot be started, or do not stay; the message says why and what to do."""


class Reachable(NamedTuple):
    """How to reach a server that is ready."""

    base_url: str
    gateway_url: str
    api_key: str
    project_id: str


class ServingPlan(NamedTuple):
    """What to serve.

    Attributes:
        port: the port, 0 for a free one.
        data: the store, ``None`` for the memory of the process.
        config: the configuration of the gateway.
        strict_labels: whether only registered labels may be moved; ``None`` leaves that unchanged.
        strict_variables: whether an undefined variable is an error; ``None`` leaves that unchanged.
        host: the address to listen on.
        allowed_hosts: names of hosts that requests may be sent to, besides ``localhost`` and the address.
        link: what opens the inspector once, if it is printed.
        otlp: URL of the OpenTelemetry collector that gets the gateway's spans.
    """

    port: int
    data: str | os.PathLike[str] | None
    config: GatewayConfig
    strict_labels: bool | None = None
    strict_variables: bool | None = None
    host: str = "127.0.0.1"
    allowed_hosts: Sequence[str] = ()
    link: LoginLink | None = None
    otlp: str | None = None

    @property
    def is_for_several(self) -> bool:
        """Whether its store is one for several servers."""
        return isinstance(self.data, str) and self.data.startswith(("postgresql://", "postgres://"))

    def apply(self, to11: LocalTo11) -> None:
        """Set what is to be set in the store."""
        if self.strict_labels is not None:
            to11.enforce_label_registry = self.strict_labels
        if self.strict_variables is not None:
            to11.strict_variables = self.strict_variables


class Served(LocalTo11):
    """A local to11 that ends gently.

    Args:
        plan: what to serve.
        listener: where connections come from, by default a socket that listens on the port.
        process: the name of this process in ids, if others serve the same store.
    """

    def __init__(self, plan: ServingPlan, listener: Listener | None = None, process: str = "") -> None:
        super().__init__(
            plan.data,
            plan.port,
            remember=0,
            config=plan.config,
            host=plan.host,
            allowed_hosts=plan.allowed_hosts,
            otlp=plan.otlp,
        )
        self._settings = self._settings._replace(listener=listener, process=process, link=plan.link)

    def drain(self, must_hurry: Callable[[], bool]) -> None:
        """Let the requests in progress end by themselves, for a while, and take no new connection.

        Args:
            must_hurry: returns whether to wait no longer.
        """
        self._now.drain(must_hurry)


def process_mark() -> str:
    """Return a new name of a process, for ids."""
    return f"{secrets.token_hex(3)}_"


def reason(exc: Exception) -> str:
    """Return why something could not be started."""
    return exc.strerror if isinstance(exc, OSError) and exc.strerror else str(exc)
