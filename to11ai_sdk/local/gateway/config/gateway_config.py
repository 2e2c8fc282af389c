"""Reads the configuration of a local gateway: a TOML or JSON file, ``--provider`` options, or a mapping.

::

    defaults = false                    # without the built-in providers; true by default
    max_reply_bytes = 67108864          # the most bytes of a provider's reply that is not a stream; 64 MiB by default

    [providers.openai]                  # replaces the built-in provider of that name
    kind = "upstream"                   # "echo", "upstream", or "none" to remove a built-in one
    base_url = "https://api.openai.com/v1"
    key_env = "OPENAI_API_KEY"          # the name of the variable that holds the key, never the key
    models = ["gpt-4o", "gpt-4.1*", { id = "my-embedder", kinds = ["embeddings"] }]
    timeout = 30                        # seconds until the head of a reply, and for each pause in it

    [providers.local]
    kind = "upstream"
    dialect = "openai"                  # "openai", "anthropic", "cohere" or "native"
    base_url = "http://localhost:11434/v1"
    models = ["*"]
    formats = ["openai_chat"]           # those it speaks of "openai_chat", "openai_responses" and "anthropic_messages",
                                        # the preferred one first; by default those of its dialect
    type = "ollama"                     # its name in x-genai-provider; by default its own name

    [guardrails]                        # off unless enabled
    enabled = true
    blocklist = ["project x"]
    whole_words = false                 # true: "ass" is not blocked in "class"
    phone_regions = ["US", "GB", "DE"]  # whose national phone numbers are found; by default those of PHONE_REGIONS

    [cache]                             # off unless enabled
    enabled = true
    ttl = 300                           # seconds

An upstream with the name of a well-known provider (``openai``, ``anthropic``, ``xai``, ``mistral``, ``cohere``) has by
default its address, the usual variable of its key, and the models of the built-in one.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...bounds import MAX_UPSTREAM_REPLY
from ...json_input.reader import read_json
from .providers import ConfigError, ProviderConfig
from .registry import Registry

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Mapping

    from .tables import GuardrailsTable

__all__ = ["CacheConfig", "ConfigError", "GatewayConfig", "GuardrailsConfig"]


PHONE_REGIONS = (
    "US",
    "GB",
    "DE",
    "FR",
    "IT",
    "ES",
    "NL",
    "BE",
    "CH",
    "AT",
    "IE",
    "SE",
    "AU",
    "NZ",
    "IN",
    "JP",
    "KR",
    "CN",
    "BR",
    "ZA",
    "IL",
)
"""The regions whose national phone numbers are found by default; US stands for all of North America."""


@dataclass(frozen=True)
class GuardrailsConfig:
    """Guardrails of the gateway.

    Attributes:
        enabled: whether anything is checked.
        blocklist: words and phrases that must not occur, ignoring case.
        whole_words: whether one counts only as whole words, and not inside of a longer word.
        phone_regions: the regions whose national phone numbers are found, by their two letters.
    """

    enabled: bool = False
    blocklist: tuple[str, ...] = ()
    whole_words: bool = False
    phone_regions: tuple[str, ...] = PHONE_REGIONS


@dataclass(frozen=True)
class CacheConfig:
    """The cache of replies.

    Attributes:
        enabled: whether replies are cached.
        ttl_s: seconds for which a reply is served.
    """

    enabled: bool = False
    ttl_s: float = 300.0


@dataclass(frozen=True)
class GatewayConfig:
    """The configuration of a local gateway.

    Attributes:
        registry: the providers.
        guardrails: the guardrails.
        cache: the cache of replies.
        max_reply_bytes: the most bytes of a provider's reply that is not a stream.
    """

    registry: Registry = field(default_factory=Registry)
    guardrails: GuardrailsConfig = field(default_factory=GuardrailsConfig)
    cache: CacheConfig = field(default_factory=CacheConfig)
    max_reply_bytes: int = MAX_UPSTREAM_REPLY

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> GatewayConfig:
        """Return the configuration in a mapping like that of a file.

        Raises:
            ConfigError: a key is unknown, missing or wrong; the message names it.
        """
        from .tables import ConfigTable  # here: most gateways have no configuration

        table = ConfigTable(content)
        return cls(
            _registry(Registry() if table.defaults else Registry({}), table.providers),
            _guardrails(table.guardrails),
            CacheConfig(table.cache.enabled, table.cache.ttl or CacheConfig.ttl_s),
            table.max_reply_bytes or MAX_UPSTREAM_REPLY,
        )

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> GatewayConfig:
        """Return the configuration in a file, JSON if its name ends in ``.json``, else TOML.

        Raises:
            ConfigError: the file cannot be read, or a key is wrong; the message names both.
        """
        try:
            return cls.of(_read(Path(path)))
        except ConfigError as exc:
            raise ConfigError(f"{path}: {exc}") from exc

    def with_providers(self, providers: Mapping[str, Any]) -> GatewayConfig:
        """Return a copy with these providers added or replaced, by their ids.

        A value may be a table as in a file, ``"echo"``, a :class:`ProviderConfig`, or ``None`` to remove one.

        Raises:
            ConfigError: a key is unknown, missing or wrong; the message names it.
        """
        return replace(self, registry=_registry(self.registry, providers))

    def with_options(self, options: Iterable[str]) -> GatewayConfig:
        """Return a copy with the providers of ``--provider``: ``name=kind,key=value,...``, lists separated by ``|``.

        Raises:
            ConfigError: one cannot be read; the message names the key.
        """
        return self.with_providers(dict(map(_option, options)))


def _guardrails(table: GuardrailsTable) -> GuardrailsConfig:
    regions = PHONE_REGIONS if table.phone_regions is None else table.phone_regions
    return GuardrailsConfig(table.enabled, table.blocklist, table.whole_words, regions)


def _registry(base: Registry, providers: Mapping[str, Any]) -> Registry:
    known = dict(base.providers)
    for provider_id, given in providers.items():
        provider = given if isinstance(given, ProviderConfig) else _provider(provider_id, given)
        if provider is None:
            known.pop(provider_id, None)
        else:
            known[provider_id] = provider
    return Registry(known)


def _provider(provider_id: Any, given: Any) -> ProviderConfig | None:
    from .provider_tables import provider_of

    return provider_of(provider_id, given)


def _read(path: Path) -> Any:
    try:
        text = path.read_text(encoding="utf-8")
        return read_json(text) if path.suffix == ".json" else _toml().loads(text)
    except (OSError, ValueError, RecursionError) as exc:
        raise ConfigError(f"cannot be read: {exc}") from exc


def _toml() -> Any:
    # Python 3.10 has no TOML reader; the extra installs one.
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # pyright: ignore[reportMissingImports]
    return tomllib


def _option(option: str) -> tuple[str, dict[str, Any]]:
    name, mark, rest = option.partition("=")
    kind, *pairs = rest.split(",")
    if not mark or not kind:
        raise ConfigError(f"--provider {name!r} must be like name=echo or name=upstream,base_url=...,models=a|b")
    content: dict[str, Any] = {"kind": kind}
    for pair in pairs:
        key, mark, value = pair.partition("=")
        if not mark:
            raise ConfigError(f"providers.{name}.{key} needs a value, as in {key}=...")
        content[key] = value.split("|") if key in ("models", "formats") else value
    return name, content
