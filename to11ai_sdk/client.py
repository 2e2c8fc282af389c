"""Defines the client of the control plane, and ``create_client``, which makes one."""

from __future__ import annotations

import os

from ._http.process_safety import Unique, importing
from .behaviors import BehaviorStore
from .json_types import is_mapping
from .settings import (
    API_URL,
    GATEWAY_URL,
    SETTINGS,
    count,
    header_value,
    headers,
    mapping,
    number,
    origin,
    seconds,
    whole,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable, Mapping
    from os import PathLike
    from typing import Any, TypedDict, TypeVar

    from typing_extensions import Self, Unpack

    from ._http.transport import Transport
    from .cache import PromptCache
    from .prompt_keys import SparePrompts
    from .resources.endpoint import Endpoint, Read
    from .resources.project_environments import ProjectEnvironmentResource
    from .resources.prompts import PromptResource
    from .resources.routing_rules import RoutingRulesResource
    from .shared_cache import SharedCache
    from .snapshot import Snapshot

    Parts = Callable[[], tuple[Transport, PromptCache]]
    Value = TypeVar("Value")

    class ClientOptions(TypedDict, total=False):
        """The arguments of :func:`create_client` that have a default."""

        timeout_s: float
        max_retries: int
        ttl_seconds: float
        max_cache_entries: int
        behavior_overrides: Mapping[str, Any] | None
        total_timeout_s: float | None
        stale_if_error_s: float
        ssl_context: ssl.SSLContext | None
        default_headers: Mapping[str, str] | None
        shared_cache: SharedCache | None
        shared_cache_timeout_s: float
        snapshot: Snapshot | str | PathLike[str] | Mapping[str, Any] | None
        snapshot_first: bool


def create_client(
    *,
    api_key: str,
    base_url: str,
    timeout_s: float = 30.0,
    max_retries: int = 3,
    ttl_seconds: float = 300,
    max_cache_entries: int = 100,
    behavior_overrides: Mapping[str, Any] | None = None,
    total_timeout_s: float | None = None,
    stale_if_error_s: float = 3600.0,
    ssl_context: ssl.SSLContext | None = None,
    default_headers: Mapping[str, str] | None = None,
    shared_cache: SharedCache | None = None,
    shared_cache_timeout_s: float = 0.05,
    snapshot: Snapshot | str | PathLike[str] | Mapping[str, Any] | None = None,
    snapshot_first: bool = False,
) -> To11aiClient:
    """Make a client of the to11 control plane; sends nothing.

    Args:
        api_key: to11 API key; goes to the origin of ``base_url`` and nowhere else.
        base_url: ``https://api.to11.ai``, or the address of a local to11.
        timeout_s: seconds one attempt may take, from connecting to the last byte.
        max_retries: how many times a failed attempt is repeated, if that cannot do anything twice.
        ttl_seconds: seconds a resolved prompt is served from the cache; 0 switches the cache off.
        max_cache_entries: how many resolved prompts are kept, the most recently used; 0 switches the cache off.
        behavior_overrides: values for :meth:`To11aiClient.resolve_behavior` that override all others.
        total_timeout_s: seconds a call may take with all its attempts and waits; unbounded by default.
        stale_if_error_s: seconds past ``ttl_seconds`` for which a cached prompt is served in an outage.
        ssl_context: TLS settings, for a private authority or a client certificate.
        default_headers: headers added to each request, but none that the client needs itself, like ``Authorization``.
        shared_cache: a store in which the processes of a fleet share resolved prompts, such as ``redis.Redis(...)``:
            any object with ``get(name)`` and ``set(name, value, ex=seconds)`` that threads may call at once.
        shared_cache_timeout_s: seconds a call waits for an answer of that store; then it is left alone for a while.
        snapshot: prompts for an outage: the file that ``to11ai snapshot`` wrote, its content, or a :class:`Snapshot`.
            A file is read and checked at once.
        snapshot_first: whether the first call of each prompt is answered from the snapshot, without the network.

    Raises:
        OSError: the file of the snapshot cannot be read.
        TypeError: an argument of the wrong type.
        ValueError: a blank or unusable key or URL, a number out of range, or an unusable snapshot; names it.
    """
    _check_objects(ssl_context, behavior_overrides, shared_cache)
    behaviors = BehaviorStore(init_overrides=behavior_overrides)
    sending = {
        "on_envelope": behaviors.absorb,
        **_addressing(api_key, base_url, default_headers),
        "timeout_s": seconds("timeout_s", timeout_s),
        "max_retries": count("max_retries", max_retries),
        "total_timeout_s": None if total_timeout_s is None else seconds("total_timeout_s", total_timeout_s),
    }
    keeping = _keeping(ttl_seconds, max_cache_entries, stale_if_error_s, snapshot, snapshot_first)
    sharing = {"store": shared_cache, "timeout_s": seconds("shared_cache_timeout_s", shared_cache_timeout_s)}
    return To11aiClient(parts=_parts(ssl_context, sending, keeping, sharing), behaviors=behaviors)


def _check_objects(ssl_context: Any, behavior_overrides: Any, shared_cache: Any) -> None:
    if ssl_context is not None and not hasattr(ssl_context, "wrap_socket"):
        raise TypeError(f"ssl_context must be an ssl.SSLContext, not {type(ssl_context).__name__}")
    if behavior_overrides is not None:
        mapping("behavior_overrides", behavior_overrides)
    if shared_cache is not None:
        from .shared_cache import check_store

        check_store(shared_cache)


def _addressing(api_key: str, base_url: str, default_headers: Mapping[str, str] | None) -> dict[str, Any]:
    return {
        "api_key": header_value("api_key", api_key),
        "base_url": origin(base_url),
        "default_headers": headers("default_headers", {} if default_headers is None else default_headers),
    }


def _keeping(
    ttl_seconds: float, max_cache_entries: int, stale_if_error_s: float, snapshot: Any, snapshot_first: bool
) -> dict[str, Any]:
    keeping: dict[str, Any] = {
        "ttl_s": number("ttl_seconds", ttl_seconds),
        "max_entries": whole("max_cache_entries", max_cache_entries),
        "stale_if_error_s": number("stale_if_error_s", stale_if_error_s),
    }
    if snapshot is not None or snapshot_first is not False:
        keeping["spares"] = _spares(snapshot, snapshot_first)
    return keeping


def _spares(snapshot: Any, first: Any) -> SparePrompts:
    from .prompt_keys import SparePrompts
    from .snapshot import Snapshot

    if not isinstance(first, bool):
        raise TypeError(f"snapshot_first must be a bool, not {type(first).__name__}")
    if snapshot is None:
        raise ValueError("snapshot_first needs a snapshot")
    if isinstance(snapshot, str | os.PathLike):
        snapshot = Snapshot.load(snapshot)  # pyright: ignore[reportUnknownArgumentType]
    elif is_mapping(snapshot):
        snapshot = Snapshot.from_dict(snapshot)
    if not isinstance(snapshot, Snapshot):
        raise TypeError(f"snapshot must be a path, its content, or a Snapshot, not {type(snapshot).__name__}")
    return SparePrompts(snapshot, first=first)


def _parts(
    ssl_context: ssl.SSLContext | None,
    sending: dict[str, Any],
    keeping: dict[str, Any],
    sharing: dict[str, Any],
) -> Parts:
    """Return a function that makes a client's transport and cache."""

    def make() -> tuple[Transport, PromptCache]:
        from ._http.transport import Transport
        from ._http.urllib_exchange import UrllibExchange
        from .cache import PromptCache

        secure = sending["base_url"][:6].lower() == "https:"
        transport = Transport(exchange=UrllibExchange(ssl_context, secure=secure), **sending)
        if sharing["store"] is None:
            return transport, PromptCache(**keeping)
        from .shared_cache.fleet_cache import shared_prompt_cache

        return transport, shared_prompt_cache(
            api_key=transport.api_key, base_url=transport.base_url, **sharing, **keeping
        )

    return make


class To11aiClient(Unique):
    """A client of the to11 control plane; make one with :func:`create_client` and share it between threads.

    Calls take keyword arguments only, and may raise the exceptions of :mod:`to11ai_sdk.errors`. A ``with`` block or
    :meth:`close` closes its connections. It cannot be copied or pickled.

    Attributes:
        prompts: prompts, versions, labels.
        project_environments: the environments of a project.
        routing_rules: versions and releases of routing rules.
    """

    prompts: PromptResource
    project_environments: ProjectEnvironmentResource
    routing_rules: RoutingRulesResource

    _transport: Transport
    _cache: PromptCache

    def __init__(self, *, parts: Parts, behaviors: BehaviorStore) -> None:
        self._parts = parts
        self._behaviors = behaviors

    if not TYPE_CHECKING:  # Otherwise type checkers would accept any name.

        def __getattr__(self, name: str) -> Any:
            if name not in ("_transport", "_cache", "prompts", "project_environments", "routing_rules"):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}", name=name, obj=self)
            # On first use: many processes make a client but no call.
            with importing.lock:
                if name not in vars(self):
                    self._make(name)
                return vars(self)[name]

    def __dir__(self) -> Iterable[str]:
        return {*super().__dir__(), *To11aiClient.__annotations__}

    def _make(self, name: str) -> None:
        if name == "prompts":
            from .resources.prompts import PromptResource

            self.prompts = PromptResource(self._send, self._cache, self._transport.total_timeout_s)
        elif name == "project_environments":
            from .resources.project_environments import ProjectEnvironmentResource

            self.project_environments = ProjectEnvironmentResource(self._send)
        elif name == "routing_rules":
            from .resources.routing_rules import RoutingRulesResource

            self.routing_rules = RoutingRulesResource(self._send)
        else:
            self._transport, self._cache = self._parts()

    @classmethod
    def from_env(
        cls, *, api_key: str | None = None, base_url: str | None = None, **options: Unpack[ClientOptions]
    ) -> To11aiClient:
        """Make a client from the environment variables that the command ``to11ai`` reads.

        Args:
            api_key: by default the value of ``TO11_API_KEY``.
            base_url: by default the value of ``TO11_API_URL``, or else ``https://api.to11.ai``.
            **options: the other arguments of :func:`create_client`.

        Raises:
            ValueError: ``TO11_API_KEY`` is not set, or a value is not usable; names the variable.
        """
        if api_key is None:
            variable = SETTINGS["api_key"]
            api_key = os.environ.get(variable)
            if not api_key:
                raise ValueError(f"{variable} is not set; set it to your to11 API key, or pass api_key")
            header_value(variable, api_key)
        if base_url is None:
            variable = SETTINGS["base_url"]
            base_url = origin(os.environ.get(variable) or API_URL, variable)
        return create_client(api_key=api_key, base_url=base_url, **options)

    def __repr__(self) -> str:
        transport = getattr(self, "_transport", None)
        return f"<To11aiClient {getattr(transport, 'base_url', 'without a server')}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _send(self, row: Endpoint, arguments: Mapping[str, Any], read: Read, **options: Any) -> Any:
        return self._transport.send(row, row.encode(arguments), read, **options)

    def warm_up(self, *, connect: bool = True) -> None:
        """Do the work of a first call in advance: imports, model validators, trust store and connection.

        Use it where time costs least, such as the init phase of a Lambda function. It sends no request; a first read
        within some seconds uses the opened connection.

        Args:
            connect: ``False`` opens no connection.

        Raises:
            ImportError: Pydantic's compiled core does not fit this Python or platform; the message says which does.
            To11aiNetworkError: no connection could be made within ``timeout_s``; the client can be used.
        """
        from .resources.table import ENDPOINTS

        self._transport.warm_up(ENDPOINTS.values(), connect=connect)

    def close(self) -> None:
        """Close the idle connections; a later call opens new ones."""
        if "_transport" in vars(self):
            self._transport.close()

    def with_options(
        self, *, timeout_s: float | None = None, max_retries: int | None = None, total_timeout_s: float | None = None
    ) -> To11aiClient:
        """Return a client with other limits that shares connections, cache and retry budget with this one.

        Args:
            timeout_s: seconds one attempt may take; ``None`` keeps the present value, here and below.
            max_retries: how many times a failed attempt is repeated.
            total_timeout_s: seconds a call may take with all its attempts and waits.

        Raises:
            TypeError: an argument of the wrong type.
            ValueError: a number out of range; names the argument.
        """
        limits = {"timeout_s": timeout_s, "total_timeout_s": total_timeout_s}
        options = {name: seconds(name, limit) for name, limit in limits.items() if limit is not None}
        if max_retries is not None:
            options["max_retries"] = count("max_retries", max_retries)
        parts = (self._transport.with_options(**options), self._cache)
        return To11aiClient(parts=lambda: parts, behaviors=self._behaviors)

    def openai_options(
        self,
        *,
        project_id: str,
        env: str | None = None,
        gateway_url: str = GATEWAY_URL,
        provider_api_key: str | None = None,
    ) -> dict[str, Any]:
        """Return keyword arguments for ``OpenAI(...)`` that send its calls through the to11 gateway.

        Args:
            project_id: id of the project.
            env: slug of the environment; the gateway uses the project's fallback without one.
            gateway_url: address of the gateway, with or without ``/v1``.
            provider_api_key: OpenAI's own key; ``None`` if to11 keeps it.

        Raises:
            ValueError: a blank value, or one that a header or a URL cannot hold; does not print the value.
        """
        from .gateway import gateway_auth_headers, provider_options

        headers = gateway_auth_headers(self._transport.api_key, project_id, env)
        return provider_options(headers, gateway_url, "/v1", provider_api_key)

    def anthropic_options(
        self,
        *,
        project_id: str,
        env: str | None = None,
        gateway_url: str = GATEWAY_URL,
        provider_api_key: str | None = None,
    ) -> dict[str, Any]:
        """Return keyword arguments for ``Anthropic(...)``; takes and raises the same as :meth:`openai_options`.

        The base URL is the gateway's root, because the Anthropic client adds ``/v1/messages`` itself.
        """
        from .gateway import gateway_auth_headers, provider_options

        headers = gateway_auth_headers(self._transport.api_key, project_id, env)
        return provider_options(headers, gateway_url, "", provider_api_key)

    def resolve_behavior(self, key: str, coded_default: Value) -> Value:
        """Return the value of a behaviour.

        Args:
            key: dotted key, such as ``sdk.retry-v2``.
            coded_default: the default; values of another type are ignored.

        Precedence, highest first: ``behavior_overrides``, then the environment variable ``TO11_SDK_BEHAVIOR_<KEY>``
        (JSON, else text) as it was when the client was made, then what the server last sent as ``sdkBehavior``.
        """
        return self._behaviors.resolve(key, coded_default)
