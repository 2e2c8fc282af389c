"""Runs a local to11 until SIGINT or SIGTERM, for ``to11ai local``."""

from __future__ import annotations

import json
import os
import shlex
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .processes.plan import Reachable, Served, ServingPlan

_HINT = "Local to11, for development and not for production; Ctrl-C ends it."
_INSPECTOR = "Inspector: {} (works once, within ten minutes)"
_SIGN_IN = "Inspector: {} (sign in with the key)"
_IN_CLEAR = "Other machines reach it on {}, without TLS: outside of a trusted network, put a proxy with TLS before it."


def serve(
    port: int = 4500,
    data: str | os.PathLike[str] | None = None,
    *,
    as_json: bool = False,
    providers: Sequence[str] = (),
    config: str | os.PathLike[str] | None = None,
    strict_labels: bool | None = None,
    strict_variables: bool | None = None,
    host: str = "127.0.0.1",
    allowed_hosts: Sequence[str] = (),
    workers: int = 1,
    otlp: str | None = None,
) -> int:
    """Run a local to11 until SIGINT or SIGTERM; call it in the main thread.

    When it is ready, it prints to stdout how to reach it: shell exports, or one JSON object with ``base_url``,
    ``gateway_url``, ``api_key`` and ``project_id``. A key from the environment is not repeated: the exports refer to
    its variable, and in JSON it is null. With the exports it prints a link to the inspector to stderr.

    Args:
        port: the port, 0 for a free one.
        data: path of the data file; ``None`` keeps the state in memory.
        as_json: print JSON instead of exports.
        providers: providers of the gateway, each as ``name=kind,key=value,...``.
        config: path of the gateway's configuration.
        strict_labels: whether only registered labels may be moved in its project; ``None`` leaves that unchanged.
        strict_variables: whether an undefined variable is an error in its project's templates, or else nil;
            ``None`` leaves that unchanged.
        host: the address to listen on.
        allowed_hosts: names of hosts that requests may be sent to, besides ``localhost`` and the address.
        workers: how many processes serve; more than one need a data file.
        otlp: URL of the OpenTelemetry collector that gets the gateway's spans.

    Returns:
        The exit status: 0, or 1 if it could not start, with the reason on stderr.
    """
    from .gateway.config.gateway_config import ConfigError, GatewayConfig
    from .http.address import HostError
    from .inspector.login import LoginLink
    from .processes.plan import ServingPlan, WorkersError, reason
    from .store import DataFileError

    try:
        gateway = (GatewayConfig.load(config) if config else GatewayConfig()).with_options(providers)
        with LoginLink() as link:
            plan = ServingPlan(port, data, gateway, strict_labels, strict_variables, host, allowed_hosts, link, otlp)
            _run(plan, workers, lambda to11: _say(to11, plan, as_json=as_json))
    except (ConfigError, DataFileError, HostError, WorkersError, OSError) as exc:
        _print(sys.stderr, f"to11ai local: {reason(exc)}")
        return 1
    return 0


def _run(plan: ServingPlan, workers: int, say: Callable[[Reachable | Served], None]) -> None:
    if workers == 1:
        from .processes import single

        single.run(plan, say)
    else:
        from .processes import supervisor

        supervisor.supervise(plan, workers, say)


def _say(to11: Reachable | Served, plan: ServingPlan, *, as_json: bool) -> None:
    from .given_key import VARIABLE
    from .http.address import find_address

    if not find_address(plan.host).is_loopback:
        _print(sys.stderr, _IN_CLEAR.format(plan.host))
    is_given = bool(os.environ.get(VARIABLE))
    if as_json:
        names = ("base_url", "gateway_url", "api_key", "project_id")
        shown = {name: None if is_given and name == "api_key" else getattr(to11, name) for name in names}
        _print(sys.stdout, json.dumps(shown))
        return
    _print(sys.stderr, _HINT)
    # Who gives the key signs in with it: what is printed, such as the log of a container, opens nothing then.
    way = f"{to11.base_url}/" if is_given or plan.link is None else f"{to11.base_url}/?token={plan.link.token}"
    _print(sys.stderr, (_SIGN_IN if is_given else _INSPECTOR).format(way))
    exports = {
        "TO11_API_URL": shlex.quote(to11.base_url),
        "TO11_GATEWAY_URL": shlex.quote(to11.gateway_url),
        "TO11_API_KEY": f'"${VARIABLE}"' if is_given else shlex.quote(to11.api_key),
        "TO11_PROJECT_ID": shlex.quote(to11.project_id),
    }
    _print(sys.stdout, "\n".join(f"export {name}={value}" for name, value in exports.items()))


def _print(stream: Any, text: str) -> None:
    if stream is not None:  # Python has none where its file was closed before the start
        stream.write(text + "\n")
        stream.flush()
