"""What a call asks for, as far as it decides where the call goes, and how its ``model`` is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ..gateway_problem import bad_request

if TYPE_CHECKING:
    from collections.abc import Mapping

CHAT = "chat"
"""The kind of the three chat endpoints."""
CHAT_ENDPOINTS = ("messages", "chat_completions", "responses")
"""The wire forms of chat; a rule for one of them, or for ``chat``, routes all three."""


@dataclass(frozen=True)
class RouteQuery:
    """One call to the gateway.

    Attributes:
        endpoint: ``messages``, ``chat_completions``, ``responses``, ``embeddings``, ``count_tokens``, ``rerank``,
            ``image_generation``, ``audio_speech``, ``audio_transcription``, ``files`` or ``native``.
        model: the field ``model`` of the request as it came; ``None`` for ``files`` and ``native``, which have none.
        env: what ``x-to11-env`` says: slug of an environment, or the slug it had before a rename; ``None`` without it.
        provider_type: what ``x-genai-provider`` says, ``None`` without it.
        native: for ``native`` the first part of the path below ``/v1``: ``bedrock``, ``vertex`` or ``mistral``.
        headers: of the request, lower-case names; conditions may read them.
        metadata: the field ``metadata`` of the request; conditions may read it.
    """

    endpoint: str
    model: str | None = None
    env: str | None = None
    provider_type: str | None = None
    native: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def kind(self) -> str:
        """What kind of model it needs: ``chat`` for the three chat endpoints, else the endpoint."""
        return kind_of(self.endpoint)


def kind_of(endpoint: str) -> str:
    """Return the kind of an endpoint, of the gateway or of a rule."""
    return CHAT if endpoint in CHAT_ENDPOINTS else endpoint


FUNCTION = "function"
ROUTE = "route"
LAYERS = (FUNCTION, ROUTE)
"""Prefixes that name a rule; every other prefix is a provider."""


class ModelName(NamedTuple):
    """What a ``model`` says.

    Attributes:
        prefix: what stands before ``::``, ``None`` for a plain name.
        name: the rest.
    """

    prefix: str | None
    name: str


def parse_model(model: str | None) -> ModelName:
    """Take a ``model`` apart at its first ``::``.

    Raises:
        GatewayProblem: 400, nothing is named.
    """
    if model is None or not model.strip():
        raise bad_request("model_required", "model is missing; name one, such as 'gpt-4o' or 'openai::gpt-4o'")
    prefix, mark, name = model.partition("::")
    if not mark:
        return ModelName(None, model)
    if not prefix.strip() or not name.strip():
        raise bad_request("invalid_model", f"model {model!r} names nothing before or after '::'", {"model": model})
    return ModelName(prefix, name)
