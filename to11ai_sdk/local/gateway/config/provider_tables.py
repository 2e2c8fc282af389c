"""One provider of a configuration."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ....json_types import is_mapping
from ....wire import origin
from ..formats import FORMATS
from .config_fields import ConfigError, Fields
from .providers import DEFAULTS, DIALECTS, KINDS, ProviderConfig, ProviderModel, canonical

_ID = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}")
_VARIABLE = re.compile(r"[A-Z_][A-Z0-9_]*")
_RESERVED = ("function", "route")

# Addresses: the API references of the providers. Variables: what their own clients read.
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
    """The provider that a configuration says; ``None`` for the kind ``none``, which takes it away.

    Args:
        provider_id: its name.
        given: its table, or the word of its kind alone; ``None`` is the kind ``none``.

    Raises:
        ConfigError: a key is unknown, missing or wrong.
    """
    place = f"providers.{provider_id}"
    if not isinstance(provider_id, str) or not _ID.fullmatch(provider_id) or provider_id in _RESERVED:
        raise ConfigError(
            f"{place}: a provider is named by 1 to 64 letters, digits, '.', '_' and '-', "
            f"and not {' or '.join(_RESERVED)}"
        )
    word = "none" if given is None else given
    fields = Fields(place, {"kind": word} if isinstance(word, str) else word)
    kind = _one_of(fields, "kind", ("echo", "none", "upstream"), "upstream")
    provider = _common(fields, provider_id, kind)
    if kind == "upstream":
        provider = _upstream(fields, provider)
    fields.end()
    return None if kind == "none" else provider


def _common(fields: Fields, provider_id: str, kind: str) -> ProviderConfig:
    type_ = canonical(fields.text("type") or provider_id)
    dialect = _one_of(fields, "dialect", tuple(DIALECTS), _DIALECTS.get(type_, "openai"))
    provider = ProviderConfig(provider_id, kind, type_, dialect, _models(fields, provider_id))
    return replace(provider, timeout_s=fields.seconds("timeout", provider.timeout_s))


def _upstream(fields: Fields, provider: ProviderConfig) -> ProviderConfig:
    address, variable = _UPSTREAMS.get(provider.id, (None, None))
    base_url = fields.text("base_url", address)
    if base_url is None:
        raise fields.wrong("base_url", "is needed by an upstream, such as 'http://localhost:11434/v1'")
    if not provider.models and provider.dialect != "native":
        raise fields.wrong("models", 'is needed by an upstream; ["*"] lets every name through')
    formats = _formats(fields) if provider.serves("chat") else ()
    return replace(provider, base_url=_url(fields, base_url), key_env=_variable(fields, variable), formats=formats)


def _url(fields: Fields, base_url: str) -> str:
    try:
        return origin(base_url, fields.at("base_url"))
    except ValueError as exc:
        raise ConfigError(str(exc).replace("https://api.to11.ai", "https://api.openai.com/v1")) from exc


def _variable(fields: Fields, default: str | None) -> str | None:
    name = fields.text("key_env", default)
    if name is not None and not _VARIABLE.fullmatch(name):
        # The value is not printed: it may be a key.
        raise fields.wrong("key_env", "must be the name of an environment variable, such as OPENAI_API_KEY")
    return name


def _formats(fields: Fields) -> tuple[str, ...]:
    formats = fields.texts("formats")
    if set(formats) - set(FORMATS):
        raise fields.wrong("formats", f"must be among {', '.join(FORMATS)}")
    return formats


def _models(fields: Fields, provider_id: str) -> tuple[ProviderModel, ...]:
    given = fields.items("models")
    if given is None:
        return _DEFAULTS[provider_id].models if provider_id in _DEFAULTS else ()
    return tuple(_model(fields, index, entry) for index, entry in enumerate(given))


def _model(fields: Fields, index: int, entry: Any) -> ProviderModel:
    if is_mapping(entry):
        inner = Fields(fields.at(f"models.{index}"), entry)
        name = inner.text("id")
        kinds = frozenset(inner.texts("kinds"))
        inner.end()
        if kinds - KINDS:
            raise inner.wrong("kinds", f"must be among {', '.join(sorted(KINDS))}")
    else:
        name, kinds = entry, frozenset[str]()
    if not isinstance(name, str) or not name.strip() or "::" in name:
        raise fields.wrong(f"models.{index}", 'must be the name of a model, or {id = "...", kinds = ["chat"]}')
    return ProviderModel(name, kinds) if kinds else ProviderModel.named(name)


def _one_of(fields: Fields, key: str, words: tuple[str, ...], default: str) -> str:
    word = fields.text(key, default) or default
    if word not in words:
        raise fields.wrong(key, f"must be one of {', '.join(words)}, not {word!r}")
    return word
