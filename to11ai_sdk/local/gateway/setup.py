"""Builds the gateway from its parts."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from .app import GatewayApp
from .config.gateway_config import GatewayConfig
from .gateway import Gateway
from .observe.guardrails import Guardrails
from .observe.recorder import Recorder
from .observe.reply_cache import CallCache, RepliesCache
from .routing import Router
from .trace_context import SpanIds
from .upstream.backends import Backends, upstream_provider
from .upstream.retry_budget import RetryBudgets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..hang_up import HangUp
    from ..http.request_log import RequestLog
    from ..service import Platform
    from ..store import Store
    from .observe.recorder import Export
    from .observe.trace_log import TraceLog


def configured(
    config: str | os.PathLike[str] | Mapping[str, Any] | GatewayConfig | None, providers: Mapping[str, Any] | None
) -> GatewayConfig:
    """Return the configuration given by these arguments of ``LocalTo11``.

    Raises:
        ConfigError: one of them is wrong.
    """
    if config is None:
        made = GatewayConfig()
    elif isinstance(config, GatewayConfig):
        made = config
    elif isinstance(config, str | os.PathLike):
        made = GatewayConfig.load(config)
    else:
        made = GatewayConfig.of(config)
    return made.with_providers(providers) if providers else made


def build(
    config: GatewayConfig,
    platform: Platform,
    store: Store,
    traces: TraceLog,
    *,
    log: RequestLog,
    sleep: Callable[[float, HangUp], None],
    seed: int | str | None,
    process: str,
    export: Export | None,
) -> GatewayApp:
    """Return the gateway over a platform as an application."""
    if any(provider.kind == "upstream" for provider in config.registry):
        upstream_provider()  # at the start, so that the first call is not slower
    backends = Backends(store, lambda: platform.now().timestamp(), sleep, process)
    router = Router(config.registry, seed)
    gateway = Gateway(
        platform,
        router,
        backends,
        Guardrails(config.guardrails),
        CallCache(RepliesCache(config.cache), platform),
        Recorder(traces, platform.now, time.monotonic, export),
        SpanIds(seed),
        sleep,
        RetryBudgets(lambda: platform.now().timestamp()),
        config.max_reply_bytes,
    )
    return GatewayApp(gateway, log, process)
