"""The client and its factory: where the parts are put together."""

from __future__ import annotations

from .behaviors import BehaviorStore
from .cache import PromptCache
from .exchange import UrllibExchange
from .gateway import GATEWAY_URL, gateway_auth_headers, provider_options
from .project_environments import ProjectEnvironmentResource
from .prompts import PromptResource
from .routing_rules import RoutingRulesResource
from .transport import Transport
from .wire import header_value, origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from typing import Any, TypeVar

    from typing_extensions import Self

    from .endpoint import Endpoint, Read

    Value = TypeVar("Value")


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
) -> To11aiClient:
    """Make a client of the to11 control plane. Nothing is sent before the first call.

    Args:
        api_key: to11 API key; goes to the origin of ``base_url`` and nowhere else.
        base_url: ``https://api.to11.ai``, or the address of a local to11.
        timeout_s: seconds one attempt may take, from connecting to the last byte.
        max_retries: how many attempts may follow the first, where repeating does nothing twice.
        ttl_seconds: seconds a resolved prompt is served from the cache; 0 switches the cache off.
        max_cache_entries: how many resolved prompts are kept, least recently used out first; 0 switches the cache off.
        behavior_overrides: values for :meth:`To11aiClient.resolve_behavior` that win over all others.
        total_timeout_s: seconds a call may take with all its attempts and waits; unbounded unless given.
        stale_if_error_s: seconds past ``ttl_seconds`` for which a cached prompt is served in an outage.
        ssl_context: TLS settings, for a private authority or a client certificate.

    Raises:
        TypeError: an argument of the wrong type.
        ValueError: a blank or unusable key or URL, or a number out of range; names the argument.

    Source: the page "Python SDK" of the to11 reference.
    """
    if ssl_context is not None and not hasattr(ssl_context, "wrap_socket"):
        raise TypeError(f"ssl_context must be an ssl.SSLContext, not {type(ssl_context).__name__}")
    behaviors = BehaviorStore(behavior_overrides)
    transport = Transport(
        api_key=header_value("api_key", api_key),
        base_url=origin(base_url),
        timeout_s=_seconds("timeout_s", timeout_s),
        max_retries=_count("max_retries", max_retries),
        total_timeout_s=None if total_timeout_s is None else _seconds("total_timeout_s", total_timeout_s),
        on_envelope=behaviors.absorb,
        exchange=UrllibExchange(ssl_context),
    )
    cache = PromptCache(
        ttl_s=_number("ttl_seconds", ttl_seconds),
        max_entries=_whole("max_cache_entries", max_cache_entries),
        stale_if_error_s=_number("stale_if_error_s", stale_if_error_s),
    )
    return To11aiClient(transport=transport, cache=cache, behaviors=behaviors)


class To11aiClient:
    """A client of the to11 control plane; make one with :func:`create_client` and share it between threads.

    Use it in a ``with`` block, or call :meth:`close`, to close its connections. It cannot be pickled.

    Attributes:
        prompts: prompts, versions, labels.
        project_environments: the environments of a project.
        routing_rules: versions and releases of routing rules.
    """

    prompts: PromptResource
    project_environments: ProjectEnvironmentResource
    routing_rules: RoutingRulesResource

    def __init__(self, *, transport: Transport, cache: PromptCache, behaviors: BehaviorStore) -> None:
        self._transport = transport
        self._cache = cache
        self._behaviors = behaviors
        self.prompts = PromptResource(self._send, cache, transport.total_timeout_s)
        self.project_environments = ProjectEnvironmentResource(self._send)
        self.routing_rules = RoutingRulesResource(self._send)

    def __repr__(self) -> str:
        return f"<To11aiClient {self._transport.base_url}>"

    def __reduce__(self) -> str:
        raise TypeError("a client holds the API key and open connections and cannot be pickled; make one per process")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def _send(self, row: Endpoint, arguments: Mapping[str, Any], read: Read, *, retry: bool = True) -> Any:
        return self._transport.send(row, row.encode(arguments), read, retry=retry)

    def close(self) -> None:
        """Close the connections that are kept alive; a later call opens new ones."""
        self._transport.close()

    def with_options(
        self,
        *,
        timeout_s: float | None = None,
        max_retries: int | None = None,
        total_timeout_s: float | None = None,
    ) -> To11aiClient:
        """A client with other bounds that shares connections, cache and retry budget with this one.

        Args:
            timeout_s: seconds one attempt may take; ``None`` keeps the present value, as for the others.
            max_retries: how many attempts may follow the first.
            total_timeout_s: seconds a call may take with all its attempts and waits.

        Raises:
            TypeError: an argument of the wrong type.
            ValueError: a number out of range; names the argument.
        """
        options: dict[str, float] = {}
        if timeout_s is not None:
            options["timeout_s"] = _seconds("timeout_s", timeout_s)
        if max_retries is not None:
            options["max_retries"] = _count("max_retries", max_retries)
        if total_timeout_s is not None:
            options["total_timeout_s"] = _seconds("total_timeout_s", total_timeout_s)
        transport = self._transport.with_options(**options)
        return To11aiClient(transport=transport, cache=self._cache, behaviors=self._behaviors)

    def openai_options(
        self,
        *,
        project_id: str,
        env: str | None = None,
        gateway_url: str = GATEWAY_URL,
        provider_api_key: str | None = None,
    ) -> dict[str, Any]:
        """Keyword arguments for ``OpenAI(...)`` that send its calls through the to11 gateway.

        Args:
            project_id: id of the project.
            env: slug of the environment; without it the gateway takes the project's fallback.
            gateway_url: address of the gateway, with or without ``/v1``.
            provider_api_key: OpenAI's own key; ``None`` where to11 keeps it.

        Raises:
            ValueError: a blank value, or one that a header or a URL cannot hold; does not print the value.
        """
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
        """Keyword arguments for ``Anthropic(...)``; the arguments and errors are those of :meth:`openai_options`.

        Its base URL is the gateway's root, since that client adds ``/v1/messages`` itself.
        """
        headers = gateway_auth_headers(self._transport.api_key, project_id, env)
        return provider_options(headers, gateway_url, "", provider_api_key)

    def resolve_behavior(self, key: str, coded_default: Value) -> Value:
        """The value of a behaviour that the application, its environment or the server may switch.

        Args:
            key: dotted key, such as ``sdk.retry-v2``.
            coded_default: what holds if nobody says otherwise; a value of another type is passed over.

        The first found counts: ``behavior_overrides``, then the environment variable ``TO11_SDK_BEHAVIOR_<KEY>``
        (JSON, else text), then what the server last sent as ``sdkBehavior``.
        """
        return self._behaviors.resolve(key, coded_default)


def _number(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} must be a number of seconds, not {type(value).__name__}")
    if value != value:
        raise ValueError(f"{name} must be a number of seconds, not NaN")
    return value


def _seconds(name: str, value: float) -> float:
    # A socket cannot wait longer than some centuries.
    if not 0 < _number(name, value) <= 1e9:
        raise ValueError(f"{name} must be more than 0 and at most 1e9 seconds")
    return value


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}")
    return value


def _count(name: str, value: int) -> int:
    if _whole(name, value) < 0:
        raise ValueError(f"{name} must be 0 or more")
    return value
