"""Defines ``LocalTo11``, the platform on your machine as one object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .._http.process_safety import Unique
from ..resources.parameters import KINDS
from .gateway.setup import configured
from .gateway.telemetry.collector import traces_url
from .given_key import given_key
from .http.address import find_address
from .http.expected_hosts import ExpectedHosts
from .http.failures import InjectedFailure
from .http.request_log import RequestLog, SeenRequest
from .owner import Owner
from .running import Running, Settings

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

    from typing_extensions import Self

    from ..client import To11aiClient
    from .gateway.config.gateway_config import GatewayConfig
    from .gateway.observe.trace_log import TraceLog
    from .service import Platform
    from .service.session import Clock


class LocalTo11(Unique, Owner):
    """A local to11: for development, tests and demos, not for production.

    ::

        with LocalTo11() as to11:
            client = to11.client()

    Without a data file its state is lost when it stops. By default only this machine reaches it. A key given in
    ``TO11_LOCAL_API_KEY`` is that of the main project.

    Args:
        data: path of a SQLite file that keeps the state, the project and its key (in clear, to show it again), created
            for its owner only; or the ``postgresql://`` URL of a database, with the extra ``postgres``.
        port: the port to listen on, 0 for a free one.
        clock: returns the time, for tests of expiry; a naive time is UTC.
        seed: the same seed gives the same ids and keys in the same order, and the same choices of weighted rules;
            by default they are random.
        remember: how many requests :attr:`requests` keeps, with 64 MiB of bodies at most.
        behaviors: flags sent as ``sdkBehavior`` with every success; can be changed at any time.
        config: the configuration of the gateway: the path of a TOML or JSON file, its content as a mapping, or a
            ``GatewayConfig``.
        providers: providers to add to those of ``config`` or to replace, by id: a table as in a file, ``"echo"``, or
            ``None`` to remove one.
        sleep: waits the given seconds before the gateway retries a provider, and when ``echo`` is asked to be slow.
        host: the address to listen on; if other machines can reach it, ``TO11_LOCAL_API_KEY`` must be set.
        allowed_hosts: names of hosts that requests may be sent to, besides ``localhost`` and the address.
        otlp: URL of an OpenTelemetry collector that gets a span of each call of the gateway, with the extra ``otel``.

    Raises:
        ConfigError: the configuration of the gateway is wrong; a ``ValueError``.
        TypeError: the port is not an ``int``, or a host not a ``str``.
        ValueError: an invalid port, address, name of a host or URL of a collector, or ``TO11_LOCAL_API_KEY`` is missing
            or not a key.
    """

    def __init__(
        self,
        data: str | os.PathLike[str] | None = None,
        port: int = 0,
        *,
        clock: Clock | None = None,
        seed: int | str | None = None,
        remember: int = 1000,
        behaviors: Mapping[str, Any] | None = None,
        config: str | os.PathLike[str] | Mapping[str, Any] | GatewayConfig | None = None,
        providers: Mapping[str, Any] | None = None,
        sleep: Callable[[float], None] | None = None,
        host: str = "127.0.0.1",
        allowed_hosts: Sequence[str] = (),
        otlp: str | None = None,
    ) -> None:
        if not 0 <= KINDS["int"].check("port", port) <= 65535:
            raise ValueError(f"port must be 0 to 65535, 0 for a free one, not {port}")
        self._port = port
        self._log = RequestLog(remember)
        self._flags: dict[str, Any] = {}
        address = find_address(KINDS["str"].check("host", host))
        hosts = ExpectedHosts(address, KINDS["Sequence[str]"].check("allowed_hosts", allowed_hosts))
        key, url = given_key(address), None if otlp is None else traces_url(otlp)
        gateway = configured(config, providers)
        self._settings = Settings(
            data, clock, seed, self._log, self._flags, gateway, sleep, address=address, hosts=hosts, key=key, otlp=url
        )
        self._running: Running | None = None
        self.behaviors = behaviors or {}

    def start(self) -> Self:
        """Open the state and listen.

        Raises:
            DataFileError: the data file cannot be used.
            PortTakenError: another program listens on the port.
            RuntimeError: it is already running.
        """
        if self._running is not None:
            raise RuntimeError("this local to11 runs already")
        self._running = Running(self._settings, self._port)
        return self

    def stop(self) -> None:
        """Finish the requests in progress; close the clients of :meth:`client`, all connections and the state.

        In a forked process this does nothing: its parent goes on with them.
        """
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        running = vars(self).get("_running")
        return f"<LocalTo11 {running.server.url if running else 'stopped'}>"

    @property
    def _now(self) -> Running:
        if self._running is None:
            raise RuntimeError("this local to11 does not run; use it as `with LocalTo11() as to11:` or call start()")
        return self._running

    @property
    def base_url(self) -> str:
        """URL of the control plane, for ``create_client(base_url=...)``."""
        return self._now.server.url

    @property
    def gateway_url(self) -> str:
        """URL of the gateway, with ``/v1``."""
        return f"{self.base_url}/v1"

    @property
    def api_key(self) -> str:
        """Key of the project, with all permissions in it."""
        return self._now.platform.main.api_key

    @property
    def project_id(self) -> str:
        """Id of the project."""
        return self._now.platform.main.project_id

    def client(self, **options: Any) -> To11aiClient:
        """Return a client wired to this server; closed when the server stops.

        Args:
            **options: further arguments of :func:`to11ai_sdk.create_client`; they override the wiring.
        """
        from ..client import create_client

        wiring: dict[str, Any] = {"api_key": self.api_key, "base_url": self.base_url}
        client = create_client(**wiring | options)
        self._now.clients.append(client)
        return client

    @property
    def requests(self) -> list[SeenRequest]:
        """The requests received, oldest first; available after the server has stopped, too."""
        return self._log.all()

    def forget_requests(self) -> None:
        """Empty :attr:`requests`."""
        self._log.clear()

    @property
    def behaviors(self) -> dict[str, Any]:
        """Flags sent as ``sdkBehavior`` with every success, by their dotted keys."""
        return dict(self._flags)

    @behaviors.setter
    def behaviors(self, flags: Mapping[str, Any]) -> None:
        copied = json.loads(json.dumps(dict(flags), allow_nan=False))
        self._flags.clear()
        self._flags.update(copied)

    def fail_next(
        self,
        times: int = 1,
        *,
        status: int | None = None,
        code: str | None = None,
        delay_s: float = 0.0,
        drop: bool = False,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
        match: str | None = None,
        processed: bool = False,
    ) -> None:
        """Make the next requests of the control plane fail, or take long.

        Args:
            times: how many requests.
            status: HTTP status of the reply, 200 to 599; its error has ``code``.
            code: the API's error code; by default one that fits the status.
            delay_s: seconds to wait first; alone, the request then succeeds.
            drop: close the connection without a reply.
            headers: further headers, such as ``{"Retry-After": "1"}``; alone, they are added to the usual reply.
            body: the whole body of the reply instead of an error envelope, by default with status 200.
            match: only requests of this endpoint, ``"prompts.resolve"``; any request if ``None``.
            processed: carry out the request before failing, so that only the reply is lost.

        Raises:
            TypeError: an argument of the wrong type.
            ValueError: no failure was given, an unknown endpoint, or a value that HTTP cannot send.
        """
        content = body.encode() if isinstance(body, str) else body
        given = dict(headers or {})
        self._now.failures.add(InjectedFailure(status, code, delay_s, drop, given, content, match, processed), times)

    def succeed(self) -> None:
        """Cancel the remaining failures of :meth:`fail_next`."""
        self._now.failures.clear()

    @property
    def _platform(self) -> Platform:
        return self._now.platform

    @property
    def _traces(self) -> TraceLog:
        return self._now.traces
