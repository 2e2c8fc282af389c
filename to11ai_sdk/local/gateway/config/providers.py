"""Describes the providers of a local gateway: their kinds, wire formats and models."""

from __future__ import annotations

import os
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from ...._http.process_safety import lazy
from ....settings import header_value
from ..formats import Peer, formats

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..formats import Format

FILES = "files"
NATIVE = "native"
"""The two kinds of calls without a model: files, and a provider's own API."""

_REASONING_FIELDS: Mapping[str, str | None] = {
    "ollama": "reasoning",
    "openrouter": "reasoning",
    "vllm": "reasoning",
    "groq": None,
    "mistral": None,
}
"""The member in which the servers of some types take thoughts back, ``None`` where they refuse them."""

ALIASES = {"gemini": "google-gemini", "vertex": "gcp-vertex-ai", "bedrock": "aws-bedrock"}
"""The dashboard's names for some types of provider, and their ids."""

DIALECTS: Mapping[str, frozenset[str]] = {
    "openai": frozenset(
        {"chat", "embeddings", "rerank", "image_generation", "audio_speech", "audio_transcription", FILES, NATIVE}
    ),
    "anthropic": frozenset({"chat", "count_tokens"}),
    "cohere": frozenset({"rerank"}),
    "native": frozenset({NATIVE}),
}
"""The kinds of calls for each dialect; with ``native`` an API is only passed through."""

_SPOKEN: Mapping[str, tuple[str, ...]] = {
    "openai": ("openai_chat", "openai_responses"),
    "anthropic": ("anthropic_messages",),
}
"""The chat formats of a dialect, the preferred one first."""

KINDS = frozenset(
    {"chat", "embeddings", "rerank", "image_generation", "audio_speech", "audio_transcription", "count_tokens"}
)
"""The kinds of calls that a model may serve."""

_BY_NAME = {
    "embeddings": ("text-embedding-*", "*embed*"),
    "rerank": ("*rerank*",),
    "image_generation": ("dall-e-*", "gpt-image-*"),
    "audio_transcription": ("whisper-*", "*-transcribe"),
    "audio_speech": ("tts-*", "*-tts"),
    "chat": ("gpt-*", "o[1-9]", "o[1-9]-*", "claude-*", "grok-*", "mistral-*", "ministral-*"),
}


class ConfigError(ValueError):
    """An invalid configuration; the message names the key and says which values are valid."""


@dataclass(frozen=True)
class ProviderModel:
    """A model of a provider.

    Attributes:
        id: its name at the provider, or a pattern with ``*``.
        kinds: the kinds of calls it serves; ``None`` for all those of the provider's dialect.
    """

    id: str
    kinds: frozenset[str] | None = None

    @classmethod
    def named(cls, name: str) -> ProviderModel:
        """Return the model with this name; well-known names, such as ``whisper-*``, decide its kinds."""
        kind = next((kind for kind, forms in _BY_NAME.items() if any(fnmatchcase(name, form) for form in forms)), None)
        if kind is None or "*" in name:
            return cls(name)
        return cls(name, frozenset({"chat", "count_tokens"} if kind == "chat" else {kind}))

    @property
    def is_pattern(self) -> bool:
        """Whether it may match more than one model."""
        return "*" in self.id

    def fits(self, name: str) -> bool:
        """Return whether a name matches this model."""
        return name == self.id or (self.is_pattern and fnmatchcase(name, self.id))


ECHO_MODELS = (ProviderModel("echo"), ProviderModel("echo-*"))
"""Models of every built-in provider; some names say how to answer, such as ``echo-cut``."""


@dataclass(frozen=True)
class ProviderConfig:
    """One provider of the project.

    Attributes:
        id: its name in rules and in ``provider::model``.
        kind: ``"echo"``, built in and offline, or ``"upstream"``, a server.
        type: its name in ``x-genai-provider``, such as ``"openai"``; several providers may have one type.
        dialect: the wire format it speaks, a key of :data:`DIALECTS`.
        models: its models.
        base_url: address of an upstream, ending where ``/chat/completions`` or ``/messages`` begins.
        key_env: name of the environment variable that holds the credential.
        timeout_s: seconds to wait for the head of a reply, and for each further part of it.
        formats: the chat formats it speaks, such as ``"openai_chat"``, the preferred one first; empty for those of its
            dialect.
    """

    id: str
    kind: str
    type: str
    dialect: str
    models: tuple[ProviderModel, ...] = ()
    base_url: str | None = None
    key_env: str | None = None
    timeout_s: float = 30.0
    formats: tuple[str, ...] = ()

    @property
    def spoken(self) -> tuple[str, ...]:
        """The chat formats it speaks, the preferred one first."""
        return self.formats or _SPOKEN.get(self.dialect, ())

    @property
    def max_tokens_field(self) -> str:
        """Its name for the token limit of a chat completion.

        OpenAI's reasoning models refuse the old name; many other servers know only that one.
        """
        return "max_completion_tokens" if self._is_openai else "max_tokens"

    @lazy
    def peer(self) -> Peer:
        """Return what it knows of the wire formats."""
        return Peer(
            name=self.id,
            is_openai=self._is_openai,
            max_tokens_field=self.max_tokens_field,
            reasoning_field=None if self._is_openai else _REASONING_FIELDS.get(self.type, "reasoning_content"),
        )

    @lazy
    def writers(self) -> Mapping[str, Format]:
        """Return the formats, by name, for requests to it and for its replies."""
        return formats(peer=self.peer)

    @property
    def _is_openai(self) -> bool:
        return self.type in ("openai", "azure-openai")

    def credential(self, environ: Mapping[str, str] = os.environ) -> str | None:
        """Return the credential that the gateway keeps, without white space around it.

        Returns ``None`` if there is none; then the caller's is used.

        Raises:
            ValueError: no header can hold it; names the variable, never the value.
        """
        value = environ.get(self.key_env, "").strip() if self.key_env else ""
        return header_value(f"the environment variable {self.key_env}", value) if value else None

    def serves(self, kind: str) -> bool:
        """Return whether its dialect serves this kind of call."""
        return kind in DIALECTS[self.dialect]

    def model(self, name: str) -> ProviderModel | None:
        """Return the model for a name, or ``None``; a listed model takes precedence over a pattern."""
        return self._listed.get(name) or next((model for model in self._patterns if model.fits(name)), None)

    @lazy
    def _all_models(self) -> tuple[ProviderModel, ...]:
        return self.models + (ECHO_MODELS if self.kind == "echo" else ())

    @lazy
    def _listed(self) -> Mapping[str, ProviderModel]:
        # Reversed, so that the first of several with one name is kept.
        return {model.id: model for model in reversed(self._all_models) if not model.is_pattern}

    @lazy
    def _patterns(self) -> tuple[ProviderModel, ...]:
        return tuple(model for model in self._all_models if model.is_pattern)

    def offers(self, model: ProviderModel, kind: str) -> bool:
        """Return whether one of its models serves this kind of call."""
        return self.serves(kind) and (model.kinds is None or kind in model.kinds)


def canonical(name: str) -> str:
    """Return the id that a name is an alias of, else the name itself."""
    return ALIASES.get(name, name)
