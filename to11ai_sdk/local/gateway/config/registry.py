"""Lists the providers of a local gateway and finds them, by id, type or model; with those of a new local project."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from ...._http.process_safety import lazy
from ...bounds import MAX_CACHED_NAMES, MAX_CACHED_TEXT
from .providers import ECHO_MODELS, ProviderConfig, ProviderModel, canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


class Offer(NamedTuple):
    """A provider that has a model.

    Attributes:
        provider: the provider.
        model: the model, or the pattern that its name matches.
        rank: 0 for a listed model, 1 for one that matches a pattern, 2 for the built-in ``echo``.
    """

    provider: ProviderConfig
    model: ProviderModel
    rank: int

    @classmethod
    def of(cls, provider: ProviderConfig, model: ProviderModel) -> Offer:
        """Return the offer of a model."""
        return cls(provider, model, 2 if model in ECHO_MODELS else int(model.is_pattern))


@dataclass(frozen=True)
class Registry:
    """The providers of a local gateway, in their order.

    Attributes:
        providers: by id; by default those of a new local project.
    """

    providers: Mapping[str, ProviderConfig] = field(default_factory=lambda: {each.id: each for each in DEFAULTS})

    @classmethod
    def of(cls, *providers: ProviderConfig) -> Registry:
        """Return these providers and no others."""
        return cls({provider.id: provider for provider in providers})

    def __iter__(self) -> Iterator[ProviderConfig]:
        return iter(self.providers.values())

    def find(self, name: str) -> ProviderConfig | None:
        """Return the provider with this id, or with the id that the name is an alias of."""
        return self.providers.get(name) or self.providers.get(canonical(name))

    def having(self, model: str) -> tuple[Offer, ...]:
        """Return the offers of a model with this name."""
        # The names are the callers': a long one is not worth the memory.
        return self._cached(model) if len(model) <= MAX_CACHED_TEXT else self._having(model)

    @lazy
    def _cached(self) -> Callable[[str], tuple[Offer, ...]]:
        return lru_cache(MAX_CACHED_NAMES)(self._having)

    def _having(self, model: str) -> tuple[Offer, ...]:
        return tuple(Offer.of(each, found) for each in self if (found := each.model(model)))

    def of_type(self, name: str) -> list[ProviderConfig]:
        """Return the providers of a type."""
        return [provider for provider in self if provider.type == canonical(name)]


def _echo(provider_id: str, models: Iterable[str], dialect: str = "openai") -> ProviderConfig:
    return ProviderConfig(provider_id, "echo", provider_id, dialect, tuple(map(ProviderModel.named, models)))


_OPENAI = """
gpt-4o gpt-4o-mini gpt-5 gpt-5-mini gpt-5-nano gpt-5.1 gpt-5.2 gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.5 gpt-5.6-sol
gpt-5.6-terra gpt-5.6-luna gpt-6-astra gpt-6-sol gpt-6-luna gpt-6.1-sol gpt-6.1-terra gpt-6.2-astra gpt-6.2-sol
o3 o3-mini o4-mini
text-embedding-3-small text-embedding-3-large dall-e-3 gpt-image-1 gpt-image-1-mini gpt-image-2
whisper-1 gpt-4o-transcribe gpt-4o-mini-transcribe tts-1 tts-1-hd gpt-4o-mini-tts
"""
_ANTHROPIC = """
claude-sonnet-4-6 claude-haiku-4-5 claude-haiku-4-5-20251001 claude-sonnet-4-5 claude-sonnet-4-5-20250929
claude-opus-4-5 claude-opus-4-6 claude-opus-4-7 claude-opus-4-8
claude-sonnet-5 claude-opus-5 claude-haiku-5-5 claude-sonnet-5-5 claude-opus-5-5
"""
_MISTRAL = "mistral-large-latest mistral-medium-latest mistral-small-latest ministral-8b-latest mistral-embed"

DEFAULTS: tuple[ProviderConfig, ...] = (
    _echo("openai", _OPENAI.split()),
    _echo("anthropic", _ANTHROPIC.split(), "anthropic"),
    _echo("xai", ("grok-4", "grok-4.3", "grok-4.5", "grok-4.7")),
    _echo("cohere", ("rerank-v3.5",), "cohere"),
    _echo("mistral", _MISTRAL.split()),
)
"""The providers of a new local project, all answered by ``echo``."""
