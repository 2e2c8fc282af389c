"""Defines the properties of a call that decide its route, and parses its ``model``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..gateway_problem import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

CHAT = "chat"
"""The kind of the three chat endpoints."""
CHAT_ENDPOINTS = ("messages", "chat_completions", "responses")
"""The wire formats of chat; a rule for one of them, or for ``chat``, routes all three."""


@dataclass(frozen=True)
class RouteQuery:
    """The properties of a call that decide its route.

    Attributes:
        endpoint: ``messages``, ``chat_completions``, ``responses``, ``embeddings``, ``count_tokens``, ``rerank``,
            ``image_generation``, ``audio_speech``, ``audio_transcription``, ``files`` or ``native``.
        model: the field ``model`` of the request as sent; ``None`` for ``files`` and ``native``, which have none.
        env: value of ``x-to11-env``, or ``None``: the slug of an environment, or a slug from before a rename.
        provider_type: value of ``x-genai-provider``, or ``None``.
        native: for ``native`` the first part of the path below ``/v1``: ``bedrock``, ``vertex`` or ``mistral``.
        headers: of the request, lower-case names; conditions may read them.
        metadata: the field ``metadata`` of the request; conditions may read it.
        group: the conversation, session or user whose calls stay together in choices by weight; ``None`` if unknown.
    """

    endpoint: str
    model: str | None = None
    env: str | None = None
    provider_type: str | None = None
    native: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    group: str | None = None

    @property
    def kind(self) -> str:
        """The kind of model it needs: ``chat`` for the three chat endpoints, else the endpoint."""
        return kind_of(self.endpoint)


def kind_of(endpoint: str) -> str:
    """Return the kind of an endpoint, of the gateway or of a rule."""
    return CHAT if endpoint in CHAT_ENDPOINTS else endpoint


FUNCTION = "function"
ROUTE = "route"
LAYERS = (FUNCTION, ROUTE)
"""Prefixes of rules; any other prefix is a provider."""


class ModelName(NamedTuple):
    """The parts of a ``model``.

    Attributes:
        prefix: the text before ``::``, ``None`` for a plain name.
        name: the rest.
    """

    prefix: str | None
    name: str


def parse_model(model: str | None) -> ModelName:
    """Split a ``model`` at its first ``::``.

    Raises:
        GatewayProblem: 400 if it is empty.
    """
    if model is None or not model.strip():
        raise bad_request("model_required", "model is missing; name one, such as 'gpt-4o' or 'openai::gpt-4o'")
    prefix, mark, name = model.partition("::")
    if not mark:
        return ModelName(None, model)
    if not prefix.strip() or not name.strip():
        raise bad_request("invalid_model", f"model {model!r} has nothing before or after '::'", {"model": model})
    return ModelName(prefix, name)
