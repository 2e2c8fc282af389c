"""The endpoints of each dialect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.exceptions import HTTPException, MethodNotAllowed
from werkzeug.routing import Map, Rule

from . import files, models_and_native
from .anthropic_messages import count_tokens, messages
from .audio import speech, transcriptions
from .chat_completions import chat_completions
from .embeddings import embeddings
from .images import images
from .models_and_native import NATIVE, native
from .refusals import EchoError
from .rerank import rerank
from .responses import responses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .context import EchoReply, EchoRequest

_MODELS: dict[str, Callable[[EchoRequest], EchoReply]] = {
    "GET /models": models_and_native.models,
    "GET /models/<path:model_id>": models_and_native.model,
}

_ENDPOINTS: dict[str, dict[str, Callable[[EchoRequest], EchoReply]]] = {
    "openai": {
        "POST /chat/completions": chat_completions,
        "POST /responses": responses,
        "POST /embeddings": embeddings,
        "POST /images/generations": images,
        "POST /audio/transcriptions": transcriptions,
        "POST /audio/speech": speech,
        "POST /rerank": rerank,
        "POST /files": files.upload,
        "GET /files": files.listing,
        "GET /files/<file_id>": files.metadata,
        "GET /files/<file_id>/content": files.content,
        "DELETE /files/<file_id>": files.delete,
        **_MODELS,
    },
    "anthropic": {"POST /messages": messages, "POST /messages/count_tokens": count_tokens, **_MODELS},
    "cohere": {"POST /rerank": rerank},
    "native": {},
}

DIALECTS = tuple(_ENDPOINTS)
"""The dialects of ``echo``."""


def _map(endpoints: Mapping[str, Callable[[EchoRequest], EchoReply]]) -> Map:
    rules = [
        Rule(line.split()[1], methods=[line.split()[0]], endpoint=endpoint) for line, endpoint in endpoints.items()
    ]
    return Map(rules, strict_slashes=False, merge_slashes=False)


_PLAIN = {
    dialect: {(*line.split(),): endpoint for line, endpoint in endpoints.items() if "<" not in line}
    for dialect, endpoints in _ENDPOINTS.items()
}
_MAPS = {dialect: _map(endpoints) for dialect, endpoints in _ENDPOINTS.items()}


def route(
    dialect: str, provider: str, method: str, path: str
) -> tuple[Callable[[EchoRequest], EchoReply], Mapping[str, str]]:
    """Return the endpoint for a path without query, and the values of its placeholders.

    Raises:
        EchoError: 404 or 405, the dialect has no such endpoint.
    """
    plain = _PLAIN[dialect].get((method, path))
    if plain is not None:
        return plain, {}
    try:
        endpoint, arguments = _MAPS[dialect].bind("echo").match(_below(path), method)
    except HTTPException as exc:
        if dialect == "native" or provider in NATIVE:
            return native, {}
        raise _unknown(dialect, method, path, exc) from None
    return endpoint, arguments


def _below(path: str) -> str:
    """Return the path below ``/v1``, which some SDKs add to an address that ends in it."""
    return path.removeprefix("/v1") if path.startswith("/v1/") else path


def _unknown(dialect: str, method: str, path: str, problem: HTTPException) -> EchoError:
    if isinstance(problem, MethodNotAllowed):
        return EchoError(405, f"Not allowed to {method} on {path}.")
    return EchoError(404, f"Invalid URL ({method} {path})" if dialect == "openai" else f"Not found: {method} {path}")
