"""Reads one provider of a configuration."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ....json_types import is_mapping
from ....settings import origin
from .providers import ConfigError, ProviderConfig, ProviderModel, canonical
from .registry import DEFAULTS
from .tables import ProviderTable, UpstreamTable

_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}")
_RESERVED = ("function", "route")

# Addresses: from the providers' API references. Variables: those that their own clients read.
_UPSTREAMS = {
    "openai": ("https://api.openai.com/v1", "OPENAI_API_KEY"),
    "anthropic": ("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY"),
    "xai": ("https://api.x.ai/v1", "XAI_API_KEY"),
    "cohere": ("https://api.cohere.com/v2", "COHERE_API_KEY"),
    "mistral": ("https://api.mistral.ai/v1", "MISTRAL_API_KEY"),
}
_DIALECTS = {
    **{provider.id: provider.dialect for provider in DEFAULTS},
    **dict.fromkeys(("aws-bedrock", "gcp-vertex-ai"), "native"),
}
_DEFAULTS = {provider.id: provider for provider in DEFAULTS}


def provider_of(provider_id: Any, given: Any) -> ProviderConfig | None:
    """Return the provider of a configuration entry; ``None`` for the kind ``none``, which removes it.

    Args:
        provider_id: its name.
        given: its table, or its kind alone; ``None`` is the kind ``none``.

    Raises:
        ConfigError: a key is unknown, missing or wrong.
    """
    place = f"providers.{provider_id}"
    if not isinstance(provider_id, str) or not _ID.fullmatch(provider_id) or provider_id in _RESERVED:
        raise ConfigError(
            f"{place}: a provider is named by 1 to 64 letters, digits, '.', '_' and '-', "
            f"and not {' or '.join(_RESERVED)}"
        )
    table = _read(place, "none" if given is None else given)
    if table.kind == "none":
        return None
    provider = _common(table, provider_id)
    return _upstream(table, provider, place) if isinstance(table, UpstreamTable) else provider


def _read(place: str, given: Any) -> ProviderTable:
    content = {"kind": given} if isinstance(given, str) else given
    kind = content.get("kind") if is_mapping(content) else None
    return (ProviderTable if kind in ("echo", "none") else UpstreamTable)(content, place)


def _common(table: ProviderTable, provider_id: str) -> ProviderConfig:
    type_ = canonical(table.type or provider_id)
    dialect = table.dialect or _DIALECTS.get(type_, "openai")
    provider = ProviderConfig(provider_id, table.kind, type_, dialect, _models(table, provider_id))
    return replace(provider, timeout_s=table.timeout or provider.timeout_s)


def _models(table: ProviderTable, provider_id: str) -> tuple[ProviderModel, ...]:
    if table.models is None:
        return _DEFAULTS[provider_id].models if provider_id in _DEFAULTS else ()
    return tuple(
        ProviderModel(entry.id, frozenset(entry.kinds)) if entry.kinds else ProviderModel.named(entry.id)
        for entry in table.models
    )


def _upstream(table: UpstreamTable, provider: ProviderConfig, place: str) -> ProviderConfig:
    address, variable = _UPSTREAMS.get(provider.id, (None, None))
    base_url = table.base_url or address
    if base_url is None:
        raise ConfigError(f"{place}.base_url is needed by an upstream, such as 'http://localhost:11434/v1'")
    if not provider.models and provider.dialect != "native":
        raise ConfigError(f'{place}.models is needed by an upstream; ["*"] lets every name through')
    if "formats" in table.given and not provider.serves("chat"):
        raise table.unknown_key(place, "formats", hidden=("formats",))
    url = _url(f"{place}.base_url", base_url)
    return replace(provider, base_url=url, key_env=table.key_env or variable, formats=table.formats)


def _url(place: str, base_url: str) -> str:
    try:
        return origin(base_url, place)
    except ValueError as exc:
        raise ConfigError(str(exc).replace("https://api.to11.ai", "https://api.openai.com/v1")) from exc
